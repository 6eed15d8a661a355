"""What packing vectors into fewer bits costs: how far they move, and how many neighbours change."""

from typing import NamedTuple

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.queries.agreement import cosines_of_rows, have_directions, overlap_of_neighbours
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.packing import Packing, unpacked_rows

N_NEIGHBOURS, N_SAMPLED = 10, 200


class PackingLoss(NamedTuple):
    """How packed vectors differ from what they were.

    n_lost   vectors that were out of range and became infinite or zero
    error    the largest 1 - cosine of a vector with what became of it, of the others
    overlap  the share of the nearest neighbours that stay the same, of a sample of words
    """

    n_lost: int
    error: float
    overlap: float


def packing_loss(vectors: Embeddings, packing: Packing) -> PackingLoss:
    import numpy as np

    packed = from_matrix(vectors.vocabulary, np.ascontiguousarray(unpacked_rows(vectors.matrix, packing)), {})
    is_vector, is_kept = have_directions(vectors.matrix), have_directions(packed.matrix)
    n_lost = int(np.count_nonzero(is_vector & ~is_kept))
    error = 1 - cosines_of_rows(vectors.matrix, packed.matrix)[is_vector & is_kept].min(initial=1)
    overlap = overlap_of_neighbours(vectors, packed, N_NEIGHBOURS, N_SAMPLED)
    return PackingLoss(n_lost, max(float(error), 0), overlap)


def note_packing_loss(vectors: Embeddings, packing: Packing, note: Note) -> None:
    """Say how far packed vectors are from what they were."""
    loss = packing_loss(vectors, packing)
    if loss.n_lost:
        lost = f"{counted(loss.n_lost, 'vector')} out of its range became infinite or zero"
        note(f"--{packing}: {lost}; leave it out to keep all")
    note(
        f"--{packing}: the largest cosine error of a vector is {loss.error:.2g}; {loss.overlap:.1%} of the "
        f"{N_NEIGHBOURS} nearest neighbours of up to {N_SAMPLED} words stay the same"
    )
