"""word2vec on a cluster: each worker trains a replica on its shards, and after each round all are made equal.

See `training.replicas` for how. A worker that is lost takes its part of a round with it: its shards are encoded again
by others, and the round is trained again by those that are left, from where all were equal.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.cluster.members import Member, WorkerLostError
from wordvec_cli.cluster.pace import Paces
from wordvec_cli.cluster.sequences import Encoded
from wordvec_cli.training.replicas import Rounds
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.word2vec import Word2VecTrainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.subwords import Subwords

    Matrix = NDArray[np.float32]

WORDS_OF_ROUND = 2_000_000  # at least, in all shards together, unless there would be fewer rounds than
FEWEST_ROUNDS, MOST_ROUNDS = 8, 64  # of an epoch


def rounds_of(n_known: int) -> Rounds:
    """How often the replicas are made equal: a function of the corpus alone."""
    return Rounds(min(max(n_known // WORDS_OF_ROUND, FEWEST_ROUNDS), MOST_ROUNDS), n_known)


class ClusterReplicas:
    """A trainer of word vectors whose parameters are with the workers; what is asked for comes home first.

    trainer  has the parameters as they were when they were here last
    """

    unit = "words"
    is_synchronous = True

    def __init__(self, encoded: Encoded, trainer: Word2VecTrainer, n_known: int) -> None:
        self._encoded = encoded
        self._workers = encoded.workers
        self._trainer = trainer
        self._rounds = rounds_of(n_known)
        self.n_epochs = trainer.n_epochs
        self.n_blocks = self._rounds.n
        self.units_per_epoch = n_known
        self._shards: dict[Member, list[int]] = {}  # what each trains on
        self._load: dict[Member, int] = {}  # the words of those
        self._paces = Paces(self._workers, self.unit)
        self._n_taken: int | None = None  # synchronisations since the parameters went out; None: they did not
        self._is_home = True  # whether the parameters here are the newest; what the workers have may be the same

    # ------------------------------------------------------------ what the loop asks for

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        return self._at_home.parameters

    @property
    def matrix(self) -> "Rows":
        return self._at_home.matrix

    @property
    def context(self) -> "Matrix | None":
        return self._at_home.context

    @property
    def subwords(self) -> "Subwords | None":
        return self._at_home.subwords

    @property
    def exploded_loss(self) -> float:
        return self._trainer.exploded_loss

    @property
    def nothing_to_learn(self) -> str:
        return (
            "no line of the corpus has two words of the vocabulary that --sample leaves, so there are no pairs to "
            "train on; a line is a sentence: put its words on one line, lower --min-count, or give --sample 0"
        )

    def complaint(self, losses: Sequence[float]) -> str:
        return self._trainer.complaint(losses)

    def initialise(self) -> None:
        self._n_taken, self._is_home = None, True  # what is written to the parameters from now on goes out
        self._trainer.initialise()

    def load_kernel(self, n_threads: int) -> None:
        self._trainer.load_kernel(1)  # which tells the loss of untrained vectors; workers load theirs as they begin

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        """A round."""
        if not block and self._workers.join_new():
            self._come_home()
            self._shards, self._n_taken = {}, None
        loss = self._trained(epoch, block, rate_factor)
        if block + 1 == self.n_blocks:
            with suppress(WorkerLostError):  # the next round finds out
                self._paces.tell(epoch)
        return loss

    # ------------------------------------------------------------ rounds

    def _trained(self, epoch: int, number: int, rate_factor: float) -> BlockLoss:
        """The loss of a round, which is trained again if a worker is lost before all are equal."""
        while True:
            loss = None
            try:
                if self._n_taken is None:
                    self._go_out()
                loss = self._round(epoch, number, rate_factor)
                self._synchronise((epoch, number, rate_factor))
                return loss
            except WorkerLostError:
                is_done = self._recovered()
                if loss is not None and is_done:
                    return loss
                start, end = self._rounds.part(epoch, number)
                n_words = round((end - start) * self.units_per_epoch)
                self._workers.note(f"{n_words} words since the last synchronisation are trained again")

    def _round(self, epoch: int, number: int, rate_factor: float) -> BlockLoss:
        """Raises: WorkerLostError"""
        calls = [
            self._workers.work(member, "train_replica", epoch, number, shards, rate_factor)
            for member, shards in self._shards.items()
        ]
        losses = self._workers.result(calls)
        start, end = self._rounds.part(epoch, number)
        for member, n_known in self._load.items():
            self._paces.add(member, n_known * (end - start))
        return sum(losses, BlockLoss())

    def _synchronise(self, place: tuple[int, int, float]) -> None:
        """Raises: WorkerLostError"""
        workers, members = self._workers, list(self._shards)
        n = len(members)
        changes = [_several(workers.work(member, "changes", n, own, n_returns=n)) for own, member in enumerate(members)]
        combined = [
            workers.work(member, "combine", part, place, *(each[part] for each in changes), n_returns=2)
            for part, member in enumerate(members)
        ]
        workers.result([done for done, _ in combined])  # all are there before any is taken
        workers.result([workers.work(member, "take", *(rows for _, rows in combined)) for member in members])
        assert self._n_taken is not None
        self._n_taken += 1
        self._is_home = False

    # ------------------------------------------------------------ out and home

    def _go_out(self) -> None:
        """Let all workers begin from the parameters that are here. Raises: WorkerLostError"""
        if not self._shards:
            self._deal_out()
        both = [self._workers.put(matrix) for matrix in self._trainer.parameters.values()]
        self._workers.result([self._workers.work(member, "set_replica", *both) for member in self._shards])
        self._n_taken = 0

    def _deal_out(self) -> None:
        """Give each worker shards with about as many words for each thread. Raises: WorkerLostError"""
        encoded, members = self._encoded, list(self._workers.members)
        encoded.get_ready()
        self._workers.on_all("begin_replica", self._trainer.config, self._rounds)
        shards: dict[Member, list[int]] = {member: [] for member in members}
        load = dict.fromkeys(members, 0)
        for shard, facts in sorted(encoded.found, key=lambda each: -each[1].n_known):
            member = min(members, key=lambda each: (load[each] + facts.n_known) / each.n_threads)
            load[member] += facts.n_known
            shards[member].append(shard.number)
            encoded.bring(shard, facts, member)
        self._shards, self._load = shards, load

    @property
    def _at_home(self) -> Word2VecTrainer:
        self._come_home()
        return self._trainer

    def _come_home(self) -> None:
        """Fetch the parameters; the workers go on from theirs, which are the same."""
        while not self._is_home:
            try:
                self._fetch(next(iter(self._shards)))
            except WorkerLostError:
                self._recovered()

    def _fetch(self, member: Member) -> None:
        """Raises: WorkerLostError"""
        inputs, outputs = self._workers.result(self._workers.work(member, "replica"))
        parameters = self._trainer.parameters
        parameters["inputs"][:], parameters["outputs"][:] = inputs, outputs
        self._is_home = True

    def _recovered(self) -> bool:
        """Bring home the newest parameters that a worker has; whether all were made equal once more than was known."""
        known = self._n_taken
        while True:
            self._encoded.take_back()
            left = [member for member in self._shards if member in self._workers.members]
            try:
                if known is None or not left:
                    self._shards, self._n_taken, self._is_home = {}, None, True
                    return False
                taken = self._workers.result([self._workers.ask(member, "n_taken") for member in left])
                newest = max(taken)
                self._fetch(left[taken.index(newest)])
            except WorkerLostError:
                continue
            self._shards, self._n_taken = {}, None
            return bool(newest > known)


def _several(references: Any) -> list[Any]:
    """As Ray gives one where there is one."""
    return list(references) if isinstance(references, list | tuple) else [references]
