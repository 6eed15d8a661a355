"""A corpus as ids of rows: a value, whose numbers are worked out as often as they are asked for."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.layer.padding import Int64Array, PaddedRows, Padding, RowIds, converted
from wordvec_cli.layer.row_rule import RowRule
from wordvec_cli.parallel import in_order
from wordvec_cli.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Encoded:
    """A corpus as ids of rows, and how they were made.

    padding  None: lines keep their lengths
    """

    row_ids: RowIds
    padding: Padding | None
    dtype: str
    rule: RowRule
    tokenizer: Tokenizer

    def padded(self) -> Iterator[PaddedRows]:
        assert self.padding is not None
        for lines in self.row_ids:
            yield from self.padding.rows(lines)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.row_ids.n_lines, self.padding.length) if self.padding else (self.row_ids.n_ids,)

    @property
    def n_values(self) -> int:
        return math.prod(self.shape)

    def parts(self) -> Iterator[NDArray[Any]]:
        """The ids as they are stored, padded or one line after the other. Raises: InputError if one does not fit"""
        for _, parts in in_order(self._parts_of, self.row_ids.ranges(), n_threads=1):  # beside the one that writes
            yield from parts

    def _parts_of(self, some: tuple[int, int]) -> list[NDArray[Any]]:
        lines = self.row_ids.lines(some)
        if self.padding:
            return [converted(rows, self.dtype) for rows in self.padding.rows(lines)]
        return [converted(lines, self.dtype)]

    def lines(self) -> Iterator[list[int]]:
        """The ids of each line."""
        if self.padding:
            for part in self.parts():
                yield from part.tolist()
            return
        for lines in self.row_ids:
            ids, offsets = lines.ids.tolist(), lines.offsets.tolist()
            yield from (ids[start:end] for start, end in itertools.pairwise(offsets))

    def array(self) -> NDArray[Any]:
        """All ids as stored: (n_lines, length); or of lines that keep their lengths (n_ids,), one after the other.

        Raises: InputError if an id does not fit the type
        """
        return _joined(self.parts(), self.shape, self.dtype)

    def masks(self) -> Iterator[NDArray[np.bool_]]:
        """Where the padded ids are words: (n, length) for some lines at a time."""
        return (rows.is_word for rows in self.padded())

    def lengths(self) -> Iterator[Int64Array]:
        """How many words each line has, in the padded ids if they are padded: (n,) for some lines at a time."""
        return (rows.lengths for rows in (self.padded() if self.padding else self.row_ids))

    def mask_array(self) -> NDArray[np.bool_]:
        return _joined(self.masks(), self.shape, "bool")

    def length_array(self) -> Int64Array:
        return _joined(self.lengths(), (self.row_ids.n_lines,), "int64")

    def offsets(self) -> Iterator[Int64Array]:
        """Where each line starts, and where the last one ends."""
        n_before = 0
        yield np.zeros(1, np.int64)
        for lines in self.row_ids:
            yield lines.offsets[1:] + n_before
            n_before += len(lines.ids)

    def description(self) -> dict[str, Any]:
        sequences = self.row_ids.sequences
        return {
            "sequences": {
                "n_lines": self.row_ids.n_lines,
                "dtype": self.dtype,
                **(asdict(self.padding) if self.padding else {}),
                "unknown": "skip" if self.row_ids.skips_unknown else "keep",
            },
            **self.rule.to_metadata(),
            "tokenizer": self.tokenizer.to_metadata(),
            "corpus": {"fingerprint": sequences.corpus_fingerprint, **asdict(sequences.statistics)},
        }


def _joined(parts: Iterable[NDArray[Any]], shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """One array of what comes in parts, without holding both at a time."""
    whole, first = np.empty(shape, dtype), 0
    for part in parts:
        whole[first : first + len(part)] = part
        first += len(part)
    return whole
