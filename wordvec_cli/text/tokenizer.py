"""What makes words of text: the options of a `Tokenizer`, its readable definition, and the fast path of it."""

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.text.splitters import SPLITTERS
from wordvec_cli.text.words import PADDING, back_to_back, take_words

CHUNKS_AT_ONCE = 1 << 16
FIRST_FOREIGN = 128  # the first byte beyond ASCII

# ---------------------------------------------------------------- the tokenizer

PATTERN = "pattern"
_NORMAL_FORMS = (None, "NFC", "NFKC")
_INVALID_UTF8 = ("keep", "replace", "skip", "error")


@dataclass(frozen=True)
class Tokenizer:
    """What makes words of a line. Options only; `tokens` is the definition that the fast kernels are held to.

    kind          a name of `SPLITTERS`, or "pattern": every match of `pattern` (its group, if it has exactly one)
    lowercase     before the line is split, as is `normalise`
    invalid_utf8  "keep" the bytes as they are, "replace" them by U+FFFD, "skip" the line, or an "error"

    Raises: OptionError if an option has no such value.
    """

    kind: str = "whitespace"
    pattern: str | None = None
    lowercase: bool = False
    normalise: str | None = None
    invalid_utf8: str = "keep"

    def __post_init__(self) -> None:
        _check_choice("--tokenizer", self.kind, (*SPLITTERS, PATTERN))
        _check_choice("--normalise", self.normalise, _NORMAL_FORMS)
        _check_choice("--invalid-utf8", self.invalid_utf8, _INVALID_UTF8)
        if (self.kind == PATTERN) != (self.pattern is not None):
            raise OptionError("--token-pattern: goes with the tokenizer 'pattern', and that one needs it")
        if self.pattern is not None and not _compiled(self.pattern).pattern:
            raise OptionError("--token-pattern: is empty, and would match nothing; give a regular expression")

    def tokens(self, line: bytes) -> list[bytes]:
        """The words of a line. Raises: InputError on invalid UTF-8 if that is to be an error."""
        text = self._decoded(line)
        return [] if text is None else self._split(self._prepared(text))

    def tokens_of_each(self, chunks: Sequence[bytes]) -> list[list[bytes]]:
        """`tokens` of each of many chunks without ASCII white space, in one pass; not for patterns."""
        text = self._prepared(as_text(b"\n".join(chunks)))
        return [self._split(chunk) for chunk in text.split("\n")]

    @property
    def splits_at_white_space(self) -> bool:
        """Whether the tokens of a line are those of its chunks between ASCII white space, one after the other."""
        return self.kind != PATTERN and SPLITTERS[self.kind].splits_chunks

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
        return SPLITTERS[self.kind].words(text) if self.kind != PATTERN else self._matches(text)

    def _matches(self, text: str) -> list[bytes]:
        regex = _compiled(cast(str, self.pattern))
        line = text.removesuffix("\n").removesuffix("\r")
        matches = regex.findall(line) if regex.groups <= 1 else (match[0] for match in regex.finditer(line))
        return [as_bytes(token) for token in matches if token]

    def describe(self) -> str:
        """For people: "words, lowercase, NFC"."""
        name = f"pattern {self.pattern!r}" if self.kind == PATTERN else self.kind
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
        for name, kind in (("pattern", str | None), ("lowercase", bool)):
            if not isinstance(metadata.get(name, Tokenizer.__dataclass_fields__[name].default), kind):
                raise InputError(f"tokenizer {metadata!r}: its {name} is not one that this version knows")
        return Tokenizer(**metadata)


def agreed_tokenizer(given: Tokenizer | None, recorded: Tokenizer | None, what_was_made: str) -> Tokenizer:
    """The tokenizer asked for, or the one recorded with a file. Raises: InputError if there are both and they differ

    what_was_made  the file and how, to begin the error: "vocab.tsv: was built"
    """
    if given and recorded and given != recorded:
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


# ---------------------------------------------------------------- its fast path


class Pieces(NamedTuple):
    """The tokens of some chunks.

    chunks    (m,) which chunks
    n_pieces  (m,) how many tokens each of them has
    text      the tokens back to back, and PADDING bytes
    offsets   (sum of n_pieces + 1,)
    """

    chunks: NDArray[np.int64]
    n_pieces: NDArray[np.int32]
    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def split_chunks(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Iterator[Pieces]:
    """The tokens of every chunk (the text between ASCII white space): natively where a kernel can.

    text, offsets  the chunks back to back, `text` followed by PADDING bytes
    """
    for first in range(0, len(offsets) - 1, CHUNKS_AT_ONCE):
        some = offsets[first : first + CHUNKS_AT_ONCE + 1]
        chunks_text = text[some[0] : some[-1] + PADDING]
        ascii_pieces = _split_ascii(tokenizer, chunks_text, some - some[0])
        foreign = np.flatnonzero(ascii_pieces.n_pieces < 0)
        yield ascii_pieces._replace(chunks=ascii_pieces.chunks + first, n_pieces=np.maximum(ascii_pieces.n_pieces, 0))
        if len(foreign):
            chunks = [bytes(text[offsets[chunk] : offsets[chunk + 1]]) for chunk in foreign + first]
            yield _pieces(foreign + first, tokenizer.tokens_of_each(chunks))


def _split_ascii(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Pieces:
    """The tokens of the chunks that are ASCII, where a kernel can tell; n_pieces is -1 for the others."""
    from wordvec_cli.kernels import text as kernels
    from wordvec_cli.text.word_table import read_only

    n_chunks, n_bytes = len(offsets) - 1, int(offsets[-1])
    pieces = np.empty(n_bytes + PADDING, np.uint8)
    piece_offsets = np.zeros(n_bytes + 1, np.int64)
    n_pieces = np.full(n_chunks, -1, np.int32)
    if not SPLITTERS[tokenizer.kind].has_kernel:
        return Pieces(np.arange(n_chunks), n_pieces, pieces, piece_offsets[:1])
    if tokenizer.kind == "whitespace":
        return _whole_if_ascii(text, offsets, tokenizer.lowercase)
    n_tokens = kernels.split_ascii_chunks(
        read_only(text), read_only(offsets), tokenizer.lowercase, pieces, piece_offsets, n_pieces
    )
    return Pieces(np.arange(n_chunks), n_pieces, pieces, piece_offsets[: n_tokens + 1])


def _whole_if_ascii(text: NDArray[np.uint8], offsets: NDArray[np.int64], lowercase: bool) -> Pieces:
    """As `_split_ascii`, where every chunk is a token."""
    n_chunks = len(offsets) - 1
    n_pieces = np.minimum(np.diff(offsets), 1).astype(np.int32)
    n_pieces[np.searchsorted(offsets, np.flatnonzero(text[: offsets[-1]] >= FIRST_FOREIGN), side="right") - 1] = -1
    pieces, piece_offsets = take_words(text, offsets, np.flatnonzero(n_pieces > 0))
    if lowercase:
        pieces[(pieces >= ord("A")) & (pieces <= ord("Z"))] += ord("a") - ord("A")
    return Pieces(np.arange(n_chunks), n_pieces, np.append(pieces, np.zeros(PADDING, np.uint8)), piece_offsets)


def _pieces(chunks: NDArray[np.int64], tokens_of_each: Sequence[Sequence[bytes]]) -> Pieces:
    n_pieces = np.fromiter(map(len, tokens_of_each), np.int32, len(tokens_of_each))
    text, offsets = back_to_back([token for tokens in tokens_of_each for token in tokens])
    return Pieces(chunks, n_pieces, text, offsets)
