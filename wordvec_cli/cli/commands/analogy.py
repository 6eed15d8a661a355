"""`wordvec analogy`: a is to b as c is to what?"""

from functools import partial

import click

from wordvec_cli.cli.models import CommonAnswering, ModelQuestions, common_search, opened_models, vectors_to_ask
from wordvec_cli.cli.neighbours import Answering, NeighbourOptions, neighbour_options
from wordvec_cli.cli.options import method_option
from wordvec_cli.cli.questions import QuestionOptions, QuestionReader, groups, of_size, question_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.queries.questions import ANALOGY_WEIGHTS, question_of_words
from wordvec_cli.queries.word_finder import WordFinder


@click.command(short_help="Answer analogies: a is to b as c is to what?")
@vectors_to_ask("[A B C]...")
@method_option
@neighbour_options
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
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

    def reader_of(finder: WordFinder, told: Terminal) -> QuestionReader:
        question_of = of_size(3, partial(question_of_words, finder=finder, weights=ANALOGY_WEIGHTS), told)
        return QuestionReader("questions of three words", arguments, question_of)

    models = opened_models(paths, options.source, terminal, options.vocab)
    if models is not None:
        if method == "3cosmul":
            raise click.UsageError("--method 3cosmul: over several vector files, cosines are averaged; leave it out")
        questions = ModelQuestions(models, reader_of, options, terminal)
        search_of_all = common_search(models, wanted, terminal)
        return CommonAnswering(questions, search_of_all, options, ("a", "b", "c", "word"), terminal).answer()
    finder = options.finder(paths[0], terminal)
    scoring, score = ("3cosmul", "score") if method == "3cosmul" else ("cosine", "cosine")
    search = wanted.search(finder.embeddings, scoring, terminal)
    reader = reader_of(finder, terminal)
    return Answering(finder, search, options, ("a", "b", "c", "word", score), terminal).answer(reader)
