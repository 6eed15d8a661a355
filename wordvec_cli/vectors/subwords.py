"""Vectors of n-grams of characters, which those of words are made of, as fastText makes them: `Subwords`.

A word is wrapped as `<word>`; its n-grams are numbered by a hash, and those that fall into one bucket share a row. The
vector of a word is the mean of its own row and those of its n-grams. Only buckets that n-grams of the vocabulary fall
into have a row here; the others were never trained, and count as rows of zeros.
On the path of look-ups, so that numpy is imported when arrays are asked for.
Source: facebookresearch/fastText, dictionary.cc (computeSubwords, hash) and fasttext.cc (getWordVector).
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import add
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError
from wordvec_cli.storage.safetensors import memory_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.made_rows import MadeRows
    from wordvec_cli.vectors.packing import Packed
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
    Int64s = NDArray[np.int64]
    Int32s = NDArray[np.int32]
    Values = memoryview[float] | Packed | MadeRows

LONGEST_NGRAM = 255  # characters; beyond it a small damaged file could keep a processor busy for days
MOST_BUCKETS = (1 << 31) - 1
END_OF_SENTENCE = b"</s>"  # the word that fastText reads at each line's end; it has no n-grams
FNV_START, FNV_PRIME, ALL_BITS = 2166136261, 16777619, 0xFFFFFFFF
LONG_WORD = 200  # bytes, from which on numpy is worth its import
WORDS_AT_ONCE = 4096


@dataclass(frozen=True)
class Subwords:
    """Rows of n-grams, and of the vocabulary's words without theirs.

    shortest, longest  n-grams, in characters of `<word>`
    n_buckets  that n-grams are hashed into; most have no row
    buckets  int32 (n_rows,), ascending: those that have one
    row_values, word_row_values  flat buffers, row after row of `dim` float32, or packed: of the buckets, of the words
    """

    shortest: int
    longest: int
    n_buckets: int
    dim: int
    buckets: "Sequence[int]"
    row_values: "Values"
    word_row_values: "Values"

    @cached_property
    def rows(self) -> "Matrix":
        """The rows of the buckets, (n_rows, dim) float32, read-only."""
        return self._matrix(self.row_values)

    @cached_property
    def word_rows(self) -> "Matrix":
        """The words' own rows, (n_words, dim) float32, read-only."""
        return self._matrix(self.word_row_values)

    def _matrix(self, values: "Values") -> "Matrix":
        import numpy as np

        if isinstance(values, memoryview):
            matrix = np.asarray(values, np.float32).reshape(-1, self.dim)
        else:
            matrix = values.rows(slice(None))
        matrix.flags.writeable = False
        return matrix

    @cached_property
    def checked_buckets(self) -> "Int32s":
        """The buckets as an array. Raises: InputError if they are not ascending, or not below `n_buckets`"""
        import numpy as np

        buckets = np.asarray(self.buckets, np.int32)
        if not bool((np.diff(buckets) > 0).all()) or (len(buckets) and not 0 <= buckets[0] <= buckets[-1]):
            raise InputError("its table of n-grams is not in order; the file is damaged, make it again")
        if len(buckets) and buckets[-1] >= self.n_buckets:
            raise InputError("its table of n-grams has buckets beyond the last; the file is damaged, make it again")
        return buckets

    def composed(self, word: bytes) -> "Sequence[float] | None":
        """The vector of a word outside of the vocabulary, dim floats; None if none of its n-grams has a row.

        Sums are rounded to float32 after each row, as in fastText: added as float64 they are exact before that.
        """
        if len(word) > LONG_WORD:
            vectors, is_known = self.vectors_of([word])
            return array("f", vectors[0].tobytes()) if is_known[0] else None
        buckets = list(ngram_buckets(word, self.shortest, self.longest, self.n_buckets))
        places = [place for bucket in buckets if (place := self._place(bucket)) is not None]
        if not places:
            return None
        total = array("f", bytes(4 * self.dim))
        for place in places:
            total = array("f", map(add, total, self.row_values[place * self.dim : (place + 1) * self.dim]))
        (factor,) = array("f", [1 / len(buckets)])
        return array("f", [number * factor for number in total])

    def parts(self, word: bytes, word_id: int | None) -> "list[tuple[bytes, Sequence[float]]]":
        """What the vector of a word is the mean of: its own row, if it has an id, and those of its n-grams.

        N-grams without a row get zeros.
        """
        own, rows, dim = self.word_row_values, self.row_values, self.dim
        parts = [] if word_id is None else [(word, own[word_id * dim : (word_id + 1) * dim])]
        for ngram, bucket in ngrams_of(word, self.shortest, self.longest, self.n_buckets):
            place = self._place(bucket)
            parts.append(
                (ngram, array("f", bytes(4 * dim)) if place is None else rows[place * dim : (place + 1) * dim])
            )
        return parts

    def _place(self, bucket: int) -> int | None:
        place = bisect_left(self.buckets, bucket)
        return place if place < len(self.buckets) and self.buckets[place] == bucket else None

    def vectors_of(self, words: "Sequence[bytes]") -> "tuple[Matrix, NDArray[np.bool_]]":
        """The vectors of words outside of the vocabulary, (n, dim), and which have one, (n,); zeros for the others.

        Raises: InputError if the table of buckets is damaged
        """
        import numpy as np

        matrix, is_known = np.zeros((len(words), self.dim), np.float32), np.zeros(len(words), bool)
        for first in range(0, len(words), WORDS_AT_ONCE):
            some = slice(first, first + WORDS_AT_ONCE)
            lengths = np.array([len(word) for word in words[some]], np.int64)
            text = np.frombuffer(b"".join(words[some]) + b"\0", np.uint8)
            is_known[some] = self._compose(text, np.cumsum(lengths) - lengths, lengths, None, matrix[some])
        return matrix, is_known

    def vocabulary_vectors(self, vocabulary: "Vocabulary") -> "Matrix":
        """The vectors of the words that `word_rows` are of, (n_words, dim): means of their own rows and n-grams'."""
        import numpy as np

        offsets = np.asarray(vocabulary.offsets, np.int64)
        text = read_only(np.asarray(vocabulary.text, np.uint8))
        matrix = np.empty((len(vocabulary), self.dim), np.float32)
        for first in range(0, len(matrix), WORDS_AT_ONCE):
            some = slice(first, first + WORDS_AT_ONCE)
            starts, lengths = offsets[:-1][some], np.diff(offsets)[some]
            self._compose(text, starts, lengths, self.word_rows[some], matrix[some])
        return matrix

    def of_words(self, ids: "Int64s") -> "Subwords":
        """The same rows of n-grams, with the own rows of some words."""
        own = self.word_row_values
        rows = self.word_rows[ids] if isinstance(own, memoryview) else own.rows(ids)
        return replace(self, word_row_values=_flat(rows))

    def hit_by(self, vocabulary: "Vocabulary") -> "Subwords":
        """The rows that n-grams of these words fall into, which `word_rows` are of. Raises: InputError if damaged"""
        import numpy as np

        is_hit = np.isin(self.checked_buckets, buckets_of(vocabulary, (self.shortest, self.longest, self.n_buckets)))
        kept, values = np.flatnonzero(is_hit), self.row_values
        rows = self.rows[kept] if isinstance(values, memoryview) else values.rows(kept)
        buckets = memory_of(np.ascontiguousarray(self.checked_buckets[kept])).cast("i")
        return replace(self, buckets=buckets, row_values=_flat(rows))

    def _compose(
        self, text: "Bytes", starts: "Int64s", lengths: "Int64s", own: "Matrix | None", matrix: "Matrix"
    ) -> "NDArray[np.bool_]":
        """Write the vectors of words to `matrix`; which have an n-gram with a row. See `word_ngrams`"""
        import numpy as np

        from wordvec_cli.kernels.fasttext import mean_rows

        offsets, buckets = word_ngrams(text, starts, lengths, (self.shortest, self.longest, self.n_buckets))
        table = self.checked_buckets
        places = np.searchsorted(table, buckets)
        is_there = table[np.minimum(places, len(table) - 1)] == buckets if len(table) else np.zeros(len(places), bool)
        used, places_in_used = np.unique(places[is_there], return_inverse=True)
        places = np.full(len(places), -1)
        places[is_there] = places_in_used
        values = self.row_values
        rows = self.rows[used] if isinstance(values, memoryview) else values.rows(used)
        none = np.empty((0, self.dim), np.float32)
        mean_rows(read_only(none if own is None else own), read_only(rows), places, offsets, matrix)
        n_there = np.concatenate([[0], np.cumsum(is_there)])
        return np.diff(n_there[offsets]) > 0


def of_arrays(  # noqa: PLR0913, PLR0917
    shortest: int, longest: int, n_buckets: int, buckets: "Int32s", rows: "Matrix", word_rows: "Matrix"
) -> Subwords:
    """Subwords around arrays, which are not copied if they are contiguous; see the fields of `Subwords`."""
    import numpy as np

    dim = word_rows.shape[1]
    values = memory_of(np.ascontiguousarray(buckets, np.int32)).cast("i")
    return Subwords(shortest, longest, n_buckets, dim, values, _flat(rows), _flat(word_rows))


def with_more_words(subwords: Subwords, word_rows: "Matrix") -> Subwords:
    """The same, with the own rows of further words, (n, dim)."""
    import numpy as np

    return replace(subwords, word_row_values=_flat(np.vstack([subwords.word_rows, word_rows])))


def buckets_of(vocabulary: "Vocabulary", sizes: tuple[int, int, int]) -> "Int32s":
    """The buckets that n-grams of words fall into, ascending. See `word_ngrams`"""
    import numpy as np

    offsets = np.asarray(vocabulary.offsets, np.int64)
    text = read_only(np.asarray(vocabulary.text, np.uint8))
    found = np.empty(0, np.int32)
    for first in range(0, len(vocabulary), WORDS_AT_ONCE):
        some = slice(first, first + WORDS_AT_ONCE)
        _, buckets = word_ngrams(text, offsets[:-1][some], np.diff(offsets)[some], sizes)
        found = np.union1d(found, buckets)
    return found


def _flat(matrix: "Matrix") -> "memoryview[float]":
    """The numbers of a matrix, row after row; a copy if they do not lie so."""
    import numpy as np

    return memory_of(np.ascontiguousarray(matrix, np.float32).reshape(-1)).cast("f")


def read_only(array: "NDArray[Any]") -> "NDArray[Any]":
    """A contiguous view that cannot be written to: one kind of argument for kernels."""
    import numpy as np

    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def ngram_buckets(word: bytes, shortest: int, longest: int, n_buckets: int) -> Iterator[int]:
    """The buckets of a word's n-grams. See `ngrams_of`"""
    return (bucket for _, bucket in ngrams_of(word, shortest, longest, n_buckets))


def ngrams_of(
    word: bytes, shortest: int, longest: int, n_buckets: int, splits_all: bool = False
) -> Iterator[tuple[bytes, int]]:
    """A word's n-grams and their buckets, by where they begin and then by length, without numpy.

    The hash is FNV-1a, but that a byte from 0x80 on sets all higher bits too: fastText's bytes are signed.
    splits_all  whether the end of a sentence, </s>, has some too
    """
    if word == END_OF_SENTENCE and not splits_all:
        return
    wrapped = b"<" + word + b">"
    ends = [i for i in range(1, len(wrapped) + 1) if i == len(wrapped) or wrapped[i] & 0xC0 != 0x80]  # of characters
    for first, start in enumerate([0, *ends[:-1]]):
        state, position = FNV_START, start
        for n, end in enumerate(ends[first : first + longest], 1):
            for byte in wrapped[position:end]:
                state = (state ^ (byte if byte < 0x80 else byte | 0xFFFFFF00)) * FNV_PRIME & ALL_BITS
            position = end
            if n >= shortest and not (n == 1 and (start == 0 or end == len(wrapped))):
                yield wrapped[start:end], state % n_buckets


def word_ngrams(
    text: "Bytes", starts: "Int64s", lengths: "Int64s", sizes: tuple[int, int, int]
) -> "tuple[Int64s, Int32s]":
    """The buckets of the n-grams of words: those of word i are buckets[offsets[i] : offsets[i + 1]].

    text   holds the words: word i is text[starts[i] : starts[i] + lengths[i]]
    sizes  (shortest, longest, n_buckets)
    """
    import numpy as np

    from wordvec_cli.kernels.fasttext import write_ngrams

    shortest, longest, n_buckets = sizes
    n_at_most = int((lengths + 2).sum()) * max(longest - max(shortest, 1) + 1, 0)
    offsets, buckets = np.zeros(len(starts) + 1, np.int64), np.empty(n_at_most, np.int32)
    if len(starts) and n_at_most:
        write_ngrams(text, np.array(starts), np.array(lengths), (shortest, longest, n_buckets, 0, 0), offsets, buckets)
    return offsets, buckets[: offsets[-1]]
