"""CBOW, as word2vec.c has it: the mean of a window's context rows, the hidden vector, predicts the centre.

A *group* is `GROUP` consecutive tokens. Its hidden vectors are made of the input rows that it began with: by sums of
all rows up to each token, of which a window needs the differences at its ends, however wide it is. All scores come
before all updates, so that no step waits for the one before. Then output rows change, and each centre's error is added
to the context rows of its window at once for the group, again by differences at the ends. A row of the inputs so
travels to and from memory once for a group and not once for each window.

Source: Mikolov et al. 2013, arXiv 1301.3781, and word2vec.c for subsampling and windows.
"""

import numpy as np

from wordvec_cli.kernels.draws import draw_noise, draw_tokens, widest
from wordvec_cli.kernels.in_step import TOKENS_PER_CHUNK, Model, Needs, chunks_of, no_noise
from wordvec_cli.kernels.losses import limit_factors, signed_slopes_and_loss
from wordvec_cli.kernels.own_rows import merge_copies, place_of, take_copies, visit
from wordvec_cli.kernels.parts import (
    LANES,
    add,
    aligned_zeros,
    inlined,
    kernel,
    load,
    multiply,
    multiply_add,
    part,
    splat,
    store,
    store_sums,
    subtract,
)
from wordvec_cli.kernels.rows import TILE, prefetch_row, round_up

GROUP = 32  # tokens; 16 are slower, 64 no faster, and all have the same scores
SHARING = 2  # consecutive centres that meet the same noise words: a sixth faster than 1, at the same scores


@inlined
def rows_between(row_ends, first, after):
    """How many rows the tokens first:after have: row_ends[t] the tokens before t, None: each has one."""
    return after - first if row_ends is None else row_ends[after] - row_ends[first]


@part
def weigh_windows(low, high, begin, average, divide_error, shares, error_shares, row_ends=None):
    """Set what a context row counts in the hidden vector of each centre of a group, and what it gets of its error.

    Returns how many centres have context; the others' shares are 0.
    """
    n_centres = 0
    for j in range(GROUP):
        c = min(begin + j, len(low) - 1)
        n_rows = rows_between(row_ends, low[c], high[c]) - rows_between(row_ends, c, c + 1)
        n_rows = n_rows if begin + j < len(low) else 0
        is_step = np.float32(1) if n_rows > 0 else np.float32(0)
        part_of_each = is_step / np.float32(max(n_rows, 1))
        shares[j] = part_of_each if average else is_step
        error_shares[j] = part_of_each if divide_error else is_step
        n_centres += n_rows > 0
    return n_centres


@inlined
def sum_windows(hidden, sums, inputs, starts, low, high, begin, window, shares, dim):
    """hidden[j] = shares[j] * the sum of the context rows of centre j.

    starts  where the rows of the tokens from begin - window on start
    sums    (len(starts) + 1, dim), overwritten but for its first row, which is 0
    """
    first = begin - window
    for d in range(0, dim, LANES):
        total = splat(np.float32(0))
        for i in range(len(starts)):
            total = add(total, load(inputs, starts[i] + d))
            store(sums, (i + 1) * dim + d, total)
    for j in range(min(GROUP, len(low) - begin)):
        c = begin + j
        from_low, to_high, itself = (low[c] - first) * dim, (high[c] - first) * dim, (c - first) * dim
        share = splat(shares[j])
        for d in range(0, dim, LANES):
            before = subtract(load(sums, itself + d), load(sums, from_low + d))
            after = subtract(load(sums, to_high + d), load(sums, itself + dim + d))
            store(hidden, j * dim + d, multiply(share, add(before, after)))


@inlined
def spread_errors(inputs, starts, errors, low, high, begin, window, shares, changes, dim, row_ends=None):
    """Add shares[j] * errors[j] to each context row of centre j.

    changes  (len(starts) + 1, dim), overwritten
    errors   multiplied by the shares
    row_ends  see `rows_between`: a sum of rows changes as often as it has rows
    """
    first, n_centres, last = begin - window, min(GROUP, len(low) - begin), len(low) - 1
    for d in range(0, (len(starts) + 1) * dim, LANES):
        store(changes, d, splat(np.float32(0)))
    for j in range(n_centres):
        from_low, to_high = (low[begin + j] - first) * dim, (high[begin + j] - first) * dim
        share = splat(shares[j])
        for d in range(0, dim, LANES):
            error = multiply(share, load(errors, j * dim + d))
            store(errors, j * dim + d, error)
            store(changes, from_low + d, add(load(changes, from_low + d), error))
            store(changes, to_high + d, subtract(load(changes, to_high + d), error))
    for d in range(0, dim, LANES):
        change = splat(np.float32(0))
        for i in range(len(starts)):
            change = add(change, load(changes, i * dim + d))
            row, is_centre = load(inputs, starts[i] + d), window <= i < window + n_centres
            if row_ends is None:
                row = add(row, change)
                if is_centre:  # which is no context of its own
                    row = subtract(row, load(errors, (i - window) * dim + d))
            else:
                t, of_each = min(max(first + i, 0), last), change
                if is_centre:
                    of_each = subtract(change, load(errors, (i - window) * dim + d))
                row = multiply_add(splat(np.float32(rows_between(row_ends, t, t + 1))), of_each, row)
            store(inputs, starts[i] + d, row)


@inlined
def score_pair(hidden, pair, outputs, starts, first, n, dim, scores):
    """scores[(c * n) + k] = hidden[c] . outputs[starts[first + k] :] for k < n and the centres c of a pair."""
    a, b = pair * 2 * dim, (pair * 2 + 1) * dim
    for k in range(0, n, TILE):
        s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = splat(np.float32(0))
        t = np.uintp(first + k)
        r0, r1 = starts[t], starts[t + np.uintp(1)]
        r2, r3 = starts[t + np.uintp(2)], starts[t + np.uintp(3)]
        for d in range(0, dim, LANES):
            h, g = load(hidden, a + d), load(hidden, b + d)
            v0, v1, v2, v3 = load(outputs, r0 + d), load(outputs, r1 + d), load(outputs, r2 + d), load(outputs, r3 + d)
            s0, s1, s2, s3 = (
                multiply_add(h, v0, s0), multiply_add(h, v1, s1), multiply_add(h, v2, s2), multiply_add(h, v3, s3)
            )  # fmt: skip
            t0, t1, t2, t3 = (
                multiply_add(g, v0, t0), multiply_add(g, v1, t1), multiply_add(g, v2, t2), multiply_add(g, v3, t3)
            )  # fmt: skip
        store_sums(scores, pair * 2 * n + k, s0, s1, s2, s3)
        store_sums(scores, (pair * 2 + 1) * n + k, t0, t1, t2, t3)


@inlined
def _step_of_pair(outputs, row, h, g, factor_h, factor_g, error_h, error_g):
    """Add factor * hidden vector to a row, for two of them; returns their errors with the row's share, as it was."""
    v = load(outputs, row)
    store(outputs, row, multiply_add(factor_g, g, multiply_add(factor_h, h, v)))
    return multiply_add(factor_h, v, error_h), multiply_add(factor_g, v, error_g)


@inlined
def update_pair(hidden, pair, outputs, starts, first, n, dim, factors, errors):
    """Make the steps whose factors are where `score_pair` has the scores, row by row; sets the errors of the pair."""
    a, b, one = pair * 2 * dim, (pair * 2 + 1) * dim, np.uintp(1)
    for k in range(0, n, TILE):
        t, p, q = np.uintp(first + k), np.uintp(pair * 2 * n + k), np.uintp((pair * 2 + 1) * n + k)
        r0, r1, r2, r3 = starts[t], starts[t + one], starts[t + one + one], starts[t + one + one + one]
        f0, f1, f2, f3 = (
            splat(factors[p]), splat(factors[p + one]), splat(factors[p + one + one]),
            splat(factors[p + one + one + one]),
        )  # fmt: skip
        g0, g1, g2, g3 = (
            splat(factors[q]), splat(factors[q + one]), splat(factors[q + one + one]),
            splat(factors[q + one + one + one]),
        )  # fmt: skip
        for d in range(0, dim, LANES):
            h, g = load(hidden, a + d), load(hidden, b + d)
            error_h = load(errors, a + d) if k else splat(np.float32(0))
            error_g = load(errors, b + d) if k else splat(np.float32(0))
            error_h, error_g = _step_of_pair(outputs, r0 + d, h, g, f0, g0, error_h, error_g)
            error_h, error_g = _step_of_pair(outputs, r1 + d, h, g, f1, g1, error_h, error_g)
            error_h, error_g = _step_of_pair(outputs, r2 + d, h, g, f2, g2, error_h, error_g)
            error_h, error_g = _step_of_pair(outputs, r3 + d, h, g, f3, g3, error_h, error_g)
            store(errors, a + d, error_h)
            store(errors, b + d, error_g)


@inlined
def sign_pairs(signs, kept, noise, begin, negative, n, shares):
    """signs[j * n + k]: -1 where target k of its pair of centres is centre j, 1 for a noise word, else 0.

    The targets of a pair are its two centres, its noise words but for those that are the centre, and what fills the
    tile.
    """
    for j in range(GROUP):
        c = min(begin + j, len(kept) - 1)
        word, first, to = kept[c], c // SHARING * negative, j * n
        is_step = np.float32(1) if shares[j] > 0 else np.float32(0)
        signs[to + j % SHARING] = -is_step
        for k in range(negative):
            signs[to + SHARING + k] = np.float32(0) if noise[first + k] == word else is_step


@part
def room_for_windows(window, negative, dim):
    """What `train_range` works in."""
    n, n_starts, n_pairs = round_up(SHARING + negative, TILE), GROUP + 2 * window, GROUP // SHARING
    return (
        np.zeros(n_starts, np.intp), np.zeros(n_pairs * n, np.intp),
        aligned_zeros(GROUP * dim), aligned_zeros(GROUP * dim),
        aligned_zeros((n_starts + 1) * dim), aligned_zeros((n_starts + 1) * dim),
        aligned_zeros(GROUP * n), aligned_zeros(GROUP * n), aligned_zeros(GROUP), aligned_zeros(GROUP),
    )  # fmt: skip


@part
def train_range(
    room, from_token, to_token, kept, low, high, noise, inputs, outputs, window, average, divide_error,
    own_inputs, inputs_at, input_visits, own_outputs, outputs_at, output_visits, most, rate, limit,
    input_slots, output_slots, of_inputs=None, row_ends=None,
):  # fmt: skip
    """One step for each group of kept[from_token:to_token]; returns (loss, centres that have context).

    inputs, outputs, noise  flat
    noise   a row for two consecutive centres
    own .. most  copies that a thread has, see own_rows.py
    slots   of copies that a chunk has, see in_step.py; None: none
    of_inputs, row_ends  which rows of the inputs tokens have, all near, and of how many rows of a word each is the
            sum, see `rows_between`; None: those of their words, of one
    """
    starts, targets, hidden, errors, sums, changes, scores, signs, shares, error_shares = room
    n_kept, n_starts, n_pairs = len(kept), len(starts), GROUP // SHARING
    n_hot_inputs, n_hot = len(input_visits), len(output_visits)
    n, dim, negative, last = (
        len(targets) // n_pairs,
        len(hidden) // GROUP,
        len(noise) // -(-n_kept // SHARING),
        n_kept - 1,
    )
    loss, n_centres = 0.0, 0

    for begin in range(from_token, to_token, GROUP):
        n_centres += weigh_windows(low, high, begin, average, divide_error, shares, error_shares, row_ends)
        sign_pairs(signs, kept, noise, begin, negative, n, shares)
        first, after = max(begin - window, 0), min(begin + GROUP + window, n_kept)
        first_noise, after_noise = begin // SHARING * negative, min((begin + GROUP) // SHARING * negative, len(noise))
        if n_hot_inputs:
            visit(inputs, own_inputs, input_visits, kept[first:after], 0, most, dim)
        if n_hot:
            visit(outputs, own_outputs, output_visits, kept[begin : min(begin + GROUP, n_kept)], 0, most, dim)
            visit(outputs, own_outputs, output_visits, noise[first_noise:after_noise], 0, most, dim)
        for i in range(n_starts):
            t = min(max(begin - window + i, 0), last)
            word = kept[t] if of_inputs is None else of_inputs[t]
            starts[i] = place_of(word, 0, n_hot_inputs, inputs_at, dim, input_slots)
        for pair in range(n_pairs):
            c, to = min(begin + pair * SHARING, last), pair * n
            for k in range(SHARING):
                targets[to + k] = place_of(kept[min(c + k, last)], 0, n_hot, outputs_at, dim, output_slots)
            for k in range(negative):
                word = noise[c // SHARING * negative + k]
                targets[to + SHARING + k] = place_of(word, 0, n_hot, outputs_at, dim, output_slots)
            for k in range(to + SHARING + negative, to + n):
                targets[k] = targets[to]

        sum_windows(hidden, sums, inputs, starts, low, high, begin, window, shares, dim)
        for pair in range(n_pairs):
            score_pair(hidden, pair, outputs, targets, pair * n, n, dim, scores)
        loss += signed_slopes_and_loss(scores, signs, rate)
        if rate * (1 + negative) > limit:
            for j in range(GROUP):
                limit_factors(scores, j * n, n, limit)

        for pair in range(n_pairs):
            t = min(begin + GROUP + pair * SHARING, last)  # the next group's rows, and those that end this one
            for c in range(t, min(t + SHARING, n_kept)):
                if of_inputs is None:
                    ahead = kept[min(c + window, last)]
                    prefetch_row(inputs, place_of(ahead, 0, n_hot_inputs, inputs_at, dim, input_slots), dim)
                prefetch_row(outputs, place_of(kept[c], 0, n_hot, outputs_at, dim, output_slots), dim)
            for k in range(t // SHARING * negative, (t // SHARING + 1) * negative):
                prefetch_row(outputs, place_of(noise[k], 0, n_hot, outputs_at, dim, output_slots), dim)
            if of_inputs is None:
                for i in range(pair * n_starts // n_pairs, (pair + 1) * n_starts // n_pairs):
                    prefetch_row(inputs, starts[i], dim)
            update_pair(hidden, pair, outputs, targets, pair * n, n, dim, scores, errors)
        spread_errors(inputs, starts, errors, low, high, begin, window, error_shares, changes, dim, row_ends)
    return loss, n_centres


@part
def train_windows(kept, low, high, noise, inputs, outputs, average, divide_error, n_hot, most, rate, limit):
    """One step for each group of `kept`; returns (loss, centres that have context)."""
    dim, negative, window = inputs.shape[1], noise.shape[1], widest(low, high)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    n_hot = min(n_hot, len(inputs) // dim)
    own_inputs, inputs_at, input_visits = take_copies(inputs, 0, n_hot, dim)
    own_outputs, outputs_at, output_visits = take_copies(outputs, 0, n_hot, dim)
    results = train_range(
        room_for_windows(window, negative, dim), 0, len(kept), kept, low, high, noise.reshape(-1), inputs, outputs,
        window, average, divide_error, own_inputs, inputs_at, input_visits, own_outputs, outputs_at, output_visits,
        most, np.float32(rate), np.float32(limit), None, None,
    )  # fmt: skip
    merge_copies(inputs, own_inputs, input_visits, 0, dim)
    merge_copies(outputs, own_outputs, output_visits, 0, dim)
    return results


@kernel
def train_windows_in_step(
    work, kept, low, high, noise, inputs, outputs, rate, last_rate, limit, average, divide_error,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, window = inputs.shape[1], widest(low, high)
    room = room_for_windows(window, noise.shape[1], dim)
    inputs, outputs, noise = inputs.reshape(-1), outputs.reshape(-1), noise.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_range(
            room, chunk.first, chunk.after, kept, low, high, noise, inputs, outputs, window, average, divide_error,
            none, chunk.inputs_at, no_visits, none, chunk.outputs_at, no_visits, 1, chunk.rate, np.float32(limit),
            work.own_inputs.slots, work.own_outputs.slots,
        )  # fmt: skip


def cbow_in_step(noise_threshold, noise_alias, window, shrink, average, divide_error, negative, *_):
    """What `cbow_block` does, in step."""

    def draw(ids, offsets, first, last, keep, state):
        kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
        n_draws = -(-len(kept) // SHARING)
        return kept, low, high, draw_noise(n_draws, negative, noise_threshold, noise_alias, state, last - first)

    def needs(draws):
        return Needs(widest(*draws[1:3]), no_noise(), SHARING), Needs(0, draws[3], SHARING)

    def train(*arguments):
        train_windows_in_step(*arguments, average, divide_error)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


@kernel
def cbow_block(
    ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, average, divide_error, negative, n_hot, most, rate, limit, state,
):  # fmt: skip
    """Train CBOW on the tokens ids[first:last]; returns (loss, n_centres), whose quotient is a centre's mean loss.

    average  whether the hidden vector is the mean of the context rows, else their sum
    divide_error  whether a context row gets the hidden vector's error over the number of contexts, else the whole of
             it; whole with the mean is word2vec.c's, divided with the mean or whole with the sum the true gradient
    negative the noise words that each centre draws; one that is the centre itself is passed over
    n_hot, most  of how many words, the first ones, the thread has copies, and how many visits those have before they
             are merged, see own_rows.py; 0: none
    limit    of the sum of the sizes of a centre's factors, see `limit_of_windows`
    The others are as in `skipgram_block`. Centres without context are passed over.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_draws = -(-len(kept) // SHARING)
    noise = draw_noise(n_draws, negative, noise_threshold, noise_alias, state, last - first)
    return train_windows(
        kept, low, high, noise, inputs, outputs, average, divide_error, n_hot, most, rate, limit
    )  # fmt: skip
