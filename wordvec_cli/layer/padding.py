"""Lines as ids of the rows of an embedding matrix: special rows counted in, ragged, or padded and cut to one length."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.sequences.word_ids import UNKNOWN_ID, Sequences

IDS_PER_BLOCK = 1 << 18
_PERCENTAGE = re.compile(r"p(\d+(?:\.\d+)?)")
Int64Array = NDArray[np.int64]
Side = Literal["pre", "post"]
DTYPES = ("int32", "int64", "int16", "int8", "uint8", "uint16", "uint32")

# ---------------------------------------------------------------- lines


class IdLines(NamedTuple):
    """Some lines of a corpus: line i is ids[offsets[i] : offsets[i + 1]].

    ids    int32 or int64
    first  the number of the first line, from 0
    """

    ids: NDArray[Any]
    offsets: Int64Array
    first: int

    @property
    def lengths(self) -> Int64Array:
        return np.diff(self.offsets)


@dataclass(frozen=True)
class RowIds:
    """The lines of a corpus as ids of rows.

    skips_unknown  whether words that the vocabulary lacks are left out; else they get the row of unknown words
    Raises: OptionError if there is no such row
    """

    sequences: Sequences
    specials: Specials
    skips_unknown: bool = False

    def __post_init__(self) -> None:
        if not self.skips_unknown and self.specials.unknown is None:
            raise OptionError(f"--missing keep: needs a row for unknown words, which --specials {self.specials} lacks")

    @property
    def n_lines(self) -> int:
        return self.sequences.n_sentences

    @property
    def n_ids(self) -> int:
        return self.sequences.n_known if self.skips_unknown else len(self.sequences.ids)

    def __iter__(self) -> Iterator[IdLines]:
        """All lines, some at a time."""
        return map(self.lines, self.ranges())

    def ranges(self) -> Iterator[tuple[int, int]]:
        """All lines in pieces for `lines`, of about IDS_PER_BLOCK ids; a longer line is a piece of its own."""
        return ranges_of_lines(self.sequences.offsets, IDS_PER_BLOCK)

    def lines(self, some: tuple[int, int]) -> IdLines:
        """The lines from the first number up to the second, which is excluded."""
        first, last = some
        offsets = self.sequences.offsets[first : last + 1]
        words = self.sequences.ids[offsets[0] : offsets[-1]]
        offsets = offsets - offsets[0]
        is_unknown = words == UNKNOWN_ID
        ids = words + np.int32(self.specials.n_rows)
        if not self.skips_unknown and self.specials.unknown is not None:
            ids[is_unknown] = self.specials.unknown
            return IdLines(ids, offsets, first)
        n_known = np.concatenate([[0], np.cumsum(~is_unknown)])
        return IdLines(ids[~is_unknown], n_known[offsets], first)

    @cached_property
    def length_counts(self) -> "Counter[int]":
        """How many lines have each length."""
        counts: Counter[int] = Counter()
        for lines in self:
            lengths, n_lines = np.unique(lines.lengths, return_counts=True)
            for length, n in zip(lengths.tolist(), n_lines.tolist(), strict=True):
                counts[length] += n
        return counts


def ranges_of_lines(offsets: NDArray[Any], n_ids: int) -> Iterator[tuple[int, int]]:
    """Lines in their order as (first, last + 1), with about `n_ids` ids at a time; a longer line stands alone."""
    first, n_lines = 0, len(offsets) - 1
    while first < n_lines:
        last = int(np.searchsorted(offsets, offsets[first] + n_ids, side="right")) - 1
        last = min(max(last, first + 1), first + n_ids, n_lines)
        yield first, last
        first = last


# ---------------------------------------------------------------- the length


def check_length(text: str) -> None:
    """Raises: OptionError if `chosen_length` does not know it"""
    percent = _PERCENTAGE.fullmatch(text)
    if not ((text.isdecimal() and int(text)) or text == "max" or (percent and 0 < float(percent[1]) <= 100)):
        raise OptionError(f"--length {text}: must be a number from 1, max, or a percentage such as p99")


def chosen_length(text: str, length_counts: "Counter[int]") -> int:
    """The length that --length stands for: N, `max`, or `p99`: the least that 99 % of the lines do not exceed.

    Raises: OptionError, InputError if all lines are empty
    """
    check_length(text)
    if text.isdecimal():
        return int(text)
    percent = _PERCENTAGE.fullmatch(text)
    length = max(length_counts) if percent is None else percentile(length_counts, float(percent[1]))
    if not length:
        raise InputError(f"--length {text}: is 0, because too many lines hold no words; name a number")
    return length


def percentile(length_counts: "Counter[int]", percent: float) -> int:
    """The least length that `percent` % of the lines do not exceed: the nearest-rank percentile."""
    n_wanted = percent / 100 * length_counts.total()
    n_lines = 0
    for length in sorted(length_counts):
        n_lines += length_counts[length]
        if n_lines >= n_wanted * (1 - 1e-12):  # which may be off by its rounding
            return length
    return max(length_counts)


# ---------------------------------------------------------------- rows of one length


@dataclass(frozen=True)
class Padding:
    """How lines become rows of one length. The defaults are those of keras.utils.pad_sequences.

    value       stands where a line has no word
    padding     whether that is before or after its words
    truncating  at which end a longer line loses words
    """

    length: int
    value: int
    padding: Side = "pre"
    truncating: Side = "pre"

    def __post_init__(self) -> None:
        if not fits(self.value, np.dtype(np.int64)):
            raise OptionError(f"--value {self.value}: does not fit into 64 bits; choose a smaller one")
        for option, side in (("--padding", self.padding), ("--truncating", self.truncating)):
            if side not in get_args(Side):
                raise OptionError(f"{option}: {side!r} is not one of {', '.join(get_args(Side))}")

    def rows(self, lines: IdLines) -> Iterator["PaddedRows"]:
        """The lines, padded and cut, some at a time."""
        n_at_once = max(1, IDS_PER_BLOCK // self.length)
        for first in range(0, len(lines.offsets) - 1, n_at_once):
            yield self._padded(lines, slice(first, min(first + n_at_once, len(lines.offsets) - 1)))

    def _padded(self, lines: IdLines, some: slice) -> "PaddedRows":
        offsets = lines.offsets[some.start : some.stop + 1]
        lengths = np.diff(offsets)
        kept = np.minimum(lengths, self.length)
        columns = np.arange(self.length)
        is_word = columns < kept[:, None] if self.padding == "post" else columns >= (self.length - kept)[:, None]
        ids = np.full(is_word.shape, self.value, lines.ids.dtype if fits(self.value, lines.ids.dtype) else np.int64)
        words = lines.ids[offsets[0] : offsets[-1]]
        ids[is_word] = words if kept.sum() == len(words) else words[self._is_kept(lengths)]
        return PaddedRows(ids, is_word, kept, lines.first + some.start)

    def _is_kept(self, lengths: Int64Array) -> NDArray[np.bool_]:
        """For each word of some lines whether its line is short enough to keep it."""
        ends = np.cumsum(lengths)
        from_start = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        if self.truncating == "post":
            return from_start < self.length
        return from_start >= np.repeat(lengths - self.length, lengths)


def fits(value: int, dtype: np.dtype[Any]) -> bool:
    """Whether a type of whole numbers has room for a number."""
    return bool(np.iinfo(dtype).min <= value <= np.iinfo(dtype).max)


class PaddedRows(NamedTuple):
    """Some rows of one length.

    ids      (n, length) int32 or int64
    is_word  (n, length): where they are not padding
    lengths  (n,): the words in each
    first    the number of the first row, from 0
    """

    ids: NDArray[Any]
    is_word: NDArray[np.bool_]
    lengths: Int64Array
    first: int


def converted(lines: "IdLines | PaddedRows", dtype: str) -> NDArray[Any]:
    """The ids in the type in which they are stored. Raises: InputError that names the line if one does not fit"""
    ids, limits = lines.ids, np.iinfo(dtype)
    if ids.size and (int(ids.max()) > limits.max or int(ids.min()) < limits.min):
        place = int(((ids > limits.max) | (ids < limits.min)).argmax())
        if isinstance(lines, IdLines):
            line = int(np.searchsorted(lines.offsets, place, side="right")) - 1
        else:
            line = place // ids.shape[1]
        raise InputError(
            f"--dtype {dtype}: line {lines.first + line + 1}: id {ids.flat[place]} does not fit; choose a larger type"
        )
    return ids.astype(dtype, copy=False)
