"""Hierarchical softmax: the nodes on a word's path in a Huffman tree, in place of noise words."""

import numpy as np

from wordvec_cli.kernels.cbow import AHEAD, list_window, step_window
from wordvec_cli.kernels.draws import draw_tokens
from wordvec_cli.kernels.own_rows import merge_copies, take_copies, visit
from wordvec_cli.kernels.parts import LANES, aligned_zeros, kernel, part
from wordvec_cli.kernels.rows import prefetch_row, round_up


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
def row_of_node(node, first_hot, base):
    """The row of a node, or of the thread's copy of it."""
    return np.intp(node) if node < first_hot else base + np.intp(node) - first_hot


@part
def train_on_paths(
    kept, low, high, inputs, outputs, path_offsets, nodes, signs,
    window, together, average, divide_error, rate, first_hot, n_hot, base, most,
):  # fmt: skip
    """Steps that predict the nodes on the path of each centre of `kept`; returns (loss, number of steps).

    together   whether a window predicts them as one, as in CBOW, else each of its words by itself, one after the other
    first_hot, n_hot, base, most  the nodes that the thread has copies of, and where, see own_rows.py
    """
    dim, n_kept = inputs.shape[1], len(kept)
    inputs, outputs, rate = inputs.reshape(-1), outputs.reshape(-1), np.float32(rate)
    room = round_up(longest_path(kept, path_offsets), LANES)
    hidden, all_scores, contexts, starts = (
        aligned_zeros(dim), aligned_zeros(room), np.zeros(2 * window + 1, np.intp), np.zeros(room, np.intp)
    )  # fmt: skip
    path_signs = aligned_zeros(room)
    visits = take_copies(outputs, first_hot, n_hot, base, dim)
    loss, n_steps = 0.0, 0

    for c in range(n_kept):
        following = kept[min(c + 1, n_kept - 1)]
        for p in range(path_offsets[following], path_offsets[following + 1]):
            prefetch_row(outputs, dim * row_of_node(nodes[p], first_hot, base), dim)
        prefetch_row(inputs, dim * np.intp(kept[min(c + AHEAD + window, n_kept - 1)]), dim)
        path_start, path_end = path_offsets[kept[c]], path_offsets[kept[c] + 1]
        n_nodes = path_end - path_start
        for k in range(n_nodes):
            starts[k] = dim * row_of_node(nodes[path_start + k], first_hot, base)
            path_signs[k] = np.float32(signs[path_start + k])
        scores = all_scores[: round_up(n_nodes, LANES)]
        n_contexts = list_window(contexts, kept, low, high, c, dim)
        n_at_once = n_contexts if together else 1
        for i in range(0, n_contexts, max(n_at_once, 1)):
            n_steps += 1
            loss += step_window(
                inputs, contexts[i:], n_at_once, outputs, starts, path_signs, n_nodes,
                hidden, scores, average, divide_error, rate, dim,
            )  # fmt: skip
        if n_hot and n_contexts:
            for p in range(path_start, path_end):
                visit(outputs, first_hot, base, visits, most, row_of_node(nodes[p], first_hot, base), dim)

    merge_copies(outputs, first_hot, base, visits, dim)
    return loss, n_steps


@part
def train_block_on_paths(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, together, average, divide_error, n_hot, most, slot, rate, state,
):  # fmt: skip
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    n_nodes = max(len(keep) - 1, 1)
    return train_on_paths(
        kept, low, high, inputs, outputs, path_offsets, nodes, signs, window, together, average, divide_error, rate,
        n_nodes - n_hot, n_hot, n_nodes + 2 * n_hot * slot, most,
    )  # fmt: skip


@kernel
def skipgram_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, n_hot, most, slot, rate, state,
):  # fmt: skip
    """Train skip-gram with hierarchical softmax on ids[first:last]; returns (loss, n_pairs).

    outputs  (n_words - 1 and perhaps more, dim) float32: the inner nodes' rows, then room for copies of some of them
    path_offsets, nodes, signs  from `huffman_tree`
    n_hot, most  of how many nodes the thread has copies, and how many visits those have before they are merged; 0: none
    slot     which room of 2 * n_hot rows is this thread's
    The others are as in `skipgram_block`.
    """
    return train_block_on_paths(
        ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
        window, shrink, False, True, False, n_hot, most, slot, rate, state,
    )  # fmt: skip


@kernel
def cbow_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
    window, shrink, average, divide_error, n_hot, most, slot, rate, state,
):  # fmt: skip
    """Train CBOW with hierarchical softmax on ids[first:last]; returns (loss, n_centres).

    The parameters are as in `cbow_block` and `skipgram_hs_block`.
    """
    return train_block_on_paths(
        ids, offsets, first, last, inputs, outputs, keep, path_offsets, nodes, signs,
        window, shrink, True, average, divide_error, n_hot, most, slot, rate, state,
    )  # fmt: skip
