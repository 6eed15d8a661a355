"""The highest products of many queries with the rows of a matrix, whose products never leave the registers.

A tile of queries, side by side in vectors, meets a group of rows; the sums of all pairs stay in registers, and only the
highest of each query is looked at. Source of the shape: Goto and van de Geijn 2008, Anatomy of High-Performance
Matrix Multiplication, where a tile's sums are written to memory.
"""

from typing import Any, cast

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from wordvec_cli.kernels.parts import address_of, kernel, part

_features: str | None = cast(Any, numba.config).CPU_FEATURES  # those to compile for, if they are not this processor's
_HAS_AVX512 = "+avx512f" in _features if _features else binding.get_host_cpu_features().get("avx512f", False)
# As many sums as the registers hold beside a row of the tile: 32 of 16 floats, or 16 of 8.
WIDTH, TILE_VECTORS, TILE_ROWS = (16, 3, 8) if _HAS_AVX512 else (8, 2, 6)
TILE_QUERIES = WIDTH * TILE_VECTORS

_VECTOR = ir.VectorType(ir.FloatType(), WIDTH)
_MASK = ir.IntType(WIDTH)
_INT = ir.IntType(32)


@intrinsic
def highest_products(typing, rows, row, dim, queries, query, highest):
    """highest[q] = the highest product of query q of a tile with TILE_ROWS rows, for q < TILE_QUERIES.

    rows     flat, from rows[row] on, row after row of `dim`
    queries  flat, from queries[query] on, TILE_QUERIES numbers for each dimension
    """

    def generate(context, builder, signature, args):
        array_types = signature.args
        _, _, n, _, _, _ = args
        row_start = address_of(context, builder, array_types[0], args[0], args[1], ir.FloatType())
        query_start = address_of(context, builder, array_types[3], args[3], args[4], ir.FloatType())
        zero = ir.Constant(_VECTOR, [0.0] * WIDTH)
        sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(TILE_VECTORS)] for _ in range(TILE_ROWS)]
        with cgutils.for_range(builder, n) as loop:
            start = builder.mul(loop.index, loop.index.type(TILE_QUERIES))
            vectors = [vector_at(builder, query_start, start, v) for v in range(TILE_VECTORS)]
            for r in range(TILE_ROWS):
                place = builder.add(loop.index, builder.mul(n, n.type(r)))
                number = splat(builder, builder.load(builder.gep(row_start, [place])))
                for total, vector in zip(sums[r], vectors, strict=True):
                    product = builder.fmul(number, vector, flags=("contract",))
                    builder.store(builder.fadd(product, builder.load(total), flags=("contract",)), total)
        for v in range(TILE_VECTORS):
            best = builder.load(sums[0][v])
            for r in range(1, TILE_ROWS):
                other = builder.load(sums[r][v])
                best = builder.select(builder.fcmp_ordered(">", other, best), other, best)
            place = ir.Constant(args[1].type, v * WIDTH)
            builder.store(best, address_of(context, builder, array_types[5], args[5], place, _VECTOR), align=4)
        return context.get_dummy_value()

    def vector_at(builder, base, start, v):
        place = builder.add(start, start.type(v * WIDTH))
        return builder.load(builder.bitcast(builder.gep(base, [place]), _VECTOR.as_pointer()), align=4)

    def splat(builder, number):
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        one = builder.insert_element(undefined, number, _INT(0))
        return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_INT, WIDTH), [0] * WIDTH))

    return types.void(rows, types.intp, types.intp, queries, types.intp, highest), generate


@intrinsic
def any_reaches(typing, highest, bars, position):
    """Whether highest[q] >= bars[position + q] for some q < TILE_QUERIES."""

    def generate(context, builder, signature, args):
        found = _MASK(0)
        for v in range(TILE_VECTORS):
            place = args[2].type(v * WIDTH)
            best = address_of(context, builder, signature.args[0], args[0], place, _VECTOR)
            bar = address_of(context, builder, signature.args[1], args[1], builder.add(args[2], place), _VECTOR)
            reaches = builder.fcmp_ordered(">=", builder.load(best, align=4), builder.load(bar, align=4))
            found = builder.or_(found, builder.bitcast(reaches, _MASK))
        return builder.icmp_unsigned("!=", found, _MASK(0))

    return types.boolean(highest, bars, types.intp), generate


@part
def product(queries, query, rows, row, dim):
    total = np.float32(0)
    for d in range(dim):
        total += queries[query + d] * rows[row + d]
    return total


@part
def replace_lowest(heap, start, n, value):
    """Put `value` for the lowest of the n values of a heap, which is its first."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= n:
            break
        if child + 1 < n and heap[start + child + 1] < heap[start + child]:
            child += 1
        if heap[start + child] >= value:
            break
        heap[start + place] = heap[start + child]
        place = child
    heap[start + place] = value


@kernel
def find_candidates(rows, n_rows, dim, tiled, queries, errors, least, lowest, n_kept, bars, found, n_found, first_tile):
    """Note the rows that may be among the best `n_kept` of each query; (tile, n_found), and whether room was short.

    rows     flat, (n_rows, dim) and zeros to whole groups of TILE_ROWS
    tiled    flat, the queries tile by tile, TILE_QUERIES numbers for each dimension; `queries` row after row
    errors   (m,) how much a product with one of these rows may be wrong
    least    (m,) the product that a row needs in any case
    lowest   flat, (m, n_kept): a heap for each query, of the highest values that products have at least
    bars     (m,) the product that a row needs to be among the best; updated, as `lowest` is
    found    queries (int32), numbers of rows here (int32), and the values that products have at most (float32)
    Returns the tile to go on with when there is more room in `found`, all of them: done; and how many are found.
    """
    of_query, of_row, at_most = found
    highest = np.empty(TILE_QUERIES, np.float32)
    n_tiles = len(bars) // TILE_QUERIES
    for tile in range(first_tile, n_tiles):
        first = tile * TILE_QUERIES
        if len(of_query) - n_found < TILE_QUERIES * n_rows:
            return tile, n_found
        for group in range(0, n_rows, TILE_ROWS):
            highest_products(rows, group * dim, dim, tiled, first * dim, highest)
            if not any_reaches(highest, bars, first):
                continue
            for query in range(first, first + TILE_QUERIES):
                if not highest[query - first] >= bars[query]:
                    continue
                for row in range(group, min(group + TILE_ROWS, n_rows)):
                    score = product(queries, query * dim, rows, row * dim, dim)
                    if score >= bars[query]:
                        of_query[n_found], of_row[n_found] = query, row
                        at_most[n_found] = score + errors[query]
                        n_found += 1
                        if score - errors[query] > lowest[query * n_kept]:
                            replace_lowest(lowest, query * n_kept, n_kept, score - errors[query])
                            bars[query] = max(lowest[query * n_kept] - errors[query], least[query])
    return n_tiles, n_found
