"""The vectors of the words of a measure, in one or more models that all must have them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LOST = 0.2  # of the words of a set, before it is no longer what it says


def known_word(models: Sequence[Embeddings], word: bytes) -> bytes | None:
    """The word as all models have it: as it is written, or in lower case; None if one lacks both."""
    lower = as_bytes(as_text(word).lower())
    return next((each for each in (word, lower) if all(_has(model, each) for model in models)), None)


def _has(model: Embeddings, word: bytes) -> bool:
    return model.vocabulary.find(word) is not None or model.compose(word) is not None


def rows_of_words(model: Embeddings, words: Sequence[bytes]) -> "NDArray[np.float64]":
    """The vectors of words that the model has, (n, dim). Raises: InputError if one has no direction"""
    with np.errstate(invalid="ignore"):  # a NaN of any bits
        rows = np.array([_row(model, word) for word in words], np.float64).reshape(len(words), model.dim)
    has_direction = np.isfinite(rows).all(axis=1) & rows.any(axis=1)
    if not has_direction.all():
        word = shown(words[int(np.argmin(has_direction))])
        raise InputError(f"the vector of {word!r} is all zeros or not finite and has no direction; leave the word out")
    return rows


def _row(model: Embeddings, word: bytes) -> Sequence[float]:
    word_id = model.vocabulary.find(word)
    row = model.compose(word) if word_id is None else model.row(word_id)
    assert row is not None
    return row
