"""Skip-gram with negative sampling where a word's vector is the mean of its own row and those of its n-grams.

As in `skipgram`, a group of `GROUP` consecutive tokens takes one step of gradient descent. Here the centre of a window
is the input, and its neighbours are what it predicts: so the vectors of the group's centres are composed once, meet all
their neighbours and the noise words of the group, and what they learn is added to their rows once. fastText does both
for each pair. The gradient is added to each row whole, as fastText does: the vector of the word then moves as far as
that of a word without n-grams.

A token has about 20 rows, which come from memory and go there again. So the next group's are asked for while the
products of this one are made.

Source: Bojanowski et al. 2017, arXiv 1607.04606; fasttext.cc and model.cc of facebookresearch/fastText.
"""

import numpy as np

from wordvec_cli.kernels.draws import longest_list
from wordvec_cli.kernels.in_step import (
    TOKENS_PER_CHUNK,
    Model,
    Needs,
    chunks_of,
    no_noise,
    place_in_step,
)
from wordvec_cli.kernels.losses import slopes_and_loss
from wordvec_cli.kernels.parts import LANES, add, aligned_zeros, kernel, load, multiply, part, prefetch, splat, store
from wordvec_cli.kernels.rows import TILE, copy_row, prefetch_row, score_tile, update_tile
from wordvec_cli.kernels.skipgram import (
    GROUP,
    MARKS,
    draw_groups,
    gather_contexts,
    limit_steps,
    size_group,
    weigh_true_pairs,
)


@part
def list_token(listed, first, kept, token, row_offsets, rows, inputs, dim, slots, copies_at):
    """Write where the rows of a token start to `listed`, from `first` on, and ask for them; returns the list's end.

    slots, copies_at  of copies of rows, see `place_in_step`
    """
    word = kept[token]
    for place in range(row_offsets[word], row_offsets[word + 1]):
        start = place_in_step(rows[place], slots, copies_at, dim)
        prefetch_row(inputs, start, dim)
        listed[first] = start
        first += 1
    return first


@part
def add_rows(vectors, start, inputs, listed, first, last, dim):
    """vectors[start : start + dim] = the sum of the listed rows."""
    for d in range(0, dim, LANES):
        store(vectors, start + d, splat(np.float32(0)))
    place = first
    while place + 4 <= last:  # four at a time: fewer sums are written and read again
        r0, r1, r2, r3 = listed[place], listed[place + 1], listed[place + 2], listed[place + 3]
        for d in range(0, dim, LANES):
            pair = add(load(inputs, r0 + d), load(inputs, r1 + d))
            other = add(load(inputs, r2 + d), load(inputs, r3 + d))
            store(vectors, start + d, add(load(vectors, start + d), add(pair, other)))
        place += 4
    while place < last:
        r0 = listed[place]
        for d in range(0, dim, LANES):
            store(vectors, start + d, add(load(vectors, start + d), load(inputs, r0 + d)))
        place += 1


@part
def compose(vectors, start, inputs, listed, first, last, dim):
    """vectors[start : start + dim] = the mean of the listed rows."""
    add_rows(vectors, start, inputs, listed, first, last, dim)
    share = splat(np.float32(1.0 / (last - first)))
    for d in range(0, dim, LANES):
        store(vectors, start + d, multiply(load(vectors, start + d), share))


@part
def scatter(inputs, listed, first, last, gradients, start, dim):
    """Add gradients[start : start + dim] to each of the listed rows."""
    for place in range(first, last):
        row = listed[place]
        for d in range(0, dim, LANES):
            store(inputs, row + d, add(load(inputs, row + d), load(gradients, start + d)))


@part
def weigh_noise_of_centres(weights, window_share, noise, marks, kept, low, high, begin, window):
    """weights[k * GROUP + j] = window_share for each neighbour of centre begin + j but those that are noise word k.

    marks  as in `skipgram.weigh_noise`
    """
    end = min(begin + GROUP, len(kept))
    last_mark = len(marks) - 1
    for j in range(GROUP):
        c = begin + j
        weights[j] = window_share * (high[c] - low[c] - 1) if c < end else np.float32(0)
    marks[noise[0] & last_mark] = 1
    for k in range(1, len(noise)):
        copy_row(weights, 0, weights, k * GROUP, GROUP)
        marks[noise[k] & last_mark] = 1
    for i in range(max(begin - window, 0), min(end + window, len(kept))):
        if marks[kept[i] & last_mark]:
            for k in range(len(noise)):
                if noise[k] == kept[i]:
                    for c in range(max(i - window, begin), min(i + window + 1, end)):
                        if (c != i) & (low[c] <= i) & (i < high[c]):
                            weights[k * GROUP + c - begin] -= window_share
    for k in range(len(noise)):
        marks[noise[k] & last_mark] = 0


@part
def gather_noise(targets, starts, outputs, noise, dim, slots, copies_at):
    """Copy the rows of noise words; the last one again where a tile has room."""
    for k in range(len(starts)):
        starts[k] = place_in_step(noise[min(k, len(noise) - 1)], slots, copies_at, dim)
        copy_row(outputs, starts[k], targets, k * dim, dim)


@part
def room_for_groups(kept, row_offsets, window, n_noise, dim):
    """What `train_range` works in."""
    reach, n_neighbours, n_targets = size_group(window, n_noise)
    n_noise_rows = n_targets - GROUP
    room = GROUP * max(longest_list(kept, row_offsets), 1)  # where the rows of each token of a group start
    return (
        aligned_zeros(GROUP * dim), aligned_zeros(GROUP * dim), dim * np.arange(GROUP),
        aligned_zeros((n_neighbours + TILE) * dim), np.zeros(n_neighbours, np.intp),
        aligned_zeros(n_noise_rows * dim), np.zeros(n_noise_rows, np.intp),
        aligned_zeros(GROUP * (reach + 1)), aligned_zeros(GROUP * (reach + 1)),
        aligned_zeros(n_noise_rows * GROUP), aligned_zeros(n_noise_rows * GROUP),
        aligned_zeros(max(n_neighbours, GROUP)), np.zeros(MARKS, np.uint8),
        np.empty(room, np.intp), np.empty(room, np.intp), np.zeros(GROUP + 1, np.intp), np.zeros(GROUP + 1, np.intp),
    )  # fmt: skip


@part
def train_range(
    room, from_token, to_token, kept, low, high, noise, row_offsets, rows, inputs, outputs, window, negative,
    rate, limit, input_slots, inputs_at, output_slots, outputs_at,
):  # fmt: skip
    """One step of gradient descent for each group of `GROUP` tokens of kept[from_token:to_token]: (loss, n_pairs).

    inputs, outputs  flat
    slots, at  of copies of rows, see `place_in_step`
    """
    (
        centres, gradients, centre_starts, neighbours, neighbour_starts, noise_rows, noise_starts,
        true_scores, true_weights, noise_scores, noise_weights, totals, marks, listed, next_listed, ends, next_ends,
    ) = room  # fmt: skip
    n_kept, (n_groups, n_noise) = len(kept), noise.shape
    dim, window_share = len(centres) // GROUP, np.float32(negative / n_noise)
    reach, n_neighbours, n_targets = size_group(window, n_noise)
    n_noise_rows = n_targets - GROUP
    for j in range(min(GROUP, to_token - from_token)):
        ends[j + 1] = list_token(
            listed, ends[j], kept, from_token + j, row_offsets, rows, inputs, dim, input_slots, inputs_at
        )
    loss, n_pairs = 0.0, 0
    for begin in range(from_token, to_token, GROUP):
        g = begin // GROUP
        next_noise = noise[min(g + 1, n_groups - 1)]
        n_centres = min(GROUP, n_kept - begin)
        for j in range(n_centres):
            compose(centres, j * dim, inputs, listed, ends[j], ends[j + 1], dim)
        gradients[:] = 0
        gather_contexts(neighbours, neighbour_starts, outputs, kept, begin - window, dim, output_slots, outputs_at)
        gather_noise(noise_rows, noise_starts, outputs, noise[g], dim, output_slots, outputs_at)
        n_pairs += weigh_true_pairs(true_weights, reach, window, low, high, begin)
        weigh_noise_of_centres(noise_weights, window_share, noise[g], marks, kept, low, high, begin, window)

        for j in range(0, GROUP, TILE):
            for i in range(j, j + reach, TILE):
                score_tile(neighbours, i, centres, j, dim, true_scores, j * reach + i, reach)
        for k in range(0, n_noise_rows, TILE):
            for i in range(0, GROUP, TILE):
                score_tile(centres, i, noise_rows, k, dim, noise_scores, k * GROUP + i, GROUP)
            for j in range(k * GROUP // n_noise_rows, (k + TILE) * GROUP // n_noise_rows):
                token = min(begin + GROUP + j, n_kept - 1)
                next_ends[j + 1] = list_token(
                    next_listed, next_ends[j], kept, token, row_offsets, rows, inputs, dim, input_slots, inputs_at
                )
        loss += np.float64(slopes_and_loss(true_scores, true_weights, np.float32(-1), rate))
        loss += np.float64(slopes_and_loss(noise_scores, noise_weights, np.float32(1), rate))
        if rate * 2 * window > limit:
            limit_steps(true_scores, GROUP, reach, TILE, totals, limit)
        limit_steps(noise_scores, n_noise, GROUP, 0, totals, limit)

        for j in range(0, GROUP, TILE):
            n = 2 * window + TILE
            update_tile(gradients, centre_starts, j, neighbours, j, n, dim, true_scores, j * reach + j, 1, reach)
            update_tile(gradients, centre_starts, j, noise_rows, 0, n_noise, dim, noise_scores, j, GROUP, 1)
        for i in range(0, n_neighbours, TILE):
            j = min(max(i - 2 * window, 0), GROUP)  # the first centre whose window may hold neighbour i
            n = min(i + TILE, GROUP) - j
            update_tile(outputs, neighbour_starts, i, centres, j, n, dim, true_scores, j * reach + i, reach, 1)
        for k in range(0, n_noise_rows, TILE):
            update_tile(outputs, noise_starts, k, centres, 0, GROUP, dim, noise_scores, k * GROUP, 1, GROUP)
            for t in range(k, min(k + TILE, n_noise)):
                prefetch_row(outputs, place_in_step(next_noise[t], output_slots, outputs_at, dim), dim)
        for j in range(n_centres):
            scatter(inputs, listed, ends[j], ends[j + 1], gradients, j * dim, dim)
            word = kept[min(begin + GROUP + window + j, n_kept - 1)]
            prefetch_row(outputs, place_in_step(word, output_slots, outputs_at, dim), dim)
            prefetch(rows, row_offsets[kept[min(begin + 2 * GROUP + j, n_kept - 1)]])
        listed, next_listed, ends, next_ends = next_listed, listed, next_ends, ends
    return loss, n_pairs


@kernel
def train_groups(
    kept, low, high, noise, row_offsets, rows, inputs, outputs, window, negative, rate, limit,
):  # fmt: skip
    """One step of gradient descent for each group of `GROUP` tokens of `kept`; returns (loss, n_pairs)."""
    room = room_for_groups(kept, row_offsets, window, noise.shape[1], inputs.shape[1])
    return train_range(
        room, 0, len(kept), kept, low, high, noise, row_offsets, rows, inputs.reshape(-1), outputs.reshape(-1),
        window, negative, np.float32(rate), np.float32(limit), None, 0, None, 0,
    )  # fmt: skip


@kernel
def train_groups_in_step(
    work, kept, low, high, noise, inputs, outputs, rate, last_rate, limit, row_offsets, rows, window, negative,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim = inputs.shape[1]
    room = room_for_groups(kept, row_offsets, window, noise.shape[1], dim)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_range(
            room, chunk.first, chunk.after, kept, low, high, noise, row_offsets, rows, inputs, outputs, window,
            negative, chunk.rate, np.float32(limit), work.own_inputs.slots, chunk.inputs_at, work.own_outputs.slots,
            chunk.outputs_at,
        )  # fmt: skip


def skipgram_in_step(row_offsets, rows, noise_threshold, noise_alias, window, shrink, negative, n_noise):
    """What `skipgram_block` does, in step."""

    def draw(*place):
        return draw_groups(*place, noise_threshold, noise_alias, window, shrink, n_noise)

    def needs(draws):
        return Needs(0, no_noise(), GROUP, row_offsets, rows), Needs(window + TILE, draws[3], GROUP)

    def train(*arguments):
        train_groups_in_step(*arguments, row_offsets, rows, window, negative)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


def skipgram_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, noise_threshold, noise_alias,
    window, shrink, negative, n_noise, rate, limit, state,
):  # fmt: skip
    """Train on the tokens ids[first:last]; returns (loss, n_pairs), as `skipgram.skipgram_block`, but for

    inputs       (n_rows, dim) float32: those of the words, and behind them those of their n-grams
    row_offsets  (n_words + 1,) int64: word w has the rows rows[row_offsets[w] : row_offsets[w + 1]], at least one
    rows         int32
    """
    draws = draw_groups(ids, offsets, first, last, keep, state, noise_threshold, noise_alias, window, shrink, n_noise)
    return train_groups(*draws, row_offsets, rows, inputs, outputs, window, negative, rate, limit)
