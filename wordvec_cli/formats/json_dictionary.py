"""A JSON object of words and their vectors: {"king": [0.25, -1], "queen": [0.5, 1]}. It is read as a stream."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.formats.json_lines import looks_like as looks_like_lines
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.formats.split_lines import PLACEHOLDER, SplitLines, rows_of_lines
from wordvec_cli.formats.tables import chunks
from wordvec_cli.formats.text import lost_by_text, number_rows
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.text.decoding import as_text, bytes_of_json, is_utf8, quoted
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.vectors.embeddings import Embeddings

BLOCK_BYTES = 1 << 22
MOST_ENTRY_BYTES = 1 << 28
TO_BLANKS = bytes.maketrans(b",\n\r", b"   ")
_START = re.compile(rb'\s*\{\s*(?="(?:[^"\\]|\\.)*+"\s*:\s*\[\s*[-\d])')
_ENTRY = re.compile(rb'\s*("(?:[^"\\]|\\.)*+")\s*:\s*\[([^\[\]{}":]*+)\]\s*([,}])')


def looks_like(start: bytes) -> bool:
    return _START.match(start.removeprefix(BYTE_ORDER_MARK)) is not None and not looks_like_lines(start)


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """All rows, as wide as the first. Raises: InputError"""
    oddities.unit = "word"
    parts = _parts(path, source)
    first = next(parts)
    dim = max(len(first.text.partition(b"\n")[0].split()) - 1, 1)
    yield from rows_of_lines(_with(first, parts), dim, options, oddities)


def _with(first: SplitLines, others: Iterator[SplitLines]) -> Iterator[SplitLines]:
    yield first
    yield from others


def _parts(path: str, source: BinaryIO) -> Iterator[SplitLines]:
    """The entries, some megabytes at a time. Raises: InputError if the file is anything else, or ends too early"""
    with readable(path):
        block = source.read(BLOCK_BYTES).removeprefix(BYTE_ORDER_MARK)
    start = re.match(rb"\s*\{", block)
    if start is None:
        raise InputError(f"{path}: does not begin as JSON of words and vectors does, with {{; name another file")
    place, n_words = start.end(), 0
    while True:
        part, place, is_end = _split(path, block, place, n_words)
        n_words += len(part.words)
        if part.words:
            yield part
        if is_end:
            return _check_end(path, block[place:], source)
        if len(block) - place > MOST_ENTRY_BYTES:
            raise _broken(path, n_words)
        with readable(path):
            more = source.read(BLOCK_BYTES)
        if not more:
            raise _broken(path, n_words)
        block, place = block[place:] + more, 0


def _broken(path: str, n_words: int) -> InputError:
    return InputError(
        f"{path}: what comes after {n_words} words is not a word and a list of numbers, or is cut short; "
        'wordvec reads JSON as {"king": [0.25, -1], ...}, and an object a line'
    )


def _split(path: str, block: bytes, place: int, n_before: int) -> tuple[SplitLines, int, bool]:
    """The whole entries from `place` on, where they end, and whether that is the end of the object."""
    words: list[bytes] = []
    pieces: list[bytes] = []
    is_end = False
    while not is_end and (entry := _ENTRY.match(block, place)):
        try:
            words.append(bytes_of_json(json.loads(entry[1])))
        except ValueError:
            raise _broken(path, n_before + len(words)) from None
        pieces += (PLACEHOLDER, b" ", entry[2].translate(TO_BLANKS), b"\n")
        place, is_end = entry.end(), entry[3] == b"}"
    places = list(range(n_before + 1, n_before + len(words) + 1))
    return SplitLines(words, places, b"".join(pieces)), place, is_end


def _check_end(path: str, rest: bytes, source: BinaryIO) -> None:
    with readable(path):
        rest += source.read(BLOCK_BYTES)
    if rest.strip():
        raise InputError(f"{path}: goes on after the end of its first object; make or copy it again")


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """An entry a line. Raises: InputError for a word that is not valid UTF-8, and for nan and inf"""
    with replacing(path) as file:
        start = b"{\n"
        for words, rows in chunks(embeddings):
            numbers = number_rows(embeddings.matrix[rows], b", ", options.decimals)
            for word, values in zip(words, numbers, strict=True):
                _check(path, word, values)
                file.write(start + json.dumps(as_text(word), ensure_ascii=False).encode() + b": [" + values + b"]")
                start = b",\n"
        file.write(b"\n}\n")
    unknown = ["the vector of unknown words"] if embeddings.unknown is not None else []
    return lost_by_text(embeddings) + unknown


def _check(path: str, word: bytes, numbers: bytes) -> None:
    if not is_utf8(word):
        raise InputError(
            f"{path}: the word {quoted(word)} is not valid UTF-8, which JSON cannot hold; add --invalid-utf8 replace, "
            "or write a .jsonl"
        )
    if b"n" in numbers:
        raise InputError(f"{path}: the vector of {quoted(word)} has nan or inf, which JSON cannot hold; write a .csv")
