"""Tables for other programs: comma-separated, tab-separated, and JSON, an object a line: how they are written."""

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.formats.text import blank_ends, lost_by_text, number_rows
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.csv_text import csv_cell
from wordvec_cli.text.decoding import as_text, is_utf8, quoted
from wordvec_cli.text.json_text import members
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.row_tensors import ROWS_PER_PART


class _Layout(NamedTuple):
    """What stands between numbers, the line of a word and its numbers (without its end), and what comes first."""

    separator: bytes
    line: Callable[[bytes, bytes], bytes]
    header: bytes = b""


def write_csv(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """A header `word,v1,v2,...`, and lines that end with a line feed; words are quoted where they must be (RFC 4180).

    The file is UTF-8: bytes of words that are not are replaced, and their words told as lost.
    pandas takes words like NA for missing values: read_csv(path, keep_default_na=False, na_filter=False).
    """
    header = b",".join([b"word", *(b"v%d" % (i + 1) for i in range(embeddings.dim))]) + b"\n"
    n_broken = 0

    def line(word: bytes, numbers: bytes) -> bytes:
        nonlocal n_broken
        n_broken += not is_utf8(word)
        return csv_cell(word, options.is_safe) + b"," + numbers

    lost = _write(path, embeddings, options, _Layout(b",", line, header))
    return lost + ([f"the exact bytes of {n_broken} words that are not valid UTF-8"] if n_broken else [])


def write_tsv(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Lines `word<TAB>v1<TAB>...` without a header, as `wordvec lookup --format tsv` prints them. Raises: InputError"""

    def line(word: bytes, numbers: bytes) -> bytes:
        check_for_tsv(path, word)
        return word + b"\t" + numbers

    return _write(path, embeddings, options, _Layout(b"\t", line)) + blank_ends(embeddings.vocabulary)


def check_for_tsv(path: str, word: bytes) -> None:
    """Raises: InputError if a table without quotes cannot hold the word"""
    if b"\t" in word or b"\n" in word:
        what = "tab" if b"\t" in word else "line end"
        raise InputError(f"{path}: the word {quoted(word)} has a {what}, which this format cannot hold; write a .csv")


def write_jsonl(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Lines `{"word": ..., "vector": [...]}`, as `wordvec lookup --format json` prints them.

    Raises: InputError for a vector with a value that JSON has no number for
    """

    def line(word: bytes, numbers: bytes) -> bytes:
        if b"n" in numbers:  # of nan or inf
            raise InputError(
                f"{path}: the vector of {quoted(word)} has nan or inf, which JSON cannot hold; write a .csv"
            )
        return b'{%b, "vector": [%b]}' % (members(word=as_text(word)), numbers)

    return _write(path, embeddings, options, _Layout(b",", line))


def _write(path: str, embeddings: Embeddings, options: WriteOptions, layout: _Layout) -> list[str]:
    with replacing(path) as file:
        file.write(layout.header)
        for words, rows in chunks(embeddings):
            numbers = number_rows(embeddings.matrix[rows], layout.separator, options.decimals)
            file.write(b"".join([layout.line(*entry) + b"\n" for entry in zip(words, numbers, strict=True)]))
    unknown = ["the vector of unknown words"] if embeddings.unknown is not None else []
    return lost_by_text(embeddings) + unknown


def chunks(embeddings: Embeddings) -> Iterator[tuple[list[bytes], slice]]:
    """Some thousand words at a time, and where their rows are."""
    every = iter(embeddings.vocabulary)
    first = 0
    while words := list(itertools.islice(every, ROWS_PER_PART)):
        yield words, slice(first, first + len(words))
        first += len(words)
