"""A corpus as word ids on the disks of the workers, and the pairs that they count in it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from wordvec_cli.cluster.members import Cluster, ClusterOptions, Member, Sharing, WorkerLostError, cluster
from wordvec_cli.cluster.parts import Shard
from wordvec_cli.cluster.text import ClusterText, open_text
from wordvec_cli.cluster.worker import PairFacts, ShardFacts
from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note, Progress, Report, silent
from wordvec_cli.sequences.count_pairs import EncodedCorpus, PairsOrder, tokenizer_of, words_of, write_rows
from wordvec_cli.sequences.pair_arrays import CountedRows
from wordvec_cli.sequences.pairs import NO_PAIRS, PairOptions, Room
from wordvec_cli.sequences.word_ids import IDS_PER_PART, Sequences, check_known, elsewhere
from wordvec_cli.text.corpus_notes import note_left_out
from wordvec_cli.vocabulary.vocabulary import Vocabulary

PARTS_AHEAD = 3  # of ids, that are on their way to all workers
SHARES_PER_WORKER = 4  # of rows, for workers that are not equally fast
PAIRS_AT_ONCE = 1 << 20  # that are on their way to the command, unless one row has more


def write_counted_pairs(order: PairsOrder, options: ClusterOptions, report: Report, note: Note) -> None:
    """As `sequences.count_pairs`, by a cluster. Raises: InputError, OptionError, OutputError"""
    order.check()
    with cluster(options, note) as workers:
        write_by(workers, order, report, note)


def write_by(workers: Cluster, order: PairsOrder, report: Report, note: Note) -> None:
    """Raises: InputError, OutputError"""
    workers.note = note
    words = words_of(order, note)
    text = open_text(workers, order.corpus, tokenizer_of(order, words), order.folder, order.files)
    note_left_out(text, note)
    text.check_not_output(order.output)
    encoded = Encoded(text, words.vocabulary)
    sequences = encoded.sequences(report)
    pairs = ClusterPairs(encoded, order.counting, Room(order.folder, order.memory_bytes))
    corpus = EncodedCorpus(text, words.vocabulary, sequences)
    write_rows(order, corpus, pairs.facts(), lambda: pairs.rows(report), note)


class Encoded:
    """The shards of a corpus as word ids, each on the disk of a worker."""

    def __init__(self, text: ClusterText, vocabulary: Vocabulary) -> None:
        self.text = text
        self.workers = text.cluster
        self.vocabulary = self.workers.put(_plain(vocabulary))
        self._shared = Sharing(self.workers, "encode", text.shards)
        self._begun: set[Member] = set()
        self._brought: set[tuple[int, Member]] = set()
        self._begin()

    def _begin(self) -> None:
        """Give workers the vocabulary, also those that have come later. Raises: WorkerLostError"""
        new, tokenizer = [each for each in self.workers.members if each not in self._begun], self.text.tokenizer
        self.workers.result([self.workers.work(each, "begin_encoding", self.vocabulary, tokenizer) for each in new])
        self._begun |= set(new)

    def get_ready(self) -> None:
        """After workers were lost, or have come: encode what those had, again. Raises: WorkerLostError"""
        self._begin()
        self.run(silent)

    def run(self, report: Report) -> None:
        """Encode what is not encoded yet, also as its worker was lost."""

        def tell() -> None:
            done = sum(facts.size_bytes for _, facts in self._shared.results)
            report(Progress("encoding", done, self.text.size_bytes, "B"))

        self._shared.run(tell)

    def take_back(self) -> None:
        """What lost workers had encoded is not any more."""
        self._shared.take_back()

    @property
    def found(self) -> list[tuple[Any, ShardFacts]]:
        """The shards, in their order, and what was found in them."""
        return sorted(self._shared.results, key=lambda each: each[0].number)

    @property
    def places(self) -> dict[int, Member]:
        """Which worker has a shard."""
        return {shard.number: member for member, done in self._shared.done.items() for shard, _ in done}

    def sequences(self, report: Report) -> Sequences:
        """Encode all; what is known of the ids, which are not here. Raises: InputError, OutputError"""
        self.text.begin_fingerprint()
        self.run(report)
        facts = [facts for _, facts in self.found]
        n_tokens, n_lines, n_known = (
            sum(getattr(each, name) for each in facts) for name in ("n_tokens", "n_lines", "n_known")
        )
        check_known(self.text, n_tokens, n_known)
        self.text.take_facts(self._shared.results)
        reading = self.text.reading
        assert reading is not None
        return elsewhere(self.text.statistics(n_lines, n_tokens), n_known, reading.fingerprint)

    def parts(self, shard: Shard, facts: ShardFacts) -> Iterator[Any]:
        """References to the ids of a shard, from the worker that has it."""
        for part in range(facts.n_tokens // IDS_PER_PART + 1):
            yield self.workers.ask(self.places[shard.number], "ids", shard.number, part)

    def bring(self, shard: Shard, facts: ShardFacts, member: Member) -> None:
        """See that a worker has a shard. Raises: WorkerLostError"""
        if self.places[shard.number] is member or (shard.number, member) in self._brought:
            return
        parts = list(self.parts(shard, facts))
        self.workers.result([self.workers.work(member, "adopt", shard.number, len(parts), ids) for ids in parts])
        self._brought.add((shard.number, member))

    def with_counts(self, vocabulary: Vocabulary) -> Vocabulary:
        """A vocabulary with counts: its own, or those of the corpus."""
        if vocabulary.counts is not None and np.asarray(vocabulary.counts).any():
            return vocabulary
        while True:
            try:
                places = self.places.items()
                asked = [self.workers.work(member, "id_counts", number) for number, member in places]
                counts = sum(self.workers.result(asked), np.zeros(len(vocabulary), np.int64))
                return replace(vocabulary, counts=counts)
            except WorkerLostError:
                self.take_back()
                self.get_ready()

    def spread(self) -> None:
        """Give all workers the whole corpus. Raises: WorkerLostError"""
        workers = self.workers
        workers.on_all("begin_joining")
        on_their_way: deque[list[Any]] = deque()
        for shard, facts in self.found:
            for ids in self.parts(shard, facts):
                on_their_way.append([workers.work(member, "join", ids) for member in workers.members])
                if len(on_their_way) > PARTS_AHEAD:
                    workers.result(on_their_way.popleft())
        for calls in on_their_way:
            workers.result(calls)


def _plain(vocabulary: Vocabulary) -> Vocabulary:
    """In memory: what a vocabulary was opened from stays on this machine."""
    text, offsets, order = (np.array(part) for part in (vocabulary.text, vocabulary.offsets, vocabulary.order))
    return Vocabulary(text, offsets, order, None if vocabulary.counts is None else np.array(vocabulary.counts))


class ClusterPairs:
    """Pairs that each worker counts of some rows, in the whole corpus: the sums are, bit for bit, those of a machine
    with the same --memory, as each is added up in the order of the corpus.
    """

    def __init__(self, encoded: Encoded, options: PairOptions, room: Room) -> None:
        self._encoded = encoded
        self._workers: Cluster = encoded.workers
        self._begin = options, room.memory
        self._known: PairFacts | None = None

    def facts(self, report: Report | None = None) -> PairFacts:
        """How much there is to count; all workers get ready to."""
        while True:
            try:
                self._encoded.spread()
                self._known = self._workers.on_all("begin_pairs", *self._begin)[0]
                return self._known
            except WorkerLostError:
                self._encoded.take_back()
                self._encoded.get_ready()

    def rows(self, report: Report) -> Iterator[CountedRows]:
        """All rows in their order. Raises: InputError if there are no pairs, OutputError"""
        assert self._known is not None
        n_shares = len(self._workers.members) * (SHARES_PER_WORKER if self._known.n_runs == 1 else 1)
        shares = self._workers.result(self._workers.work(self._workers.members[0], "shares", n_shares))
        shared = Sharing(self._workers, "count_pairs", shares)
        shared.run(lambda: report(Progress("counting pairs", len(shared.results), len(shares), "shares")))
        n_pairs = 0
        for share in shares:
            for part in self._fetched(shared, share):
                n_pairs += len(part)
                yield part
        if not n_pairs:
            raise InputError(NO_PAIRS)

    def _fetched(self, shared: Sharing, share: tuple[int, int]) -> Iterator[CountedRows]:
        """The rows of a share from the worker that has them; from another, if that is lost."""
        row, n_done = share[0], 0
        while row < share[1]:
            member, sizes = next(
                (member, sizes) for member, done in shared.done.items() for each, sizes in done if each == share
            )
            last = row + _rows_of(sizes[row - share[0] :], PAIRS_AT_ONCE)
            some = sizes[row - share[0] : last - share[0]]
            try:
                columns, weights = self._workers.result(
                    self._workers.ask(member, "pairs", share, n_done, n_done + int(some.sum()))
                )
            except WorkerLostError:
                shared.take_back()
                shared.run()
                continue
            yield CountedRows(row, some, columns, weights)
            row, n_done = last, n_done + int(some.sum())


def _rows_of(sizes: Any, most: int) -> int:
    """How many of the rows have at most `most` pairs together; at least one."""
    return max(int(np.searchsorted(np.cumsum(sizes), most, side="right")), 1)
