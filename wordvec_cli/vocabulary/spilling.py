"""Counted words on disk, where memory does not hold them."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.storage.files import writable
from wordvec_cli.storage.spool import close_with, temporary_file
from wordvec_cli.text.words import take_words

if TYPE_CHECKING:
    from wordvec_cli.text.word_table import WordTable


class Stored(NamedTuple):
    """Where in a file some words are: their lengths and counts (int64), then their text."""

    position: int
    n_words: int
    n_text: int


class WordFile:
    """Counted words in a nameless file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def write(self, text: NDArray[np.uint8], offsets: NDArray[np.int64], counts: NDArray[np.int64]) -> Stored:
        with self._lock, writable(f"{self._folder} (temporary files)"):
            if self._file is None:
                self._file = temporary_file(self._folder)
                close_with(self, self._file)
            position = self._file.seek(0, 2)
            for array in (np.diff(offsets), counts, text[offsets[0] : offsets[-1]]):
                self._file.write(np.ascontiguousarray(array).data.cast("B"))
            self._file.flush()
            return Stored(position, len(counts), int(offsets[-1] - offsets[0]))

    def read(self, stored: Stored, first: int = 0, n_words: int | None = None, text_position: int = 0) -> Any:
        """(text, offsets, counts) of `n_words` (default: all) from `first` on, whose text starts at `text_position`."""
        n_words = stored.n_words - first if n_words is None else min(n_words, stored.n_words - first)
        lengths = np.frombuffer(self._bytes(stored.position + 8 * first, 8 * n_words), np.int64)
        counts = np.frombuffer(self._bytes(stored.position + 8 * (stored.n_words + first), 8 * n_words), np.int64)
        offsets = np.zeros(n_words + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        text = self._bytes(stored.position + 16 * stored.n_words + text_position, int(offsets[-1]))
        return np.frombuffer(text, np.uint8), offsets, counts

    def _bytes(self, position: int, size: int) -> bytes:
        assert self._file is not None
        self._file.seek(position)
        return self._file.read(size)


class Spill:
    """Tables of words on disk, cut by hash into parts that each fit into memory alone."""

    N_PARTS = 256

    def __init__(self, folder: Path) -> None:
        self._file = WordFile(folder)
        self._parts: list[list[Stored]] = [[] for _ in range(self.N_PARTS)]

    @property
    def is_used(self) -> bool:
        return any(self._parts)

    def write(self, table: "WordTable") -> None:
        part_of_word = (table.hashes >> np.uint64(56)).astype(np.int64)
        by_part = np.argsort(part_of_word, kind="stable")
        text, offsets = take_words(table.text, table.offsets, by_part)
        bounds = np.searchsorted(part_of_word[by_part], np.arange(self.N_PARTS + 1)).tolist()
        counts = table.counts[by_part]
        for part, (first, last) in enumerate(itertools.pairwise(bounds)):
            if first < last:
                stored = self._file.write(text, offsets[first : last + 1], counts[first:last])
                self._parts[part].append(stored)

    def merged(self) -> Iterator["WordTable"]:
        """Each part as one table."""
        from wordvec_cli.text.word_table import WordTable, padded

        for part in self._parts:
            table = WordTable()
            for stored in part:
                text, offsets, counts = self._file.read(stored)
                table.add(padded(text), offsets, counts)
            yield table
