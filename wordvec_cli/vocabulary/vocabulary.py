"""The words of a corpus, numbered: the `Vocabulary`.

It stands on the standard library alone, on memory maps too: `wordvec lookup` needs it and must not wait for numpy, nor
for anything else that only some methods use.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import as_bytes, quoted

if TYPE_CHECKING:
    from typing import Protocol

    class Indexable(Protocol):
        """An array, a memoryview, a sequence: numbers (or the bytes of a text) by position."""

        def __len__(self) -> int: ...

        def __getitem__(self, index: Any, /) -> Any: ...


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Distinct words, numbered from 0.

    text     the words in UTF-8 (or whatever bytes they were), back to back
    offsets  (n + 1,) int64: word i is text[offsets[i] : offsets[i + 1]]
    order    (n,) int64: ids in byte order of the words
    counts   (n,) int64, or None if not known
    """

    text: "Indexable"
    offsets: "Indexable"
    order: "Indexable"
    counts: "Indexable | None" = None

    @staticmethod
    def from_words(words: Iterable[bytes], counts: Iterable[int] | None = None) -> "Vocabulary":
        """Word i gets id i. Raises: InputError if a word comes twice."""
        import numpy as np

        from wordvec_cli.text.words import PADDING, back_to_back, byte_order, first_repeated

        words = list(words)
        text, offsets = back_to_back(words)
        order = byte_order(text, offsets)
        if (twice := first_repeated(text, offsets, order)) is not None:
            raise InputError(f"{quoted(words[twice])} is repeated; words of a vocabulary are distinct")
        all_counts = None if counts is None else np.fromiter(counts, np.int64, len(words))
        return Vocabulary(text[: len(text) - PADDING], offsets, order, all_counts)

    def __len__(self) -> int:
        return len(self._views[2])

    def __iter__(self) -> Iterator[bytes]:
        """The words by id."""
        return each_word(self.text, self.offsets)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, bytes | str) and self.find(word) is not None

    @property
    def has_counts(self) -> bool:
        return self.counts is not None

    @property
    def _views(self) -> "tuple[Indexable, Indexable, Indexable]":
        """Text, offsets and order, for a look at single words."""
        return self.text, self.offsets, self.order

    def check_unchanged(self) -> None:
        """Raises: InputError if the words lie in a file that has been written over since it was opened"""

    def unchecked(self) -> "Vocabulary":
        """The same words, whatever is wrong with them: to find out what."""
        return self

    def word(self, id: int) -> bytes:
        """Raises: InputError if there is none, or what tells where it lies is damaged"""
        text, offsets, order = self._views
        if 0 <= id < len(order):
            start, end = int(offsets[id]), int(offsets[id + 1])
            if 0 <= start <= end <= len(text):
                return bytes(text[start:end])
        raise self._damaged(f"no word {id} of its {len(order)}")

    def word_at(self, place: int) -> bytes:
        """The word at a place of the byte order. Raises: InputError as `word` does"""
        return self.word(int(self._views[2][place]))

    def find(self, word: bytes | str) -> int | None:
        """The id of a word, by bisection. Raises: InputError as `word` does"""
        self.check_unchanged()
        word = as_bytes(word)
        text, offsets, order = self._views
        low, high = 0, len(order)
        n_words, n_bytes = high, len(text)
        while low < high:
            middle = (low + high) // 2
            id = int(order[middle])
            # As in `word`, which would make this slower by half. A negative number would count from the end.
            if not 0 <= id < n_words:
                raise self._damaged(f"no word {id} of its {n_words}")
            start, end = int(offsets[id]), int(offsets[id + 1])
            if not 0 <= start <= end <= n_bytes:
                raise self._damaged(f"no word {id} of its {n_words}")
            if (found := bytes(text[start:end])) == word:
                return id
            if found < word:
                low = middle + 1
            else:
                high = middle
        return None

    def _damaged(self, what: str) -> InputError:
        return InputError(f"the vocabulary has {what}; its file is damaged, make it again")

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the words in their order and of their counts."""
        import hashlib

        digest = hashlib.sha256(memoryview(self.offsets).cast("B"))  # type: ignore[arg-type]
        digest.update(memoryview(self.text))  # type: ignore[arg-type]
        if self.counts is not None:
            digest.update(memoryview(self.counts).cast("B"))  # type: ignore[arg-type]
        return digest.hexdigest()

    def prune(self, min_count: int, max_vocab: int | None = None) -> "Vocabulary":
        """The words that occur at least `min_count` times, the `max_vocab` most frequent of them, in the same order.

        Raises: InputError if counts are needed and not known, or if no word is left
        """
        import numpy as np

        from wordvec_cli.text.words import take_words

        if self.counts is None:
            raise InputError("--min-count, --max-vocab: the vocabulary has no counts; leave them out")
        counts = np.asarray(self.counts)
        kept = np.flatnonzero(counts >= min_count)
        if max_vocab is not None and len(kept) > max_vocab:
            kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:max_vocab]])
        if not len(kept):
            raise InputError(f"--min-count {min_count}: no word of the vocabulary occurs that often; lower it")
        new_ids = np.full(len(self), -1)
        new_ids[kept] = np.arange(len(kept))
        order = new_ids[np.asarray(self.order)]
        text, offsets = take_words(np.asarray(self.text), np.asarray(self.offsets), kept)
        return Vocabulary(text, offsets, order[order >= 0], counts[kept])


class StoredVocabulary(Vocabulary):
    """The words of a file, as views of its map, which may be damaged.

    A single word is checked when it is looked at, without numpy. Nobody gets at a whole array before all of them have
    been checked, once: kernels do not look where they read, and a word out of order would be found by nobody.
    """

    def __init__(self, path: str, tables: Vocabulary, guard: Callable[[], None]) -> None:
        """
        tables  the words as they lie in the file
        guard   raises an InputError if the file is not what it was when it was opened
        """
        self.__dict__.update(text=tables.text, _path=path, _tables=tables, check_unchanged=guard)

    @property
    def _views(self) -> "tuple[Indexable, Indexable, Indexable]":
        return self.unchecked()._views

    @property
    def has_counts(self) -> bool:
        return self.unchecked().has_counts

    def unchecked(self) -> Vocabulary:
        tables: Vocabulary = self.__dict__["_tables"]
        return tables

    @cached_property
    def offsets(self) -> "Indexable":
        return self._checked.offsets

    @cached_property
    def order(self) -> "Indexable":
        return self._checked.order

    @cached_property
    def counts(self) -> "Indexable | None":
        return self._checked.counts

    @cached_property
    def _checked(self) -> Vocabulary:
        """Raises: InputError if the words are not what `Vocabulary` says of them"""
        from wordvec_cli.text.words import fault_of_words

        self.check_unchanged()
        tables = self.unchecked()
        if fault := fault_of_words(*tables._views, tables.counts):
            raise InputError(f"{self.__dict__['_path']}: {fault}; the file is damaged, make or copy it again")
        return tables

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.__dict__['_path']}: has {what}; the file is damaged, make or copy it again")


def each_word(text: Any, offsets: Any) -> Iterator[bytes]:
    """The words that lie back to back in `text`, one after the other."""
    text = memoryview(text)
    # As a list: Python's numbers, not numpy's, which are slow one by one.
    numbers = offsets.tolist() if hasattr(offsets, "tolist") else offsets
    for start, end in itertools.pairwise(numbers):
        yield bytes(text[start:end])
