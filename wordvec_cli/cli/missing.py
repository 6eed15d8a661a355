"""Words that the vectors do not hold: why, and what they get."""

from dataclasses import dataclass, field

from wordvec_cli.cli.output import shown
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.embeddings import Embeddings, recorded
from wordvec_cli.vocabulary import Vocabulary

EXIT_MISSING = 3


@dataclass
class MissingWords:
    """Names each missing word on standard error and counts them."""

    embeddings: Embeddings
    terminal: Terminal
    vocab_path: str | None = None
    n_missing: int = 0
    _fuller: Vocabulary | None = field(default=None, init=False)

    def tell(self, word: bytes) -> None:
        self.n_missing += 1
        self.terminal.note(f"{shown(word)!r} is missing{self._reason(word)}")

    def _reason(self, word: bytes) -> str:
        if variants := [variant for variant in _variants(word) if self.embeddings.vocabulary.find(variant) is not None]:
            return f"; there is {', '.join(repr(shown(variant)) for variant in variants)}"
        if self.vocab_path is None:
            return ""
        if self._fuller is None:
            from wordvec_cli.vocabulary_file import read_vocabulary

            self._fuller = read_vocabulary(self.vocab_path).vocabulary
        word_id = self._fuller.find(word)
        if word_id is None:
            return f"; {self.vocab_path} does not have it either"
        if self._fuller.counts is None:
            return f"; {self.vocab_path} has it"
        min_count = recorded(self.embeddings.metadata, "configuration").get("min_count")
        limit = f", below min-count {min_count}" if min_count and self._fuller.counts[word_id] < min_count else ""
        return f"; its count in {self.vocab_path} is {self._fuller.counts[word_id]}{limit}"


def _variants(word: bytes) -> list[bytes]:
    """Other cases and Unicode forms of a word, each once, without the word itself."""
    import unicodedata

    text = word.decode("utf-8", "surrogateescape")
    cases = [text, text.lower(), text.capitalize(), text.upper(), text.casefold(), text.title()]
    forms = [
        form for case in cases for form in (case, *(unicodedata.normalize(f, case) for f in ("NFC", "NFD", "NFKC")))
    ]
    variants = [form.encode("utf-8", "surrogateescape") for form in forms]
    return list(dict.fromkeys(variant for variant in variants if variant != word))
