"""Text classification: kernels that make features of lines, and that train and apply averaged embeddings.

An example is a list of rows of the input matrix (its words, and its word n-grams in buckets); their mean is its hidden
vector, and a linear layer makes a score of it for each label. Training is stochastic gradient descent by *groups* of
examples. A group's hidden vectors are made first, then its scores, so that the pass over the output matrix, and the one
that updates it, serve all of them: small dense matrix products in place of one vector after the other. (To ask for the
rows of the next group in the meantime gained nothing, with matrices of 40 and of 450 MB.)

A group descends the gradient, at the values it began with, of the sum of the losses of its examples. Source: Joulin et
al. 2016, arXiv 1607.01759, and fastText (src/model.cc, src/loss.cc): the step of a row is divided by the number of rows
of its example, as is its gradient, and the rate falls linearly.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from wordvec_cli.kernels.hot_rows import list_places, merge_hot_copies, take_hot_copies
from wordvec_cli.kernels.own_rows import merge_rows, own_copy
from wordvec_cli.kernels.parts import (
    LANES,
    add,
    aligned_zeros,
    float_vector,
    inlined,
    kernel,
    load,
    load_register,
    multiply,
    multiply_add,
    n_below,
    part,
    splat,
    splat_register,
    store,
    sum_of,
)
from wordvec_cli.kernels.processor import REGISTER
from wordvec_cli.kernels.rows import TILE, score_tile

SOFTMAX, ONE_VS_ALL, HIERARCHICAL_SOFTMAX = 0, 1, 2
LOWEST_SCORE = np.float32(-1e30)  # of labels that fill up the last vector: they get a probability of zero
MOST_AT_ONCE = 2  # steps of examples that were wholly wrong, that one label takes from a group; see `limit_factors`
MOST_OF_EXAMPLE = 32  # wholly wrong labels whose steps an example takes; see `limit_sum`
FACTORS = 64  # up to 2 each, that a product in single precision holds for sure
MOST_COUNTED = 255
FIXED = np.iinfo(np.int64).min  # in place of where a row is that stays as it is; copies lie before or behind the matrix
NGRAM_FACTOR = np.uint64(116049371)  # fastText's, src/dictionary.cc, addWordNgrams


# ---------------------------------------------------------------- features


@part
def extended(state, word_hash):
    """The hash of an n-gram that is one word longer. Words count as fastText's signed 32-bit hashes."""
    return state * NGRAM_FACTOR + np.uint64(np.int64(np.int32(word_hash)))


@kernel
def mark_ngrams(tokens, token_offsets, lines, hashes, end_hash, longest, n_buckets, bits):
    """Set the bit of each bucket that an n-gram of the lines falls in.

    tokens, token_offsets  line i has tokens[token_offsets[i] : token_offsets[i + 1]], and one more, of `end_hash`
    lines   (m,) int64: which of them
    hashes  of each distinct token, uint32
    bits    (n_buckets / 64, rounded up,) uint64, updated
    """
    for line in lines:
        start, end = token_offsets[line], token_offsets[line + 1]
        for i in range(start, end):
            state = np.uint64(np.int64(np.int32(hashes[tokens[i]])))
            for j in range(i + 1, min(i + longest, end + 1)):
                state = extended(state, end_hash if j == end else hashes[tokens[j]])
                bucket = state % np.uint64(n_buckets)
                bits[bucket >> np.uint64(6)] |= np.uint64(1) << (bucket & np.uint64(63))


@intrinsic
def count_ones(typing, bits):
    """How many bits are set."""

    def generate(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


@kernel
def ranks_of_bits(bits):
    """(ranks (n,) int64: how many bits are set before each word of 64, buckets (set,) int32: which bits are set)."""
    ranks = np.empty(len(bits), np.int64)
    n_set = 0
    for i in range(len(bits)):
        ranks[i] = n_set
        n_set += np.int64(count_ones(bits[i]))
    buckets = np.empty(n_set, np.int32)
    n = 0
    for i in range(len(bits)):
        for bit in range(64):
            if (bits[i] >> np.uint64(bit)) & np.uint64(1):
                buckets[n] = 64 * i + bit
                n += 1
    return ranks, buckets


@kernel
def mark_tokens(tokens, token_offsets, lines, is_used):
    """Note which distinct tokens the lines have: is_used (n_distinct,) uint8, updated. The others as `mark_ngrams`."""
    for line in lines:
        for i in range(token_offsets[line], token_offsets[line + 1]):
            is_used[tokens[i]] = 1


@kernel
def mark_buckets(buckets, offsets, is_used, bits):
    """Set the bit of each bucket of the tokens that are used; those of token t begin at buckets[offsets[t]]."""
    for token in range(len(is_used)):
        if is_used[token]:
            for i in range(offsets[token], offsets[token + 1]):
                bucket = np.uint64(buckets[i])
                bits[bucket >> np.uint64(6)] |= np.uint64(1) << (bucket & np.uint64(63))


@kernel
def count_rows(tokens, token_offsets, lines, starts, longest, most):
    """How many rows `write_rows` writes for each line at most: most (m,) int64, written."""
    for k in range(len(lines)):
        start, end = token_offsets[lines[k]], token_offsets[lines[k] + 1]
        most[k] = 1 + (end - start) * min(longest - 1, end - start)
        for i in range(start, end):
            most[k] += starts[tokens[i] + 1] - starts[tokens[i]]


@part
def write_token_rows(tokens, start, end, starts, token_rows, end_row, rows, n_rows):
    """Write the rows of a line's words and of its end from rows[n_rows] on; returns where they end."""
    for i in range(start, end):
        for j in range(starts[tokens[i]], starts[tokens[i] + 1]):
            rows[n_rows] = token_rows[j]
            n_rows += 1
    rows[n_rows] = end_row
    return n_rows + (end_row >= 0)


@kernel
def write_rows(
    tokens, token_offsets, lines, starts, token_rows, hashes, end_row, end_hash, longest, n_buckets, bits, ranks,
    n_words, rows, row_ends,
):  # fmt: skip
    """Write the rows of the input matrix that each line has: words, line end, n-grams; returns how many.

    As `mark_ngrams`, and
    starts, token_rows   the rows of each distinct token, (n_distinct + 1,) int64 and int32: its own and its subwords'
    end_row              that of the line end; -1: none
    bits, ranks          from `mark_ngrams` and `ranks_of_bits`; the n-gram of the r-th set bit has row n_words + r
    rows, row_ends       (enough,) int32, (m,) int64: written
    """
    n_rows = np.int64(0)
    for k in range(len(lines)):
        start, end = token_offsets[lines[k]], token_offsets[lines[k] + 1]
        n_rows = write_token_rows(tokens, start, end, starts, token_rows, end_row, rows, n_rows)
        for i in range(start, end):
            state = np.uint64(np.int64(np.int32(hashes[tokens[i]])))
            for j in range(i + 1, min(i + longest, end + 1)):
                state = extended(state, end_hash if j == end else hashes[tokens[j]])
                bucket = state % np.uint64(n_buckets)
                word, bit = bucket >> np.uint64(6), bucket & np.uint64(63)
                before = bits[word] & ((np.uint64(1) << bit) - np.uint64(1))
                rows[n_rows] = n_words + ranks[word] + np.int64(count_ones(before))
                n_rows += 1
        row_ends[k] = n_rows
    return n_rows


@kernel
def write_known_rows(
    tokens, token_offsets, starts, token_rows, sizes, hashes, end_row, end_hash, longest, n_buckets, buckets, n_words,
    rows, row_ends, line_sizes,
):  # fmt: skip
    """As `write_rows` of all lines, but that n-grams are those of `buckets`, in ascending order; others have no row.

    sizes       how many rows each distinct token has, with those of subwords that have none
    line_sizes  (n,) int64: the same for each line, written
    """
    n_rows = np.int64(0)
    for line in range(len(token_offsets) - 1):
        start, end = token_offsets[line], token_offsets[line + 1]
        n_rows = write_token_rows(tokens, start, end, starts, token_rows, end_row, rows, n_rows)
        line_sizes[line] = end_row >= 0
        for i in range(start, end):
            line_sizes[line] += sizes[tokens[i]] + min(longest - 1, end - i)
            state = np.uint64(np.int64(np.int32(hashes[tokens[i]])))
            for j in range(i + 1, min(i + longest, end + 1)):
                state = extended(state, end_hash if j == end else hashes[tokens[j]])
                bucket = np.int32(state % np.uint64(n_buckets))
                place = n_below(buckets, bucket)
                if place < len(buckets) and buckets[place] == bucket:
                    rows[n_rows] = n_words + place
                    n_rows += 1
        row_ends[line] = n_rows
    return n_rows


@kernel
def merge_equal_rows(rows, row_ends, places, counts):
    """Leave of equal rows of a line the first, and count them, all in place; returns how many rows are left.

    places  (n rows of the matrix,) int64: for use in here
    counts  (as many as rows,) uint8: how often each row that is left was there; beyond 255 it comes again
    """
    n_left = start = 0
    for line in range(len(row_ends)):
        first = n_left
        for i in range(start, row_ends[line]):
            row = rows[i]
            place = places[row]
            if first <= place < n_left and rows[place] == row and counts[place] < MOST_COUNTED:
                counts[place] += 1
            else:
                rows[n_left], counts[n_left], places[row] = row, 1, n_left
                n_left += 1
        start = row_ends[line]
        row_ends[line] = n_left
    return n_left


@kernel
def write_labels(labels, label_offsets, lines, label_ids, own, own_ends):
    """Write the ids of the labels of each line, each once; returns how many.

    label_ids  of the distinct labels; -1: left out
    """
    n = 0
    for k in range(len(lines)):
        first = n
        for i in range(label_offsets[lines[k]], label_offsets[lines[k] + 1]):
            label = label_ids[labels[i]]
            is_new = label >= 0
            for j in range(first, n):
                is_new &= own[j] != label
            own[n] = label
            n += is_new
        own_ends[k] = n
    return n


@kernel
def mean_of_rows(words, ngrams, rows, row_ends, sizes, hidden):
    """hidden[i] = the sum of the rows of line i, of the matrix `words`, then of `ngrams`, divided by sizes[i]."""
    start = 0
    for line in range(len(row_ends)):
        mean = hidden[line]
        mean[:] = 0
        for i in range(start, row_ends[line]):
            row = rows[i]
            source = words[row] if row < len(words) else ngrams[row - len(words)]
            for d in range(len(mean)):
                mean[d] += source[d]
        mean *= np.float32(1) / np.float32(max(sizes[line], 1))
        start = row_ends[line]


@kernel
def mean_of_quantised_rows(words, word_scales, ngrams, ngram_scales, rows, row_ends, sizes, hidden):
    """As `mean_of_rows`, of matrices of int8 with a float32 scale for each row."""
    start = 0
    for line in range(len(row_ends)):
        mean = hidden[line]
        mean[:] = 0
        for i in range(start, row_ends[line]):
            row = rows[i]
            is_word = row < len(words)
            source = words[row] if is_word else ngrams[row - len(words)]
            scale = word_scales[row] if is_word else ngram_scales[row - len(words)]
            for d in range(len(mean)):
                mean[d] += scale * np.float32(source[d])
        mean *= np.float32(1) / np.float32(max(sizes[line], 1))
        start = row_ends[line]


# ---------------------------------------------------------------- vectors of numbers


@intrinsic
def exponential(typing, vector):
    """e to the power of each lane, to single precision, where that is a normal number; lanes below -87 count as -87."""

    def constant(number, kind):
        return ir.Constant(ir.VectorType(kind, LANES), [number] * LANES)

    def generate(context, builder, signature, args):
        single, integer = ir.FloatType(), ir.IntType(32)
        lowest = constant(-87.0, single)
        vector = builder.select(builder.fcmp_ordered("<", args[0], lowest), lowest, args[0])
        floor_type = ir.FunctionType(vector.type, [vector.type])
        floor = cgutils.get_or_insert_function(builder.module, floor_type, f"llvm.floor.v{LANES}f32")
        doublings = builder.call(
            floor, [builder.fadd(builder.fmul(vector, constant(1.4426950408889634, single)), constant(0.5, single))]
        )
        # ln 2 in two parts, the first of so few bits that its product with a whole number is exact
        rest = builder.fsub(vector, builder.fmul(doublings, constant(0.693359375, single)))
        rest = builder.fsub(rest, builder.fmul(doublings, constant(-2.12194440e-4, single)))
        total = constant(1 / 5040, single)
        for divisor in (720, 120, 24, 6, 2, 1, 1):
            product = builder.fmul(total, rest, flags=("contract",))
            total = builder.fadd(product, constant(1 / divisor, single), flags=("contract",))
        exponent = builder.fptosi(doublings, ir.VectorType(integer, LANES))
        power = builder.shl(builder.add(exponent, constant(127, integer)), constant(23, integer))
        return builder.fmul(total, builder.bitcast(power, vector.type))

    return float_vector(float_vector), generate


@intrinsic
def maximum(typing, left, right):
    """The higher of each two lanes."""

    def generate(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered(">", *args), *args)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def minimum(typing, left, right):
    """The lower of each two lanes."""

    def generate(context, builder, signature, args):
        return builder.select(builder.fcmp_ordered("<", *args), *args)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def divide(typing, left, right):
    """left / right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fdiv(*args)

    return float_vector(float_vector, float_vector), generate


# ---------------------------------------------------------------- the hidden vectors


@inlined
def average_rows(inputs, places, first, last, hidden, position, dim):
    """hidden[position : position + dim] = the mean of the rows at places[first:last] of `inputs`; zeros of none.

    Four rows at a time: one alone would wait for the one before.
    """
    for d in range(0, dim, LANES):
        store(hidden, position + d, splat(np.float32(0)))
    i = first
    while i + TILE <= last:
        a, b, c, e = places[i], places[i + 1], places[i + 2], places[i + 3]
        for d in range(0, dim, LANES):
            left = add(load(inputs, a + d), load(inputs, b + d))
            right = add(load(inputs, c + d), load(inputs, e + d))
            store(hidden, position + d, add(load(hidden, position + d), add(left, right)))
        i += TILE
    while i < last:
        a = places[i]
        for d in range(0, dim, LANES):
            store(hidden, position + d, add(load(hidden, position + d), load(inputs, a + d)))
        i += 1
    share = splat(np.float32(1) / np.float32(max(last - first, 1)))
    for d in range(0, dim, LANES):
        store(hidden, position + d, multiply(load(hidden, position + d), share))


@inlined
def average_counted_rows(inputs, places, counts, first, last, first_count, hidden, position, dim):
    """As `average_rows`, of rows that count as often as counts[first_count] and the next say.

    Returns how often they count in all, by which their steps are divided.
    """
    for d in range(0, dim, LANES):
        store(hidden, position + d, splat(np.float32(0)))
    n = np.float32(0)
    i, k = first, first_count
    while i + TILE <= last:
        a, b, c, e = places[i], places[i + 1], places[i + 2], places[i + 3]
        n_a, n_b = np.float32(counts[k]), np.float32(counts[k + 1])
        n_c, n_e = np.float32(counts[k + 2]), np.float32(counts[k + 3])
        n += (n_a + n_b) + (n_c + n_e)
        v_a, v_b, v_c, v_e = splat(n_a), splat(n_b), splat(n_c), splat(n_e)
        for d in range(0, dim, LANES):
            left = multiply_add(v_a, load(inputs, a + d), load(hidden, position + d))
            right = multiply(v_c, load(inputs, c + d))
            left = multiply_add(v_b, load(inputs, b + d), left)
            right = multiply_add(v_e, load(inputs, e + d), right)
            store(hidden, position + d, add(left, right))
        i += TILE
        k += TILE
    while i < last:
        a = places[i]
        n += np.float32(counts[k])
        share = splat(np.float32(counts[k]))
        for d in range(0, dim, LANES):
            store(hidden, position + d, multiply_add(share, load(inputs, a + d), load(hidden, position + d)))
        i += 1
        k += 1
    share = splat(np.float32(1) / max(n, np.float32(1)))
    for d in range(0, dim, LANES):
        store(hidden, position + d, multiply(load(hidden, position + d), share))
    return n


@inlined
def add_to_counted_rows(inputs, places, counts, n, first, last, first_count, steps, position, dim):
    """As `add_to_rows`, of rows that each count as often as counts[first_count] and the next say, `n` times in all."""
    share = splat(np.float32(1) / max(n, np.float32(1)))
    for d in range(0, dim, LANES):
        store(steps, position + d, multiply(load(steps, position + d), share))
    for i in range(first, last):
        place = places[i]
        if place == FIXED:
            continue
        count = splat(np.float32(counts[first_count + i - first]))
        for d in range(0, dim, LANES):
            store(inputs, place + d, multiply_add(count, load(steps, position + d), load(inputs, place + d)))


@inlined
def add_to_rows(inputs, places, first, last, steps, position, dim):
    """Add steps[position : position + dim] / (last - first) to the rows at places[first:last], but to fixed ones."""
    share = splat(np.float32(1) / np.float32(max(last - first, 1)))
    for d in range(0, dim, LANES):
        store(steps, position + d, multiply(load(steps, position + d), share))
    for i in range(first, last):
        place = places[i]
        if place == FIXED:
            continue
        for d in range(0, dim, LANES):
            store(inputs, place + d, add(load(inputs, place + d), load(steps, position + d)))


@part
def leave_out_fixed(rows, first, last, is_fixed, places, place):
    """Mark the places of those of rows[first:last] that stay as they are."""
    for i in range(first, last):
        if rows[i] < len(is_fixed) and is_fixed[rows[i]]:
            places[place + i - first] = FIXED


@part
def most_rows(order, row_offsets, group):
    """How many rows a group of examples has at most."""
    most = 0
    for begin in range(0, len(order), group):
        n = 0
        for i in range(begin, min(begin + group, len(order))):
            n += row_offsets[order[i] + 1] - row_offsets[order[i]]
        most = max(most, n)
    return most


# ---------------------------------------------------------------- the linear layer


@part
def score_group(hidden, n_examples, outputs, n_labels, dim, scores, stride):
    """scores[i * stride + label] for the examples of a group and all labels, both in whole tiles."""
    for label in range(0, n_labels, TILE):
        for i in range(0, n_examples, TILE):
            score_tile(outputs, label, hidden, i, dim, scores, i * stride + label, stride)


@part
def step_group(hidden, steps, n_examples, outputs, n_labels, dim, factors, stride):
    """Add factor * output row to each example's steps, and factor * hidden vector to each output row.

    One pass over the output matrix does both: a tile's rows are in registers, as they were and as they become.
    """
    for label in range(0, n_labels, TILE):
        r0, r1, r2, r3 = label * dim, (label + 1) * dim, (label + 2) * dim, (label + 3) * dim
        for d in range(0, dim, REGISTER):
            w0, w1 = load_register(outputs, r0 + d), load_register(outputs, r1 + d)
            w2, w3 = load_register(outputs, r2 + d), load_register(outputs, r3 + d)
            n0 = n1 = n2 = n3 = splat_register(np.float32(0))
            for i in range(n_examples):
                f = i * stride + label
                f0, f1 = splat_register(factors[f]), splat_register(factors[f + 1])
                f2, f3 = splat_register(factors[f + 2]), splat_register(factors[f + 3])
                h = load_register(hidden, i * dim + d)
                n0, n1 = multiply_add(f0, h, n0), multiply_add(f1, h, n1)
                n2, n3 = multiply_add(f2, h, n2), multiply_add(f3, h, n3)
                low = multiply_add(f1, w1, multiply_add(f0, w0, load_register(steps, i * dim + d)))
                high = multiply_add(f3, w3, multiply(f2, w2))
                store(steps, i * dim + d, add(low, high))
            # Not to what they were: what another thread has added meanwhile would be lost.
            store(outputs, r0 + d, add(load_register(outputs, r0 + d), n0))
            store(outputs, r1 + d, add(load_register(outputs, r1 + d), n1))
            store(outputs, r2 + d, add(load_register(outputs, r2 + d), n2))
            store(outputs, r3 + d, add(load_register(outputs, r3 + d), n3))


@inlined
def highest_of(scores, first, last):
    """The highest of whole vectors of scores."""
    highest = load(scores, first)
    for s in range(first + LANES, last, LANES):
        highest = maximum(highest, load(scores, s))
    found = np.empty(LANES, np.float32)
    store(found, 0, highest)
    result = found[0]
    for lane in range(1, LANES):
        result = max(result, found[lane])
    return result


@inlined
def softmax(scores, first, n_labels, stride):
    """Scores become probabilities, in place, and zeros up to the stride; returns log(sum(exp(scores)))."""
    for s in range(first + n_labels, first + stride):
        scores[s] = LOWEST_SCORE
    highest = highest_of(scores, first, first + stride)
    total = splat(np.float32(0))
    for s in range(first, first + stride, LANES):
        power = exponential(add(load(scores, s), splat(-highest)))
        store(scores, s, power)
        total = add(total, power)
    for s in range(first + n_labels, first + stride):
        scores[s] = np.float32(0)
    all_powers = sum_of(total)
    share = splat(np.float32(1) / all_powers)
    for s in range(first, first + stride, LANES):
        store(scores, s, multiply(load(scores, s), share))
    return highest + np.log(np.float64(all_powers))


@inlined
def sigmoids(scores, first, n_labels, stride):
    """Scores become probabilities, in place, and zeros up to the stride; returns the sum of log(1 + exp(score))."""
    for s in range(first + n_labels, first + stride):
        scores[s] = np.float32(0)
    one, total, product = splat(np.float32(1)), splat(np.float32(0)), splat(np.float32(1))
    logarithms, n_factors = np.float64(0), 0
    for s in range(first, first + stride, LANES):
        score = load(scores, s)
        positive = maximum(score, splat(np.float32(0)))
        negative = minimum(score, splat(np.float32(0)))
        power = exponential(add(negative, multiply(positive, splat(np.float32(-1)))))  # exp(-|score|)
        numerator = exponential(negative)
        store(scores, s, divide(numerator, add(one, power)))
        total = add(total, positive)
        product = multiply(product, add(one, power))
        n_factors += 1
        if n_factors == FACTORS:
            logarithms += sum_of_logarithms(product)
            product, n_factors = one, 0
    n_filled = stride - n_labels  # each has added log 2
    for s in range(first + n_labels, first + stride):
        scores[s] = np.float32(0)
    logarithms += sum_of_logarithms(product)
    return np.float64(sum_of(total)) + logarithms - n_filled * np.log(2.0)


@inlined
def sum_of_logarithms(vector):
    lanes = np.empty(LANES, np.float32)
    store(lanes, 0, vector)
    total = np.float64(0)
    for lane in range(LANES):
        total += np.log(np.float64(lanes[lane]))
    return total


@inlined
def factors_of_example(scores, first, n_labels, stride, labels, rate, loss):
    """Scores become rate * (target - probability), in place; returns the loss.

    labels  of the example, at least one. With softmax each is the target in equal shares: what drawing one of them
            gives on average. With one-vs-all each is a target of its own.
    """
    share = np.float64(1) / len(labels) if loss == SOFTMAX else np.float64(1)
    of_labels = np.float64(0)
    for label in labels:
        of_labels += share * np.float64(scores[first + label])
    value = (
        softmax(scores, first, n_labels, stride) if loss == SOFTMAX else sigmoids(scores, first, n_labels, stride)
    ) - of_labels
    for s in range(first, first + stride, LANES):
        store(scores, s, multiply(load(scores, s), splat(np.float32(-rate))))
    for label in labels:
        scores[first + label] += np.float32(rate * share)
    return value


@inlined
def limit_sum(scores, first, stride, limit):
    """Scale the factors of an example down, in place, where their absolute values sum up to more than `limit`.

    With softmax they never sum up to more than 2 (times the rate), but with one-vs-all and hundreds of labels, of which
    none is known to be improbable yet, to hundreds: its rows would be thrown far away.
    """
    total = splat(np.float32(0))
    for s in range(first, first + stride, LANES):
        factor = load(scores, s)
        total = add(total, maximum(factor, multiply(factor, splat(np.float32(-1)))))
    all_factors = sum_of(total)
    if all_factors > limit:
        share = splat(np.float32(limit / all_factors))
        for s in range(first, first + stride, LANES):
            store(scores, s, multiply(load(scores, s), share))


@part
def limit_factors(scores, n_examples, stride, limit):
    """Scale the factors of a label down, in place, where their absolute values sum up to more than `limit`.

    One after the other, each step would damp the next. A group's are made at once: where its examples are much alike,
    as all are to one-vs-all in the beginning, their sum could overshoot, more each time.
    """
    for s in range(0, stride, LANES):
        total = splat(np.float32(1e-30))
        for i in range(n_examples):
            factor = load(scores, i * stride + s)
            total = add(total, maximum(factor, multiply(factor, splat(np.float32(-1)))))
        share = minimum(splat(np.float32(1)), divide(splat(np.float32(limit)), total))
        for i in range(n_examples):
            store(scores, i * stride + s, multiply(load(scores, i * stride + s), share))


@part
def step_along_paths(hidden, steps, position, outputs, dim, labels, path_offsets, nodes, signs, rate):
    """Hierarchical softmax of one example: update the nodes on the way to its labels, each in equal shares.

    Adds to the example's steps; returns the loss.
    """
    loss = np.float64(0)
    share = np.float64(1) / len(labels)
    for label in labels:
        for p in range(path_offsets[label], path_offsets[label + 1]):
            row = dim * np.intp(nodes[p])
            total = splat(np.float32(0))
            for d in range(0, dim, LANES):
                total = multiply_add(load(outputs, row + d), load(hidden, position + d), total)
            score = np.float64(sum_of(total)) * signs[p]  # is to become low
            power = np.exp(-abs(score))
            loss += share * (max(score, np.float64(0)) + np.log1p(power))
            slope = (np.float64(1) if score > 0 else power) / (1 + power) * signs[p]
            factor = splat(np.float32(-rate * share * slope))
            for d in range(0, dim, LANES):
                output = load(outputs, row + d)
                store(steps, position + d, multiply_add(factor, output, load(steps, position + d)))
                store(outputs, row + d, multiply_add(factor, load(hidden, position + d), output))
    return loss


@kernel
def train_examples(
    order, row_offsets, rows, counts, label_offsets, labels, inputs, outputs, is_fixed, hot, slots, most_visits,
    most_groups, n_labels, dim, group, loss, path_offsets, nodes, signs, rate, last_rate,
):  # fmt: skip
    """Update the matrices, in place, by the examples `order`; returns (the sum of their losses, how many).

    row_offsets, rows   example e has rows[row_offsets[e] : row_offsets[e + 1]]; label_offsets, labels: the same of them
    counts              (as many as rows,) uint8: how often the example has each; None: once
    inputs              flat float32, whole vectors of `dim` numbers
    outputs             the same; one for each label, or inner node of the tree, and zeros up to a whole tile
    is_fixed            (rows or 0,) uint8: whether a row of `inputs` stays as it is
    hot, slots          (n_hot,) int32: rows of `inputs` that the thread has copies of; see hot_rows.py for `slots`
    most_visits         to a copy until it is merged
    most_groups         after which the thread's copy of `outputs` is merged; 0: it has none
    group               examples of a group, a multiple of TILE
    path_offsets, nodes, signs  from `tree.huffman_tree` for hierarchical softmax, else None
    rate, last_rate     of the first example, and of the one after the last

    numba compiles only the branches that can be taken: half as much where there are neither counts nor paths.
    """
    zero, one = np.int64(0), np.int64(1)  # no literals: parts would be compiled once more for each
    stride = -(-n_labels // LANES) * LANES
    hidden, steps = aligned_zeros(group * dim), aligned_zeros(group * dim)
    scores = aligned_zeros(group * stride)
    sizes, ends = np.zeros(group, np.float32), np.zeros(group, np.int64)
    places = np.empty(most_rows(order, row_offsets, group), np.int64)
    copies, copies_at, visits = take_hot_copies(inputs, hot, dim)
    shared, n_numbers = outputs, len(outputs) if most_groups else 0
    output_copy = own_copy(outputs, n_numbers)
    if most_groups:
        outputs = output_copy[:n_numbers]
    n = len(order)
    total = np.float64(0)
    n_groups = 0
    for begin in range(0, n, group):
        end = min(begin + group, n)
        merge_hot_copies(inputs, copies, visits, hot, most_visits, dim)
        place = zero
        for i in range(begin, end):
            e = order[i]
            first, last, position = row_offsets[e], row_offsets[e + 1], (i - begin) * dim
            list_places(rows, first, last, places, place, slots, copies_at, visits, dim)
            last_place = place + last - first
            if counts is not None:
                sizes[i - begin] = average_counted_rows(
                    inputs, places, counts, place, last_place, first, hidden, position, dim
                )
            else:
                average_rows(inputs, places, place, last_place, hidden, position, dim)
            if len(is_fixed):
                leave_out_fixed(rows, first, last, is_fixed, places, place)
            place = ends[i - begin] = last_place
        n_whole = -(-(end - begin) // TILE) * TILE
        hidden[(end - begin) * dim : n_whole * dim] = 0
        steps[: n_whole * dim] = 0
        if path_offsets is not None:
            for i in range(begin, end):
                e = order[i]
                own = labels[label_offsets[e] : label_offsets[e + 1]]
                now = rate + (last_rate - rate) * i / n
                total += step_along_paths(
                    hidden, steps, (i - begin) * dim, outputs, dim, own, path_offsets, nodes, signs, now
                )
        else:
            score_group(hidden, n_whole, outputs, n_labels, dim, scores, stride)
            for i in range(begin, end):
                e = order[i]
                own = labels[label_offsets[e] : label_offsets[e + 1]]
                now = rate + (last_rate - rate) * i / n
                total += factors_of_example(scores, (i - begin) * stride, n_labels, stride, own, now, loss)
                limit_sum(scores, (i - begin) * stride, stride, MOST_OF_EXAMPLE * now)
            limit_factors(scores, end - begin, stride, MOST_AT_ONCE * rate)
            scores[(end - begin) * stride : n_whole * stride] = 0
            step_group(hidden, steps, n_whole, outputs, n_labels, dim, scores, stride)
        place = zero
        for i in range(begin, end):
            first, last_place, position = row_offsets[order[i]], ends[i - begin], (i - begin) * dim
            if counts is not None:
                size = sizes[i - begin]
                add_to_counted_rows(inputs, places, counts, size, place, last_place, first, steps, position, dim)
            else:
                add_to_rows(inputs, places, place, last_place, steps, position, dim)
            place = last_place
        n_groups += 1
        if n_groups == most_groups or end == n:
            merge_rows(shared, zero, output_copy, zero, n_numbers, n_numbers)
            n_groups = 0
    merge_hot_copies(inputs, copies, visits, hot, one, dim)
    return total, n
