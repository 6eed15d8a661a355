"""64 bytes of a text at once: which are wanted, and copies of them. What is read or written ends in `PADDING` bytes."""

from typing import Any

from llvmlite import ir
from numba import types

from wordvec_cli.kernels.text import _intrinsic, _pointer

WIDTH = 64

_NEWLINE, _RETURN = 10, 13
_LANES = ir.VectorType(ir.IntType(8), WIDTH)


@_intrinsic
def equal(typing_context: Any, text: Any, position: Any, first: Any, second: Any) -> Any:
    """uint64 whose bit i tells if byte `position + i` is `first`, `second` or a line end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        found = builder.load(_pointer(context, builder, signature, arguments[:2], _LANES), align=1)
        line_ends = [ir.Constant(_LANES, [byte] * WIDTH) for byte in (_NEWLINE, _RETURN)]
        wanted = [_splat(builder, value) for value in arguments[2:]] + line_ends
        bits = [builder.icmp_unsigned("==", found, each) for each in wanted]
        either = builder.or_(builder.or_(bits[0], bits[1]), builder.or_(bits[2], bits[3]))
        return builder.bitcast(either, ir.IntType(WIDTH))

    return types.uint64(text, types.intp, types.uint8, types.uint8), generate


@_intrinsic
def equal_one(typing_context: Any, text: Any, position: Any, wanted: Any) -> Any:
    """uint64 whose bit i tells if byte `position + i` is `wanted`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        found = builder.load(_pointer(context, builder, signature, arguments[:2], _LANES), align=1)
        bits = builder.icmp_unsigned("==", found, _splat(builder, arguments[2]))
        return builder.bitcast(bits, ir.IntType(WIDTH))

    return types.uint64(text, types.intp, types.uint8), generate


@_intrinsic
def n_bits(typing_context: Any, bits: Any) -> Any:
    """How many ones there are in `bits` (uint64)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _splat(builder: Any, value: ir.Value) -> ir.Value:
    lane = builder.insert_element(ir.Constant(_LANES, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        lane, ir.Constant(_LANES, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    )


@_intrinsic
def copy_64(typing_context: Any, source: Any, start: Any, target: Any, place: Any) -> Any:
    """Copy 64 bytes of `source` from `start` on to `place` of `target`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        read = _pointer(context, builder, signature, arguments[:2], _LANES)
        array = context.make_array(signature.args[2])(context, builder, arguments[2])
        write = builder.bitcast(builder.gep(array.data, [arguments[3]]), _LANES.as_pointer())
        builder.store(builder.load(read, align=1), write, align=1)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), generate
