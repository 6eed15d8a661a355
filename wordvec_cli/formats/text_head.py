"""What the beginning of a text file of vectors tells: whether it is one, its header, how many numbers a row has."""

import re
from collections import Counter
from typing import BinaryIO, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import Oddities
from wordvec_cli.storage.file_kinds import NUMBER
from wordvec_cli.storage.files import readable
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.vectors.native import START_BYTES

HEAD_BYTES = 1 << 20  # that are looked at to find the dimension, or as many as two lines take
HEAD_LINES = 200
PIECE_BYTES = 1 << 20  # of a line, whose fields are looked at together

_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*")
_BLANK = re.compile(rb"[ \t]")
# Numbers alone, in one look: possessive, as the last of a million is no reason to look at the others again.
_NUMBERS = re.compile(rb"[ \t]*+(?:(?:%b)(?:[ \t]++|\Z))*+" % NUMBER.pattern, NUMBER.flags)
# What pandas and others write above the numbers of the columns: nothing, or the name of the words.
_TITLES = re.compile(rb"(|words?|tokens?|terms?|index|labels?|names?|Unnamed: 0)((\t\d+)+)\r?", re.IGNORECASE)


class Head(NamedTuple):
    """The beginning of a file, and whether that is all of it."""

    content: bytes
    is_whole: bool

    def lines(self) -> list[bytes]:
        """Its whole lines, without a byte order mark; its only one, if that is not whole."""
        lines = self.content.removeprefix(BYTE_ORDER_MARK).split(b"\n")
        return lines[:-1] if len(lines) > 1 and not (self.is_whole and lines[-1]) else lines


class Header(NamedTuple):
    """What a file begins with: how many rows it says it has, and how long they are; None if it does not say.

    n_bytes, n_lines  of the header and the byte order mark, to be skipped
    """

    n_rows: int | None
    dim: int
    n_bytes: int
    n_lines: int


def read_head(path: str, source: BinaryIO) -> Head:
    """HEAD_BYTES of a file, or as many as its first two lines take. Raises: InputError"""
    pieces: list[bytes] = []
    n_ends = 0
    while n_ends < 2 and (not pieces or len(pieces[-1]) == HEAD_BYTES):
        with readable(path):
            pieces.append(source.read(HEAD_BYTES))
        n_ends += pieces[-1].count(b"\n")
    return Head(b"".join(pieces), is_whole=len(pieces[-1]) < HEAD_BYTES)


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is text with numbers at the ends of its lines."""
    lines = Head(start, is_whole=True).lines()
    if _HEADER.fullmatch(lines[0]):
        del lines[0]
    fields = [line.split() for line in lines[:HEAD_LINES] if line.strip()]
    return any(len(each) > 1 and NUMBER.fullmatch(each[-1]) for each in fields[:20])


def has_header(start: bytes) -> bool:
    """Whether a text file of vectors that begins so tells its rows and its dimension first."""
    try:
        return header_of("", Head(start, len(start) < START_BYTES), Oddities()).n_rows is not None
    except InputError:
        return False


def shows_dim(header: bytes, lines: list[bytes], dim: int) -> bool:
    """Whether a file that begins with these lines, or is no more than these, is read as vectors of `dim` numbers."""
    head = Head(header + b"".join(lines[:HEAD_LINES]), is_whole=len(lines) <= HEAD_LINES)
    try:
        return not lines or header_of("", head, Oddities()).dim == dim
    except InputError:  # of lines with empty words alone
        return False


def header_of(path: str, head: Head, oddities: Oddities) -> Header:
    """What the beginning of a file tells. Raises: InputError"""
    n_mark = len(BYTE_ORDER_MARK) if head.content.startswith(BYTE_ORDER_MARK) else 0
    if n_mark:
        oddities.note("begins with a byte order mark")
    first, *others = head.lines()
    rows = [line for line in others[:HEAD_LINES] if line.strip()]
    widths = Counter(map(_width, rows))
    n_bytes = n_mark + len(first) + 1
    match = _HEADER.fullmatch(first)
    if match and (set(widths) != {1} or int(match[2]) == 1):
        if not rows:
            raise InputError(f"{path}: has a header and no vectors after it; make or copy it again")
        n_told, told = int(match[1]), int(match[2])
        is_right = told in widths or _counts_its_rows(n_told, told, head, rows)
        header = Header(n_told, told if is_right else _commonest(widths), n_bytes, 1)
        if header.dim != told:
            oddities.note(f"the header says dimension {told}, the rows have {header.dim}")
    elif rows and are_titles(first):
        oddities.note("its first line has the titles of columns, left out")
        header = Header(None, _commonest(widths), n_bytes, 1)
    else:
        widths[_width(first)] += 1
        header = Header(None, _commonest(widths), n_mark, 0)
    if header.dim < 1:
        raise InputError(f"{path}: its lines are not `word v1 v2 ...`; is it a file of vectors?")
    return header


def _counts_its_rows(n_told: int, told: int, head: Head, rows: list[bytes]) -> bool:
    """Whether a header is right though all rows end with more numbers: then their words end with some (doc 1).

    Its count tells, or, where not all rows are at hand, that what would belong to the words are whole numbers.
    """
    widths = [_width(row) for row in rows]
    if not 0 < told < min(widths):
        return False
    if head.is_whole:
        return sum(bool(line.strip()) for line in head.lines()[1:]) == n_told
    return all(all(map(bytes.isdigit, row.split()[-width:-told])) for row, width in zip(rows, widths, strict=True))


def are_titles(line: bytes) -> bool:
    """Whether a line numbers the columns from 0."""
    match = _TITLES.fullmatch(line)
    numbers = match[2].split() if match else []
    return bool(numbers) and numbers == [b"%d" % i for i in range(len(numbers))]


def _commonest(widths: "Counter[int]") -> int:
    """Of those that are equally common the largest."""
    return max(widths, key=lambda width: (widths[width], width))


def _width(line: bytes) -> int:
    """How many numbers stand at the end of a line, at most all but the first field."""
    n, end = 0, len(line.rstrip(b" \t\r"))
    while end:  # there a field ends
        start = 0
        if end > PIECE_BYTES:
            blank = _BLANK.search(line, end - PIECE_BYTES, end)
            if not blank:
                return n  # no number is as long
            start = blank.end()
        piece = line[start:end] if start else _after_first_field(line[:end])
        if _NUMBERS.fullmatch(piece):
            n += len(piece.split())
        else:
            return n + _n_numbers_at_end(piece)
        end = _end_of_field(line, start)
    return n


def _end_of_field(line: bytes, end: int) -> int:
    """Where the last field before `end` ends."""
    while end and line[end - 1] in b" \t":
        end -= 1
    return end


def _after_first_field(line: bytes) -> bytes:
    line = line.lstrip(b" \t")
    blank = _BLANK.search(line)
    return line[blank.end() :] if blank else b""


def _n_numbers_at_end(piece: bytes) -> int:
    fields = list(filter(None, _BLANK.split(piece)))
    return next((n for n, field in enumerate(reversed(fields)) if not NUMBER.fullmatch(field)), len(fields))
