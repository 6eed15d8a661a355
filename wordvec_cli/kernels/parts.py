"""What kernels are made of: vectors of floats in registers, hints to the caches, random bits."""

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 16  # floats in a vector: an AVX-512 register and a cache line; LLVM splits it where registers are narrower

# Without error_model, Python's test for a zero divisor keeps LLVM from vectorising.
_FAST_MATH = {"reassoc", "contract", "arcp", "nsz", "afn"}  # and not nnan or ninf: divergence must show
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FAST_MATH}
part = njit(**OPTIONS)
inlined = njit(forceinline=True, **OPTIONS)  # a call costs: each array among the arguments is seven numbers
kernel = njit(cache=True, **OPTIONS)


# ---- vectors of floats: left to itself, LLVM spends as much on the sums of dot products as on their products ----


class FloatVector(types.Type):
    """`LANES` floats in a register."""


_INT = ir.IntType(32)
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_ESTIMATES_ROOTS = binding.get_host_cpu_features().get("avx512f", False)
float_vector = FloatVector("FloatVector")


@register_model(FloatVector)
class _FloatVectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector_type):
        super().__init__(manager, vector_type, _VECTOR)


def address_of(context, builder, array_type, array, position, value_type):
    """Where array[position] is, for an intrinsic that reads or writes a `value_type` there."""
    base = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(base, [position]), value_type.as_pointer())


@intrinsic
def load(typing, array, position):
    """array[position : position + LANES] of a flat float32 array, unchecked."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, _VECTOR)
        return builder.load(address, align=4)

    return float_vector(array, types.intp), generate


@intrinsic
def store(typing, array, position, vector):
    """array[position : position + LANES] = vector, unchecked."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], args[0], args[1], _VECTOR)
        builder.store(args[2], address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float_vector), generate


@intrinsic
def splat(typing, number):
    """A vector with `number` in every lane."""

    def generate(context, builder, signature, args):
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        one = builder.insert_element(undefined, args[0], _INT(0))
        return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))

    return float_vector(types.float32), generate


@intrinsic
def add(typing, left, right):
    """left + right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fadd(*args)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def multiply_add(typing, left, right, total):
    """left * right + total, lane by lane; one instruction where the processor has it."""

    def generate(context, builder, signature, args):
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract",))

    return float_vector(float_vector, float_vector, float_vector), generate


@intrinsic
def multiply(typing, left, right):
    """left * right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fmul(*args)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def clip(typing, vector, limit):
    """Each lane, but at most limit's and at least its negative; NaN stays NaN."""

    def generate(context, builder, signature, args):
        vector, highest = args
        lowest = builder.fneg(highest)
        vector = builder.select(builder.fcmp_ordered(">", vector, highest), highest, vector)
        return builder.select(builder.fcmp_ordered("<", vector, lowest), lowest, vector)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def divide_by_root(typing, vector, squares):
    """vector / sqrt(squares), lane by lane, for squares > 0; the last bits are not exact where a root is estimated."""

    def generate(context, builder, signature, args):
        vector, squares = args
        if not _ESTIMATES_ROOTS:
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.sqrt.v{LANES}f32"
            )
            return builder.fdiv(vector, builder.call(function, [squares]))
        # 14 bits of 1 / sqrt(x), and a step of Newton's method: y (3 - x y y) / 2
        estimate_type = ir.FunctionType(_VECTOR, [_VECTOR, _VECTOR, ir.IntType(16)])
        estimate = cgutils.get_or_insert_function(builder.module, estimate_type, "llvm.x86.avx512.rsqrt14.ps.512")
        y = builder.call(estimate, [squares, constant(0.0), ir.IntType(16)(-1)])
        half = builder.fmul(builder.fmul(squares, constant(-0.5)), y)
        factor = builder.fadd(builder.fmul(half, y, flags=("contract",)), constant(1.5), flags=("contract",))
        return builder.fmul(vector, builder.fmul(y, factor))

    def constant(number):
        return ir.Constant(_VECTOR, [number] * LANES)

    return float_vector(float_vector, float_vector), generate


@intrinsic
def sum_of(typing, vector):
    """The sum of the lanes."""

    def generate(context, builder, signature, args):
        (sums,) = args
        width = LANES
        while width > 1:
            width //= 2
            halves = (range(width), range(width, 2 * width))
            low, high = (
                builder.shuffle_vector(sums, sums, ir.Constant(ir.VectorType(_INT, width), list(half)))
                for half in halves
            )
            sums = builder.fadd(low, high)
        return builder.extract_element(sums, _INT(0))

    return types.float32(float_vector), generate


@intrinsic
def store_sums(typing, array, position, a, b, c, d):
    """array[position : position + 4] = sum(a), sum(b), sum(c), sum(d).

    The four are folded into one another: 13 instructions, where four separate sums take about 32.
    """

    def generate(context, builder, signature, args):
        def shuffle(left, right, lanes):
            return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_INT, len(lanes)), lanes))

        def fold(left, right, *halves):
            # both halves of every quad of lanes, one from `left` and one from `right` (whose lanes start at LANES)
            low, high = ([quad + lane for quad in range(0, LANES, 4) for lane in half] for half in halves)
            return builder.fadd(shuffle(left, right, low), shuffle(left, right, high))

        singles = (0, LANES, 1, LANES + 1), (2, LANES + 2, 3, LANES + 3)
        pairs = (0, 1, LANES, LANES + 1), (2, 3, LANES + 2, LANES + 3)
        sums = fold(fold(args[2], args[3], *singles), fold(args[4], args[5], *singles), *pairs)
        width = LANES // 2
        while width >= 4:
            lanes = list(range(2 * width))
            sums = builder.fadd(shuffle(sums, sums, lanes[:width]), shuffle(sums, sums, lanes[width:]))
            width //= 2
        address = address_of(context, builder, signature.args[0], args[0], args[1], sums.type)
        builder.store(sums, address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, float_vector, float_vector, float_vector, float_vector), generate


def _prefetch(array, position, is_to_write):
    """Code that asks for a cache line."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(8))
        prefetch_type = ir.FunctionType(ir.VoidType(), [address.type, _INT, _INT, _INT])
        function = cgutils.get_or_insert_function(builder.module, prefetch_type, "llvm.prefetch.p0")
        every_level, data = _INT(3), _INT(1)
        builder.call(function, [address, _INT(is_to_write), every_level, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def prefetch(typing, array, position):
    """Ask for the cache line of array[position], to be read soon; never faults."""
    return _prefetch(array, position, is_to_write=0)


@intrinsic
def prefetch_to_write(typing, array, position):
    """Ask for the cache line of array[position], to be written soon; never faults."""
    return _prefetch(array, position, is_to_write=1)


# ---- random bits ----

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_30, _SHIFT_27, _SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
_SHIFT_32, _LOW_32 = np.uint64(32), np.uint64(2**32 - 1)


@part
def random_bits(state, counter):
    """Two random 32-bit numbers, a function of state and counter. Source: Steele et al. 2014, splitmix64."""
    bits = state + np.uint64(counter) * _STEP
    bits = (bits ^ (bits >> _SHIFT_30)) * _MIX_1
    bits = (bits ^ (bits >> _SHIFT_27)) * _MIX_2
    bits ^= bits >> _SHIFT_31
    return bits >> _SHIFT_32, bits & _LOW_32


@part
def below(bits, n):
    """A number in range(n) from 32 random bits."""
    return np.intp((bits * np.uint64(n)) >> _SHIFT_32)


@part
def aligned_zeros(n):
    """(n,) float32 that starts at a cache line, so that no vector straddles two."""
    room = np.zeros(n + LANES, np.float32)
    start = (-room.ctypes.data // room.itemsize) % LANES
    return room[start : start + n]
