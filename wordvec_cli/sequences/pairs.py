"""Which words stand near which, and how often: sorted (row, column, weight) pairs, counted in bounded memory.

Rows are counted one by one, from an index of where each word stands in a chunk of the corpus that fits the memory. If
there are several chunks, the pairs of each are a sorted run on disk, and the runs are added up row by row.
"""

import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.parallel import TASKS_AHEAD, in_order
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequences.pair_arrays import BYTES_PER_PAIR, CountedRows, Integers, PairFile, Pairs
from wordvec_cli.sequences.word_ids import Sequences

BYTES_PER_TOKEN = 8  # of a chunk in memory: the token, and its place in the index
PAIRS_PER_TASK = 1 << 18  # at most, or one row
FEWEST_TOKENS, MOST_TOKENS = 1 << 16, 1 << 30  # of a chunk
SAMPLED_ROWS = 64  # one in this many is counted, to estimate how many pairs there will be

NO_PAIRS = "no line of the corpus has two words of the vocabulary within a window; nothing to count"

UnknownWords = Literal["skip", "gap"]


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
        self._keeps_index = False
        self._rows = 0, n_words  # that are counted

    def count(self, report: Report = silent) -> Pairs:
        """Raises: InputError if there are none, OutputError if the disk is full"""
        parts = self.parts(report)
        file = PairFile(self._room.folder)
        for rows in parts:
            file.append(rows.pairs())
        return file.pairs()

    def parts_of(self, first: int, last: int) -> Iterator[CountedRows]:
        """The rows first .. last - 1, as `parts`; the index is kept for others, if the corpus is one chunk."""
        self._rows = first, last
        if self.n_runs > 1:
            runs = self._runs(silent)
            return self._merged(runs, silent) if any(map(len, runs)) else iter(())
        if self._first is None:
            self._first = self._index(self._chunks[0])
        self._keeps_index = True
        return self._counted_rows(self._chunks[0], 0, silent)

    def shares(self, n_shares: int) -> list[tuple[int, int]]:
        """All rows in so many ranges (first, last + 1), or fewer, that may have as many pairs each."""
        self._first = index = self._first or self._index(self._chunks[0])
        ends = np.cumsum(self._most_of_rows(index.starts))
        bounds = np.searchsorted(ends, ends[-1] * np.arange(1, n_shares) / n_shares)
        edges = np.unique([0, *bounds.tolist(), self._n_words]).tolist()
        return list(itertools.pairwise(edges))

    def parts(self, report: Report = silent) -> Iterator[CountedRows]:
        """All rows in their order, some at a time; their arrays are used again when the next are asked for.

        Raises: InputError if there are no pairs, OutputError if the disk is full
        """
        if self.n_runs > 1:
            return _checked(self._merged(self._runs(report), report))
        return _checked(rows for chunk in self._chunks for rows in self._counted_rows(chunk, 0, report))

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
        return self.run_bytes + BYTES_PER_PAIR * self.n_pairs_about

    @property
    def run_bytes(self) -> int:
        """What `parts` will have on disk, about: runs, if there are several."""
        return BYTES_PER_PAIR * self.n_pairs_about * self.n_runs if self.n_runs > 1 else 0

    @cached_property
    def n_pairs_about(self) -> int:
        """How many pairs a chunk has, from a sample of the rows of the first; the whole corpus has as many or more."""
        if not self._chunks:
            return 0
        self._first = index = self._index(self._chunks[0])
        rows = range(min(SAMPLED_ROWS // 2, self._n_words - 1), self._n_words, SAMPLED_ROWS)
        counted = sum(self._n_counted(index, row) for row in rows)
        return round(counted * self._n_words / len(rows))

    @cached_property
    def _buffers(self) -> "_Buffers":
        from wordvec_cli.kernels.pairs import SLACK

        return _Buffers(PAIRS_PER_TASK + SLACK)

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

    def _counted_rows(self, chunk: "_Chunk", n_before: int, report: Report) -> Iterator[CountedRows]:
        """All rows of a chunk; `n_before` pairs have been counted in others."""
        index = self._first or self._index(chunk)
        if not self._keeps_index:
            self._first = None
        tasks = _row_ranges(self._most_of_rows(index.starts), PAIRS_PER_TASK, *self._rows)
        n_tokens, n_pairs = len(self._sequences.ids), n_before
        n_known = max(len(index.positions), 1)
        for (_, last), rows in in_order(lambda task: self._counted(index, *task), tasks, self._room.n_threads):
            yield rows
            self._buffers.give_back(rows)
            n_pairs += len(rows)
            done = chunk.first + int((chunk.last - chunk.first) * index.starts[last] / n_known)
            report(Progress("counting pairs", done, n_tokens, "tokens", {"pairs": n_pairs}))

    def _most_of_rows(self, starts: Integers) -> Integers:
        """How many pairs rows may have."""
        most: Integers = np.minimum(np.diff(starts) * self._reach, self._n_words)
        return most

    def _n_counted(self, index: "_Index", row: int) -> int:
        """How many pairs a row has, in a chunk."""
        counted = self._counted(index, row, row + 1)
        self._buffers.give_back(counted)
        return len(counted)

    def _counted(self, index: "_Index", first: int, last: int) -> CountedRows:
        """Some rows, in a chunk."""
        from wordvec_cli.kernels import pairs

        most = int(self._most_of_rows(index.starts[first : last + 1]).sum())
        columns, weights = self._buffers.take(most + pairs.SLACK)
        row_sizes = np.zeros(last - first, np.int64)
        n = pairs.count_rows(
            *index, first, self._weight_at, self._options.symmetric, *self._row_tables(), columns, weights,
            row_sizes,
        )  # fmt: skip
        return CountedRows(first, row_sizes, columns[:n], weights[:n])

    def _row_tables(self) -> tuple[Any, ...]:
        """Those of this thread."""
        from wordvec_cli.kernels import pairs

        if not hasattr(self._tables, "of_thread"):
            self._tables.of_thread = pairs.row_tables(self._n_words)
        tables: tuple[Any, ...] = self._tables.of_thread
        return tables

    # ------------------------------------------------------------ merging

    def _runs(self, report: Report) -> Sequence[Pairs]:
        """The pairs of each chunk."""
        file = PairFile(self._room.folder)
        ends = [0]
        for chunk in self._chunks:
            for rows in self._counted_rows(chunk, len(file), report):
                file.append(rows.pairs())
            ends.append(len(file))
        pairs = file.pairs()
        return [pairs[first:last] for first, last in itertools.pairwise(ends)]

    def _merged(self, runs: Sequence[Pairs], report: Report) -> Iterator[CountedRows]:
        """The sum of sorted runs, added up in their order."""
        all_rows = np.arange(self._n_words + 1, dtype=np.int32)
        starts = sum(np.searchsorted(run.rows, all_rows) for run in runs)
        tasks = _row_ranges(np.diff(starts), PAIRS_PER_TASK, *self._rows)
        edges = np.array([first for first, _ in tasks] + [self._rows[1]], np.int32)
        bounds = np.stack([np.searchsorted(run.rows, edges) for run in runs])

        def merge(task: int) -> CountedRows:
            parts = [run[first:last] for run, (first, last) in zip(runs, bounds[:, task : task + 2], strict=True)]
            return self._merged_rows(parts, *tasks[task])

        for task, rows in in_order(merge, range(len(tasks)), self._room.n_threads):
            yield rows
            self._buffers.give_back(rows)
            report(Progress("merging pairs", int(bounds[:, task + 1].sum()), int(bounds[:, -1].sum()), "pairs"))

    def _merged_rows(self, parts: Sequence[Pairs], first: int, last: int) -> CountedRows:
        """The sum of the rows first .. last - 1, of which each run has a part."""
        from wordvec_cli.kernels import pairs

        sizes = np.array([len(part) for part in parts])
        rows = np.arange(first, last + 1, dtype=np.int32)
        starts = np.stack([np.searchsorted(part.rows, rows) for part in parts])
        starts += (np.cumsum(sizes) - sizes)[:, np.newaxis]
        columns, weights = self._buffers.take(int(sizes.sum()) + pairs.SLACK)
        row_sizes = np.zeros(last - first, np.int64)
        n = pairs.merge_rows(
            np.concatenate([part.columns for part in parts]), np.concatenate([part.weights for part in parts]), starts,
            *self._row_tables(), columns, weights, row_sizes,
        )  # fmt: skip
        return CountedRows(first, row_sizes, columns[:n], weights[:n])


class _Buffers:
    """Arrays for pairs, used again and again: to touch new memory takes longer than to write into it.

    size  of each, but for one that has to be larger, which is used once
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._free: deque[_Buffer] = deque()

    def take(self, size: int) -> "_Buffer":
        """Arrays for columns and weights, of `size` or more."""
        if size > self._size:
            return np.empty(size, np.int32), np.empty(size)
        with suppress(IndexError):  # of a pop that finds none
            return self._free.pop()
        return np.empty(self._size, np.int32), np.empty(self._size)

    def give_back(self, rows: CountedRows) -> None:
        columns, weights = rows.columns.base, rows.weights.base
        if columns is not None and weights is not None and len(columns) == self._size:
            self._free.append((columns, weights))


_Buffer = tuple[NDArray[np.int32], NDArray[np.float64]]


class _Chunk(NamedTuple):
    """Tokens first .. last - 1 of a corpus."""

    first: int
    last: int


class _Index(NamedTuple):
    """Where each word stands in a chunk: see `kernels.pairs`."""

    tokens: NDArray[np.int32]
    starts: Integers
    positions: NDArray[np.int32]


def _checked(parts: Iterable[CountedRows]) -> Iterator[CountedRows]:
    """Raises: InputError at the end if there were no pairs"""
    n_pairs = 0
    for rows in parts:
        n_pairs += len(rows)
        yield rows
    if not n_pairs:
        raise InputError(NO_PAIRS)


def _row_ranges(most_of_rows: Integers, most: int, first: int, end: int) -> list[tuple[int, int]]:
    """The rows first .. end - 1 in ranges (first, last + 1) of at most `most` pairs together, or of a single row."""
    ends, ranges = np.cumsum(most_of_rows), []
    while first < end:
        before = ends[first - 1] if first else 0
        last = min(max(int(np.searchsorted(ends, before + most, side="right")), first + 1), end)
        ranges.append((first, last))
        first = last
    return ranges
