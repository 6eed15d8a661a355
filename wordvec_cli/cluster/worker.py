"""What a worker of a cluster does: an actor of Ray, which this module does not know.

Its methods are called by name, several at a time: those that work one after the other, those that answer at once.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.cluster.blocks import RowBlocks
from wordvec_cli.cluster.parts import Listed, Listing, Shard, listed, opened
from wordvec_cli.cluster.versions import versions
from wordvec_cli.errors import InputError
from wordvec_cli.parallel import on_threads
from wordvec_cli.sequences.pair_arrays import BYTES_PER_PAIR, CountedRows
from wordvec_cli.sequences.pairs import PairCounter, PairOptions, Room
from wordvec_cli.sequences.word_ids import IDS_PER_PART, Sequences, encode_part
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import readable, reason, writable
from wordvec_cli.storage.spool import Spool
from wordvec_cli.text.blocks import InvalidLine, Reading, raw_blocks
from wordvec_cli.text.corpus import BLOCK_BYTES, Corpus, CorpusStatistics
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tables.columns import TableRows
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.estimate.machine import available_memory
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.replicas import Replica, Rounds, Rows, slices, trainer_elsewhere
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.counting import CountOptions, WordCounter, counted_tables
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.spilling import Spill
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = tuple[NDArray[np.int32], NDArray[np.int64]]
    Counted = tuple[NDArray[np.int32], NDArray[np.float64]]
    Words = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]

NO_STATISTICS = CorpusStatistics(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class FoundLine(InvalidLine):
    """A line that is not UTF-8, whose place was looked up where the file is."""

    found_at: str = ""

    @property
    def place(self) -> str:
        return self.found_at


@dataclass(frozen=True)
class ShardFacts:
    """What a worker found in a shard."""

    reading: Reading
    n_lines: int
    size_bytes: int
    n_tokens: int = 0
    n_known: int = 0
    tables: tuple[TableRows, ...] = ()


class Worker:
    """One for each machine; of a cluster of one machine as many as wanted.

    tmp_dir    where its files go, on its own disk; None: the system's folder for those
    n_threads  that it may use
    """

    def __init__(self, tmp_dir: str | None, n_threads: int) -> None:
        self._room = ExitStack()
        with writable(str(tmp_dir or "the folder for temporary files")):
            self.folder = Path(self._room.enter_context(temporary_folder(tmp_dir)))
        self.n_threads = n_threads
        self._seconds_trained = 0.0  # since it was asked
        self._counters: list[WordCounter] = []

    def ping(self) -> int:
        """Says that it lives."""
        return os.getpid()

    def versions(self) -> dict[str, str]:
        """Of what decides a result."""
        return versions()

    def free_memory(self) -> int | None:
        """Bytes; None if the system does not tell."""
        return available_memory()

    def close(self) -> None:
        self._room.close()

    # ------------------------------------------------------------ the corpus

    def listing(self, paths: Sequence[str], files: FileOptions) -> Listing:
        """Raises: InputError"""
        return listed(paths, self.folder, files)

    def unreadable(self, files: Sequence[tuple[str, int]]) -> str:
        """Why this machine cannot read a corpus as another does that listed it; empty: it can."""
        for name, size in files:
            try:
                with opened(name) as file:
                    there = size if "://" in name else os.fstat(file.fileno()).st_size
            except (OSError, InputError) as error:
                return f"{name}: {reason(error) if isinstance(error, OSError) else error}"
            if there != size:
                return f"{name}: has {there} bytes here, and {size} on another machine"
        return ""

    def fingerprint(self, files: Sequence[Listed]) -> str:
        """Of the whole text, which one machine has to read from end to end: see `Reading`."""
        digest = hashlib.sha256()
        for file in files:
            with readable(file.name), file.whole.opened() as raw:
                for buffer, size in raw_blocks(file.whole.text_of(raw), BLOCK_BYTES, whole_lines=False):
                    digest.update(memoryview(buffer)[:size])
        return digest.hexdigest()

    def _corpus(self, shard: Shard, tokenizer: Tokenizer) -> Corpus:
        return Corpus(
            tuple(part.name for part in shard.parts), tokenizer, self.folder, shard.size_bytes, _sources=shard.parts
        )

    # ------------------------------------------------------------ counting

    def begin_counting(self, tokenizer: Tokenizer, options: CountOptions) -> None:
        self._tokenizer = tokenizer
        self._spill = Spill(self.folder)
        self._counters = [WordCounter(tokenizer, options, self._spill) for _ in range(self.n_threads)]

    def count(self, shard: Shard) -> ShardFacts:
        """Raises: InputError"""
        corpus = self._corpus(shard, self._tokenizer)
        n_before = sum(counter.n_lines for counter in self._counters)
        corpus.feed(self._counters, "counting words")
        return _facts(corpus, sum(counter.n_lines for counter in self._counters) - n_before)

    def begin_giving(self) -> None:
        """From now on `next_table` gives what has been counted until now, from the beginning."""
        self._tables = counted_tables(self._spill, self._counters)

    def next_table(self) -> "Words | None":
        """Words, padded, their offsets and counts; None if that was all."""
        table = next(self._tables, None)
        return None if table is None else (np.array(table.text), np.array(table.offsets), np.array(table.counts))

    # ------------------------------------------------------------ word ids

    def begin_encoding(self, vocabulary: Vocabulary, tokenizer: Tokenizer) -> None:
        self._vocabulary = vocabulary
        self._words = id_table(vocabulary)
        self._tokenizer = tokenizer
        self._encoded: dict[int, Sequences] = {}

    def encode(self, shard: Shard) -> ShardFacts:
        """To files of this machine. Raises: InputError, OutputError"""
        corpus = self._corpus(shard, self._tokenizer)
        self._encoded[shard.number] = sequences = encode_part(corpus, self._words, self.n_threads)
        facts = _facts(corpus, sequences.n_sentences)
        return replace(facts, n_tokens=len(sequences.ids), n_known=sequences.n_known)

    def ids(self, number: int, part: int) -> "Ids":
        """A part of the ids of a shard, for others; the first with the ends of all lines in the shard."""
        sequences = self._encoded[number]
        first = part * IDS_PER_PART
        ends = sequences.offsets[1:] if not part else sequences.offsets[:0]
        return np.array(sequences.ids[first : first + IDS_PER_PART]), np.array(ends)

    def id_counts(self, number: int) -> "NDArray[np.int64]":
        """How often each word occurs in a shard."""
        ids = self._encoded[number].ids
        return np.bincount(ids[ids >= 0], minlength=len(self._vocabulary))

    def begin_joining(self) -> None:
        """From now on `join` gets all parts of all shards in their order."""
        self._ids, self._offsets = Spool(self.folder, np.int32), Spool(self.folder, np.int64)
        self._offsets.append(np.zeros(1, np.int64))

    def join(self, ids: "Ids") -> None:
        self._offsets.append(ids[1] + len(self._ids))
        self._ids.append(ids[0])

    # ------------------------------------------------------------ pairs

    def begin_pairs(self, options: PairOptions, memory: int) -> "PairFacts":
        """Of the corpus that has been joined; how much there is to count."""
        sequences = Sequences(self._ids.whole(), self._offsets.whole(), 0, NO_STATISTICS, "")
        room = Room(self.folder, memory, self.n_threads)
        self._counter = counter = PairCounter(sequences, len(self._vocabulary), options, room)
        self._rows: dict[tuple[int, int], _Rows] = {}
        return PairFacts(counter.n_runs, counter.n_pairs_about)

    def shares(self, n_shares: int) -> list[tuple[int, int]]:
        return self._counter.shares(n_shares)

    def count_pairs(self, share: tuple[int, int]) -> "NDArray[np.int64]":
        """Count the pairs of some rows, and keep them; how many each row has. Raises: OutputError"""
        rows = self._rows[share] = _Rows(self.folder)
        for part in self._counter.parts_of(*share):
            rows.append(part)
        return rows.sizes()

    def pairs(self, share: tuple[int, int], first: int, last: int) -> "Counted":
        """Columns and weights of the pairs first .. last - 1 of a share."""
        return self._rows[share].pairs(first, last)

    # ------------------------------------------------------------ replicas of word2vec

    def begin_replica(self, config: Word2VecConfig, rounds: Rounds) -> None:
        """Of the vocabulary that word ids are of. Raises: InputError"""
        trainer = trainer_elsewhere(self._vocabulary, config, rounds.n_known)
        self._replica = Replica(trainer, rounds, self.n_threads)
        self._adopted: dict[int, list[Ids]] = {}

    def set_replica(self, inputs: "Matrix", outputs: "Matrix") -> None:
        """Begin from these parameters."""
        self._replica.restore({"inputs": inputs, "outputs": outputs})
        self._is_equal = True  # to all others; else it has trained since
        self._n_taken = 0

    def adopt(self, number: int, n_parts: int, ids: "Ids") -> None:
        """Get the next of the parts of a shard that another worker has encoded."""
        parts = self._adopted.setdefault(number, [])
        parts.append(ids)
        if len(parts) == n_parts:
            all_ids, offsets = Spool(self.folder, np.int32), Spool(self.folder, np.int64)
            offsets.append(np.zeros(1, np.int64))
            for some, ends in self._adopted.pop(number):
                all_ids.append(some)
                offsets.append(ends)
            self._encoded[number] = Sequences(all_ids.whole(), offsets.whole(), 0, NO_STATISTICS, "")

    def train_replica(self, epoch: int, number: int, shards: Sequence[int], rate_factor: float) -> BlockLoss:
        """Train these shards' part of a round, from where all replicas were equal."""
        replica = self._replica
        if not self._is_equal:
            replica.go_back()
        self._is_equal = False
        for shard in shards:
            replica.shards.setdefault(shard, self._encoded[shard])
        with self._timed():
            return replica.train(epoch, number, shards, rate_factor)

    def changes(self, n_replicas: int, own: int) -> tuple[Rows | None, ...] | Rows | None:
        """What each replica is to combine: as many results, as Ray counts them; what this one is to, it keeps."""
        parts = slices(n_replicas)
        found: list[Any] = [None] * n_replicas

        def find(part: int) -> None:
            found[part] = self._replica.changes(parts[part])

        on_threads(find, range(n_replicas), self.n_threads)
        self._own = found[own]
        changes = [None if part == own else each for part, each in enumerate(found)]
        return changes[0] if n_replicas == 1 else tuple(changes)

    def combine(self, part: int, place: tuple[int, int, float], *changes: Rows | None) -> tuple[None, Rows]:
        """What all are to take of the slice `part`, after a word that it is there.

        place    the epoch, the round and the factor of the rate
        changes  of all replicas; None: those of this one
        """
        of_all = [self._own if each is None else each for each in changes]
        return None, self._replica.combine(slices(len(changes))[part], of_all, *place)

    def take(self, *merged: Rows) -> None:
        """Take the rows of all slices: the replicas are equal again."""
        parts = slices(len(merged))
        on_threads(lambda part: self._replica.take(parts[part], merged[part]), range(len(parts)), self.n_threads)
        self._is_equal = True
        self._n_taken += 1

    def n_taken(self) -> int:
        """How often all were made equal since `set_replica`."""
        return self._n_taken

    def replica(self) -> tuple["Matrix", "Matrix"]:
        """The parameters as they were when all were equal."""
        inputs, outputs = (np.ascontiguousarray(matrix) for matrix in self._replica.parameters.values())
        return inputs, outputs  # without the padding: Ray would copy twice

    # ------------------------------------------------------------ GloVe

    def begin_tiles(self, config: GloveConfig) -> None:
        self._blocks = RowBlocks(config, self.n_threads, self.folder)

    def add_pairs(self, block: int, starts: "NDArray[np.int64]", pairs: "NDArray[np.void]") -> None:
        self._blocks.add_pairs(block, starts, pairs)

    def set_words(self, blocks: Sequence[int], *words: "NDArray[np.float32]") -> None:
        self._blocks.set_words(blocks, words)

    def words_of(self, blocks: Sequence[int]) -> "list[NDArray[np.float32]]":
        return self._blocks.words(blocks)

    def train_tiles(
        self, epoch: int, tiles: Sequence[tuple[int, int]], rate_factor: float, *contexts: "NDArray[np.float32]"
    ) -> tuple[object, ...]:
        """The losses of tiles, then the parameters of their column blocks."""
        with self._timed():
            losses, trained = self._blocks.train(epoch, tiles, rate_factor, contexts)
        return losses, *trained

    # ------------------------------------------------------------ how long it took

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds_trained += time.perf_counter() - start

    def seconds_trained(self) -> float:
        """Since this was asked last."""
        seconds, self._seconds_trained = self._seconds_trained, 0.0
        return seconds


@dataclass(frozen=True)
class PairFacts:
    """How much there is to count: see `PairCounter`."""

    n_runs: int
    n_pairs_about: int
    run_bytes: int = 0  # here, for the workers have the runs

    @property
    def disk_bytes(self) -> int:
        """Of all pairs, where the command runs."""
        return BYTES_PER_PAIR * self.n_pairs_about


class _Rows:
    """Counted rows on disk."""

    def __init__(self, folder: Path) -> None:
        self._columns, self._weights = Spool(folder, np.int32), Spool(folder, np.float64)
        self._sizes: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]

    def append(self, rows: CountedRows) -> None:
        self._sizes.append(np.array(rows.sizes))
        self._columns.append(rows.columns)
        self._weights.append(rows.weights)

    def sizes(self) -> "NDArray[np.int64]":
        return np.concatenate(self._sizes)

    def pairs(self, first: int, last: int) -> "Counted":
        return np.array(self._columns.whole()[first:last]), np.array(self._weights.whole()[first:last])


def _facts(corpus: Corpus, n_lines: int) -> ShardFacts:
    reading = corpus.reading
    assert reading is not None
    if line := reading.first_invalid:
        found = FoundLine(line.source, line.offset, line.line_of_block, line.text, line.place)
        reading = Reading(reading.fingerprint, reading.n_bytes, reading.n_invalid_lines, reading.n_dropped_lines, found)
    return ShardFacts(reading, n_lines, corpus.size_bytes, tables=corpus.tables)
