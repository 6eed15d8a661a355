"""CBOW, as word2vec.c has it: the mean of a window's context rows, the hidden vector, predicts the centre.

One step for one window after the other, straight in the shared matrices, each from the values that the one before left.
"""

import numpy as np

from wordvec_cli.kernels.draws import draw_noise, draw_tokens
from wordvec_cli.kernels.losses import signed_slopes_and_loss
from wordvec_cli.kernels.parts import (
    LANES,
    add,
    aligned_zeros,
    inlined,
    kernel,
    load,
    multiply_add,
    part,
    splat,
    store,
    store_sums,
)
from wordvec_cli.kernels.rows import TILE, prefetch_row, round_up

MOST_AT_ONCE = np.float32(1 / 4)  # see `limit_window`; with 1/2, rates from 0.25 on diverge where words are few
SHARING = 2  # consecutive centres of CBOW that meet the same noise words: a sixth faster, at the same scores
AHEAD = 2  # how many centres early their rows are prefetched


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
