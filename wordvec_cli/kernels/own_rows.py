"""The rows that are written to most, as copies that each thread has of its own.

A line of memory that two threads write to in turn travels between their caches each time, which takes 30 to 180 ns (as
near as the cores are to each other), and the first nodes of a tree are on every path. So each thread works on copies of
the last rows of the matrix, which are those nodes. The copies stand behind the matrix's own rows: row base + s is the
copy of row first_hot + s, and row base + n_hot + s is what that was when the thread last looked. After some visits the
changes of a copy are added to the shared row, and the copy takes over what other threads have added there.

For frequent words, whose rows have fewer visits than nodes have, copies gained nothing: with them CBOW was a tenth
slower where cores are near to each other, and a quarter faster where they are far.
"""

import numpy as np

from wordvec_cli.kernels.parts import LANES, add, inlined, load, multiply_add, part, splat, store
from wordvec_cli.kernels.rows import copy_row


@part
def take_copies(matrix, first_hot, n_hot, base, dim):
    """Fill the thread's copies, and return how often each has been visited since: (n_hot,) int32 zeros."""
    for s in range(n_hot):
        for copy in (base + s, base + n_hot + s):
            copy_row(matrix, dim * (first_hot + s), matrix, dim * copy, dim)
    return np.zeros(n_hot, np.int32)


@part
def merge_copy(matrix, first_hot, n_hot, base, s, dim):
    """Add the changes of a copy to the shared row, and take over that."""
    shared, copy, before = dim * (first_hot + s), dim * (base + s), dim * (base + n_hot + s)
    minus = splat(np.float32(-1))
    for d in range(0, dim, LANES):
        change = multiply_add(minus, load(matrix, before + d), load(matrix, copy + d))
        now = add(load(matrix, shared + d), change)
        store(matrix, shared + d, now)
        store(matrix, copy + d, now)
        store(matrix, before + d, now)


@inlined
def visit(matrix, first_hot, base, visits, most, row, dim):
    """Count a visit to a row, if it is a copy, and merge it when it has had `most`."""
    s = row - base
    if s >= 0:
        visits[s] += 1
        if visits[s] >= most:
            visits[s] = 0
            merge_copy(matrix, first_hot, len(visits), base, s, dim)


@part
def merge_copies(matrix, first_hot, base, visits, dim):
    """Merge all copies that have been visited since they were merged."""
    for s in range(len(visits)):
        if visits[s]:
            merge_copy(matrix, first_hot, len(visits), base, s, dim)
