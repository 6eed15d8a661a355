"""Scores before and after steps that make other vectors of vectors, with paired intervals of the differences."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.evaluation.asking import outcomes_of_sets
from wordvec_cli.evaluation.bootstrap import interval, p_value
from wordvec_cli.evaluation.comparison import difference
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.scores import Outcomes, resampled
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.progress import Note, ignore
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MEAN = "mean"  # of several sets, as a row of its own


class StepScore(NamedTuple):
    """What a step does to the score on a set, or to the mean score of all.

    n_used    questions that can be asked before and after it
    interval  holds 95 % of the differences in a paired bootstrap; None without one
    """

    step: str
    set_name: str
    measure: str
    n_used: int
    before: float
    after: float
    interval: tuple[float, float] | None
    p_value: float | None

    @property
    def value(self) -> float:
        return self.after - self.before

    @property
    def verdict(self) -> str:
        """Whether the interval leaves out 0."""
        if self.interval is None or not np.isfinite(self.interval).all():
            return "unknown"
        low, high = self.interval
        return "helped" if low > 0 else "hurt" if high < 0 else "unclear"


class Pair(NamedTuple):
    """A step with the numbers of the vectors before and after it."""

    step: str
    before: int
    after: int


def step_scores(
    stages: Sequence[Embeddings],
    pairs: Sequence[Pair],
    sets: Sequence[EvalSet],
    judging: Judging,
    note: Note = ignore,
) -> list[StepScore]:
    """The scores of each pair of stages on each set, and on the mean of several sets.

    Raises: InputError if no set has a question that all stages can be asked, or if a vector is not finite
    """
    outcomes = list(outcomes_of_sets(stages, sets, judging.protocol, note))
    scores: list[StepScore] = []
    for pair in pairs:
        both = [(each[pair.before], each[pair.after]) for each in outcomes]
        of_sets = [_score(pair.step, before, after, judging) for before, after in both]
        scores += of_sets
        have_scores = [place for place, each in enumerate(of_sets) if np.isfinite([each.before, each.after]).all()]
        if len(have_scores) > 1:
            chosen = [of_sets[place] for place in have_scores], [both[place] for place in have_scores]
            scores.append(_mean(pair.step, *chosen, judging))
    return scores


def _score(step: str, before: Outcomes, after: Outcomes, judging: Judging) -> StepScore:
    found = difference(before, after, judging.resampling)
    eval_set = before.eval_set
    return StepScore(
        step, eval_set.name, eval_set.measure, found.first.n_used, found.first.value, found.second.value,
        found.interval, found.p_value,
    )  # fmt: skip


def _mean(
    step: str, of_sets: Sequence[StepScore], both: Sequence[tuple[Outcomes, Outcomes]], judging: Judging
) -> StepScore:
    before, after = (float(np.mean([getattr(each, name) for each in of_sets])) for name in ("before", "after"))
    n_used = sum(each.n_used for each in of_sets)
    if not judging.resampling:
        return StepScore(step, MEAN, MEAN, n_used, before, after, None, None)
    drawn = np.mean(list(_drawn(both, judging)), axis=0)
    return StepScore(step, MEAN, MEAN, n_used, before, after, interval(drawn), p_value(drawn))


def _drawn(both: Sequence[tuple[Outcomes, Outcomes]], judging: Judging) -> "Iterator[Numbers]":
    """The differences of each set in the resamples."""
    assert judging.resampling
    for number, (before, after) in enumerate(both):
        used = np.flatnonzero(before.is_used & after.is_used)
        values = np.array([before.values[used], after.values[used]])
        resampling = judging.resampling
        drawn = resampled(
            before.eval_set, used, values, type(resampling)(resampling.n_resamples, resampling.seed + number)
        )
        yield drawn[1] - drawn[0]
