"""The words of a corpus, numbered: the `Vocabulary`.

It stands on the standard library alone, on memory maps too: `wordvec lookup` needs it and must not wait for numpy, nor
for anything else that only some methods use.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError

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

        from wordvec_cli.words import PADDING, back_to_back, byte_order, first_repeated

        words = list(words)
        text, offsets = back_to_back(words)
        order = byte_order(text, offsets)
        if (twice := first_repeated(text, offsets, order)) is not None:
            shown = words[twice].decode("utf-8", "backslashreplace")
            raise InputError(f"{shown}: comes twice; words of a vocabulary are distinct")
        all_counts = None if counts is None else np.fromiter(counts, np.int64, len(words))
        return Vocabulary(text[: len(text) - PADDING], offsets, order, all_counts)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[bytes]:
        """The words by id."""
        return each_word(self.text, self.offsets)

    def word(self, id: int) -> bytes:
        if not 0 <= id < len(self.order):
            raise InputError(f"the vocabulary has no word {id} of its {len(self.order)}; its file is damaged")
        return bytes(self.text[int(self.offsets[id]) : int(self.offsets[id + 1])])

    def find(self, word: bytes) -> int | None:
        """The id of a word, by bisection."""
        low, high = 0, len(self.order)
        while low < high:
            middle = (low + high) // 2
            if self.word(int(self.order[middle])) < word:
                low = middle + 1
            else:
                high = middle
        if low < len(self.order) and self.word(id := int(self.order[low])) == word:
            return id
        return None

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

        from wordvec_cli.words import take_words

        if self.counts is None:
            raise InputError("--min-count, --max-vocab: the vocabulary has no counts; leave them out")
        counts = np.asarray(self.counts)
        kept = np.flatnonzero(counts >= min_count)
        if max_vocab is not None and len(kept) > max_vocab:
            kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:max_vocab]])
        if not len(kept):
            raise InputError(f"--min-count {min_count}: no word of the vocabulary occurs as often; lower it")
        new_ids = np.full(len(self), -1)
        new_ids[kept] = np.arange(len(kept))
        order = new_ids[np.asarray(self.order)]
        text, offsets = take_words(np.asarray(self.text), np.asarray(self.offsets), kept)
        return Vocabulary(text, offsets, order[order >= 0], counts[kept])


def each_word(text: Any, offsets: Any) -> Iterator[bytes]:
    """The words that lie back to back in `text`, one after the other."""
    text = memoryview(text)
    # As a list: Python's numbers, not numpy's, which are slow one by one.
    numbers = offsets.tolist() if hasattr(offsets, "tolist") else offsets
    for start, end in itertools.pairwise(numbers):
        yield bytes(text[start:end])
