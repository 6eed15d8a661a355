"""The clusters of a map: k-means by cosine, each cluster named by its most central words."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.queries.word_clusters import kmeans
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

MOST_FITTED = 20_000  # rows that the centres are found from: the first ones
N_STARTS, MOST_ROUNDS = 1, 30  # colours need no better; `wordvec cluster` looks for more
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
    scores = units @ cluster_centres(units, n_clusters, seed).T
    nearest, nearness = scores.argmax(axis=1), scores.max(axis=1)
    sizes = np.bincount(nearest, minlength=scores.shape[1])
    by_size = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    place = np.full(len(sizes), -1)
    place[by_size] = np.arange(len(by_size))
    return Clusters(place[nearest], [central_words(nearest, nearness, number) for number in by_size.tolist()])


def cluster_centres(units: "Matrix", n_clusters: int, seed: int = 1) -> "Matrix":
    """The centres of clusters of rows of length 1, (at most n_clusters, dim)."""
    fitted = units[:MOST_FITTED]
    return kmeans(fitted, min(n_clusters, len(fitted)), seed, N_STARTS, MOST_ROUNDS).centres


def central_words(clusters: "Ids", nearness: "Matrix", number: int) -> list[int]:
    """The ids of the words that name a cluster, those nearest to its centre first.

    clusters  (n,) of each word, the most frequent first; nearness (n,) its cosine with the centre
    """
    members = np.flatnonzero(clusters == number)[:MIDDLE]
    central: list[int] = members[np.argsort(-nearness[members], kind="stable")][:N_NAMING].tolist()
    return central
