"""Words chosen among those of vectors, with their rows, counts and all that stands beside these."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.text.words import take_words
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.rows import view
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Ids = NDArray[np.int64]


def taken_words(vocabulary: Vocabulary, ids: "Ids") -> Vocabulary:
    """Some words, in the order of their distinct ids, with their counts."""
    text, offsets = take_words(np.asarray(vocabulary.text), np.asarray(vocabulary.offsets), ids)
    new_ids = np.full(len(vocabulary), -1)
    new_ids[ids] = np.arange(len(ids))
    order = new_ids[np.asarray(vocabulary.order)]
    counts = vocabulary.counts
    return Vocabulary(text, offsets, order[order >= 0], None if counts is None else np.asarray(counts)[ids])


def taken_rows(values: Any, n_rows: int, dim: int, ids: "Ids") -> MadeRows:
    """Some rows, which may come more than once."""
    source = view(values, n_rows, dim)

    def make(places: "Places") -> Any:
        return source[ids[places]]

    return MadeRows(make, (len(ids), dim))


def taken(vectors: Embeddings, ids: "Ids") -> Embeddings:
    """The vectors of some words, with their context vectors and n-grams."""
    n_words, dim, subwords = len(vectors.vocabulary), vectors.dim, vectors.subwords
    context = vectors.context_values
    return replace(
        vectors,
        vocabulary=taken_words(vectors.vocabulary, ids),
        values=taken_rows(vectors.values, n_words, dim, ids),
        context_values=None if context is None else taken_rows(context, n_words, dim, ids),
        subwords=subwords
        and replace(subwords, word_row_values=taken_rows(subwords.word_row_values, n_words, dim, ids)),
    )
