"""Replicas of a training in one process, on threads: for tests, and to see what replicas do to the vectors."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from wordvec_cli.training.replicas import Replica, Rows, slices
from wordvec_cli.training.session import BlockLoss

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


class ReplicasHere:
    """Replicas that train each on all the shards that it has, with the threads of `pool`; `Replicas`."""

    def __init__(self, replicas: Sequence[Replica], pool: ThreadPoolExecutor) -> None:
        self._replicas = replicas
        self._pool = pool

    def restore(self, parameters: "Mapping[str, Matrix]") -> None:
        for replica in self._replicas:
            replica.restore(parameters)

    def parameters(self) -> "Mapping[str, Matrix]":
        return self._replicas[0].parameters

    def train_round(self, epoch: int, round_: int, rate_factor: float) -> BlockLoss:
        def train(replica: Replica) -> BlockLoss:
            return replica.train(epoch, round_, sorted(replica.shards), rate_factor)

        loss = sum(self._pool.map(train, self._replicas), BlockLoss())
        self.synchronise(epoch, round_, rate_factor)
        return loss

    def synchronise(self, epoch: int, round_: int, rate_factor: float = 1.0) -> None:
        """Each replica combines the changes of all in its slice, then all take those of every slice."""
        parts = slices(len(self._replicas))
        changes = [list(self._pool.map(replica.changes, parts)) for replica in self._replicas]

        def combine(j: int) -> Rows:
            of_slice = [of_replica[j] for of_replica in changes]
            return self._replicas[j].combine(parts[j], of_slice, epoch, round_, rate_factor)

        merged = list(self._pool.map(combine, range(len(parts))))

        def take(replica: Replica) -> None:
            for part, rows in zip(parts, merged, strict=True):
                replica.take(part, rows)

        list(self._pool.map(take, self._replicas))
