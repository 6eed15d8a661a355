"""Hierarchical softmax: the nodes on a word's path in a Huffman tree, in place of noise words."""

import numpy as np

from wordvec_cli.kernels.cbow import GROUP, spread_errors, sum_windows, weigh_windows
from wordvec_cli.kernels.draws import draw_tokens, longest_list, widest
from wordvec_cli.kernels.in_step import TOKENS_PER_CHUNK, Model, Needs, chunks_of, no_noise
from wordvec_cli.kernels.losses import limit_factors, signed_slopes_and_loss
from wordvec_cli.kernels.own_rows import merge_copies, place_of, take_copies, visit
from wordvec_cli.kernels.parts import (
    LANES,
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
from wordvec_cli.kernels.rows import TILE, copy_row, prefetch_row, round_up, score_tile, update_tile
from wordvec_cli.kernels.skipgram import limit_steps


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
    for leaf in range(n):  # not weights[:n] = counts, for which numba compiles a message, in a second
        weights[leaf] = counts[leaf]
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


@inlined
def nodes_of(word, path_offsets, nodes):
    return nodes[path_offsets[word] : path_offsets[word + 1]]


@inlined
def list_path(starts, path_signs, word, path_offsets, nodes, signs, first_hot, n_hot, at, dim, slots=None):
    """Set where the rows of a word's path start, and their signs, which are 0 past its end; returns its length.

    starts, path_signs  with room for the path to the end of a vector; past the path's end stand copies of its last node
    """
    path_start = path_offsets[word]
    n_nodes = path_offsets[word + 1] - path_start
    for k in range(n_nodes):
        starts[k] = place_of(nodes[path_start + k], first_hot, n_hot, at, dim, slots)
        path_signs[k] = np.float32(signs[path_start + k])
    for k in range(n_nodes, round_up(n_nodes, LANES)):
        starts[k] = starts[max(n_nodes - 1, 0)]
        path_signs[k] = 0
    return n_nodes


@inlined
def prefetch_path(word, outputs, path_offsets, nodes, first_hot, n_hot, at, dim, slots=None):
    for p in range(path_offsets[word], path_offsets[word + 1]):
        prefetch_row(outputs, place_of(nodes[p], first_hot, n_hot, at, dim, slots), dim)


@inlined
def score_path(hidden, h, outputs, starts, n_nodes, dim, scores):
    """scores[k] = hidden[h] . outputs[starts[k] :], to the end of a tile."""
    for k in range(0, n_nodes, TILE):
        s0 = s1 = s2 = s3 = splat(np.float32(0))
        r0, r1, r2, r3 = starts[k], starts[k + 1], starts[k + 2], starts[k + 3]
        for d in range(0, dim, LANES):
            v = load(hidden, h * dim + d)
            s0, s1 = multiply_add(v, load(outputs, r0 + d), s0), multiply_add(v, load(outputs, r1 + d), s1)
            s2, s3 = multiply_add(v, load(outputs, r2 + d), s2), multiply_add(v, load(outputs, r3 + d), s3)
        store_sums(scores, k, s0, s1, s2, s3)


@inlined
def update_path(hidden, h, outputs, starts, n_nodes, dim, factors, errors):
    """Add factors[k] * hidden[h] to node k, in turn; sets errors[h] to the sum of factor * node, as it was."""
    for d in range(0, dim, LANES):
        v, error = load(hidden, h * dim + d), splat(np.float32(0))
        for k in range(np.uintp(n_nodes)):
            row, factor = load(outputs, starts[k] + d), splat(factors[k])
            error = multiply_add(factor, row, error)
            store(outputs, starts[k] + d, multiply_add(factor, v, row))
        store(errors, h * dim + d, error)


@part
def room_for_windows(kept, path_offsets, window, dim):
    """What `train_windows_on_paths` works in."""
    room, n_starts = round_up(longest_list(kept, path_offsets), LANES), GROUP + 2 * window
    return (
        np.zeros(n_starts, np.intp), np.zeros(room, np.intp),
        aligned_zeros(GROUP * dim), aligned_zeros(GROUP * dim),
        aligned_zeros((n_starts + 1) * dim), aligned_zeros((n_starts + 1) * dim),
        aligned_zeros(room), aligned_zeros(room), aligned_zeros(GROUP), aligned_zeros(GROUP),
    )  # fmt: skip


@part
def train_windows_on_paths(
    room, from_token, to_token, kept, low, high, inputs, outputs, path_offsets, nodes, signs,
    window, average, divide_error, own_inputs, inputs_at, input_visits, own_outputs, outputs_at, output_visits,
    first_hot, most, rate, limit, input_slots, output_slots, of_inputs=None, row_ends=None,
):  # fmt: skip
    """Windows predict the nodes on their centres' paths; returns (loss, centres that have context).

    Hidden vectors and errors are a group's, as in cbow.py; the nodes change centre by centre. The centres are
    kept[from_token:to_token], and inputs and outputs are flat.
    own .. most  the nodes and the words that the thread has copies of, see own_rows.py
    slots  of copies that a chunk has, see in_step.py; None: none
    of_inputs, row_ends  as in `cbow.train_range`
    """
    starts, path_starts, hidden, errors, sums, changes, scores, path_signs, shares, error_shares = room
    dim, last, n_starts = len(hidden) // GROUP, len(kept) - 1, len(starts)
    n_words, n_hot = len(input_visits), len(output_visits)
    loss, n_centres = 0.0, 0

    for begin in range(from_token, to_token, GROUP):
        n_centres += weigh_windows(low, high, begin, average, divide_error, shares, error_shares, row_ends)
        if n_words:
            around = kept[max(begin - window, 0) : min(begin + GROUP + window, len(kept))]
            visit(inputs, own_inputs, input_visits, around, 0, most, dim)
        for i in range(n_starts):
            t = min(max(begin - window + i, 0), last)
            word = kept[t] if of_inputs is None else of_inputs[t]
            starts[i] = place_of(word, 0, n_words, inputs_at, dim, input_slots)
        sum_windows(hidden, sums, inputs, starts, low, high, begin, window, shares, dim)
        for j in range(min(GROUP, len(kept) - begin)):
            c = begin + j
            word, ahead = kept[min(c + 1, last)], kept[min(c + GROUP + window, last)]
            prefetch_path(word, outputs, path_offsets, nodes, first_hot, n_hot, outputs_at, dim, output_slots)
            if of_inputs is None:
                prefetch_row(inputs, place_of(ahead, 0, n_words, inputs_at, dim, input_slots), dim)
            if shares[j] == 0:
                for d in range(0, dim, LANES):
                    store(errors, j * dim + d, splat(np.float32(0)))
                continue
            if n_hot:
                visit(outputs, own_outputs, output_visits, nodes_of(kept[c], path_offsets, nodes), first_hot, most, dim)
            n_nodes = list_path(
                path_starts, path_signs, kept[c], path_offsets, nodes, signs, first_hot, n_hot, outputs_at, dim,
                output_slots,
            )  # fmt: skip
            score_path(hidden, j, outputs, path_starts, n_nodes, dim, scores)
            end = round_up(n_nodes, LANES)
            loss += signed_slopes_and_loss(scores[:end], path_signs[:end], rate)
            limit_factors(scores, 0, n_nodes, limit)
            update_path(hidden, j, outputs, path_starts, n_nodes, dim, scores, errors)
        spread_errors(inputs, starts, errors, low, high, begin, window, error_shares, changes, dim, row_ends)
    return loss, n_centres


@part
def room_for_words(kept, path_offsets, window, dim):
    """What `train_words_on_paths` works in."""
    room, most_rows = round_up(longest_list(kept, path_offsets), LANES), round_up(2 * window, TILE)
    return (
        np.zeros(most_rows, np.intp), np.zeros(room, np.intp),
        aligned_zeros(most_rows * dim), aligned_zeros(room * dim),
        aligned_zeros(room * most_rows), aligned_zeros(room), aligned_zeros(room),
    )  # fmt: skip


@part
def train_words_on_paths(
    room, from_token, to_token, kept, low, high, inputs, outputs, path_offsets, nodes, signs, window,
    own_inputs, inputs_at, input_visits, own_outputs, outputs_at, output_visits, first_hot, most, rate, limit,
    input_slots, output_slots,
):  # fmt: skip
    """The words of a window predict the nodes on its centre's path, each by itself; returns (loss, pairs).

    A step is a window's: all scores, products of a matrix of its rows and one of its nodes, come before all updates.
    The others are as in `train_windows_on_paths`.
    """
    starts, path_starts, rows, path, scores, path_signs, totals = room
    dim, last, n_words, n_hot = len(rows) // len(starts), len(kept) - 1, len(input_visits), len(output_visits)
    loss, n_pairs = 0.0, 0

    for c in range(from_token, to_token):
        word, ahead = kept[min(c + 1, last)], kept[min(c + 2 + window, last)]
        prefetch_path(word, outputs, path_offsets, nodes, first_hot, n_hot, outputs_at, dim, output_slots)
        prefetch_row(inputs, place_of(ahead, 0, n_words, inputs_at, dim, input_slots), dim)
        n_rows = high[c] - low[c] - 1
        if n_rows == 0:
            continue
        if n_hot:
            visit(inputs, own_inputs, input_visits, kept[low[c] : high[c]], 0, most, dim)
            visit(outputs, own_outputs, output_visits, nodes_of(kept[c], path_offsets, nodes), first_hot, most, dim)
        for i in range(n_rows):
            word = kept[low[c] + i + (low[c] + i >= c)]
            starts[i] = place_of(word, 0, n_words, inputs_at, dim, input_slots)
            copy_row(inputs, starts[i], rows, i * dim, dim)
        n_pairs += n_rows
        n_nodes = list_path(
            path_starts, path_signs, kept[c], path_offsets, nodes, signs, first_hot, n_hot, outputs_at, dim,
            output_slots,
        )  # fmt: skip
        for k in range(n_nodes):
            copy_row(outputs, path_starts[k], path, k * dim, dim)
        width, height, stride = round_up(n_rows, TILE), round_up(n_nodes, TILE), round_up(n_nodes, LANES)
        starts[n_rows:width] = starts[0]
        for i in range(0, width, TILE):
            for k in range(0, height, TILE):
                score_tile(path, k, rows, i, dim, scores, i * stride + k, stride)
        for i in range(n_rows):
            loss += signed_slopes_and_loss(scores[i * stride : (i + 1) * stride], path_signs[:stride], rate)
        scores[n_rows * stride : width * stride] = 0
        if rate * max(n_rows, n_nodes) > limit:
            limit_steps(scores, n_rows, stride, 0, totals[:stride], limit)
        for i in range(0, width, TILE):
            update_tile(inputs, starts, i, path, 0, n_nodes, dim, scores, i * stride, 1, stride)
        for k in range(0, height, TILE):
            update_tile(outputs, path_starts, k, rows, 0, n_rows, dim, scores, k, stride, 1)
    return loss, n_pairs


@kernel
def skipgram_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, n_hot, most, rate, limit, state,
):  # fmt: skip
    """Train skip-gram with hierarchical softmax on ids[first:last]; returns (loss, n_pairs).

    outputs  (n_words - 1, at least 1, dim) float32: the inner nodes' rows
    path_offsets, nodes, signs  from `huffman_tree`
    n_hot, most  of how many nodes, the last ones, and of how many words, the first ones, the thread has copies, and
             how many visits those have before they are merged, see own_rows.py; 0: none
    limit    see `limit_steps`
    The others are as in `skipgram_block`.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    dim, first_hot = inputs.shape[1], max(len(outputs) - n_hot, 0)
    hot_nodes, hot_words = len(outputs) - first_hot, min(n_hot, len(inputs))
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    own_inputs, inputs_at, input_visits = take_copies(inputs, 0, hot_words, dim)
    own_outputs, outputs_at, output_visits = take_copies(outputs, first_hot, hot_nodes, dim)
    results = train_words_on_paths(
        room_for_words(kept, path_offsets, window, dim), 0, len(kept), kept, low, high, inputs, outputs,
        path_offsets, nodes, signs, window, own_inputs, inputs_at, input_visits, own_outputs, outputs_at,
        output_visits, first_hot, most, np.float32(rate), np.float32(limit), None, None,
    )  # fmt: skip
    merge_copies(inputs, own_inputs, input_visits, 0, dim)
    merge_copies(outputs, own_outputs, output_visits, first_hot, dim)
    return results


@kernel
def train_words_in_step(
    work, kept, low, high, inputs, outputs, rate, last_rate, limit, path_offsets, nodes, signs, window,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, room = inputs.shape[1], room_for_words(kept, path_offsets, window, inputs.shape[1])
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_words_on_paths(
            room, chunk.first, chunk.after, kept, low, high, inputs, outputs, path_offsets, nodes, signs, window,
            none, chunk.inputs_at, no_visits, none, chunk.outputs_at, no_visits, 0, 1, chunk.rate, np.float32(limit),
            work.own_inputs.slots, work.own_outputs.slots,
        )  # fmt: skip


def skipgram_hs_in_step(path_offsets, nodes, signs, window, shrink, *_):
    """What `skipgram_hs_block` does, in step."""

    def draw(*place):
        return draw_tokens(*place[:-1], window, shrink, place[-1])

    def needs(draws):
        return Needs(window, no_noise(), GROUP), Needs(0, no_noise(), GROUP, path_offsets, nodes, True)

    def train(*arguments):
        train_words_in_step(*arguments, path_offsets, nodes, signs, window)

    # With 128 tokens, of which each changes the first nodes by all its window, analogies fell from 0.120 to 0.106.
    return Model(GROUP, GROUP, draw, needs, train)


@kernel
def train_windows_in_step(
    work, kept, low, high, inputs, outputs, rate, last_rate, limit, path_offsets, nodes, signs, average, divide_error,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, window = inputs.shape[1], widest(low, high)
    room = room_for_windows(kept, path_offsets, window, dim)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_windows_on_paths(
            room, chunk.first, chunk.after, kept, low, high, inputs, outputs, path_offsets, nodes, signs,
            window, average, divide_error, none, chunk.inputs_at, no_visits, none, chunk.outputs_at, no_visits, 0, 1,
            chunk.rate, np.float32(limit), work.own_inputs.slots, work.own_outputs.slots,
        )  # fmt: skip


def cbow_hs_in_step(path_offsets, nodes, signs, window, shrink, average, divide_error, *_):
    """What `cbow_hs_block` does, in step."""

    def draw(*place):
        return draw_tokens(*place[:-1], window, shrink, place[-1])

    def needs(draws):
        return Needs(widest(*draws[1:]), no_noise(), GROUP), Needs(0, no_noise(), GROUP, path_offsets, nodes, True)

    def train(*arguments):
        train_windows_in_step(*arguments, path_offsets, nodes, signs, average, divide_error)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


@kernel
def cbow_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, average, divide_error, n_hot, most, rate, limit, state,
):  # fmt: skip
    """Train CBOW with hierarchical softmax on ids[first:last]; returns (loss, n_centres).

    The parameters are as in `cbow_block` and `skipgram_hs_block`.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    window = widest(low, high)
    dim, first_hot = inputs.shape[1], max(len(outputs) - n_hot, 0)
    hot_nodes, hot_words = len(outputs) - first_hot, min(n_hot, len(inputs))
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    own_inputs, inputs_at, input_visits = take_copies(inputs, 0, hot_words, dim)
    own_outputs, outputs_at, output_visits = take_copies(outputs, first_hot, hot_nodes, dim)
    results = train_windows_on_paths(
        room_for_windows(kept, path_offsets, window, dim), 0, len(kept), kept, low, high, inputs, outputs,
        path_offsets, nodes, signs, window, average, divide_error, own_inputs, inputs_at, input_visits,
        own_outputs, outputs_at, output_visits, first_hot, most, np.float32(rate), np.float32(limit), None, None,
    )  # fmt: skip
    merge_copies(inputs, own_inputs, input_visits, 0, dim)
    merge_copies(outputs, own_outputs, output_visits, first_hot, dim)
    return results
