"""What replicas of a matrix have changed, as one change: how far each row goes, direction by direction."""

import numpy as np

from wordvec_cli.kernels.classify import divide, exponential
from wordvec_cli.kernels.parts import LANES, add, aligned_zeros, kernel, load, multiply, part, splat, store, subtract
from wordvec_cli.kernels.rows import TILE, copy_row, round_up, score_tile, update_tile

HARDLY = np.float32(0.01)  # of all replicas' steps along a direction: less leaves their sum as it is


@kernel
def list_changes(rows, before, first, step, places, changes):
    """What has changed in the rows first, first + step, ...; how many of them have. NaN is a change.

    rows, before  (n, dim padded) float32
    places        (rows of the slice,) int32; the first are written: which of the slice's rows have changed
    changes       (rows of the slice, dim) float32; the first are written: rows[row] - before[row]
    """
    n, dim = 0, changes.shape[1]
    for i in range(len(places)):
        row = first + i * step
        is_changed = False
        for d in range(dim):
            changes[n, d] = rows[row, d] - before[row, d]
            is_changed |= rows[row, d] != before[row, d]
        if is_changed:
            places[n] = i
            n += 1
    return n


@kernel
def add_rows(sums, slots, places, values):
    """sums[slots[places[i]], :dim] += values[i].

    sums    (n, dim padded) float32
    slots   (at least places[-1] + 1,) int32
    values  (len(places), dim) float32
    """
    for i in range(len(places)):
        slot = slots[places[i]]
        for d in range(values.shape[1]):
            sums[slot, d] += values[i, d]


@kernel
def add_changes(before, first, step, places, changes, rows):
    """rows[i] = before[first + step * places[i], :dim] + changes[i, :dim].

    before, changes  (n, dim padded) float32
    rows             (len(places), dim) float32, written
    """
    for i in range(len(places)):
        row = first + step * np.intp(places[i])
        for d in range(rows.shape[1]):
            rows[i, d] = before[row, d] + changes[i, d]


@kernel
def set_rows(rows, before, first, step, places, values):
    """rows[row, :dim] = before[row, :dim] = values[i], row = first + step * places[i].

    rows, before  (n, dim padded) float32, written
    values        (len(places), dim) float32
    """
    for i in range(len(places)):
        row = first + step * np.intp(places[i])
        for d in range(values.shape[1]):
            rows[row, d] = before[row, d] = values[i, d]


@part
def shares_of_sums(ways, n_replicas):
    """What part of the sum of the replicas' changes is the change that one after the other would have made, by lane.

    ways  each replica's steps along a direction, each as a share of the way from there to where the error is least

    Each replica goes 1 - exp(-way) of all the way; one that made the steps of all goes 1 - exp(-n_replicas * way). With
    left = exp(-way) their ratio is 1 + left + ... + left ** (n_replicas - 1), which is made by doubling.
    """
    one = splat(np.float32(1))
    left = exponential(multiply(ways, splat(np.float32(-1))))
    total, power = one, left  # of the first terms, and left to the power of how many they are
    bit = 1
    while 2 * bit <= n_replicas:
        bit *= 2
    while bit > 1:
        bit //= 2
        total, power = multiply(total, add(one, power)), multiply(power, power)
        if n_replicas & bit:
            total, power = add(total, power), multiply(power, left)
    return divide(total, splat(np.float32(n_replicas)))


@kernel
def weigh_sums(sums, steps, curvatures, directions, n_replicas):
    """Make the sums of the changes of replicas, in place, the changes that rows are to have.

    sums        (rows, dim) float32; dim a multiple of `LANES`
    steps       (rows,) float32: how often each replica was expected to update the row, times the learning rate
    curvatures  (dim,) float32, falling: how steep the slope of a row's error becomes along each direction
    directions  (dim, dim) float32, of length 1 and at right angles to each other
    """
    n_rows, dim = sums.shape
    sums, directions = sums.reshape(-1), directions.reshape(-1)
    block = aligned_zeros(TILE * dim)  # of rows, the last of which may be none
    starts = np.arange(TILE) * dim
    ways, factors = aligned_zeros(dim * TILE), aligned_zeros(dim * TILE)  # (axis, row of the block)
    for first in range(0, n_rows, TILE):
        n = min(TILE, n_rows - first)
        n_axes = _axes_of(steps[first : first + n].max(), curvatures, n_replicas)
        if not n_axes:
            continue
        for r in range(n):
            copy_row(sums, (first + r) * dim, block, r * dim, dim)
        for k in range(0, n_axes, TILE):
            score_tile(block, 0, directions, k, dim, factors, k * TILE, TILE)
        for k in range(n_axes):
            for r in range(n):
                way = steps[first + r] * curvatures[k]
                ways[k * TILE + r] = way if way * np.float32(n_replicas) >= HARDLY else np.float32(0)
        for i in range(0, n_axes * TILE, LANES):
            beyond = subtract(shares_of_sums(load(ways, i), n_replicas), splat(np.float32(1)))
            store(factors, i, multiply(load(factors, i), beyond))
        update_tile(block, starts, 0, directions, 0, n_axes, dim, factors, 0, TILE, 1)
        for r in range(n):
            copy_row(block, r * dim, sums, (first + r) * dim, dim)


@part
def _axes_of(steps, curvatures, n_replicas):
    """How many of the directions, the steepest, are more than hardly gone along, in tiles."""
    n = 0
    while n < len(curvatures) and steps * curvatures[n] * np.float32(n_replicas) >= HARDLY:
        n += 1
    return round_up(n, TILE)
