"""Lists that hold something on each line (words, questions, numbers, texts), from files and from standard input.

One reader for all of them: a byte order mark at the start belongs to no line, a line may end in CR LF, what is
compressed is read through, and what is not text is refused by its name. A look-up from a pipe needs it, and must not
wait for what only some lists need.
"""

import codecs
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import STANDARD_STREAM, decompressed, is_compressed, readable
from wordvec_cli.text.decoding import is_utf8

BYTE_ORDER_MARK = codecs.BOM_UTF8
STANDARD_INPUT = 0  # the descriptor: sys.stdin is None where it is closed, and would buffer where it is not
READ_BYTES = 1 << 16
START_BYTES = 4096  # of which is told whether a file is text
NO_SCORES = ("nan", "inf", "infinity", "na", "n/a", "null", "none")  # how a number that is not there may be written


# ---------------------------------------------------------------- whole files


def read_text(path: str) -> bytes:
    """All of a file, or of standard input (-): decompressed, without a byte order mark. Raises: InputError"""
    if path == STANDARD_STREAM:
        with readable("standard input"), open(STANDARD_INPUT, "rb", closefd=False) as stream:
            content = decompressed(io.BytesIO(stream.read())).read()
        return _checked(content, "standard input")
    with opened(path) as file:
        return _checked(file.read(), path)


def read_lines(path: str) -> list[bytes]:
    """The lines of a file, or of standard input (-), without their ends. Raises: InputError"""
    *lines, rest = read_text(path).split(b"\n")
    return [line.removesuffix(b"\r") for line in (*lines, *filter(None, [rest]))]


def listed_words(path: str) -> list[bytes]:
    """The words of a file, one a line, each once, in the order of the file. Raises: InputError if it holds none"""
    words = list(dict.fromkeys(filter(None, read_lines(path))))
    if not words:
        raise InputError(f"{path}: holds no words; write one a line")
    return words


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """What a file holds, decompressed; a pipe, which cannot be read from its start again, is read to its end first.

    So is what lies at an address.
    """
    if "://" in path and not os.path.exists(path):
        from wordvec_cli.storage.remote import spooled

        with spooled(path) as copy, readable(path):
            yield decompressed(copy)
        return
    with readable(path), open(path, "rb") as raw:
        yield decompressed(raw if raw.seekable() else io.BytesIO(raw.read()))


# ---------------------------------------------------------------- streams


def lines_of_file(path: str) -> Iterator[list[bytes]]:
    """The lines of a file, thousands at a time; memory holds no more of them. Raises: InputError"""
    with opened(path) as file:
        yield from lines_of_open(file, path)


def lines_of_open(file: IO[bytes], name: str) -> Iterator[list[bytes]]:
    """As `lines_of_file`, of what is decompressed already; `name` is for errors."""
    return _lines(_checked_pieces(iter(lambda: file.read(READ_BYTES), b""), name))


def lines_of_descriptor(descriptor: int, name: str, is_null: bool = False) -> Iterator[list[bytes]]:
    """The lines of a pipe as they come in: one line from a program that waits for its answer, thousands from a file.

    is_null  lines end with NUL, and may hold anything else: each byte counts, those of a byte order mark too
    Raises: InputError
    """
    with readable(name):
        pieces = iter(lambda: os.read(descriptor, READ_BYTES), b"")
        first = next(pieces, b"")
        if is_compressed(first):
            raise InputError(f"{name}: is compressed; pipe it through zcat, bzcat, xzcat or zstdcat first")
        pieces = itertools.chain([first], pieces)
        if is_null:
            yield from whole_lines(pieces, b"\0")
        else:
            yield from _lines(_checked_pieces(pieces, name))


def _lines(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    for lines in whole_lines(pieces):
        yield [line.removesuffix(b"\r") for line in lines]


def whole_lines(pieces: Iterable[bytes], end: bytes = b"\n") -> Iterator[list[bytes]]:
    """The lines of a text that comes in pieces of any length, without their ends; those that have ended so far."""
    rest: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(end)
        rest.append(first)
        if others:
            yield [b"".join(rest), *others[:-1]]
            rest = [others[-1]]
    if any(rest):
        yield [b"".join(rest)]


def _checked_pieces(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The pieces without a byte order mark. Raises: InputError if they are not text"""
    start = b""
    for piece in pieces:
        start += piece
        if b"\n" in start or len(start) >= START_BYTES:
            break
    yield _checked(start, name)
    yield from pieces


# ---------------------------------------------------------------- text or not


def _checked(start: bytes, name: str) -> bytes:
    """The start of a text without its byte order mark. Raises: InputError if it is not text"""
    if not _is_plain(start[:START_BYTES]):
        refuse_no_text(start[:START_BYTES], name)
    return start.removeprefix(BYTE_ORDER_MARK)


def _is_plain(start: bytes) -> bool:
    """Whether there is nothing to look into: a look-up of words that come from a pipe is not to wait for that."""
    is_odd = b"\0" in start or start.startswith((b"{\\rtf", b"%PDF", b"version https://git-lfs", b"PAR1"))
    return not is_odd and is_utf8(start, is_whole=False)


def refuse_no_text(start: bytes, name: str) -> None:
    """Raises: InputError if what begins so is an archive, a document, UTF-16, numbers of a machine ..."""
    from wordvec_cli.storage.file_kinds import kind_of_no_text

    if kind := kind_of_no_text(start):
        raise InputError(f"{name}: is {kind.name}; {kind.remedy}")


def number(text: str | bytes) -> float:
    """A number as programs write it: float() takes 1_000 too. Raises: ValueError"""
    if ("_" in text) if isinstance(text, str) else (b"_" in text):
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def may_be_title(cell: str) -> bool:
    """Whether the first cell of a column of numbers may be its name: it begins as a word, not as a missing number."""
    cell = cell.strip(" \t\r\"'")
    return cell[:1].isalpha() and cell.lower() not in NO_SCORES
