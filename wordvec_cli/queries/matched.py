"""Where the change of a word stands among those of words that occur about as often: what frequency does not explain."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.queries.change import DIGITS, ChangeRules, CommonWords, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

ALIKE = 200  # words, nearest in frequency, that a word is ranked among


def matched(common: CommonWords, kept: "Exact", rules: ChangeRules) -> "Exact":
    """The ranks of the words that are asked about, (m,); NaN where a file has no counts.

    Of words that were named, those like them are measured too, and only those.

    kept  (m,) how much is the same from the first period to the last
    """
    if common.counts is None or common.totals is None:
        return np.full(len(kept), np.nan)
    counts, totals = common.counts[:, [0, -1]], common.totals[[0, -1]]
    if not common.are_named:
        return matched_ranks(kept, counts[common.asked], totals)
    is_frequent = (common.counts >= rules.min_count).all(axis=1)
    pool = np.union1d(common.asked, np.flatnonzero(is_frequent))
    asked = np.searchsorted(pool, common.asked)
    near = near_in_frequency(asked, counts[pool], totals)
    of_pool = np.full(len(pool), np.nan)
    of_pool[near] = scores(replace(common, asked=pool[near]), 0, len(common.rows) - 1, rules)
    return matched_ranks(of_pool, counts[pool], totals)[asked]


def matched_ranks(scores: "Exact", counts: "Ids", totals: "Ids") -> "Exact":
    """Of each word, the share of the words nearest in frequency that changed less (equal ones count half), (m,).

    scores  (m,) how much is the same
    counts  (m, n_periods), of as many words in all as `totals` says, (n_periods,)
    """
    if len(scores) < 2:
        return np.full(len(scores), np.nan)
    order, starts, width = _windows(counts, totals)
    ordered = np.round(scores[order], DIGITS)
    windows = np.lib.stride_tricks.sliding_window_view(ordered, width)[starts]
    above = (windows > ordered[:, None]).sum(axis=1)
    equal = (windows == ordered[:, None]).sum(axis=1) - 1
    ranks = np.empty(len(scores))
    ranks[order] = (above + equal / 2) / (width - 1)
    return ranks


def near_in_frequency(words: "Ids", counts: "Ids", totals: "Ids") -> "Ids":
    """The numbers of those that some words are ranked among, and of these themselves, in their order."""
    order, starts, width = _windows(counts, totals)
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return np.unique(order[starts[places[words], None] + np.arange(width)])


def _windows(counts: "Ids", totals: "Ids") -> "tuple[Ids, Ids, int]":
    """The words by frequency, and for each place in that order the first of those that it is ranked among; how many."""
    order = np.argsort(np.log(np.maximum(counts, 1) / totals).sum(axis=1), kind="stable")
    width = min(ALIKE + 1, len(order))
    return order, np.clip(np.arange(len(order)) - width // 2, 0, len(order) - width), width
