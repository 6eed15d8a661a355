"""Skip-gram with hierarchical softmax where a word's vector is the mean of its own row and those of its n-grams.

The centre of a window is the input, and predicts the paths of the words around it. One step follows the other as in
fastText, but rows are read and written once for a group of `GROUP` centres: the sums of each centre's rows are made
when the group begins, its steps change the vector and add up what the rows are owed, and that is added to the rows when
the group ends. So each step starts from what the steps before it left, but for rows that words of a group share, which
are as the group began.

Source: fasttext.cc (skipgram), model.cc (update) and loss.cc of facebookresearch/fastText.
"""

import numpy as np

from wordvec_cli.kernels.draws import draw_tokens, longest_list
from wordvec_cli.kernels.in_step import (
    TOKENS_PER_CHUNK,
    Model,
    Needs,
    chunks_of,
    no_noise,
)
from wordvec_cli.kernels.losses import limit_factors, signed_slopes_and_loss
from wordvec_cli.kernels.own_rows import merge_copies, take_copies, visit
from wordvec_cli.kernels.parts import LANES, aligned_zeros, kernel, load, part
from wordvec_cli.kernels.rows import add_vector, round_up
from wordvec_cli.kernels.subwords import compose, list_token, scatter
from wordvec_cli.kernels.tree import list_path, nodes_of, prefetch_path, score_path, update_path

GROUP = 32  # centres
MOST_AT_ONCE = np.float32(1 / 4)  # how far a step may go: with 1/2, rates from 0.25 on diverge where words are few


@part
def room_for_groups(kept, row_offsets, path_offsets, dim):
    """What `train_range` works in."""
    room = round_up(longest_list(kept, path_offsets), LANES)
    most = GROUP * max(longest_list(kept, row_offsets), 1)
    return (
        aligned_zeros(GROUP * dim), aligned_zeros(GROUP * dim), aligned_zeros(GROUP * dim),
        aligned_zeros(room), aligned_zeros(room), np.zeros(room, np.intp),
        np.empty(most, np.intp), np.empty(most, np.intp), np.zeros(GROUP + 1, np.intp), np.zeros(GROUP + 1, np.intp),
    )  # fmt: skip


@part
def train_range(
    room, from_token, to_token, kept, low, high, row_offsets, rows, path_offsets, nodes, signs, inputs, outputs,
    own_outputs, outputs_at, output_visits, first_hot, most, rate, input_slots, inputs_at, output_slots,
):  # fmt: skip
    """As `train_groups`, for the centres kept[from_token:to_token].

    inputs, outputs  flat
    own .. most  the nodes that the thread has copies of, see own_rows.py
    slots, inputs_at  of copies that a chunk has, see in_step.py; None: none
    """
    vectors, errors, owed, scores, path_signs, starts, listed, next_listed, ends, next_ends = room
    dim, n_kept, n_hot = len(vectors) // GROUP, len(kept), len(output_visits)
    for t in range(min(GROUP, n_kept - from_token)):
        ends[t + 1] = list_token(
            listed, ends[t], kept, from_token + t, row_offsets, rows, inputs, dim, input_slots, inputs_at
        )
    loss, n_pairs = 0.0, 0
    for begin in range(from_token, to_token, GROUP):
        n_centres = min(GROUP, n_kept - begin)
        for t in range(n_centres):
            compose(vectors, t * dim, inputs, listed, ends[t], ends[t + 1], dim)
        owed[:] = 0
        for t in range(n_centres):
            if begin + GROUP + t < n_kept:
                next_ends[t + 1] = list_token(
                    next_listed, next_ends[t], kept, begin + GROUP + t, row_offsets, rows, inputs, dim,
                    input_slots, inputs_at,
                )  # fmt: skip
            for i in range(low[begin + t], high[begin + t]):
                if i == begin + t:
                    continue
                ahead = kept[min(i + 1, n_kept - 1)]
                prefetch_path(ahead, outputs, path_offsets, nodes, first_hot, n_hot, outputs_at, dim, output_slots)
                if n_hot:
                    path = nodes_of(kept[i], path_offsets, nodes)
                    visit(outputs, own_outputs, output_visits, path, first_hot, most, dim)
                n_nodes = list_path(
                    starts, path_signs, kept[i], path_offsets, nodes, signs, first_hot, n_hot, outputs_at, dim,
                    output_slots,
                )  # fmt: skip
                score_path(vectors, t, outputs, starts, n_nodes, dim, scores)
                end = round_up(n_nodes, LANES)
                loss += np.float64(signed_slopes_and_loss(scores[:end], path_signs[:end], rate))
                limit_factors(scores, 0, n_nodes, MOST_AT_ONCE)
                update_path(vectors, t, outputs, starts, n_nodes, dim, scores, errors)
                for d in range(t * dim, (t + 1) * dim, LANES):
                    add_vector(vectors, d, load(errors, d))
                    add_vector(owed, d, load(errors, d))
                n_pairs += 1
        for t in range(n_centres):
            scatter(inputs, listed, ends[t], ends[t + 1], owed, t * dim, dim)
        listed, next_listed, ends, next_ends = next_listed, listed, next_ends, ends
    return loss, n_pairs


@kernel
def train_groups(
    kept, low, high, row_offsets, rows, path_offsets, nodes, signs, inputs, outputs, n_hot, most, rate,
):  # fmt: skip
    """One step for each word around each centre of `kept`; returns (loss, pairs)."""
    dim, first_hot = inputs.shape[1], max(len(outputs) - n_hot, 0)
    room, n_copies = room_for_groups(kept, row_offsets, path_offsets, dim), len(outputs) - first_hot
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    own_outputs, outputs_at, output_visits = take_copies(outputs, first_hot, n_copies, dim)
    results = train_range(
        room, 0, len(kept), kept, low, high, row_offsets, rows, path_offsets, nodes, signs, inputs, outputs,
        own_outputs, outputs_at, output_visits, first_hot, most, np.float32(rate), None, 0, None,
    )  # fmt: skip
    merge_copies(outputs, own_outputs, output_visits, first_hot, dim)
    return results


@kernel
def train_groups_in_step(
    work, kept, low, high, inputs, outputs, rate, last_rate, row_offsets, rows, path_offsets, nodes, signs,
):  # fmt: skip
    """A worker's chunks of a piece, see `in_step.Model`."""
    dim, room = inputs.shape[1], room_for_groups(kept, row_offsets, path_offsets, inputs.shape[1])
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    none, no_visits = aligned_zeros(0), np.zeros(0, np.int32)
    for chunk in chunks_of(work, len(kept), GROUP, inputs, outputs, dim, rate, last_rate):
        chunk.losses[0], chunk.losses[1] = train_range(
            room, chunk.first, chunk.after, kept, low, high, row_offsets, rows, path_offsets, nodes, signs, inputs,
            outputs, none, chunk.outputs_at, no_visits, 0, 1, chunk.rate, work.own_inputs.slots, chunk.inputs_at,
            work.own_outputs.slots,
        )  # fmt: skip


def skipgram_hs_in_step(row_offsets, rows, path_offsets, nodes, signs, window, shrink, *_):
    """What `skipgram_hs_block` does, in step."""

    def draw(*place):
        return draw_tokens(*place[:-1], window, shrink, place[-1])

    def needs(draws):
        return (
            Needs(0, no_noise(), GROUP, row_offsets, rows),
            Needs(window, no_noise(), GROUP, path_offsets, nodes, True),
        )

    def train(*arguments):
        train_groups_in_step(*arguments, row_offsets, rows, path_offsets, nodes, signs)

    return Model(GROUP, TOKENS_PER_CHUNK, draw, needs, train)


def skipgram_hs_block(
    ids, offsets, first, last, inputs, outputs, keep, row_offsets, rows, path_offsets, nodes, signs,
    window, shrink, n_hot, most, rate, state,
):  # fmt: skip
    """Train skip-gram with hierarchical softmax on ids[first:last]; returns (loss, n_pairs).

    inputs, row_offsets, rows  as in `subwords.skipgram_block`
    path_offsets, nodes, signs  from `tree.huffman_tree`
    n_hot, most  as in `tree.skipgram_hs_block`, of nodes
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    return train_groups(
        kept, low, high, row_offsets, rows, path_offsets, nodes, signs, inputs, outputs, n_hot, most, rate
    )
