"""What kernels are made of: vectors of floats in registers, hints to the caches, random bits."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from wordvec_cli.kernels.processor import N_REGISTERS, REGISTER, ROOT_ESTIMATE

LANES = 16  # floats in a vector: a cache line, an AVX-512 register; LLVM splits it where registers are narrower
HOLDS_TILE = N_REGISTERS >= 32  # whether the 16 sums of a tile and what they are made of stay in registers

# Without error_model, Python's test for a zero divisor keeps LLVM from vectorising.
_FAST_MATH = {"reassoc", "contract", "arcp", "nsz", "afn"}  # and not nnan or ninf: divergence must show
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FAST_MATH}
part = njit(**OPTIONS)
inlined = njit(forceinline=True, **OPTIONS)  # a call costs: each array among the arguments is seven numbers
KERNEL: dict[str, Any] = {"cache": True, "no_cfunc_wrapper": True}  # nothing calls them as C functions
kernel = njit(**KERNEL, **OPTIONS)


# ---- vectors of floats: left to itself, LLVM spends as much on the sums of dot products as on their products ----


class FloatVector(types.Type):
    """Some floats in registers."""

    def __init__(self, lanes):
        super().__init__(f"FloatVector({lanes})")
        self.lanes = lanes

    @property
    def of_llvm(self):
        return ir.VectorType(ir.FloatType(), self.lanes)


_INT = ir.IntType(32)
float_vector = FloatVector(LANES)  # the usual one: several registers hide the time that an instruction takes
register_vector = FloatVector(REGISTER)  # where there are so many that all would not fit otherwise


@register_model(FloatVector)
class _FloatVectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector_type):
        super().__init__(manager, vector_type, vector_type.of_llvm)


def address_of(context, builder, array_type, array, position, value_type):
    """Where array[position] is, for an intrinsic that reads or writes a `value_type` there."""
    base = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(base, [position]), value_type.as_pointer())


def _load(vector_type, array):
    """Signature and code of a load."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, vector_type.of_llvm)
        return builder.load(address, align=4)

    return vector_type(array, types.intp), generate


@intrinsic
def load(typing, array, position):
    """array[position : position + LANES] of a flat float32 array, unchecked."""
    return _load(float_vector, array)


@intrinsic
def load_register(typing, array, position):
    """array[position : position + REGISTER] of a flat float32 array, unchecked."""
    return _load(register_vector, array)


@intrinsic
def store(typing, array, position, vector):
    """array[position : position + the lanes of the vector] = vector, unchecked."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], args[0], args[1], args[2].type)
        builder.store(args[2], address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _splat(vector_type):
    """Signature and code of a vector with a number in every lane."""

    def generate(context, builder, signature, args):
        undefined = ir.Constant(vector_type.of_llvm, ir.Undefined)
        one = builder.insert_element(undefined, args[0], _INT(0))
        places = ir.Constant(ir.VectorType(_INT, vector_type.lanes), [0] * vector_type.lanes)
        return builder.shuffle_vector(one, undefined, places)

    return vector_type(types.float32), generate


@intrinsic
def splat(typing, number):
    """A vector of `LANES` with `number` in every lane."""
    return _splat(float_vector)


@intrinsic
def splat_register(typing, number):
    """A vector of one register with `number` in every lane."""
    return _splat(register_vector)


@intrinsic
def add(typing, left, right):
    """left + right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fadd(*args)

    return left(left, left), generate


@intrinsic
def subtract(typing, left, right):
    """left - right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fsub(*args)

    return left(left, left), generate


@intrinsic
def multiply_add(typing, left, right, total):
    """left * right + total, lane by lane; one instruction where the processor has it."""

    def generate(context, builder, signature, args):
        product = builder.fmul(args[0], args[1], flags=("contract",))
        return builder.fadd(product, args[2], flags=("contract",))

    return left(left, left, left), generate


@intrinsic
def multiply(typing, left, right):
    """left * right, lane by lane."""

    def generate(context, builder, signature, args):
        return builder.fmul(*args)

    return left(left, left), generate


@intrinsic
def clip(typing, vector, limit):
    """Each lane, but at most limit's and at least its negative; NaN stays NaN."""

    def generate(context, builder, signature, args):
        vector, highest = args
        lowest = builder.fneg(highest)
        vector = builder.select(builder.fcmp_ordered(">", vector, highest), highest, vector)
        return builder.select(builder.fcmp_ordered("<", vector, lowest), lowest, vector)

    return vector(vector, vector), generate


@intrinsic
def divide_by_root(typing, vector, squares):
    """vector / sqrt(squares), lane by lane, for squares > 0; the last bits are not exact where a root is estimated.

    It is where the processor can, for a vector of one register.
    """
    single, lanes = vector.of_llvm, vector.lanes

    def generate(context, builder, signature, args):
        vector, squares = args
        if not ROOT_ESTIMATE or lanes != REGISTER:
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(single, [single]), f"llvm.sqrt.v{lanes}f32"
            )
            return builder.fdiv(vector, builder.call(function, [squares]))
        # 12 or 14 bits of 1 / sqrt(x), and a step of Newton's method: y (3 - x y y) / 2
        y = estimate(builder, squares)
        half = builder.fmul(builder.fmul(squares, constant(-0.5)), y)
        factor = builder.fadd(builder.fmul(half, y, flags=("contract",)), constant(1.5), flags=("contract",))
        return builder.fmul(vector, builder.fmul(y, factor))

    def estimate(builder, squares):
        masked = [constant(0.0), ir.IntType(16)(-1)] if "avx512" in ROOT_ESTIMATE else []
        function_type = ir.FunctionType(single, [single, *(argument.type for argument in masked)])
        function = cgutils.get_or_insert_function(builder.module, function_type, ROOT_ESTIMATE)
        return builder.call(function, [squares, *masked])

    def constant(number):
        return ir.Constant(single, [number] * lanes)

    return vector(vector, vector), generate


@intrinsic
def sum_of(typing, vector):
    """The sum of the lanes."""

    def generate(context, builder, signature, args):
        (sums,) = args
        width = vector.lanes
        while width > 1:
            width //= 2
            halves = (range(width), range(width, 2 * width))
            low, high = (
                builder.shuffle_vector(sums, sums, ir.Constant(ir.VectorType(_INT, width), list(half)))
                for half in halves
            )
            sums = builder.fadd(low, high)
        return builder.extract_element(sums, _INT(0))

    return types.float32(vector), generate


@intrinsic
def store_sums(typing, array, position, a, b, c, d):
    """array[position : position + 4] = sum(a), sum(b), sum(c), sum(d).

    The four are folded into one another: 13 instructions for 16 lanes, where four separate sums take about 32.
    """
    lanes = a.lanes

    def generate(context, builder, signature, args):
        def shuffle(left, right, places):
            return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_INT, len(places)), places))

        def fold(left, right, *halves):
            # both halves of every quad of lanes, one from `left` and one from `right` (whose lanes start at `lanes`)
            low, high = ([quad + lane for quad in range(0, lanes, 4) for lane in half] for half in halves)
            return builder.fadd(shuffle(left, right, low), shuffle(left, right, high))

        singles = (0, lanes, 1, lanes + 1), (2, lanes + 2, 3, lanes + 3)
        pairs = (0, 1, lanes, lanes + 1), (2, 3, lanes + 2, lanes + 3)
        sums = fold(fold(args[2], args[3], *singles), fold(args[4], args[5], *singles), *pairs)
        width = lanes // 2
        while width >= 4:
            places = list(range(2 * width))
            sums = builder.fadd(shuffle(sums, sums, places[:width]), shuffle(sums, sums, places[width:]))
            width //= 2
        address = address_of(context, builder, signature.args[0], args[0], args[1], sums.type)
        builder.store(sums, address, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, a, a, a, a), generate


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


# ---- search ----


@part
def n_below(numbers, limit):
    """How many of the numbers, ascending integers, are below a limit; NumPy's own search takes 0.3 s to compile."""
    first, after = 0, len(numbers)
    while first < after:
        middle = (first + after) // 2
        if numbers[middle] < limit:
            first = middle + 1
        else:
            after = middle
    return first


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
