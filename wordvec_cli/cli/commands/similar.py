"""`wordvec similar`: the nearest neighbours of words, of means of words, and of vectors."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from wordvec_cli.cli.models import CommonAnswering, ModelQuestions, common_search, opened_models, vectors_to_ask
from wordvec_cli.cli.neighbours import Answering, NeighbourOptions, neighbour_options
from wordvec_cli.cli.option_types import is_number
from wordvec_cli.cli.options import bundled
from wordvec_cli.cli.questions import QuestionOptions, QuestionReader, metric_option, numbered, question_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.messages import counted
from wordvec_cli.queries.questions import Question, question_of_set, question_of_sum, question_of_words
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import shown

if TYPE_CHECKING:
    from wordvec_cli.queries.answers import Search
    from wordvec_cli.queries.vector_lines import Mismatch

_threshold_option = click.option(
    "--threshold", type=float, callback=is_number, metavar="X",
    help="Show only answers with at least this similarity (at most this distance).",
)  # fmt: skip
_recall_option = click.option(
    "--recall-check", type=click.IntRange(min=1), metavar="N",
    help="Ask N words, drawn at random, of the index and of all the vectors too, and print how many of the neighbours "
    "the index finds.",
)  # fmt: skip
_bars_option = click.option(
    "--bars", "has_bars", is_flag=True, help="Print a bar beside each similarity, below each other, for the eye."
)


class Form(NamedTuple):
    """What a question is made of: a word, a set of words, words added and subtracted, or the numbers of a vector."""

    is_mean: bool
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    is_vector: bool

    @property
    def is_sum(self) -> bool:
        return bool(self.positive or self.negative)

    def check(self, words: Sequence[str], metric: str, options: QuestionOptions, wanted: NeighbourOptions) -> None:
        """Raises: click.UsageError if these do not go together"""
        if self.is_sum + self.is_mean + self.is_vector > 1:
            raise click.UsageError("--vector, --mean and --positive/--negative exclude each other; give one of them")
        if words and (self.is_vector or self.is_sum):
            raise click.UsageError(
                f"{words[0]}: --vector, --positive and --negative take no WORD; leave one of them out"
            )
        if self.is_sum and metric != "cosine":
            raise click.UsageError(f"--metric {metric}: --positive and --negative compare directions, by their cosine")
        if self.is_vector and (options.missing != "error" or wanted.include_question):
            raise click.UsageError(
                "--vector: a vector has no words that could be missing or left out; leave the other option out"
            )

    def check_for_models(self, metric: str) -> None:
        """Raises: click.UsageError if several vector files cannot answer such questions together"""
        if self.is_vector:
            raise click.UsageError(
                "--vector: a vector belongs to one training; name one vector file, and leave --also out"
            )
        if metric != "cosine":
            raise click.UsageError(
                f"--metric {metric}: over several vector files only cosines have a mean; leave it out"
            )

    def reader(self, words: Sequence[str], finder: WordFinder) -> QuestionReader:
        """How questions of words are read."""
        if self.is_mean:
            return QuestionReader(
                "questions of several words", [words] if words else [], partial(question_of_set, finder=finder)
            )
        if self.is_sum:
            return QuestionReader("", [[*self.positive, *self.negative]], partial(self._sum, finder=finder))
        return QuestionReader(
            "words", [[word] for word in words], partial(question_of_words, finder=finder), _whole_line
        )

    def _sum(self, words: list[bytes], finder: WordFinder) -> Question:
        n_positive = len(self.positive)
        return question_of_sum(words[:n_positive], words[n_positive:], finder)


def _whole_line(line: bytes) -> list[bytes]:
    return [line]


_form_options = bundled(
    "form", Form,
    click.option(
        "--mean", "is_mean", is_flag=True,
        help="Take all WORDs, or all words of a line, as one question: the mean of their vectors, each brought to "
        "length 1 first (with --metric dot or euclidean: as it is).",
    ),
    click.option(
        "--positive", "-p", multiple=True, metavar="WORD",
        help="Ask one question: the mean of the vectors of these words, each at length 1 (repeat the option for each "
        "word) ...",
    ),
    click.option(
        "--negative", "-n", multiple=True, metavar="WORD",
        help="... with the vectors of these words turned round, as gensim's most_similar does.",
    ),
    click.option(
        "--vector", "is_vector", is_flag=True,
        help="Read vectors from standard input, not words: lines of numbers, or of a word and numbers, as wordvec "
        "lookup prints them (also as JSON). They must come from the same training as VECTORS.",
    ),
)  # fmt: skip


@click.command(short_help="List the nearest neighbours of words.")
@vectors_to_ask("[WORD]...")
@_form_options
@metric_option("csls")
@_threshold_option
@neighbour_options
@_recall_option
@_bars_option
@question_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, paths: tuple[str, ...], words: tuple[str, ...], form: Form, metric: str,
    threshold: float | None, wanted: NeighbourOptions, recall_check: int | None, has_bars: bool,
    options: QuestionOptions,
) -> int:  # fmt: skip
    """List the words whose vectors are nearest to that of each WORD, nearest first.

    Without WORDs, they are read from standard input, one on each line. A word of the question is never an answer to it.
    A vector of zeros has cosine 0 with every vector.

    \b
    wordvec similar vectors.safetensors king queen -k 5
    wordvec similar vectors.safetensors king --bars
    cut -f1 words.tsv | wordvec similar vectors.safetensors --format json
    wordvec similar vectors.safetensors --mean king queen prince
    wordvec similar vectors.safetensors -p king -p woman -n man
    wordvec similar vectors.safetensors king --metric csls --restrict-vocab 50000
    wordvec lookup vectors.safetensors king | wordvec similar common.safetensors --vector -k 5
    """  # fmt: skip
    form.check(words, metric, options, wanted)
    models = opened_models(paths, options.source, terminal, options.vocab)
    if has_bars:
        _check_bars(options, metric, is_one=models is None)
    if models is not None:
        form.check_for_models(metric)
        questions = ModelQuestions(models, lambda finder, _: form.reader(words, finder), options, terminal)
        search_of_all = common_search(models, wanted, terminal, threshold)
        return CommonAnswering(questions, search_of_all, options, ("query", "word"), terminal).answer()
    finder = options.finder(paths[0], terminal)
    reader = _of_vectors(paths[0], finder, metric, terminal) if form.is_vector else form.reader(words, finder)
    search = wanted.search(finder.embeddings, metric, terminal, threshold)
    if recall_check:
        _note_recall(search, recall_check, terminal)
    return Answering(finder, search, options, ("query", "word", metric), terminal, has_bars).answer(reader)


def _check_bars(options: QuestionOptions, metric: str, is_one: bool) -> None:
    if options.table.layout != "tsv" or metric in ("dot", "euclidean") or not is_one:
        raise click.UsageError("--bars: draws cosines of one vector file, not as csv or json; leave it out")


def _note_recall(search: "Search", n_questions: int, terminal: Terminal) -> None:
    from wordvec_cli.queries.recall import recall

    if search.index.helper is None:
        raise click.UsageError("--recall-check: there is no index; make one with wordvec index, or leave it out")
    share, n_asked = recall(search.index, search.k, n_questions)
    terminal.note(f"recall {share:.4f}: of the {search.k} nearest of {counted(n_asked, 'word')} drawn at random")


def _of_vectors(path: str, finder: WordFinder, metric: str, terminal: Terminal) -> QuestionReader:
    """How questions that are vectors are read; if they seem to be of another training than the file, that is said."""
    from wordvec_cli.queries.vector_lines import VectorQuestions

    def tell(mismatch: "Mismatch") -> None:
        terminal.note(
            f"standard input: its vector of {shown(mismatch.word)!r} is not that of {path} "
            f"(cosine {mismatch.cosine:.2f}); if it is of another training, the answers mean nothing"
        )

    questions = VectorQuestions(finder.embeddings, "cosine" if metric == "csls" else metric, tell)
    return QuestionReader("vectors", [], numbered(lambda line: questions.question(line[0]), terminal), _whole_line)
