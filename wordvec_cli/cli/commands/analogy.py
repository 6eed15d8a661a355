"""`wordvec analogy`: a is to b as c is to what?"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.missing import WordFinder
from wordvec_cli.cli.neighbours import Answering, NeighbourOptions, all_vectors, neighbour_options, scorer_of_means
from wordvec_cli.cli.options import method_option
from wordvec_cli.cli.questions import Question, asked_questions, of_size, question_of, question_options
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource

if TYPE_CHECKING:
    from wordvec_cli.queries.metrics import Scorer

WEIGHTS = (-1.0, 1.0, 1.0)  # of a, b and c


@click.command(short_help="Answer analogies: a is to b as c is to what?")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[A B C]...")
@method_option
@neighbour_options
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    method: str | None,
    wanted: NeighbourOptions,
    table: Table,
    is_null: bool,
    missing: str,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """List the words that are to C what B is to A, best first.

    Questions are read from standard input, three words a line, if none are given. A word of the question is no answer.

    \b
    wordvec analogy vectors.safetensors man king woman -k 3
    wordvec analogy vectors.safetensors -k 1 < questions.txt
    wordvec analogy vectors.safetensors man king woman --method 3cosmul --format json
    """  # fmt: skip
    if len(words) % 3:
        raise click.UsageError(f"{len(words)} words: a question has three; put a word of several in quotes")
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    finder = WordFinder(vectors, embeddings, terminal, vocab, missing)
    arguments = [words[start : start + 3] for start in range(0, len(words), 3)]
    scorer_of, key = (_of_3cosmul, "score") if method == "3cosmul" else (partial(scorer_of_means, "cosine"), "cosine")
    posed = of_size(3, partial(question_of, finder=finder, weights=WEIGHTS), terminal)
    titles = ("a", "b", "c", "word", key)
    answering = Answering(finder, wanted, table, titles, posed, scorer_of, key)
    return answering.answer(asked_questions(arguments, terminal, is_null, "questions of three words"))


def _of_3cosmul(questions: Sequence[Question]) -> "Scorer":
    from wordvec_cli.queries.analogies import scorer_of_analogies

    return scorer_of_analogies("3cosmul", all_vectors(questions).reshape(len(questions), 3, -1))
