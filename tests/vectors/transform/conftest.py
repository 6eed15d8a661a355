"""Vectors to take steps on, and what steps reach in tests."""

from collections.abc import Callable

import numpy as np
import pytest

from wordvec_cli.evaluation.transforming import reach_of
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import gathered, rows_of
from wordvec_cli.vectors.transform.run import transformed
from wordvec_cli.vectors.transform.spelling import parsed_steps
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def made(matrix: object, words: list[str] | None = None) -> Embeddings:
    rows = np.array(matrix, np.float32)
    names = words or [f"w{i}" for i in range(len(rows))]
    return from_matrix(Vocabulary.from_words([name.encode() for name in names], range(len(rows), 0, -1)), rows, {})


class After:
    """What steps make of vectors: `after(vectors, "centre", "abtt:2")`; `notes` are those of the last call."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def vectors(self, vectors: Embeddings, *steps: str, n_threads: int = 1) -> Embeddings:
        self.notes = []
        reach: Reach = reach_of(load, n_threads, lambda text, **_: self.notes.append(text))
        return transformed(vectors, parsed_steps(steps), reach)[-1]

    def __call__(self, vectors: Embeddings, *steps: str, n_threads: int = 1) -> "np.ndarray":
        return gathered(rows_of(self.vectors(vectors, *steps, n_threads=n_threads)))


@pytest.fixture
def after() -> After:
    return After()


@pytest.fixture
def spread() -> "np.ndarray":
    """Rows about a mean far from 0, of components whose variances differ."""
    rng = np.random.default_rng(7)
    axes, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    rows = rng.normal(size=(3000, 12)) * np.linspace(3, 0.2, 12) @ axes + 5
    return rows.astype(np.float32)


Matrix = Callable[..., "np.ndarray"]
