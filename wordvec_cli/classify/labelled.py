"""Labelled text as numbers of distinct tokens and labels.

What a tokenizer makes of a chunk between white space is found out once per distinct chunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.classify.lines import Layout, Row, RowParser
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage.files import close_with, mapped, temporary_file, writable
from wordvec_cli.text.corpus import Block, Corpus
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.tokenizer import Tokenizer, split_chunks
from wordvec_cli.text.words import PADDING, back_to_back, take_words

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]

FIRST_LABEL = -2  # a chunk that is a label stands for FIRST_LABEL - its number, and is no token


# ---------------------------------------------------------------- lines as numbers


class Lines(NamedTuple):
    """Some lines: line i has tokens[token_ends[i - 1] : token_ends[i]], and its labels likewise.

    There may be tokens and labels after the last end, of a line that goes on.
    """

    tokens: Ids
    token_ends: Offsets
    labels: Ids
    label_ends: Offsets


class Numbering:
    """Numbers the distinct tokens and labels of a text as they come.

    tokens, labels  tables of what has come so far (`text.word_table.WordTable`)
    """

    def __init__(self, tokenizer: Tokenizer, label_prefix: bytes | None) -> None:
        from wordvec_cli.text.word_table import WordTable

        self.tokens, self.labels = WordTable(), WordTable(1)
        self._tokenizer = tokenizer
        self._prefix = label_prefix
        self._chunks = WordTable()
        self._starts = np.empty(0, np.int64)
        self._lengths = np.empty(0, np.int32)
        self._piece_ids = np.empty(0, np.int32)

    @property
    def size_bytes(self) -> int:
        return self.tokens.size_bytes + self._chunks.size_bytes

    def of_rows(self, rows: Sequence[Row]) -> Lines:
        """The lines whose labels are known already."""
        text = b"\n".join(text for _, text in rows) + b"\n" if rows else b""
        numbered = self._of_plain_text(text)
        labels = [label for labels, _ in rows for label in labels]
        ends = np.cumsum(np.fromiter((len(labels) for labels, _ in rows), np.int64, len(rows)))
        return numbered._replace(labels=self._numbers(self.labels, *back_to_back(labels)), label_ends=ends)

    def _of_plain_text(self, text: bytes) -> Lines:
        if not self._tokenizer.splits_at_white_space:
            return self._of_token_lists([self._tokenizer.tokens(line) for line in text.split(b"\n")[:-1]])
        prefix, self._prefix = self._prefix, None
        try:
            return self.of_text(np.frombuffer(text + b"\n" * PADDING, np.uint8), len(text))
        finally:
            self._prefix = prefix

    def _of_token_lists(self, tokens_of_lines: Sequence[Sequence[bytes]]) -> Lines:
        tokens = [token for tokens in tokens_of_lines for token in tokens]
        ends = np.cumsum(np.fromiter(map(len, tokens_of_lines), np.int64, len(tokens_of_lines)))
        return Lines(
            self._numbers(self.tokens, *back_to_back(tokens)), ends, np.empty(0, np.int32), np.zeros_like(ends)
        )

    def of_text(self, text: NDArray[np.uint8], size: int) -> Lines:
        """The lines of text[:size], PADDING bytes of white space after it; labels begin with the prefix.

        For tokenizers that split at white space.
        """
        from wordvec_cli.kernels.text import count_expanded, expand_chunks

        numbers, line_ends = self._chunks.number_chunks(text, size, may_insert=True)
        self._learn_new_chunks()
        ids = np.empty(count_expanded(numbers, self._lengths), np.int32)
        ends = np.empty_like(line_ends)
        expand_chunks(numbers, line_ends, self._starts, self._lengths, self._piece_ids, ids, ends)
        is_label = ids <= FIRST_LABEL
        n_labels_before = np.concatenate([[0], np.cumsum(is_label)])[ends]
        return Lines(ids[~is_label], ends - n_labels_before, FIRST_LABEL - ids[is_label], n_labels_before)

    def _learn_new_chunks(self) -> None:
        n_known, n_chunks = len(self._starts), len(self._chunks)
        if n_known == n_chunks:
            return
        text, offsets = self._chunks.text, self._chunks.offsets[n_known:]
        is_label = _begin_with(text, offsets, self._prefix)
        labels, others = np.flatnonzero(is_label), np.flatnonzero(~is_label)
        lengths, starts = np.zeros(n_chunks - n_known, np.int32), np.zeros(n_chunks - n_known, np.int64)
        ids = [self._piece_ids, self._label_ids(text, offsets, labels)]
        lengths[labels], starts[labels] = 1, len(ids[0]) + np.arange(len(labels))
        n_ids = len(ids[0]) + len(ids[1])
        for pieces in split_chunks(self._tokenizer, *_taken(text, offsets, others)):
            chunks = others[pieces.chunks[pieces.n_pieces > 0]]
            lengths[chunks] = pieces.n_pieces[pieces.n_pieces > 0]
            starts[chunks] = n_ids + np.cumsum(lengths[chunks]) - lengths[chunks]
            ids.append(self._numbers(self.tokens, pieces.text, pieces.offsets))
            n_ids += len(ids[-1])
        self._starts, self._lengths = np.append(self._starts, starts), np.append(self._lengths, lengths)
        self._piece_ids = np.concatenate(ids)

    def _label_ids(self, text: NDArray[np.uint8], offsets: Offsets, chosen: NDArray[np.int64]) -> Ids:
        names = [bytes(text[offsets[i] + len(self._prefix or b"") : offsets[i + 1]]) for i in chosen]
        return (FIRST_LABEL - self._numbers(self.labels, *back_to_back(names))).astype(np.int32)

    @staticmethod
    def _numbers(table: Any, text: NDArray[np.uint8], offsets: Offsets) -> Ids:
        """The numbers of words back to back, of new ones too."""
        table.add(text, offsets, np.zeros(len(offsets) - 1, np.int64))
        numbers: Ids = table.find(text, offsets)
        return numbers


def _begin_with(text: NDArray[np.uint8], offsets: Offsets, prefix: bytes | None) -> NDArray[np.bool_]:
    """Whether each word begins with a prefix and goes on, (n,)."""
    does = np.zeros(len(offsets) - 1, bool)
    if prefix is not None:
        long = np.flatnonzero(np.diff(offsets) > len(prefix))
        does[long] = True
        for i, byte in enumerate(prefix):
            does[long] &= text[offsets[long] + i] == byte
    return does


def _taken(text: NDArray[np.uint8], offsets: Offsets, chosen: NDArray[np.int64]) -> tuple[NDArray[np.uint8], Offsets]:
    taken, taken_offsets = take_words(text, offsets, chosen)
    return np.append(taken, np.zeros(PADDING, np.uint8)), taken_offsets


# ---------------------------------------------------------------- a whole corpus


@dataclass(frozen=True, eq=False)
class LabelledText:
    """A labelled corpus as numbers, mapped from files that have no name.

    tokens (n,) int32, token_offsets (n_lines + 1,) int64: the numbers of `numbering.tokens` of each line
    labels, label_offsets: the same of its labels
    """

    tokens: Ids
    token_offsets: Offsets
    labels: Ids
    label_offsets: Offsets
    numbering: Numbering
    corpus_fingerprint: str

    @property
    def n_lines(self) -> int:
        return len(self.token_offsets) - 1


def read_labelled(corpus: Corpus, layout: Layout, report: Report = silent) -> LabelledText:
    """Read a corpus once; in memory are its distinct words. Raises: InputError, OutputError (a full disk)"""
    numbering = Numbering(corpus.tokenizer, layout.label_prefix)
    streams = [_Stream(corpus.spool_folder, dtype) for dtype in (np.int32, np.int64, np.int32, np.int64)]
    tokens, token_ends, labels, label_ends = streams
    for ends in (token_ends, label_ends):
        ends.append(np.zeros(1, np.int64))
    for lines in _numbered(corpus, layout, numbering, report):
        token_ends.append(lines.token_ends + tokens.n)
        label_ends.append(lines.label_ends + labels.n)
        tokens.append(lines.tokens)
        labels.append(lines.labels)
    assert corpus.reading is not None
    arrays = [stream.whole() for stream in streams]
    return LabelledText(arrays[0], arrays[1], arrays[2], arrays[3], numbering, corpus.reading.fingerprint)


def _numbered(corpus: Corpus, layout: Layout, numbering: Numbering, report: Report) -> Iterator[Lines]:
    blocks = _reported(corpus, report)
    if layout.text_column is None and corpus.tokenizer.splits_at_white_space:
        for block in blocks:
            yield numbering.of_text(np.frombuffer(block.buffer, np.uint8), block.size)
        return
    name = corpus.paths[0] if len(corpus.paths) == 1 else f"{corpus.paths[0]} and {len(corpus.paths) - 1} more"
    parser = RowParser(layout, name)
    for lines in whole_lines(block.text for block in blocks):
        yield numbering.of_rows(parser.rows(lines))


def _reported(corpus: Corpus, report: Report) -> Iterator[Block]:
    for block in corpus.blocks():
        report(Progress("reading", block.stored_done, corpus.size_bytes, "B"))
        yield block


class _Stream:
    """An array that is written to a nameless file, a part at a time."""

    def __init__(self, folder: Path, dtype: Any) -> None:
        self.n = 0
        self._dtype = dtype
        self._folder = folder
        self._file = temporary_file(folder)
        close_with(self, self._file)

    def append(self, part: NDArray[Any]) -> None:
        self.n += len(part)
        with writable(f"{self._folder} (temporary files)"):
            self._file.write(np.ascontiguousarray(part, self._dtype).data.cast("B") if len(part) else b"")

    def whole(self) -> NDArray[Any]:
        with writable(f"{self._folder} (temporary files)"):
            self._file.flush()
        return mapped(self._file, self._dtype)
