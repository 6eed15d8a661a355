"""Sentence vectors by smooth inverse frequencies.

Source: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (and their repository
PrincetonML/SIF): each word weighs a / (a + p(word)), and the first singular vector of all sentence vectors, which is
not centred, is taken out of each.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.layer import lookup
from wordvec_cli.layer.lookup import Layer, slices
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.text_rows import Matrix
from wordvec_cli.storage.spool import Spool

SIF_WEIGHT = 1e-3  # a of the paper


def sif_weights(rows: Rows, weight: float = SIF_WEIGHT) -> Matrix:
    """The weight of each row, (n_rows,): 1 for special rows, as for words without a count in the source.

    Raises: InputError if the vocabulary has no counts
    """
    counts = np.zeros(1) if rows.vocabulary.counts is None else np.asarray(rows.vocabulary.counts, np.float64)
    if not counts.any():
        raise InputError(
            f"{rows.name}: holds no counts, by which --pool sif weighs words; make it with wordvec build-vocab"
        )
    weights = np.ones(rows.rule.n_rows, np.float32)
    weights[rows.rule.specials.n_rows :] = weight / (weight + counts / counts.sum())
    return weights


def sif_vectors(layer: Layer, weights: Matrix, folder: Path) -> Iterator[Matrix]:
    """Sentence vectors as (n, dim) for some lines at a time; they lie in a nameless file of `folder` in between.

    weights  those of `sif_weights`
    Raises: InputError if a number is not finite, OutputError
    """
    squares = np.zeros((layer.dim, layer.dim))
    numbers = Spool(folder, np.float32)
    for part in layer.sentence_vectors("sif", weights):
        with np.errstate(invalid="ignore"):  # reported below
            exact = part.astype(np.float64)
            squares += exact.T @ exact
        numbers.append(part)
    vectors = numbers.whole().reshape(-1, layer.dim)
    if not np.isfinite(squares).all():
        raise InputError(f"{layer.matrix.path}: holds numbers that are not finite; make it again with wordvec matrix")
    direction = np.linalg.eigh(squares)[1][:, -1]
    for some in slices(len(vectors), max(1, lookup.BYTES_AT_ONCE // (4 * layer.dim))):
        exact = vectors[some].astype(np.float64)
        yield (exact - np.outer(exact @ direction, direction)).astype(np.float32)
