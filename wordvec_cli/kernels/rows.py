"""Rows of matrices, and products of small matrices of them, in registers.

Matrices are flat, and `dim` is a multiple of `LANES`.
"""

import numpy as np

from wordvec_cli.kernels.parts import (
    HOLDS_TILE,
    LANES,
    add,
    load,
    load_register,
    multiply_add,
    part,
    prefetch_to_write,
    splat,
    splat_register,
    store,
    store_sums,
)
from wordvec_cli.kernels.processor import REGISTER

TILE = 4  # a tile's 16 sums stay in 32 registers, or half of them in 16, and hide the latency of a multiply-add


@part
def round_up(n, step):
    return (n + step - 1) // step * step


@part
def copy_row(source, source_start, target, target_start, dim):
    for d in range(0, dim, LANES):
        store(target, target_start + d, load(source, source_start + d))


@part
def prefetch_row(matrix, start, dim):
    for d in range(0, dim, LANES):
        prefetch_to_write(matrix, start + d)


@part
def add_vector(matrix, start, vector):
    store(matrix, start, add(load(matrix, start), vector))


@part
def add_scaled(matrix, start, rows, row_start, factor, dim):
    """matrix[start : start + dim] += factor * rows[row_start : row_start + dim]."""
    f = splat(factor)
    for d in range(0, dim, LANES):
        store(matrix, start + d, multiply_add(f, load(rows, row_start + d), load(matrix, start + d)))


@part
def _score_at_once(contexts, context, outputs, output, dim, scores, position, stride):
    """scores[position + o * stride + c] = contexts[context + c] . outputs[output + o] for c, o < TILE."""
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = splat_register(np.float32(0))
    s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = splat_register(np.float32(0))
    c, o = context * dim, output * dim
    for d in range(0, dim, REGISTER):
        c0, c1 = load_register(contexts, c + d), load_register(contexts, c + dim + d)
        c2, c3 = load_register(contexts, c + 2 * dim + d), load_register(contexts, c + 3 * dim + d)
        v = load_register(outputs, o + d)
        s00, s01 = multiply_add(v, c0, s00), multiply_add(v, c1, s01)
        s02, s03 = multiply_add(v, c2, s02), multiply_add(v, c3, s03)
        v = load_register(outputs, o + dim + d)
        s10, s11 = multiply_add(v, c0, s10), multiply_add(v, c1, s11)
        s12, s13 = multiply_add(v, c2, s12), multiply_add(v, c3, s13)
        v = load_register(outputs, o + 2 * dim + d)
        s20, s21 = multiply_add(v, c0, s20), multiply_add(v, c1, s21)
        s22, s23 = multiply_add(v, c2, s22), multiply_add(v, c3, s23)
        v = load_register(outputs, o + 3 * dim + d)
        s30, s31 = multiply_add(v, c0, s30), multiply_add(v, c1, s31)
        s32, s33 = multiply_add(v, c2, s32), multiply_add(v, c3, s33)
    store_sums(scores, position, s00, s01, s02, s03)
    store_sums(scores, position + stride, s10, s11, s12, s13)
    store_sums(scores, position + 2 * stride, s20, s21, s22, s23)
    store_sums(scores, position + 3 * stride, s30, s31, s32, s33)


@part
def _score_by_halves(contexts, context, outputs, output, dim, scores, position, stride):
    """As `_score_at_once`, two outputs after the other two, in 13 registers."""
    c, o, p = context * dim, output * dim, position
    for _ in range(2):
        s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = splat_register(np.float32(0))
        for d in range(0, dim, REGISTER):
            c0, c1 = load_register(contexts, c + d), load_register(contexts, c + dim + d)
            c2, c3 = load_register(contexts, c + 2 * dim + d), load_register(contexts, c + 3 * dim + d)
            v = load_register(outputs, o + d)
            s00, s01 = multiply_add(v, c0, s00), multiply_add(v, c1, s01)
            s02, s03 = multiply_add(v, c2, s02), multiply_add(v, c3, s03)
            v = load_register(outputs, o + dim + d)
            s10, s11 = multiply_add(v, c0, s10), multiply_add(v, c1, s11)
            s12, s13 = multiply_add(v, c2, s12), multiply_add(v, c3, s13)
        store_sums(scores, p, s00, s01, s02, s03)
        store_sums(scores, p + stride, s10, s11, s12, s13)
        o += 2 * dim
        p += 2 * stride


# A choice within one function would be a second call, which made all of skip-gram a tenth slower.
score_tile = _score_at_once if HOLDS_TILE else _score_by_halves


@part
def update_tile(matrix, starts, target, rows, first, n, dim, factors, position, row_stride, target_stride):
    """matrix[starts[target + k] :] += sum over r < n of factor[r, k] * rows[first + r], for k < TILE.

    factor[r, k] = factors[position + r * row_stride + k * target_stride]. Targets may be the same row twice: sums are
    made in registers and added one after the other.
    """
    rows_end = (first + n) * dim
    stride = np.uintp(target_stride)
    for d in range(0, dim, LANES):
        s0 = s1 = s2 = s3 = splat(np.float32(0))
        p = np.uintp(position)  # unsigned: numba then has no negative index to look for
        for row in range(first * dim + d, rows_end, dim):
            v = load(rows, row)
            s0 = multiply_add(splat(factors[p]), v, s0)
            s1 = multiply_add(splat(factors[p + stride]), v, s1)
            s2 = multiply_add(splat(factors[p + np.uintp(2) * stride]), v, s2)
            s3 = multiply_add(splat(factors[p + np.uintp(3) * stride]), v, s3)
            p += np.uintp(row_stride)
        add_vector(matrix, starts[target] + d, s0)
        add_vector(matrix, starts[target + 1] + d, s1)
        add_vector(matrix, starts[target + 2] + d, s2)
        add_vector(matrix, starts[target + 3] + d, s3)
