"""Matrices whose words lie apart from them: joining the two, row by row.

The words of a matrix that has none are those of --vocab, or else of FILE.words beside it: a word a line, in which the
bytes up to the line end are the word, whatever they are.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import Oddities, ReadOptions, collected
from wordvec_cli.formats.rows import Integers, Matrix, Rows
from wordvec_cli.formats.text import lost_by_text
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.sidecar import WORDS_SUFFIX, words_path
from wordvec_cli.text.words import PADDING
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.file import read_vocabulary
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@dataclass(frozen=True)
class Words:
    """The words of a matrix, back to back, by row: they may repeat.

    counts  (n,) int64; None if not known
    """

    text: NDArray[np.uint8]
    offsets: Integers
    counts: Integers | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1


def words_beside(path: str, options: ReadOptions) -> Words:
    """The words of a file that holds none: of --vocab, or else of FILE.words. Raises: InputError"""
    if options.vocabulary is not None:
        return words_of_file(options.vocabulary)
    if os.path.exists(words_path(path)):
        return words_of_file(words_path(path))
    raise InputError(
        f"{path}: holds no words, and there is no {words_path(path)}; name the file of its words with --vocab"
    )


def words_of_file(path: str) -> Words:
    """The words of FILE.words, a word a line, or of any vocabulary file. Raises: InputError"""
    if not path.endswith(WORDS_SUFFIX):
        return words_of(read_vocabulary(path).vocabulary)
    with readable(path), open(path, "rb") as file:
        content = file.read()
    lines = np.frombuffer(content if content.endswith(b"\n") or not content else content + b"\n", np.uint8)
    is_line_end = lines == ord("\n")
    ends = np.flatnonzero(is_line_end)
    return Words(lines[~is_line_end], np.concatenate([[0], ends - np.arange(len(ends))]))


def words_of(vocabulary: Vocabulary) -> Words:
    counts = None if vocabulary.counts is None else np.asarray(vocabulary.counts)
    return Words(np.asarray(vocabulary.text), np.asarray(vocabulary.offsets), counts)


def check_rows(path: str, n_rows: int, words: Words, where: str) -> None:
    """Raises: InputError if there is not a word for each row"""
    if len(words) != n_rows:
        raise InputError(
            f"{path}: holds {n_rows} vectors and {where} {len(words)} words; "
            "name the file of the words that belong to it with --vocab"
        )


def joined(path: str, words: Words, parts: Iterable[Matrix], options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The words that are wanted, and their vectors, of rows that come in `parts`; with their counts.

    Raises: InputError
    """
    return joined_rows(path, words, _rows(words, parts), options, oddities)


def joined_rows(path: str, words: Words, rows: Iterable[Rows], options: ReadOptions, oddities: Oddities) -> Embeddings:
    """As `joined`, of rows that have their words already; `words` are those of all, for the counts."""
    oddities.unit = "row"
    embeddings = collected(path, rows, options, oddities)
    counts = _counts_of(embeddings.vocabulary, words, options)
    return replace(embeddings, vocabulary=replace(embeddings.vocabulary, counts=counts))


def _rows(words: Words, parts: Iterable[Matrix]) -> Iterator[Rows]:
    first = 0
    for matrix in parts:
        last = first + len(matrix)
        start, end = words.offsets[first], words.offsets[last]
        offsets = words.offsets[first : last + 1] - start
        yield Rows(words.text[start:end], offsets, matrix, np.arange(first + 1, last + 1))
        first = last


def _counts_of(vocabulary: Vocabulary, words: Words, options: ReadOptions) -> Integers | None:
    """The counts of some of the words; None if any is not known."""
    if words.counts is None or len(vocabulary) == len(words):
        return words.counts
    ids = id_table(vocabulary).find(np.concatenate([words.text, np.zeros(PADDING, np.uint8)]), words.offsets)
    if (empty := vocabulary.find(b"")) is not None:  # which the table does not hold
        ids[np.diff(words.offsets) == 0] = empty
    counts = np.full(len(vocabulary), -1, np.int64)
    found = np.flatnonzero(ids >= 0)
    if options.duplicates != "last":
        found = found[::-1]  # of several values for one place the last one stays
    counts[ids[found]] = words.counts[found]
    return counts if (counts >= 0).all() else None


def lost_by_format(embeddings: Embeddings, *kept: str) -> list[str]:
    """What a format of words and numbers has no room for, but for what is `kept`."""
    lost = lost_by_text(embeddings)
    if embeddings.unknown is not None:
        lost.append("the vector of unknown words")
    return [what for what in lost if what not in kept]
