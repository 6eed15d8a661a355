"""Scores of the outcomes of a set, and how far they would move by chance."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.evaluation.bootstrap import Resampling, accuracies, correlations, interval
from wordvec_cli.evaluation.sets import EvalSet, WordPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """The score of a set, a group or a section, and how many questions it is based on.

    value     Spearman's rank correlation, or the share of right answers; NaN if no question was used, or if all cosines
              or all of people's scores are equal
    n_used    questions that count, of the `n_total` in the set
    groups, sections  of analogies, in the set's order
    interval  holds 95 % of the scores in a bootstrap; None without one. Of several models, holds another model's score
    sd        of several models, whose mean the value is
    """

    name: str
    value: float
    n_used: int
    n_total: int
    groups: "tuple[Score, ...]" = ()
    sections: "tuple[Score, ...]" = ()
    interval: tuple[float, float] | None = None
    sd: float | None = None

    @property
    def coverage(self) -> float:
        return self.n_used / self.n_total if self.n_total else 0.0


@dataclass(frozen=True)
class Outcomes:
    """What vectors answer to each question of a set.

    values   (n,) the cosine of a pair, or 1 for a right answer and 0 for a wrong one
    is_known (n,) which questions have known words
    is_used  (n,) which questions the protocol counts
    answers  (n,) for analogies, the id of the word that was answered; -1 without an answer
    """

    eval_set: EvalSet
    values: "Matrix"
    is_known: "Booleans"
    is_used: "Booleans"
    answers: "Ids | None" = None

    def score(self, resampling: Resampling | None = None) -> Score:
        """The set's score, with intervals if `resampling` is given."""
        everything = np.ones(len(self.values), bool)
        whole = self._score(self.eval_set.name, everything, resampling)
        if isinstance(self.eval_set, WordPairs):
            return whole
        bounds = self.eval_set.section_bounds()
        names, groups = self.eval_set.section_names, self.eval_set.section_groups
        section_of = np.repeat(np.arange(len(bounds)), [end - start for start, end in bounds])
        return replace(
            whole,
            sections=tuple(self._score(name, section_of == i, resampling) for i, name in enumerate(names)),
            groups=tuple(
                self._score(group, np.array([each == group for each in groups])[section_of], resampling)
                for group in dict.fromkeys(groups)
            ),
        )

    def _score(self, name: str, is_part: "Booleans", resampling: Resampling | None) -> Score:
        used = np.flatnonzero(is_part & self.is_used)
        values = self.values[None, used]
        drawn = resampled(self.eval_set, used, values, resampling) if resampling and len(used) else None
        value = _value(self.eval_set, used, self.values[used])
        return Score(name, value, len(used), int(is_part.sum()), interval=None if drawn is None else interval(drawn[0]))


def _value(eval_set: EvalSet, used: "Ids", values: "Matrix") -> float:
    if not len(used):
        return math.nan
    if isinstance(eval_set, WordPairs):
        return spearman(np.array(eval_set.scores)[used], values)
    return float(values.sum()) / len(used)


def resampled(eval_set: EvalSet, used: "Ids", values: "Matrix", resampling: Resampling) -> "Numbers":
    """The score of some questions of a set in each resample, (m, n_resamples).

    used    (n,) numbers of the questions, at least one
    values  (m, n) the values from m vector files, as in `Outcomes`
    """
    if isinstance(eval_set, WordPairs):
        return correlations(np.array(eval_set.scores)[used], values.astype(np.float64), resampling)
    return accuracies(values > 0, resampling)


def spearman(first: "Numbers | Matrix", second: "Numbers | Matrix") -> float:
    """Spearman's rank correlation with average ranks for ties; NaN if either has one value only."""
    x, y = (ranks - ranks.mean() for ranks in map(_average_ranks, (first, second)))
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / norm if norm else math.nan


def _average_ranks(values: "Numbers | Matrix") -> "Numbers":
    """The rank of each value from 1, equal ones sharing the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Numbers = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks
