"""word2vec's binary format: `rows dimension`, a line end, and for each row the word, a space, and float32 numbers.

word2vec.c writes a line end after each row, gensim does not; both are read. Source: word2vec.c (tmikolov/word2vec).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Integers, Rows
from wordvec_cli.formats.text import lost_by_text
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.storage.file_kinds import NUMBER
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.text.decoding import quoted
from wordvec_cli.vectors.embeddings import Embeddings

BLOCK_BYTES = 1 << 23
MOST_HEADER_BYTES = 64
MOST_WORD_BYTES = 1 << 20  # a longer one means that the file is damaged
MOST_DIM = 1 << 20  # as does a longer row
MOST_GARBAGE = 0.05  # of the last words of a file in which there is more than the rows that it tells
ROWS_PER_CHUNK = 4096

FIRST_PRINTABLE = ord(" ")
MORE = "the header says {} rows, and there is more after them"

_HEADER = re.compile(rb"[ \t]*(\d{1,18})[ \t]+(\d{1,9})[ \t\r]*\n")
_TEXT = frozenset(b"0123456789+-.eE \t\r\nnaifNAIF")


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so has a header, a word, and then what no text has."""
    match = _HEADER.match(start)
    if not match or not int(match[2]):
        return False
    first, line_end, _ = start[match.end() :].partition(b"\n")
    if not first.strip() and line_end:  # of a text that begins with an empty line, or of no rows
        return False
    word, space, numbers = start[match.end() :].partition(b" ")
    if line_end and (fields := first.split()[1:]) and all(map(NUMBER.fullmatch, fields[-int(match[2]) :])):
        return False
    return bool(space) and b"\n" not in word[1:] and not set(numbers[: 4 * int(match[2])]) <= _TEXT


class _Block(NamedTuple):
    """Whole records of a file, the first of them with the number `first`."""

    content: NDArray[np.uint8]
    starts: Integers  # of the words
    ends: Integers
    first: int


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """The rows of a file that is read from its start. Raises: InputError"""
    oddities.unit = "row"
    with readable(path):
        start = source.read(BLOCK_BYTES)
    match = _HEADER.match(start[:MOST_HEADER_BYTES])
    if not match or not int(match[2]):
        raise InputError(f"{path}: does not begin with `rows dimension`; is it a word2vec binary file?")
    n_told, dim = int(match[1]), int(match[2])
    if dim > MOST_DIM:
        raise InputError(f"{path}: says that its rows have {dim} numbers; the file is damaged, copy it again")
    blocks = _blocks(path, source, start[match.end() :], (n_told, dim), oddities)
    last = None
    for _, last in in_order(lambda block: _gathered(block, dim), blocks, options.n_threads):
        yield last
        options.report(Progress("reading", int(last.places[-1]), n_told, "rows"))
    if last is not None and MORE.format(n_told) in oddities.counts:
        _check_in_step(path, last)


def _check_in_step(path: str, last: Rows) -> None:
    """Raises: InputError if the last rows of a file have words that are parts of numbers, as blanks in words cause"""
    garbage = [place for word, place in zip(last.words(), last.places.tolist(), strict=True) if _is_garbage(word)]
    if len(garbage) > MOST_GARBAGE * len(last.places):
        raise InputError(
            f"{path}: row {garbage[0]}: its word is a part of the numbers before it, as there are blanks in words, "
            "which this format cannot hold; save the vectors as text or .npz"
        )


def _is_garbage(word: bytes) -> bool:
    try:
        return any(ord(character) < FIRST_PRINTABLE for character in word.decode())
    except UnicodeDecodeError:
        return True


def _blocks(path: str, source: BinaryIO, rest: bytes, shape: tuple[int, int], oddities: Oddities) -> Iterator[_Block]:
    """The records of a file, in pieces. Raises: InputError"""
    from wordvec_cli.kernels.vector_records import find_records

    n_told, dim = shape
    n_rows = 0
    while n_rows < n_told:
        content = np.frombuffer(rest, np.uint8)
        most = min(len(content) // (4 * dim + 1) + 1, n_told - n_rows)
        starts, ends = np.empty(most, np.int64), np.empty(most, np.int64)
        n, n_bytes = find_records(content, dim, starts, ends)
        if n:
            yield _Block(content, starts[:n], ends[:n], n_rows + 1)
            n_rows += n
        elif len(rest) > MOST_WORD_BYTES + 4 * dim:
            raise InputError(f"{path}: row {n_rows + 1}: its word does not end; the file is damaged, copy it again")
        with readable(path):
            more = source.read(BLOCK_BYTES)
        rest = rest[n_bytes:] + more
        if not more and not n:
            break
    if n_rows < n_told:
        oddities.note(
            f"the header says {n_told} rows, there are {n_rows}: the file is cut short, or its header is wrong"
        )
    elif rest.strip(b"\n"):
        oddities.note(MORE.format(n_told))


def _gathered(block: _Block, dim: int) -> Rows:
    from wordvec_cli.kernels.vector_records import gather

    content, starts, ends, first = block
    offsets = np.concatenate([[0], np.cumsum(ends - starts)])
    text, matrix = np.empty(offsets[-1], np.uint8), np.empty((len(starts), dim), np.float32)
    gather(content, starts, ends, text, matrix.view(np.uint8))
    return Rows(text, offsets, matrix, np.arange(first, first + len(starts)))


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """As gensim writes it, without line ends after the rows. Raises: InputError for a word with a space in it"""
    words = list(embeddings.vocabulary)
    for word in words:
        if b" " in word or b"\n" in word or not word:
            raise InputError(
                f"{path}: the word {quoted(word)} has a blank, which this format cannot hold; leave it out"
            )
        if len(word) > MOST_WORD_BYTES:
            raise InputError(f"{path}: a word of {len(word)} bytes is too long to be read again; write text or .npz")
    with replacing(path) as file:
        file.write(b"%d %d\n" % (len(words), embeddings.dim))
        for first in range(0, len(words), ROWS_PER_CHUNK):
            some = slice(first, first + ROWS_PER_CHUNK)
            matrix = np.ascontiguousarray(embeddings.matrix[some], "<f4")
            file.write(b"".join([b"%b %b" % (w, row.tobytes()) for w, row in zip(words[some], matrix, strict=True)]))
    notes = ["the vector of unknown words"] if embeddings.unknown is not None else []
    return notes + lost_by_text(embeddings)
