"""`wordvec odd-one-out`: which word does not go with the others."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import (
    QuestionOptions,
    QuestionReader,
    blank,
    figure,
    numbered,
    question_options,
    record,
    rounded,
)
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.queries.answers import OddOneOut

TITLES = ("query", "odd", "distance")


@click.command(short_help="Find the word that does not go with the others.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@question_options
@click.pass_obj
def command(terminal: Terminal, /, *, vectors: str, words: tuple[str, ...], options: QuestionOptions) -> int:
    """Tell which of the WORDs is farthest from the mean of all their directions (as distance, 1 - cosine).

    Without WORDs, questions are read from standard input, one on each line. An answer is the words, the odd one and
    its distance; with --format json, the distances of all words, in the order of the question.

    \b
    wordvec odd-one-out vectors.safetensors breakfast cereal dinner lunch
    wordvec odd-one-out vectors.safetensors --format json --missing skip < questions.txt
    """  # fmt: skip
    if len(words) == 1:
        raise click.UsageError(
            "1 word has no others to go with; a question has two or more (put quotes around one that holds blanks)"
        )
    finder = options.finder(vectors, terminal)
    reader = QuestionReader("questions of several words", [words] if words else [], numbered(_of_several, terminal))
    write_stdout(options.table.head(TITLES))
    for batch in reader.batches(terminal, options.is_null):
        write_stdout(_answers([reader.question_of(asked) for asked in batch], finder, options))
    return exit_status(finder)


def _of_several(words: list[bytes]) -> Question:
    if len(words) == 1:
        raise InputError("1 word where a question has two or more; put blanks or tabs between words")
    return Question(words)


def _answers(questions: Sequence[Question], finder: WordFinder, options: QuestionOptions) -> Iterator[bytes]:
    from wordvec_cli.queries.answers import odd_one_out

    for question in questions:
        answer = odd_one_out(question.names, finder)
        if answer is not None:
            yield _line(question, answer, options.table)
        elif options.is_blank:
            names = question.names if options.table.is_json else [b" ".join(question.names)]
            yield blank(options.table, Question(names), len(TITLES), 2, "odd", "words")


def _line(question: Question, answer: "OddOneOut", table: Table) -> bytes:
    if not table.is_json:
        return table.row([b" ".join(question.names), answer.word, figure(answer.distance, "cosine")])
    each = [{"word": as_text(word), "distance": rounded(d, "cosine")} for word, d in answer.distances]
    return record(table, question, odd=as_text(answer.word), words=each)
