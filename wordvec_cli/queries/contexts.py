"""Where a word stands in a text, so that a number can be read back to what it was made of.

How typical a context is: the cosine of the vector of its words with that of all contexts of the word. The vector of a
context is the sum of its words' vectors at length 1, each weighing a / (a + p(word)) so that `the` and `of` say little.

Source of the weights: Arora, Liang and Ma 2017, A Simple but Tough-to-Beat Baseline for Sentence Embeddings.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

WEIGHT = 1e-3  # a


class Context(NamedTuple):
    """A place where a word stands.

    line         of the corpus, from 1
    left, right  the words around it, on its line
    """

    line: int
    left: list[bytes]
    word: bytes
    right: list[bytes]

    @property
    def around(self) -> list[bytes]:
        return self.left + self.right


def contexts(corpus: Corpus, words: frozenset[bytes], width: int, report: Report = silent) -> Iterator[Context]:
    """Each place of some words, in the order of the corpus, with so many words on each side. Raises: InputError"""
    n_lines = 0
    needles = None if corpus.tokenizer.normalise or corpus.tokenizer.lowercase else list(words)
    for block in corpus.blocks():
        text = block.text
        lines = text.split(b"\n")
        for i, line in enumerate(lines):
            if needles is None or any(needle in line for needle in needles):
                yield from _of_line(n_lines + i + 1, corpus.tokenizer.tokens(line), words, width)
        n_lines += len(lines) - 1
        report(Progress("reading", block.stored_done, corpus.size_bytes, "B"))


def _of_line(number: int, tokens: Sequence[bytes], words: frozenset[bytes], width: int) -> Iterator[Context]:
    for place, token in enumerate(tokens):
        if token in words:
            left, right = tokens[max(place - width, 0) : place], tokens[place + 1 : place + 1 + width]
            yield Context(number, list(left), token, list(right))


def typicality(found: Sequence[Context], vectors: Embeddings) -> "Exact":
    """How typical each context is, (n,); NaN of one without a word that has a vector."""
    find = vectors.vocabulary.find
    ids_of = [[word_id for word in each.around if (word_id := find(word)) is not None] for each in found]
    known = np.unique(np.array([word_id for ids in ids_of for word_id in ids], np.int64))
    weighted = unit_rows(vectors.rows(known)) * _weights(vectors, known)[:, None]
    rows = np.zeros((len(found), vectors.dim))
    for i, ids in enumerate(ids_of):
        rows[i] = weighted[np.searchsorted(known, ids)].sum(axis=0)
    units = unit_rows(rows)
    total = unit_rows(units.sum(axis=0, keepdims=True))[0]
    typical: Exact = np.where(units.any(axis=1), units @ total, np.nan)
    return typical


def _weights(vectors: Embeddings, ids: "Ids") -> "Exact":
    counts = vectors.vocabulary.counts
    if counts is None:
        return np.ones(len(ids))
    of_all = np.asarray(counts, np.float64)
    weights: Exact = WEIGHT / (WEIGHT + of_all[ids] / max(of_all.sum(), 1))
    return weights
