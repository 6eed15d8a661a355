"""Random choices of a block of tokens: which stay, how wide their windows are, and noise words.

All of a block's are made before its first update.
"""

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.kernels.parts import below, kernel, n_below, part, random_bits


@kernel
def draw_tokens(ids, offsets, first, last, keep, window, shrink, state):
    """The tokens of ids[first:last] that are left after subsampling, and their windows: (kept, low, high), all int32.

    The window of centre c is kept[low[c] : high[c]] without c itself; it ends where the line or the block does.
    """
    kept = np.empty(last - first, np.int32)
    low = np.empty(last - first, np.int32)
    high = np.empty(last - first, np.int32)
    n_kept = 0
    line = n_below(offsets, first + 1) - 1
    token = first
    while token < last:
        line_start, line_end = n_kept, min(offsets[line + 1], last)
        for t in range(token, line_end):
            word = ids[t]
            if word >= 0:
                coin, die = random_bits(state, t - first)
                # written always, counted if kept: no branch to mispredict
                kept[n_kept] = word
                low[n_kept] = 1 + below(die, window) if shrink else window
                n_kept += coin <= keep[word]
        for c in range(line_start, n_kept):
            radius = low[c]
            low[c] = max(c - radius, line_start)
            high[c] = min(c + radius + 1, n_kept)
        token = line_end
        line += 1
    return kept[:n_kept], low[:n_kept], high[:n_kept]


@kernel
def widest(low, high):
    """How far the windows reach to a side, at most: where lines are short, less than a window may."""
    reach = 0
    for c in range(len(low)):
        reach = max(reach, c - low[c], high[c] - 1 - c)
    return reach


@part
def longest_list(kept, offsets):
    """How many places the longest of the words' lists has, where word w's is offsets[w] .. offsets[w + 1]."""
    longest = 0
    for c in range(len(kept)):
        longest = max(longest, offsets[kept[c] + 1] - offsets[kept[c]])
    return longest


@kernel
def draw_noise(n_groups, n_noise, threshold, alias, state, counter):
    """(n_groups, n_noise) int32 noise words. Source: Vose 1991, the alias method."""
    noise = np.empty((n_groups, n_noise), np.int32)
    for g in range(n_groups):
        for k in range(n_noise):
            coin, die = random_bits(state, counter)
            counter += 1
            word = below(die, len(alias))
            noise[g, k] = word if coin < threshold[word] else alias[word]
    return noise


def alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """(threshold (n,) uint32, alias (n,) int32) with which `draw_noise` draws word i in proportion to weights[i].

    weights  (n,) float64, not negative, not all zero
    Source: Vose 1991, "A linear algorithm for generating random numbers with a given distribution".
    """
    n = len(weights)
    share = weights * (n / weights.sum())
    threshold, alias = np.full(n, 2**32 - 1, np.uint32), np.arange(n, dtype=np.int32)
    order = np.argsort(share, kind="stable")
    fill_alias_table(share, order, threshold, alias)
    return threshold, alias


@kernel
def fill_alias_table(share, order, threshold, alias):
    """See `alias_table`, which sorts: numba would compile a sort of its own for two seconds.

    share  (n,) float64, overwritten; order (n,) int64: their order from the lowest on
    """
    n = len(share)
    small, large = 0, n - 1  # order[:small] are done; order[large] gives its surplus away
    lacking = order[0]
    for _ in range(n - 1):
        giver = order[large]
        threshold[lacking] = np.uint32(min(share[lacking] * 2.0**32, 2.0**32 - 1))
        alias[lacking] = giver
        share[giver] -= 1 - share[lacking]
        if share[giver] < 1:
            lacking = giver
            large -= 1
        else:
            small += 1
            lacking = order[small]
        if small >= large:
            break
