"""fastText's models, `.bin` and quantised `.ftz`: words with the n-grams of characters that their vectors are made of.

A model's own vectors are means of rows, which kernels make from the mapped file.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from wordvec_cli.errors import InputError, NoWantedWordsError
from wordvec_cli.formats.fasttext_file import looks_like, open_model
from wordvec_cli.formats.fasttext_model import Dictionary, Model
from wordvec_cli.formats.fasttext_writing import write
from wordvec_cli.formats.reading import Oddities, ReadOptions, collected
from wordvec_cli.formats.rows import Integers, Rows
from wordvec_cli.storage.files import shown_size
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.subwords import with_more_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

__all__ = ["looks_like", "read", "write"]


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a model's words; those of other words are composed of n-grams if the model has them.

    Raises: InputError
    """
    oddities.unit = "word"
    model = open_model(path)
    composed = model.composed if model.has_ngrams else None
    ids = _wanted_ids(model.dictionary, options)
    if not len(ids) and options.words is not None:
        return _without_words(path, model, composed)
    _check_memory(path, len(ids), model.dim)
    text, offsets = model.dictionary.words(ids)
    rows = Rows(text, offsets, model.vectors(ids, options), ids + 1)
    embeddings = collected(path, [rows], replace(options, words=None), oddities)
    vocabulary = embeddings.vocabulary
    if len(vocabulary) == len(ids):
        vocabulary = replace(vocabulary, counts=model.dictionary.counts[ids])
    embeddings = replace(embeddings, vocabulary=vocabulary, metadata=model.metadata, composed=composed)
    if model.has_ngrams:
        embeddings = replace(embeddings, parts=model.parts)
    is_whole = model.has_plain_rows and len(vocabulary) == len(ids)
    return replace(embeddings, whole=partial(_whole, model, ids)) if is_whole else embeddings


def _whole(model: Model, ids: Integers, embeddings: Embeddings) -> Embeddings:
    """The vectors of these words, perhaps with composed ones after them, with the rows that they are made of."""
    subwords = with_more_words(model.subwords(ids, embeddings.vocabulary), embeddings.matrix[len(ids) :])
    context = model.context(ids)
    if context is not None:
        context = np.vstack([context, np.zeros((len(embeddings.vocabulary) - len(ids), model.dim), np.float32)])
    values = None if context is None else context.reshape(-1).data.cast("B").cast("f")
    return replace(embeddings, subwords=subwords, context_values=values, composed=None, parts=None, whole=None)


def _wanted_ids(dictionary: Dictionary, options: ReadOptions) -> Integers:
    ids = np.arange(len(dictionary))
    if options.words is not None:
        found = (dictionary.find(word) for word in options.words)
        ids = np.array(sorted(id for id in found if id is not None), np.int64)
    if options.limit is not None and options.invalid_utf8 != "skip":  # what is skipped does not count
        ids = ids[: options.limit]
    return ids


def _without_words(path: str, model: Model, composed: Callable[[bytes], "memoryview[float]"] | None) -> Embeddings:
    """A model that has none of the words, but perhaps vectors that are composed."""
    if composed is None:
        raise NoWantedWordsError(f"{path}: holds no vectors of these words")
    no_words = Vocabulary(np.empty(0, np.uint8), np.zeros(1, np.int64), np.empty(0, np.int64))
    return Embeddings(no_words, memoryview(b"").cast("f"), model.dim, model.metadata, composed=composed)


def _check_memory(path: str, n_words: int, dim: int) -> None:
    """A quantised file of some megabytes can say that it holds terabytes."""
    needed = n_words * dim * 4
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise InputError(
            f"{path}: its vectors take {shown_size(needed)} and this machine has {shown_size(memory)}; "
            "read fewer words of it"
        )
