"""Words that vectors lack, added with vectors that are made of their parts."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.subwords import with_more_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def with_composed(embeddings: Embeddings, words: Collection[bytes]) -> tuple[Embeddings, int]:
    """The vectors, and after them those of the wanted words that can be composed, in byte order; how many these are.

    The own row of such a word is its vector, so that the mean of that and of its n-grams is the same vector again. Its
    count is 0.
    """
    missing = sorted(word for word in words if embeddings.vocabulary.find(word) is None)
    made, is_made = embeddings.compose_all(missing) if embeddings.can_compose else (None, np.zeros(len(missing), bool))
    if made is None or not is_made.any():
        return embeddings, 0
    n_made = int(is_made.sum())
    added = [word for word, is_there in zip(missing, is_made.tolist(), strict=True) if is_there]
    counts = embeddings.vocabulary.counts
    all_counts = None if counts is None else [*np.asarray(counts).tolist(), *[0] * n_made]
    vocabulary = Vocabulary.from_words([*embeddings.vocabulary, *added], all_counts)
    joined = from_matrix(vocabulary, np.vstack([embeddings.matrix, made[is_made]]), embeddings.metadata)
    context, subwords = embeddings.context, embeddings.subwords
    if context is not None:
        more = np.vstack([context, np.zeros((n_made, embeddings.dim), np.float32)])
        joined = replace(joined, context_values=more.reshape(-1).data.cast("B").cast("f"))
    return replace(
        joined,
        unknown=embeddings.unknown,
        composed=embeddings.composed,
        subwords=subwords and with_more_words(subwords, made[is_made]),
        whole=embeddings.whole,
    ), n_made


def with_own_ngrams(embeddings: Embeddings) -> Embeddings:
    """The vectors with the rows of n-grams of their words alone."""
    subwords = embeddings.subwords
    return replace(embeddings, subwords=subwords and subwords.hit_by(embeddings.vocabulary))
