"""The rows that are written to most, as copies that each thread has of its own.

A line of memory that two threads write to in turn travels between their caches each time, which takes 30 to 180 ns (as
near as the cores are to each other). The first nodes of a tree are on every path, and frequent words are in every other
window. So each thread works on copies of the rows from `first_hot` on, and after `most` visits to a copy what it has
changed is added to the shared row, and the copy takes over what other threads have added there.

Copies are an array by themselves, found by how far it is from the matrix, so that one number says where a row is,
copied or not.
"""

import numpy as np

from wordvec_cli.kernels.in_step import place_in_step
from wordvec_cli.kernels.parts import LANES, add, aligned_zeros, inlined, load, part, store, subtract
from wordvec_cli.kernels.rows import copy_row


@part
def take_copies(matrix, first_hot, n_hot, dim):
    """(copies, copies_at, visits): copies of n_hot rows, then what these were; where they are; and int32 zeros.

    copies  (2 * n_hot * dim,) float32
    copies_at  the place of copies[0], in floats from matrix[0]
    """
    copies = aligned_zeros(2 * n_hot * dim)
    for s in range(n_hot):
        for copy in (s, n_hot + s):
            copy_row(matrix, dim * (first_hot + s), copies, dim * copy, dim)
    return copies, (copies.ctypes.data - matrix.ctypes.data) // matrix.itemsize, np.zeros(n_hot, np.int32)


@part
def own_copy(matrix, n):
    """(2 * n,) float32: a copy of matrix[:n], and what it was."""
    copy = aligned_zeros(2 * n)
    for i in range(n):  # not copy[:n] = matrix[:n], for which numba compiles a message, in a second
        copy[i] = copy[n + i] = matrix[i]
    return copy


@inlined
def place_of(row, first_hot, n_hot, copies_at, dim, slots=None):
    """Where a row is, or the thread's copy of it, in floats from the matrix's first.

    slots  for threads in step, see `place_in_step`: which rows have copies, in place of first_hot and n_hot
    """
    if slots is None:
        s = np.intp(row) - first_hot
        return dim * s + (copies_at if (s >= 0) & (s < n_hot) else dim * first_hot)
    return place_in_step(row, slots, copies_at, dim)


@part
def merge_copy(matrix, copies, n_hot, first_hot, s, dim):
    """Add the changes of a copy to the shared row, and take over that."""
    merge_rows(matrix, dim * (first_hot + s), copies, dim * s, dim * (n_hot + s), dim)


@part
def merge_rows(matrix, shared, copies, copy, before, dim):
    """As `merge_copy`, of rows that begin at these places of their arrays."""
    for d in range(0, dim, LANES):
        now = add(load(matrix, shared + d), subtract(load(copies, copy + d), load(copies, before + d)))
        store(matrix, shared + d, now)
        store(copies, copy + d, now)
        store(copies, before + d, now)


@part
def visit(matrix, copies, visits, rows, first_hot, most, dim):
    """Count a visit to each of the rows, before they change; copies that have had `most` are merged."""
    for row in rows:
        s = np.intp(row) - first_hot
        if (s >= 0) & (s < len(visits)):
            if visits[s] >= most:
                visits[s] = 0
                merge_copy(matrix, copies, len(visits), first_hot, s, dim)
            visits[s] += 1


@part
def merge_copies(matrix, copies, visits, first_hot, dim):
    """Merge all copies that have been visited since they were merged."""
    for s in range(len(visits)):
        if visits[s]:
            merge_copy(matrix, copies, len(visits), first_hot, s, dim)
