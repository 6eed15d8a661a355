"""Many files brought into one space: each to the first, each to the one before, or all to their mean.

Source of the mean: Gower 1975, Generalized Procrustes Analysis, without scaling
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.queries.agreement import have_directions
from wordvec_cli.queries.alignment import Aligned, AlignOptions, align, check_dimensions, turned
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.procrustes import Fit, Fitting, fitted, mean_cosine
from wordvec_cli.vectors.transform.rows import rows_of
from wordvec_cli.vectors.transform.run import metadata_after

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

Space = Literal["first", "chain", "mean"]
MOST_ROUNDS, LEAST_GAIN = 100, 1e-7  # of the mean cosine


def align_all(
    vectors: Sequence[Embeddings], space: Space, options: AlignOptions, note: Note = ignore
) -> list[Aligned | None]:
    """All vectors in one space; None for those that are left as they are. Raises: InputError"""
    check_dimensions(vectors)
    if space == "mean":
        return list(_to_mean(vectors, options, note))
    found: list[Aligned | None] = [None]
    latest = vectors[0]
    for each in vectors[1:]:
        aligned = align(each, vectors[0] if space == "first" else latest, options, note)
        found.append(aligned)
        latest = aligned.vectors
    return found


def _to_mean(vectors: Sequence[Embeddings], options: AlignOptions, note: Note) -> list[Aligned]:
    ids = in_all(vectors, options.first_words)
    note(f"{counted(len(ids[0]), 'word')} with a vector in all {len(vectors)} files")
    sides = [_Side(each, of_each) for each, of_each in zip(vectors, ids, strict=True)]
    mean, cosine = sides[0].units(), -1.0
    for _ in range(MOST_ROUNDS):
        fits = [side.fit(mean, options.fitting) for side in sides]
        before, cosine = cosine, float(np.mean([fit.cosine for fit in fits]))
        if cosine - before < LEAST_GAIN:
            break
        turned_units = (unit_rows(fit.row_map()(side.units())) for side, fit in zip(sides, fits, strict=True))
        mean = (reduce(np.add, turned_units) / len(sides)).astype(np.float32)
    return [
        Aligned(_recorded(turned(side.vectors, fit, note), len(sides)), fit, side.cosine(mean))
        for side, fit in zip(sides, fits, strict=True)
    ]


def _recorded(vectors: Embeddings, n_files: int) -> Embeddings:
    return replace(vectors, metadata=metadata_after(vectors, "align", {"to": "mean", "files": n_files}))


class _Side(NamedTuple):
    """One of the files, and the ids of the words that all have."""

    vectors: Embeddings
    ids: "Ids"

    def units(self) -> "Matrix":
        return unit_rows(rows_of(self.vectors)[self.ids]).astype(np.float32)

    def fit(self, mean: "Matrix", fitting: Fitting) -> Fit:
        return fitted(rows_of(self.vectors), mean, (self.ids, np.arange(len(mean))), fitting)

    def cosine(self, mean: "Matrix") -> float:
        return mean_cosine(rows_of(self.vectors), mean, (self.ids, np.arange(len(mean))))


def in_all(vectors: Sequence[Embeddings], first_words: int | None) -> "list[Ids]":
    """The ids of the words that have a direction in all files, in the order of the first. Raises: InputError"""
    in_first = np.arange(len(vectors[0].vocabulary))
    shared = [common_ids(vectors[0].vocabulary, each.vocabulary) for each in vectors[1:]]
    kept = reduce(
        lambda one, other: np.intersect1d(one, other, assume_unique=True), [ids for ids, _ in shared], in_first
    )
    found = [kept, *(others[np.searchsorted(ids, kept)] for ids, others in shared)]
    is_sound = np.ones(len(kept), bool)
    for each, ids in zip(vectors, found, strict=True):
        is_sound &= have_directions(rows_of(each)[ids]) if len(ids) else is_sound
    if not is_sound.any():
        raise InputError("no word has a vector in all files; align them in a chain, or fewer of them")
    return [ids[is_sound][:first_words] for ids in found]
