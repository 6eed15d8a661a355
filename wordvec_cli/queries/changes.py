"""The table of the words that changed: figures of each, most changed first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from wordvec_cli.queries.change import (
    DIGITS,
    ChangeRules,
    CommonWords,
    Moved,
    WordChanges,
    from_first,
    moved_neighbours,
    scores,
    trends,
    word_changes,
)
from wordvec_cli.queries.matched import matched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]

N_MOVED = 5  # neighbours lost and won that are listed
SPREAD_TITLES = ("sd", "low", "high")


class Tested(Protocol):
    """What a permutation test says of each word that is asked about, by each period after the first: `Permuted`."""

    @property
    def p_value(self) -> "Exact": ...
    @property
    def adjusted(self) -> "Exact": ...
    @property
    def trend(self) -> "Exact | None": ...


class ChangedWord(NamedTuple):
    """A line of the table: a word, its figures below the titles from the second on, and the neighbours that changed."""

    word: bytes
    figures: list[float]
    moved: Moved


@dataclass(frozen=True)
class ChangeTable:
    """The words that changed most, the most changed first, of `n_words` that were asked about."""

    titles: list[str]
    lines: list[ChangedWord]
    n_words: int


def change_table(
    common: CommonWords, rules: ChangeRules, most: int | None = None, tested: Tested | None = None
) -> ChangeTable:
    """What changed from the first period to the last, and of more than two the course between them.

    most  how many words are listed; None: all
    Raises: InputError as `word_changes`
    """
    n_periods = len(common.rows)
    changes = word_changes(common, 0, n_periods - 1, rules)
    columns = _columns(common, changes, rules)
    if n_periods > 2:
        columns |= _course(common, rules)
    if tested is not None:
        columns |= _chances(tested)
    score = changes.score(rules.measure)
    best = np.lexsort((common.asked, np.round(score, DIGITS)))[:most]
    moved = moved_neighbours(common, (0, n_periods - 1), common.asked[best], rules.k, N_MOVED)
    lines = [
        ChangedWord(common.words[common.asked[i]], [float(column[i]) for column in columns.values()], each)
        for i, each in zip(best.tolist(), moved, strict=True)
    ]
    return ChangeTable(["word", *columns, "lost", "won"], lines, len(common.asked))


def _columns(common: CommonWords, changes: WordChanges, rules: ChangeRules) -> "dict[str, Exact]":
    found: dict[str, Exact] = {}
    for name in ("overlap", "cosine"):
        spread = getattr(changes, name)
        found[name] = spread.mean
        if spread.n > 1:
            found |= {f"{name}_{title}": getattr(spread, title) for title in SPREAD_TITLES}
    counts = None if common.counts is None else common.counts[common.asked][:, [0, -1]]
    totals = None if common.totals is None else common.totals[[0, -1]]
    for i, name in enumerate(("per_million_first", "per_million_last")):
        unknown = np.full(len(common.asked), np.nan)
        found[name] = unknown if counts is None or totals is None else counts[:, i] / totals[i] * 1e6
    found["matched"] = matched(common, changes.score(rules.measure), rules)
    return found


def _course(common: CommonWords, rules: ChangeRules) -> "dict[str, Exact]":
    """Of three periods and more: what each has in common with the first, the slope of the change, the greatest step."""
    kept = from_first(common, rules)
    steps = [kept[0], *(scores(common, i, i + 1, rules) for i in range(1, len(common.rows) - 1))]
    found = {f"{rules.measure}_{i}": each for i, each in enumerate(kept, 2)}
    return found | {"trend": trends(1 - kept), "greatest_step_to": np.argmin(np.round(steps, DIGITS), axis=0) + 2.0}


def _chances(tested: Tested) -> "dict[str, Exact]":
    """Of the change from the first period to the last; of three periods and more, to each, and of the trend."""
    found = {"p_value": tested.p_value[-1], "p_adjusted": tested.adjusted[-1]}
    if tested.trend is None:
        return found
    for period, (alone, adjusted) in enumerate(zip(tested.p_value, tested.adjusted, strict=True), 2):
        found |= {f"p_value_{period}": alone, f"p_adjusted_{period}": adjusted}
    return found | {"p_trend": tested.trend}
