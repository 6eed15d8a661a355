"""A fastText model that is still in its file: its words, and the vectors that kernels make of its rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.formats.reading import ReadOptions
from wordvec_cli.formats.rows import Integers
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.vectors.subwords import Subwords, buckets_of, ngrams_of, of_arrays
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Bytes = NDArray[np.uint8]

WORDS_PER_TASK = 4096


class MatrixPlace(NamedTuple):
    """Where a matrix is, as the kernels want to know it."""

    rows_at: int
    n_parts: int = 0
    part_size: int = 0
    centroids_at: int = 0
    norm_codes_at: int = 0
    norms_at: int = 0


@dataclass(frozen=True)
class Dictionary:
    """The words of a model as they lie in its file, without the labels.

    starts, lengths, counts  (n,) int64
    """

    content: Bytes
    starts: Integers
    lengths: Integers
    counts: Integers

    def __len__(self) -> int:
        return len(self.starts)

    def words(self, ids: Integers) -> tuple[Bytes, Integers]:
        """These words back to back, and their offsets."""
        from wordvec_cli.kernels.fasttext import copy_words

        offsets = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(self.lengths[ids], out=offsets[1:])
        text = np.empty(int(offsets[-1]), np.uint8)
        copy_words(self.content, self.starts[ids], self.lengths[ids], text)
        return text, offsets

    @cached_property
    def _by_hash(self) -> tuple[NDArray[np.uint32], Integers]:
        """The hashes of all words, ascending, and the words they are of."""
        from wordvec_cli.kernels.fasttext import hash_words

        hashes = np.empty(len(self), np.uint32)
        hash_words(self.content, self.starts, self.lengths, hashes)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    def find(self, word: bytes) -> int | None:
        """The id of a word; the lowest, if it comes more than once."""
        from wordvec_cli.kernels.fasttext import hash_words

        hashes, order = self._by_hash
        wanted = np.empty(1, np.uint32)
        hash_words(*_one_word(word), wanted)
        first, end = np.searchsorted(hashes, wanted[0]), np.searchsorted(hashes, wanted[0], side="right")
        for id in order[first:end].tolist():
            if self.content[self.starts[id] : self.starts[id] + self.lengths[id]].tobytes() == word:
                return int(id)
        return None


@dataclass(frozen=True)
class Model:
    """A fastText model that is still in its file; see the kernel `word_vectors` for the four before the last.

    outputs  the number of rows of the output matrix, and where they are; None if it is quantised
    """

    content: Bytes
    dim: int
    metadata: dict[str, str]
    dictionary: Dictionary
    layout: MatrixPlace
    sizes: tuple[int, int, int, int, int]
    kept: NDArray[np.int32]
    kept_rows: NDArray[np.int32]
    outputs: tuple[int, MatrixPlace] | None = None

    @property
    def has_ngrams(self) -> bool:
        return self.sizes[2] > 0

    def vectors(self, ids: Integers, options: ReadOptions) -> NDArray[np.float32]:
        """The vectors of these words."""
        matrix = np.empty((len(ids), self.dim), np.float32)

        def make(first: int) -> None:
            some = slice(first, first + WORDS_PER_TASK)
            words = ids[some]
            place = self.content, self.dictionary.starts[words], self.dictionary.lengths[words]
            self._make(*place, words, matrix[some])

        tasks = range(0, len(ids), WORDS_PER_TASK)
        for first, _ in in_order(make, tasks, options.n_threads):
            options.report(Progress("reading", min(first + WORDS_PER_TASK, len(ids)), len(ids), "words"))
        return matrix

    @property
    def has_plain_rows(self) -> bool:
        """Whether words and n-grams have rows of floats as fastText trains them, in files of 2017 and later."""
        is_usual = 0 <= self.sizes[0] <= self.sizes[1] and not self.sizes[4]
        return self.has_ngrams and is_usual and not self.layout.n_parts and not len(self.kept)

    def subwords(self, ids: Integers, vocabulary: Vocabulary) -> Subwords:
        """The own rows of words, and those of the buckets that n-grams of a vocabulary fall into."""
        shortest, longest, n_buckets, first, _ = self.sizes
        buckets = buckets_of(vocabulary, (shortest, longest, n_buckets))
        rows = self._rows(self.layout, first + buckets.astype(np.int64))
        return of_arrays(shortest, longest, n_buckets, buckets, rows, self._rows(self.layout, ids))

    def context(self, ids: Integers) -> NDArray[np.float32] | None:
        """The output vectors of these words; None if the outputs are not of words, as those of a classifier are not."""
        if self.outputs is None or self.outputs[0] != len(self.dictionary):
            return None
        return self._rows(self.outputs[1], ids)

    def _rows(self, layout: MatrixPlace, numbers: Integers) -> NDArray[np.float32]:
        """Copies of rows of floats, which lie unaligned."""
        n_rows = int(numbers.max(initial=-1)) + 1
        rows = self.content[layout.rows_at : layout.rows_at + 4 * self.dim * n_rows].reshape(n_rows, 4 * self.dim)
        copied = np.empty((len(numbers), self.dim), np.float32)
        for start in range(0, len(numbers), WORDS_PER_TASK):
            some = slice(start, start + WORDS_PER_TASK)
            copied[some] = rows[numbers[some]].view("<f4")
        return copied

    def composed(self, word: bytes) -> "memoryview[float]":
        """The vector of any word; zeros, as in fastText, if it has no n-grams that are left."""
        id = self.dictionary.find(word)
        vector = np.empty((1, self.dim), np.float32)
        self._make(*_one_word(word), np.array([-1 if id is None else id]), vector)
        return vector.data.cast("B").cast("f")

    def parts(self, word: bytes) -> "list[tuple[bytes, memoryview[float]]]":
        """What the vector of any word is the mean of: its own row, if it has one, and those of its n-grams.

        N-grams that pruning has left out are none.
        """
        shortest, longest, n_buckets, first, splits_all = self.sizes
        id, row_of = self.dictionary.find(word), dict(zip(self.kept.tolist(), self.kept_rows.tolist(), strict=True))
        numbers = [] if id is None else [(word, id)]
        for ngram, bucket in ngrams_of(word, shortest, longest, n_buckets, bool(splits_all)) if n_buckets else ():
            if not row_of or bucket in row_of:
                numbers.append((ngram, first + row_of.get(bucket, bucket)))
        rows = self._single_rows(np.array([number for _, number in numbers], np.int64))
        return [(name, row.data.cast("B").cast("f")) for (name, _), row in zip(numbers, rows, strict=True)]

    def _single_rows(self, numbers: Integers) -> NDArray[np.float32]:
        """Rows of words or n-grams: as vectors of words without n-grams, for which kernels unpack quantised ones."""
        from wordvec_cli.kernels.fasttext import word_vectors

        rows, nowhere = np.empty((len(numbers), self.dim), np.float32), np.zeros(len(numbers), np.int64)
        if len(numbers):
            place = np.zeros(1, np.uint8), nowhere, nowhere, numbers, (0, 0, 0, 0, 0)
            word_vectors(self.content, tuple(self.layout), *place, self.kept, self.kept_rows, rows)
        return rows

    def _make(
        self, text: Bytes, starts: Integers, lengths: Integers, ids: Integers, matrix: NDArray[np.float32]
    ) -> None:
        from wordvec_cli.kernels.fasttext import word_vectors

        layout = tuple(self.layout)
        word_vectors(self.content, layout, text, starts, lengths, ids, self.sizes, self.kept, self.kept_rows, matrix)


def _one_word(word: bytes) -> tuple[Bytes, Integers, Integers]:
    """A text of one word, where it starts and how long it is, as kernels take them."""
    return np.frombuffer(word + b"\0", np.uint8), np.zeros(1, np.int64), np.array([len(word)], np.int64)
