"""How sets of words are associated: WEAT and its relatives, of vectors of words that are given.

X and Y are the targets, A and B the attributes. All measures are of directions: vectors are brought to length 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.partitions import Partitions, p_values
from wordvec_cli.evaluation.scores import spearman
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

Sets = Mapping[str, "Numbers"]  # the vectors of X, Y, A and B at length 1, (n, dim) each


@dataclass(frozen=True)
class Rules:
    """How measures are taken.

    ddof        of the standard deviation that effect sizes are divided by: 1 as in a sample, 0 as WEFE has it
    partitions  how the partitions of a permutation test are gone through
    """

    ddof: int = 1
    partitions: Partitions = field(default_factory=Partitions)


class Association(NamedTuple):
    """What a measure says of some sets.

    word       of SC-WEAT, which has a value for each word of X; else None
    statistic  of WEAT the sum over X less that over Y; None where a measure has none
    value      of WEAT and SC-WEAT the effect size, else the measure itself
    p_one      the share of partitions of the same sizes with a statistic as high or higher; None without a test
    p_two      the same of statistics as far from 0
    n_partitions, is_exact  that the p-values come of
    """

    word: bytes | None
    statistic: float | None
    value: float
    p_one: float | None = None
    p_two: float | None = None
    n_partitions: int = 0
    is_exact: bool = True


# ---------------------------------------------------------------- WEAT


def weat(sets: Sets, rules: Rules) -> list[Association]:
    """The word embedding association test: whether X is nearer to A, and Y to B, than the other way round.

    Sets of different sizes are tested by the difference of means, which orders partitions of equal sizes as the sum
    does.

    Source: Caliskan, Bryson and Narayanan 2017, Semantics derived automatically from language corpora contain
    human-like biases
    """
    of_x, of_y = (differential(sets[name], sets) for name in "XY")
    statistic = float(of_x.sum() - of_y.sum())
    found = p_values(of_x, of_y, rules.partitions)
    return [Association(None, statistic, effect_size(of_x, of_y, rules.ddof), *found)]


def differential(words: "Numbers", sets: Sets) -> "Numbers":
    """s(w, A, B): the mean cosine with A less that with B, (n,)."""
    found: Numbers = (words @ sets["A"].T).mean(axis=1) - (words @ sets["B"].T).mean(axis=1)
    return found


def effect_size(first: "Numbers", second: "Numbers", ddof: int) -> float:
    """The difference of means in standard deviations of all values; NaN if these do not differ."""
    everything = np.concatenate([first, second])
    deviation = float(everything.std(ddof=ddof)) if len(everything) > ddof else 0.0
    return float(first.mean() - second.mean()) / deviation if deviation else math.nan


def sc_weat(sets: Sets, rules: Rules) -> list[Association]:
    """For each word of X alone, whether it is nearer to A than to B; a partition is one of A and B together.

    Source: Caliskan et al. 2017 (as WEFAT); Toney-Wails and Caliskan 2021, ValNorm
    """
    found = []
    for vector in sets["X"]:
        of_a, of_b = sets["A"] @ vector, sets["B"] @ vector
        chances = p_values(of_a, of_b, rules.partitions)
        found.append(Association(None, float(of_a.mean() - of_b.mean()), effect_size(of_a, of_b, rules.ddof), *chances))
    return found


# ---------------------------------------------------------------- measures without a test


def rnd(sets: Sets, rules: Rules) -> list[Association]:
    """Relative norm distance: how much farther the words of A are from the mean of X than from that of Y.

    The statistic is the sum over A, the value its mean: below 0 where A is nearer to X.

    Source: Garg et al. 2018, Word embeddings quantify 100 years of gender and ethnic stereotypes
    """
    to_x, to_y = (np.linalg.norm(sets["A"] - sets[name].mean(axis=0), axis=1) for name in "XY")
    return [Association(None, float((to_x - to_y).sum()), float((to_x - to_y).mean()))]


def ect(sets: Sets, rules: Rules) -> list[Association]:
    """Embedding coherence test: the rank correlation over A of the cosines with the means of X and of Y; 1 is no bias.

    Source: Dev and Phillips 2019, Attenuating bias in word vectors
    """
    cosines = [sets["A"] @ unit_rows(sets[name].mean(axis=0, keepdims=True))[0] for name in "XY"]
    return [Association(None, None, spearman(*cosines))]


def mac(sets: Sets, rules: Rules) -> list[Association]:
    """Mean average cosine distance: of each word of X and Y from the words of A, and from those of B; 1 is no bias.

    Source: Manzini et al. 2019, Black is to criminal as Caucasian is to police
    """
    targets = np.concatenate([sets[name] for name in "XY" if name in sets])
    distances = [1 - (targets @ sets[name].T).mean(axis=1) for name in "AB" if name in sets]
    return [Association(None, None, float(np.mean(distances)))]


def rnsb(sets: Sets, rules: Rules) -> list[Association]:
    """Relative negative sentiment bias: how unequally a classifier of A (negative) and B (positive) sees X and Y.

    The value is the divergence (Kullback-Leibler, natural logarithm) of the targets' shares of the negative
    probability from equal shares; 0 is no bias. The classifier is logistic, with a penalty of |w|²/2 and no draw.

    Source: Sweeney and Najafian 2019, A transparent framework for evaluating unintended demographic bias
    """
    weights = logistic(np.concatenate([sets["A"], sets["B"]]), np.repeat([1.0, 0.0], [len(sets["A"]), len(sets["B"])]))
    targets = np.concatenate([sets[name] for name in "XY" if name in sets])
    negative = 1 / (1 + np.exp(-(targets @ weights[:-1] + weights[-1])))
    shares = negative / negative.sum()
    return [Association(None, None, float((shares * np.log(shares * len(shares))).sum()))]


MOST_STEPS = 100


def logistic(rows: "Numbers", labels: "Numbers") -> "Numbers":
    """The weights of a logistic regression with an intercept, which comes last and has no penalty, by Newton's steps.

    Minimises the sum of the log losses and |w|²/2, as scikit-learn's LogisticRegression does by default.
    """
    extended = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.append(np.ones(rows.shape[1]), 0.0)
    weights = np.zeros(extended.shape[1])
    for _ in range(MOST_STEPS):
        probabilities = 1 / (1 + np.exp(-extended @ weights))
        gradient = extended.T @ (probabilities - labels) + penalty * weights
        curvature = (extended.T * (probabilities * (1 - probabilities))) @ extended + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-12:
            break
    return weights


# ---------------------------------------------------------------- the table


class Measure(NamedTuple):
    """A measure and the sets that it needs and may have; what its value is called."""

    take: Callable[[Sets, Rules], list[Association]]
    needs: str
    value: str
    may_have: str = ""


MEASURES: Mapping[str, Measure] = {
    "weat": Measure(weat, "XYAB", "effect_size"),
    "sc-weat": Measure(sc_weat, "XAB", "effect_size"),
    "rnd": Measure(rnd, "XYA", "rnd"),
    "rnsb": Measure(rnsb, "XAB", "rnsb", "Y"),
    "ect": Measure(ect, "XYA", "ect"),
    "mac": Measure(mac, "XA", "mac", "YB"),
}


def association(measure: str, vectors: Mapping[str, "Numbers"], rules: Rules) -> list[Association]:
    """What a measure says of the vectors of sets, (n, dim) each and of any length.

    Raises: InputError if the measure lacks a set
    """
    chosen = MEASURES[measure]
    if lacking := [name for name in chosen.needs if name not in vectors]:
        raise InputError(f"{measure}: needs the set {' and '.join(lacking)}; give its words")
    return chosen.take({name: unit_rows(rows) for name, rows in vectors.items()}, rules)
