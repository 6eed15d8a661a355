"""The words of a picture, with their vectors: those that can be drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import METRICS
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_text, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Embeddings

    Matrix = NDArray[np.float32]

MOST_LINES = 200  # words that stand below each other
_NAMES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


class Chosen(NamedTuple):
    """Some distinct words, whose vectors are finite and have a direction.

    rows  (n, dim) float32
    """

    words: list[bytes]
    rows: "Matrix"

    @property
    def labels(self) -> list[str]:
        """The words as they are painted."""
        return list(map(label, self.words))

    @property
    def names(self) -> list[str]:
        """The words for programs."""
        return list(map(as_text, self.words))


def check_room(n_words: int, most: int = MOST_LINES) -> None:
    """Raises: InputError if there are more words than a picture has room for"""
    if n_words > most:
        raise InputError(
            f"{n_words} words are too many for a picture that shows at most {most}; choose some, or print them "
            "all with --format tsv"
        )


def label(word: bytes) -> str:
    """A word on one line, without what cannot be painted."""
    return "".join(each if each.isprintable() else _NAMES.get(each, f"\\u{ord(each):04x}") for each in shown(word))


def chosen_words(finder: WordFinder, words: Sequence[bytes], note: Note) -> Chosen:
    """Those of the words that can be drawn; the others are named. Raises: InputError if there are none"""
    found = [each for word in dict.fromkeys(words) if (each := finder.find(word)) is not None]
    dim = finder.embeddings.dim
    rows = np.array([each.vector for each in found], np.float32).reshape(len(found), dim)
    is_finite, has_direction = np.isfinite(rows).min(axis=1, initial=True), (rows != 0).max(axis=1, initial=False)
    for each, finite, directed in zip(found, is_finite, has_direction, strict=True):
        if not finite:
            note(f"{shown(each.word)!r} has a vector with numbers that are not finite; it is left out")
        elif not directed:
            note(f"{shown(each.word)!r} has a vector of zeros: no direction; it is left out")
    kept = np.flatnonzero(is_finite & has_direction)
    if not len(kept):
        raise InputError("none of the words has a vector that can be drawn; choose others")
    return Chosen([found[place].word for place in kept.tolist()], rows[kept])


class Neighbourhoods(NamedTuple):
    """Words and their neighbours, each word once.

    chosen  the words that were asked for first, `n_asked` of them, then the neighbours that are not among them
    owners  for each of all the number of the asked word that it is, or of the nearest one that it was found for
    edges   (asked word, neighbour, cosine), by their numbers
    """

    chosen: Chosen
    n_asked: int
    owners: list[int]
    edges: list[tuple[int, int, float]]


def with_neighbours(embeddings: "Embeddings", asked: Chosen, k: int) -> Neighbourhoods:
    """Words and the k nearest others of each, by cosine."""
    vocabulary = embeddings.vocabulary
    own = [vocabulary.find(word) for word in asked.words]
    scorer = METRICS["cosine"](np.asarray(asked.rows, np.float64))
    excluded = [set() if word_id is None else {word_id} for word_id in own]
    numbers = {word: number for number, word in enumerate(asked.words)}
    words, ids = list(asked.words), []
    best = {number: (2.0, number) for number in range(len(words))}
    edges = []
    for number, found in enumerate(nearest(Index(embeddings), scorer, k, excluded).lists() if k else []):
        for each in found:
            word = vocabulary.word(each.word_id)
            if word not in numbers:
                numbers[word] = len(words)
                words.append(word)
                ids.append(each.word_id)
            other = numbers[word]
            edges.append((number, other, each.score))
            best[other] = max(best.get(other, (-2.0, number)), (each.score, number), key=lambda pair: pair[0])
    rows = np.concatenate((asked.rows, embeddings.rows(np.array(ids, np.int64))))
    return Neighbourhoods(Chosen(words, rows), len(asked.words), [best[i][1] for i in range(len(words))], edges)
