"""Scores of several models on the same questions: their spread, and how two groups of models differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from wordvec_cli.evaluation.asking import outcomes_of_sets
from wordvec_cli.evaluation.neighbour_changes import neighbours_within
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.scores import Score
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.spread import Gap, Spread, gap, spread


def judge_models(
    models: Models, sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[tuple[EvalSet, Score]]:
    """The mean score on each set, with sd and interval over the models. Raises: InputError as `outcomes_of_sets`"""
    asked = outcomes_of_sets(models.vectors, sets, judging.protocol, note)
    return [(outcomes[0].eval_set, merged([each.score() for each in outcomes])) for outcomes in asked]


def merged(scores: Sequence[Score]) -> Score:
    """The scores of several models on one set as one score: mean, sd and interval, of its groups and sections too."""
    mean, sd, low, high, _ = spread([score.value for score in scores])
    groups = tuple(map(merged, zip(*(score.groups for score in scores), strict=True)))
    sections = tuple(map(merged, zip(*(score.sections for score in scores), strict=True)))
    return replace(scores[0], value=mean, sd=sd, interval=(low, high), groups=groups, sections=sections)


# ---------------------------------------------------------------- two groups


class GroupDifference(NamedTuple):
    """What two groups of models score on a set, of the `n_used` questions that all of them can answer."""

    eval_set: EvalSet
    n_used: int
    first: Spread
    second: Spread
    gap: Gap


@dataclass(frozen=True)
class GroupOverlaps:
    """The share of a word's `k` nearest neighbours that two models have in common, in the mean over words and pairs.

    within_first, within_second  of two models of one group; NaN if it is a single model
    between                      of one of each
    """

    k: int
    n_words: int
    within_first: float
    within_second: float
    between: float

    @property
    def is_within_noise(self) -> bool:
        """Whether models of different groups share as many neighbours as two of one group do."""
        floors = [each for each in (self.within_first, self.within_second) if each == each]  # noqa: PLR0124  NaN
        return bool(floors) and self.between >= min(floors)


def group_differences(
    models: Models, n_first: int, sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[GroupDifference]:
    """How the first `n_first` models and the others differ on sets. Raises: InputError as `outcomes_of_sets`"""
    found = []
    for outcomes in outcomes_of_sets(models.vectors, sets, judging.protocol, note):
        is_common = np.logical_and.reduce([each.is_used for each in outcomes])
        scores = [replace(each, is_used=is_common).score().value for each in outcomes]
        first, second = scores[:n_first], scores[n_first:]
        found.append(
            GroupDifference(
                outcomes[0].eval_set, int(is_common.sum()), spread(first), spread(second), gap(first, second)
            )
        )
    return found


def group_overlaps(models: Models, n_first: int, word_ids: Sequence[int], k: int) -> GroupOverlaps:
    """How many neighbours two models share, within each group and between them."""
    found = [neighbours_within(each, word_ids, k) for each in models.vectors]
    shares = np.full((len(models), len(models)), np.nan)
    for i, mine in enumerate(found):
        for j, theirs in enumerate(found[:i]):
            shares[i, j] = np.mean([len(a & b) / max(len(a), 1) for a, b in zip(mine, theirs, strict=True)])
    is_first = np.arange(len(models)) < n_first
    return GroupOverlaps(
        k,
        len(word_ids),
        _mean(shares[np.ix_(is_first, is_first)]),
        _mean(shares[np.ix_(~is_first, ~is_first)]),
        _mean(shares[np.ix_(~is_first, is_first)]),
    )


def _mean(shares: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
    known = shares[~np.isnan(shares)]
    return float(known.mean()) if len(known) else float("nan")
