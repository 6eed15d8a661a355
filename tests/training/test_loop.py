"""The training loop around a model of two numbers, whose arithmetic a reader can follow."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from wordvec_cli.errors import DivergedError
from wordvec_cli.progress import Cancelled, Progress
from wordvec_cli.training import loop
from wordvec_cli.training.session import BlockLoss, Session, State

Matrix = NDArray[np.float32]


class Adding:
    """Each block adds its number of the whole training times the rate; so the order and the rate can be read off."""

    n_epochs, n_blocks, units_per_epoch, exploded_loss, is_synchronous = 8, 3, 30, 10.0, False
    unit = "words"

    def __init__(self, diverges_above: float = math.inf, in_epoch: int = 0) -> None:
        self.matrix = np.full((1, 2), np.nan, np.float32)
        self.diverges_above = diverges_above
        self.in_epoch = in_epoch
        self.trained: list[tuple[int, int, float]] = []

    @property
    def parameters(self) -> Mapping[str, Matrix]:
        return {"matrix": self.matrix}

    def initialise(self) -> None:
        self.matrix[:] = 0

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        self.trained.append((epoch, block, rate_factor))
        self.matrix += rate_factor * (10 * epoch + block)
        if rate_factor > self.diverges_above and epoch == self.in_epoch:
            return BlockLoss(math.nan, 2)
        return BlockLoss(2.0 * block, 2)


class InMemory:
    """A keeper that says what was saved."""

    def __init__(self, due_after: int = 10**9) -> None:
        self.saved: dict[str, tuple[State, dict[str, Matrix]]] = {}
        self.names: list[tuple[str, int, int]] = []
        self.unannounced: list[State] = []
        self.n_asked, self.due_after = 0, due_after

    def is_due(self) -> bool:
        self.n_asked += 1
        return self.n_asked % self.due_after == 0

    def save_checkpoint(self, state: State, parameters: Mapping[str, Matrix]) -> None:
        self.save("checkpoint", state, parameters)
        self.unannounced.append(state)

    def newly_kept(self, wait: bool) -> State | None:
        return self.unannounced.pop() if self.unannounced else None

    def save(self, name: str, state: State, parameters: Mapping[str, Matrix]) -> None:
        self.names.append((name, state.epoch, state.block))
        self.saved[name] = (state, {key: matrix.copy() for key, matrix in parameters.items()})

    def restore(self, name: str, parameters: Mapping[str, Matrix]) -> State | None:
        if name not in self.saved:
            return None
        state, saved = self.saved[name]
        for key, matrix in parameters.items():
            matrix[:] = saved[key]
        return state


ALL_BLOCKS = [(epoch, block) for epoch in range(8) for block in range(3)]


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_every_block_is_trained_once_and_losses_are_means(n_threads: int) -> None:
    trainer = Adding()
    state = loop.run(trainer, Session(n_threads))
    assert sorted(trainer.trained) == [(*where, 1.0) for where in ALL_BLOCKS]
    assert state.epoch == 8
    assert state.losses == (1.0,) * 8  # (0 + 2 + 4) / (2 + 2 + 2)
    assert trainer.matrix[0, 0] == sum(10 * epoch + block for epoch, block in ALL_BLOCKS)


def test_one_thread_takes_the_blocks_in_their_order() -> None:
    trainer = Adding()
    loop.run(trainer, Session(1))
    assert trainer.trained == [(*where, 1.0) for where in ALL_BLOCKS]


def test_snapshots_are_taken_at_quarters_and_checkpoints_when_they_are_due() -> None:
    keeper = InMemory()
    loop.run(Adding(), Session(1, keeper))
    assert keeper.names == [("snapshot", 2, 0), ("snapshot", 4, 0), ("snapshot", 6, 0)]
    keeper = InMemory(due_after=1)
    reports: list[Progress] = []
    loop.run(Adding(), Session(1, keeper, reports.append))
    checkpoints = [where for name, *where in keeper.names if name == "checkpoint"]
    assert len(checkpoints) >= 8  # a thread may have gone on by the time when one is due, but not into another epoch
    assert sum(report.stage == "checkpoint" for report in reports) == len(checkpoints)


@pytest.mark.parametrize("n_blocks_done", [1, 2, 3, 4, 11, 23])
def test_a_cancelled_run_goes_on_where_it_was(n_blocks_done: int) -> None:
    unbroken = Adding()
    end = loop.run(unbroken, Session(1))
    trainer, keeper = Adding(), InMemory()
    with pytest.raises(Cancelled):
        loop.run(trainer, Session(1, keeper, is_cancelled=lambda: len(trainer.trained) >= n_blocks_done))
    resumed = Adding()
    state = keeper.restore("checkpoint", resumed.parameters)
    assert state is not None
    assert (state.epoch, state.block) == divmod(len(trainer.trained), 3) or state.block == 3
    assert loop.run(resumed, Session(1, keeper), state) == end
    assert trainer.trained + resumed.trained == unbroken.trained
    np.testing.assert_array_equal(resumed.matrix, unbroken.matrix)


def test_what_diverges_goes_back_to_the_last_snapshot_at_half_the_rate() -> None:
    trainer, keeper, notes, told = Adding(diverges_above=0.3, in_epoch=5), InMemory(), list[str](), list[object]()

    def note(text: str, **fields: object) -> None:
        notes.append(text)
        told.append((fields["done"], fields["rate_factor"]))

    state = loop.run(trainer, Session(1, keeper, note=note))
    assert state.n_halvings == 2
    for rate in (0.5, 0.25):
        assert next(block for block in trainer.trained if block[2] == rate) == (4, 0, rate)
    assert trainer.trained[-12:] == [(*where, 0.25) for where in ALL_BLOCKS[12:]]
    before, after = (sum(10 * epoch + block for epoch, block in part) for part in (ALL_BLOCKS[:12], ALL_BLOCKS[12:]))
    assert trainer.matrix[0, 0] == before + 0.25 * after
    assert notes == [
        f"epoch 6 diverged; going back to the end of epoch 4 at {share} the learning rate"
        for share in ("half", "a quarter of")
    ]
    assert told == [(4, 0.5), (4, 0.25)]


def test_what_diverges_at_first_starts_anew() -> None:
    trainer = Adding(diverges_above=0.9, in_epoch=1)
    state = loop.run(trainer, Session(1))
    assert (state.n_halvings, state.losses) == (1, (1.0,) * 8)
    assert trainer.matrix[0, 0] == 0.5 * sum(10 * epoch + block for epoch, block in ALL_BLOCKS)


def test_three_halvings_are_the_last() -> None:
    trainer = Adding(diverges_above=0.1)
    with pytest.raises(DivergedError, match="epoch 1 even at an eighth of the learning rate; lower --learning-rate"):
        loop.run(trainer, Session(1))
    assert {rate for _, _, rate in trainer.trained} == {1.0, 0.5, 0.25, 0.125}


@pytest.mark.parametrize("loss", [math.inf, math.nan, 20.1])
def test_a_loss_that_is_not_finite_or_ten_times_the_untrained_one_is_divergence(loss: float) -> None:
    class Exploding(Adding):
        def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
            return replace(super().train_block(epoch, block, rate_factor), total=loss, n_terms=2)

    with pytest.raises(DivergedError):
        loop.run(Exploding(), Session(1))


def test_parameters_that_are_not_finite_are_divergence_and_are_never_saved() -> None:
    class Overflowing(Adding):
        def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
            loss = super().train_block(epoch, block, rate_factor)
            self.matrix[0, 1] = np.inf
            return loss

    keeper = InMemory(due_after=1)
    with pytest.raises(DivergedError):
        loop.run(Overflowing(), Session(1, keeper))
    assert keeper.saved == {}


def test_an_error_in_a_thread_ends_the_run() -> None:
    class Failing(Adding):
        def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
            raise MemoryError("none left")

    with pytest.raises(MemoryError, match="none left"):
        loop.run(Failing(), Session(3))


def scored(trainer: Adding, scores: list[float]) -> Session:
    given = iter(scores)
    return Session(1, InMemory(), score=lambda: {"set": next(given), "no": math.nan}, patience=2)


def test_early_stopping_gives_the_best_epoch() -> None:
    trainer = Adding()
    state = loop.run(trainer, scored(trainer, [0.1, 0.5, 0.4, 0.5]))
    assert (state.epoch, state.best_epoch, state.best_score) == (4, 2, 0.5)
    assert trainer.matrix[0, 0] == sum(10 * epoch + block for epoch, block in ALL_BLOCKS[:6])


def test_without_a_fall_of_the_score_all_epochs_are_trained() -> None:
    trainer = Adding()
    state = loop.run(trainer, scored(trainer, [0.1, 0.2, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7]))
    assert (state.epoch, state.best_epoch) == (8, 8)
    assert trainer.matrix[0, 0] == sum(10 * epoch + block for epoch, block in ALL_BLOCKS)


def test_words_a_second_of_a_resumed_run_are_its_own() -> None:
    reports: list[Progress] = []
    trainer = Adding()
    trainer.initialise()
    loop.run(trainer, Session(2, report=reports.append), State(epoch=6))
    epochs = [report for report in reports if report.stage == "epoch"]
    assert [report.done for report in epochs] == [7, 8]
    for report in epochs:
        assert report.stats["words_per_second"] == pytest.approx(2 * report.stats["words_per_second_and_thread"])
    words = [report.done for report in reports if report.stage == "training"]
    assert words == [190, 200, 210, 220, 230, 240]
