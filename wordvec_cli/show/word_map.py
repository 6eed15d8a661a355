"""A map of words: their places in the plane, true neighbours, clusters and groups, as its page needs them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Progress, Report, ignore, silent
from wordvec_cli.queries.alignment import AlignOptions, align
from wordvec_cli.show.clusters import Clusters, clustered
from wordvec_cli.show.groups import Column, read_groups
from wordvec_cli.show.layouts import N_KEPT, Kept, Layout, Near, kept_neighbours, lay_out, n_neighbours, neighbours
from wordvec_cli.text.decoding import shown
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]

MOST_WORDS = 200_000
MOST_CLUSTERS = 100
MOST_NAMED = 5


class MapOptions(NamedTuple):
    """How a map is made.

    limit      of words, the most frequent ones
    k          neighbours of each word that the page lists
    has_vectors  whether the page gets the vectors too, a byte for each number, to compute axes and nearness from
    groups     a table of words by which they are coloured, see `read_groups`
    """

    limit: int = 20_000
    k: int = 10
    layout: str = "pca"
    n_clusters: int = 12
    has_vectors: bool = True
    groups: str | None = None
    seed: int = 1

    def check(self) -> None:
        """Raises: OptionError for what a page has no room for"""
        for name, given, most in (("limit", self.limit, MOST_WORDS), ("clusters", self.n_clusters, MOST_CLUSTERS)):
            if given > most:
                raise OptionError(f"--{name} {given}: a page has room for {most}; ask for fewer")


AS_IT_IS = MapOptions()


class Side(NamedTuple):
    """One file's view of the words of a map.

    title   the name of the file
    places  (n, 2) in the plane
    near    the nearest neighbours of each word among the words of the map, by all numbers of the vectors
    rows    (n, dim) float32
    """

    title: str
    places: "Numbers"
    near: Near
    rows: "Matrix"


class WordMap(NamedTuple):
    """What a page shows: words, the most frequent first.

    counts   (n,) how often each occurs, if that is known
    n_words  of the file, of which these are the most frequent
    sides    that of the vectors; then, if two files are compared, that of the other, in the space of the first
    kept     how many neighbours the plane keeps, of the first side
    """

    words: list[bytes]
    counts: "Ids | None"
    n_words: int
    sides: list[Side]
    layout: Layout
    kept: Kept | None
    clusters: Clusters
    columns: list[Column]
    has_vectors: bool


class Source(NamedTuple):
    """Vectors to be shown, and what they are called."""

    title: str
    vectors: Embeddings


def make_map(
    sources: Sequence[Source], options: MapOptions = AS_IT_IS, note: Note = ignore, report: Report = silent
) -> WordMap:
    """The map of one file's words; of two files, of the words that both have, the second turned to the first.

    Raises: InputError, OptionError
    """
    options.check()
    chosen = _chosen(sources, options.limit, note)
    titles, rows = [each.title for each in sources], [each.rows for each in chosen]
    if len(rows) == 2:
        rows[1] = _aligned(chosen[0].words, rows, note)
    near = [_neighbours(some, options, report) for some in rows]
    report(Progress("layout", 0, None, "words"))
    layout = _layout(rows, near, options)
    parts = np.split(layout.places, len(rows))
    sides = [Side(*each) for each in zip(titles, parts, [_first(each, options.k) for each in near], rows, strict=True)]
    columns = read_groups(options.groups, chosen[0].words, note) if options.groups else []
    known = near[0] if near[0].ids.shape[1] >= N_KEPT else None
    return WordMap(
        chosen[0].words, chosen[0].counts, len(sources[0].vectors.vocabulary), sides, layout,
        kept_neighbours(rows[0], parts[0], known), clustered(rows[0], options.n_clusters, options.seed), columns,
        options.has_vectors,
    )  # fmt: skip


def _neighbours(rows: "Matrix", options: MapOptions, report: Report) -> Near:
    """As many of each word as the page lists, or as the layout needs."""
    wanted = max(options.k, n_neighbours(options.layout, len(rows)))
    report(Progress("neighbours", 0, len(rows), "words"))
    if not wanted:
        return Near(np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0)))
    return neighbours(rows, wanted)


def _layout(rows: "list[Matrix]", near: list[Near], options: MapOptions) -> Layout:
    if len(rows) == 1:
        return lay_out(rows[0], options.layout, options.seed, near[0])
    return lay_out(np.concatenate(rows), options.layout, options.seed)  # both in one plane


def _first(near: Near, k: int) -> Near:
    return Near(near.ids[:, :k], near.cosines[:, :k])


class _Chosen(NamedTuple):
    """Words of a map with their vectors."""

    words: list[bytes]
    counts: "Ids | None"
    rows: "Matrix"


def _chosen(sources: Sequence[Source], limit: int, note: Note) -> list[_Chosen]:
    """The most frequent words that all files have, in one order; those with vectors that are not finite are left out.

    Raises: InputError if there are none
    """
    first = sources[0].vectors.vocabulary
    ids = [_by_frequency(first)]
    for other in sources[1:]:
        common, theirs = common_ids(first, other.vectors.vocabulary)
        place = np.full(len(first), -1)
        place[common] = theirs
        ids = [ids[0][place[ids[0]] >= 0]]
        ids.append(place[ids[0]])
    ids = [each[:limit] for each in ids]
    rows = [np.asarray(each.vectors.rows(some), np.float32) for each, some in zip(sources, ids, strict=True)]
    if not len(ids[0]):
        raise InputError(f"{' and '.join(each.title for each in sources)}: no words to show; name other vectors")
    are_sound = np.logical_and.reduce([np.isfinite(each).all(axis=1) for each in rows])
    _note_unsound(sources, ids[0][~are_sound], note)
    if not are_sound.any():
        raise InputError(f"{sources[0].title}: no word has a vector of finite numbers; see wordvec verify")
    return [
        _Chosen([each.vectors.vocabulary.word(id) for id in some[are_sound].tolist()], _counts(each, some[are_sound]),
                found[are_sound])
        for each, some, found in zip(sources, ids, rows, strict=True)
    ]  # fmt: skip


def _by_frequency(vocabulary: Vocabulary) -> "Ids":
    """The ids of all words, the most frequent first; in the file's order if there are no counts."""
    if vocabulary.counts is None:
        return np.arange(len(vocabulary))
    return np.argsort(-np.asarray(vocabulary.counts), kind="stable")


def _counts(source: Source, ids: "Ids") -> "Ids | None":
    counts = source.vectors.vocabulary.counts
    return None if counts is None else np.asarray(counts)[ids]


def _note_unsound(sources: Sequence[Source], ids: "Ids", note: Note) -> None:
    if not len(ids):
        return
    words = [sources[0].vectors.vocabulary.word(id) for id in ids[:MOST_NAMED].tolist()]
    named = ", ".join(repr(shown(word)) for word in words) + (" ..." if len(ids) > MOST_NAMED else "")
    note(f"left out {counted(len(ids), 'word')} whose vectors have numbers that are not finite: {named}")


def _aligned(words: list[bytes], rows: "list[Matrix]", note: Note) -> "Matrix":
    """The second rows, turned to where the first ones are."""
    vocabulary = Vocabulary.from_words(words)
    target, source = (from_matrix(vocabulary, np.ascontiguousarray(each), {}) for each in rows)
    aligned = align(source, target, AlignOptions(), note)
    note(
        f"aligned by {counted(aligned.fit.n_pairs, 'word')} that both files have: mean cosine {aligned.before:.4f} "
        f"before, {aligned.fit.cosine:.4f} after"
    )
    return np.ascontiguousarray(aligned.vectors.rows(slice(0, len(words))), np.float32)


def whole_bytes(rows: "Matrix") -> "NDArray[np.int8]":
    """Directions of rows (n, dim) in a byte for each number: each row times what makes its largest number 127."""
    units = unit_rows(rows)
    largest = np.abs(units).max(axis=1, keepdims=True, initial=0)
    return np.rint(units * (127 / np.where(largest > 0, largest, 1))).astype(np.int8)
