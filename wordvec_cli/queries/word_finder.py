"""Words and their vectors: found, composed of their parts, or missing, and then why and which word may be meant.

`wordvec lookup` needs this module, which therefore stands on the standard library alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vocabulary.spelling import one_edit_away, other_forms
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MOST_SPELT = 20  # missing words whose other spellings are tried: each word takes some milliseconds
MOST_SPELLINGS = 3  # of one word that are named


class FoundWord(NamedTuple):
    """A word with its vector, dim floats; its id, or None if it is not in the vocabulary."""

    word: bytes
    word_id: int | None
    vector: Sequence[float]


class MissingWord(NamedTuple):
    """A word without a vector; words that may be meant; and why it is missing, empty if that is not known."""

    word: bytes
    likely: Sequence[bytes]
    reason: str


class WordFinder:
    """Finds the vectors of words, and hands each missing word to `note`, once for each time it is asked for."""

    def __init__(
        self,
        embeddings: Embeddings,
        missing: str = "error",
        fuller_path: str | None = None,
        note: Callable[[MissingWord], None] | None = None,
    ) -> None:
        """
        missing      what a missing word gets; with "unknown", the vector of unknown words stands in for it
        fuller_path  a vocabulary file with more words, to say why a word is missing
        Raises: InputError if there is no vector of unknown words
        """
        if missing == "unknown" and embeddings.unknown is None:
            raise InputError("has no vector of unknown words; choose another --missing")
        self.embeddings, self.missing = embeddings, missing
        self.n_missing = 0
        self._fuller_path, self._note = fuller_path, note
        self._fuller: Vocabulary | None = None

    def find(self, word: bytes) -> FoundWord | None:
        """A word with its vector, which may be composed or stand in; None if it is missing."""
        word_id = self.embeddings.vocabulary.find(word)
        if word_id is not None:
            return FoundWord(word, word_id, self.embeddings.row(word_id))
        if (vector := self.embeddings.compose(word)) is not None:
            return FoundWord(word, None, vector)
        self.n_missing += 1
        if self._note:
            self._note(MissingWord(word, self._likely(word), self._reason(word)))
        if self.missing == "unknown" and self.embeddings.unknown is not None:
            return FoundWord(word, None, self.embeddings.unknown)
        return None

    def _likely(self, word: bytes) -> list[bytes]:
        vocabulary = self.embeddings.vocabulary
        likely = other_forms(vocabulary, word)
        if not likely and self.n_missing <= MOST_SPELT:
            likely = one_edit_away(vocabulary, word, MOST_SPELLINGS)
        return likely

    def _reason(self, word: bytes) -> str:
        if self._fuller_path is None:
            return ""
        fuller = self._fuller_vocabulary(self._fuller_path)
        word_id = fuller.find(word)
        if word_id is None:
            return f"{self._fuller_path} does not have it either"
        if fuller.counts is None:
            return f"{self._fuller_path} has it"
        metadata = self.embeddings.metadata
        min_count = (recorded(metadata, "configuration") | recorded(metadata, "vocabulary")).get("min_count")
        limit = f", below min-count {min_count}" if min_count and fuller.counts[word_id] < min_count else ""
        return f"its count in {self._fuller_path} is {fuller.counts[word_id]}{limit}"

    def _fuller_vocabulary(self, path: str) -> Vocabulary:
        if self._fuller is None:
            from wordvec_cli.vocabulary.file import read_vocabulary

            self._fuller = read_vocabulary(path).vocabulary
        return self._fuller
