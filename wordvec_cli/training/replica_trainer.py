"""A word2vec training whose work is done by replicas, wherever they are: the loop trains it as any other trainer.

A block is a round of all replicas, so that checkpoints, snapshots, stopping and going back are those of the loop. What
is kept are merged matrices and how many rounds are done: any number of replicas can go on from there.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wordvec_cli.training.replicas import Rounds
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.word2vec import Word2VecTrainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.subwords import Subwords

    Matrix = NDArray[np.float32]


class Replicas(Protocol):
    """All replicas of a training."""

    def restore(self, parameters: "Mapping[str, Matrix]") -> None:
        """Make all equal to these, whatever they have trained."""

    def train_round(self, epoch: int, round_: int, rate_factor: float) -> BlockLoss:
        """Train all shards' part of a round, and make the replicas equal."""

    def parameters(self) -> "Mapping[str, Matrix]":
        """Those that all have."""


class ReplicaTrainer:
    """A trainer whose matrices follow those of replicas.

    trainer  has the matrices, and no text
    """

    unit = "words"
    is_synchronous = True

    def __init__(self, trainer: Word2VecTrainer, rounds: Rounds, replicas: Replicas) -> None:
        self.n_epochs = trainer.n_epochs
        self.n_blocks = rounds.n
        self.units_per_epoch = rounds.n_known
        self._trainer = trainer
        self._replicas = replicas
        self._place: tuple[int, int] | None = None  # where the replicas are; None: not where the trainer is
        self._is_behind = False  # whether the replicas are ahead of the trainer's matrices

    @property
    def exploded_loss(self) -> float:
        return self._trainer.exploded_loss

    @property
    def nothing_to_learn(self) -> str:
        return self._trainer.nothing_to_learn

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        """The trainer's, made equal to the replicas'; what is written to them is restored to these."""
        self._follow()
        return self._trainer.parameters

    @property
    def matrix(self) -> "Rows":
        self._follow()
        return self._trainer.matrix

    @property
    def context(self) -> "Matrix | None":
        self._follow()
        return self._trainer.context

    @property
    def subwords(self) -> "Subwords | None":
        self._follow()
        return self._trainer.subwords

    def _follow(self) -> None:
        if self._is_behind:
            for name, matrix in self._replicas.parameters().items():
                np.copyto(self._trainer.parameters[name], matrix)
            self._is_behind = False

    def complaint(self, losses: Sequence[float]) -> str:
        return self._trainer.complaint(losses)

    def load_kernel(self, n_threads: int) -> None:
        self._trainer.load_kernel(n_threads)

    def initialise(self) -> None:
        self._trainer.initialise()
        self._place, self._is_behind = None, False

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        """Train a round. One that does not follow the last starts from what the loop has written to the parameters."""
        if self._place != (epoch, block):
            self._replicas.restore(self._trainer.parameters)
        loss = self._replicas.train_round(epoch, block, rate_factor)
        is_last = block + 1 == self.n_blocks
        self._place = (epoch + 1, 0) if is_last else (epoch, block + 1)
        self._is_behind = True
        return loss
