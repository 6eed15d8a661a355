"""What makes words of text: the options of a `Tokenizer`, and its readable definition; `chunk_pieces` is the fast one.

No numpy here: the processes of segmenters wait for this module.
"""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.text.segmenters import check_kind, same_words, segmenting, version_of
from wordvec_cli.text.splitters import SPLITTERS

PATTERN = "pattern"
_NORMAL_FORMS = (None, "NFC", "NFKC")
_INVALID_UTF8 = ("keep", "replace", "skip", "error")


@dataclass(frozen=True)
class Tokenizer:
    """What makes words of a line. Options only; `tokens` is the definition that the fast kernels are held to.

    kind          a name of `SPLITTERS`, one that `segmenters` knows ("icu:zh"), or "pattern": every match of `pattern`
                  (its group, if it has exactly one)
    lowercase     before the line is split, as is `normalise`
    invalid_utf8  "keep" the bytes as they are, "replace" them by U+FFFD, "skip" the line, or an "error"
    version       of a segmenter: what decides its words ("rjieba 0.2.2"); None: that which is installed

    Raises: OptionError if an option has no such value, or the segmenter is not installed.
    """

    kind: str = "whitespace"
    pattern: str | None = None
    lowercase: bool = False
    normalise: str | None = None
    invalid_utf8: str = "keep"
    version: str | None = None

    def __post_init__(self) -> None:
        if self.version is None:  # else it was made where the segmenter is, which need not be here
            check_kind(self.kind, (*SPLITTERS, PATTERN))
        _check_choice("--normalise", self.normalise, _NORMAL_FORMS)
        _check_choice("--invalid-utf8", self.invalid_utf8, _INVALID_UTF8)
        if (self.kind == PATTERN) != (self.pattern is not None):
            raise OptionError("--token-pattern: goes with the tokenizer 'pattern', and that one needs it")
        if self.pattern is not None and not _compiled(self.pattern).pattern:
            raise OptionError("--token-pattern: is empty, and would match nothing; give a regular expression")
        if self.is_segmenter and self.version is None:
            object.__setattr__(self, "version", version_of(self.kind))

    def tokens(self, line: bytes) -> list[bytes]:
        """The words of a line. Raises: InputError on invalid UTF-8 if that is to be an error."""
        text = self._decoded(line)
        return [] if text is None else self._split(self._prepared(text))

    def tokens_of_each(self, chunks: Sequence[bytes]) -> list[list[bytes]]:
        """`tokens` of each of many chunks without ASCII white space, in one pass; not for patterns."""
        text = self._prepared(as_text(b"\n".join(chunks)))
        return [self._split(chunk) for chunk in text.split("\n")]

    def spaced(self, lines: bytes) -> bytes:
        """Lines with a space between each two words; for segmenters, of text that `invalid_utf8` has been applied to.

        Raises: InputError
        """
        spaced = segmenting(self.kind, self.version).spaced
        return as_bytes("\n".join(map(spaced, self._prepared(as_text(lines)).split("\n"))))

    @property
    def is_segmenter(self) -> bool:
        """Whether another library finds the words, which takes long."""
        return self.kind not in SPLITTERS and self.kind != PATTERN

    @property
    def of_blocks(self) -> "Tokenizer":
        """What makes words of the blocks of a corpus, in which those of a segmenter have spaces between them."""
        return Tokenizer() if self.is_segmenter else self

    @property
    def splits_at_white_space(self) -> bool:
        """Whether the tokens of a line are those of its chunks between ASCII white space, one after the other."""
        return self.kind in SPLITTERS and SPLITTERS[self.kind].splits_chunks

    @property
    def keeps_chunks(self) -> bool:
        """Whether the chunks between ASCII white space are the tokens."""
        return self.kind == "whitespace" and not self.lowercase and self.normalise is None

    @property
    def needs_whole_lines(self) -> bool:
        return not self.splits_at_white_space or self.invalid_utf8 == "skip"

    def _decoded(self, line: bytes) -> str | None:
        """The text of a line, None if the line is to be skipped."""
        if self.invalid_utf8 == "keep":
            return as_text(line)
        if self.invalid_utf8 == "replace":
            return shown(line)
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            if self.invalid_utf8 == "skip":
                return None
            raise InputError(invalid_utf8_message(error)) from error

    def _prepared(self, text: str) -> str:
        """The text as it is split: normalised, then lowercased, which can leave it not normalised."""
        if self.normalise is None:
            return text.lower() if self.lowercase else text
        normalised = functools.partial(unicodedata.normalize, cast(Any, self.normalise))
        return normalised(normalised(text).lower()) if self.lowercase else normalised(text)

    def _split(self, text: str) -> list[bytes]:
        if self.is_segmenter:
            return as_bytes(segmenting(self.kind, self.version).spaced(text)).split()
        return SPLITTERS[self.kind].words(text) if self.kind != PATTERN else self._matches(text)

    def _matches(self, text: str) -> list[bytes]:
        regex = _compiled(cast(str, self.pattern))
        line = text.removesuffix("\n").removesuffix("\r")
        matches = regex.findall(line) if regex.groups <= 1 else (match[0] for match in regex.finditer(line))
        return [as_bytes(token) for token in matches if token]

    def makes_the_words_of(self, other: "Tokenizer") -> bool:
        """Whether both make the same words, wherever the files lie that decide them."""
        return same_words(self.kind, other.kind) and replace(self, kind=other.kind) == other

    def describe(self) -> str:
        """For people: "words, lowercase, NFC"."""
        name = f"pattern {self.pattern!r}" if self.kind == PATTERN else self.kind
        name += f" ({self.version})" if self.version else ""
        invalid = None if self.invalid_utf8 == "keep" else f"invalid UTF-8: {self.invalid_utf8}"
        parts = (name, "lowercase" if self.lowercase else None, self.normalise, invalid)
        return ", ".join(part for part in parts if part)

    def to_metadata(self) -> dict[str, str | bool]:
        """The options that are not the defaults, and the kind, for JSON."""
        default = Tokenizer()
        options = {name: value for name, value in vars(self).items() if value != getattr(default, name)}
        return {"kind": self.kind, **options}

    @staticmethod
    def from_metadata(metadata: object) -> "Tokenizer":
        """Raises: InputError if the metadata is not what `to_metadata` gives."""
        if not isinstance(metadata, dict) or not metadata.keys() <= Tokenizer.__dataclass_fields__.keys():
            raise InputError(f"tokenizer {metadata!r}: not one that this version knows")
        for name, kind in (("kind", str), ("pattern", str | None), ("lowercase", bool), ("version", str | None)):
            if not isinstance(metadata.get(name, Tokenizer.__dataclass_fields__[name].default), kind):
                raise InputError(f"tokenizer {metadata!r}: its {name} is not one that this version knows")
        return Tokenizer(**metadata)


def agreed_tokenizer(given: Tokenizer | None, recorded: Tokenizer | None, what_was_made: str) -> Tokenizer:
    """The tokenizer asked for, or the one recorded with a file. Raises: InputError if there are both and they differ

    what_was_made  the file and how, to begin the error: "vocab.tsv: was built"
    """
    if given and recorded and not given.makes_the_words_of(recorded):
        raise InputError(
            f"{what_was_made} with the tokenizer {recorded.describe()}, and here it is {given.describe()}; "
            "leave the tokenizer options out, or make the file again"
        )
    return given or recorded or Tokenizer()


def _check_choice(option: str, value: object, choices: Sequence[object]) -> None:
    if value not in choices:
        names = ", ".join(str(choice) for choice in choices if choice)
        raise OptionError(f"{option}: {value!r} is not one of {names}")


def invalid_utf8_message(error: UnicodeDecodeError) -> str:
    return (
        f"invalid UTF-8 (byte 0x{error.object[error.start]:02x} at byte {error.start + 1} of the line); "
        "choose what to do with such lines: --invalid-utf8 keep, replace or skip"
    )


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise OptionError(f"--token-pattern: {pattern!r} is not a regular expression: {error.msg}{where}") from error
    except (OverflowError, RecursionError) as error:
        raise OptionError(f"--token-pattern: is too large ({error}); simplify it") from error
