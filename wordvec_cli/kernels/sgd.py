"""Skip-gram and CBOW, with negative sampling or hierarchical softmax: kernels that train on a block of tokens.

CBOW and hierarchical softmax are word2vec.c's own: `step_window` for one window after the other, straight in the shared
matrices, each step from the values that the one before left. Skip-gram with negative sampling goes by groups.

A *group* is `GROUP` consecutive tokens. The context rows of their windows are copied once into a block that stays in
the first cache levels, noise words are drawn once for the group, and all scores and updates of the group are products
of small dense matrices, in tiles of `TILE` context words by `TILE` outputs (centre words or noise words). So a row
travels to and from memory once per group and not once per pair, and the arithmetic runs near the speed of the cores.

The objective is the original one. A group descends the gradient, at the values it began with, of

    sum over its centre words c and the context words i of their windows:   -log sigmoid(x_i . y_c)
    + negative / n_noise * sum over its tokens i, the windows c that hold them, and its noise words k other than c:
                                                                            -log sigmoid(-x_i . y_k)

Source: Mikolov et al. 2013, arXiv 1310.4546, equation 4, and word2vec.c for subsampling and windows; shared noise
words as in Ji et al. 2016, arXiv 1604.04661, and the joining of windows as in Rengasamy et al. 2017 and FULL-W2V, 2023.
"""

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from wordvec_cli.kernels.parts import (
    LANES,
    OPTIONS,
    add,
    address_of,
    aligned_zeros,
    below,
    inlined,
    kernel,
    load,
    multiply_add,
    part,
    prefetch_to_write,
    random_bits,
    splat,
    store,
    store_sums,
)

GROUP = 16  # tokens; 32 is about a tenth faster, but SimLex-999 then loses 0.003 to 0.004 (measured)
TILE = 4  # a tile's 16 sums stay in registers and hide the latency of a multiply-add
MOST_AT_ONCE = np.float32(1 / 4)  # see `limit_window`; with 1/2, rates from 0.25 on diverge where words are few
MARKS = 4096  # of a sieve for the noise words of a group
SHARING = 2  # consecutive centres of CBOW that meet the same noise words: a sixth faster, at the same scores
AHEAD = 2  # how many centres early their rows are prefetched

part_of_loop = njit(inline="always", **OPTIONS)  # a call with so many arrays in a tuple cost a tenth of the time


def noise_words(window: int, shrink: bool, negative: int) -> int:
    """How many noise words a group should share: as many as a context word meets in all its windows, at most 64.

    A noise word then counts about once for a context word, as in the original. Fewer are faster, count more, and cost
    accuracy: of 24, 16 and 6 in place of 32, only 24 still gives nearly the same analogies.
    """
    meetings = negative * (window + 1 if shrink else 2 * window)
    return min(-(-meetings // TILE) * TILE, 64)


# ---- random choices: all of a block's are made before its first update ----


@kernel
def draw_tokens(ids, offsets, first, last, keep, window, shrink, state):
    """The tokens of ids[first:last] that are left after subsampling, and their windows: (kept, low, high), all int32.

    The window of centre c is kept[low[c] : high[c]] without c itself; it ends where the line or the block does.
    """
    kept = np.empty(last - first, np.int32)
    low = np.empty(last - first, np.int32)
    high = np.empty(last - first, np.int32)
    n_kept = 0
    line = np.searchsorted(offsets, first, side="right") - 1
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


@kernel
def alias_table(weights):
    """(threshold (n,) uint32, alias (n,) int32) with which `draw_noise` draws word i in proportion to weights[i].

    weights  (n,) float64, not negative, not all zero
    Source: Vose 1991, "A linear algorithm for generating random numbers with a given distribution".
    """
    n = len(weights)
    share = weights * (n / weights.sum())
    threshold, alias = np.full(n, 2**32 - 1, np.uint32), np.arange(n).astype(np.int32)
    order = np.argsort(share)
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
    return threshold, alias


# ---- products of small matrices; matrices are flat, and `dim` is a multiple of `LANES` ----


@part
def round_up(n, step):
    return (n + step - 1) // step * step


@part
def copy_row(source, source_start, target, target_start, dim):
    for d in range(0, dim, LANES):
        store(target, target_start + d, load(source, source_start + d))


@part
def prefetch_row(matrix, start, dim):
    for d in range(0, dim, LANES):
        prefetch_to_write(matrix, start + d)


@part
def add_vector(matrix, start, vector):
    store(matrix, start, add(load(matrix, start), vector))


@part
def add_scaled(matrix, start, rows, row_start, factor, dim):
    """matrix[start : start + dim] += factor * rows[row_start : row_start + dim]."""
    f = splat(factor)
    for d in range(0, dim, LANES):
        store(matrix, start + d, multiply_add(f, load(rows, row_start + d), load(matrix, start + d)))


@part
def add_difference(matrix, start, after, before, row, dim):
    """matrix[start : start + dim] += after[row : row + dim] - before[row : row + dim]."""
    minus = splat(np.float32(-1))
    for d in range(0, dim, LANES):
        change = multiply_add(minus, load(before, row + d), load(after, row + d))
        store(matrix, start + d, add(load(matrix, start + d), change))


@part
def score_tile(contexts, context, outputs, output, dim, scores, position, stride):
    """scores[position + o * stride + c] = contexts[context + c] . outputs[output + o] for c, o < TILE."""
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = splat(np.float32(0))
    s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = splat(np.float32(0))
    c, o = context * dim, output * dim
    for d in range(0, dim, LANES):
        c0, c1 = load(contexts, c + d), load(contexts, c + dim + d)
        c2, c3 = load(contexts, c + 2 * dim + d), load(contexts, c + 3 * dim + d)
        v = load(outputs, o + d)
        s00, s01 = multiply_add(v, c0, s00), multiply_add(v, c1, s01)
        s02, s03 = multiply_add(v, c2, s02), multiply_add(v, c3, s03)
        v = load(outputs, o + dim + d)
        s10, s11 = multiply_add(v, c0, s10), multiply_add(v, c1, s11)
        s12, s13 = multiply_add(v, c2, s12), multiply_add(v, c3, s13)
        v = load(outputs, o + 2 * dim + d)
        s20, s21 = multiply_add(v, c0, s20), multiply_add(v, c1, s21)
        s22, s23 = multiply_add(v, c2, s22), multiply_add(v, c3, s23)
        v = load(outputs, o + 3 * dim + d)
        s30, s31 = multiply_add(v, c0, s30), multiply_add(v, c1, s31)
        s32, s33 = multiply_add(v, c2, s32), multiply_add(v, c3, s33)
    store_sums(scores, position, s00, s01, s02, s03)
    store_sums(scores, position + stride, s10, s11, s12, s13)
    store_sums(scores, position + 2 * stride, s20, s21, s22, s23)
    store_sums(scores, position + 3 * stride, s30, s31, s32, s33)


@part
def update_tile(matrix, starts, target, rows, first, n, dim, factors, position, row_stride, target_stride):
    """matrix[starts[target + k] :] += sum over r < n of factor[r, k] * rows[first + r], for k < TILE.

    factor[r, k] = factors[position + r * row_stride + k * target_stride]. Targets may be the same row twice: sums are
    made in registers and added one after the other.
    """
    rows_end = (first + n) * dim
    stride = np.uintp(target_stride)
    for d in range(0, dim, LANES):
        s0 = s1 = s2 = s3 = splat(np.float32(0))
        p = np.uintp(position)  # unsigned: numba then has no negative index to look for
        for row in range(first * dim + d, rows_end, dim):
            v = load(rows, row)
            s0 = multiply_add(splat(factors[p]), v, s0)
            s1 = multiply_add(splat(factors[p + stride]), v, s1)
            s2 = multiply_add(splat(factors[p + np.uintp(2) * stride]), v, s2)
            s3 = multiply_add(splat(factors[p + np.uintp(3) * stride]), v, s3)
            p += np.uintp(row_stride)
        add_vector(matrix, starts[target] + d, s0)
        add_vector(matrix, starts[target + 1] + d, s1)
        add_vector(matrix, starts[target + 2] + d, s2)
        add_vector(matrix, starts[target + 3] + d, s3)


# ---- the loss and its slope ----


def _polynomial(function, degree):
    """Coefficients, lowest power first, of the interpolation of `function` at the Chebyshev points of [0, 1]."""
    fit = np.polynomial.Chebyshev.interpolate(function, degree, domain=[0, 1])
    return [np.float32(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef]


# both good to 1e-7, the precision of float32
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = _polynomial(lambda y: np.exp(-y), 6)
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = _polynomial(lambda t: np.log1p(t) / t, 7)


@part
def sigmoid_and_loss(z):
    """(sigmoid(z), log(1 + exp(z))), to single precision."""
    # exp(-|z|) = exp(-y)**16 needs no integer tricks, and nothing changes beyond 16
    y = min(abs(z), np.float32(16)) * np.float32(1 / 16)
    root = (((((_E6 * y + _E5) * y + _E4) * y + _E3) * y + _E2) * y + _E1) * y + _E0
    root = root * root
    root = root * root
    root = root * root
    t = root * root
    log1p = t * (((((((_L7 * t + _L6) * t + _L5) * t + _L4) * t + _L3) * t + _L2) * t + _L1) * t + _L0)
    # (z + |z|) / 2 is max(z, 0), but lets a NaN through to the loss, where divergence is looked for
    return (np.float32(1) if z > 0 else t) / (np.float32(1) + t), log1p + np.float32(0.5) * (z + abs(z))


@part
def slopes_and_loss(scores, weights, sign, rate):
    """Turn scores into factors of the update, in place, and return their loss, sum of weight * log(1 + exp(z)).

    z = sign * score, sign -1 for true pairs and 1 for noise. The factor, minus the rate times the slope of the loss
    in the score, is -rate * sign * weight * sigmoid(z).
    """
    loss = np.float32(0)  # of one group; the caller adds groups up in float64
    for i in range(len(scores)):
        sigmoid, log = sigmoid_and_loss(sign * scores[i])
        loss += weights[i] * log
        scores[i] = -rate * sign * weights[i] * sigmoid
    return loss


@inlined
def signed_slopes_and_loss(scores, signs, n, rate):
    """As `slopes_and_loss` for the first n scores, each with its sign and weight 1; the rest become 0.

    Returns (loss, sum of the factors' sizes). It goes vector by vector, as a loop of any length has a costly start.
    """
    loss, total = np.float32(0), np.float32(0)
    for first in range(0, len(scores), LANES):
        for i in range(first, first + LANES):
            weight = np.float32(1) if i < n else np.float32(0)
            sigmoid, log = sigmoid_and_loss(signs[i] * scores[i])
            loss += weight * log
            size = rate * weight * sigmoid
            total += size
            scores[i] = -signs[i] * size
    return loss, total


# ---- training ----


@part
def count_windows(low, high):
    """(n + GROUP,) float32: how many windows hold each token, then zeros for the rest of the last group."""
    change = np.zeros(len(low) + GROUP, np.float32)
    for c in range(len(low)):
        change[low[c]] += 1
        change[high[c]] -= 1
        change[c] -= 1
        change[c + 1] += 1
    return np.cumsum(change)


@part
def weigh_true_pairs(weights, reach, window, low, high, begin):
    """weights[j * reach + row] = 1 where the row stands in the window of centre j, else 0; returns the number of ones.

    Row 0 is token begin - window, so centre j stands at row window + j.
    """
    n_pairs = 0
    for j in range(GROUP):
        tile = j // TILE * TILE
        row = weights[j * reach + tile : j * reach + tile + reach]
        c = begin + j
        if c >= len(low):
            row[:] = 0
            continue
        first_row = begin - window + tile
        first, after, itself = np.int32(low[c] - first_row), np.int32(high[c] - first_row), np.int32(c - first_row)
        for i in range(np.int32(reach)):
            row[i] = np.float32(1) if (i >= first) & (i < after) & (i != itself) else np.float32(0)
        n_pairs += high[c] - low[c] - 1
    return n_pairs


@part
def weigh_noise(weights, share, window_share, noise, marks, kept, low, high, begin, window):
    """weights[k * GROUP + i] = share[begin + i], less what it owes to windows of token begin + i around word k itself.

    share  (n + GROUP,) float32: window_share for each window that holds the token
    marks  (a power of two,) uint8, all zero before and after: a sieve that few centres pass
    """
    end = min(begin + GROUP, len(kept))
    last_mark = len(marks) - 1
    for k in range(len(noise)):
        copy_row(share, begin, weights, k * GROUP, GROUP)
        marks[noise[k] & last_mark] = 1
    for c in range(max(begin - window, 0), min(end + window, len(kept))):
        if marks[kept[c] & last_mark]:
            for k in range(len(noise)):
                if noise[k] == kept[c]:
                    for i in range(max(low[c], begin), min(high[c], end)):
                        if i != c:
                            weights[k * GROUP + i - begin] -= window_share
    for k in range(len(noise)):
        marks[noise[k] & last_mark] = 0


@part
def limit_steps(factors, n_outputs, n_rows, lag, totals, limit):
    """Scale factors down, in place, where those of one output or of one context row sum up to more than `limit`.

    The factors of output o are at o * n_rows + i for n_rows context rows i, the first of them o // TILE * lag.
    totals  (at least the number of context rows,) float32, overwritten

    Word2vec.c updates pair by pair, and each update damps the next. A group's are made at once, from the same values:
    if its words are few or much alike, their sum could overshoot, more each time.
    """
    totals[:] = 0
    for o in range(n_outputs):
        first = o // TILE * lag
        of_output = factors[o * n_rows + first : (o + 1) * n_rows + first]
        of_rows = totals[first : first + n_rows]
        total = np.float32(0)
        for i in range(n_rows):
            total += abs(of_output[i])
        if total > limit:
            of_output *= limit / total
        for i in range(n_rows):
            of_rows[i] += abs(of_output[i])
    if np.max(totals) > limit:
        for o in range(n_outputs):
            first = o // TILE * lag
            of_output = factors[o * n_rows + first : (o + 1) * n_rows + first]
            for i in range(n_rows):
                of_output[i] *= limit / max(totals[first + i], limit)


@part
def gather_contexts(contexts, starts, inputs, kept, begin, dim):
    """Copy the rows of the tokens from `begin` on; past the ends stand copies of the last token, to have weight 0."""
    for i in range(len(starts)):
        starts[i] = dim * np.intp(kept[min(max(begin + i, 0), len(kept) - 1)])
        copy_row(inputs, starts[i], contexts, i * dim, dim)


@part
def gather_targets(targets, starts, outputs, kept, begin, noise, dim):
    """Copy the rows of the `GROUP` centres from `begin` on, then the noise words; each with copies of its last one."""
    for j in range(len(starts)):
        word = kept[min(begin + j, len(kept) - 1)] if j < GROUP else noise[min(j - GROUP, len(noise) - 1)]
        starts[j] = dim * np.intp(word)
        copy_row(outputs, starts[j], targets, j * dim, dim)


@part
def size_group(window, n_noise):
    """(reach, n_contexts, n_targets): context rows that a tile of centres may meet, and the rows of a whole group."""
    reach = round_up(2 * window + TILE, TILE)
    return reach, GROUP + reach - TILE, GROUP + round_up(n_noise, TILE)


@part_of_loop
def room_for_group(window, n_noise, dim):
    """What `train_group` works in: copies of rows, where they start in the matrices, scores and weights of pairs.

    The score of context row i and centre j is at j * reach + i. Centre j of the tile of centres t = j // TILE * TILE
    meets rows t .. t + reach - 1 only, so that no two pairs share a place. The targets are the centres, then the noise
    words.
    """
    reach, n_contexts, n_targets = size_group(window, n_noise)
    contexts, context_starts = aligned_zeros((n_contexts + TILE) * dim), np.zeros(n_contexts, np.intp)
    targets, target_starts = aligned_zeros(n_targets * dim), np.zeros(n_targets, np.intp)
    true_scores, true_weights = aligned_zeros(GROUP * (reach + 1)), aligned_zeros(GROUP * (reach + 1))
    noise_scores, noise_weights = aligned_zeros((n_targets - GROUP) * GROUP), aligned_zeros((n_targets - GROUP) * GROUP)
    totals, marks = aligned_zeros(max(n_contexts, GROUP)), np.zeros(MARKS, np.uint8)
    return (
        contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
        totals, marks,
    )  # fmt: skip


@part_of_loop
def train_group(
    contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights, totals,
    marks, kept, low, high, share, begin, noise, next_noise, inputs, outputs,
    input_sums, input_places, output_sums, output_places, window, window_share, rate, limit, dim,
):  # fmt: skip
    """One step of gradient descent for the tokens of `kept` from `begin` on; returns (loss, n_pairs).

    The step is computed from `inputs` and `outputs`. It is added to the rows of input_sums at input_places, one for
    each context row, and of output_sums at output_places, one for each target. Where these are not the matrices
    themselves, the next group's rows are asked for all the same. The factors are left where the scores were.
    contexts .. marks  from `room_for_group`
    """
    n_kept, n_noise = len(kept), len(noise)
    reach, n_contexts, n_targets = size_group(window, n_noise)
    gather_contexts(contexts, context_starts, inputs, kept, begin - window, dim)
    gather_targets(targets, target_starts, outputs, kept, begin, noise, dim)

    # Weigh every pair: most of a dense block is no pair at all.
    n_pairs = weigh_true_pairs(true_weights, reach, window, low, high, begin)
    weigh_noise(noise_weights, share, window_share, noise, marks, kept, low, high, begin, window)

    # Score.
    for j in range(0, GROUP, TILE):
        for i in range(j, j + reach, TILE):
            score_tile(contexts, i, targets, j, dim, true_scores, j * reach + i, reach)

    for k in range(0, n_targets - GROUP, TILE):
        for i in range(0, GROUP, TILE):
            score_tile(contexts, window + i, targets, GROUP + k, dim, noise_scores, k * GROUP + i, GROUP)
    loss = np.float64(slopes_and_loss(true_scores, true_weights, np.float32(-1), rate))
    loss += slopes_and_loss(noise_scores, noise_weights, np.float32(1), rate)
    if rate * 2 * window > limit:
        limit_steps(true_scores, GROUP, reach, TILE, totals, limit)
    limit_steps(noise_scores, n_noise, GROUP, 0, totals, limit)

    # Update, from the gathered copies.
    for i in range(0, n_contexts, TILE):
        j = min(max(i - 2 * window, 0), GROUP)  # the first centre whose window may hold row i
        n = min(i + TILE, GROUP) - j
        update_tile(input_sums, input_places, i, targets, j, n, dim, true_scores, j * reach + i, reach, 1)
    for i in range(0, GROUP, TILE):
        update_tile(input_sums, input_places, window + i, targets, GROUP, n_noise, dim, noise_scores, i, GROUP, 1)

    for j in range(0, GROUP, TILE):
        for t in range(begin + GROUP + j, begin + GROUP + j + TILE):  # rows that the next group needs
            prefetch_row(inputs, dim * np.intp(kept[min(t + window, n_kept - 1)]), dim)
            prefetch_row(outputs, dim * np.intp(kept[min(t, n_kept - 1)]), dim)
        n = 2 * window + TILE
        update_tile(output_sums, output_places, j, contexts, j, n, dim, true_scores, j * reach + j, 1, reach)
    for k in range(0, n_targets - GROUP, TILE):
        for t in range(k, min(k + TILE, n_noise)):
            prefetch_row(outputs, dim * np.intp(next_noise[t]), dim)
        update_tile(
            output_sums, output_places, GROUP + k, contexts, window, GROUP, dim, noise_scores, k * GROUP, 1, GROUP
        )
    return loss, n_pairs


@part
def train_groups(kept, low, high, noise, inputs, outputs, window, negative, rate, limit):
    """One step of gradient descent for each group of `GROUP` tokens of `kept`; returns (loss, n_pairs)."""
    dim = inputs.shape[1]
    n_groups, n_noise = noise.shape
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    rate, limit, window_share = np.float32(rate), np.float32(limit), np.float32(negative / n_noise)
    share = window_share * count_windows(low, high)
    (
        contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
        totals, marks,
    ) = room_for_group(window, n_noise, dim)  # fmt: skip
    loss, n_pairs = 0.0, 0
    for g in range(n_groups):
        group_loss, group_pairs = train_group(
            contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
            totals, marks, kept, low, high, share, g * GROUP, noise[g], noise[min(g + 1, n_groups - 1)],
            inputs, outputs, inputs, context_starts, outputs, target_starts, window, window_share, rate, limit, dim,
        )  # fmt: skip
        loss += group_loss
        n_pairs += group_pairs
    return loss, n_pairs


@kernel
def skipgram_block(
    ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, negative, n_noise, rate, limit, state,
):  # fmt: skip
    """Train on the tokens ids[first:last]; returns (loss, n_pairs), whose quotient is the mean loss of a pair.

    ids      (n_tokens,) int32, -1 for an unknown word, dropped before windows are laid
    offsets  (n_lines + 1,) integers: line l is ids[offsets[l] : offsets[l + 1]]
    inputs, outputs  (n_words, dim) float32, updated in place; dim a multiple of `LANES` (columns that pad a smaller
             dimension stay 0, if they were), first row best at a multiple of 64 bytes
    keep     (n_words,) uint32: a token stays if 32 random bits are no more than this
    noise_threshold, noise_alias  from `alias_table`, of counts ** 0.75
    shrink   whether each centre draws its window from 1 .. window
    negative the noise words of a pair; n_noise: how many a group draws to stand for them, see `noise_words`
    limit    see `limit_steps`; below 1 over the most often that a word may come in a group, nothing overshoots
    state    uint64: every random choice is a function of it and of the tokens; give each block of a run its own
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_groups = (len(kept) + GROUP - 1) // GROUP
    noise = draw_noise(n_groups, n_noise, noise_threshold, noise_alias, state, last - first)
    return train_groups(kept, low, high, noise, inputs, outputs, window, negative, rate, limit)


# ---- threads in step: the same bytes whatever their number ----
#
# Groups come in batches. First all threads compute what the groups of a batch would change, from matrices that nobody
# writes to. When the last is done, each thread makes the changes of the rows it owns, in the order of the groups. So no
# number depends on who is first, and every row's sum has one order. A parallel kernel with two pranges gave the same
# bytes, but OpenMP's threads fell to a fiftieth of the speed where another program ran too, workqueue's were a third
# slower, and it took 22 s to compile, in each run, for numba would not cache it.

GROUPS_PER_BATCH = 16  # 8 are no better; with 32 analogies fall from 0.239 to 0.236, and changes leave the cache
_PATIENCE = 2000  # looks at the others, about a microsecond, before a waiting thread offers its processor
_GIVEN_UP = 2**62

# numba finds functions of the system by the names given here, also from its cache.
if sys.platform == "win32":
    _yield = ctypes.windll.kernel32.SwitchToThread
else:
    _yield = ctypes.CDLL(None).sched_yield
binding.add_symbol("wordvec_yield", ctypes.cast(_yield, ctypes.c_void_p).value)


@intrinsic
def count_up(typing, counters, position):
    """counters[position] += 1 of an int64 array, by one thread at a time; all it wrote before is there for the next."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(64))
        builder.atomic_rmw("add", address, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counters, types.intp), generate


@intrinsic
def look_at(typing, counters, position):
    """counters[position] of an int64 array as it is now, and with it all that was written before it was counted up."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(64))
        return builder.load_atomic(address, "acquire", 8)

    return types.int64(counters, types.intp), generate


@intrinsic
def offer_processor(typing):
    """Let another thread run, if one waits for a processor."""

    def generate(context, builder, signature, args):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), "wordvec_yield")
        return builder.call(function, [])

    return types.int32(), generate


@part
def meet(arrivals, goal):
    """Arrive, and wait until there are `goal` arrivals; False if a thread has failed and will never come."""
    count_up(arrivals, 0)
    tries = 0
    while look_at(arrivals, 0) < goal:
        tries += 1
        if tries > _PATIENCE:
            offer_processor()
    return look_at(arrivals, 0) < _GIVEN_UP


class Batch(NamedTuple):
    """What the groups of a batch would change: first rows of `inputs`, by context, then of `outputs`, by target.

    words    (GROUPS_PER_BATCH, n_rows) int32: which rows
    sizes    (GROUPS_PER_BATCH, n_rows) float32: the sum of the sizes of the factors of each change
    changes  (GROUPS_PER_BATCH * n_rows * dim,) float32
    """

    words: Any
    sizes: Any
    changes: Any


@kernel
def start_batches(ids, offsets, first, last, keep, window, shrink, state, window_share, n_noise, n_words, dim):
    """The tokens and windows of a block, as `train_groups` has them, and what the threads share.

    Returns kept, low, high, share, (the fields of a Batch), and (2, more than n_words) float32 zeros.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    share = np.float32(window_share) * count_windows(low, high)
    _, n_contexts, n_targets = size_group(window, n_noise)
    n_rows = n_contexts + n_targets
    batch = (
        np.zeros((GROUPS_PER_BATCH, n_rows), np.int32),
        np.zeros((GROUPS_PER_BATCH, n_rows), np.float32),
        aligned_zeros(GROUPS_PER_BATCH * n_rows * dim),
    )
    return kept, low, high, share, batch, np.zeros((2, n_words + (LANES + 1) * GROUPS_PER_BATCH), np.float32)


@part
def add_sizes(factors, n_outputs, n_rows, lag, of_rows, of_outputs):
    """Add the sizes of factors laid out as in `limit_steps` to their context rows; set each output to its sum."""
    for o in range(n_outputs):
        first = o // TILE * lag
        of_output = factors[o * n_rows + first : (o + 1) * n_rows + first]
        row = of_rows[first : first + n_rows]
        total = np.float32(0)
        for i in range(n_rows):
            total += abs(of_output[i])
            row[i] += abs(of_output[i])
        of_outputs[o] = total


@part
def describe_changes(words, sizes, context_starts, target_starts, true_scores, noise_scores, window, n_noise, dim):
    """Set which rows a group changes, and the sums of the sizes of the factors of each change."""
    reach, n_contexts, n_targets = size_group(window, n_noise)
    for i in range(n_contexts):
        words[i] = context_starts[i] // dim
    for j in range(n_targets):
        words[n_contexts + j] = target_starts[j] // dim
    sizes[:] = 0
    add_sizes(true_scores, GROUP, reach, TILE, sizes, sizes[n_contexts:])
    add_sizes(noise_scores, n_noise, GROUP, 0, sizes[window:], sizes[n_contexts + GROUP :])


@part
def make_changes(matrix, batch, n_groups, first, after, totals, limit, owner, n_owners, dim):
    """Make the changes first .. after of each group, where the owner has the row, limited together for each row.

    totals  float32, at least one for each row of the matrix and `LANES` more for each owner, all zero before and after
    """
    n_rows = batch.words.shape[1]
    words, sizes = batch.words.reshape(-1), batch.sizes.reshape(-1)
    mine, places = np.empty(n_groups * n_rows + 1, np.int32), np.empty(n_groups * n_rows + 1, np.int32)
    # every owner's totals by themselves, so that no two threads write to one cache line
    own = round_up(len(matrix) // dim // n_owners + 1, LANES) * owner
    n_mine = 0
    for b in range(n_groups):
        for r in range(b * n_rows + first, b * n_rows + after):
            word = np.uint32(words[r])
            mine[n_mine] = r
            places[n_mine] = own + word // np.uint32(n_owners)
            n_mine += word % np.uint32(n_owners) == owner

    for m in range(n_mine):
        totals[places[m]] += sizes[mine[m]]
    for m in range(n_mine):
        r = np.intp(mine[m])
        prefetch_row(matrix, dim * np.intp(words[mine[min(m + 4, n_mine - 1)]]), dim)
        fitting = limit / max(totals[places[m]], limit)
        add_scaled(matrix, dim * np.intp(words[r]), batch.changes, dim * r, fitting, dim)
    for m in range(n_mine):
        totals[places[m]] = 0


@kernel
def train_in_step(
    worker, n_workers, arrivals, kept, low, high, share, batch, word_totals, losses, pairs, inputs, outputs,
    noise_threshold, noise_alias, window, window_share, n_noise, rate, last_rate, limit, state, counter,
):  # fmt: skip
    """One worker's part in all batches of `kept`; sets losses and pairs of the groups that it trains."""
    dim, n_groups, n_noise = inputs.shape[1], len(losses), np.intp(n_noise)
    batch = Batch(*batch)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    limit, no_limit, window_share = np.float32(limit), np.float32(np.inf), np.float32(window_share)
    _, n_contexts, n_targets = size_group(window, n_noise)
    n_rows = n_contexts + n_targets
    (
        contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
        totals, marks,
    ) = room_for_group(window, n_noise, dim)  # fmt: skip
    places = dim * np.arange(n_rows)
    goal = 0

    for first in range(0, n_groups, GROUPS_PER_BATCH):
        n = min(GROUPS_PER_BATCH, n_groups - first)
        rate_now = np.float32(rate + (last_rate - rate) * first / n_groups)
        g, end = first + n * worker // n_workers, first + n * (worker + 1) // n_workers
        noise = draw_noise(end - g, n_noise, noise_threshold, noise_alias, state, counter + g * n_noise)
        for i in range(len(noise)):
            b = g + i - first
            changes = batch.changes[b * n_rows * dim : (b + 1) * n_rows * dim]
            changes[:] = 0
            losses[g + i], pairs[g + i] = train_group(
                contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores,
                noise_weights, totals, marks, kept, low, high, share, (g + i) * GROUP,
                noise[i], noise[min(i + 1, len(noise) - 1)], inputs, outputs,
                changes, places, changes, places[n_contexts:], window, window_share, rate_now, no_limit, dim,
            )  # fmt: skip
            describe_changes(
                batch.words[b], batch.sizes[b], context_starts, target_starts, true_scores, noise_scores,
                window, n_noise, dim,
            )  # fmt: skip
        goal += n_workers
        if not meet(arrivals, goal):
            break
        make_changes(inputs, batch, n, 0, n_contexts, word_totals[0], limit, worker, n_workers, dim)
        make_changes(outputs, batch, n, n_contexts, n_rows, word_totals[1], limit, worker, n_workers, dim)
        goal += n_workers
        if not meet(arrivals, goal):
            break


def skipgram_block_in_step(
    n_threads, ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, negative, n_noise, rate, last_rate, limit, state,
):  # fmt: skip
    """As `skipgram_block`, on several threads at once, with a result that does not depend on their number.

    The rate falls from `rate` towards `last_rate` along the block, so a block may be long: about a second of work.
    limit    how far the steps of a batch may move a row of one matrix together, in rows of the other; 1 is right for
             every vocabulary, for words are counted as they come
    n_threads  more than `GROUPS_PER_BATCH` have no work; more than there are processors wait for each other
    """
    n_workers = min(n_threads, GROUPS_PER_BATCH)
    window_share = negative / n_noise
    kept, low, high, share, batch, totals = start_batches(
        ids, offsets, first, last, keep, window, shrink, state, window_share, n_noise, *inputs.shape
    )
    n_groups = -(-len(kept) // GROUP)
    losses, pairs = np.zeros(n_groups), np.zeros(n_groups, np.int64)
    arrivals = np.zeros(LANES, np.int64)
    with ThreadPoolExecutor(n_workers) as pool:
        try:
            workers = [
                pool.submit(
                    train_in_step, worker, n_workers, arrivals, kept, low, high, share, batch, totals, losses, pairs,
                    inputs, outputs, noise_threshold, noise_alias, window, window_share, n_noise,
                    rate, last_rate, limit, state, last - first,
                )
                for worker in range(n_workers)
            ]  # fmt: skip
            for worker in as_completed(workers):
                worker.result()
        except BaseException:
            arrivals[0] = _GIVEN_UP  # or the others would wait for ever
            raise
    return float(losses.sum()), int(pairs.sum())


# ---- CBOW: the mean of a window's context rows, the hidden vector, predicts the centre ----


@inlined
def list_window(contexts, kept, low, high, c, dim):
    """Set `contexts` to where the rows of the window of centre c start, and return their number."""
    n_contexts = 0
    for i in range(low[c], high[c]):
        contexts[n_contexts] = dim * np.intp(kept[i])  # written always, counted if not the centre
        n_contexts += i != c
    return n_contexts


@inlined
def average_rows(hidden, inputs, contexts, n_contexts, share, dim):
    """hidden = share * the sum of the context rows."""
    factor = splat(share)
    for d in range(0, dim, LANES):
        total = splat(np.float32(0))
        for i in range(n_contexts):
            total = add(total, load(inputs, contexts[i] + d))
        store(hidden, d, multiply_add(factor, total, splat(np.float32(0))))


@inlined
def score_rows(hidden, outputs, starts, first, dim, scores):
    """scores[k] = hidden . outputs[starts[k] :] for the `TILE` rows k from `first` on."""
    s0 = s1 = s2 = s3 = splat(np.float32(0))
    r0, r1, r2, r3 = starts[first], starts[first + 1], starts[first + 2], starts[first + 3]
    for d in range(0, dim, LANES):
        h = load(hidden, d)
        s0, s1 = multiply_add(h, load(outputs, r0 + d), s0), multiply_add(h, load(outputs, r1 + d), s1)
        s2, s3 = multiply_add(h, load(outputs, r2 + d), s2), multiply_add(h, load(outputs, r3 + d), s3)
    store_sums(scores, first, s0, s1, s2, s3)


@inlined
def update_window(inputs, contexts, n_contexts, share, outputs, starts, n_outputs, factors, hidden, dim):
    """Add factors[k] * hidden to output row k, one after the other, and each one's share of the error to context rows.

    The error is the sum of factors[k] * output row k, as the row was before its own change.
    """
    part_of_each = splat(share)
    for d in range(0, dim, LANES):
        h, error = load(hidden, d), splat(np.float32(0))
        for k in range(n_outputs):
            row, factor = load(outputs, starts[k] + d), splat(factors[k])
            error = multiply_add(factor, row, error)
            store(outputs, starts[k] + d, multiply_add(factor, h, row))
        for i in range(n_contexts):
            row = load(inputs, contexts[i] + d)
            store(inputs, contexts[i] + d, multiply_add(part_of_each, error, row))


@inlined
def limit_window(factors, total, contexts, n_contexts, both_shares):
    """Scale the factors of a window's step down, in place, where it is longer than `MOST_AT_ONCE`.

    A step moves an output row by its factor times the hidden vector, and the hidden vector by that factor times the
    row, times both_shares, once for each two places of the window that hold the same word. The step's length is the
    geometric mean of the two, with `total`, the sum of the factors' sizes, for the factor. Long steps overshoot, each
    more than the one before. At the usual rates none is so long, unless words repeat themselves.
    """
    repeats, size = 0, total * total * both_shares
    if size * np.float32(n_contexts * n_contexts) > MOST_AT_ONCE * MOST_AT_ONCE:
        for i in range(n_contexts):
            for j in range(n_contexts):
                repeats += contexts[i] == contexts[j]
        size = np.sqrt(size * np.float32(repeats))
        if size > MOST_AT_ONCE:
            factors *= MOST_AT_ONCE / size


@inlined
def step_window(
    inputs, contexts, n_contexts, outputs, starts, signs, n_outputs, hidden, scores, average, divide_error, rate, dim
):  # fmt: skip
    """One step of gradient descent for a window that predicts outputs; returns its loss.

    contexts, starts  where the rows of the window and the outputs start; of the latter those past `n_outputs` up to the
             end of the tile are read
    signs    float32: -1 for each output whose score is to become large, else 1
    """
    part_of_each = np.float32(1 / n_contexts)
    hidden_share = part_of_each if average else np.float32(1)
    error_share = part_of_each if divide_error else np.float32(1)
    average_rows(hidden, inputs, contexts, n_contexts, hidden_share, dim)
    for k in range(0, n_outputs, TILE):
        score_rows(hidden, outputs, starts, k, dim, scores)
    loss, total = signed_slopes_and_loss(scores, signs, n_outputs, rate)
    limit_window(scores, total, contexts, n_contexts, hidden_share * error_share)
    update_window(inputs, contexts, n_contexts, error_share, outputs, starts, n_outputs, scores, hidden, dim)
    return loss


@part
def train_windows(kept, low, high, noise, inputs, outputs, window, average, divide_error, rate):
    """One step for each centre of `kept`; returns (loss, centres that have context).

    noise  a row for two consecutive centres
    """
    dim, n_kept, negative = inputs.shape[1], len(kept), noise.shape[1]
    inputs, outputs, rate = inputs.reshape(-1), outputs.reshape(-1), np.float32(rate)
    room = round_up(1 + negative, LANES)
    hidden, scores, contexts, starts = (
        aligned_zeros(dim), aligned_zeros(room), np.zeros(2 * window + 1, np.intp), np.zeros(room, np.intp)
    )  # fmt: skip
    signs = aligned_zeros(room)
    signs[0], signs[1:] = -1, 1
    loss, n_centres = 0.0, 0

    for c in range(n_kept):
        t = min(c + AHEAD, n_kept - 1)
        prefetch_row(inputs, dim * np.intp(kept[min(t + window, n_kept - 1)]), dim)
        prefetch_row(outputs, dim * np.intp(kept[t]), dim)
        for k in range(negative):
            prefetch_row(outputs, dim * np.intp(noise[t // SHARING, k]), dim)
        n_contexts = list_window(contexts, kept, low, high, c, dim)
        if n_contexts == 0:
            continue
        starts[0], n_outputs = dim * np.intp(kept[c]), 1
        for k in range(negative):
            word = noise[c // SHARING, k]
            starts[n_outputs] = dim * np.intp(word)
            n_outputs += word != kept[c]
        n_centres += 1
        loss += step_window(
            inputs, contexts, n_contexts, outputs, starts, signs, n_outputs,
            hidden, scores, average, divide_error, rate, dim,
        )  # fmt: skip

    return loss, n_centres


@kernel
def cbow_block(
    ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, average, divide_error, negative, rate, state,
):  # fmt: skip
    """Train CBOW on the tokens ids[first:last]; returns (loss, n_centres), whose quotient is a centre's mean loss.

    average  whether the hidden vector is the mean of the context rows, else their sum
    divide_error  whether a context row gets the hidden vector's error over the number of contexts, else the whole of
             it; whole with the mean is word2vec.c's, divided with the mean or whole with the sum the true gradient
    negative the noise words that each centre draws; one that is the centre itself is passed over
    The others are as in `skipgram_block`. Centres without context are passed over.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_draws = -(-len(kept) // SHARING)
    noise = draw_noise(n_draws, negative, noise_threshold, noise_alias, state, last - first)
    return train_windows(kept, low, high, noise, inputs, outputs, window, average, divide_error, rate)


# ---- hierarchical softmax: the nodes on a word's path in a Huffman tree, in place of noise words ----


def huffman_tree(counts):
    """The paths of a Huffman tree from its root to each word: (path_offsets, nodes, signs).

    Word w passes the inner nodes nodes[path_offsets[w] : path_offsets[w + 1]], root first, int32 in range(n - 1). The
    int8 sign of each is -1 where its score is to become large, else 1: code 0 and code 1 of word2vec.c.

    counts  (n,) numbers in any order, not negative
    Source: word2vec.c, CreateBinaryTree; ties as there, for words by falling count.
    """
    counts = np.asarray(counts, np.float64)
    order = np.argsort(-counts, kind="stable")  # here, for numba takes six seconds to compile a stable sort
    return huffman_paths(counts[order], order)


@kernel
def huffman_paths(counts, order):
    """`huffman_tree` from falling counts; row r of them is word order[r]."""
    n = len(counts)
    weights, parents, signs_of = np.zeros(2 * n), np.zeros(2 * n, np.int64), np.zeros(2 * n, np.int8)
    weights[:n] = counts
    # leaves from the last on and inner nodes, which are numbered from n on, are two queues of rising weight
    leaf, inner = n - 1, n
    for node in range(n, 2 * n - 1):
        for sign in (-1, 1):
            if leaf >= 0 and (inner == node or weights[leaf] < weights[inner]):
                child = leaf
                leaf -= 1
            else:
                child = inner
                inner += 1
            weights[node] += weights[child]
            parents[child], signs_of[child] = node, sign

    depths = np.zeros(2 * n, np.int64)
    for node in range(2 * n - 3, -1, -1):  # parents are numbered higher; the last node is the root
        depths[node] = depths[parents[node]] + 1
    path_offsets = np.zeros(n + 1, np.int64)
    for rank in range(n):
        path_offsets[order[rank] + 1] = depths[rank]
    path_offsets = np.cumsum(path_offsets)
    nodes, signs = np.empty(path_offsets[n], np.int32), np.empty(path_offsets[n], np.int8)
    for rank in range(n):
        node = rank
        for p in range(path_offsets[order[rank] + 1] - 1, path_offsets[order[rank]] - 1, -1):
            signs[p] = signs_of[node]
            node = parents[node]
            nodes[p] = node - n
    return path_offsets, nodes, signs


@part
def longest_path(kept, path_offsets):
    longest = 0
    for c in range(len(kept)):
        longest = max(longest, path_offsets[kept[c] + 1] - path_offsets[kept[c]])
    return longest


@part
def train_on_paths(
    kept, low, high, inputs, outputs, path_offsets, nodes, signs,
    window, together, on_copies, average, divide_error, rate,
):  # fmt: skip
    """Steps that predict the nodes on the path of each centre of `kept`; returns (loss, number of steps).

    together   whether a window predicts them as one, as in CBOW, else each of its words by itself, one after the other
    on_copies  whether the words of a window work on a copy of the path, whose changes are then added at once. The first
               nodes are on every path, and each write to them takes their cache lines away from the other threads:
               with two threads copies are half as fast again, with one a quarter slower
    """
    dim, n_kept = inputs.shape[1], len(kept)
    inputs, outputs, rate = inputs.reshape(-1), outputs.reshape(-1), np.float32(rate)
    room = round_up(longest_path(kept, path_offsets), LANES)
    hidden, all_scores, contexts, starts = (
        aligned_zeros(dim), aligned_zeros(room), np.zeros(2 * window + 1, np.intp), np.zeros(room, np.intp)
    )  # fmt: skip
    path_signs = aligned_zeros(room)
    path, path_before, places = aligned_zeros(room * dim), aligned_zeros(room * dim), dim * np.arange(room)
    rows, row_starts = (path, places) if on_copies else (outputs, starts)
    loss, n_steps = 0.0, 0

    for c in range(n_kept):
        following = kept[min(c + 1, n_kept - 1)]
        for p in range(path_offsets[following], path_offsets[following + 1]):
            prefetch_row(outputs, dim * np.intp(nodes[p]), dim)
        prefetch_row(inputs, dim * np.intp(kept[min(c + AHEAD + window, n_kept - 1)]), dim)
        path_start, path_end = path_offsets[kept[c]], path_offsets[kept[c] + 1]
        n_nodes = path_end - path_start
        for k in range(n_nodes):
            starts[k], path_signs[k] = dim * np.intp(nodes[path_start + k]), np.float32(signs[path_start + k])
        scores = all_scores[: round_up(n_nodes, LANES)]
        n_contexts = list_window(contexts, kept, low, high, c, dim)
        n_at_once = n_contexts if together else 1
        if on_copies:
            for k in range(round_up(n_nodes, TILE)):
                copy_row(outputs, starts[k], path, places[k], dim)
                copy_row(path, places[k], path_before, places[k], dim)
        for i in range(0, n_contexts, max(n_at_once, 1)):
            n_steps += 1
            loss += step_window(
                inputs, contexts[i:], n_at_once, rows, row_starts, path_signs, n_nodes,
                hidden, scores, average, divide_error, rate, dim,
            )  # fmt: skip
        if on_copies:
            for k in range(n_nodes):
                add_difference(outputs, starts[k], path, path_before, places[k], dim)

    return loss, n_steps


@kernel
def skipgram_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs, window, shrink, on_copies, rate, state
):
    """Train skip-gram with hierarchical softmax on ids[first:last]; returns (loss, n_pairs).

    outputs  (n_words - 1, dim) float32: the inner nodes' rows
    path_offsets, nodes, signs  from `huffman_tree`
    on_copies  best where several threads train, see `train_on_paths`; the result is the same but for rounding
    The others are as in `skipgram_block`.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    return train_on_paths(
        kept, low, high, inputs, outputs, path_offsets, nodes, signs, window, False, on_copies, True, False, rate
    )


@kernel
def cbow_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, average, divide_error, rate, state,
):  # fmt: skip
    """Train CBOW with hierarchical softmax on ids[first:last]; returns (loss, n_centres).

    The parameters are as in `cbow_block` and `skipgram_hs_block`.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    return train_on_paths(
        kept, low, high, inputs, outputs, path_offsets, nodes, signs, window, True, False, average, divide_error, rate
    )
