"""`wordvec analogy`: a is to b as c is to what?"""

from functools import partial

import click

from wordvec_cli.cli.neighbours import Answering, NeighbourOptions, neighbour_options
from wordvec_cli.cli.options import method_option
from wordvec_cli.cli.questions import QuestionOptions, QuestionReader, groups, of_size, question_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.queries.questions import ANALOGY_WEIGHTS, question_of_words


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
    options: QuestionOptions,
) -> int:
    """List the words that are to C what B is to A, best first.

    Without words, questions are read from standard input, three words on each line. A word of the question is never an
    answer to it.

    \b
    wordvec analogy vectors.safetensors man king woman -k 3
    wordvec analogy vectors.safetensors -k 1 < questions.txt
    wordvec analogy vectors.safetensors man king woman --method 3cosmul --format json
    """  # fmt: skip
    arguments = groups(words, 3, "a question has three")
    finder = options.finder(vectors, terminal)
    question_of = of_size(3, partial(question_of_words, finder=finder, weights=ANALOGY_WEIGHTS), terminal)
    scoring, score = ("3cosmul", "score") if method == "3cosmul" else ("cosine", "cosine")
    search = wanted.search(finder.embeddings, scoring, terminal)
    reader = QuestionReader("questions of three words", arguments, question_of)
    return Answering(finder, search, options, ("a", "b", "c", "word", score), terminal).answer(reader)
