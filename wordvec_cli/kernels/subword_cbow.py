"""CBOW where a word's vector is made of its own row and those of its n-grams.

Tokens are trained by *chunks*. When a chunk begins, the rows of each of its words are summed up, once, however often
the word comes. Then the chunk is trained as in cbow.py and tree.py, with these sums in place of the rows; and when it
ends, what a sum has changed by is shared out among its rows. So a row travels once for a chunk and word and not once
for each window, and what words of a chunk do not know of each other are the changes of rows that they share.

A hidden vector is the mean of all rows of all words of the window, so that words with many n-grams weigh more.

Source: fasttext.cc (cbow), model.cc (update) and loss.cc of facebookresearch/fastText.
"""

from typing import Any, NamedTuple

import numpy as np

from wordvec_cli.kernels import cbow, tree
from wordvec_cli.kernels.cbow import GROUP, SHARING
from wordvec_cli.kernels.draws import draw_noise, draw_tokens, longest_list, widest
from wordvec_cli.kernels.in_step import chunks_of
from wordvec_cli.kernels.own_rows import merge_copies, take_copies
from wordvec_cli.kernels.parts import LANES, aligned_zeros, kernel, load, multiply, part, splat, store, subtract
from wordvec_cli.kernels.rows import copy_row
from wordvec_cli.kernels.subwords import add_rows, list_token, scatter

AHEAD = 2  # how many words early the rows of one are asked for


class Words(NamedTuple):
    """The words of a chunk.

    local     (n_kept,) int32: which of the words a token is, of the chunk and of the windows of its centres
    row_ends  (n_kept + 1,) int64: how many rows the tokens before have
    places    a table of which word is which, by its hash; -1: none
    words     (most,) int32
    listed, ends  where the rows of word w start: listed[ends[w] : ends[w + 1]]
    sums, before  (most * dim,) float32: of rows, now and when the chunk began
    """

    local: Any
    row_ends: Any
    places: Any
    words: Any
    listed: Any
    ends: Any
    sums: Any
    before: Any


@part
def room_for_words(kept, row_offsets, tokens_per_chunk, window, dim):
    """`Words` of the longest chunk."""
    most, row_ends = min(tokens_per_chunk + 2 * window, max(len(kept), 1)), np.zeros(len(kept) + 1, np.int64)
    for t in range(len(kept)):
        row_ends[t + 1] = row_ends[t] + row_offsets[kept[t] + 1] - row_offsets[kept[t]]
    n_places = 4
    while n_places < 2 * most:
        n_places *= 2
    return Words(
        np.zeros(len(kept), np.int32), row_ends, np.empty(n_places, np.int32), np.empty(most, np.int32),
        np.empty(most * max(longest_list(kept, row_offsets), 1), np.intp), np.zeros(most + 1, np.intp),
        aligned_zeros(most * dim), aligned_zeros(most * dim),
    )  # fmt: skip


@part
def number_words(of, kept, first, after):
    """Number the words of the tokens first:after as they come; returns how many there are."""
    n, last_place = 0, len(of.places) - 1
    for i in range(len(of.places)):
        of.places[i] = -1
    for t in range(first, after):
        place = np.intp(kept[t]) * 0x9E3779B1 >> 7 & last_place
        while of.places[place] >= 0 and of.words[of.places[place]] != kept[t]:
            place = (place + 1) & last_place
        if of.places[place] < 0:
            of.places[place], of.words[n] = n, kept[t]
            n += 1
        of.local[t] = of.places[place]
    return n


@part
def gather_words(of, kept, from_token, to_token, window, row_offsets, rows, inputs, dim, slots, copies_at):
    """Sum up the rows of the words of a chunk and its windows; returns how many words there are.

    slots, copies_at  of copies of rows, see `in_step.place_in_step`
    """
    if from_token >= to_token:  # what is near to a chunk of no tokens is another thread's
        return 0
    n_words = number_words(of, kept, max(from_token - window, 0), min(to_token + window, len(kept)))
    for ahead in range(n_words + AHEAD):
        if ahead < n_words:
            of.ends[ahead + 1] = list_token(
                of.listed, of.ends[ahead], of.words, ahead, row_offsets, rows, inputs, dim, slots, copies_at
            )
        w = ahead - AHEAD
        if w >= 0:
            add_rows(of.sums, w * dim, inputs, of.listed, of.ends[w], of.ends[w + 1], dim)
            copy_row(of.sums, w * dim, of.before, w * dim, dim)
    return n_words


@part
def scatter_words(of, n_words, inputs, dim):
    """Give each row of a word its share of what the word's sum has changed by."""
    for w in range(n_words):
        share = splat(np.float32(1 / (of.ends[w + 1] - of.ends[w])))
        for d in range(w * dim, (w + 1) * dim, LANES):
            store(of.before, d, multiply(share, subtract(load(of.sums, d), load(of.before, d))))
        scatter(inputs, of.listed, of.ends[w], of.ends[w + 1], of.before, w * dim, dim)


# ---- negative sampling ----


@part
def train_chunk(
    of, room, from_token, to_token, kept, low, high, noise, inputs, outputs, row_offsets, rows,
    window, average, divide_error, own_outputs, outputs_at, output_visits, most, rate, limit,
    input_slots, inputs_at, output_slots,
):  # fmt: skip
    """As `cbow.train_range`."""
    dim, none, no_visits = len(of.sums) // len(of.words), aligned_zeros(0), np.zeros(0, np.int32)
    n_words = gather_words(
        of, kept, from_token, to_token, window, row_offsets, rows, inputs, dim, input_slots, inputs_at
    )
    results = cbow.train_range(
        room, from_token, to_token, kept, low, high, noise, of.sums, outputs, window, average, divide_error,
        none, 0, no_visits, own_outputs, outputs_at, output_visits, most, rate, limit, None, output_slots,
        of.local, of.row_ends,
    )  # fmt: skip
    scatter_words(of, n_words, inputs, dim)
    return results


@kernel
def train_windows(
    kept, low, high, noise, inputs, outputs, row_offsets, rows, tokens_per_chunk, average, divide_error,
    n_hot, most, rate, limit,
):  # fmt: skip
    """One step for each group of `kept`; returns (loss, centres that have context)."""
    dim, rate, limit, window = inputs.shape[1], np.float32(rate), np.float32(limit), widest(low, high)
    of = room_for_words(kept, row_offsets, tokens_per_chunk, window, dim)
    room = cbow.room_for_windows(window, noise.shape[1], dim)
    inputs, outputs, noise = inputs.reshape(-1), outputs.reshape(-1), noise.reshape(-1)
    own_outputs, outputs_at, output_visits = take_copies(outputs, 0, min(n_hot, len(outputs) // dim), dim)
    loss, n_centres = 0.0, 0
    for first in range(0, len(kept), tokens_per_chunk):
        of_chunk, n = train_chunk(
            of, room, first, min(first + tokens_per_chunk, len(kept)), kept, low, high, noise, inputs, outputs,
            row_offsets, rows, window, average, divide_error, own_outputs, outputs_at, output_visits, most, rate, limit,
            None, 0, None,
        )  # fmt: skip
        loss, n_centres = loss + of_chunk, n_centres + n
    merge_copies(outputs, own_outputs, output_visits, 0, dim)
    return loss, n_centres


@kernel
def train_windows_in_step(
    work, kept, low, high, noise, inputs, outputs, rate, last_rate, limit, row_offsets, rows, average, divide_error,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, limit, window = inputs.shape[1], np.float32(limit), widest(low, high)
    of = room_for_words(kept, row_offsets, work.tokens_per_chunk, window, dim)
    room = cbow.room_for_windows(window, noise.shape[1], dim)
    inputs, outputs, noise = inputs.reshape(-1), outputs.reshape(-1), noise.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_chunk(
            of, room, chunk.first, chunk.after, kept, low, high, noise, inputs, outputs, row_offsets, rows,
            window, average, divide_error, none, chunk.outputs_at, no_visits, 1, chunk.rate, limit,
            work.own_inputs.slots, chunk.inputs_at, work.own_outputs.slots,
        )  # fmt: skip


def cbow_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, noise_threshold, noise_alias,
    window, shrink, average, divide_error, negative, tokens_per_chunk, n_hot, most, rate, limit, state,
):  # fmt: skip
    """Train CBOW on the tokens ids[first:last]; returns (loss, n_centres), as `cbow.cbow_block`, but for

    inputs, row_offsets, rows  as in `subwords.skipgram_block`
    tokens_per_chunk  whole groups
    n_hot   of how many output rows the thread has copies
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    noise = draw_noise(-(-len(kept) // SHARING), negative, noise_threshold, noise_alias, state, last - first)
    return train_windows(
        kept, low, high, noise, inputs, outputs, row_offsets, rows, tokens_per_chunk, average, divide_error,
        n_hot, most, rate, limit,
    )  # fmt: skip


def with_rows(model, row_offsets, rows, train):
    """The model in step of words, of words that have rows."""

    def needs(draws):
        inputs, outputs = model.needs(draws)
        return inputs._replace(offsets=row_offsets, lists=rows), outputs

    return model._replace(needs=needs, train=train)


def cbow_in_step(
    row_offsets, rows, noise_threshold, noise_alias, window, shrink, average, divide_error, negative, *_
):  # fmt: skip
    """What `cbow_block` does, in step."""

    def train(*of_piece):
        train_windows_in_step(*of_piece, row_offsets, rows, average, divide_error)

    model = cbow.cbow_in_step(noise_threshold, noise_alias, window, shrink, average, divide_error, negative)
    return with_rows(model, row_offsets, rows, train)


# ---- hierarchical softmax ----


@part
def train_chunk_on_paths(
    of, room, from_token, to_token, kept, low, high, inputs, outputs, row_offsets, rows, path_offsets, nodes, signs,
    window, average, divide_error, own_outputs, outputs_at, output_visits, first_hot, most, rate, limit,
    input_slots, inputs_at, output_slots,
):  # fmt: skip
    """As `tree.train_windows_on_paths`."""
    dim, none, no_visits = len(of.sums) // len(of.words), aligned_zeros(0), np.zeros(0, np.int32)
    n_words = gather_words(
        of, kept, from_token, to_token, window, row_offsets, rows, inputs, dim, input_slots, inputs_at
    )
    results = tree.train_windows_on_paths(
        room, from_token, to_token, kept, low, high, of.sums, outputs, path_offsets, nodes, signs,
        window, average, divide_error, none, 0, no_visits, own_outputs, outputs_at, output_visits, first_hot, most,
        rate, limit, None, output_slots, of.local, of.row_ends,
    )  # fmt: skip
    scatter_words(of, n_words, inputs, dim)
    return results


@kernel
def train_windows_on_paths(
    kept, low, high, inputs, outputs, row_offsets, rows, path_offsets, nodes, signs, tokens_per_chunk,
    average, divide_error, n_hot, most, rate, limit,
):  # fmt: skip
    """As `train_windows`, with hierarchical softmax."""
    dim, rate, limit, window = inputs.shape[1], np.float32(rate), np.float32(limit), widest(low, high)
    of = room_for_words(kept, row_offsets, tokens_per_chunk, window, dim)
    room, first_hot = tree.room_for_windows(kept, path_offsets, window, dim), max(len(outputs) - n_hot, 0)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    n_copies = len(outputs) // dim - first_hot
    own_outputs, outputs_at, output_visits = take_copies(outputs, first_hot, n_copies, dim)
    loss, n_centres = 0.0, 0
    for first in range(0, len(kept), tokens_per_chunk):
        of_chunk, n = train_chunk_on_paths(
            of, room, first, min(first + tokens_per_chunk, len(kept)), kept, low, high, inputs, outputs,
            row_offsets, rows, path_offsets, nodes, signs, window, average, divide_error,
            own_outputs, outputs_at, output_visits, first_hot, most, rate, limit, None, 0, None,
        )  # fmt: skip
        loss, n_centres = loss + of_chunk, n_centres + n
    merge_copies(outputs, own_outputs, output_visits, first_hot, dim)
    return loss, n_centres


@kernel
def train_windows_on_paths_in_step(
    work, kept, low, high, inputs, outputs, rate, last_rate, limit, row_offsets, rows, path_offsets, nodes, signs,
    average, divide_error,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, limit, window = inputs.shape[1], np.float32(limit), widest(low, high)
    of = room_for_words(kept, row_offsets, work.tokens_per_chunk, window, dim)
    room = tree.room_for_windows(kept, path_offsets, window, dim)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_chunk_on_paths(
            of, room, chunk.first, chunk.after, kept, low, high, inputs, outputs, row_offsets, rows,
            path_offsets, nodes, signs, window, average, divide_error, none, chunk.outputs_at, no_visits, 0, 1,
            chunk.rate, limit, work.own_inputs.slots, chunk.inputs_at, work.own_outputs.slots,
        )  # fmt: skip


def cbow_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, path_offsets, nodes, signs,
    window, shrink, average, divide_error, tokens_per_chunk, n_hot, most, rate, limit, state,
):  # fmt: skip
    """As `cbow_block`, with hierarchical softmax; path_offsets, nodes, signs are from `tree.huffman_tree`."""
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    return train_windows_on_paths(
        kept, low, high, inputs, outputs, row_offsets, rows, path_offsets, nodes, signs, tokens_per_chunk,
        average, divide_error, n_hot, most, rate, limit,
    )  # fmt: skip


def cbow_hs_in_step(row_offsets, rows, path_offsets, nodes, signs, window, shrink, average, divide_error, *_):
    """What `cbow_hs_block` does, in step."""
    paths = path_offsets, nodes, signs

    def train(*of_piece):
        train_windows_on_paths_in_step(*of_piece, row_offsets, rows, *paths, average, divide_error)

    model = tree.cbow_hs_in_step(*paths, window, shrink, average, divide_error)
    return with_rows(model, row_offsets, rows, train)
