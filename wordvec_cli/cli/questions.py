"""Questions to vectors that are made of words: how they are read, and how answers are written."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from wordvec_cli.cli.missing import WordFinder, missing_option, vocab_option
from wordvec_cli.cli.options import combined, null_option, progress_options
from wordvec_cli.cli.output import as_text, asked, fields_of, shown
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import vector_options
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted

metric_option = click.option(
    "--metric", type=click.Choice(["cosine", "dot", "euclidean"]), default="cosine", show_default=True,
    help="How near vectors are: their cosine, their scalar product, or their distance.",
)  # fmt: skip


# Of every command that answers questions, in the order of the help text.
question_options = combined(
    table_options(
        "tsv: tabs, a line for each answer; csv: the same between commas, below titles, for spreadsheets and "
        "data frames; json: an object for each question."
    ),
    null_option, missing_option, vocab_option, vector_options, progress_options,
)  # fmt: skip


class Question(NamedTuple):
    """A question to the vectors.

    names     how it is shown, in as many columns
    vectors   what it is made of; none if it cannot be asked
    weights   of the vectors
    excluded  the ids of its own words
    """

    names: Sequence[bytes]
    vectors: Sequence[Sequence[float]] = ()
    weights: Sequence[float] = ()
    excluded: frozenset[int] = frozenset()

    @property
    def shown(self) -> str:
        return shown(b" ".join(self.names))


def question_of(
    words: Sequence[bytes],
    finder: WordFinder,
    weights: Sequence[float] | None = None,
    names: Sequence[bytes] | None = None,
    is_set: bool = False,
) -> Question:
    """A question of words, by default of equal weights and shown as it is.

    is_set  whether it can do without a word that is to be skipped
    """
    found = [(finder.find(word), weight) for word, weight in zip(words, weights or [1.0] * len(words), strict=True)]
    there = [(each, weight) for each, weight in found if each is not None]
    names = words if names is None else names
    if len(there) < len(words) and not (is_set and finder.missing == "skip"):
        return Question(names)
    ids = frozenset(each.word_id for each, _ in there if each.word_id is not None)
    return Question(names, [each.vector for each, _ in there], [weight for _, weight in there], ids)


def of_size(
    n_words: int, posed: Callable[[list[bytes]], Question], terminal: Terminal
) -> Callable[[list[bytes]], Question]:
    """`posed`, for questions of so many words; a line without any is a question without an answer.

    A line of any other number is told, and has no answer either.
    """

    def checked(words: list[bytes]) -> Question:
        if len(words) not in (0, n_words):
            raise InputError(
                f"{counted(len(words), 'word')} where a question has {n_words}; put tabs between words that hold blanks"
            )
        return posed(words) if words else Question(())

    return numbered(checked, terminal)


def numbered(posed: Callable[[list[bytes]], Question], terminal: Terminal) -> Callable[[list[bytes]], Question]:
    """`posed`, for the lines of standard input: one that it refuses is told with its number, and the others go on."""
    line_numbers = itertools.count(1)

    def told(words: list[bytes]) -> Question:
        number = next(line_numbers)
        try:
            question = posed(words)
        except InputError as error:
            terminal.failure(f"standard input:{number}: {error}")
            return Question(words)
        return question._replace(names=question.names or [b"%d" % number]) if question.vectors else question

    return told


def asked_questions(
    arguments: Sequence[Sequence[str]],
    terminal: Terminal,
    is_null: bool,
    what: str,
    split: Callable[[bytes], list[bytes]] = fields_of,
) -> Iterator[list[list[bytes]]]:
    """The words of questions: those of the command line, or those of the lines of standard input, in batches."""
    if arguments:
        yield [[os.fsencode(word) for word in words] for words in arguments]
        return
    for lines in asked((), terminal, is_null, what):
        yield [split(line) for line in lines]


def record(table: Table, question: Question, **answer: Any) -> bytes:
    """The object of a question: a query of several words is a list."""
    names = texts(question.names)
    return table.record({"query": names[0] if len(names) == 1 else names} | answer)


def blank(table: Table, question: Question, n_columns: int, n_answers: int, *keys: str) -> bytes:
    """What a question gets that has no answer, where each is to get something.

    n_columns, n_answers  of the table, and how many of them, the last ones, hold answers
    """
    if table.is_json:
        return record(table, question, **dict.fromkeys(keys))
    names = question.names
    if len(names) > n_columns - n_answers:  # a line that is no question: no word of it stands where answers do
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
