"""A corpus that is not in files: lines, or lists of tokens, spooled once to a nameless file."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import writable
from wordvec_cli.storage.spool import close_with, temporary_file
from wordvec_cli.text.decoding import as_bytes, quoted
from wordvec_cli.text.source import Source

NAME = "the lines of the corpus"
LINES_AT_ONCE = 1024

Line = str | bytes | Iterable[str | bytes]


def spooled_lines(lines: Iterable[Line], folder: Path) -> Source:
    """A source for `Corpus.open` that holds each of `lines` as one line, as a file of these lines would.

    lines  texts, whose line breaks become blanks, or lists of tokens, which blanks will stand between
    Raises: InputError if a token is empty or holds white space, or if a text cannot be UTF-8, OutputError (a full disk)
    """
    file = temporary_file(folder)
    try:
        texts = (_as_text(line, number) + b"\n" for number, line in enumerate(lines, 1))
        while some := list(
            itertools.islice(texts, LINES_AT_ONCE)
        ):  # outside of `writable`: its errors are the caller's
            with writable(f"{folder} (temporary files)"):
                file.writelines(some)
        with writable(f"{folder} (temporary files)"):
            file.flush()
    except BaseException:
        file.close()
        raise
    source = Source(NAME, os.fstat(file.fileno()).st_size, file)
    close_with(source, file)
    return source


def _as_text(line: Line, number: int) -> bytes:
    if isinstance(line, str | bytes):
        return _as_bytes(line, number).removesuffix(b"\n").replace(b"\n", b" ")
    if not isinstance(line, Iterable):
        raise _neither(line, number)
    tokens = [_as_bytes(token, number) for token in line]
    for token in tokens:
        if token.split() != [token]:
            raise InputError(
                f"line {number}: the token {quoted(token)} is empty or holds white space; join its parts by _"
            )
    return b" ".join(tokens)


def _as_bytes(text: object, number: int) -> bytes:
    if not isinstance(text, str | bytes):
        raise _neither(text, number)
    try:
        return as_bytes(text)
    except UnicodeEncodeError as error:
        raise InputError(f"line {number}: cannot be written as UTF-8 ({error.reason})") from None


def _neither(what: object, number: int) -> InputError:
    return InputError(f"line {number}: {what!r} is neither a text nor a list of tokens")
