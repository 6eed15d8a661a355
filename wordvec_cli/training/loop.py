"""The one training loop: epochs of blocks, which threads take one after the other, and a state that can be kept.

A block is a fixed amount of work, a function of the configuration and the corpus, never of a clock or of the number of
threads; its randomness and its learning rate are functions of its number. Blocks are handed out in order, so whenever
the threads are made to pause, the state is whole: all blocks up to some number are done, and none after it. There the
loop writes checkpoints and honours cancellation.
"""

import math
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wordvec_cli.errors import DivergedError, InputError
from wordvec_cli.progress import Cancelled, Progress, Report, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

N_SNAPSHOTS = 4  # of a training, evenly spread, for rolling back; the first, its beginning, needs no file
MAX_HALVINGS = 3
SECONDS_OF_RATE = 2.0  # at least, and mostly twice that, are what a rate while training is of


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
    n_blocks: int  # of an epoch
    unit: str  # what an epoch consists of: "words"
    units_per_epoch: int
    is_synchronous: bool  # blocks are trained one after the other, and a block uses the threads itself

    @property
    def exploded_loss(self) -> float:
        """Of a term, on the mean of a block: above it training has diverged."""

    @property
    def parameters(self) -> Mapping[str, "Matrix"]:
        """All that training changes, (rows, dim) each, by name."""

    def initialise(self) -> None:
        """Set the parameters to what they are before training."""

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        """Update the parameters in place; releases the interpreter's lock."""


@dataclass(frozen=True)
class State:
    """How far training is; with the parameters, all that its rest depends on.

    epoch       epochs done
    block       blocks done of the epoch after them, and their loss
    losses      the mean loss of each epoch done; 0 of one that had no terms
    n_halvings  how often the learning rate was halved after a divergence
    best_epoch  how many epochs were done when the score was highest; 0 if there was none
    n_threads   the most that have worked on it
    """

    epoch: int = 0
    block: int = 0
    loss: BlockLoss = BlockLoss()
    losses: tuple[float, ...] = ()
    n_halvings: int = 0
    best_epoch: int = 0
    best_score: float = -math.inf
    n_threads: int = 1

    @property
    def rate_factor(self) -> float:
        return 0.5**self.n_halvings

    @property
    def known_losses(self) -> list[float | None]:
        """The losses for people and programs: None where an epoch had no terms."""
        return [loss or None for loss in self.losses]


class Keeper(Protocol):
    """Where states are kept, each with the parameters: the checkpoint to resume from, and others by name."""

    def is_due(self) -> bool:
        """Whether it is time for another checkpoint."""

    def save_checkpoint(self, state: State, parameters: Mapping[str, "Matrix"]) -> None: ...

    def save(self, name: str, state: State, parameters: Mapping[str, "Matrix"]) -> None: ...

    def restore(self, name: str, parameters: Mapping[str, "Matrix"]) -> State | None:
        """Read what was saved under a name into the parameters; None if nothing was."""


SNAPSHOT, BEST = "snapshot", "best"


class _Nowhere:
    """Keeps nothing: a training that diverges starts anew, and one that is cancelled is lost."""

    def is_due(self) -> bool:
        return False

    def save_checkpoint(self, state: State, parameters: Mapping[str, "Matrix"]) -> None:
        pass

    def save(self, name: str, state: State, parameters: Mapping[str, "Matrix"]) -> None:
        pass

    def restore(self, name: str, parameters: Mapping[str, "Matrix"]) -> State | None:
        return None


NOWHERE = _Nowhere()


@dataclass(frozen=True)
class Session:
    """What surrounds a training, and does not decide its result (but for several threads, and `patience`).

    score         called after each epoch, if given: figures by name
    patience      epochs without a higher mean score after which training ends, and the best epoch is what it gives
    is_cancelled  asked after each block
    """

    n_threads: int = 1
    keeper: Keeper = NOWHERE
    report: Report = silent
    score: Callable[[], Mapping[str, float]] | None = None
    patience: int | None = None
    is_cancelled: Callable[[], bool] = lambda: False


ALONE = Session()


def run(trainer: Trainer, session: Session, state: State | None = None) -> State:
    """Train to the end, from the state that the parameters are in (None: initialise them first).

    Raises: DivergedError if the loss explodes even at an eighth of the learning rate, Cancelled after a checkpoint
    """
    if state is None:
        trainer.initialise()
        state = State()
    if state.epoch > trainer.n_epochs or state.block > trainer.n_blocks:
        raise InputError(
            f"the checkpoint has {state.block} blocks of epoch {state.epoch + 1} done, and training has "
            f"{trainer.n_blocks} in each of its {trainer.n_epochs}; it is of another run, remove it"
        )
    state = replace(state, n_threads=max(session.n_threads, state.n_threads))
    return _Run(trainer, session).train(state)


class _Diverged(Exception):  # noqa: N818  no error yet
    """The loss has left the finite numbers, or all bounds."""


class _Run:
    def __init__(self, trainer: Trainer, session: Session) -> None:
        self._trainer = trainer
        self._session = session
        self._keeper = session.keeper
        self._report = session.report

    def train(self, state: State) -> State:
        self._speed = _Speed(self._trainer, state, self._session.n_threads)
        while state.epoch < self._trainer.n_epochs and not self._has_lost_patience(state):
            try:
                if state.epoch in snapshot_epochs(self._trainer.n_epochs) and not state.block:
                    self._check_parameters()
                    self._keeper.save(SNAPSHOT, state, self._trainer.parameters)
                state = self._end_of_epoch(self._rest_of_epoch(state))
            except _Diverged:
                state = self._rolled_back(state)
        if self._session.patience is not None and 0 < state.best_epoch != state.epoch:
            self._keeper.restore(BEST, self._trainer.parameters)
        return state

    def _rest_of_epoch(self, state: State) -> State:
        """Train the blocks that the epoch has left, with a pause for each checkpoint."""
        while state.block < self._trainer.n_blocks:
            state = self._until_pause(state)
            is_cancelled = self._session.is_cancelled()
            if is_cancelled or self._keeper.is_due():
                self._check_parameters()
                self._keeper.save_checkpoint(state, self._trainer.parameters)
                self._report(self._speed.checkpoint(state))
            if is_cancelled:
                raise Cancelled
        return state

    def _until_pause(self, state: State) -> State:
        """Train blocks on all threads until the epoch ends, a checkpoint is due, or the run is cancelled."""
        feed = _Feed(state.block, self._trainer.n_blocks)
        n_at_once = 1 if self._trainer.is_synchronous else self._session.n_threads

        def train_block(block: int) -> BlockLoss:
            return self._trainer.train_block(state.epoch, block, first.rate_factor)

        first = state
        with closing(_in_order(train_block, feed, n_at_once)) as losses:
            for loss in losses:
                state = replace(state, block=state.block + 1, loss=state.loss + loss)
                if not loss.total <= self._trainer.exploded_loss * loss.n_terms:
                    raise _Diverged
                self._report(self._speed.block(state))
                if self._session.is_cancelled() or self._keeper.is_due():
                    feed.end()
        return state

    def _end_of_epoch(self, state: State) -> State:
        mean = state.loss.mean
        state = replace(state, epoch=state.epoch + 1, block=0, loss=BlockLoss(), losses=(*state.losses, mean))
        self._check_parameters()
        start = time.perf_counter()
        figures = dict(self._session.score()) if self._session.score else {}
        self._speed.leave_out(time.perf_counter() - start)
        score = _mean_score(figures)
        if score > state.best_score:
            state = replace(state, best_epoch=state.epoch, best_score=score)
            if self._session.patience is not None:
                self._keeper.save(BEST, state, self._trainer.parameters)
        self._report(self._speed.epoch(state, figures))
        return state

    def _has_lost_patience(self, state: State) -> bool:
        patience = self._session.patience
        return patience is not None and state.best_epoch > 0 and state.epoch - state.best_epoch >= patience

    def _check_parameters(self) -> None:
        if not all(is_finite(matrix) for matrix in self._trainer.parameters.values()):
            raise _Diverged

    def _rolled_back(self, diverged: State) -> State:
        """The last snapshot with half the learning rate. Raises: DivergedError if it has been halved too often."""
        if diverged.n_halvings == MAX_HALVINGS:
            raise DivergedError(
                f"training diverged in epoch {diverged.epoch + 1} even at an eighth of the learning rate; "
                "lower --learning-rate and train again"
            )
        self._trainer.initialise()  # what no snapshot holds too
        snapshot = self._keeper.restore(SNAPSHOT, self._trainer.parameters) or State(n_threads=diverged.n_threads)
        state = replace(
            snapshot, n_halvings=diverged.n_halvings + 1,
            best_epoch=diverged.best_epoch, best_score=diverged.best_score,  # still kept, and still the best
        )  # fmt: skip
        self._speed = _Speed(self._trainer, state, self._session.n_threads)
        self._report(
            Progress(
                f"diverged in epoch {diverged.epoch + 1}; the learning rate is halved, back to the end of epoch",
                state.epoch, self._trainer.n_epochs, "epochs", {"rate_factor": state.rate_factor}, is_milestone=True,
            )
        )  # fmt: skip
        return state


def snapshot_epochs(n_epochs: int) -> set[int]:
    """How many epochs are done when a snapshot is written."""
    return {n_epochs * i // N_SNAPSHOTS for i in range(1, N_SNAPSHOTS)} - {0}


def _mean_score(figures: Mapping[str, float]) -> float:
    known = [value for value in figures.values() if not math.isnan(value)]
    return sum(known) / len(known) if known else -math.inf


def is_finite(matrix: "Matrix", rows_at_once: int = 4096) -> bool:
    """Whether all numbers are; looked at in slices, to need no memory."""
    import numpy as np

    return all(np.isfinite(matrix[i : i + rows_at_once]).all() for i in range(0, len(matrix), rows_at_once))


class _Speed:
    """Words (or pairs) a second, for the reports: of the last seconds while it trains, of the epoch at its end."""

    def __init__(self, trainer: Trainer, state: State, n_threads: int) -> None:
        self._trainer = trainer
        self._n_threads = n_threads
        self._epoch = self._recent = self._next = self._mark(state)

    def leave_out(self, seconds: float) -> None:
        """Take time that was not spent on training out of the account."""
        self._epoch, self._recent, self._next = (
            mark._replace(seconds=mark.seconds + seconds) for mark in (self._epoch, self._recent, self._next)
        )

    def block(self, state: State) -> Progress:
        here = self._mark(state)
        if here.seconds - self._next.seconds >= SECONDS_OF_RATE:
            self._recent, self._next = self._next, here
        stats = {"epoch": state.epoch + 1, "loss": state.loss.mean or None}
        return self._progress("training", state, stats | self._rate(self._recent, here))

    def checkpoint(self, state: State) -> Progress:
        return self._progress("checkpoint", state, {"epoch": state.epoch + 1})._replace(is_milestone=True)

    def epoch(self, state: State, figures: Mapping[str, float]) -> Progress:
        here = self._mark(state)
        rate, self._epoch = self._rate(self._epoch, here), here
        per_thread = {f"{name}_and_thread": value / self._n_threads for name, value in rate.items()}
        stats = {"loss": state.known_losses[-1], **figures} | rate | per_thread
        return Progress("epoch", state.epoch, self._trainer.n_epochs, "epochs", stats, is_milestone=True)

    def _progress(self, stage: str, state: State, stats: Mapping[str, float | None]) -> Progress:
        return Progress(
            stage,
            self._n_done(state),
            self._trainer.units_per_epoch * self._trainer.n_epochs,
            self._trainer.unit,
            stats,
        )

    def _n_done(self, state: State) -> int:
        return round(self._trainer.units_per_epoch * (state.epoch + state.block / self._trainer.n_blocks))

    def _mark(self, state: State) -> "_Mark":
        return _Mark(self._n_done(state), time.perf_counter())

    def _rate(self, since: "_Mark", here: "_Mark") -> dict[str, float]:
        seconds = max(here.seconds - since.seconds, 1e-9)
        return {f"{self._trainer.unit}_per_second": (here.n_done - since.n_done) / seconds}


class _Mark(NamedTuple):
    n_done: int
    seconds: float  # on the clock


# ---------------------------------------------------------------- threads


class _Feed:
    """The numbers from `first` on, each given to one thread, until there are none or somebody ends it."""

    def __init__(self, first: int, end: int) -> None:
        self._next = first
        self._end = end
        self._lock = threading.Lock()

    def take(self) -> int | None:
        with self._lock:
            if self._next >= self._end:
                return None
            self._next += 1
            return self._next - 1

    def end(self) -> None:
        """Give no more; those that have been given will be done."""
        with self._lock:
            self._end = self._next


def _in_order(function: Callable[[int], BlockLoss], feed: _Feed, n_threads: int) -> Generator[BlockLoss, None, None]:
    """`function` of the numbers of a feed, on threads that each take the next when done, in the numbers' order.

    When this generator ends, however that is, no thread is at work any more.
    """
    done: queue.SimpleQueue[tuple[int, BlockLoss] | BaseException | None] = queue.SimpleQueue()
    due = feed._next

    def work() -> None:
        try:
            while (number := feed.take()) is not None:
                done.put((number, function(number)))
            done.put(None)
        except BaseException as error:  # noqa: BLE001  raised again where the results are read
            done.put(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    waiting: dict[int, BlockLoss] = {}
    n_at_work = n_threads
    try:
        while n_at_work:
            match done.get():
                case None:
                    n_at_work -= 1
                case (number, loss):
                    waiting[number] = loss
                case error:
                    raise error
            while due in waiting:
                yield waiting.pop(due)
                due += 1
    finally:
        feed.end()
        for thread in threads:
            thread.join()
