"""Product quantisation: each few numbers of a row become a byte, the nearest of 256 centroids of theirs.

Source: Jegou et al. 2011 (IEEE TPAMI 33), and fastText's src/productquantizer.cc, which reads what is made here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Codes = NDArray[np.uint8]

N_CENTROIDS, WIDTH = 256, 2  # WIDTH: numbers that become a byte; the last part has fewer where they do not divide
MOST_POINTS, ROUNDS = 1 << 14, 15  # rows that centroids are made of, and how often they move; fastText: 1 << 16, 25
POINTS_AT_ONCE = 1 << 13


class Centroids(NamedTuple):
    """The centroids of each part of a row, (256, its width) float32 each, from left to right."""

    parts: tuple[Matrix, ...]

    @classmethod
    def of(cls, rows: Matrix, seed: int) -> "Centroids":
        """Those of some rows, at least 256, by k-means from a random choice of them."""
        rng = np.random.default_rng(seed)
        if len(rows) > MOST_POINTS:
            rows = rows[np.sort(rng.choice(len(rows), MOST_POINTS, replace=False))]
        return cls(tuple(_centroids(np.ascontiguousarray(part), rng) for part in _parts(rows)))

    def codes(self, rows: Matrix) -> Codes:
        """(n, parts): the number of the nearest centroid to each part of each row."""
        nearest = (_nearest(part, own) for part, own in zip(_parts(rows), self.parts, strict=True))
        return np.stack(list(nearest), axis=1).astype(np.uint8)

    def rows(self, codes: Codes) -> Matrix:
        """What is left of rows, (n, dim)."""
        return np.concatenate([own[codes[:, i]] for i, own in enumerate(self.parts)], axis=1)


def _parts(rows: Matrix) -> list[Matrix]:
    return [rows[:, first : first + WIDTH] for first in range(0, rows.shape[1], WIDTH)]


def _nearest(points: Matrix, centroids: Matrix) -> NDArray[np.int64]:
    halves = (centroids * centroids).sum(axis=1) / 2
    nearest = np.empty(len(points), np.int64)
    for first in range(0, len(points), POINTS_AT_ONCE):
        some = slice(first, first + POINTS_AT_ONCE)
        nearest[some] = (points[some] @ centroids.T - halves).argmax(axis=1)
    return nearest


def _centroids(points: Matrix, rng: np.random.Generator) -> Matrix:
    """By k-means; a centroid without points moves to one of them."""
    centroids = points[rng.choice(len(points), N_CENTROIDS, replace=False)].astype(np.float32)
    for _ in range(ROUNDS):
        nearest = _nearest(points, centroids)
        n = np.bincount(nearest, minlength=N_CENTROIDS)
        for column in range(points.shape[1]):
            sums = np.bincount(nearest, weights=points[:, column], minlength=N_CENTROIDS)
            centroids[:, column] = sums / np.maximum(n, 1)
        centroids[n == 0] = points[rng.choice(len(points), int((n == 0).sum()))]
    return centroids
