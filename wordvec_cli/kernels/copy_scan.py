"""The rows of a packed copy that may be among the best for many queries, by products of whole numbers.

As in `scan`, a tile of queries meets a group of rows, and the sums of all pairs stay in registers. Here numbers are
bytes: those of queries from 1 to 255, 128 more than they stand for, those of rows from -127 to 127. One instruction
multiplies and sums four of each in every lane, where the processor has it (VNNI).
"""

from typing import Any, cast

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from wordvec_cli.kernels.parts import address_of, kernel, part
from wordvec_cli.kernels.scan import replace_lowest

_features: str | None = cast(Any, numba.config).CPU_FEATURES  # those to compile for, if they are not this processor's


def _has(feature: str) -> bool:
    return f"+{feature}" in _features if _features else bool(binding.get_host_cpu_features().get(feature, False))


GRAIN = 4  # bytes in a lane
# As many sums as the registers hold beside a row of the tile: 32 of 16 whole numbers, or 16 of 8.
WIDTH, TILE_VECTORS, TILE_ROWS = (16, 3, 8) if _has("avx512f") else (8, 2, 6)
TILE_QUERIES = WIDTH * TILE_VECTORS
_INSTRUCTION = f"llvm.x86.avx512.vpdpbusd.{32 * WIDTH}"
_HAS_INSTRUCTION = _has("avx512vnni") if WIDTH == 16 else _has("avxvnni") or (_has("avx512vnni") and _has("avx512vl"))
BIAS = 128  # of the bytes of queries
ROUNDING = 2.0**-19  # of sums that are turned to float32, and of what is computed with them; a generous bound

_INT = ir.IntType(32)
_VECTOR, _FLOATS = ir.VectorType(_INT, WIDTH), ir.VectorType(ir.FloatType(), WIDTH)
_BITS = ir.IntType(64)
GATES = 4  # their place among the arrays of queries


def _splat(builder, number):
    undefined = ir.Constant(ir.VectorType(number.type, WIDTH), ir.Undefined)
    one = builder.insert_element(undefined, number, _INT(0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(_INT, WIDTH), [0] * WIDTH))


def _sum_of_products(builder, total, query, row):
    """total + the sum of the products of 4 bytes of a query, without a sign, and of a row, with one, in every lane."""
    if _HAS_INSTRUCTION:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, _INSTRUCTION), [total, query, row])
    for byte in range(GRAIN):
        shift = ir.Constant(_VECTOR, [8 * byte] * WIDTH)
        low = builder.and_(builder.lshr(query, shift), ir.Constant(_VECTOR, [255] * WIDTH))
        up = ir.Constant(_VECTOR, [24 - 8 * byte] * WIDTH)
        signed = builder.ashr(builder.shl(row, up), ir.Constant(_VECTOR, [24] * WIDTH))
        total = builder.add(total, builder.mul(low, signed))
    return total


@intrinsic
def queries_that_pass(typing, words, row, n, tiled, query, sums, of_rows, group, of_queries, first, room):
    """Bit q is set if a quick score of a group of TILE_ROWS rows reaches the gate of query q of a tile.

    words       flat int32, GRAIN bytes each, from words[row] on, row after row of `n`
    tiled       flat int32, from tiled[query] on, TILE_QUERIES for each of n
    sums        (TILE_ROWS * TILE_QUERIES,) int32, written: the product of row r and query q at r * TILE_QUERIES + q
    of_rows     (corrections int32, factors, terms) of rows, from `group` on; the quick score is
                `(sum - correction) * factor + term * unit`
    of_queries  (bars, slacks, norms, units, gates) of queries, from `first` on, but gates, (TILE_QUERIES,), written:
                `bar - weight * slack - error * norm - term * unit`
    room        (weight, error, term) float32
    """

    def generate(context, builder, signature, args):
        kinds, n = signature.args, args[2]
        row_start = address_of(context, builder, kinds[0], args[0], args[1], _INT)
        query_start = address_of(context, builder, kinds[3], args[3], args[4], _INT)
        zero = ir.Constant(_VECTOR, [0] * WIDTH)
        totals = [[cgutils.alloca_once_value(builder, zero) for _ in range(TILE_VECTORS)] for _ in range(TILE_ROWS)]
        with cgutils.for_range(builder, n) as loop:
            start = builder.mul(loop.index, loop.index.type(TILE_QUERIES))
            vectors = [vector_at(builder, query_start, start, v) for v in range(TILE_VECTORS)]
            for r in range(TILE_ROWS):
                place = builder.add(loop.index, builder.mul(n, n.type(r)))
                four = _splat(builder, builder.load(builder.gep(row_start, [place])))
                for total, vector in zip(totals[r], vectors, strict=True):
                    builder.store(_sum_of_products(builder, builder.load(total), vector, four), total)
        rows = [
            address_of(context, builder, kinds[6].types[i], builder.extract_value(args[6], i), args[7], kind)
            for i, kind in enumerate((_INT, ir.FloatType(), ir.FloatType()))
        ]
        weight, error, term = (_splat(builder, builder.extract_value(args[10], i)) for i in range(3))
        passing = _BITS(0)
        for v in range(TILE_VECTORS):

            def of_query(i, v=v):
                place = args[9].type(v * WIDTH)
                start = place if i == GATES else builder.add(args[9], place)
                array = builder.extract_value(args[8], i)
                return address_of(context, builder, kinds[8].types[i], array, start, _FLOATS)

            bar, slack, norm, unit = (builder.load(of_query(i), align=4) for i in range(GATES))
            gate = bar
            for factor, number in ((weight, slack), (error, norm), (term, unit)):
                gate = builder.fsub(gate, builder.fmul(factor, number))
            builder.store(gate, of_query(GATES), align=4)
            found = ir.IntType(WIDTH)(0)
            for r in range(TILE_ROWS):
                place = ir.Constant(args[1].type, r * TILE_QUERIES + v * WIDTH)
                total = builder.load(totals[r][v])
                builder.store(total, address_of(context, builder, kinds[5], args[5], place, _VECTOR), align=4)
                correction, factor, of_row = (
                    _splat(builder, builder.load(builder.gep(start, [args[7].type(r)]))) for start in rows
                )
                number = builder.sitofp(builder.sub(total, correction), _FLOATS)
                score = builder.fadd(builder.fmul(number, factor), builder.fmul(of_row, unit))
                reaches = builder.fcmp_ordered(">=", score, gate)
                found = builder.or_(found, builder.bitcast(reaches, found.type))
            passing = builder.or_(passing, builder.shl(builder.zext(found, _BITS), _BITS(v * WIDTH)))
        return passing

    def vector_at(builder, base, start, v):
        place = builder.add(start, start.type(v * WIDTH))
        return builder.load(builder.bitcast(builder.gep(base, [place]), _VECTOR.as_pointer()), align=4)

    arguments = (
        words,
        types.intp,
        types.intp,
        tiled,
        types.intp,
        sums,
        of_rows,
        types.intp,
        of_queries,
        types.intp,
        room,
    )
    return types.int64(*arguments), generate


@part
def _product(queries, query, codes, row, dim):
    total = np.float32(0)
    for d in range(dim):
        total += queries[query + d] * np.float32(codes[row, d])
    return total


@part
def _corrections(codes, n_rows, corrections):
    """What the bias of the queries' bytes has added to the sums of each row."""
    for row in range(n_rows):
        total = np.int32(0)
        for d in range(codes.shape[1]):
            total += np.int32(codes[row, d])
        corrections[row] = BIAS * total


@part
def _bar(lowest, least, unit):
    """The score that a row needs, by the unit of a query's bytes; lower by what float32 may take from it."""
    bar = max(lowest, least) * unit
    return np.float32(bar - abs(bar) * ROUNDING if bar > -np.inf else bar)


@kernel
def find_candidates(block, tiled, questions, limits, found, n_found, first_tile):
    """Note the rows that may be among the best of each query; (tile, n_found), as in `scan.find_candidates`.

    block      of rows, and room to whole groups of TILE_ROWS: codes (n, GRAIN * n_words) int8; the same flat, as int32;
               factors, terms, weights, errors (n,) float32: the score of a query is its product with the codes
               times factor, plus term; it is wrong by weight times the rounding of the query and by error times the
               query's length at most; and how many rows are real: of the others the term is -inf
    tiled      flat int32, the bytes of queries tile by tile, TILE_QUERIES * GRAIN for each GRAIN numbers
    questions  queries, flat float32, (m, dim); dim; units (m,) float32: how often the unit of a query's bytes goes
               into 1; slacks, norms (m,) float32, by units: what its rounding to bytes may take from a product with a
               vector of length 1, and its length; roundings, lengths (m,) float64: what rounding to float32 may take,
               and its length
    limits     least (m,) float64, the score that a row needs in any case; lowest, flat float64, (m, n_kept): a heap for
               each query of the highest scores that rows have at least, updated; n_kept
    found      queries (int32), numbers of rows here (int32), and the scores that they have at most (float64)
    """
    codes, words, factors, terms, weights, errors, n_rows = block
    queries, dim, units, slacks, norms, roundings, lengths = questions
    least, lowest, n_kept = limits
    of_query, of_row, at_most = found
    sums, corrections = np.empty(TILE_ROWS * TILE_QUERIES, np.int32), np.zeros(len(factors), np.int32)
    gates = np.empty(TILE_QUERIES, np.float32)
    bars = np.empty(len(units), np.float32)
    for query in range(len(units)):
        bars[query] = _bar(lowest[query * n_kept], least[query], units[query])
    _corrections(codes, n_rows, corrections)
    n_words, n_tiles = codes.shape[1] // GRAIN, len(units) // TILE_QUERIES
    for tile in range(first_tile, n_tiles):
        first = tile * TILE_QUERIES
        if len(of_query) - n_found < TILE_QUERIES * n_rows:
            return tile, n_found
        for group in range(0, n_rows, TILE_ROWS):
            weight = error = term = np.float32(0)
            for row in range(group, min(group + TILE_ROWS, n_rows)):
                weight, error = max(weight, weights[row]), max(error, errors[row])
                term = max(term, abs(terms[row]))
            term *= np.float32(ROUNDING)
            passing = queries_that_pass(
                words, group * n_words, n_words, tiled, first * n_words, sums, (corrections, factors, terms), group,
                (bars, slacks, norms, units, gates), first, (weight, error, term),
            )  # fmt: skip
            for q in range(TILE_QUERIES):
                if passing >> q == 0:
                    break
                if not passing >> q & 1:
                    continue
                query = first + q
                for row in range(group, min(group + TILE_ROWS, n_rows)):
                    product = np.float32(sums[(row - group) * TILE_QUERIES + q] - corrections[row])
                    if not product * factors[row] + terms[row] * units[query] >= gates[q]:
                        continue
                    score = np.float64(_product(queries, query * dim, codes, row, dim)) * factors[row] + terms[row]
                    room = errors[row] * lengths[query] + weights[row] * roundings[query] + abs(terms[row]) * ROUNDING
                    if score + room >= max(lowest[query * n_kept], least[query]):
                        of_query[n_found], of_row[n_found], at_most[n_found] = query, row, score + room
                        n_found += 1
                        if score - room > lowest[query * n_kept]:
                            replace_lowest(lowest, query * n_kept, n_kept, score - room)
                            bars[query] = _bar(lowest[query * n_kept], least[query], units[query])
    return n_tiles, n_found
