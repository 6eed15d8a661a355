"""Co-occurrences: kernels that count, row by row, which words stand near which.

A row is counted as a whole: the positions of its word are known from an index, and the weights of the words around
them are added up in a table of one number for each word. So a pair is neither stored before it is summed nor sorted;
the table of a row fits the second cache level, and rows are independent, whatever thread counts them.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from wordvec_cli.kernels.parts import address_of, inlined, kernel, n_below, prefetch

WALL = np.int32(-2)  # between two lines
HOLE = np.int32(-1)  # where an unknown word takes a position
LINE_BITS = 3  # 2 ** 3 sums are a cache line
GROUP_BITS = 12  # columns of 64 words of 8 marks
SET = np.uint8(1)
SLACK = 8  # pairs that are written before it is known whether they count
AHEAD = 8  # positions between asking for a cache line and reading it; there are 10 to 20 misses in flight at most


@intrinsic
def trailing_zeros(typing, bits):
    """The number of zeros below the lowest one of a 64-bit number; 64 of zero."""

    def generate(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def take_eight(typing, array, position):
    """The bytes array[position : position + 8] as one number; zeros are left there."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(64))
        taken = builder.load(address, align=1)
        builder.store(ir.IntType(64)(0), address, align=1)
        return taken

    return types.uint64(array, types.intp), generate


@kernel
def lay_out(ids, offsets, first, last, window, keep_unknown):
    """The tokens ids[first:last] with walls between lines, and as many tokens around them as windows reach.

    Returns (tokens (n,) int32, begin, end): tokens[begin:end] are those of ids[first:last].
    keep_unknown  whether an unknown word takes a position, else it is left out
    """
    start, stop = first, last
    line = n_below(offsets, first + 1) - 1
    reach = 0
    while start > offsets[line] and reach < window:
        start -= 1
        reach += keep_unknown or ids[start] >= 0
    last_line = n_below(offsets, max(last - 1, first) + 1) - 1
    reach = 0
    while stop < offsets[last_line + 1] and reach < window:
        reach += keep_unknown or ids[stop] >= 0
        stop += 1
    tokens = np.empty(stop - start + (last_line - line) + 2, np.int32)
    tokens[0] = WALL
    n = 1
    begin = end = -1
    for position in range(start, stop):
        while position >= offsets[line + 1]:
            line += 1
            if tokens[n - 1] != WALL:
                tokens[n] = WALL
                n += 1
        if position == first:
            begin = n
        if position == last:
            end = n
        if ids[position] >= 0:
            tokens[n] = ids[position]
            n += 1
        elif keep_unknown:
            tokens[n] = HOLE
            n += 1
    if end < 0:
        end = n
    tokens[n] = WALL
    return tokens[: n + 1], max(begin, 0), end


@kernel
def index_positions(tokens, begin, end, n_words):
    """Where each word stands in tokens[begin:end]: (starts (n_words + 1,) int64, positions int32).

    Those of word w are positions[starts[w] : starts[w + 1]], ascending.
    """
    starts = np.zeros(n_words + 2, np.int64)
    for position in range(begin, end):
        if tokens[position] >= 0:
            starts[tokens[position] + 2] += 1
    for word in range(n_words):
        starts[word + 2] += starts[word + 1]
    positions = np.empty(starts[n_words + 1], np.int32)
    for position in range(begin, end):
        word = tokens[position]
        if word >= 0:
            positions[starts[word + 1]] = position
            starts[word + 1] += 1  # where word + 1 starts, in the end
    return starts[: n_words + 1], positions


@inlined
def add_words(tokens, position, direction, window, weight_at, sums, marks, groups):
    """Add up the words after (direction 1) or before (-1) a position of a line."""
    for distance in range(1, window + 1):
        word = tokens[position + direction * distance]
        if word == WALL:
            break
        if word != HOLE:
            sums[word] += weight_at[distance]
            marks[word >> LINE_BITS] = SET
            groups[word >> GROUP_BITS] = SET


@inlined
def take_row(sums, marks, groups, columns, weights, n):
    """Move what has been added up to columns[n:] and weights[n:], by column, and clear the tables; the new n."""
    for group in range(len(groups)):
        if groups[group]:
            groups[group] = 0
            for eight in range(group << (GROUP_BITS - LINE_BITS - 3), (group + 1) << (GROUP_BITS - LINE_BITS - 3)):
                bits = take_eight(marks, eight << 3)
                while bits:
                    line = (eight << 3) + np.int64(trailing_zeros(bits) >> np.uint64(3))
                    bits &= bits - np.uint64(1)
                    for column in range(line << LINE_BITS, (line + 1) << LINE_BITS):
                        # written always, counted if there is a sum: no branch to mispredict
                        columns[n], weights[n] = column, sums[column]
                        n += sums[column] != 0
                        sums[column] = 0
    return n


def row_tables(n_words: int) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.uint8]]:
    """(sums, marks, groups): what one thread needs to count rows; all zero between two rows.

    sums    float64, by column
    marks   uint8: 1 where a cache line of sums has been added to. A plain store, without a test whether it is the
            first, is far cheaper than what becomes of the test
    groups  uint8: the same for each 64 words of marks
    """
    n_groups = (n_words >> GROUP_BITS) + 1
    n_lines = n_groups << (GROUP_BITS - LINE_BITS)
    return np.zeros(n_lines << LINE_BITS), np.zeros(n_lines, np.uint8), np.zeros(n_groups, np.uint8)


@kernel
def count_rows(
    tokens, starts, positions, first, weight_at, symmetric, sums, marks, groups, columns, weights, row_sizes
):
    """Count the rows from `first` on, as many as row_sizes has; returns how many pairs were written.

    tokens     from `lay_out`; starts, positions: from `index_positions`
    weight_at  (window + 1,) float64 by distance
    symmetric  whether words before a word count too, or only those after it
    sums, marks, groups  from `row_tables`
    columns, weights  int32 and float64, written; `SLACK` longer than there can be pairs
    row_sizes  (n_rows,) int64, written
    """
    window, n = len(weight_at) - 1, np.int64(0)  # a plain 0 has `take_row` compiled for it, too
    after, before = np.int64(1), np.int64(-1)
    for row in range(first, first + len(row_sizes)):
        for p in range(starts[row], starts[row + 1]):
            later = np.int64(positions[min(p + AHEAD, len(positions) - 1)])
            prefetch(tokens, later - window)
            prefetch(tokens, later + window)
            position = np.int64(positions[p])
            add_words(tokens, position, after, window, weight_at, sums, marks, groups)
            if symmetric:
                add_words(tokens, position, before, window, weight_at, sums, marks, groups)
        n_before = n
        n = take_row(sums, marks, groups, columns, weights, n)
        row_sizes[row - first] = n - n_before
    return n


@kernel
def merge_rows(columns_in, weights_in, starts, sums, marks, groups, columns, weights, row_sizes):
    """Add rows up that have been counted in several parts of a corpus, in the parts' order; returns pairs written.

    columns_in, weights_in  int32 and float64, of all parts
    starts     (n_parts, n_rows + 1) int64: part k has row r from starts[k, r] to starts[k, r + 1]
    sums, marks, groups  from `row_tables`
    columns, weights     int32 and float64, written; `SLACK` longer than columns_in
    row_sizes  (n_rows,) int64, written
    """
    n = np.int64(0)
    for row in range(len(row_sizes)):
        for k in range(len(starts)):
            for p in range(starts[k, row], starts[k, row + 1]):
                column = columns_in[p]
                sums[column] += weights_in[p]
                marks[column >> LINE_BITS] = SET
                groups[column >> GROUP_BITS] = SET
        n_before = n
        n = take_row(sums, marks, groups, columns, weights, n)
        row_sizes[row] = n - n_before
    return n
