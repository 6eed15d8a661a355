"""Which words stand near which, and how often: sorted (row, column, weight) pairs, counted in bounded memory.

Rows are counted one by one, from an index of where each word stands in a chunk of the corpus that fits the memory. The
pairs of a chunk are a sorted run on disk; the runs are added up row by row.
"""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.parallel import TASKS_AHEAD, in_order
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.spool import Spool

BYTES_PER_PAIR = 4 + 4 + 8  # row, column, weight
BYTES_PER_TOKEN = 8  # of a chunk in memory: the token, and its place in the index
PAIRS_PER_TASK = 1 << 18  # at most, or one row
FEWEST_TOKENS, MOST_TOKENS = 1 << 16, 1 << 30  # of a chunk
SAMPLED_ROWS = 64  # one in this many is counted, to estimate how many pairs there will be

UnknownWords = Literal["skip", "gap"]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PairOptions:
    """What counts as a co-occurrence. Raises: OptionError

    Source: cooccur.c of GloVe (stanfordnlp/GloVe), whose defaults these are.
    """

    window: int = 15  # words on each side, within the line
    symmetric: bool = True  # else only words before another: the row is the one before, the column the other
    distance_weighting: bool = True  # at distance d a word counts 1 / d, else 1
    unknown: UnknownWords = "skip"  # a word outside the vocabulary takes no position in the line, or leaves a gap

    def __post_init__(self) -> None:
        if type(self.window) is not int or self.window < 1:
            raise OptionError(f"--window {self.window}: must be a whole number, and at least 1")
        if type(self.symmetric) is not bool or type(self.distance_weighting) is not bool:
            raise OptionError("--symmetric, --distance-weighting: must be true or false")
        if self.unknown not in get_args(UnknownWords):
            raise OptionError(f"--unknown {self.unknown}: must be one of {', '.join(get_args(UnknownWords))}")

    def weights(self, longest_line: int) -> NDArray[np.float64]:
        """What a word counts, by its distance from 0 on; none is further away than a line is long."""
        distances = np.arange(1, min(self.window, longest_line) + 1)
        return np.concatenate([[0.0], 1 / distances if self.distance_weighting else np.ones(len(distances))])


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of words with weights above 0, as read-only maps of files.

    rows, columns  (n,) int32 ids
    weights        (n,) float64
    first_id       what the first word's id is in rows and columns
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    weights: NDArray[np.float64]
    first_id: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> "Pairs":
        return Pairs(self.rows[part], self.columns[part], self.weights[part], self.first_id)


class PairFile:
    """Pairs on disk, in nameless files that vanish with their maps."""

    def __init__(self, folder: Path) -> None:
        self._rows, self._columns = Spool(folder, np.int32), Spool(folder, np.int32)
        self._weights = Spool(folder, np.float64)

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, pairs: Pairs) -> None:
        self._rows.append(pairs.rows)
        self._columns.append(pairs.columns)
        self._weights.append(pairs.weights)

    def pairs(self) -> Pairs:
        """All that has been written so far."""
        return Pairs(self._rows.whole(), self._columns.whole(), self._weights.whole())


class Room(NamedTuple):
    """What counting may use.

    folder  for temporary files
    memory  bytes, of chunks of the corpus and of pairs on their way to the disk
    """

    folder: Path
    memory: int = 1_000_000_000
    n_threads: int = 1


def memory_bytes(n_words: int, n_tokens: int, room: Room) -> int:
    """What counting takes at most: tables and pairs on their way for each thread, and a chunk of the corpus."""
    return _buffer_bytes(n_words, room) + BYTES_PER_TOKEN * min(n_tokens, _tokens_of_chunk(n_words, room))


def _tokens_of_chunk(n_words: int, room: Room) -> int:
    size = (room.memory - _buffer_bytes(n_words, room)) // BYTES_PER_TOKEN
    return min(max(size, FEWEST_TOKENS), MOST_TOKENS)


def _buffer_bytes(n_words: int, room: Room) -> int:
    of_thread = 9 * n_words + (TASKS_AHEAD + 2) * BYTES_PER_PAIR * PAIRS_PER_TASK
    return room.n_threads * of_thread + 2 * 8 * n_words


class PairCounter:
    """Counts the pairs of a corpus. The sums are those of float64, in the order of the corpus within each chunk."""

    def __init__(self, sequences: Sequences, n_words: int, options: PairOptions, room: Room) -> None:
        self._sequences = sequences
        self._n_words = n_words
        self._options = options
        self._weight_at = options.weights(int(np.diff(sequences.offsets).max(initial=1)))
        self._room = room
        self._tables = threading.local()
        self._first: _Index | None = None

    def count(self, report: Report = silent) -> Pairs:
        """Raises: InputError if there are none, OutputError if the disk is full"""
        file = PairFile(self._room.folder)
        ends = [0]
        for chunk in self._chunks:
            self._count_chunk(chunk, file, report)
            ends.append(len(file))
        if not len(file):
            raise InputError("no line of the corpus has two words of the vocabulary within a window; nothing to count")
        pairs = file.pairs()
        runs = [pairs[first:last] for first, last in itertools.pairwise(ends)]
        return runs[0] if len(runs) == 1 else self._merged(runs, report)

    @property
    def _window(self) -> int:
        return len(self._weight_at) - 1

    @property
    def _reach(self) -> int:
        """How many words may stand around one."""
        return self._window * (1 + self._options.symmetric)

    @property
    def n_runs(self) -> int:
        return len(self._chunks)

    @property
    def disk_bytes(self) -> int:
        """What `count` will have on disk at its end, about: runs, and if there are several what they come to."""
        n_pairs = self.n_pairs_about
        return BYTES_PER_PAIR * n_pairs * (1 if self.n_runs == 1 else 1 + self.n_runs)

    @cached_property
    def n_pairs_about(self) -> int:
        """How many pairs a chunk has, from a sample of the rows of the first; the whole corpus has as many or more."""
        if not self._chunks:
            return 0
        self._first = index = self._index(self._chunks[0])
        rows = range(min(SAMPLED_ROWS // 2, self._n_words - 1), self._n_words, SAMPLED_ROWS)
        counted = sum(len(self._counted(index, row, row + 1)) for row in rows)
        return round(counted * self._n_words / len(rows))

    # ------------------------------------------------------------ chunks

    @property
    def _chunks(self) -> Sequence["_Chunk"]:
        n_tokens, size = len(self._sequences.ids), _tokens_of_chunk(self._n_words, self._room)
        return [_Chunk(first, min(first + size, n_tokens)) for first in range(0, n_tokens, size)]

    def _index(self, chunk: "_Chunk") -> "_Index":
        from wordvec_cli.kernels import pairs

        options, sequences = self._options, self._sequences
        tokens, begin, end = pairs.lay_out(
            sequences.ids, sequences.offsets, *chunk, self._window, options.unknown == "gap"
        )
        return _Index(tokens, *pairs.index_positions(tokens, begin, end, self._n_words))

    def _count_chunk(self, chunk: "_Chunk", file: PairFile, report: Report) -> None:
        index, self._first = self._first or self._index(chunk), None
        most = np.minimum(np.diff(index.starts) * self._reach, self._n_words)
        tasks = _row_ranges(most, PAIRS_PER_TASK)
        n_tokens = len(self._sequences.ids)
        n_known = max(len(index.positions), 1)
        for (_, last), pairs in in_order(lambda task: self._counted(index, *task), tasks, self._room.n_threads):
            file.append(pairs)
            done = chunk.first + int((chunk.last - chunk.first) * index.starts[last] / n_known)
            report(Progress("counting pairs", done, n_tokens, "tokens", {"pairs": len(file)}))

    def _counted(self, index: "_Index", first: int, last: int) -> Pairs:
        """The pairs of some rows, in a chunk."""
        from wordvec_cli.kernels import pairs

        most = int(np.minimum(np.diff(index.starts[first : last + 1]) * self._reach, self._n_words).sum())
        columns, weights = np.empty(most + pairs.SLACK, np.int32), np.empty(most + pairs.SLACK)
        row_sizes = np.zeros(last - first, np.int64)
        n = pairs.count_rows(
            *index, first, self._weight_at, self._options.symmetric, *self._row_tables(), columns, weights,
            row_sizes,
        )  # fmt: skip
        return Pairs(_repeated(first, row_sizes), columns[:n], weights[:n])

    def _row_tables(self) -> tuple[Any, ...]:
        """Those of this thread."""
        from wordvec_cli.kernels import pairs

        if not hasattr(self._tables, "of_thread"):
            self._tables.of_thread = pairs.row_tables(self._n_words)
        tables: tuple[Any, ...] = self._tables.of_thread
        return tables

    # ------------------------------------------------------------ merging

    def _merged(self, runs: Sequence[Pairs], report: Report) -> Pairs:
        """The sum of sorted runs, added up in their order."""
        file = PairFile(self._room.folder)
        all_rows = np.arange(self._n_words + 1, dtype=np.int32)
        starts = sum(np.searchsorted(run.rows, all_rows) for run in runs)
        tasks = _row_ranges(np.diff(starts), PAIRS_PER_TASK)
        edges = np.array([first for first, _ in tasks] + [self._n_words], np.int32)
        bounds = np.stack([np.searchsorted(run.rows, edges) for run in runs])

        def merge(task: int) -> Pairs:
            parts = [run[first:last] for run, (first, last) in zip(runs, bounds[:, task : task + 2], strict=True)]
            return self._merged_rows(parts, *tasks[task])

        for task, pairs in in_order(merge, range(len(tasks)), self._room.n_threads):
            file.append(pairs)
            report(Progress("merging pairs", int(bounds[:, task + 1].sum()), int(bounds[:, -1].sum()), "pairs"))
        return file.pairs()

    def _merged_rows(self, parts: Sequence[Pairs], first: int, last: int) -> Pairs:
        """The sum of the rows first .. last - 1, of which each run has a part."""
        from wordvec_cli.kernels import pairs

        sizes = np.array([len(part) for part in parts])
        rows = np.arange(first, last + 1, dtype=np.int32)
        starts = np.stack([np.searchsorted(part.rows, rows) for part in parts])
        starts += (np.cumsum(sizes) - sizes)[:, np.newaxis]
        n_most = sizes.sum() + pairs.SLACK
        columns, weights = np.empty(n_most, np.int32), np.empty(n_most)
        row_sizes = np.zeros(last - first, np.int64)
        n = pairs.merge_rows(
            np.concatenate([part.columns for part in parts]), np.concatenate([part.weights for part in parts]), starts,
            *self._row_tables(), columns, weights, row_sizes,
        )  # fmt: skip
        return Pairs(_repeated(first, row_sizes), columns[:n], weights[:n])


class _Chunk(NamedTuple):
    """Tokens first .. last - 1 of a corpus."""

    first: int
    last: int


class _Index(NamedTuple):
    """Where each word stands in a chunk: see `kernels.pairs`."""

    tokens: NDArray[np.int32]
    starts: Integers
    positions: NDArray[np.int32]


def _repeated(first: int, row_sizes: Integers) -> NDArray[np.int32]:
    """The rows from `first` on, each as often as it has pairs."""
    return np.repeat(np.arange(first, first + len(row_sizes), dtype=np.int32), row_sizes)


def _row_ranges(most_of_rows: Integers, most: int) -> list[tuple[int, int]]:
    """All rows in ranges (first, last + 1) that together have at most `most` pairs each, or are a single row."""
    ends, ranges, first = np.cumsum(most_of_rows), [], 0
    while first < len(ends):
        before = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, before + most, side="right")), first + 1)
        ranges.append((first, last))
        first = last
    return ranges
