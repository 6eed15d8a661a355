"""What stands on the lines of a vocabulary file, judged by all of them: a word, or a word and its count.

With counts every line ends in a tab or a space and a whole number; without, no line has a tab, and a blank belongs to
the word ("New York"). Names of the columns may stand first. Anything in between is refused with the line that does not
go with the others: a guess would shift or lose words in silence.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import quoted, shown
from wordvec_cli.text.lines import may_be_title
from wordvec_cli.text.words import byte_order, first_repeated, take_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MAX_DIGITS = 18  # of a count, which has to fit into an int64
MOST_SHOWN = 40  # bytes of a line in a message
RIGHT_LINES = "a line is a word, or a word, a tab or space and its count"
TAB, SPACE = ord("\t"), ord(" ")
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", re.IGNORECASE)
_COMMA_AND_COUNT = re.compile(rb'[^,].*,\s*"?\d+"?\s*')

Numbers = NDArray[np.int64]


class ReadWords(NamedTuple):
    """The words of a file, and the line that could be read in another way too, with how it is read, if there is one."""

    vocabulary: Vocabulary
    remark: str | None = None


class _Lines(NamedTuple):
    """Where each line begins, and where it ends without its end.

    name    of the file, for errors
    first   the number of the first of these lines, from 1
    """

    text: NDArray[np.uint8]
    starts: Numbers
    ends: Numbers
    name: str
    first: int = 1

    def line(self, i: int) -> bytes:
        return bytes(self.text[self.starts[i] : self.ends[i]])

    def every(self) -> Iterator[bytes]:
        return map(self.line, range(len(self.starts)))

    def shown(self, i: int) -> str:
        """The beginning of a line, for messages."""
        return repr(shown(self.line(i)[:MOST_SHOWN]))

    def without_first(self) -> "_Lines":
        return self._replace(starts=self.starts[1:], ends=self.ends[1:], first=self.first + 1)

    def wrong(self, i: int, what: str, remedy: str = RIGHT_LINES) -> InputError:
        return InputError(f"{self.name}:{self.first + int(i)}: {what}; {remedy}")

    def check(self, is_wrong: NDArray[np.bool_], what: str) -> None:
        if len(wrong := np.flatnonzero(is_wrong)):
            raise self.wrong(wrong[0], what)


class _Split(NamedTuple):
    """Lines cut at their last separator.

    word_ends  where it stands; the start of the line, or before, where there is no word before it
    is_count   whether digits follow it, as many as a count may have, and a word comes before
    """

    word_ends: Numbers
    is_count: NDArray[np.bool_]


def parsed(content: bytes, name: str, separator: int | None = None) -> ReadWords:
    """The words in the bytes of a vocabulary file; ids are line numbers from 0, a line of titles not counted.

    separator  what stands before each count, if that is known; None: the lines tell
    Raises: InputError that names the line
    """
    lines = _lines_of(content, name)
    lines.check(lines.ends <= lines.starts, "no word")
    judged = _judged(lines, content) if separator is None else _Judged(separator)
    if judged.has_title:
        lines = lines.without_first()
    return ReadWords(_words_of(lines, judged.separator), judged.remark)


def _lines_of(content: bytes, name: str) -> _Lines:
    if not content.endswith(b"\n"):
        content += b"\n"
    text = np.frombuffer(content, np.uint8)
    line_ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], line_ends[:-1] + 1])
    return _Lines(text, starts, line_ends - ((text[line_ends - 1] == ord("\r")) & (line_ends > starts)), name)


def _words_of(lines: _Lines, separator: int | None) -> Vocabulary:
    counts, ends = None, lines.ends
    if separator is not None:
        split = _split(lines, separator)
        lines.check(split.word_ends <= lines.starts, "no word and count")
        lines.check(~split.is_count, f"no count of 1 to {MAX_DIGITS} digits after the word")
        counts, ends = _counts(lines, split.word_ends + 1), split.word_ends
    bounds = np.stack([lines.starts, ends], axis=1).ravel()  # as words and what stands between them
    words, offsets = take_words(lines.text, bounds, np.arange(0, len(bounds), 2))
    order = byte_order(words, offsets)
    if (twice := first_repeated(words, offsets, order)) is not None:
        word = quoted(bytes(words[offsets[twice] : offsets[twice + 1]]))
        raise lines.wrong(twice, f"{word} is repeated", "remove one of the lines")
    return Vocabulary(words, offsets, order, counts)


def _split(lines: _Lines, separator: int) -> _Split:
    separators = np.flatnonzero(lines.text == separator)
    last = np.searchsorted(separators, lines.ends) - 1
    word_ends = np.where(last >= 0, separators[last], -1) if len(separators) else np.full(len(last), -1)
    lengths = lines.ends - word_ends - 1
    is_count = (word_ends > lines.starts) & (lengths >= 1) & (lengths <= MAX_DIGITS)
    for place in range(int(lengths[is_count].max(initial=0))):  # of the digits: of all lines at once
        asked = np.flatnonzero(is_count & (place < lengths))
        digits = lines.text[word_ends[asked] + 1 + place]
        is_count[asked] = (digits >= ord("0")) & (digits <= ord("9"))
    return _Split(word_ends, is_count)


def _counts(lines: _Lines, starts: Numbers) -> Numbers:
    """The decimal numbers from `starts` to the ends of lines."""
    lengths = lines.ends - starts
    counts = np.zeros(len(starts), np.int64)
    for place in range(int(lengths.max())):
        is_in_number = place < lengths
        digits = lines.text[np.where(is_in_number, starts + place, 0)].astype(np.int64) - ord("0")
        counts = np.where(is_in_number, counts * 10 + digits, counts)
    return counts


# ---------------------------------------------------------------- what the lines have in common


class _Judged(NamedTuple):
    """What stands before the counts (None: there are none), whether titles stand first, and what is to be said."""

    separator: int | None
    has_title: bool = False
    remark: str | None = None


def _judged(lines: _Lines, content: bytes) -> _Judged:
    """Raises: InputError that names a line that does not go with the others, and why"""
    for separator in (TAB, SPACE):
        is_count = _split(lines, separator).is_count
        has_title = len(is_count) > 1 and not is_count[0] and _is_title(lines.line(0), separator)
        if is_count[has_title:].all():
            _check_columns(lines.without_first() if has_title else lines, separator)
            remark = (
                f"{lines.name}:1: {lines.shown(0)} names the columns and is not read as a word" if has_title else None
            )
            return _Judged(separator, has_title, remark)
    _check_no_json(lines, content)
    _check_no_commas(lines)
    _check_no_tabs(lines)
    return _Judged(None, remark=_checked_blanks(lines))


def _is_title(line: bytes, separator: int) -> bool:
    cells = shown(line).split(chr(separator))
    return len(cells) == 2 and all(map(may_be_title, cells))


def _check_columns(lines: _Lines, separator: int) -> None:
    """Raises: InputError if every line has more columns than a word and its count"""
    if not (np.add.reduceat(lines.text == separator, lines.starts) > 1).all():
        return  # where only some lines have more, it is their words that hold them
    cells = (line.split(bytes([separator])) for line in lines.every())
    if separator == TAB or all(_is_number(first) or _is_number(others[-2]) for first, *others in cells):
        raise lines.wrong(0, f"{lines.shown(0)}: has more columns than a word and its count")


def _check_no_json(lines: _Lines, content: bytes) -> None:
    """Raises: InputError for one JSON value, and for one on each line"""
    if content.lstrip()[:1] in (b"{", b"[") and (_is_json(content) or _is_json(lines.line(0))):
        raise lines.wrong(0, f"{lines.shown(0)}: is JSON")


def _is_json(text: bytes) -> bool:
    """Whether a text is a JSON object or array that is more than a word such as [1] or {}."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return bool(value) and (isinstance(value, dict) or not all(isinstance(each, int) for each in value))


def _check_no_commas(lines: _Lines) -> None:
    """Raises: InputError if all lines but perhaps the first have a comma before a number, as in a .csv"""
    has_title = len(lines.starts) > 1 and b"," in lines.line(0)
    if all(map(_COMMA_AND_COUNT.fullmatch, (lines.without_first() if has_title else lines).every())):
        raise lines.wrong(0, f"{lines.shown(0)}: has a comma before the count", "put a tab there, as in a .tsv")


def _check_no_tabs(lines: _Lines) -> None:
    """Raises: InputError if a line has a tab, which no word of a list has, so that others are without their count"""
    split = _split(lines, TAB)
    has_tab = split.word_ends >= lines.starts
    if has_tab.any():
        _check_order(lines, has_tab, b"\t")
        raise _without_count(lines, split)


def _checked_blanks(lines: _Lines) -> str | None:
    """What is to be said of words that end in a blank and a number.

    In a list of words that hold blanks ("New York", "Los Angeles", "Area 51") they are less than the others.
    Raises: InputError if they are not: they would be counts, but of some lines only
    """
    split = _split(lines, SPACE)
    has_blank = split.word_ends >= lines.starts
    blanks = np.flatnonzero(has_blank).tolist()
    numbers = [i for i in blanks if _is_number(lines.line(i).rpartition(b" ")[2])]
    _check_order(lines, has_blank, b" ")
    if not numbers:
        return None
    if 2 * len(numbers) < len(blanks):
        others = f", as are {len(numbers) - 1} more that end in numbers" if len(numbers) > 1 else ""
        return f"{lines.name}:{numbers[0] + 1}: {lines.shown(numbers[0])} is taken for a word without a count{others}"
    if 2 * split.is_count.sum() >= len(lines.starts):
        raise _without_count(lines, split)
    what = "that is not a count" if not split.is_count.any() else "as if it were a count, which other lines lack"
    raise lines.wrong(
        numbers[0], f"{lines.shown(numbers[0])}: ends in a number {what}",
        "give a count to each line or to none; words that end in numbers need a tab and a count after them",
    )  # fmt: skip


def _check_order(lines: _Lines, has_separator: NDArray[np.bool_], separator: bytes) -> None:
    """Raises: InputError if each line begins with a number, as those of `uniq -c` do"""
    if has_separator.all() and all(line.lstrip(b" ").split(separator)[0].isdigit() for line in lines.every()):
        raise lines.wrong(0, f"{lines.shown(0)}: the count stands before the word", "swap the two")


def _without_count(lines: _Lines, split: _Split) -> InputError:
    """Of the first line without a count, where others have one."""
    wrong = int(np.flatnonzero(~split.is_count)[0])
    has_word = split.word_ends[wrong] > lines.starts[wrong]
    what = f"no count of 1 to {MAX_DIGITS} digits after the word" if has_word else "no word and count"
    return lines.wrong(wrong, f"{what}: {lines.shown(wrong)}")


def _is_number(cell: bytes) -> bool:
    return _NUMBER.fullmatch(cell) is not None
