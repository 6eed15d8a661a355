"""Vectors as text: `word v1 v2 ...` lines, after a header `rows dimension` (word2vec, fastText's .vec) or none (GloVe).

Words are bytes, and may hold blanks: the numbers are taken from the right. The header is a hint; rows decide.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Integers, Matrix, Rows
from wordvec_cli.formats.text_head import header_of, read_head, shows_dim
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.storage.file_kinds import NUMBER
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.text.decoding import quoted
from wordvec_cli.vectors.embeddings import Embeddings

BLOCK_BYTES = 1 << 22
LONG_LINE = 1 << 16
ROWS_PER_CHUNK = 4096
ROWS_OF_UNSURE = 4096  # for whose numbers there is room, if Python has to read them all

WRONG_WIDTH = "lines with another number of values, left out"
NO_NUMBER = "lines with a value that is not a number, left out"
EMPTY = "empty lines"
BLANKS = "words with blanks in them"
NO_LINE_END = "the last line has no end; the file may be cut short"


class _Parsed(NamedTuple):
    """What whole lines of a file hold.

    rows      their places count from 0
    problems  (n, 2): line, and status of `kernels.vector_text`
    """

    rows: Rows
    problems: Integers
    n_lines: int


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """The rows of a text file that is read from its start. Raises: InputError"""
    from wordvec_cli.kernels import vector_text

    head = read_head(path, source)
    header = header_of(path, head, oddities)
    n_lines_before, n_rows, n_bytes = header.n_lines, 0, 0
    blocks = _blocks(path, source, head.content[header.n_bytes :], oddities)
    for block, (found, problems, n_lines) in in_order(
        lambda each: parsed_lines(each, header.dim), blocks, options.n_threads
    ):
        for status, what in ((vector_text.WRONG_WIDTH, WRONG_WIDTH), (vector_text.NO_NUMBER, NO_NUMBER)):
            oddities.add(what, problems[problems[:, 1] == status, 0] + n_lines_before + 1)
        oddities.add(EMPTY, problems[problems[:, 1] == vector_text.EMPTY, 0] + n_lines_before + 1)
        placed = found._replace(places=found.places + n_lines_before + 1)
        oddities.add(BLANKS, placed.places[_have_blanks(found)])
        yield placed
        n_lines_before += n_lines
        n_rows += len(found.matrix)
        n_bytes += len(block)
        options.report(Progress("reading", n_bytes, None, "B", {"rows": n_rows}))
    if header.n_rows is not None and header.n_rows != n_rows:
        oddities.note(f"the header says {header.n_rows} rows, there are {n_rows}")


def _have_blanks(found: Rows) -> NDArray[np.bool_]:
    """Which words have blanks: perhaps one number more than the others, which was taken for a part of the word."""
    is_blank = (found.text == ord(" ")) | (found.text == ord("\t"))
    if not is_blank.any():
        return np.zeros(len(found.matrix), bool)
    n_before: Integers = np.concatenate([[0], np.cumsum(is_blank)])[found.offsets]
    return np.diff(n_before) > 0


def _blocks(path: str, source: BinaryIO, rest: bytes, oddities: Oddities) -> Iterator[NDArray[np.uint8]]:
    """The file from `rest` on, in pieces that end with a line."""
    begun = np.frombuffer(rest, np.uint8)  # with a line whose end has not come yet
    n_read: int | None = 1  # what is there already is looked at first
    while True:
        if end := _end_of_last_line(begun):
            yield begun[:end]
            begun = begun[end:]
        if not n_read:
            break
        # At least as much again: of a long line each byte is looked at and copied a few times, not once for each block.
        content = np.empty(len(begun) + max(BLOCK_BYTES, len(begun)), np.uint8)
        content[: len(begun)] = begun
        with readable(path):
            n_read = source.readinto(content.data[len(begun) :])  # type: ignore[attr-defined]
        begun = content[: len(begun) + (n_read or 0)]
    if len(begun):
        oddities.note(NO_LINE_END)
        yield np.append(begun, np.uint8(ord("\n")))


def _end_of_last_line(content: NDArray[np.uint8]) -> int:
    """Where the last line that is whole ends; 0 if there is none."""
    tail = LONG_LINE
    while True:
        start = max(len(content) - tail, 0)
        if (place := content[start:].tobytes().rfind(b"\n")) >= 0:
            return start + place + 1
        if not start:
            return 0
        tail *= 16


def parsed_lines(text: NDArray[np.uint8], dim: int) -> _Parsed:
    """Read whole lines; what the kernel leaves to Python is read here."""
    from wordvec_cli.kernels import vector_text

    n_lines = vector_text.count_lines(text)
    most = min(n_lines, len(text) // (2 * dim)) + 1  # rows: a number and a blank are two bytes; one is only tried
    matrix = np.empty((most, dim), np.float32)
    words, word_ends = np.empty(len(text), np.uint8), np.empty(n_lines, np.int64)
    lines, problems = np.empty(n_lines, np.int64), np.empty((n_lines, 2), np.int64)
    unsure = np.empty((min(ROWS_OF_UNSURE, most) * dim, 4), np.int64)
    progress = np.zeros(5, np.int64)  # bytes, lines, rows, bytes of words, problems
    wrong: list[int] = []
    vector_text.read_plain_lines(text, dim, matrix, words, word_ends, lines, progress)
    while progress[0] < len(text):
        n = vector_text.read_lines(text, dim, matrix, words, word_ends, lines, unsure, problems, progress)
        wrong += _read_by_python(text, unsure[:n], matrix)
    _, _, n_rows, n_bytes, n_problems = progress.tolist()
    offsets = np.concatenate([[0], word_ends[:n_rows]])
    found = Rows(words[:n_bytes].copy(), offsets, matrix[:n_rows], lines[:n_rows])
    problems = problems[:n_problems]
    if wrong:
        chosen = np.setdiff1d(np.arange(n_rows), wrong)
        others = np.array([[lines[row], vector_text.NO_NUMBER] for row in sorted(set(wrong))])
        return _Parsed(found.taken(chosen), np.concatenate([problems, others]), n_lines)
    if n_rows < n_lines:
        found = found._replace(matrix=found.matrix.copy())  # does not keep the room of lines that are not rows
    return _Parsed(found, problems, n_lines)


def _read_by_python(text: NDArray[np.uint8], unsure: Integers, matrix: Matrix) -> list[int]:
    """Set numbers that the kernel was not sure of; the rows that have something else there."""
    wrong = []
    for row, column, first, last in unsure.tolist():
        field = text[first:last].tobytes()
        if NUMBER.fullmatch(field):
            with np.errstate(over="ignore"):
                matrix[row, column] = np.float32(float(field))
        else:
            wrong.append(row)
    return wrong


# ---------------------------------------------------------------- writing


def write_glove(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Lines without a header; the vector of unknown words last, as `<unk>`, unless that is a word."""
    return _write(path, embeddings, options, has_header=False)


def write_word2vec(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """A header and the lines, as word2vec.c, gensim and fastText (.vec) have them."""
    return _write(path, embeddings, options, has_header=True)


def _write(path: str, embeddings: Embeddings, options: WriteOptions, has_header: bool) -> list[str]:
    words = list(embeddings.vocabulary)
    notes = _notes_on(path, words)
    has_unknown = not has_header and embeddings.unknown is not None and embeddings.vocabulary.find(b"<unk>") is None
    header = b"%d %d\n" % (len(words), embeddings.dim) if has_header else b""
    with replacing(path) as file:
        file.write(header)
        for first in range(0, len(words), ROWS_PER_CHUNK):
            some = slice(first, first + ROWS_PER_CHUNK)
            numbers = number_rows(embeddings.matrix[some], b" ", options.decimals)
            lines = [b"%b %b\n" % line for line in zip(words[some], numbers, strict=True)]
            if not first and not shows_dim(header, lines, embeddings.dim):
                notes.append("its dimension, which is read wrong as most words end with numbers; write a .vec or .npz")
            file.write(b"".join(lines))
        if has_unknown:
            unknown = np.asarray(embeddings.unknown, np.float32).reshape(1, -1)
            file.write(b"<unk> %b\n" % number_rows(unknown, b" ", options.decimals)[0])
    if embeddings.unknown is not None and not has_unknown:
        notes.append("the vector of unknown words")
    return notes + lost_by_text(embeddings)


def _notes_on(path: str, words: list[bytes]) -> list[str]:
    """What happens to words when lines of text are read. Raises: InputError for a word that a line cannot hold"""
    has_blanks = 0
    for word in words:
        if b"\n" in word:
            raise InputError(f"{path}: the word {quoted(word)} has a line end, which text cannot hold; leave it out")
        has_blanks += b" " in word or b"\t" in word or not word
    notes = [f"blanks inside words, which {has_blanks} have, in many tools"] if has_blanks else []
    return notes + (blank_ends(words) if has_blanks else [])


def blank_ends(words: Iterable[bytes]) -> list[str]:
    """What is lost of words that end with blanks where blanks stand between a word and its numbers."""
    n = sum(word.endswith((b" ", b"\t")) for word in words)
    return [f"the blanks at the ends of {n} words, which are then read as other words"] if n else []


def lost_by_text(embeddings: Embeddings) -> list[str]:
    """What lines of words and numbers have no room for."""
    lost = {
        "counts": embeddings.vocabulary.counts is not None,
        "context vectors": embeddings.context_values is not None,
        "the rows of n-grams, of which vectors of other words are made": embeddings.can_compose,
        "how the vectors were made": bool(set(embeddings.metadata) - {"converted_from"}),
    }
    return [what for what, is_lost in lost.items() if is_lost]


def number_rows(matrix: Matrix, separator: bytes, decimals: int | None) -> list[bytes]:
    """Each row's numbers as text, with `decimals` digits, or the fewest that read back as the same float32."""
    if decimals is None:
        from wordvec_cli.vectors.decimals import shortest_rows

        return shortest_rows(matrix, separator)
    form = f"%.{decimals}f"
    return [separator.join([(form % value).encode() for value in row]) for row in matrix.tolist()]
