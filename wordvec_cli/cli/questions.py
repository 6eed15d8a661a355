"""The commands that answer questions of words: what they share, from the options to the lines of an answer."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from wordvec_cli.cli.missing import fuller_vocab_option, missing_option, word_finder
from wordvec_cli.cli.options import Decorator, bundled, null_option, progress_options
from wordvec_cli.cli.output import asked, fields_of
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_text


def metric_option(*more: str) -> Decorator:
    """more  metrics that only some commands have"""
    return click.option(
        "--metric", type=click.Choice(["cosine", "dot", "euclidean", *more]), default="cosine", show_default=True,
        help="How similarity is measured: by cosine, by dot product, by Euclidean distance, or (similar) by csls: "
        "twice the cosine, less the mean cosine of either word with its 10 nearest, which draws hubs down.",
    )  # fmt: skip


class QuestionOptions(NamedTuple):
    """How questions are read, what a missing word gets, and how answers are printed."""

    table: Table
    is_null: bool
    missing: str
    vocab: str | None
    source: VectorSource

    def finder(self, path: str, terminal: Terminal) -> WordFinder:
        """Finds words in a vector file. Raises: InputError, OptionError"""
        embeddings = self.source.open(path, terminal, self.vocab, is_again=True)
        return word_finder(path, embeddings, terminal, self.vocab, self.missing)

    @property
    def is_blank(self) -> bool:
        """Whether a question without an answer gets a line."""
        return self.missing == "blank"


question_options = bundled(
    "options", QuestionOptions,
    table_options(
        "tsv: a line for each answer, with tabs; csv: the same with commas, below column titles, for spreadsheets and "
        "data frames; json: an object for each question."
    ),
    null_option, missing_option, fuller_vocab_option, vector_options, progress_options,
)  # fmt: skip


# ---------------------------------------------------------------- reading


class QuestionReader(NamedTuple):
    """Where questions come from, and how their words become questions.

    what         what is typed, one a line, on a terminal
    arguments    the words of each question that the command line asks; if there is none, standard input asks
    question_of  may raise an InputError for a line of standard input that is not a question
    split        a line of standard input, into words
    """

    what: str
    arguments: Sequence[Sequence[str]]
    question_of: Callable[[list[bytes]], Question]
    split: Callable[[bytes], list[bytes]] = fields_of

    def batches(self, terminal: Terminal, is_null: bool) -> Iterator[list[list[bytes]]]:
        """The words of the questions, as they come in."""
        if self.arguments:
            yield [[os.fsencode(word) for word in words] for words in self.arguments]
            return
        for lines in asked((), terminal, is_null, self.what):
            yield [self.split(line) for line in lines]


def groups(words: Sequence[str], size: int, what: str) -> list[Sequence[str]]:
    """The words of a command line as questions of so many words. Raises: click.UsageError"""
    if len(words) % size:
        raise click.UsageError(f"{counted(len(words), 'word')}: {what}; put quotes around a word that holds blanks")
    return [words[start : start + size] for start in range(0, len(words), size)]


def of_size(
    n_words: int, question_of: Callable[[list[bytes]], Question], terminal: Terminal
) -> Callable[[list[bytes]], Question]:
    """`question_of`, for questions of so many words; an empty line is a question without an answer.

    A line with another number of words is an error, and has no answer either.
    """

    def checked(words: list[bytes]) -> Question:
        if len(words) not in (0, n_words):
            raise InputError(
                f"{counted(len(words), 'word')} where a question has {n_words}; put tabs between words that hold blanks"
            )
        return question_of(words) if words else Question(())

    return numbered(checked, terminal)


def numbered(question_of: Callable[[list[bytes]], Question], terminal: Terminal) -> Callable[[list[bytes]], Question]:
    """`question_of`, for the lines of standard input: an error in one names its number, and the others go on."""
    line_numbers = itertools.count(1)

    def of_line(words: list[bytes]) -> Question:
        number = next(line_numbers)
        try:
            question = question_of(words)
        except InputError as error:
            terminal.failure(f"standard input:{number}: {error}")
            return Question(words)
        return question._replace(names=question.names or [b"%d" % number]) if question.vectors else question

    return of_line


# ---------------------------------------------------------------- printing


def record(table: Table, question: Question, **answer: Any) -> bytes:
    """The object of a question: a query of several words is a list."""
    names = texts(question.names)
    return table.record({"query": names[0] if len(names) == 1 else names} | answer)


def blank(table: Table, question: Question, n_columns: int, n_answers: int, *keys: str) -> bytes:
    """What a question without an answer gets, where each is to get something.

    n_columns, n_answers  of the table, and how many of them, the last ones, hold answers
    """
    if table.is_json:
        return record(table, question, **dict.fromkeys(keys))
    names = question.names
    if len(names) > n_columns - n_answers:  # a line that is not a question: no word of it stands where answers do
        names = [b" ".join(names)]
    missing = n_columns - len(names) if table.is_csv else 0
    return table.row([*names, *[b""] * missing])


def texts(words: Iterable[bytes]) -> list[str]:
    return [as_text(word) for word in words]


def rounded(value: float, metric: str) -> float:
    """Six decimals of a cosine, six digits of anything else; 0 without a sign."""
    return (float(f"{value:.6g}") if metric in ("dot", "euclidean") else round(value, 6)) + 0.0


def figure(value: float, metric: str) -> bytes:
    """As `rounded`, as text."""
    text = b"%.6g" % value if metric in ("dot", "euclidean") else b"%.6f" % value
    return text[1:] if text in (b"-0", b"-0.000000") else text
