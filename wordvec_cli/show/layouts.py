"""Words in the plane: PCA, UMAP and t-SNE, and how much of what is near in the vectors is still near there.

The neighbours that UMAP and t-SNE start from are exact, found by our own search, and both start from the places that
PCA gives: so the same vectors and the same seed give the same places.
"""

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.errors import OptionError
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import METRICS
from wordvec_cli.queries.nearest import Neighbours, nearest
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]

METHODS = ("pca", "umap", "tsne")
PACKAGES = {"umap": ("umap", "umap-learn"), "tsne": ("openTSNE", "openTSNE")}  # the module, and what pip calls it
N_KEPT = 10  # neighbours whose fate in the plane is looked at
FEWEST = 5  # words, below which there are no neighbourhoods to keep, and PCA is as good
UMAP_NEIGHBOURS, UMAP_DISTANCE = 15, 0.1  # as umap-learn has them
PERPLEXITY = 30
ROWS_AT_ONCE = 1 << 13
QUERIES_AT_ONCE = 1 << 13  # enough for compiled loops to pay
MOST_SAMPLED = 1000  # words, whose neighbours are looked for in the plane
DISTANCES_AT_ONCE = 1 << 22


class Layout(NamedTuple):
    """Words in the plane.

    places     (n, 2) float64
    method     one of METHODS, the one that was used: of too few words, or words on a line, pca
    explained  the shares of the variance that the two axes of pca show; of others, None
    """

    places: "Numbers"
    method: str
    explained: tuple[float, float] | None = None


class Near(NamedTuple):
    """The nearest neighbours of each of n words among all of them, nearest first.

    ids      (n, k) row numbers
    cosines  (n, k) float64
    """

    ids: "Ids"
    cosines: "Numbers"


class Kept(NamedTuple):
    """The share of the `k` nearest neighbours in the vectors that are among the `k` nearest in the plane."""

    share: float
    k: int


def lay_out(rows: "Matrix", method: str = "pca", seed: int = 1, near: Near | None = None) -> Layout:
    """The places of words by the directions of their vectors, (n, dim), which are finite.

    near  their neighbours, if they are known: n_neighbours(method, n) of them or more
    Raises: OptionError if the package of a method is not installed
    """
    if method not in METHODS:
        raise OptionError(f"{method!r} is not a layout; choose one of {', '.join(METHODS)}")
    module = imported(method) if method in PACKAGES else None
    flat = pca(rows)
    if module is None or len(rows) < FEWEST or not flat.places.any(axis=0).all():
        return flat
    wanted = n_neighbours(method, len(rows))
    near = near if near is not None and near.ids.shape[1] >= wanted else neighbours(rows, wanted)
    near = Near(near.ids[:, :wanted], near.cosines[:, :wanted])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of umap: one thread, and no places for words to come; both are meant so
        place = _umap if method == "umap" else _tsne
        return Layout(np.asarray(place(module, near, flat.places, seed), np.float64), method)


def imported(method: str) -> Any:
    """The package that a method needs. Raises: OptionError if it is not installed"""
    import importlib

    module, package = PACKAGES[method]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of umap: that it has found no TensorFlow
            return importlib.import_module(module)
    except ImportError:
        raise OptionError(
            f"the layout {method} needs {package}, which is not installed; install it with: "
            f"pip install 'wordvec-cli[{method}]', or choose pca"
        ) from None


def n_neighbours(method: str, n_words: int) -> int:
    """How many neighbours of each word a method asks for, itself not counted."""
    wanted = {"pca": 0, "umap": UMAP_NEIGHBOURS - 1, "tsne": 3 * PERPLEXITY}[method]
    return min(wanted, max(n_words - 1, 0))


# ---------------------------------------------------------------- methods


def pca(rows: "Matrix") -> Layout:
    """The two directions in which the rows, each at length 1, differ most: no seed is needed.

    Each axis is turned so that its largest weight is positive.
    """
    n_words, dim = rows.shape
    parts = [unit_rows(rows[start : start + ROWS_AT_ONCE]) for start in range(0, n_words, ROWS_AT_ONCE)]
    mean = np.sum([part.sum(axis=0) for part in parts], axis=0) / max(n_words, 1)
    spread = np.zeros((dim, dim))
    for part in parts:
        np.subtract(part, mean, out=part)
        spread += part.T @ part
    variances, axes = np.linalg.eigh(spread)
    axes = axes[:, ::-1][:, :2]
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
    places = np.zeros((n_words, 2))
    if parts:
        places[:, : axes.shape[1]] = np.concatenate([part @ axes for part in parts])
    if np.abs(places).max(initial=0) < 1e-9:  # what rounding leaves of words in one direction
        places[:] = 0
    first, second = np.append(np.clip(variances[::-1], 0, None), 0)[:2] / max(variances.clip(0).sum(), 1e-300)
    return Layout(places, "pca", (float(first), float(second)))


def _umap(umap: Any, near: Near, start: "Numbers", seed: int) -> "Matrix":
    own = np.arange(len(start))[:, None]  # umap counts a word as its own first neighbour
    ids = np.hstack((own, near.ids)).astype(np.int32)
    distances = np.hstack((np.zeros_like(own, np.float32), _distances(near)))
    model = umap.UMAP(
        n_neighbors=ids.shape[1], min_dist=UMAP_DISTANCE, metric="cosine", init=_of_size(start, 10).astype(np.float32),
        random_state=seed, n_jobs=1, precomputed_knn=(ids, distances),
    )  # fmt: skip
    places: Matrix = model.fit_transform(start.astype(np.float32))  # whose rows only say how many words there are
    return places


def _tsne(tsne: Any, near: Near, start: "Numbers", seed: int) -> "Numbers":
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    known = PrecomputedNeighbors(near.ids.astype(np.int64), _distances(near).astype(np.float64))
    affinities = PerplexityBasedNN(perplexity=near.ids.shape[1] / 3, knn_index=known, n_jobs=1)
    model = tsne.TSNE(n_jobs=1, random_state=seed)
    return np.asarray(model.fit(affinities=affinities, initialization=_of_size(start, 1e-4, by_spread=True)))


def _distances(near: Near) -> "Matrix":
    return np.clip(1 - near.cosines, 0, 2).astype(np.float32)


def _of_size(places: "Numbers", size: float, by_spread: bool = False) -> "Numbers":
    """Places scaled to this greatest distance from the middle (or standard deviation of the first axis)."""
    now = places[:, 0].std() if by_spread else np.abs(places).max()
    return places * (size / max(float(now), 1e-12))


# ---------------------------------------------------------------- neighbours


def neighbours(rows: "Matrix", k: int, chosen: "Ids | None" = None) -> Near:
    """The k nearest others of each word, or of the chosen ones, by cosine, exactly; at most n - 1. Ties by row."""
    n_words = len(rows)
    chosen = np.arange(n_words) if chosen is None else chosen
    k = min(k, max(n_words - 1, 0))
    names = Vocabulary.from_words(b"%d" % number for number in range(n_words))
    index = Index(from_matrix(names, np.ascontiguousarray(rows, np.float32), {}))
    found = [Neighbours(np.empty((0, k), np.int64), np.empty((0, k)))]
    for start in range(0, len(chosen), QUERIES_AT_ONCE):
        some = chosen[start : start + QUERIES_AT_ONCE]
        scorer = METRICS["cosine"](np.asarray(rows[some], np.float64))
        found.append(nearest(index, scorer, k, [{number} for number in some.tolist()]))
    return Near(np.concatenate([each.ids for each in found]), np.concatenate([each.scores for each in found]))


def kept_neighbours(rows: "Matrix", places: "Numbers", near: Near | None = None) -> Kept | None:
    """How far the plane keeps the N_KEPT nearest neighbours, or of few words a quarter of all; None below FEWEST.

    It is the mean over all words, or over MOST_SAMPLED that are drawn at random, always the same ones.
    near  the neighbours of all words in the vectors, if they are known, that many or more
    """
    n_words = len(places)
    k = min(N_KEPT, (n_words - 1) // 4)
    if n_words < FEWEST:
        return None
    chosen = np.arange(n_words)
    if n_words > MOST_SAMPLED:
        chosen = np.sort(np.random.default_rng(1).choice(n_words, MOST_SAMPLED, replace=False))
    true = near.ids[chosen, :k] if near is not None else neighbours(rows, k, chosen).ids
    there = near_in_plane(places, chosen, k)
    shared = [np.isin(one, other).sum() for one, other in zip(true, there, strict=True)]
    return Kept(float(np.mean(shared) / k), k)


def near_in_plane(places: "Numbers", chosen: "Ids", k: int) -> "Ids":
    """The k points nearest to each chosen one, (m, k); ties by row."""
    at_once = max(1, DISTANCES_AT_ONCE // len(places))
    found = []
    for start in range(0, len(chosen), at_once):
        some = chosen[start : start + at_once]
        distances = ((places[some, None] - places[None]) ** 2).sum(axis=2)
        distances[np.arange(len(some)), some] = np.inf
        bars = np.partition(distances, k - 1, axis=1)[:, k - 1]
        for row, bar in zip(distances, bars, strict=True):
            near = np.flatnonzero(row <= bar)
            found.append(near[np.argsort(row[near], kind="stable")][:k])
    return np.array(found)
