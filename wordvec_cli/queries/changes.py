"""The table of the words that changed: figures of each, most changed first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from wordvec_cli.queries.change import (
    ChangeRules,
    CommonWords,
    Moved,
    WordChanges,
    matched_ranks,
    moved_neighbours,
    trends,
    word_changes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]

N_MOVED = 5  # neighbours lost and won that are listed
SPREAD_TITLES = ("sd", "low", "high")


class Tested(Protocol):
    """What a permutation test says of each word that is asked about, (m,)."""

    @property
    def p_value(self) -> "Exact": ...
    @property
    def adjusted(self) -> "Exact": ...


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
        columns |= _course(common, changes, rules)
    if tested is not None:
        columns |= {"p_value": tested.p_value, "p_adjusted": tested.adjusted}
    score = changes.score(rules.measure)
    best = np.lexsort((common.asked, score))[:most]
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
    found["matched"] = matched_ranks(changes.score(rules.measure), None if common.are_named else counts, totals)
    return found


def _course(common: CommonWords, whole: WordChanges, rules: ChangeRules) -> "dict[str, Exact]":
    """Of three periods and more: what each has in common with the first, the slope of the change, the greatest step."""
    n_periods, measure = len(common.rows), rules.measure
    from_first = [word_changes(common, 0, i, rules).score(measure) for i in range(1, n_periods - 1)]
    from_first.append(whole.score(measure))
    steps = [from_first[0], *(word_changes(common, i, i + 1, rules).score(measure) for i in range(1, n_periods - 1))]
    found = {f"{measure}_{i}": each for i, each in enumerate(from_first, 2)}
    changes = np.vstack([np.zeros_like(from_first[0]), *(1 - each for each in from_first)])
    return found | {"trend": trends(changes), "greatest_step_to": np.argmin(steps, axis=0) + 2.0}
