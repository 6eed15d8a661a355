"""Words on the way to their vectors: found, made of their parts, or missing, and then why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import click

from wordvec_cli.cli.output import as_text, shown
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.errors import InputError
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vocabulary.spelling import one_edit_away, other_forms
from wordvec_cli.vocabulary.vocabulary import Vocabulary

EXIT_MISSING = 3
MOST_SPELT = 20  # missing words that are looked for in other spellings: each takes some milliseconds
MOST_SPELLINGS = 3  # that are told

vocab_option = click.option(
    "--vocab", metavar="FILE",
    help="A fuller vocabulary, to tell why a word is missing; or the words of a vector file that holds none.",
)  # fmt: skip
missing_option = click.option(
    "--missing",
    type=click.Choice(["error", "skip", "blank", "unknown"]),
    default="error",
    show_default=True,
    help="What a question with a missing word gets: exit status 3 and no answer; no answer (sets of words do without "
    "the word); a line of the question alone; an answer with the vector of unknown words in its place, if the file has "
    "one (wordvec train --unknown-vector).",
)


class Found(NamedTuple):
    """A word with its vector, dim floats; its id, or None if it is not among the words."""

    word: bytes
    word_id: int | None
    vector: Sequence[float]


class WordFinder:
    """Finds words, and names each missing one on standard error."""

    def __init__(
        self, path: str, embeddings: Embeddings, terminal: Terminal, vocab_path: str | None, missing: str = "error"
    ) -> None:
        """missing  what a missing word gets, as --missing names it. Raises: InputError if the file cannot give it"""
        if missing == "unknown" and embeddings.unknown is None:
            raise InputError(f"{path}: has no vector of unknown words; choose another --missing")
        self.embeddings = embeddings
        self.terminal = terminal
        self.missing = missing
        self._missing_words = _MissingWords(embeddings, vocab_path)

    @property
    def exit_status(self) -> int:
        return EXIT_MISSING if self.missing == "error" and self._missing_words.n_told else 0

    def find(self, word: bytes) -> Found | None:
        """A word with its vector, perhaps made of its parts; None, and told, if it is missing and gets no other."""
        word_id = self.embeddings.vocabulary.find(word)
        if word_id is not None:
            return Found(word, word_id, self.embeddings.row(word_id))
        if (vector := self.embeddings.compose(word)) is not None:
            return Found(word, None, vector)
        self._missing_words.tell(word, self.terminal)
        if self.missing == "unknown" and self.embeddings.unknown is not None:
            return Found(word, None, self.embeddings.unknown)
        return None


@dataclass
class _MissingWords:
    """Says why words are missing, and counts them."""

    embeddings: Embeddings
    vocab_path: str | None = None
    n_told: int = 0
    _fuller: Vocabulary | None = field(default=None, init=False)

    def tell(self, word: bytes, terminal: Terminal) -> None:
        self.n_told += 1
        likely, reason = self._likely(word), self._reason(word)
        there_is = f"there is {', '.join(repr(shown(other)) for other in likely)}" if likely else ""
        text = "; ".join(filter(None, (f"{shown(word)!r} is missing", there_is, reason)))
        fields: dict[str, object] = {"missing": as_text(word)}
        fields |= {"there_is": list(map(as_text, likely))} if likely else {}
        terminal.note(text, **fields | ({"reason": reason} if reason else {}))

    def _likely(self, word: bytes) -> list[bytes]:
        vocabulary = self.embeddings.vocabulary
        likely = other_forms(vocabulary, word)
        if not likely and self.n_told <= MOST_SPELT:
            likely = one_edit_away(vocabulary, word, MOST_SPELLINGS)
        return likely

    def _reason(self, word: bytes) -> str:
        if self.vocab_path is None:
            return ""
        if self._fuller is None:
            from wordvec_cli.vocabulary.file import read_vocabulary

            self._fuller = read_vocabulary(self.vocab_path).vocabulary
        word_id = self._fuller.find(word)
        if word_id is None:
            return f"{self.vocab_path} does not have it either"
        if self._fuller.counts is None:
            return f"{self.vocab_path} has it"
        metadata = self.embeddings.metadata
        min_count = (recorded(metadata, "configuration") | recorded(metadata, "vocabulary")).get("min_count")
        limit = f", below min-count {min_count}" if min_count and self._fuller.counts[word_id] < min_count else ""
        return f"its count in {self.vocab_path} is {self._fuller.counts[word_id]}{limit}"
