"""How fast a training is, for its reports."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from wordvec_cli.progress import Progress
from wordvec_cli.training.session import State, Trainer

SECONDS_OF_RATE = 2.0  # at least, and mostly twice that, are what a rate while training is of


class Speed:
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
