"""What a training will take in all, and whether the machine has it."""

from dataclasses import dataclass

from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.storage.files import shown_size
from wordvec_cli.training.estimate.disk import disk_use, file_bytes
from wordvec_cli.training.estimate.machine import available_memory, memory_in_use
from wordvec_cli.training.estimate.memory import encoding_memory, training_memory
from wordvec_cli.training.estimate.plan import Plan


@dataclass(frozen=True)
class Estimate:
    """What a training takes.

    memory_bytes  at its peak: anonymous memory of the process, from the counting of the words on. The corpus as word
                  ids is not in it, as it is a file that is mapped: its pages give way when memory is short. Nor is
                  what compiling takes, the first time
    memory_to_come_bytes  of it, what the process does not have yet
    disk_bytes    at its peak: the sizes of the checkpoint's files, of the temporary copies while one of them is
                  replaced, of a pipe's copy and of the vectors, if checkpoints are written (at Ctrl-C one always is)
    disk_to_come_bytes    of it, what is not there yet, where the checkpoints are
    file_bytes    of the vectors
    seconds       of encoding and training; None if they were not measured
    obstacle      why training would not fit; None if it does, or if that has not been asked
    n_workers     of a cluster; 0: there is none
    worker_memory_bytes  of each, about
    """

    n_tokens: int
    n_words: int
    memory_bytes: int
    memory_to_come_bytes: int
    disk_bytes: int
    disk_to_come_bytes: int
    file_bytes: int
    seconds: float | None = None
    n_pairs: int = 0
    obstacle: WordvecError | None = None
    n_workers: int = 0
    worker_memory_bytes: int = 0

    def check_memory(self) -> None:
        """Raises: InputError if there is less memory than is still to come"""
        needed, free = self.memory_to_come_bytes, available_memory()
        if free is not None and needed > free:
            raise InputError(
                f"training needs {shown_size(needed)} of memory and {shown_size(free)} are free; "
                "lower --max-vocab or --vector-size, or free some"
            )


def estimated(plan: Plan) -> Estimate:
    """Everything but the time, which `measured_seconds` measures."""
    used = memory_in_use()
    to_come = max(training_memory(plan), 0 if plan.is_encoded else encoding_memory(plan))
    disk = disk_use(plan)
    return Estimate(
        plan.n_tokens, len(plan.vocabulary),
        memory_bytes=max(used.peak_bytes, used.now_bytes + to_come), memory_to_come_bytes=to_come,
        disk_bytes=disk.at_peak, disk_to_come_bytes=disk.to_come, file_bytes=file_bytes(plan), n_pairs=plan.n_pairs,
    )  # fmt: skip
