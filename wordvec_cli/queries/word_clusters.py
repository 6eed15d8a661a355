"""Words in groups of words that are near each other: spherical k-means, or agglomerative by average cosine.

Sources: Dhillon and Modha 2001, Concept Decompositions for Large Sparse Text Data (spherical k-means); Arthur and
Vassilvitskii 2007 (k-means++); Murtagh 1983 (chains of nearest neighbours); Rousseeuw 1987 (silhouettes).
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

METHODS = KMEANS, AGGLOMERATIVE = "kmeans", "agglomerative"
MOST_ROUNDS, N_STARTS = 100, 5
MOST_AGGLOMERATED = 20_000  # words, of which each is compared with all
SCORES_AT_ONCE = 1 << 24


class Clusters(NamedTuple):
    """Which of some words belong together; clusters are numbered from the largest to the smallest.

    labels       (n,) the cluster of each word
    cosines      (n,) with the centre, the mean of the cluster's vectors at length 1
    silhouettes  (n,) by the cosine distance: 1 in the midst of its cluster, below 0 nearer to another; 0 alone
    """

    labels: "Ids"
    cosines: "Exact"
    silhouettes: "Exact"

    @property
    def n(self) -> int:
        return int(self.labels.max()) + 1

    def members(self, cluster: int) -> "Ids":
        """The places of its words, the most central first."""
        places = np.flatnonzero(self.labels == cluster)
        return places[np.lexsort((places, -self.cosines[places]))]


def clusters(units: "Matrix", n: int, method: str = KMEANS, seed: int = 1) -> Clusters:
    """Put words into `n` clusters.

    units  (n_words, dim) at length 1
    Raises: InputError if there are fewer words than clusters, or too many to be agglomerated
    """
    if len(units) < n or n < 2:
        raise InputError(f"{n} clusters of {counted(len(units), 'word')}: give 2 clusters at least, and more words")
    if method == AGGLOMERATIVE and len(units) > MOST_AGGLOMERATED:
        raise InputError(
            f"agglomerative: {len(units)} words are too many, {MOST_AGGLOMERATED} the most; name fewer with --limit or "
            "--words, or leave --grouping out"
        )
    labels = kmeans(units, n, seed).labels if method == KMEANS else _agglomerated(units, n)
    return described(units, _by_size(labels))


def described(units: "Matrix", labels: "Ids") -> Clusters:
    """How well words lie in their clusters; silhouettes are exact, as a mean of cosine distances is one of a sum."""
    n = int(labels.max()) + 1
    sums, sizes = _sums(units, labels, n), np.bincount(labels, minlength=n)
    lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
    cosines, silhouettes = np.empty(len(units)), np.empty(len(units))
    for start in range(0, len(units), max(1, SCORES_AT_ONCE // n)):
        some = slice(start, start + max(1, SCORES_AT_ONCE // n))
        rows, own = units[some].astype(np.float64), labels[some]
        places = np.arange(len(rows))
        products = rows @ sums.T
        cosines[some] = products[places, own] / np.where(lengths[own] > 0, lengths[own], 1)
        n_others = sizes[own] - 1
        squares = np.einsum("ij,ij->i", rows, rows)
        inside = 1 - (products[places, own] - squares) / np.maximum(n_others, 1)
        distances = 1 - products / sizes
        distances[places, own] = np.inf
        nearest = distances.min(axis=1)
        larger = np.maximum(inside, nearest)
        silhouettes[some] = np.where(
            (n_others > 0) & (larger > 0), (nearest - inside) / np.where(larger > 0, larger, 1), 0
        )
    return Clusters(labels, cosines, silhouettes)


def _by_size(labels: "Ids") -> "Ids":
    """The same clusters with numbers from the largest on; of equals, that with the first word first."""
    _, first, numbers, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -sizes))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    found: Ids = ranks[numbers]
    return found


def _sums(units: "Matrix", labels: "Ids", n: int) -> "Exact":
    """The sum of the vectors of each cluster, (n, dim), in one order."""
    sums = np.zeros((n, units.shape[1]))
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(n))
    has_some = np.bincount(labels, minlength=n) > 0
    sums[has_some] = np.add.reduceat(units[order].astype(np.float64), starts[has_some], axis=0)
    return sums


# ---------------------------------------------------------------- k-means


class KMeans(NamedTuple):
    """Words at the centres nearest to them.

    labels   (n_words,)
    centres  (n, dim) at length 1; zeros where a cluster's vectors cancel
    cosines  the sum of the words' cosines with their centres
    """

    labels: "Ids"
    centres: "Matrix"
    cosines: float


def kmeans(units: "Matrix", n: int, seed: int = 1, n_starts: int = N_STARTS, most_rounds: int = MOST_ROUNDS) -> KMeans:
    """The best of some starts by the sum of cosines with the centres; `n` is at most the number of words."""
    starts = (_first_centres(units, n, np.random.default_rng((seed, start))) for start in range(n_starts))
    return max((_one_kmeans(units, centres, most_rounds) for centres in starts), key=lambda found: found.cosines)


def _first_centres(units: "Matrix", n: int, rng: np.random.Generator) -> "Matrix":
    """Words far from each other: each is drawn in proportion to its distance from the nearest one before it."""
    chosen = [int(rng.integers(len(units)))]
    nearest = 1 - units @ units[chosen[0]]
    for _ in range(n - 1):
        shares = np.cumsum(np.maximum(nearest, 0), dtype=np.float64)
        last = shares[-1]
        chosen.append(min(int(np.searchsorted(shares, rng.random() * last, "right")), len(units) - 1))
        np.minimum(nearest, 1 - units @ units[chosen[-1]], out=nearest)
    return units[chosen]


def _one_kmeans(units: "Matrix", centres: "Matrix", most_rounds: int) -> KMeans:
    labels = np.full(len(units), -1)
    for _ in range(most_rounds):
        before, (labels, cosines) = labels, _nearest_centres(units, centres)
        sizes = np.bincount(labels, minlength=len(centres))
        empty = np.flatnonzero(sizes == 0)
        if len(empty):  # the words that lie worst become centres of their own
            labels[np.argsort(cosines, kind="stable")[: len(empty)]] = empty
        elif (labels == before).all():
            break
        sums = _sums(units, labels, len(centres))
        lengths = np.sqrt(np.einsum("ij,ij->i", sums, sums))
        centres = (sums / np.where(lengths > 0, lengths, 1)[:, None]).astype(np.float32)
    return KMeans(labels, centres, float(cosines.sum(dtype=np.float64)))


def _nearest_centres(units: "Matrix", centres: "Matrix") -> "tuple[Ids, Matrix]":
    labels, cosines = np.empty(len(units), np.int64), np.empty(len(units), np.float32)
    size = max(1, SCORES_AT_ONCE // len(centres))
    for start in range(0, len(units), size):
        some = slice(start, start + size)
        products = units[some] @ centres.T
        labels[some] = products.argmax(axis=1)
        cosines[some] = products[np.arange(len(products)), labels[some]]
    return labels, cosines


# ---------------------------------------------------------------- agglomerative


def _agglomerated(units: "Matrix", n: int) -> "Ids":
    """Clusters joined two by two, those with the highest mean cosine between their words first, until `n` are left.

    A chain goes from a cluster to its nearest until two are each other's: these can be joined whatever the rest does.
    """
    sums, sizes = units.astype(np.float64), np.ones(len(units))
    is_there, joins, chain = np.ones(len(units), bool), list[tuple[float, int, int]](), list[int]()
    for _ in range(len(units) - 1):
        if not chain:
            chain.append(int(np.argmax(is_there)))
        while True:
            last = chain[-1]
            cosines = np.where(is_there, sums @ sums[last] / (sizes * sizes[last]), -np.inf)
            cosines[last] = -np.inf
            nearest = int(np.argmax(cosines))
            if len(chain) > 1 and cosines[chain[-2]] >= cosines[nearest]:
                nearest = chain[-2]
                break
            chain.append(nearest)
        del chain[-2:]
        joins.append((float(cosines[nearest]), last, nearest))
        sums[last] += sums[nearest]
        sizes[last] += sizes[nearest]
        is_there[nearest] = False
    return _cut(joins, len(units), n)


def _cut(joins: "list[tuple[float, int, int]]", n_words: int, n: int) -> "Ids":
    """The clusters that are left before the `n` - 1 joins of the least alike."""
    owner = list(range(n_words))

    def root(word: int) -> int:
        while owner[word] != word:
            owner[word] = owner[owner[word]]
            word = owner[word]
        return word

    order = sorted(range(len(joins)), key=lambda i: (-joins[i][0], i))
    for i in order[: n_words - n]:
        owner[root(joins[i][2])] = root(joins[i][1])
    return np.array([root(word) for word in range(n_words)])
