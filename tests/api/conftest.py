"""The same vectors as ours and as gensim's, so that every answer can be held against gensim's own."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors
from gensim.test.utils import datapath

import wordvec_cli
from wordvec_cli import Vectors

N_WORDS, DIM = 300, 12


class Pair(NamedTuple):
    """Ours and gensim's; some of their words, and for vectors with subwords some words that only those make."""

    ours: Vectors
    gensim: Any
    words: list[str]
    others: list[str]


def of_words(words: list[str], matrix: "np.ndarray[Any, Any]", counts: list[int] | None = None) -> Pair:
    theirs = KeyedVectors(matrix.shape[1])
    theirs.add_vectors(words, matrix)
    if counts:
        for word, count in zip(words, counts, strict=True):
            theirs.set_vecattr(word, "count", count)
    return Pair(Vectors.from_arrays(words, matrix, counts), theirs, words[:6], [])


@pytest.fixture(scope="session")
def plain() -> Pair:
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in range(N_WORDS - 3)] + ["東京", "été", "a b"]
    matrix = (rng.normal(size=(N_WORDS, DIM)) * rng.uniform(0.1, 9, (N_WORDS, 1))).astype(np.float32)
    return of_words(words, matrix, list(range(N_WORDS, 0, -1)))


@pytest.fixture(scope="session")
def subwords() -> Pair:
    path = datapath("lee_fasttext_new.bin")
    words = ["the", "government", "security", "police", "people", "forces"]
    ours, theirs = wordvec_cli.load(path), load_facebook_vectors(path)
    line_end = theirs.key_to_index["</s>"]  # to which fastText itself gives no parts, and gensim does
    theirs.vectors[line_end] = ours.vectors[line_end]
    return Pair(ours, theirs, words, ["governmental", "policeman", "securely"])


@pytest.fixture(params=["plain", "subwords"])
def pair(request: pytest.FixtureRequest) -> Pair:
    found: Pair = request.getfixturevalue(request.param)
    return found
