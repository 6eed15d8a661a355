"""What a training on a cluster takes: of the machine of the command, and of each worker."""

from dataclasses import replace

from wordvec_cli.cluster.members import Cluster
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import shown_size
from wordvec_cli.training.estimate import glove
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.estimate.seconds import measured_seconds
from wordvec_cli.training.estimate.totals import Estimate, estimated
from wordvec_cli.training.matrices import padded

COPIES_OF_REPLICA = 3  # what is trained, what it was when all were equal, and what is on its way


class Expected:
    """What is to be expected of workers."""

    def __init__(self, workers: Cluster) -> None:
        self._workers = workers

    def estimated(self, plan: Plan) -> Estimate:
        """Of the command, which has all matrices too, and about of each worker."""
        n = len(self._workers.members)
        of_worker = 2 * _matrices_bytes(plan) // n if plan.is_of_pairs else COPIES_OF_REPLICA * _matrices_bytes(plan)
        return replace(estimated(plan), n_workers=n, worker_memory_bytes=of_worker)

    def seconds(self, plan: Plan) -> float:
        """Of the epochs, without synchronisations, at the speed that a worker has if its machine is as this one."""
        slowest = min(member.n_threads for member in self._workers.members)
        return measured_seconds(replace(plan, n_threads=slowest)) / len(self._workers.members)

    def check(self, estimate: Estimate) -> None:
        """Raises: InputError if a worker has too little memory"""
        needed = estimate.worker_memory_bytes
        for member, free in zip(self._workers.members, self._workers.on_all("free_memory"), strict=True):
            if free is not None and needed > free:
                raise InputError(
                    f"worker {member.name}: training needs {shown_size(needed)} of memory there and {shown_size(free)} "
                    "are free; lower --max-vocab or --vector-size, or give it more"
                )


def _matrices_bytes(plan: Plan) -> int:
    if plan.is_of_pairs:
        return glove.state_bytes(plan)
    return 4 * padded(plan.config.vector_size) * (plan.n_inputs + plan.n_outputs)
