"""Distinct words and their numbers: a hash table of byte strings that grows, around the kernels that fill and ask it.

Whoever imports this waits for numba.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.kernels import text as kernels
from wordvec_cli.kernels.text import PADDING, Bytes, Integers, TokenIds

NEWLINE = ord("\n")


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view that numba sees as one type, whether the memory may be written or not: one compilation, not two."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


class WordTable:
    """Distinct byte strings in the order in which they came, with their counts.

    It grows as needed up to `max_bytes`; where a method says so, it then stops, and goes on after `clear()`.
    """

    def __init__(self, n_words: int = 1 << 15, max_bytes: float = float("inf")) -> None:
        n_slots = 1 << max(10, (2 * n_words - 1).bit_length())
        self.max_bytes = max_bytes
        self._n_first_slots = n_slots
        self._table = self._new_table(n_slots)

    @staticmethod
    def _new_table(n_slots: int) -> kernels.Table:
        capacity = n_slots // 8 * 5
        return kernels.Table(
            slots=np.zeros(n_slots, np.uint64),
            hashes=np.empty(capacity, np.uint64),
            offsets=np.zeros(capacity + 1, np.int64),
            counts=np.empty(capacity, np.int64),
            text=np.empty(capacity * 8 + PADDING, np.uint8),
            state=np.zeros(2, np.int64),
        )

    def __len__(self) -> int:
        return int(self._table.state[0])

    @property
    def size_bytes(self) -> int:
        return sum(array.nbytes for array in self._table)

    @property
    def hashes(self) -> NDArray[np.uint64]:
        return self._table.hashes[: len(self)]

    @property
    def offsets(self) -> Integers:
        """(len + 1,)"""
        return self._table.offsets[: len(self) + 1]

    @property
    def counts(self) -> Integers:
        return self._table.counts[: len(self)]

    @property
    def text(self) -> Bytes:
        """The strings back to back; PADDING bytes without a meaning follow them."""
        return self._table.text[: int(self.offsets[-1]) + PADDING]

    def clear(self) -> None:
        self._table = self._new_table(self._n_first_slots)

    def _make_room(self) -> bool:
        """Whether the arrays could grow; an empty table always can, so that a word of any length fits."""
        table, n_words = self._table, len(self)
        n_slots = len(table.slots) * (2 if n_words == len(table.hashes) else 1)
        needed = int(table.offsets[n_words] + table.state[1]) + PADDING
        n_text = len(table.text) if needed <= len(table.text) else max(2 * len(table.text), needed)
        n_bytes = n_slots * (8 + 24 * 5 // 8) + n_text
        if n_words and n_bytes > self.max_bytes:
            return False
        if n_slots > len(table.slots):
            capacity = n_slots // 8 * 5
            slots = np.zeros(n_slots, np.uint64)
            kernels.fill_slots(slots, table.hashes, n_words)
            table = table._replace(
                slots=slots,
                hashes=_grown(table.hashes, n_words, capacity),
                offsets=_grown(table.offsets, n_words + 1, capacity + 1),
                counts=_grown(table.counts, n_words, capacity),
            )
        if n_text > len(table.text):
            table = table._replace(text=_grown(table.text, int(table.offsets[n_words]), n_text))
        self._table = table
        return True

    def count_chunks(self, text: Bytes, position: int, size: int) -> int:
        """Count the chunks of text[position:size]; return `size`, or where the memory was full."""
        text = read_only(text)
        while (position := kernels.count_chunks(text, position, size, self._table)) < size:
            if not self._make_room():
                break
        return position

    def number_chunks(self, text: Bytes, size: int, may_insert: bool) -> tuple[TokenIds, Integers]:
        """The number of each chunk of text[:size] (-1 for those that are not here and may not be inserted).

        And, for each line, how many chunks stand before its end.
        """
        text = read_only(text)
        numbers, line_ends = np.empty(size // 2 + 1, np.int32), np.empty(kernels.count_lines(text, size), np.int64)
        done = np.zeros(2, np.int64)
        results = numbers, line_ends, done
        position = 0
        while (position := kernels.number_chunks(text, position, size, self._table, may_insert, *results)) < size:
            self._make_room()
        return numbers[: done[0]], line_ends

    def add(self, text: Bytes, offsets: Integers, counts: Integers, first: int = 0) -> int:
        """Add words back to back (`text` is padded) from `first` on; return how many, or where the memory was full."""
        text, offsets, counts = read_only(text), read_only(offsets), read_only(counts)
        while (first := kernels.add_words(text, offsets, counts, first, self._table)) < len(counts):
            if not self._make_room():
                break
        return first

    def find(self, text: Bytes, offsets: Integers) -> TokenIds:
        """The number of each of the words (text is padded), -1 where there is none."""
        numbers = np.empty(len(offsets) - 1, np.int32)
        kernels.find_words(read_only(text), read_only(offsets), self._table, numbers)
        return numbers


def _grown(array: NDArray[Any], n_used: int, size: int) -> NDArray[Any]:
    grown = np.empty(size, array.dtype)
    grown[:n_used] = array[:n_used]
    return grown


def padded(text: Any) -> Bytes:
    """A copy of `text` that may be scanned: PADDING bytes of white space follow it."""
    view = np.frombuffer(text, np.uint8)
    copy = np.full(len(view) + PADDING, NEWLINE, np.uint8)
    copy[: len(view)] = view
    return copy
