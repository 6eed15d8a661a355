"""Vectors of one training brought into the space of another: which words are pairs, the rotation, its refinement."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.queries.agreement import have_directions
from wordvec_cli.queries.csls import Neighbourhood, nearness
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.text.lines import listed_words, read_lines
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.procrustes import Fit, Fitting, fitted
from wordvec_cli.vectors.transform.choosing import taken_words
from wordvec_cli.vectors.transform.rows import rows_of
from wordvec_cli.vectors.transform.run import metadata_after
from wordvec_cli.vectors.transform.step import mapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Pairs = tuple[Ids, Ids]

REFINED_WORDS = 10_000


class AlignOptions(NamedTuple):
    """How vectors are aligned.

    dictionary  a file of pairs, a word of the source and one of the target a line; None: words of both files
    anchors     a file of words, one a line, which mean the same in both; None: all common words
    first_words  of the common words, only the first N in the source's order; None: all
    n_refined   how often the pairs are found anew as nearest neighbours of each other
    refined_words  of both sides among which these are looked for, from the first
    """

    fitting: Fitting = Fitting()
    dictionary: str | None = None
    anchors: str | None = None
    first_words: int | None = None
    n_refined: int = 0
    refined_words: int = REFINED_WORDS
    n_threads: int = 1


class Aligned(NamedTuple):
    """Vectors in the space of others, their rows made when they are asked for.

    before  the mean cosine of the pairs as they were
    """

    vectors: Embeddings
    fit: Fit
    before: float


def align(
    source: Embeddings,
    target: Embeddings,
    options: AlignOptions,
    note: Note = ignore,
    report: Report = silent,
) -> Aligned:
    """Bring vectors into the space of others. Raises: InputError"""
    check_dimensions([source, target])
    rows = rows_of(source), rows_of(target)
    pairs = _sound(source, target, _pairs(source, target, options, note), note)
    fit = fitted(*rows, pairs, options.fitting, options.n_threads)
    before = fit.before
    for _ in range(options.n_refined):
        pairs = _mutual_neighbours(source, target, fit, options, report)
        if not len(pairs[0]):
            raise InputError("--refine: no two words are the nearest of each other; leave it out, or give more pairs")
        fit = fitted(*rows, pairs, options.fitting, options.n_threads)
        note(f"refined on {counted(len(pairs[0]), 'pair')} of mutual nearest neighbours: mean cosine {fit.cosine:.4f}")
    facts = _facts(target, options, fit)
    metadata = metadata_after(source, "align", facts)
    return Aligned(replace(turned(source, fit, note), metadata=metadata), fit, before)


def _facts(target: Embeddings, options: AlignOptions, fit: Fit) -> dict[str, object]:
    """What is recorded of an alignment."""
    facts = {name: value for name, value in options.fitting._asdict().items() if value}
    for name in ("dictionary", "anchors"):
        if (path := getattr(options, name)) is not None:
            facts[name] = hashlib.sha256(b"\n".join(read_lines(path))).hexdigest()
    to = target.metadata.get("checksum") or target.metadata.get("transformed_from")
    return facts | ({"to": to} if to else {}) | {"pairs": fit.n_pairs, "refined": options.n_refined}


def turned(vectors: Embeddings, fit: Fit, note: Note = ignore) -> Embeddings:
    """All vectors as a fit makes them, with what stands beside them."""
    return mapped(replace(vectors.completed(), whole=None), "align", fit.row_map(), note)


def check_dimensions(vectors: Sequence[Embeddings]) -> None:
    """Raises: InputError if they differ"""
    dims = [each.dim for each in vectors]
    if len(set(dims)) > 1:
        raise InputError(
            f"the vectors have {' and '.join(map(str, dims))} numbers; bring the wider ones to {min(dims)} with "
            f"wordvec transform IN OUT pca:{min(dims)}"
        )


# ---------------------------------------------------------------- pairs


def _pairs(source: Embeddings, target: Embeddings, options: AlignOptions, note: Note) -> "Pairs":
    if options.dictionary is not None:
        pairs = read_pairs(options.dictionary)
        return _known_pairs(options.dictionary, pairs, source, target, note)
    if options.anchors is not None:
        words = listed_words(options.anchors)
        return _known_pairs(options.anchors, [(word, word) for word in words], source, target, note)
    ids, others = common_ids(source.vocabulary, target.vocabulary)
    if not len(ids):
        raise InputError("the files have no word in common; give pairs with --dictionary")
    return ids[: options.first_words], others[: options.first_words]


def read_pairs(path: str) -> list[tuple[bytes, bytes]]:
    """Pairs of words, one a line, between tabs or blanks; a word may come in several. Raises: InputError"""
    pairs = []
    for number, line in enumerate(read_lines(path), 1):
        words = line.split(b"\t") if b"\t" in line else line.split()
        if not line.strip():
            continue
        if len(words) != 2 or not all(words):
            raise InputError(f"{path}:{number}: {counted(len(words), 'word')} where a pair has 2; write a<TAB>b")
        pairs.append((words[0], words[1]))
    if not pairs:
        raise InputError(f"{path}: holds no pairs; write a word, a tab and its translation on a line")
    return pairs


def _known_pairs(
    path: str, pairs: Sequence[tuple[bytes, bytes]], source: Embeddings, target: Embeddings, note: Note
) -> "Pairs":
    """The ids of the pairs of a file whose words both have vectors. Raises: InputError if there is none"""
    found = [(source.vocabulary.find(first), target.vocabulary.find(second)) for first, second in pairs]
    known = [(first, second) for first, second in found if first is not None and second is not None]
    if not known:
        raise InputError(f"{path}: no pair has both words among the vectors; are they in the right order and case?")
    if len(known) < len(pairs):
        note(f"{path}: {len(pairs) - len(known)} of {counted(len(pairs), 'pair')} have a word without a vector")
    ids = np.array(known, np.int64)
    return ids[:, 0], ids[:, 1]


def _sound(source: Embeddings, target: Embeddings, pairs: "Pairs", note: Note) -> "Pairs":
    """The pairs whose vectors both have a direction. Raises: InputError if there is none"""
    is_sound = np.ones(len(pairs[0]), bool)
    for vectors, ids in zip((source, target), pairs, strict=True):
        rows = rows_of(vectors)
        for start in range(0, len(ids), 1 << 14):
            some = slice(start, start + (1 << 14))
            is_sound[some] &= have_directions(rows[ids[some]])
    if not is_sound.any():
        raise InputError("no pair has two vectors that are finite and not zeros; look with wordvec verify")
    if not is_sound.all():
        note(f"left out {counted(int((~is_sound).sum()), 'pair')} with a vector that is zeros or not finite")
    n = int(is_sound.sum())
    if n < source.dim:
        note(
            f"{counted(n, 'pair')} do not determine a rotation of {source.dim} dimensions: what is at right angles to "
            "them is turned by chance; give more"
        )
    return pairs[0][is_sound], pairs[1][is_sound]


def _mutual_neighbours(
    source: Embeddings, target: Embeddings, fit: Fit, options: AlignOptions, report: Report
) -> "Pairs":
    """Words that are each other's nearest by CSLS, among the first of both sides."""
    first = _first_words(turned(replace(source, context_values=None, subwords=None), fit), options.refined_words)
    second = _first_words(target, options.refined_words)
    indexes = [Index(each, n_threads=options.n_threads) for each in (first, second)]
    near = [nearness(index, other.matrix, report=report) for index, other in zip(indexes, (second, first), strict=True)]
    of_second = Neighbourhood(indexes[1], near[0])
    of_first = Neighbourhood(indexes[0], near[1])
    best = _nearest_ids(of_second, first), _nearest_ids(of_first, second)
    ids = np.arange(len(best[0]))
    are_mutual = (best[0] >= 0) & (best[1][best[0]] == ids) & have_directions(first.matrix)
    return ids[are_mutual], best[0][are_mutual]


def _nearest_ids(neighbourhood: Neighbourhood, vectors: Embeddings) -> "Ids":
    return nearest(neighbourhood.index, neighbourhood.scorer(vectors.matrix), 1).ids[:, 0]


def _first_words(vectors: Embeddings, n: int) -> Embeddings:
    """The first words with their vectors, in memory."""
    ids = np.arange(min(n, len(vectors.vocabulary)))
    rows = np.ascontiguousarray(rows_of(vectors)[: len(ids)], np.float32)
    return from_matrix(taken_words(vectors.vocabulary, ids), rows, {})
