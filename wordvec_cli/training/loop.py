"""The one training loop: steps one after another, the blocks of a step on all threads, and between them a whole state.

A step is a fixed amount of work, a function of the configuration and the corpus, never of a clock or of the number of
threads. Randomness and learning rate are functions of the step and the block.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from wordvec_cli.errors import DivergedError
from wordvec_cli.progress import Progress, Report, silent

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Block:
    """A range of tokens that one thread trains on, of one epoch, and where in the whole training it starts."""

    epoch: int
    first: int
    last: int
    seed: int
    progress: float  # 0 at the start of training, 1 at its end


@dataclass(frozen=True)
class BlockLoss:
    """The sum of the loss of a block's terms, and how many there were."""

    total: float = 0.0
    n_terms: int = 0

    def __add__(self, other: "BlockLoss") -> "BlockLoss":
        return BlockLoss(self.total + other.total, self.n_terms + other.n_terms)

    @property
    def mean(self) -> float:
        return self.total / self.n_terms if self.n_terms else 0.0


class Trainer(Protocol):
    """What the loop needs to know of a model."""

    n_epochs: int
    words_per_epoch: int

    def steps(self, epoch: int) -> Sequence[Sequence[Block]]:
        """The steps of one epoch, each the blocks that may be trained on at the same time."""

    def train_block(self, block: Block) -> BlockLoss:
        """Update the parameters in place; releases the interpreter's lock."""


def run(trainer: Trainer, n_threads: int, report: Report = silent) -> list[float]:
    """Train to the end; the mean loss of each epoch, summed in float64 in the order of the blocks.

    Raises: DivergedError if the loss is no longer finite.
    """
    losses = []
    speed = _Speed(trainer.n_epochs * trainer.words_per_epoch)
    with ThreadPoolExecutor(n_threads) as pool:
        for epoch in range(trainer.n_epochs):
            loss = BlockLoss()
            steps = trainer.steps(epoch)
            for step, blocks in enumerate(steps, start=1):
                loss = sum(_on_all_threads(pool, n_threads, trainer.train_block, blocks), loss)
                if not math.isfinite(loss.total):
                    raise DivergedError(
                        f"training left the finite numbers in epoch {epoch + 1}; lower --learning-rate and train again"
                    )
                n_words = trainer.words_per_epoch * epoch + trainer.words_per_epoch * step // len(steps)
                report(speed.progress("training", n_words, {"epoch": epoch + 1, "loss": loss.mean}))
            losses.append(loss.mean)
            report(speed.epoch(epoch + 1, trainer.n_epochs, loss.mean, n_words))
    return losses


class _Speed:
    """Words a second since the start, for the reports."""

    def __init__(self, n_words: int) -> None:
        self._n_words = n_words
        self._start = time.perf_counter()

    def progress(self, stage: str, done: int, stats: dict[str, float]) -> Progress:
        return Progress(stage, done, self._n_words, "words", stats | {"words_per_second": self._rate(done)})

    def epoch(self, epoch: int, n_epochs: int, loss: float, done: int) -> Progress:
        stats = {"loss": loss, "words_per_second": self._rate(done)}
        return Progress("epoch", epoch, n_epochs, "epochs", stats, is_milestone=True)

    def _rate(self, done: int) -> float:
        return done / max(time.perf_counter() - self._start, 1e-9)


def _on_all_threads(
    pool: ThreadPoolExecutor, n_threads: int, function: Callable[[Item], Result], items: Sequence[Item]
) -> list[Result]:
    """`function` of each item, in the items' order; every thread takes the next item when it is done with one.

    Whatever ends the wait (Ctrl-C, an error in a thread), no thread starts another item.
    """
    results: dict[int, Result] = {}
    waiting = iter(enumerate(items))

    def work() -> None:
        for index, item in waiting:
            results[index] = function(item)

    workers = [pool.submit(work) for _ in range(min(n_threads, len(items)))]
    try:
        for worker in workers:
            worker.result()
    finally:
        deque(waiting, maxlen=0)  # take what is left away from the threads
    return [results[index] for index in range(len(items))]
