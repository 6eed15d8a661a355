"""What steps reach beyond the vectors: other files, neighbours, threads, and whoever reads notes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]


def _no_file(path: str) -> Embeddings:
    raise NotImplementedError(f"{path}: nobody opens files here")


def _no_neighbours(kept: Embeddings, others: "Matrix") -> "Ids":
    raise NotImplementedError("nobody finds neighbours here")


@dataclass(frozen=True)
class Reach:
    """
    opened     the vectors of a file
    nearest    for each of some rows (n, dim), the id of the nearest of some vectors, (n,); -1 if there is none
    n_threads  that share the rows
    """

    opened: Callable[[str], Embeddings] = _no_file
    nearest: "Callable[[Embeddings, Matrix], Ids]" = _no_neighbours
    n_threads: int = 1
    note: Note = ignore
    report: Report = silent
