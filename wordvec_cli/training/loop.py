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
    """A range of tokens that one thread trains on, and where in the whole training it starts."""

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
    steps_per_epoch: int

    def blocks(self, epoch: int, step: int) -> Sequence[Block]:
        """The blocks of a step, which may be trained on at the same time."""

    def train_block(self, block: Block) -> BlockLoss:
        """Update the parameters in place; releases the interpreter's lock."""


def run(trainer: Trainer, n_threads: int, report: Report = silent) -> list[float]:
    """Train to the end; the mean loss of each epoch, summed in float64 in the order of the blocks.

    Raises: DivergedError if the loss is no longer finite.
    """
    losses = []
    speed = _Speed(trainer)
    with ThreadPoolExecutor(n_threads) as pool:
        for epoch in range(trainer.n_epochs):
            loss = BlockLoss()
            for step in range(trainer.steps_per_epoch):
                losses_of_step = _on_all_threads(pool, n_threads, trainer.train_block, trainer.blocks(epoch, step))
                loss = sum(losses_of_step, loss)
                if not math.isfinite(loss.total):
                    raise DivergedError(
                        f"training left the finite numbers in epoch {epoch + 1}; lower --learning-rate and train again"
                    )
                done = epoch + (step + 1) / trainer.steps_per_epoch
                report(speed.step(done, {"epoch": epoch + 1, "loss": loss.mean}))
            losses.append(loss.mean)
            report(speed.epoch(epoch + 1, loss.mean))
    return losses


class _Speed:
    """Words a second since the start, for the reports."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._start = time.perf_counter()

    def step(self, epochs_done: float, stats: dict[str, float]) -> Progress:
        n_words = self._trainer.words_per_epoch * self._trainer.n_epochs
        return Progress("training", self._words(epochs_done), n_words, "words", stats | self._rate(epochs_done))

    def epoch(self, epoch: int, loss: float) -> Progress:
        stats = {"loss": loss} | self._rate(epoch)
        return Progress("epoch", epoch, self._trainer.n_epochs, "epochs", stats, is_milestone=True)

    def _words(self, epochs_done: float) -> int:
        return round(self._trainer.words_per_epoch * epochs_done)

    def _rate(self, epochs_done: float) -> dict[str, float]:
        return {"words_per_second": self._words(epochs_done) / max(time.perf_counter() - self._start, 1e-9)}


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
