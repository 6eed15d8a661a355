"""Vectors of words from their contexts, in the space of others: of words that are rare, new, or of a part of a text.

The mean of the vectors around a word, averaged over its places, is brought by a linear map to where the word's vector
would be; the map is learnt from the words that have vectors and stand in the text too.

Source: Khodak et al. 2018, A La Carte Embedding: Cheap but Effective Induction of Semantic Feature Vectors.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Note, ignore
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

TOKENS_AT_ONCE = 1 << 14  # whose rows and their sums stay near the processor
LEAST_PLACES = 10  # of a word that the map is learnt from
N_FOLDS = 5  # one of which is left out to see how well the map does


class Places(NamedTuple):
    """Where the words that are asked about stand.

    words   (n,) the numbers of the words
    lines   (n,) of the text
    means   (n, dim) of the vectors around each place
    """

    words: "Ids"
    lines: "Ids"
    means: "Exact"


class _Block(NamedTuple):
    """Some whole lines of a text, or a piece of a long line with what stands around it.

    first_line  its number
    ids, lines  (n,) the line of each from 0
    places      which of them are the block's own; the others are places of other pieces
    """

    first_line: int
    ids: "Ids"
    lines: "Ids"
    places: slice


class Surroundings(NamedTuple):
    """What stands around the words of a text.

    sums    (n_words, dim) of the means of the vectors around each place of a word that has a vector
    counts  (n_words,) of these places
    places  of the words that are asked about
    """

    sums: "Exact"
    counts: "Ids"
    places: Places


def surroundings(sequences: Sequences, matrix: "Matrix", window: int, asked: "Ids", n_threads: int = 1) -> Surroundings:
    """Read a text that is word ids.

    matrix  (n, dim) the vectors of the ids below n; others have none
    window  words on each side that count, as far as they have vectors, of finite numbers
    asked   ids, with a vector or without
    """
    sums, counts = np.zeros(matrix.shape), np.zeros(len(matrix), np.int64)
    broken = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    found: list[Places] = []

    def around(block: _Block) -> "tuple[Ids, Matrix, NDArray[np.bool_]]":
        ids = np.where(block.ids < len(matrix), block.ids, -1)
        known = np.where(np.isin(ids, broken), -1, ids) if len(broken) else ids
        means, has_some = _means_around(known, block.lines, matrix, window)
        return block.ids[block.places], means[block.places], has_some[block.places]

    for block, (ids, means, has_some) in in_order(around, _blocks(sequences, window), n_threads):
        is_word = has_some & (ids >= 0) & (ids < len(matrix))
        _add(sums, counts, ids[is_word], means[is_word])
        are_asked = np.flatnonzero(has_some & np.isin(ids, asked))
        lines = block.first_line + block.lines[block.places][are_asked]
        found.append(Places(ids[are_asked], lines, means[are_asked].astype(np.float64)))
    places = Places(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    return Surroundings(sums, counts, places)


def _blocks(sequences: Sequences, window: int) -> Iterator[_Block]:
    """Some whole lines at a time, or a piece of a line that is longer; a text may be one line."""
    offsets, first = sequences.offsets, 0
    n_at_once = max(TOKENS_AT_ONCE, window)  # of smaller pieces, most would be what stands around them
    while first < sequences.n_sentences:
        last = int(np.searchsorted(offsets, offsets[first] + n_at_once, "right")) - 1
        if last == first:
            yield from _pieces(sequences, first, n_at_once, window)
            first += 1
            continue
        ids = sequences.ids[offsets[first] : offsets[last]].astype(np.int64)
        lines = np.repeat(np.arange(last - first), np.diff(offsets[first : last + 1]))
        yield _Block(first, ids, lines, slice(0, len(ids)))
        first = last


def _pieces(sequences: Sequences, line: int, n_at_once: int, window: int) -> Iterator[_Block]:
    """A line in pieces, each with the words on both sides that its places see."""
    begin, end = sequences.offsets[line : line + 2].tolist()
    for first in range(begin, end, n_at_once):
        last = min(first + n_at_once, end)
        start = max(first - window, begin)
        ids = sequences.ids[start : min(last + window, end)].astype(np.int64)
        yield _Block(line, ids, np.zeros(len(ids), np.int64), slice(first - start, last - start))


@np.errstate(over="ignore", invalid="ignore")  # of rows whose sum float32 cannot hold
def _means_around(ids: "Ids", lines: "Ids", matrix: "Matrix", window: int) -> "tuple[Matrix, NDArray[np.bool_]]":
    """The mean of the vectors around each place, and whether there is any. ids: -1 of what has no vector"""
    is_known = ids >= 0
    rows = np.where(is_known[:, None], matrix[np.where(is_known, ids, 0)], np.float32(0))
    sums = np.zeros(rows.shape, np.float32)
    n = np.zeros(len(ids), np.float32)
    for distance in range(1, min(window, len(ids) - 1) + 1):
        is_one_line = lines[distance:] == lines[:-distance]
        sums[:-distance] += rows[distance:] * is_one_line[:, None]
        sums[distance:] += rows[:-distance] * is_one_line[:, None]
        n[:-distance] += is_known[distance:] & is_one_line
        n[distance:] += is_known[:-distance] & is_one_line
    means = (sums / np.maximum(n, 1)[:, None]).astype(np.float32, copy=False)
    return means, n > 0


def _add(sums: "Exact", counts: "Ids", ids: "Ids", means: "Matrix") -> None:
    if not len(ids):
        return
    order = np.argsort(ids, kind="stable")
    words, starts, n = np.unique(ids[order], return_index=True, return_counts=True)
    sums[words] += np.add.reduceat(means[order].astype(np.float64), starts, axis=0)
    counts[words] += n


def induction_map(texts: Sequence[Surroundings], matrix: "Matrix", left_out: "Ids", note: Note = ignore) -> "Exact":
    """The map (dim, dim) that brings the mean around a word nearest to its vector: a row u becomes u @ map.

    Words weigh by the logarithm of their places.
    left_out  ids of words that it is not learnt from
    Raises: InputError if there are too few to learn from
    """
    sums = np.sum([text.sums for text in texts], axis=0)
    counts = np.sum([text.counts for text in texts], axis=0)
    is_used = (counts >= LEAST_PLACES) & np.isfinite(matrix).all(axis=1) & np.isfinite(sums).all(axis=1)
    is_used[is_used] = matrix[is_used].any(axis=1)
    is_used[left_out[left_out < len(matrix)]] = False
    words = np.flatnonzero(is_used)
    if len(words) < 2 * matrix.shape[1]:
        raise InputError(
            f"{counted(len(words), 'word')} with a vector stand {LEAST_PLACES} times in the text, too few to learn a "
            f"map of {matrix.shape[1]} dimensions; give more text, such as that which the vectors were trained on"
        )
    means: Exact = sums[words] / counts[words][:, None]
    weights: Exact = np.sqrt(np.log(counts[words]))[:, None]
    vectors: Exact = matrix[words].astype(np.float64)
    is_tried = np.arange(len(words)) % N_FOLDS == 0
    tried = means[is_tried] @ _solved(means[~is_tried], vectors[~is_tried], weights[~is_tried])
    cosine = float(np.einsum("ij,ij->i", unit_rows(tried), unit_rows(vectors[is_tried])).mean())
    note(f"map learnt from {counted(len(words), 'word')}; of words left out, cosine {cosine:.2f} with their vectors")
    return _solved(means, vectors, weights)


def _solved(means: "Exact", vectors: "Exact", weights: "Exact") -> "Exact":
    found: Exact = np.asarray(np.linalg.lstsq(means * weights, vectors * weights, rcond=None)[0], np.float64)
    return found
