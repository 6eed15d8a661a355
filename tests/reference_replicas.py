"""A plain, slow oracle of how the changes of replicas become one."""

import numpy as np


def change_of(changes, n_updates, rate, met, weights, slope):
    """What a row is to change, of what it has changed in each replica, in float64.

    changes    (n_replicas, dim)
    n_updates  of the row in each replica
    met, weights  the rows (n, dim) that it meets, and how often

    Along each axis of the ellipsoid of the error's curvature, a replica that goes down a parabola by n steps of
    gradient descent gets 1 - (1 - e) ** n of the way, and one that makes the steps of all 1 - (1 - e) ** (R n).
    """
    n_replicas = len(changes)
    weights = np.asarray(weights, np.float64) / np.sum(weights)
    met = met.astype(np.float64)
    hessian = slope * sum(weight * np.outer(row, row) for weight, row in zip(weights, met, strict=True))
    curvatures, axes = np.linalg.eigh(hessian)
    mean = np.mean(np.asarray(changes, np.float64), axis=0)
    change = np.zeros_like(mean)
    for curvature, axis in zip(curvatures, axes.T, strict=True):
        way = max(n_updates * rate * curvature, 0.0)  # (1 - e) ** n for small steps e: exp(-n e)
        times = n_replicas if way < 1e-12 else (1 - np.exp(-n_replicas * way)) / (1 - np.exp(-way))
        change += times * (mean @ axis) * axis
    return change
