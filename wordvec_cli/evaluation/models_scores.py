"""Scores of several models on the same questions: their spread, and how two groups of models differ."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import outcomes_of_sets
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.scores import Outcomes, Score
from wordvec_cli.evaluation.sets import Analogies, EvalSet, WordPairs
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.spread import COSINES, SHARES, Bounds, Gap, Spread, gap, spread

BOUNDS = {WordPairs.measure: COSINES, Analogies.measure: SHARES}


def judge_models(
    models: Models, sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[tuple[EvalSet, Score]]:
    """The mean score on each set, with sd and interval over the models. Raises: InputError as `outcomes_of_sets`"""
    asked = outcomes_of_sets(models.vectors, sets, judging.protocol, note)
    return [
        (outcomes[0].eval_set, merged([each.score() for each in outcomes], BOUNDS[outcomes[0].eval_set.measure]))
        for outcomes in asked
    ]


def merged(scores: Sequence[Score], bounds: Bounds) -> Score:
    """The scores of several models on one set as one score: mean, sd and interval, of its groups and sections too."""
    mean, sd, low, high, _ = spread([score.value for score in scores], bounds)
    groups = tuple(merged(each, bounds) for each in zip(*(score.groups for score in scores), strict=True))
    sections = tuple(merged(each, bounds) for each in zip(*(score.sections for score in scores), strict=True))
    return replace(scores[0], value=mean, sd=sd, interval=(low, high), groups=groups, sections=sections)


# ---------------------------------------------------------------- two groups


class GroupDifference(NamedTuple):
    """What two groups of models score on a set, of the `n_used` questions that all of them can answer."""

    eval_set: EvalSet
    n_used: int
    first: Spread
    second: Spread
    gap: Gap


def group_differences(
    models: Models, n_first: int, sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[GroupDifference]:
    """How the first `n_first` models and the others differ on sets; one without a question for all is noted."""
    found: list[GroupDifference] = []
    try:
        for outcomes in outcomes_of_sets(models.vectors, sets, judging.protocol, note):
            try:
                found.append(_group_difference(outcomes, n_first))
            except InputError as error:
                note(str(error))
    except InputError as error:  # vectors in a language that no set is in can be compared all the same
        note(str(error))
    return found


def _group_difference(outcomes: Sequence[Outcomes], n_first: int) -> GroupDifference:
    """Raises: InputError if no question can be asked of all"""
    is_common = np.logical_and.reduce([each.is_used for each in outcomes])
    eval_set = outcomes[0].eval_set
    if not is_common.any():
        raise InputError(f"{eval_set.name}: none of its questions can be asked of all models")
    scores = [replace(each, is_used=is_common).score().value for each in outcomes]
    first, second, bounds = scores[:n_first], scores[n_first:], BOUNDS[eval_set.measure]
    spreads = spread(first, bounds), spread(second, bounds)
    return GroupDifference(eval_set, int(is_common.sum()), *spreads, gap(first, second, bounds))
