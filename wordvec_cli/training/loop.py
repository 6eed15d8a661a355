"""The one training loop: epochs of blocks, which threads take one after the other, and a state that can be kept.

A block is a fixed amount of work, a function of the configuration and the corpus, never of a clock or of the number of
threads; its randomness and its learning rate are functions of its number. Blocks are handed out in order, so whenever
the threads are made to pause, the state is whole: all blocks up to some number are done, and none after it. There the
loop writes checkpoints and honours cancellation.
"""

import math
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

from wordvec_cli.errors import DivergedError, InputError
from wordvec_cli.progress import Cancelled
from wordvec_cli.training.blocks import Feed, in_order
from wordvec_cli.training.matrices import is_finite
from wordvec_cli.training.session import BEST, SNAPSHOT, BlockLoss, Session, State, Trainer
from wordvec_cli.training.speed import Speed

N_SNAPSHOTS = 4  # of a training, evenly spread, for rolling back; the first, its beginning, needs no file
SHARES = ("", "half", "a quarter of", "an eighth of")  # of the learning rate, after as many halvings
MAX_HALVINGS = len(SHARES) - 1


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
            f"{trainer.n_blocks} in each of its {trainer.n_epochs}; it belongs to another run; remove it"
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
        self._speed = Speed(self._trainer, state, self._session.n_threads)
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
        self._announce(wait=True)
        return state

    def _rest_of_epoch(self, state: State) -> State:
        """Train the blocks that the epoch has left, with a pause for each checkpoint."""
        while state.block < self._trainer.n_blocks:
            state = self._until_pause(state)
            is_cancelled = self._session.is_cancelled()
            if is_cancelled or self._keeper.is_due():
                self._check_parameters()
                self._keeper.save_checkpoint(state, self._trainer.parameters)
                self._announce(wait=is_cancelled)
            if is_cancelled:
                raise Cancelled
        return state

    def _announce(self, wait: bool = False) -> None:
        """Report the last checkpoint when it is on the disk."""
        kept = self._keeper.newly_kept(wait)
        if kept is not None:
            self._report(self._speed.checkpoint(kept))

    def _until_pause(self, state: State) -> State:
        """Train blocks on all threads until the epoch ends, a checkpoint is due, or the run is cancelled."""
        feed = Feed(state.block, self._trainer.n_blocks)
        n_at_once = 1 if self._trainer.is_synchronous else self._session.n_threads

        def train_block(block: int) -> BlockLoss:
            return self._trainer.train_block(state.epoch, block, first.rate_factor)

        first = state
        with closing(in_order(train_block, feed, n_at_once)) as losses:
            for loss in losses:
                state = replace(state, block=state.block + 1, loss=state.loss + loss)
                if not loss.total <= self._trainer.exploded_loss * loss.n_terms:
                    raise _Diverged
                self._report(self._speed.block(state))
                self._announce()
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
        state = replace(state, scores=(*state.scores, figures))
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
                f"training diverged in epoch {diverged.epoch + 1} even at {SHARES[-1]} the learning rate; "
                "lower --learning-rate and train again"
            )
        self._trainer.initialise()  # what no snapshot holds too
        snapshot = self._keeper.restore(SNAPSHOT, self._trainer.parameters) or State(n_threads=diverged.n_threads)
        state = replace(
            snapshot, n_halvings=diverged.n_halvings + 1,
            best_epoch=diverged.best_epoch, best_score=diverged.best_score,  # still kept, and still the best
        )  # fmt: skip
        self._speed = Speed(self._trainer, state, self._session.n_threads)
        where = f"going back to the end of epoch {state.epoch}" if state.epoch else "starting again"
        share = SHARES[state.n_halvings]
        told = f"epoch {diverged.epoch + 1} diverged; {where} at {share} the learning rate"
        self._session.note(
            told, stage=told, done=state.epoch, total=self._trainer.n_epochs, unit="epochs",
            rate_factor=state.rate_factor,
        )  # fmt: skip
        return state


def snapshot_epochs(n_epochs: int) -> set[int]:
    """How many epochs are done when a snapshot is written."""
    return {n_epochs * i // N_SNAPSHOTS for i in range(1, N_SNAPSHOTS)} - {0}


def _mean_score(figures: Mapping[str, float]) -> float:
    known = [value for value in figures.values() if not math.isnan(value)]
    return sum(known) / len(known) if known else -math.inf
