"""What replicas of a matrix have changed, as one change: how far each row goes, direction by direction."""

import numpy as np

from wordvec_cli.kernels.parts import LANES, kernel, load, multiply_add, part, splat, store, sum_of

HARDLY = np.float32(0.01)  # of all replicas' steps along a direction: less leaves their sum as it is


@part
def share_of_sum(way, n_replicas):
    """What part of the sum of the replicas' changes is the change that one after the other would have made.

    way  each replica's steps along a direction, each as a share of the way from there to where the error is least

    Each replica goes 1 - exp(-way) of all the way; one that made the steps of all goes 1 - exp(-n_replicas * way).
    """
    return np.expm1(-n_replicas * way) / (n_replicas * np.expm1(-way))


@kernel
def weigh_sums(sums, steps, curvatures, directions, n_replicas):
    """Make the sums of the changes of replicas, in place, the changes that rows are to have.

    sums        (rows, dim) float32; dim a multiple of `LANES`
    steps       (rows,) float32: how often each replica was expected to update the row, times the learning rate
    curvatures  (n,) float32, falling: how steep the slope of a row's error becomes along each direction
    directions  (n, dim) float32, of length 1 and at right angles to each other
    """
    n_rows, dim = sums.shape
    sums, directions = sums.reshape(-1), directions.reshape(-1)
    for i in range(n_rows):
        row = i * dim
        for k in range(len(curvatures)):
            way = steps[i] * curvatures[k]
            if way * n_replicas < HARDLY:
                break
            length = splat(np.float32(0))
            for d in range(0, dim, LANES):
                length = multiply_add(load(sums, row + d), load(directions, k * dim + d), length)
            factor = splat(np.float32(share_of_sum(way, n_replicas) - 1) * sum_of(length))
            for d in range(0, dim, LANES):
                store(sums, row + d, multiply_add(factor, load(directions, k * dim + d), load(sums, row + d)))
