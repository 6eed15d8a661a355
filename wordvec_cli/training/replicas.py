"""One of several replicas of a word2vec training: each trains on its own shards, and now and then all are made equal.

An epoch is so many rounds. In a round every shard is trained on for the same share of its tokens, by whichever replica
has it; then the replicas are synchronised: each makes one change of the changes of all, for the rows of its slice, and
all take the rows of all slices. So a replica sends and receives about two matrices, however many there are.

The result is a function of the corpus, its shards, the configuration, the rounds, and of which replica had which shard,
if each replica trains with one thread (or a configuration that is deterministic).
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import CorpusStatistics
from wordvec_cli.training.blocks import Feed, in_order
from wordvec_cli.training.matrices import is_finite
from wordvec_cli.training.models import word2vec_trainer
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.updates import Curvature, combined, curvatures, updates_of
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SHORT_ROUNDS = 4  # at the beginning, at most, each twice as long as that before it


@dataclass(frozen=True)
class Rounds:
    """Of a training: how many an epoch has, and how many words of the vocabulary, in all shards."""

    n: int
    n_known: int

    def bounds(self, epoch: int) -> list[float]:
        """How much of the epoch is done before each of its rounds, and after the last.

        Vectors start near 0, where a step decides in which direction they grow: the first rounds are short.
        """
        n_short = min(SHORT_ROUNDS, self.n // 2) if epoch == 0 else 0
        short = [1 / (self.n * 2**halvings) for halvings in range(n_short, 0, -1)]
        start, n = max(short, default=0.0), self.n - n_short
        return [0.0, *short, *(start + (1 - start) * round_ / n for round_ in range(1, n)), 1.0]

    def part(self, epoch: int, round_: int) -> tuple[float, float]:
        """How much of the epoch is done before a round, and after it."""
        bounds = self.bounds(epoch)
        return bounds[round_], bounds[round_ + 1]


class Slice(NamedTuple):
    """Every n-th row of both matrices, from the first on."""

    first: int
    n: int


class Rows(NamedTuple):
    """Some rows of a slice: of its inputs, and then of its outputs.

    places  (n,) int32, ascending, in the slice
    values  (n, dim) float32
    """

    places: "NDArray[np.int32]"
    values: "Matrix"


def text_elsewhere(n_known: int) -> Sequences:
    """In place of the word ids of a corpus of so many words, for what does not read them."""
    no_ids, statistics = np.empty(0, np.int32), CorpusStatistics(0, 0, n_known, 0, 0)
    return Sequences(no_ids, np.zeros(1, np.int64), n_known, statistics, corpus_fingerprint="")


def trainer_elsewhere(
    vocabulary: Vocabulary, config: Word2VecConfig, n_known: int, init: Embeddings | None = None
) -> Word2VecTrainer:
    """The parameters of a training whose corpus lies in shards elsewhere; `vocabulary` has counts."""
    return word2vec_trainer(text_elsewhere(n_known), vocabulary, config, init)


class Replica:
    """The parameters of a trainer, which others have copies of, and as they were when all were equal.

    shards  by number: the word ids that this replica can train on
    """

    def __init__(self, trainer: Word2VecTrainer, rounds: Rounds, n_threads: int = 1) -> None:
        self.shards: dict[int, Sequences] = {}
        self._trainer = trainer
        self._rounds = rounds
        self._n_threads = n_threads
        self._dim = trainer.config.vector_size
        self._updates = updates_of(trainer)
        self._rows = trainer.inputs, trainer.outputs
        self._merged = tuple(rows.copy() for rows in self._rows)
        trainer.load_kernel(n_threads)

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        """As they were when all replicas were equal."""
        inputs, outputs = (merged[:, : self._dim] for merged in self._merged)
        return {"inputs": inputs, "outputs": outputs}

    def restore(self, parameters: "Mapping[str, Matrix]") -> None:
        """Take over what `parameters` gave of any replica, or those of a trainer."""
        for merged, name in zip(self._merged, ("inputs", "outputs"), strict=True):
            merged[:] = 0
            merged[:, : self._dim] = parameters[name]
        self.go_back()

    def go_back(self) -> None:
        """Undo what has been trained since all replicas were equal."""
        for rows, merged in zip(self._rows, self._merged, strict=True):
            np.copyto(rows, merged)

    def is_finite(self) -> bool:
        return all(is_finite(merged) for merged in self._merged)

    # ------------------------------------------------------------ training

    def train(
        self,
        epoch: int,
        round_: int,
        shards: Iterable[int],
        rate_factor: float = 1.0,
        on_block: Callable[[BlockLoss], None] = lambda loss: None,
    ) -> BlockLoss:
        """Train on these shards' part of a round; their word ids are here."""
        blocks = [block for shard in shards for block in self._blocks(shard, *self._rounds.part(epoch, round_))]

        def train_block(number: int) -> BlockLoss:
            return self._train_block(epoch, *blocks[number], rate_factor)

        total = BlockLoss()
        n_at_once = 1 if self._trainer.is_synchronous else self._n_threads
        with closing(in_order(train_block, Feed(0, len(blocks)), n_at_once)) as losses:
            for loss in losses:
                total += loss
                on_block(loss)
        return total

    def _blocks(self, shard: int, start: float, end: float) -> list[tuple[int, int, int]]:
        """Of a part of a shard: (shard, first token, that after the last) of each."""
        n = len(self.shards[shard].ids)
        first, last = round(start * n), round(end * n)
        firsts = [*range(first, last, self._trainer.tokens_per_block), last]
        return [(shard, *tokens) for tokens in itertools.pairwise(firsts)]

    def _train_block(self, epoch: int, shard: int, first: int, last: int, rate_factor: float) -> BlockLoss:
        trainer, sequences = self._trainer, self.shards[shard]
        n = len(sequences.ids)
        rates = tuple(rate_factor * trainer.rate(epoch + token / n) for token in (first, last))
        return trainer.train_tokens(sequences, (first, last), rates, trainer.block_seed(epoch, shard, first))

    # ------------------------------------------------------------ synchronisation

    def changes(self, part: Slice) -> Rows:
        """What has changed in the rows of a slice since all replicas were equal."""
        from wordvec_cli.kernels.replicas import list_changes

        n_inputs, n_outputs = self._lengths(part)
        places = np.empty(n_inputs + n_outputs, np.int32)
        values = np.empty((len(places), self._dim), np.float32)
        n = 0
        for which, length in enumerate((n_inputs, n_outputs)):
            some = slice(n, n + length)
            n_changed = list_changes(self._rows[which], self._merged[which], *part, places[some], values[some])
            places[n : n + n_changed] += np.int32(which * n_inputs)
            n += n_changed
        return Rows(places[:n], values[:n])

    def combine(self, part: Slice, changes: Sequence[Rows], epoch: int, round_: int, rate_factor: float = 1.0) -> Rows:
        """The rows that all are to have in a slice, of what each replica has changed there, in the replicas' order."""
        from wordvec_cli.kernels.replicas import add_changes

        lengths = self._lengths(part)
        of_matrices = [[_of_matrix(which, lengths[0], rows) for rows in changes] for which in range(len(self._rows))]
        changed = [_changed(length, each) for length, each in zip(lengths, of_matrices, strict=True)]
        steps = self._steps(len(changes), epoch, round_, rate_factor)
        values = np.empty((sum(map(len, changed)), self._dim), np.float32)
        for which, bound in enumerate(_bounds(changed)):
            change = self._combined(part, changed[which], of_matrices[which], *steps[which])
            add_changes(self._merged[which], *part, changed[which], change, values[bound])
        return Rows(np.concatenate([changed[0], changed[1] + np.int32(lengths[0])]), values)

    def _steps(self, n_replicas: int, epoch: int, round_: int, rate_factor: float) -> "list[tuple[Matrix, Curvature]]":
        """For each matrix how often a replica updates a row in a round, times the rate, and what an update does."""
        start, end = self._rounds.part(epoch, round_)
        rate = rate_factor * self._trainer.rate(epoch + (start + end) / 2)
        factor = np.float32(rate * (end - start) * self._rounds.n_known / n_replicas)
        updates = self._updates.inputs, self._updates.outputs
        return [(factor * n, each) for n, each in zip(updates, curvatures(self._trainer, self._updates), strict=True)]

    def _combined(
        self, part: Slice, changed: "NDArray[np.int32]", changes: Sequence[Rows], steps: "Matrix", curvature: Curvature
    ) -> "Matrix":
        """What the rows of a slice that are `changed` are to change, (n, dim padded)."""
        from wordvec_cli.kernels.replicas import add_rows

        slots = np.empty(int(changed[-1]) + 1 if len(changed) else 0, np.int32)
        slots[changed] = np.arange(len(changed), dtype=np.int32)
        sums = np.zeros((len(changed), self._rows[0].shape[1]), np.float32)
        for rows in changes:
            add_rows(sums, slots, *_to_read(rows))
        return combined(sums, steps[part.first :: part.n][changed], curvature, len(changes), self._n_threads)

    def take(self, part: Slice, merged: Rows) -> None:
        """Make the rows of a slice what they are to be; not before those of all slices are there."""
        from wordvec_cli.kernels.replicas import set_rows

        n_inputs = self._lengths(part)[0]
        for which, (rows, before) in enumerate(zip(self._rows, self._merged, strict=True)):
            set_rows(rows, before, *part, *_to_read(_of_matrix(which, n_inputs, merged)))

    def _lengths(self, part: Slice) -> list[int]:
        """How many rows of each matrix are in a slice."""
        return [len(range(part.first, len(rows), part.n)) for rows in self._rows]


def slices(n_replicas: int) -> list[Slice]:
    """Of the rows, one for each replica: frequent words, whose rows are more work, are spread over them."""
    return [Slice(first, n_replicas) for first in range(n_replicas)]


def _of_matrix(which: int, n_inputs: int, rows: Rows) -> Rows:
    """Those rows of a slice that are inputs (0), or outputs (1), placed among these."""
    border = int(np.searchsorted(rows.places, n_inputs))
    some = slice(border, None) if which else slice(border)
    return Rows(rows.places[some] - np.int32(which * n_inputs), rows.values[some])


def _changed(n_rows: int, changes: Sequence[Rows]) -> "NDArray[np.int32]":
    """The places of the rows that any replica has changed, of so many."""
    is_changed = np.zeros(n_rows, bool)
    for places, _ in changes:
        is_changed[places] = True
    return np.flatnonzero(is_changed).astype(np.int32)


def _bounds(places: "Sequence[NDArray[np.int32]]") -> list[slice]:
    """Where the rows of each matrix are among those of both."""
    n_inputs = len(places[0])
    return [slice(n_inputs), slice(n_inputs, None)]


def _to_read(rows: Rows) -> Rows:
    """The same, as if it came from others: kernels are compiled once for both."""
    places, values = rows.places.view(), rows.values.view()
    places.flags.writeable = values.flags.writeable = False
    return Rows(places, values)
