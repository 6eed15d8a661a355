"""`wordvec similar`: the nearest neighbours of words, of means of words, and of vectors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import click

from wordvec_cli.cli.missing import WordFinder
from wordvec_cli.cli.neighbours import Answering, NeighbourOptions, neighbour_options, scorer_of_means
from wordvec_cli.cli.options import is_number
from wordvec_cli.cli.output import fields_of, shown
from wordvec_cli.cli.questions import Question, asked_questions, metric_option, numbered, question_of, question_options
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vector_lines import parsed_vector
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.vectors.embeddings import Embeddings

LEAST_COSINE = 0.5  # of a word in two files of one training


@click.command(short_help="List the nearest neighbours of words.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option(
    "--mean",
    "is_mean",
    is_flag=True,
    help="All WORDs, or all words of a line, make one question: the mean of their directions (if lengths count in the "
    "metric: of their vectors).",
)
@click.option(
    "--positive",
    "-p",
    multiple=True,
    metavar="WORD",
    help="One question: the mean of the directions of these words (give it again for each) ...",
)
@click.option(
    "--negative",
    "-n",
    multiple=True,
    metavar="WORD",
    help="... and of the opposites of these, as gensim's most_similar.",
)
@click.option(
    "--vector",
    "is_vector",
    is_flag=True,
    help="Standard input holds vectors: lines of numbers, or a word and numbers, as wordvec lookup prints them "
    "(also as JSON). They must come from the same training as VECTORS.",
)
@metric_option
@click.option(
    "--threshold",
    type=float,
    callback=is_number,
    metavar="X",
    help="Only answers with at least this similarity (at most this distance).",
)
@neighbour_options
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    is_mean: bool,
    positive: tuple[str, ...],
    negative: tuple[str, ...],
    is_vector: bool,
    metric: str,
    threshold: float | None,
    wanted: NeighbourOptions,
    table: Table,
    is_null: bool,
    missing: str,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """List the words whose vectors are nearest to that of each WORD, nearest first.

    Words are read from standard input, one a line, if none are given. A word of the question is no answer. A vector of
    zeros has cosine 0 with everything.

    \b
    wordvec similar vectors.safetensors king queen -k 5
    cut -f1 words.tsv | wordvec similar vectors.safetensors --format json
    wordvec similar vectors.safetensors --mean king queen prince
    wordvec similar vectors.safetensors -p king -p woman -n man
    wordvec lookup vectors.safetensors king | wordvec similar common.safetensors --vector -k 5
    """  # fmt: skip
    _check(words, is_mean, positive, negative, is_vector, metric)
    if is_vector and (missing != "error" or wanted.include_question):
        raise click.UsageError("--vector: knows no words that could be missing or left out; leave the other option out")
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    finder = WordFinder(vectors, embeddings, terminal, vocab, missing)
    posed: Callable[[list[bytes]], Question] = partial(question_of, finder=finder)
    arguments: Sequence[Sequence[str]] = [[word] for word in words]
    split: Callable[[bytes], list[bytes]] = lambda line: [line]  # noqa: E731
    what = "words"
    if is_vector:
        origin = _Origin(vectors, embeddings, terminal)
        posed = numbered(partial(_question_of_numbers, origin=origin, metric=metric), terminal)
        what = "vectors"
    elif is_mean:
        posed, what, split = partial(_mean, finder=finder), "questions of several words", fields_of
        arguments = [words] if words else []
    elif positive or negative:
        posed = partial(_sum, n_positive=len(positive), finder=finder)
        arguments = [[*positive, *negative]]
    scorer_of = partial(scorer_of_means, metric)
    titles = ("query", "word", metric)
    answering = Answering(finder, wanted, table, titles, posed, scorer_of, metric, threshold)
    return answering.answer(asked_questions(arguments, terminal, is_null, what, split))


def _check(
    words: Sequence[str], is_mean: bool, positive: Sequence[str], negative: Sequence[str], is_vector: bool, metric: str
) -> None:
    """Raises: click.UsageError if these do not go together"""
    is_sum = bool(positive or negative)
    if is_sum + is_mean + is_vector > 1:
        raise click.UsageError("--vector, --mean and --positive/--negative exclude each other; give one of them")
    if words and (is_vector or is_sum):
        raise click.UsageError(f"{words[0]}: --vector, --positive and --negative take no WORD; leave one of them out")
    if is_sum and metric != "cosine":
        raise click.UsageError(f"--metric {metric}: --positive and --negative compare directions, by their cosine")


def _mean(words: list[bytes], finder: WordFinder) -> Question:
    return question_of(words, finder, names=[b" ".join(words)], is_set=True)


def _sum(words: list[bytes], n_positive: int, finder: WordFinder) -> Question:
    """The question of --positive and --negative, shown like `king + woman - man`."""
    positive, negative = words[:n_positive], words[n_positive:]
    name = b" ".join([b" + ".join(positive), *(b"- " + word for word in negative)]).strip()
    weights = [1.0] * len(positive) + [-1.0] * len(negative)
    return question_of(words, finder, weights, [name], is_set=True)


@dataclass
class _Origin:
    """Whether vectors from a pipe seem to be of the same training as the file: seen at the first word of both."""

    path: str
    embeddings: Embeddings
    terminal: Terminal
    is_checked: bool = False

    def check(self, word: bytes, vector: Sequence[float]) -> None:
        word_id = None if self.is_checked else self.embeddings.vocabulary.find(word)
        if word_id is None:
            return
        self.is_checked = True
        from wordvec_cli.queries.similarity import similarities

        cosine = float(similarities("cosine", [vector], [self.embeddings.row(word_id)])[0])
        if cosine < LEAST_COSINE:
            self.terminal.note(
                f"standard input: its vector of {shown(word)!r} is not that of {self.path} (cosine {cosine:.2f}); "
                "if it is of another training, the answers mean nothing"
            )


def _question_of_numbers(line: list[bytes], origin: _Origin, metric: str) -> Question:
    """A line of numbers, or of a word and numbers; one without a word has no name yet. Raises: InputError"""
    word, vector = parsed_vector(line[0], origin.embeddings.dim, is_length_bounded=metric != "cosine")
    if word is not None:
        origin.check(word, vector)
    return Question([] if word is None else [word], [vector], [1.0])
