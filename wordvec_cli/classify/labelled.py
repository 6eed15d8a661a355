"""Labelled text as numbers of distinct tokens and labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.classify.lines import LabelLayout, LabelledLine, LineParser
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage.spool import Spool
from wordvec_cli.text.blocks import Block
from wordvec_cli.text.chunk_ids import ChunkIds
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.segmenting import spaced
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import PADDING, back_to_back

TokenIds = NDArray[np.int32]
Offsets = NDArray[np.int64]

FIRST_LABEL = -2  # a chunk that is a label stands for FIRST_LABEL - its number, and is no token


# ---------------------------------------------------------------- lines as numbers


class NumberedLines(NamedTuple):
    """Some lines: line i has tokens[token_ends[i - 1] : token_ends[i]], and its labels likewise.

    There may be tokens and labels after the last end, of a line that goes on.
    """

    tokens: TokenIds
    token_ends: Offsets
    labels: TokenIds
    label_ends: Offsets


class Numbering:
    """Numbers the distinct tokens and labels of a text as they come.

    label_prefix    what labels begin with; None: the text has no labels in it
    tokens, labels  tables of what has come so far (`text.word_table.WordTable`)
    """

    def __init__(self, tokenizer: Tokenizer, label_prefix: bytes | None) -> None:
        from wordvec_cli.text.word_table import WordTable

        self.tokens, self.labels = WordTable(), WordTable(1)
        self._tokenizer = tokenizer
        self._prefix = label_prefix
        self._chunks = ChunkIds(
            tokenizer.of_blocks, lambda *words: self._numbers(self.tokens, *words), self._find_labels
        )

    @property
    def size_bytes(self) -> int:
        return self.tokens.size_bytes + self._chunks.size_bytes

    def of_lines(self, lines: Sequence[LabelledLine]) -> NumberedLines:
        """The lines whose labels are known already."""
        text = b"\n".join(text for _, text in lines) + b"\n" if lines else b""
        numbered = self._of_plain_text(text)
        labels = [label for labels, _ in lines for label in labels]
        ends = np.cumsum(np.fromiter((len(labels) for labels, _ in lines), np.int64, len(lines)))
        return numbered._replace(labels=self._numbers(self.labels, *back_to_back(labels)), label_ends=ends)

    def _of_plain_text(self, text: bytes) -> NumberedLines:
        if self._tokenizer.is_segmenter:
            text = spaced(self._tokenizer, text)
        elif not self._tokenizer.splits_at_white_space:
            return self._of_token_lists([self._tokenizer.tokens(line) for line in text.split(b"\n")[:-1]])
        return self.of_text(np.frombuffer(text + b"\n" * PADDING, np.uint8), len(text))

    def _of_token_lists(self, tokens_of_lines: Sequence[Sequence[bytes]]) -> NumberedLines:
        tokens = [token for tokens in tokens_of_lines for token in tokens]
        ends = np.cumsum(np.fromiter(map(len, tokens_of_lines), np.int64, len(tokens_of_lines)))
        return NumberedLines(
            self._numbers(self.tokens, *back_to_back(tokens)), ends, np.empty(0, np.int32), np.zeros_like(ends)
        )

    def of_text(self, text: NDArray[np.uint8], size: int) -> NumberedLines:
        """The lines of text[:size], PADDING bytes of white space after it; labels begin with the prefix.

        For tokenizers that split at white space; where a segmenter is to find the words, it has done so.
        """
        ids, ends = self._chunks.of_text(text, size)
        is_label = ids <= FIRST_LABEL
        n_labels_before = np.concatenate([[0], np.cumsum(is_label)])[ends]
        return NumberedLines(ids[~is_label], ends - n_labels_before, FIRST_LABEL - ids[is_label], n_labels_before)

    def _find_labels(self, text: NDArray[np.uint8], offsets: Offsets) -> tuple[Offsets, TokenIds]:
        """The chunks that are labels, and what they stand for."""
        found = np.flatnonzero(_begin_with(text, offsets, self._prefix))
        names = [bytes(text[offsets[i] + len(self._prefix or b"") : offsets[i + 1]]) for i in found]
        return found, (FIRST_LABEL - self._numbers(self.labels, *back_to_back(names))).astype(np.int32)

    @staticmethod
    def _numbers(table: Any, text: NDArray[np.uint8], offsets: Offsets) -> TokenIds:
        """The numbers of words back to back, of new ones too."""
        table.add(text, offsets, np.zeros(len(offsets) - 1, np.int64))
        numbers: TokenIds = table.find(text, offsets)
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


# ---------------------------------------------------------------- a whole corpus


@dataclass(frozen=True, eq=False)
class LabelledText:
    """A labelled corpus as numbers, mapped from files that have no name.

    tokens (n,) int32, token_offsets (n_lines + 1,) int64: the numbers of `numbering.tokens` of each line
    labels, label_offsets: the same for its labels
    """

    tokens: TokenIds
    token_offsets: Offsets
    labels: TokenIds
    label_offsets: Offsets
    numbering: Numbering
    corpus_fingerprint: str

    @property
    def n_lines(self) -> int:
        return len(self.token_offsets) - 1


def read_labelled(corpus: Corpus, layout: LabelLayout, report: Report = silent, n_threads: int = 1) -> LabelledText:
    """Read a corpus once; in memory are its distinct words. Raises: InputError, OutputError (a full disk)

    n_threads  how many processes a segmenter may have
    """
    numbering = Numbering(corpus.tokenizer, layout.label_prefix if layout.text_column is None else None)
    streams = [Spool(corpus.spool_folder, dtype) for dtype in (np.int32, np.int64, np.int32, np.int64)]
    tokens, token_ends, labels, label_ends = streams
    for ends in (token_ends, label_ends):
        ends.append(np.zeros(1, np.int64))
    for lines in _numbered(corpus, layout, numbering, report, n_threads):
        token_ends.append(lines.token_ends + len(tokens))
        label_ends.append(lines.label_ends + len(labels))
        tokens.append(lines.tokens)
        labels.append(lines.labels)
    assert corpus.reading is not None
    arrays = [stream.whole() for stream in streams]
    return LabelledText(arrays[0], arrays[1], arrays[2], arrays[3], numbering, corpus.reading.fingerprint)


def _numbered(
    corpus: Corpus, layout: LabelLayout, numbering: Numbering, report: Report, n_threads: int
) -> Iterator[NumberedLines]:
    if layout.text_column is None and corpus.tokenizer.of_blocks.splits_at_white_space:
        spaced_blocks = corpus.blocks(n_threads=n_threads, label_prefix=layout.label_prefix)
        for block in _reported(corpus, spaced_blocks, report):
            yield numbering.of_text(np.frombuffer(block.buffer, np.uint8), block.size)
        return
    name = corpus.paths[0] if len(corpus.paths) == 1 else f"{corpus.paths[0]} and {len(corpus.paths) - 1} more"
    parser = LineParser(layout, name)
    for lines in whole_lines(block.text for block in _reported(corpus, corpus.raw_blocks(), report)):
        yield numbering.of_lines(parser.parse(lines))


def _reported(corpus: Corpus, blocks: Iterator[Block], report: Report) -> Iterator[Block]:
    for block in blocks:
        report(Progress("reading", block.stored_done, corpus.size_bytes, "B"))
        yield block
