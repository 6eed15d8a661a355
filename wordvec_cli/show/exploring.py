"""A map of files too large for one page: all words have a place, and a page asks for those that it sees.

Places are by PCA, of directions fitted to the most frequent words; neighbours are answered by the exact scan.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.index_files import opened
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.show.clusters import central_words, cluster_centres
from wordvec_cli.show.layouts import FEWEST, N_KEPT, near_in_plane
from wordvec_cli.show.page_file import in_base64, page, word_arrays
from wordvec_cli.show.word_map import whole_bytes
from wordvec_cli.text.decoding import as_bytes, shown
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Ids = NDArray[np.int64]
    Matrix = NDArray[np.float32]

MOST_FITTED = 100_000  # rows that the plane is fitted to
ROWS_AT_ONCE = 1 << 13
MOST_COMPLETIONS = 10
MOST_LOOKED_AT = 1 << 16  # words with one beginning, of which the most frequent are completions
N_CLUSTERS = 12
MOST_SAMPLED = 100  # words, whose neighbours are looked for in the plane
WHOLE = (-np.inf, np.inf, -np.inf, np.inf)

Box = tuple[float, float, float, float]  # left, right, bottom, top


class Plane(NamedTuple):
    """Where all words lie.

    places    (n, 2) float32, the middle of all at 0, the farthest coordinate 1; NaN: a vector that is not finite
    clusters  (n,) uint8
    names     of the clusters
    explained  shares of the variance that the two axes show, of the words that they are fitted to
    """

    places: "Matrix"
    clusters: "NDArray[np.uint8]"
    names: list[str]
    explained: tuple[float, float]


class Explorer:
    """Answers a page's questions about vectors of any number of words; may be asked by several threads."""

    def __init__(
        self, title: str, vectors: Embeddings, n_shown: int = 20_000, note: Note = ignore, report: Report = silent
    ) -> None:
        """
        n_shown  words that a page gets at a time, the most frequent of those that it sees

        Raises: InputError if no vector is finite
        """
        self.title, self.vectors, self.n_shown = title, vectors, n_shown
        self.plane = laid_out(vectors, report)
        self._index = Index(vectors, n_threads=usable_cpus(), helper=opened(vectors, None, note))
        self._one_at_a_time = threading.Lock()

    def page(self) -> bytes:
        """The page, with the most frequent words."""
        facts = {
            "titles": [self.title], "nWords": len(self.vectors.vocabulary), "dim": self.vectors.dim, "k": 0,
            "layout": "pca", "explained": self.plane.explained, "kept": self.kept, "clusters": self.plane.names,
            "columns": [], "isServed": True,
        }  # fmt: skip
        ids, _ = self._inside(WHOLE, [])
        return page(facts, self._arrays(ids), self.title, connects="'self'")

    @cached_property
    def kept(self) -> dict[str, float] | None:
        """The share of the true nearest neighbours of some words that are among their nearest in the plane too."""
        sound = np.flatnonzero(np.isfinite(self.plane.places).all(axis=1))
        k = min(N_KEPT, (len(sound) - 1) // 2)
        if len(sound) < FEWEST:
            return None
        some = np.sort(np.random.default_rng(1).choice(len(sound), min(MOST_SAMPLED, len(sound)), replace=False))
        scorer = Cosine(np.asarray(self.vectors.rows(sound[some]), np.float64))
        with self._one_at_a_time:
            true = nearest(self._index, scorer, k, [{id} for id in sound[some].tolist()]).ids
        there = sound[near_in_plane(self.plane.places[sound].astype(np.float64), some, k)]
        shared = [np.isin(one, other).sum() for one, other in zip(true, there, strict=True)]
        return {"share": float(np.mean(shared) / k), "k": k}

    def words(self, box: Box, others: Sequence[int]) -> dict[str, Any]:
        """The most frequent words inside a box of the plane, and some others by their ids.

        `n_inside` says how many there are, and arrays are in base64.
        """
        ids, n_inside = self._inside(box, others)
        arrays = {name: in_base64(array) for name, array in self._arrays(ids).items()}
        return {"nInside": n_inside, "arrays": arrays}

    def _inside(self, box: Box, others: Sequence[int]) -> "tuple[Ids, int]":
        left, right, bottom, top = box
        x, y = self.plane.places.T
        inside = self._by_frequency[((x >= left) & (x <= right) & (y >= bottom) & (y <= top))[self._by_frequency]]
        wanted = [id for id in others if 0 <= id < len(x) and np.isfinite(x[id])]
        chosen = np.union1d(self._rank[inside[: self.n_shown]], self._rank[np.array(wanted, np.int64)])
        return self._by_frequency[chosen], len(inside)

    def _arrays(self, ids: "Ids") -> "dict[str, Array]":
        vocabulary, nobody = self.vectors.vocabulary, np.empty(0, "<u2")
        counts = None if vocabulary.counts is None else np.asarray(vocabulary.counts)[ids]
        found = word_arrays([vocabulary.word(id) for id in ids.tolist()], counts, self.plane.clusters[ids])
        rows = np.asarray(self.vectors.rows(ids), np.float32)
        return found | {
            "ids": ids.astype("<u4"), "ranks": self._rank[ids].astype("<u4"),
            "places-0": self.plane.places[ids].astype("<f4"), "vectors-0": whole_bytes(rows),
            "neighbours-0": nobody, "cosines-0": nobody,
        }  # fmt: skip

    def neighbours(self, id: int, k: int = 10) -> list[dict[str, Any]]:
        """The true nearest neighbours of a word among all words. Raises: InputError if there is no such word"""
        if not 0 <= id < len(self.vectors.vocabulary):
            raise InputError(f"there is no word {id}")
        if not np.isfinite(self.plane.places[id]).all():
            return []
        scorer = Cosine(np.asarray(self.vectors.rows(np.array([id])), np.float64))
        with self._one_at_a_time:
            found = nearest(self._index, scorer, k, [{id}]).lists()[0]
        return [self._named(each.word_id) | {"cosine": each.score} for each in found]

    def complete(self, text: str) -> list[dict[str, Any]]:
        """The word itself, and the most frequent words that begin so."""
        start = as_bytes(text)
        vocabulary = self.vectors.vocabulary
        first = _place(vocabulary, start)
        order = np.asarray(vocabulary.order[first : first + MOST_LOOKED_AT])
        low, high = 0, len(order)
        while low < high:  # the words that begin so come first
            middle = (low + high) // 2
            low, high = (middle + 1, high) if vocabulary.word(int(order[middle])).startswith(start) else (low, middle)
        ids = order[:low][np.argsort(self._rank[order[:low]])][:MOST_COMPLETIONS].tolist() if start else []
        whole = vocabulary.find(start)
        return self._placed([*([] if whole is None else [whole]), *(id for id in ids if id != whole)])

    def find(self, words: Sequence[str]) -> list[dict[str, Any]]:
        """Of these words those that there are."""
        found = [self.vectors.vocabulary.find(as_bytes(word)) for word in words]
        return self._placed([id for id in found if id is not None])

    def _placed(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        return [self._named(id) for id in ids if np.isfinite(self.plane.places[id]).all()]

    def _named(self, id: int) -> dict[str, Any]:
        x, y = self.plane.places[id].tolist()
        return {"id": id, "text": shown(self.vectors.vocabulary.word(id)), "x": x, "y": y}

    @cached_property
    def _by_frequency(self) -> "Ids":
        counts = self.vectors.vocabulary.counts
        n_words = len(self.vectors.vocabulary)
        return np.arange(n_words) if counts is None else np.argsort(-np.asarray(counts), kind="stable")

    @cached_property
    def _rank(self) -> "Ids":
        rank = np.empty(len(self._by_frequency), np.int64)
        rank[self._by_frequency] = np.arange(len(rank))
        return rank


def _place(vocabulary: Any, start: bytes) -> int:
    """The place of the first word in byte order that is not below `start`."""
    low, high = 0, len(vocabulary)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if vocabulary.word_at(middle) < start else (low, middle)
    return low


def laid_out(vectors: Embeddings, report: Report = silent) -> Plane:
    """All words in the plane, a block at a time. Raises: InputError if no vector is finite"""
    fitted = _units(np.asarray(vectors.rows(slice(0, MOST_FITTED)), np.float32))
    fitted = fitted[np.isfinite(fitted).all(axis=1)]
    if not len(fitted):
        raise InputError("no word has a vector of finite numbers; see wordvec verify")
    axes, explained = _axes(fitted)
    centres = cluster_centres(fitted, N_CLUSTERS)
    n_words = len(vectors.vocabulary)
    places, clusters = np.empty((n_words, 2), np.float32), np.empty(n_words, np.uint8)
    nearness = np.empty(min(n_words, MOST_FITTED), np.float32)
    for start in range(0, n_words, ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        units = _units(np.asarray(vectors.rows(some), np.float32))
        places[some] = units @ axes
        scores = np.nan_to_num(units @ centres.T, nan=-1)
        clusters[some] = scores.argmax(axis=1)
        if start < len(nearness):
            nearness[some] = scores.max(axis=1)[: len(nearness) - start]
        report(Progress("layout", min(start + ROWS_AT_ONCE, n_words), n_words, "words"))
    return Plane(_scaled(places), clusters, _names(vectors, clusters, nearness, len(centres)), explained)


def _units(rows: "Matrix") -> "Matrix":
    return unit_rows(rows).astype(np.float32)


def _axes(units: "Matrix") -> "tuple[Matrix, tuple[float, float]]":
    """The two directions (dim, 2) in which rows differ most, each with its largest weight positive."""
    middle = units.mean(axis=0, dtype=np.float64)
    spread = units.T.astype(np.float64) @ units / len(units) - np.outer(middle, middle)
    variances, directions = np.linalg.eigh(spread)
    axes = np.zeros((units.shape[1], 2))
    two = directions[:, ::-1][:, :2]
    axes[:, : two.shape[1]] = two * np.where(two[np.abs(two).argmax(axis=0), np.arange(two.shape[1])] < 0, -1, 1)
    shares = np.append(np.clip(variances[::-1], 0, None), 0)[:2] / max(float(variances.clip(0).sum()), 1e-300)
    return axes.astype(np.float32), (float(shares[0]), float(shares[1]))


def _scaled(places: "Matrix") -> "Matrix":
    """Around 0, and no farther than 1."""
    are_finite = np.isfinite(places).all(axis=1)
    some = places[are_finite]
    places -= (some.min(axis=0) + some.max(axis=0)) / 2
    largest = float(np.abs(places[are_finite]).max())
    if largest > 1e-6:  # else they lie in one point, but for rounding
        places /= largest
    return places


def _names(vectors: Embeddings, clusters: "Array", nearness: "Array", n_clusters: int) -> list[str]:
    """Each cluster by its most central words among its first ones."""
    known = clusters[: len(nearness)]
    central = (central_words(known, nearness, number) for number in range(n_clusters))
    return [" ".join(shown(vectors.vocabulary.word(id)) for id in ids) for ids in central]
