"""Words in clusters: k-means by cosine, each cluster named by its most central words."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Numbers = NDArray[np.float64]
    Ids = NDArray[np.int64]

MOST_FITTED = 20_000  # rows that the centres are found from: the first ones
MOST_ROUNDS = 30
N_NAMING = 3  # words that a cluster is named by
MIDDLE = 100  # frequent words of a cluster, among which these are looked for: rare ones name nothing


class Clusters(NamedTuple):
    """Words in clusters, the largest first.

    of_words  (n,) the number of each word's cluster
    naming    for each cluster the ids of its most central words, the nearest to its centre first
    """

    of_words: "Ids"
    naming: list[list[int]]


def clustered(rows: "Matrix", n_clusters: int, seed: int = 1) -> Clusters:
    """Spherical k-means of the directions of rows (n, dim), most frequent words first; at most one cluster a row."""
    units = unit_rows(rows).astype(np.float32)
    return _named(units, cluster_centres(units, n_clusters, seed))


def cluster_centres(units: "Matrix", n_clusters: int, seed: int = 1) -> "Matrix":
    """The centres of clusters of rows of length 1, (at most n_clusters, dim)."""
    fitted = units[:MOST_FITTED]
    centres = _centres(fitted, min(n_clusters, len(fitted)), np.random.default_rng(seed))
    nearest = np.full(len(fitted), -1)
    for _ in range(MOST_ROUNDS):
        before, nearest = nearest, (fitted @ centres.T).argmax(axis=1)
        if (before == nearest).all():
            break
        centres = _means(fitted, nearest, centres)
    return centres


def _centres(rows: "Matrix", n_clusters: int, random: np.random.Generator) -> "Matrix":
    """Rows to start from, each drawn by how far it is from those before (k-means++)."""
    centres = np.zeros((n_clusters, rows.shape[1]), np.float32)
    distance = np.ones(len(rows))
    for number in range(n_clusters):
        total = distance.sum()
        place = random.choice(len(rows), p=distance / total) if total > 0 else number
        centres[number] = rows[place]
        distance = np.minimum(distance, np.clip(1 - rows @ centres[number], 0, None))
    return centres


def _means(rows: "Matrix", nearest: "Ids", centres: "Matrix") -> "Matrix":
    """The centres of the rows that are nearest to each; one that has none stays where it is."""
    sums = np.zeros(centres.shape)
    for number in range(len(centres)):
        sums[number] = rows[nearest == number].sum(axis=0, dtype=np.float64)
    lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
    return np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), centres).astype(np.float32)


def _named(units: "Matrix", centres: "Matrix") -> Clusters:
    scores = units @ centres.T
    nearest = scores.argmax(axis=1)
    sizes = np.bincount(nearest, minlength=len(centres))
    by_size = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    place = np.full(len(centres), -1)
    place[by_size] = np.arange(len(by_size))
    naming = []
    for number in by_size.tolist():
        members = np.flatnonzero(nearest == number)[:MIDDLE]
        naming.append(members[np.argsort(-scores[members, number], kind="stable")][:N_NAMING].tolist())
    return Clusters(place[nearest], naming)
