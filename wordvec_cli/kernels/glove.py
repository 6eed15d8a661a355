"""GloVe: kernels that lay co-occurrences out in tiles, and that train on a tile.

Words are dealt out to blocks like cards: word w is row w // n_blocks of block w % n_blocks, so that each block has its
share of the frequent ones. A tile is the pairs of the rows of one block and the columns of another; the parameters that
it needs stay in the caches, and tiles without a block in common can be trained at the same time.

Source: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", equations 8 and 9; the steps of AdaGrad
(Duchi et al. 2011) and the clipping as in glove.c (stanfordnlp/GloVe), in float32.
"""

import numpy as np

from wordvec_cli.kernels.parts import (
    LANES,
    below,
    clip,
    divide_by_root,
    kernel,
    load,
    load_register,
    multiply,
    multiply_add,
    part,
    prefetch_to_write,
    random_bits,
    splat,
    splat_register,
    store,
    sum_of,
)
from wordvec_cli.kernels.processor import REGISTER

# A pair of a tile: row << 16 | column, within their blocks, and the logarithm of its weight.
PAIR = np.dtype([("place", "<u4"), ("log", "<f4")])
AHEAD = 4  # how many pairs early their parameters are asked for
BIASES = LANES  # floats at the end of a row: the bias, its sum of squares, and padding up to a cache line


@kernel
def count_tiles(rows, columns, weights, first_id, n_words, n_blocks, sizes):
    """sizes[tile] += the pairs of the tile row % n_blocks * n_blocks + column % n_blocks.

    rows, columns, weights  (n,); ids start at first_id
    sizes  (n_blocks ** 2,) int64
    Returns the index of what cannot be a pair (an id out of range, a weight that is not positive and finite), or -1.
    """
    for p in range(len(rows)):
        row, column = np.int64(rows[p]) - first_id, np.int64(columns[p]) - first_id
        if not (0 <= row < n_words and 0 <= column < n_words and 0 < weights[p] < np.inf):
            return p
        sizes[row % n_blocks * n_blocks + column % n_blocks] += 1
    return -1


@kernel
def sort_by_tile(rows, columns, weights, first_id, n_blocks, exponent, log_max, sizes, pairs):
    """Write the pairs by tile, those of a tile in their order; returns the loss of vectors and biases of zero.

    sizes  (n_blocks ** 2,) int64, of the tiles here
    pairs  (n,) PAIR, written
    """
    places = np.cumsum(sizes) - sizes
    loss = 0.0
    for p in range(len(rows)):
        row, column = np.int64(rows[p]) - first_id, np.int64(columns[p]) - first_id
        row_block, column_block = row % n_blocks, column % n_blocks
        tile = row_block * n_blocks + column_block
        log = np.log(weights[p])
        pairs[places[tile]].place = np.uint32(row // n_blocks << 16 | column // n_blocks)
        pairs[places[tile]].log = np.float32(log)
        places[tile] += 1
        loss += log * log * np.exp(min(exponent * (log - log_max), 0.0))
    return loss / 2


@kernel
def shuffled(pairs, shuffled_pairs, seed):
    """The pairs in random order in shuffled_pairs. Source: Fisher and Yates, as Durstenfeld 1964, inside out."""
    state = np.uint64(seed)
    for p in range(len(pairs)):
        bits, _ = random_bits(state, p)
        other = below(bits, p + 1)
        shuffled_pairs[p] = shuffled_pairs[other]
        shuffled_pairs[other] = pairs[p]


@part
def prefetch_parameters(matrix, start, dim):
    for d in range(0, 2 * dim + BIASES, LANES):
        prefetch_to_write(matrix, start + d)


@part
def step_bias(matrix, bias, slope, rate):
    """One step of AdaGrad; as in glove.c its rate is not that of the vectors."""
    matrix[bias] -= rate * slope / np.sqrt(matrix[bias + 1])
    matrix[bias + 1] += slope * slope


@kernel
def train_tile(
    pairs, words, contexts, dim, row_block, column_block, n_blocks, exponent, log_max, rate, bias_rate, clip_at
):
    """Descend the gradient of f(x) (w . c + b_w + b_c - log x)^2 / 2 of one pair after the other; their sum.

    pairs  (n,) PAIR, of tile (row_block, column_block)
    words, contexts  flat float32, updated in place: rows of a vector (dim), its sums of squares (dim) and `BIASES`;
                     dim is a multiple of `LANES`
    exponent, log_max  f(x) = min(1, (x / x_max) ** exponent)
    clip_at  the highest absolute value of a gradient's component
    """
    stride = 2 * dim + BIASES
    factor_of_rate, limit, minus = splat_register(rate), splat_register(clip_at), splat_register(np.float32(-1))
    loss = 0.0
    for p in range(len(pairs)):
        later = pairs[min(p + AHEAD, len(pairs) - 1)].place
        prefetch_parameters(words, (np.int64(later >> 16) * n_blocks + row_block) * stride, dim)
        prefetch_parameters(contexts, (np.int64(later & 0xFFFF) * n_blocks + column_block) * stride, dim)
        place, log = pairs[p].place, pairs[p].log
        w = (np.int64(place >> 16) * n_blocks + row_block) * stride
        c = (np.int64(place & 0xFFFF) * n_blocks + column_block) * stride
        w_bias, c_bias = w + 2 * dim, c + 2 * dim
        sums = splat(np.float32(0))
        for d in range(0, dim, LANES):
            sums = multiply_add(load(words, w + d), load(contexts, c + d), sums)
        difference = sum_of(sums) + words[w_bias] + contexts[c_bias] - log
        weight = np.exp(min(exponent * (log - log_max), np.float32(0)))
        slope = weight * difference
        loss += np.float64(slope) * np.float64(difference)
        slopes = splat_register(slope)
        for d in range(0, dim, REGISTER):
            word, context = load_register(words, w + d), load_register(contexts, c + d)
            word_squares, context_squares = load_register(words, w + dim + d), load_register(contexts, c + dim + d)
            word_step = multiply(clip(multiply(slopes, context), limit), factor_of_rate)
            context_step = multiply(clip(multiply(slopes, word), limit), factor_of_rate)
            store(words, w + d, multiply_add(minus, divide_by_root(word_step, word_squares), word))
            store(contexts, c + d, multiply_add(minus, divide_by_root(context_step, context_squares), context))
            store(words, w + dim + d, multiply_add(word_step, word_step, word_squares))
            store(contexts, c + dim + d, multiply_add(context_step, context_step, context_squares))
        step_bias(words, w_bias, slope, bias_rate)
        step_bias(contexts, c_bias, slope, bias_rate)
    return loss / 2
