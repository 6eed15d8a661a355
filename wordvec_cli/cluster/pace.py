"""How fast each worker is, which is told at the end of an epoch: a slow one holds up all."""

from collections.abc import Sequence
from statistics import median

from wordvec_cli.cluster.members import Cluster, Member
from wordvec_cli.messages import rounded

MOST_NAMED = 8  # workers


class Paces:
    """What each worker has trained since that was told last.

    unit  of what is trained, as "words"
    """

    def __init__(self, workers: Cluster, unit: str) -> None:
        self._workers = workers
        self._unit = unit
        self._n_trained: dict[Member, float] = {}

    def add(self, member: Member, n_trained: float) -> None:
        self._n_trained[member] = self._n_trained.get(member, 0.0) + n_trained

    def tell(self, epoch: int) -> None:
        """Note the words a second of each worker while it trains; those of workers that were lost are left out.

        Raises: WorkerLostError
        """
        there = [member for member in self._workers.members if self._n_trained.get(member)]
        seconds = self._workers.result([self._workers.ask(member, "seconds_trained") for member in there])
        found = [
            (self._n_trained[each] / max(spent, 1e-9), each.name) for each, spent in zip(there, seconds, strict=True)
        ]
        self._n_trained = {}
        if found:
            self._workers.note(f"epoch {epoch + 1}, {self._unit}/s by worker: {_listed(found)}")


def _listed(found: Sequence[tuple[float, str]]) -> str:
    if len(found) <= MOST_NAMED:
        return ", ".join(f"{name} {rounded(round(rate))}" for rate, name in found)
    (slowest, name), fastest = min(found), max(found)
    middle = median(rate for rate, _ in found)
    return (
        f"{name} {rounded(round(slowest))} (the slowest), {rounded(round(middle))} (the middle), "
        f"{fastest[1]} {rounded(round(fastest[0]))} (the fastest of {len(found)})"
    )
