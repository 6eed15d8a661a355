"""Rows that are written to most, anywhere in a matrix, as copies that each thread has of its own.

As own_rows.py, whose rows follow each other: here `slots` says which rows have a copy. Of a classifier's rows the line
end is in every line, and n-grams of one or two characters are in most.
"""

import numpy as np

from wordvec_cli.kernels.own_rows import merge_rows
from wordvec_cli.kernels.parts import aligned_zeros, part
from wordvec_cli.kernels.rows import copy_row


@part
def take_hot_copies(matrix, hot, dim):
    """(copies, copies_at, visits): copies of the rows `hot`, then what these were; the others as `take_copies`."""
    n_hot = len(hot)
    copies = aligned_zeros(2 * n_hot * dim)
    for s in range(n_hot):
        for copy in (s, n_hot + s):
            copy_row(matrix, dim * np.intp(hot[s]), copies, dim * copy, dim)
    return copies, (copies.ctypes.data - matrix.ctypes.data) // matrix.itemsize, np.zeros(n_hot, np.int32)


@part
def list_places(rows, first, last, places, place, slots, copies_at, visits, dim):
    """Write where rows[first:last] are, or the thread's copies of them, from places[place] on, and count the visits.

    slots   (n_rows of the matrix,) int16: which copy a row has; -1: none; (0,): no row has one
    places  int64, in floats from the matrix's first
    """
    if not len(slots):
        for i in range(first, last):
            places[place + i - first] = dim * np.intp(rows[i])
        return
    for i in range(first, last):
        row = np.intp(rows[i])
        s = np.intp(slots[row])
        places[place + i - first] = dim * row if s < 0 else copies_at + dim * s
        if s >= 0:
            visits[s] += 1


@part
def merge_hot_copies(matrix, copies, visits, hot, most, dim):
    """Merge the copies that have had `most` visits since they were merged."""
    for s in range(len(visits)):
        if visits[s] >= most:
            visits[s] = 0
            merge_rows(matrix, dim * np.intp(hot[s]), copies, dim * s, dim * (len(visits) + s), dim)
