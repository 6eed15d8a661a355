"""What packing vectors into fewer bits costs: how far they move, and how many neighbours change."""

import os
from typing import NamedTuple

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.queries.agreement import cosines_of_rows, have_directions, overlap_of_neighbours
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import is_native, load
from wordvec_cli.vectors.packing import Packing
from wordvec_cli.vectors.row_tensors import packed_in_memory

N_NEIGHBOURS, N_SAMPLED = 10, 200
ROWS_AT_ONCE = 1 << 14


class PackingLoss(NamedTuple):
    """How packed vectors differ from what they were.

    n_lost   vectors that were out of range and became infinite or zero
    error    the largest 1 - cosine of a vector with what became of it, of the others
    mean     the mean of these errors
    overlap  the share of the nearest neighbours that stay the same, of a sample of words
    """

    n_lost: int
    error: float
    mean: float
    overlap: float


def packing_loss(vectors: Embeddings, packed: Embeddings) -> PackingLoss:
    """The loss of vectors of the same words; only some rows of each are unpacked at a time."""
    import numpy as np

    n_lost, largest, total, n_rows = 0, 0.0, 0.0, 0
    for start in range(0, len(vectors.vocabulary), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        rows, ours = vectors.rows(some), packed.rows(some)
        is_vector, is_kept = have_directions(rows), have_directions(ours)
        n_lost += int(np.count_nonzero(is_vector & ~is_kept))
        errors = np.maximum(1 - cosines_of_rows(rows, ours)[is_vector & is_kept], 0)
        largest, total, n_rows = max(largest, float(errors.max(initial=0))), total + errors.sum(), n_rows + len(errors)
    overlap = overlap_of_neighbours(vectors, packed, N_NEIGHBOURS, N_SAMPLED)
    return PackingLoss(n_lost, largest, total / max(n_rows, 1), overlap)


def packed_again(vectors: Embeddings, packing: Packing, path: str) -> Embeddings:
    """What became of vectors that have been written packed.

    path  where; if that cannot be read again, as a pipe cannot, they are packed again
    """
    return load(path) if os.path.isfile(path) and is_native(path) else packed_in_memory(vectors, packing)


def note_packing_loss(vectors: Embeddings, packed: Embeddings, packing: Packing, note: Note) -> None:
    """Say how far packed vectors are from what they were."""
    loss = packing_loss(vectors, packed)
    if loss.n_lost:
        lost = f"{counted(loss.n_lost, 'vector')} out of its range became infinite or zero"
        note(f"--{packing}: {lost}; leave it out to keep all")
    note(
        f"--{packing}: the largest cosine error of a vector is {loss.error:.2g}; their mean is {loss.mean:.2g}; "
        f"{loss.overlap:.1%} of the {N_NEIGHBOURS} nearest neighbours of up to {N_SAMPLED} words stay the same"
    )
