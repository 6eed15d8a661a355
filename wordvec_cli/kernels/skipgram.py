"""Skip-gram with negative sampling: a kernel that trains on a block of tokens by groups.

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

import numpy as np
from numba import njit

from wordvec_cli.kernels.draws import draw_noise, draw_tokens
from wordvec_cli.kernels.in_step import (
    TOKENS_PER_CHUNK,
    Model,
    Needs,
    chunks_of,
    no_noise,
    place_in_step,
)
from wordvec_cli.kernels.losses import slopes_and_loss
from wordvec_cli.kernels.parts import OPTIONS, aligned_zeros, kernel, part
from wordvec_cli.kernels.rows import TILE, copy_row, prefetch_row, round_up, score_tile, update_tile

GROUP = 16  # tokens; 32 is about a tenth faster, but SimLex-999 then loses 0.003 to 0.004 (measured)
HIGH_RATE, MOST_IN_STEP = 0.1, 0.5  # see `cautious`
MARKS = 4096  # of a sieve for the noise words of a group

part_of_loop = njit(inline="always", **OPTIONS)  # a call with so many arrays in a tuple cost a tenth of the time


def noise_words(window: int, shrink: bool, negative: int) -> int:
    """How many noise words a group should share: as many as a context word meets in all its windows, at most 64.

    A noise word then counts about once for a context word, as in the original. Fewer are faster, count more, and cost
    accuracy: of 24, 16 and 6 in place of 32, only 24 still gives nearly the same analogies.
    """
    meetings = negative * (window + 1 if shrink else 2 * window)
    return min(-(-meetings // TILE) * TILE, 64)


@part
def count_windows(low, high):
    """(n + GROUP,) float32: how many windows hold each token, then zeros for the rest of the last group."""
    change = np.zeros(len(low) + GROUP, np.float32)
    for c in range(len(low)):
        change[low[c]] += 1
        change[high[c]] -= 1
        change[c] -= 1
        change[c + 1] += 1
    for c in range(1, len(change)):
        change[c] += change[c - 1]
    return change


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
        copy_row(share, begin, weights, k * GROUP, np.intp(GROUP))
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
    is_beyond = False
    for i in range(len(totals)):
        is_beyond |= totals[i] > limit
    if is_beyond:
        for o in range(n_outputs):
            first = o // TILE * lag
            of_output = factors[o * n_rows + first : (o + 1) * n_rows + first]
            for i in range(n_rows):
                of_output[i] *= limit / max(totals[first + i], limit)


@part
def gather_contexts(contexts, starts, inputs, kept, begin, dim, slots, copies_at):
    """Copy the rows of the tokens from `begin` on; past the ends stand copies of the last token, to have weight 0."""
    for i in range(len(starts)):
        starts[i] = place_in_step(kept[min(max(begin + i, 0), len(kept) - 1)], slots, copies_at, dim)
        copy_row(inputs, starts[i], contexts, i * dim, dim)


@part
def gather_targets(targets, starts, outputs, kept, begin, noise, dim, slots, copies_at):
    """Copy the rows of the `GROUP` centres from `begin` on, then the noise words; each with copies of its last one."""
    for j in range(len(starts)):
        word = kept[min(begin + j, len(kept) - 1)] if j < GROUP else noise[min(j - GROUP, len(noise) - 1)]
        starts[j] = place_in_step(word, slots, copies_at, dim)
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
def train_range(
    room, first, after, kept, low, high, share, noise, inputs, outputs, window, window_share, rate, limit,
    input_slots, inputs_at, output_slots, outputs_at,
):  # fmt: skip
    """One step of gradient descent for each group of `GROUP` tokens of kept[first:after]; returns (loss, n_pairs).

    inputs, outputs  flat
    share   (n + GROUP,) float32: window_share for each window that holds a token
    slots, at  of copies of rows, see `place_in_step`
    """
    (
        contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
        totals, marks,
    ) = room  # fmt: skip
    n_kept, (n_groups, n_noise) = len(kept), noise.shape
    group, one = np.intp(GROUP), np.intp(1)  # no literals: parts would be compiled once more for each
    reach, n_contexts, n_targets = size_group(window, n_noise)
    dim = len(targets) // n_targets
    loss, n_pairs = 0.0, 0
    for begin in range(first, after, GROUP):
        g = begin // GROUP
        next_noise = noise[min(g + 1, n_groups - 1)]
        gather_contexts(contexts, context_starts, inputs, kept, begin - window, dim, input_slots, inputs_at)
        gather_targets(targets, target_starts, outputs, kept, begin, noise[g], dim, output_slots, outputs_at)

        # Weigh every pair: most of a dense block is no pair at all.
        n_pairs += weigh_true_pairs(true_weights, reach, window, low, high, begin)
        weigh_noise(noise_weights, share, window_share, noise[g], marks, kept, low, high, begin, window)

        # Score.
        for j in range(0, GROUP, TILE):
            for i in range(j, j + reach, TILE):
                score_tile(contexts, i, targets, j, dim, true_scores, j * reach + i, reach)

        for k in range(0, n_targets - GROUP, TILE):
            for i in range(0, GROUP, TILE):
                score_tile(contexts, window + i, targets, GROUP + k, dim, noise_scores, k * GROUP + i, group)
        loss += np.float64(slopes_and_loss(true_scores, true_weights, np.float32(-1), rate))
        loss += np.float64(slopes_and_loss(noise_scores, noise_weights, np.float32(1), rate))
        if rate * 2 * window > limit:
            limit_steps(true_scores, GROUP, reach, TILE, totals, limit)
        limit_steps(noise_scores, n_noise, GROUP, 0, totals, limit)  # literals add up in another order

        # Update, from the gathered copies.
        for i in range(0, n_contexts, TILE):
            j = min(max(i - 2 * window, 0), GROUP)  # the first centre whose window may hold row i
            n = min(i + TILE, GROUP) - j
            update_tile(inputs, context_starts, i, targets, j, n, dim, true_scores, j * reach + i, reach, one)
        for i in range(0, GROUP, TILE):
            update_tile(inputs, context_starts, window + i, targets, group, n_noise, dim, noise_scores, i, group, one)

        for j in range(0, GROUP, TILE):
            for t in range(begin + GROUP + j, begin + GROUP + j + TILE):  # rows that the next group needs
                word, centre = kept[min(t + window, n_kept - 1)], kept[min(t, n_kept - 1)]
                prefetch_row(inputs, place_in_step(word, input_slots, inputs_at, dim), dim)
                prefetch_row(outputs, place_in_step(centre, output_slots, outputs_at, dim), dim)
            n = 2 * window + TILE
            update_tile(outputs, target_starts, j, contexts, j, n, dim, true_scores, j * reach + j, one, reach)
        for k in range(0, n_targets - GROUP, TILE):
            for t in range(k, min(k + TILE, n_noise)):
                prefetch_row(outputs, place_in_step(next_noise[t], output_slots, outputs_at, dim), dim)
            update_tile(
                outputs, target_starts, GROUP + k, contexts, window, group, dim, noise_scores, k * GROUP, one, group
            )
    return loss, n_pairs


@kernel
def train_groups(kept, low, high, noise, inputs, outputs, window, negative, rate, limit):
    """One step of gradient descent for each group of `GROUP` tokens of `kept`; returns (loss, n_pairs)."""
    dim, n_noise = inputs.shape[1], noise.shape[1]
    rate, limit, window_share = np.float32(rate), np.float32(limit), np.float32(negative / n_noise)
    share = window_share * count_windows(low, high)
    return train_range(
        room_for_group(window, n_noise, dim), 0, len(kept), kept, low, high, share, noise,
        inputs.reshape(-1), outputs.reshape(-1), window, window_share, rate, limit, None, 0, None, 0,
    )  # fmt: skip


@kernel
def train_groups_in_step(
    work, kept, low, high, noise, inputs, outputs, rate, last_rate, limit, window, negative,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, n_noise = inputs.shape[1], noise.shape[1]
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    limit, window_share = np.float32(limit), np.float32(negative / n_noise)
    share = window_share * count_windows(low, high)
    room = room_for_group(window, n_noise, dim)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_range(
            room, chunk.first, chunk.after, kept, low, high, share, noise, inputs, outputs, window, window_share,
            chunk.rate, limit, work.own_inputs.slots, chunk.inputs_at, work.own_outputs.slots, chunk.outputs_at,
        )  # fmt: skip


def draw_groups(ids, offsets, first, last, keep, state, noise_threshold, noise_alias, window, shrink, n_noise):
    """The random choices of a block: (kept, low, high, noise)."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_groups = (len(kept) + GROUP - 1) // GROUP
    return kept, low, high, draw_noise(n_groups, n_noise, noise_threshold, noise_alias, state, last - first)


def cautious(rate, last_rate, limit):
    """What threads in step take for rates and a limit, that even lines that are all alike are learnt.

    Words of such lines come in all chunks of a step, which all move them the same way.
    """
    return min(rate, MOST_IN_STEP), min(last_rate, MOST_IN_STEP), limit / 2 if rate > HIGH_RATE else limit


def skipgram_in_step(noise_threshold, noise_alias, window, shrink, negative, n_noise):
    """What `skipgram_block` does, in step."""

    def draw(*place):
        return draw_groups(*place, noise_threshold, noise_alias, window, shrink, n_noise)

    def needs(draws):
        return Needs(window + TILE, no_noise(), GROUP), Needs(0, draws[3], GROUP)

    def train(*arguments):
        *others, rate, last_rate, limit = arguments
        train_groups_in_step(*others, *cautious(rate, last_rate, limit), window, negative)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


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
    # Three kernels and not one of all: they compile in half the time, and two of them while another process compiles.
    draws = draw_groups(ids, offsets, first, last, keep, state, noise_threshold, noise_alias, window, shrink, n_noise)
    return train_groups(*draws, inputs, outputs, window, negative, rate, limit)
