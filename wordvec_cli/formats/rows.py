"""Rows of a vector file: words and their vectors, as a reader yields them, and many of them gathered in one matrix."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.storage.spool import Spool
from wordvec_cli.text.words import back_to_back, take_words

Matrix = NDArray[np.float32]
Integers = NDArray[np.int64]

_NO_ROWS: Matrix = np.empty((0, 0), np.float32)


class Rows(NamedTuple):
    """Some rows of a file, in its order.

    text, offsets  the words back to back: word i is text[offsets[i] : offsets[i + 1]]
    matrix         (n, dim) float32
    places         (n,) int64: the line, or number, of each in the file, from 1
    counts         (n,) int64: how often each word occurs; None: that is not known
    """

    text: NDArray[np.uint8]
    offsets: Integers
    matrix: Matrix
    places: Integers
    counts: Integers | None = None

    @staticmethod
    def of(words: Sequence[bytes], matrix: Matrix, places: Integers) -> "Rows":
        """Those of a list of words."""
        return Rows(*back_to_back(words), matrix, places)

    def taken(self, chosen: Integers) -> "Rows":
        """Those with the numbers `chosen`."""
        text, offsets = take_words(self.text, self.offsets, chosen)
        counts = None if self.counts is None else self.counts[chosen]
        return Rows(text, offsets, self.matrix[chosen], self.places[chosen], counts)

    def first(self, n: int) -> "Rows":
        """The first rows, `n` at most."""
        if n >= len(self.places):
            return self
        counts = None if self.counts is None else self.counts[:n]
        offsets = self.offsets[: n + 1]
        return Rows(self.text[: offsets[-1]], offsets, self.matrix[:n], self.places[:n], counts)

    def words(self) -> list[bytes]:
        content, offsets = self.text.tobytes(), self.offsets.tolist()
        return [content[first:last] for first, last in itertools.pairwise(offsets)]


class GatheredRows:
    """Rows that come one after the other, in one matrix.

    folder  for what takes more than `memory` bytes; None: all stays in memory
    """

    def __init__(self, folder: Path | None, memory: int) -> None:
        self._folder, self._memory = folder, memory
        self._parts: list[Rows] = []  # of their words and places; the matrix of the first, while it is the only one
        self._matrix: _InMemory | _OnDisk = _InMemory()
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, part: Rows) -> None:
        if len(self._parts) == 1:
            self._append(self._parts[0].matrix)
            self._parts[0] = self._parts[0]._replace(matrix=_NO_ROWS)
        if self._parts:
            self._append(part.matrix)
            part = part._replace(matrix=_NO_ROWS)
        self._n += len(part.offsets) - 1
        self._parts.append(part)

    def _append(self, matrix: Matrix) -> None:
        n_bytes = 4 * (len(self) + len(matrix)) * matrix.shape[1]
        if self._folder is not None and n_bytes > self._memory and isinstance(self._matrix, _InMemory):
            on_disk = _OnDisk(self._folder)
            on_disk.append(self._matrix.whole())
            self._matrix = on_disk
        self._matrix.append(matrix)

    def rows(self) -> Rows:
        if len(self._parts) == 1:
            return self._parts[0]
        text = np.concatenate([part.text[: part.offsets[-1]] for part in self._parts])
        lengths = np.concatenate([np.diff(part.offsets) for part in self._parts])
        places = np.concatenate([part.places for part in self._parts])
        counts = [part.counts for part in self._parts if part.counts is not None]
        known = np.concatenate(counts) if len(counts) == len(self._parts) else None
        return Rows(text, np.concatenate([[0], np.cumsum(lengths)]), self._matrix.whole(), places, known)


class _InMemory:
    """A matrix that grows without being copied."""

    def __init__(self) -> None:
        self._matrix = np.empty((0, 0), np.float32)
        self._n = 0

    def append(self, rows: Matrix) -> None:
        end = self._n + len(rows)
        if end > len(self._matrix):
            # realloc, which moves pages and not their content; nobody else has seen the matrix yet
            self._matrix.resize((max(end, len(self._matrix) * 3 // 2), rows.shape[1]), refcheck=False)
        self._matrix[self._n : end] = rows
        self._n = end

    def whole(self) -> Matrix:
        """All rows; none can be appended after that."""
        self._matrix.resize((self._n, self._matrix.shape[1]), refcheck=False)
        return self._matrix


class _OnDisk:
    """A matrix in a nameless file, which vanishes with its map."""

    def __init__(self, folder: Path) -> None:
        self._numbers = Spool(folder, np.float32)
        self._dim = 0

    def append(self, rows: Matrix) -> None:
        self._dim = rows.shape[1]
        self._numbers.append(rows)

    def whole(self) -> Matrix:
        return self._numbers.whole().reshape(-1, self._dim)
