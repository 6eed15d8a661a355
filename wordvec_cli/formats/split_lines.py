"""Rows whose words a reader has cut from their numbers: the numbers are then read as those of any text."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Integers, Matrix, Rows
from wordvec_cli.formats.text import EMPTY, NO_NUMBER, WRONG_WIDTH, parsed_lines
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress

NO_COUNT = "lines whose count is not a whole number, so that no counts are kept"
_WHOLE_NUMBER = re.compile(rb'"?[ ]*([0-9]{1,18})([.,]0*)?[ \r]*"?\r?')
PLACEHOLDER = b"x"  # for the word of each line: no number, and without a blank


class SplitLines(NamedTuple):
    """Some words, and their numbers.

    places  of the words in the file, from 1
    text    a line for each word: PLACEHOLDER and its numbers, with blanks between them
    counts  of the words, None for one that has none; None: the file has no counts
    """

    words: list[bytes]
    places: list[int]
    text: bytes
    counts: list[int | None] | None = None


def whole_number(text: bytes) -> int | None:
    """A count, which tables may have as 12, 12.0 or "12"."""
    found = _WHOLE_NUMBER.fullmatch(text)
    return int(found[1]) if found else None


def rows_of_lines(parts: Iterable[SplitLines], dim: int, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """The rows that have `dim` numbers; others are counted."""
    from wordvec_cli.kernels import vector_text

    n_rows = 0
    tasks = in_order(lambda part: parsed_lines(np.frombuffer(part.text, np.uint8), dim), parts, options.n_threads)
    for part, (found, problems, _) in tasks:
        places = np.array(part.places, np.int64)
        for status, what in ((vector_text.WRONG_WIDTH, WRONG_WIDTH), (vector_text.NO_NUMBER, NO_NUMBER)):
            oddities.add(what, places[problems[problems[:, 1] == status, 0]])
        oddities.add(EMPTY, places[problems[problems[:, 1] == vector_text.EMPTY, 0]])
        is_whole = np.diff(found.offsets) == len(PLACEHOLDER)  # else there were numbers before those of the row
        oddities.add(WRONG_WIDTH, places[found.places[~is_whole]])
        chosen, matrix = (found.places, found.matrix) if is_whole.all() else _of(found, np.flatnonzero(is_whole))
        rows = Rows.of([part.words[i] for i in chosen.tolist()], matrix, places[chosen])
        yield rows._replace(counts=_counts(part, chosen, oddities))
        n_rows += len(chosen)
        options.report(Progress("reading", n_rows, None, "rows"))


def _counts(part: SplitLines, chosen: Integers, oddities: Oddities) -> Integers | None:
    """Of the words that are chosen; None if one has none."""
    if part.counts is None:
        return None
    counts = [part.counts[i] for i in chosen.tolist()]
    oddities.add(NO_COUNT, [part.places[i] for i in chosen.tolist() if part.counts[i] is None])
    known = [count for count in counts if count is not None]
    return np.array(known, np.int64) if len(known) == len(counts) else None


def _of(found: Rows, chosen: Integers) -> tuple[Integers, Matrix]:
    return found.places[chosen], found.matrix[chosen]
