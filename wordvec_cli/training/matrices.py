"""Matrices to train: how they lie in memory, how they start, and the rows of words that other vectors have too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

LANES = 16  # rows are padded to whole vectors of the widest registers, which are whole cache lines
ROWS_PER_CHUNK = 4096


def padded(dim: int) -> int:
    return -(-dim // LANES) * LANES


def fill_uniform(matrix: "Matrix", seed: int | Sequence[int]) -> None:
    """Random numbers in +-0.5 / dim, as in word2vec.c."""
    dim = matrix.shape[1]
    rng = np.random.default_rng(seed)
    for start in range(0, len(matrix), ROWS_PER_CHUNK):
        rows = matrix[start : start + ROWS_PER_CHUNK]
        rows[:] = (rng.random(rows.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(dim)


def aligned_zeros(shape: tuple[int, int]) -> "Matrix":
    """Zeros, float32, that start at a cache line; rows that straddle two cost a fifth of the speed."""
    n = shape[0] * shape[1]
    room = np.zeros(n + LANES, dtype=np.float32)
    start = -room.ctypes.data // room.itemsize % LANES
    return room[start : start + n].reshape(shape)


def is_finite(matrix: "Matrix", rows_at_once: int = ROWS_PER_CHUNK) -> bool:
    """Whether all numbers are; looked at in slices, to need no memory."""
    return all(np.isfinite(matrix[i : i + rows_at_once]).all() for i in range(0, len(matrix), rows_at_once))


def words_in_common(vocabulary: Vocabulary, other: Vocabulary) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """The ids of the words that both have, in the one and in the other."""
    from wordvec_cli.text.word_table import padded

    ids = id_table(other).find(padded(vocabulary.text), np.asarray(vocabulary.offsets))
    known = np.flatnonzero(ids >= 0)
    return known, ids[known].astype(np.int64)


def composed_of_others(
    vocabulary: Vocabulary, known: "NDArray[np.int64]", init: Embeddings
) -> "tuple[NDArray[np.int64], Matrix]":
    """The ids of words beside the `known` ones whose vectors `init` makes of their n-grams, and these, (n, dim)."""
    if not init.can_compose:
        return np.empty(0, np.int64), np.empty((0, init.dim), np.float32)
    others = np.setdiff1d(np.arange(len(vocabulary)), known)
    made, is_made = init.compose_all([vocabulary.word(id) for id in others.tolist()])
    return others[is_made], made[is_made]
