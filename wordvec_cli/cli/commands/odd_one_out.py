"""`wordvec odd-one-out`: which word does not go with the others."""

from collections.abc import Sequence

import click

from wordvec_cli.cli.missing import WordFinder
from wordvec_cli.cli.output import as_text, write_stdout
from wordvec_cli.cli.questions import (
    Question,
    asked_questions,
    blank,
    figure,
    numbered,
    question_options,
    record,
    rounded,
)
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.errors import InputError

TITLES = ("query", "odd", "distance")


@click.command(short_help="Tell which word does not go with the others.")
@click.argument("vectors")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@question_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    vectors: str,
    words: tuple[str, ...],
    table: Table,
    is_null: bool,
    missing: str,
    vocab: str | None,
    source: VectorSource,
) -> int:
    """Tell which of the WORDs is farthest from the mean of them all (of directions; the distance is 1 - cosine).

    Questions are read from standard input, the words of one in a line, if none are given. Lines are the words, the
    odd one and its distance; --format json has the distances of all words, in the order of the question.

    \b
    wordvec odd-one-out vectors.safetensors breakfast cereal dinner lunch
    wordvec odd-one-out vectors.safetensors --format json --missing skip < questions.txt
    """  # fmt: skip
    if len(words) == 1:
        raise click.UsageError("1 word, and none to go with: a question has two or more; one of several takes quotes")
    embeddings = source.open(vectors, terminal, vocab, is_again=True)
    finder = WordFinder(vectors, embeddings, terminal, vocab, missing)
    posed = numbered(_of_several, terminal)
    write_stdout(table.head(TITLES))
    for batch in asked_questions([words] if words else [], terminal, is_null, "questions of several words"):
        questions = [posed(asked) for asked in batch]
        write_stdout([_answer(question.names, finder, table) for question in questions])
    return finder.exit_status


def _of_several(words: list[bytes]) -> Question:
    if len(words) == 1:
        raise InputError("1 word where a question has two or more; put blanks or tabs between words")
    return Question(words)


def _answer(words: Sequence[bytes], finder: WordFinder, table: Table) -> bytes:
    """The line of a question; empty if it gets none: one word alone is not the odd one among others."""
    found = [each for each in map(finder.find, words) if each is not None] if len(words) > 1 else []
    if len(found) < 2 or (len(found) < len(words) and finder.missing != "skip"):
        names = words if table.is_json else [b" ".join(words)]
        return blank(table, Question(names), len(TITLES), 2, "odd", "words") if finder.missing == "blank" else b""
    import numpy as np

    from wordvec_cli.queries.similarity import cosines_to_mean

    distances = (1 - cosines_to_mean(np.array([each.vector for each in found], np.float32))).tolist()
    odd = distances.index(max(distances))
    if not table.is_json:
        return table.row([b" ".join(words), found[odd].word, figure(distances[odd], "cosine")])
    each = [
        {"word": as_text(one.word), "distance": rounded(distance, "cosine")}
        for one, distance in zip(found, distances, strict=True)
    ]
    return record(table, Question(words), odd=as_text(found[odd].word), words=each)
