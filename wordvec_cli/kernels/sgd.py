"""Skip-gram with negative sampling: one kernel that trains on a block of tokens.

A *group* is a few consecutive centre words. Their context rows are copied once into a small block that stays in the
first-level cache, the noise words are drawn once for the whole group, and every score and every update of the group is
then a product of small dense blocks. A row thus travels to and from main memory once per group and not once per pair.

Source: Mikolov et al. 2013, arXiv 1310.4546, equation 4; sharing as in Ji et al. 2016, arXiv 1604.04661, and
Rengasamy et al. 2017 ("context combining"). The updates are the gradient at the values that the group began with.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, models, register_model

LANES = 16  # floats in a vector: one AVX-512 register; LLVM splits it where registers are narrower
ROWS = 4  # rows scored together: enough independent sums to hide the latency of a multiply-add

# error_model: Python's test for a zero divisor would keep LLVM from vectorising the sigmoid
jit = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz", "afn"})


# ---- vectors of floats: numba has none, and LLVM's own vectoriser spends as long on sums as on products ----


class FloatVector(types.Type):
    """`LANES` floats in one register."""


float_vector = FloatVector("FloatVector")
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)


@register_model(FloatVector)
class FloatVectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector_type):
        super().__init__(manager, vector_type, _VECTOR)


def _pointer(context, builder, array_type, array, position, target):
    base = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(base, [position]), target.as_pointer())


@intrinsic
def load(typing_context, array, position):
    """The `LANES` floats of a flat array from `position` on."""

    def generate(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args, _VECTOR)
        return builder.load(pointer, align=4)

    return float_vector(array, types.intp), generate


@intrinsic
def store(typing_context, array, position, vector):
    """Write a vector into a flat array from `position` on."""

    def generate(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1], _VECTOR)
        builder.store(args[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float_vector), generate


@intrinsic
def splat(typing_context, number):
    """A vector with `number` in every lane."""

    def generate(context, builder, signature, args):
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], _INDEX(0))
        zeros = ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES)
        return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)

    return float_vector(types.float32), generate


@intrinsic
def multiply_add(typing_context, left, right, total):
    """total + left * right, lane by lane."""

    def generate(context, builder, signature, args):
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract",))

    return float_vector(float_vector, float_vector, float_vector), generate


@intrinsic
def store_sums(typing_context, array, position, a, b, c, d):
    """Write sum(a), sum(b), sum(c), sum(d) to array[position : position + 4].

    Four sums at once take 13 instructions, four single ones about 32.
    """

    def generate(context, builder, signature, args):
        def shuffle(left, right, mask):
            return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_INDEX, len(mask)), mask))

        def fold(left, right, first_mask, second_mask):
            first = [quad + lane for quad in range(0, LANES, 4) for lane in first_mask]
            second = [quad + lane for quad in range(0, LANES, 4) for lane in second_mask]
            return builder.fadd(shuffle(left, right, first), shuffle(left, right, second), flags=("contract",))

        pair_mask = (0, LANES, 1, LANES + 1), (2, LANES + 2, 3, LANES + 3)
        ab, cd = fold(args[2], args[3], *pair_mask), fold(args[4], args[5], *pair_mask)
        total = fold(ab, cd, (0, 1, LANES, LANES + 1), (2, 3, LANES + 2, LANES + 3))
        width = LANES
        while width > 4:
            width //= 2
            halves = [shuffle(total, total, list(range(start, start + width))) for start in (0, width)]
            total = builder.fadd(*halves, flags=("contract",))
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1], total.type)
        builder.store(total, pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float_vector, float_vector, float_vector, float_vector), generate


@intrinsic
def prefetch(typing_context, array, position):
    """Ask for the cache line of array[position]; never faults."""

    def generate(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args, ir.IntType(8))
        signature_ = ir.FunctionType(ir.VoidType(), [pointer.type, _INDEX, _INDEX, _INDEX])
        function = builder.module.globals.get("llvm.prefetch.p0") or ir.Function(builder.module, signature_, "llvm.prefetch.p0")
        builder.call(function, [pointer, _INDEX(1), _INDEX(3), _INDEX(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


# ---- random numbers ----

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31, _SHIFT_32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_LOW_32 = np.uint64(0xFFFFFFFF)


@jit
def random_bits(state, counter):
    """64 random bits, a function of the two numbers only. Source: Steele et al. 2014, splitmix64."""
    bits = state + np.uint64(counter) * _GOLDEN
    bits = (bits ^ (bits >> _SHIFT_30)) * _MIX_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MIX_2
    return bits ^ (bits >> _SHIFT_31)


@jit
def draw_block(ids, offsets, first, last, keep, noise_threshold, noise_alias, window, shrink, group, n_noise, state):
    """All random choices of one block: (kept, low, high, noise).

    kept   (n,) int32: the ids left after unknown words and subsampling are dropped
    low    (n,) int32, high (n,) int32: the window of centre c is kept[low[c] : high[c]] without c itself
    noise  (ceil(n / group), n_noise) int32: the noise words of each group
    """
    kept = np.empty(last - first, np.int32)
    low = np.empty(last - first, np.int32)
    high = np.empty(last - first, np.int32)
    line = np.searchsorted(offsets, first, side="right") - 1
    n_kept = 0
    position = first
    while position < last:
        line_end = min(offsets[line + 1], last)
        line_start_kept = n_kept
        for token in range(position, line_end):
            word = ids[token]
            kept[n_kept] = word
            bits = random_bits(state, token - first)
            # high half: is the word kept; low half: its window
            low[n_kept] = np.int32(((bits & _LOW_32) * np.uint64(window)) >> _SHIFT_32) + 1 if shrink else window
            if word >= 0:
                n_kept += np.intp((bits >> _SHIFT_32) <= np.uint64(keep[word]))
        for centre in range(line_start_kept, n_kept):
            radius = low[centre]
            low[centre] = max(line_start_kept, centre - radius)
            high[centre] = min(n_kept, centre + radius + 1)
        position = line_end
        line += 1
    n_groups = (n_kept + group - 1) // group
    noise = np.empty((n_groups, n_noise), np.int32)
    n_words = np.uint64(len(noise_alias))
    counter = last - first
    for g in range(n_groups):
        for k in range(n_noise):
            bits = random_bits(state, counter)
            counter += 1
            word = np.intp(((bits & _LOW_32) * n_words) >> _SHIFT_32)
            accept = (bits >> _SHIFT_32) < np.uint64(noise_threshold[word])
            noise[g, k] = word if accept else noise_alias[word]
    return kept[:n_kept], low[:n_kept], high[:n_kept], noise


# ---- products of small blocks ----


@jit
def copy_row(source, source_row, target, target_row, dim):
    source_start, target_start = source_row * dim, target_row * dim
    for d in range(0, dim, LANES):
        store(target, target_start + d, load(source, source_start + d))


@jit
def prefetch_row(array, row, dim):
    start = row * dim
    for d in range(0, dim, LANES):
        prefetch(array, start + d)


@jit
def score_rows(rows, first, n, vectors, vector, dim, scores, position):
    """scores[position + i] = rows[first + i] . vectors[vector] for i < n rounded up to a multiple of `ROWS`."""
    zero = splat(np.float32(0))
    start = vector * dim
    for i in range(0, n, ROWS):
        row = (first + i) * dim
        a = b = c = e = zero
        for d in range(0, dim, LANES):
            v = load(vectors, start + d)
            a = multiply_add(load(rows, row + d), v, a)
            b = multiply_add(load(rows, row + dim + d), v, b)
            c = multiply_add(load(rows, row + 2 * dim + d), v, c)
            e = multiply_add(load(rows, row + 3 * dim + d), v, e)
        store_sums(scores, position + i, a, b, c, e)


@jit
def add_rows(target, target_row, rows, first, n, weights, position, stride, dim):
    """target[target_row] += sum over i < n of weights[position + i * stride] * rows[first + i]."""
    t = target_row * dim
    row = first * dim
    i = 0
    while i + 8 <= n:
        w0 = splat(weights[np.uintp(position)])
        w1 = splat(weights[np.uintp(position + stride)])
        w2 = splat(weights[np.uintp(position + 2 * stride)])
        w3 = splat(weights[np.uintp(position + 3 * stride)])
        w4 = splat(weights[np.uintp(position + 4 * stride)])
        w5 = splat(weights[np.uintp(position + 5 * stride)])
        w6 = splat(weights[np.uintp(position + 6 * stride)])
        w7 = splat(weights[np.uintp(position + 7 * stride)])
        for d in range(0, dim, LANES):
            v = load(target, t + d)
            v = multiply_add(w0, load(rows, row + d), v)
            v = multiply_add(w1, load(rows, row + dim + d), v)
            v = multiply_add(w2, load(rows, row + 2 * dim + d), v)
            v = multiply_add(w3, load(rows, row + 3 * dim + d), v)
            v = multiply_add(w4, load(rows, row + 4 * dim + d), v)
            v = multiply_add(w5, load(rows, row + 5 * dim + d), v)
            v = multiply_add(w6, load(rows, row + 6 * dim + d), v)
            v = multiply_add(w7, load(rows, row + 7 * dim + d), v)
            store(target, t + d, v)
        position += 8 * stride
        row += 8 * dim
        i += 8
    while i < n:
        zero = np.float32(0)
        w0 = splat(weights[np.uintp(position)])
        w1 = splat(weights[np.uintp(position + stride)] if i + 1 < n else zero)
        w2 = splat(weights[np.uintp(position + 2 * stride)] if i + 2 < n else zero)
        w3 = splat(weights[np.uintp(position + 3 * stride)] if i + 3 < n else zero)
        for d in range(0, dim, LANES):
            v = load(target, t + d)
            v = multiply_add(w0, load(rows, row + d), v)
            v = multiply_add(w1, load(rows, row + dim + d), v)
            v = multiply_add(w2, load(rows, row + 2 * dim + d), v)
            v = multiply_add(w3, load(rows, row + 3 * dim + d), v)
            store(target, t + d, v)
        position += 4 * stride
        row += 4 * dim
        i += 4


def _polynomial(function, degree):
    """Coefficients, lowest power first, of the interpolation of `function` at the Chebyshev points of [0, 1]."""
    fit = np.polynomial.Chebyshev.interpolate(function, degree, domain=[0, 1])
    return [np.float32(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef]


_E0, _E1, _E2, _E3, _E4, _E5, _E6 = _polynomial(lambda y: np.exp(-y), 6)
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = _polynomial(lambda t: np.log1p(t) / t, 7)


@jit
def exp_of_minus(x):
    """exp(-x) for 0 <= x, to 2e-6 of its value up to 16: exp(-x / 16) ** 16 needs no integer tricks."""
    y = min(x, np.float32(16)) * np.float32(1 / 16)
    p = (((((_E6 * y + _E5) * y + _E4) * y + _E3) * y + _E2) * y + _E1) * y + _E0
    p = p * p
    p = p * p
    p = p * p
    return p * p


@jit
def errors_and_loss(scores, weights, begin, end, sign, rate):
    """Turn scores[begin:end] into coefficients of the update, in place, and return their weighted loss.

    With z = sign * score the loss of one term is weight * log(1 + exp(z)) and its update has the coefficient
    -rate * sign * weight * sigmoid(z). sign is -1 for true pairs and 1 for noise.
    """
    scores, weights = scores[begin:end], weights[begin:end]
    loss = np.float32(0)
    for i in range(len(scores)):
        z = sign * scores[i]
        t = exp_of_minus(abs(z))
        softplus = ((((((_L7 * t + _L6) * t + _L5) * t + _L4) * t + _L3) * t + _L2) * t + _L1) * t + _L0
        softplus = softplus * t + max(z, np.float32(0))
        loss += weights[i] * softplus
        sigmoid = (np.float32(1) if z > 0 else t) / (np.float32(1) + t)
        scores[i] = -rate * sign * weights[i] * sigmoid
    return np.float64(loss)


@jit
def skipgram_block(
    ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, negative, group, n_noise, rate, state,
):  # fmt: skip
    """Train on ids[first:last]; returns (loss, number of (context, centre) pairs)."""
    kept, low, high, noise = draw_block(
        ids, offsets, first, last, keep, noise_threshold, noise_alias, window, shrink, group, n_noise, state
    )
    return train_groups(kept, low, high, noise, inputs, outputs, window, negative, group, rate)


@jit
def aligned_zeros(n):
    """(n,) float32 that starts at a cache line, so that no vector straddles two."""
    room = np.zeros(n + LANES, np.float32)
    start = (-room.ctypes.data >> 2) & (LANES - 1)
    return room[start : start + n]


@jit
def train_groups(kept, low, high, noise, inputs, outputs, window, negative, group, rate):
    dim = inputs.shape[1]
    n_noise = noise.shape[1]
    rate = np.float32(rate)
    inputs_flat, outputs_flat = inputs.reshape(-1), outputs.reshape(-1)
    max_rows = group + 2 * window + 8
    contexts = aligned_zeros(max_rows * dim)
    centres = aligned_zeros((group + n_noise + 8) * dim)
    band = 2 * window + 1
    row_width = (group + 2 * window + ROWS - 1) // ROWS * ROWS
    noise_start = (group * band + ROWS + LANES - 1) // LANES * LANES
    n_scores = noise_start + n_noise * row_width
    scores = np.zeros(n_scores + LANES, np.float32)
    weights = np.zeros(n_scores + LANES, np.float32)
    coverage = np.zeros(row_width, np.float32)
    first_centre = np.zeros(row_width, np.int32)
    last_centre = np.zeros(row_width, np.int32)
    share = np.float32(negative / n_noise)
    loss = 0.0
    n_pairs = 0
    n_kept = len(kept)
    n_groups = noise.shape[0]
    for g in range(n_groups):
        begin = g * group
        end = min(begin + group, n_kept)
        n_centres = end - begin
        bottom, top = begin, end
        for c in range(begin, end):
            bottom = min(bottom, low[c])
            top = max(top, high[c])
        n_rows = top - bottom

        for i in range(n_rows):
            copy_row(inputs_flat, np.intp(kept[bottom + i]), contexts, i, dim)
        for j in range(n_centres):
            copy_row(outputs_flat, np.intp(kept[begin + j]), centres, j, dim)
        for k in range(n_noise):
            copy_row(outputs_flat, np.intp(noise[g, k]), centres, group + k, dim)

        # ~gather
        # band storage: the pair (row i, centre j) lives at j * band + i - j + (begin - bottom) ... see `origin`
        coverage[:] = 0
        first_centre[:] = group
        last_centre[:] = -1
        weights[: group * band] = 0
        for j in range(n_centres):
            c = begin + j
            base = j * band + window - c
            for p in range(low[c], high[c]):
                weights[np.uintp(base + p)] = 1
                coverage[np.uintp(p - bottom)] += 1
                last_centre[np.uintp(p - bottom)] = j
                first_centre[np.uintp(p - bottom)] = min(j, first_centre[np.uintp(p - bottom)])
            weights[np.uintp(base + c)] = 0
            coverage[np.uintp(c - bottom)] -= 1
            n_pairs += high[c] - low[c] - 1
        for k in range(n_noise):
            start = noise_start + k * row_width
            for i in range(row_width):
                weights[np.uintp(start + i)] = share * coverage[np.uintp(i)]
            n_same = 0
            for c in range(begin, end):
                n_same += kept[np.uintp(c)] == noise[g, k]
            if n_same > 0:  # as in word2vec.c, a noise word that is the centre itself does not count
                for c in range(begin, end):
                    if kept[c] == noise[g, k]:
                        for p in range(low[c], high[c]):
                            if p != c:
                                weights[start + p - bottom] -= share

        # ~weights
        for j in range(n_centres):
            c = begin + j
            prefetch_row(inputs_flat, np.intp(kept[min(top + j, n_kept - 1)]), dim)
            prefetch_row(outputs_flat, np.intp(kept[min(end + j, n_kept - 1)]), dim)
            score_rows(contexts, low[c] - bottom, high[c] - low[c], centres, j, dim, scores, j * band + low[c] - c + window)
        # ~score_true
        for k in range(n_noise):
            prefetch_row(outputs_flat, np.intp(noise[min(g + 1, n_groups - 1), k]), dim)
            score_rows(contexts, 0, n_rows, centres, group + k, dim, scores, noise_start + k * row_width)
        # ~score_noise
        loss += errors_and_loss(scores, weights, 0, group * band, np.float32(-1), rate)
        loss += errors_and_loss(scores, weights, noise_start, n_scores, np.float32(1), rate)

        # ~sigmoid
        for i in range(n_rows):
            target = np.intp(kept[bottom + i])
            add_rows(inputs_flat, target, centres, group, n_noise, scores, noise_start + i, row_width, dim)
            j = np.intp(first_centre[i])
            add_rows(inputs_flat, target, centres, j, last_centre[i] + 1 - j, scores,
                     j * band + window + bottom + i - begin - j, band - 1, dim)
        # ~update_inputs
        for j in range(n_centres):
            c = begin + j
            add_rows(outputs_flat, np.intp(kept[c]), contexts, low[c] - bottom, high[c] - low[c], scores,
                     j * band + low[c] - c + window, 1, dim)
        # ~update_true
        for k in range(n_noise):
            add_rows(outputs_flat, np.intp(noise[g, k]), contexts, 0, n_rows, scores,
                     noise_start + k * row_width, 1, dim)
        # ~update_noise
    return loss, n_pairs
