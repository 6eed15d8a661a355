"""The ways to cut text into words, by the names of `--tokenizer`. To add one: a function, and a row of the table."""

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from wordvec_cli.text.decoding import as_bytes

_JOINERS = "\u200c\u200d"
_UNDECODABLE = "\udc80-\udcff"  # what "surrogateescape" makes of bytes that are not UTF-8


class Splitter(NamedTuple):
    """A way to cut text into words.

    help             for people who choose one
    words            the words of a text, which may hold surrogates for bytes that are not valid UTF-8
    splits_chunks    whether the words of a line are those of its chunks between ASCII white space, one after the other:
                     then each distinct chunk is split once, however often it occurs
    has_kernel       whether `kernels.text.split_ascii_chunks` does the same to chunks that are ASCII
    """

    help: str
    words: Callable[[str], list[bytes]]
    splits_chunks: bool = True
    has_kernel: bool = False


def at_white_space(text: str) -> list[bytes]:
    """Split at the six ASCII white-space bytes, the only ones that bytes.split() knows."""
    return as_bytes(text).split()


def unicode_words(text: str) -> list[bytes]:
    """Unicode words, each other character a word of its own."""
    return [as_bytes(word) for word in _unicode_word().findall(text)]


@functools.cache
def _unicode_word() -> re.Pattern[str]:
    return re.compile(_words_pattern())


def _words_pattern() -> str:
    r"""Words, and each other character that is not white space with the marks that sit on it.

    `\w` has no combining marks, so it would cut Hindi and Thai words; undecodable bytes count as letters, so that a
    Latin-1 word stays whole. An apostrophe joins word characters, a point or comma joins digits.
    """
    marks = _marks() + _JOINERS
    letters = rf"[\w{marks}{_UNDECODABLE}]"
    return rf"{letters}+(?:(?:['\u2019]|(?<=\d)[.,](?=\d)){letters}+)*|[^\s][{marks}]*"


def _marks() -> str:
    """The combining marks of Unicode (categories Mn, Mc, Me) as ranges for a character class."""
    import unicodedata

    # No other plane has any; a test looks at them all.
    code_points = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    marks = [code for code in code_points if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code, before in zip(marks, [-1, *marks], strict=False) if code != before + 1]
    ends = [code for code, after in zip(marks, [*marks[1:], -1], strict=True) if code != after - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


SPLITTERS = {
    "whitespace": Splitter("split at ASCII white space", at_white_space, has_kernel=True),
    "words": Splitter("Unicode words, punctuation apart", unicode_words, has_kernel=True),
}
