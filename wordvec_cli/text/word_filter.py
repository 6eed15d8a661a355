"""Words that are left out although they are frequent: stop words, numbers, those against a pattern."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.lines import listed_words


@dataclass(frozen=True)
class StopWords:
    """A list of words, whose case does not matter.

    name  of the list: a language and where its list is from, or a file
    """

    name: str
    words: frozenset[str]

    def __contains__(self, word: str) -> bool:
        return word.lower() in self.words

    def to_metadata(self) -> Mapping[str, Any]:
        listed = "\n".join(sorted(self.words))
        return {
            "name": self.name, "n_words": len(self.words), "fingerprint": hashlib.sha256(as_bytes(listed)).hexdigest()
        }  # fmt: skip


@dataclass(frozen=True)
class WordFilter:
    """What words have to be, each as a whole.

    drop_numbers  leave out words that have digits and no letters
    keep_pattern, drop_pattern  regular expressions: words have to match the one, and not to match the other
    Raises: OptionError if a pattern is not a regular expression
    """

    stop_words: StopWords | None = None
    drop_numbers: bool = False
    keep_pattern: str | None = None
    drop_pattern: str | None = None

    def __post_init__(self) -> None:
        for option, pattern in (("--keep-pattern", self.keep_pattern), ("--drop-pattern", self.drop_pattern)):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise OptionError(f"{option}: {pattern!r} is not a regular expression: {error}") from None

    @property
    def is_used(self) -> bool:
        return self != KEEP_ALL

    def reason(self, word: bytes) -> str | None:
        """Why a word is left out, as the option is written; None if it is not."""
        text = as_text(word)
        if self.stop_words is not None and text in self.stop_words:
            return f"--stop-words {self.stop_words.name}"
        if self.drop_numbers and any(map(str.isdigit, text)) and not any(map(str.isalpha, text)):
            return "--drop-numbers"
        if self.keep_pattern is not None and not re.fullmatch(self.keep_pattern, text):
            return f"--keep-pattern {self.keep_pattern}"
        if self.drop_pattern is not None and re.fullmatch(self.drop_pattern, text):
            return f"--drop-pattern {self.drop_pattern}"
        return None

    def to_metadata(self) -> Mapping[str, Any]:
        """What is used, for JSON."""
        stop_words = None if self.stop_words is None else self.stop_words.to_metadata()
        return {name: fact for name, fact in {**vars(self), "stop_words": stop_words}.items() if fact}


KEEP_ALL = WordFilter()


def stop_words(told: str) -> StopWords:
    """Of a file, one word a line, or of a language by its code: "en". Raises: InputError, OptionError"""
    if os.path.exists(told) or os.path.dirname(told) or os.path.splitext(told)[1]:
        return StopWords(told, _lower(map(as_text, listed_words(told))))
    try:
        import stopwordsiso
    except ImportError:
        raise InputError(
            f"--stop-words {told}: lists of languages need stopwordsiso; install it "
            "(pip install 'wordvec-cli[stop-words]'), or name a file of words, one a line"
        ) from None
    from importlib.metadata import version

    if not stopwordsiso.has_lang(told):
        codes = ", ".join(sorted(stopwordsiso.langs()))
        raise OptionError(f"--stop-words: {told!r} is neither a file nor one of the languages {codes}")
    return StopWords(f"{told} (stopwordsiso {version('stopwordsiso')})", _lower(stopwordsiso.stopwords(told)))


def _lower(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(str.lower, words))
