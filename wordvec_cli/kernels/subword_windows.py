"""CBOW, and hierarchical softmax, where a word's vector is the mean of its own row and those of its n-grams.

One step follows the other as in fastText, but rows are read and written once for a group of `GROUP` centres: the sums
of each token's rows are made when the group begins, steps change the sums and add up what the rows are owed, and that
is added to the rows when the group ends. So each step starts from what the steps before it left, but for rows that
words of a group share, which are as the group began.

CBOW's hidden vector is the mean of all rows of all words of the window, so that words with many n-grams weigh more.

Source: fasttext.cc (cbow, skipgram), model.cc (update) and loss.cc of facebookresearch/fastText.
"""

import numpy as np

from wordvec_cli.kernels.draws import draw_noise, draw_tokens, longest_list
from wordvec_cli.kernels.in_step import (
    CHUNKS,
    TOKENS_PER_CHUNK,
    Model,
    Needs,
    begin_chunk,
    end_step,
    no_noise,
    rate_at,
)
from wordvec_cli.kernels.losses import limit_factors, signed_slopes_and_loss
from wordvec_cli.kernels.parts import (
    LANES,
    add,
    aligned_zeros,
    kernel,
    load,
    multiply_add,
    part,
    splat,
    store,
)
from wordvec_cli.kernels.rows import add_vector, prefetch_row, round_up
from wordvec_cli.kernels.subwords import add_rows, list_token, scatter
from wordvec_cli.kernels.tree import list_path, prefetch_path, score_path, update_path

GROUP = 32  # centres
SHARING = 2  # consecutive centres of CBOW that meet the same noise words, as in cbow.py
AHEAD = 2  # how many centres early the rows that they predict are asked for
MOST_AT_ONCE = np.float32(1 / 4)  # how far a step may go: with 1/2, rates from 0.25 on diverge where words are few


@part
def sum_window(hidden, sums, n_rows, first, last, centre, average, dim):
    """hidden = the sum of sums[first:last] but the centre's, over the number of rows if `average`; returns the number.

    n_rows  of each token
    """
    n = 0
    for t in range(first, last):
        n += n_rows[t] if t != centre else 0
    share = splat(np.float32(1 / max(n, 1)) if average else np.float32(1))
    nothing = splat(np.float32(0))
    for d in range(0, dim, LANES):
        total = nothing
        for t in range(first, last):
            if t != centre:
                total = add(total, load(sums, t * dim + d))
        store(hidden, d, multiply_add(share, total, nothing))
    return n


@part
def add_error(sums, owed, n_rows, first, last, centre, error, share, dim):
    """Add share * error for each row of the tokens first:last but the centre: to what those are owed, and to sums."""
    part_of_each = splat(share)
    for t in range(first, last):
        if t != centre:
            of_sum = splat(share * np.float32(n_rows[t]))
            for d in range(0, dim, LANES):
                e = load(error, d)
                store(owed, t * dim + d, multiply_add(part_of_each, e, load(owed, t * dim + d)))
                store(sums, t * dim + d, multiply_add(of_sum, e, load(sums, t * dim + d)))


@part
def predict(hidden, error, outputs, starts, signs, n_outputs, scores, rate, both_shares, dim):
    """One step of the output rows at `starts`, in place, and the hidden vector's error; returns the loss.

    starts  those past `n_outputs` up to the end of the tile are read
    signs   float32: -1 for each output whose score is to become large, else 1; those past `n_outputs` become 0
    both_shares  how far the hidden vector moves with the error, times how far it weighs the rows: limits the step
    """
    score_path(hidden, 0, outputs, starts, n_outputs, dim, scores)
    signs[n_outputs:] = 0
    loss = signed_slopes_and_loss(scores, signs, rate)
    limit_factors(scores, 0, n_outputs, MOST_AT_ONCE / np.sqrt(both_shares))
    update_path(hidden, 0, outputs, starts, n_outputs, dim, scores, error)
    return loss


@part
def list_noise(starts, signs, kept, noise, c, dim):
    """Where the centre and the noise words that are not it start, and their signs; returns their number."""
    starts[0], n_outputs = dim * np.intp(kept[c]), 1
    signs[0], signs[1:] = -1, 1
    for k in range(noise.shape[1]):
        word = noise[c // SHARING, k]
        starts[n_outputs] = dim * np.intp(word)
        n_outputs += word != kept[c]
    return n_outputs


@part
def prefetch_outputs(outputs, kept, noise, path_offsets, nodes, c, dim, slots, copies_at):
    """Ask for what centre c predicts in CBOW."""
    if len(nodes):
        prefetch_path(kept[c], outputs, path_offsets, nodes, 0, 0, copies_at, dim, slots)
        return
    prefetch_row(outputs, dim * np.intp(kept[c]), dim)
    for k in range(noise.shape[1]):
        prefetch_row(outputs, dim * np.intp(noise[c // SHARING, k]), dim)


@part
def most_outputs(kept, noise, path_offsets, nodes):
    """Rows that a step predicts, at most."""
    return max(1 + noise.shape[1], longest_list(kept, path_offsets) if len(nodes) else 0)


@part
def tokens_of_group(low, high, begin, together):
    """(first, after): the tokens whose rows the centres of a group need; with `together` those of all windows."""
    end = min(begin + GROUP, len(low))
    if not together or begin >= end:
        return begin, max(begin, end)
    first, after = low[begin], high[begin]
    for c in range(begin, end):
        first, after = min(first, low[c]), max(after, high[c])
    return np.intp(first), np.intp(after)


@part
def room_for_windows(kept, noise, row_offsets, path_offsets, nodes, window, dim):
    """What `train_range` works in."""
    room = round_up(most_outputs(kept, noise, path_offsets, nodes), LANES)
    most_tokens = GROUP + 2 * window
    most = most_tokens * max(longest_list(kept, row_offsets), 1)
    return (
        aligned_zeros(dim), aligned_zeros(dim), aligned_zeros(room), aligned_zeros(room), np.zeros(room, np.intp),
        aligned_zeros(most_tokens * dim), aligned_zeros(most_tokens * dim), np.zeros(most_tokens, np.intp),
        np.empty(most, np.intp), np.empty(most, np.intp),
        np.zeros(most_tokens + 1, np.intp), np.zeros(most_tokens + 1, np.intp),
    )  # fmt: skip


@part
def train_range(
    room, from_token, to_token, kept, low, high, row_offsets, rows, noise, path_offsets, nodes, signs,
    inputs, outputs, together, average, divide_error, rate, input_slots, inputs_at, output_slots, outputs_at,
):  # fmt: skip
    """As `train_windows`, for the centres kept[from_token:to_token].

    inputs, outputs  flat
    slots, at  of copies of rows, see `place_in_step`
    """
    hidden, error, scores, row_signs, starts, sums, owed, n_rows, listed, next_listed, ends, next_ends = room
    dim, n_kept = len(hidden), len(kept)
    first, after = tokens_of_group(low, high, from_token, together)
    for t in range(after - first):
        ends[t + 1] = list_token(
            listed, ends[t], kept, first + t, row_offsets, rows, inputs, dim, input_slots, inputs_at
        )
    loss, n_steps = 0.0, 0
    for begin in range(from_token, to_token, GROUP):
        n_tokens = after - first
        for t in range(n_tokens):
            n_rows[t] = ends[t + 1] - ends[t]
            add_rows(sums, t * dim, inputs, listed, ends[t], ends[t + 1], dim)
        owed[: n_tokens * dim] = 0
        next_first, next_after = tokens_of_group(low, high, begin + GROUP, together)
        n_next, n_listed = next_after - next_first, 0
        for c in range(begin, min(begin + GROUP, n_kept)):
            while n_listed * GROUP < n_next * (c - begin + 1):
                token = next_first + n_listed
                next_ends[n_listed + 1] = list_token(
                    next_listed,
                    next_ends[n_listed],
                    kept,
                    token,
                    row_offsets,
                    rows,
                    inputs,
                    dim,
                    input_slots,
                    inputs_at,
                )
                n_listed += 1
            if together:
                prefetch_outputs(
                    outputs, kept, noise, path_offsets, nodes, min(c + AHEAD, n_kept - 1), dim,
                    output_slots, outputs_at,
                )  # fmt: skip
                i, after_i, itself = low[c] - first, high[c] - first, c - first
                n = sum_window(hidden, sums, n_rows, i, after_i, itself, average, dim)
                if n == 0:
                    continue
                if len(nodes):
                    n_outputs = list_path(
                        starts, row_signs, kept[c], path_offsets, nodes, signs, 0, 0, outputs_at, dim, output_slots
                    )
                else:
                    n_outputs = list_noise(starts, row_signs, kept, noise, c, dim)
                share = np.float32(1 / n) if divide_error else np.float32(1)
                both = share * (np.float32(1) if average else np.float32(n))
                loss += np.float64(
                    predict(hidden, error, outputs, starts, row_signs, n_outputs, scores, rate, both, dim)
                )
                add_error(sums, owed, n_rows, i, after_i, itself, error, share, dim)
                n_steps += 1
                continue
            t = c - first
            factor, nothing = splat(np.float32(1 / n_rows[t])), splat(np.float32(0))
            for d in range(0, dim, LANES):
                store(hidden, d, multiply_add(factor, load(sums, t * dim + d), nothing))
            for i in range(low[c], high[c]):
                if i != c:
                    prefetch_outputs(
                        outputs, kept, noise, path_offsets, nodes, min(i + 1, n_kept - 1), dim,
                        output_slots, outputs_at,
                    )  # fmt: skip
                    n_outputs = list_path(
                        starts, row_signs, kept[i], path_offsets, nodes, signs, 0, 0, outputs_at, dim, output_slots
                    )
                    one = np.float32(1)
                    loss += np.float64(
                        predict(hidden, error, outputs, starts, row_signs, n_outputs, scores, rate, one, dim)
                    )
                    for d in range(0, dim, LANES):
                        add_vector(hidden, d, load(error, d))
                        add_vector(owed, t * dim + d, load(error, d))
                    n_steps += 1
        for t in range(n_tokens):
            scatter(inputs, listed, ends[t], ends[t + 1], owed, t * dim, dim)
        first, after = next_first, next_after
        listed, next_listed, ends, next_ends = next_listed, listed, next_ends, ends
    return loss, n_steps


@kernel
def train_windows(
    kept, low, high, row_offsets, rows, noise, path_offsets, nodes, signs, inputs, outputs,
    window, together, average, divide_error, rate,
):  # fmt: skip
    """One step for each centre of `kept` if `together`, else one for each word around each; returns (loss, steps).

    noise   a row for `SHARING` consecutive centres; without columns, and `nodes` with all paths, for a tree
    together  whether a window predicts its centre, as in CBOW, else the centre each word around it: of a tree only
    """
    room = room_for_windows(kept, noise, row_offsets, path_offsets, nodes, window, inputs.shape[1])
    return train_range(
        room, 0, len(kept), kept, low, high, row_offsets, rows, noise, path_offsets, nodes, signs,
        inputs.reshape(-1), outputs.reshape(-1), together, average, divide_error, np.float32(rate), None, 0, None, 0,
    )  # fmt: skip


@kernel
def train_windows_in_step(
    work, kept, low, high, noise, inputs, outputs, rate, last_rate, row_offsets, rows, path_offsets, nodes, signs,
    window,
):  # fmt: skip
    """A worker's chunks of a piece of skip-gram with a tree, see `in_step.Model`."""
    dim = inputs.shape[1]
    room = room_for_windows(kept, noise, row_offsets, path_offsets, nodes, window, dim)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    for step in range(len(work.losses)):
        rate_now = rate_at(step, len(work.losses), rate, last_rate)
        for chunk in range(work.worker, CHUNKS, work.n_workers):
            first, after, inputs_at, outputs_at = begin_chunk(work, step, chunk, len(kept), GROUP, inputs, outputs, dim)
            work.losses[step, chunk, 0], work.losses[step, chunk, 1] = train_range(
                room, first, after, kept, low, high, row_offsets, rows, noise, path_offsets, nodes, signs,
                inputs, outputs, False, True, False, rate_now,
                work.own_inputs.slots, inputs_at,
                work.own_outputs.slots, outputs_at,
            )  # fmt: skip
        if not end_step(work, step, inputs, outputs, dim):
            break


NO_PATHS = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int8)


def skipgram_hs_in_step(row_offsets, rows, path_offsets, nodes, signs, window, shrink):
    """What `skipgram_hs_block` does, in step."""

    def draw(*place):
        return *draw_tokens(*place[:-1], window, shrink, place[-1]), no_noise()

    def needs(draws):
        return (
            Needs(0, no_noise(), GROUP, row_offsets, rows),
            Needs(window, no_noise(), GROUP, path_offsets, nodes, True),
        )

    def train(*arguments):
        train_windows_in_step(*arguments, row_offsets, rows, path_offsets, nodes, signs, window)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


def cbow_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, noise_threshold, noise_alias,
    window, shrink, average, divide_error, negative, rate, state,
):  # fmt: skip
    """Train CBOW on the tokens ids[first:last]; returns (loss, n_centres), as `cbow.cbow_block`, but for

    inputs, row_offsets, rows  as in `subwords.skipgram_block`
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    noise = draw_noise(-(-len(kept) // SHARING), negative, noise_threshold, noise_alias, state, last - first)
    return train_windows(
        kept, low, high, row_offsets, rows, noise, *NO_PATHS, inputs, outputs, window, True, average, divide_error, rate
    )


def cbow_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, path_offsets, nodes, signs,
    window, shrink, average, divide_error, rate, state,
):  # fmt: skip
    """As `cbow_block`, with hierarchical softmax; path_offsets, nodes, signs are from `tree.huffman_tree`."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    paths = path_offsets, nodes, signs
    return train_windows(
        kept, low, high, row_offsets, rows, no_noise(), *paths, inputs, outputs,
        window, True, average, divide_error, rate,
    )  # fmt: skip


def skipgram_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, path_offsets, nodes, signs,
    window, shrink, rate, state,
):  # fmt: skip
    """Train skip-gram with hierarchical softmax on ids[first:last]; returns (loss, n_pairs)."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    paths = path_offsets, nodes, signs
    return train_windows(
        kept, low, high, row_offsets, rows, no_noise(), *paths, inputs, outputs,
        window, False, True, False, rate,
    )  # fmt: skip
