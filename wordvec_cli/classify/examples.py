"""Labelled text as training examples: for each line the rows of its words and n-grams, and its labels.

N-grams of words, and of the characters of each word, are hashed into buckets as in fastText, but only the buckets that
occur get a row: of two million, some ten thousand in a text of ordinary size. So matrix and file are small, and an
n-gram that was never seen adds nothing to a prediction, where fastText would add the random numbers that its row began
with.

A line has some n-grams of one to three characters many times: its equal rows are merged, and counted, as that saves
most of the work of training.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.classify.labelled import LabelledText
from wordvec_cli.classify.model import LINE_END, LINE_END_HASH
from wordvec_cli.classify.ngrams import Subwords, hashes_of, rows_with_subwords, subwords_of
from wordvec_cli.errors import InputError
from wordvec_cli.storage.spool import Spool
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.ngram_lengths import NO_NGRAMS, NgramLengths
from wordvec_cli.text.words import PADDING, back_to_back, byte_order, take_words
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.counting import ranked
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.text.word_table import WordTable

TOKENS_AT_ONCE = 1 << 20
ROWS_AT_ONCE = 1 << 21

Int32s = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class ExampleOptions:
    """How text becomes examples. A word that is dropped still counts in the n-grams around it, as in fastText."""

    word_ngrams: int = 1
    buckets: int = 2_000_000
    min_count: int = 1
    min_count_label: int = 1
    subwords: NgramLengths = NO_NGRAMS

    @property
    def has_ngrams(self) -> bool:
        return self.word_ngrams > 1 or self.subwords.longest > 0


@dataclass(frozen=True, eq=False)
class Examples:
    """What a classifier is trained on.

    rows (n,) int32, row_offsets (n_examples + 1,): the rows of each example, of words and then of word n-grams
    row_counts    (n,) uint8: how often an example has each, up to 255 of one entry; (0,): without subwords, once each
    labels, label_offsets: the same for its labels, each once
    vocabulary    the words; words of --init that are not in the text come last
    buckets       (n_ngrams,) int32, ascending: the buckets that have a row, of either kind of n-grams
    n_words       words that occur in the text
    n_tokens      tokens of the examples, with line ends
    n_unlabelled  lines that are left out, as they have no label that is kept
    n_without_text  examples without a word
    """

    rows: Int32s
    row_offsets: Offsets
    row_counts: NDArray[np.uint8]
    labels: Int32s
    label_offsets: Offsets
    vocabulary: Vocabulary
    label_vocabulary: Vocabulary
    buckets: Int32s
    n_words: int
    n_tokens: int
    n_unlabelled: int
    n_without_text: int

    @property
    def n(self) -> int:
        return len(self.row_offsets) - 1


def make_examples(text: LabelledText, options: ExampleOptions, folder: Path, init: Embeddings | None) -> Examples:
    """The examples of a text, mapped from a nameless file in `folder`.

    init  vectors whose words are known too, whether they occur or not
    Raises: InputError if there is nothing to learn
    """
    label_ids, label_vocabulary = _labels(text, options.min_count_label)
    lines = _lines_with(text, label_ids)
    n_tokens = np.diff(text.token_offsets)[lines]
    words = _words(text, options.min_count, init)
    rows = _Rows(text, lines, options, words)
    labels, label_offsets = _own_labels(text, lines, label_ids)
    return Examples(
        *rows.written(folder), labels, label_offsets, words.vocabulary, label_vocabulary, rows.buckets,
        int(np.count_nonzero(np.asarray(words.vocabulary.counts))),
        int(n_tokens.sum()) + len(lines), text.n_lines - len(lines), int(np.count_nonzero(n_tokens == 0)),
    )  # fmt: skip


# ---------------------------------------------------------------- labels


def _labels(text: LabelledText, min_count: int) -> tuple[Int32s, Vocabulary]:
    """The id of each distinct label, -1 if it is too rare; and the labels that are kept. Raises: InputError"""
    table = text.numbering.labels
    if not len(table):
        raise InputError(
            "no line has a label; say what labels begin with (--label-prefix), or name their column (--label-column)"
        )
    counts = np.bincount(text.labels, minlength=len(table))
    every = ranked(table.text[: table.offsets[-1]], table.offsets, counts)
    if (np.asarray(every.counts) < min_count).all():
        raise InputError(f"--min-count-label {min_count}: no label occurs that often; lower it")
    kept = every.prune(min_count)
    if len(kept) == 1:
        name = shown(kept.word(0))
        raise InputError(
            f"there is only one label ({name}), so there is nothing to learn; add lines with another label"
        )
    return _ids_of(table, kept), kept


def _ids_of(table: "WordTable", vocabulary: Vocabulary) -> Int32s:
    """The id of each word of a table, (n,); -1 if the vocabulary lacks it."""
    text = np.append(np.asarray(vocabulary.text), np.zeros(PADDING, np.uint8))
    ids = np.full(len(table), -1, np.int32)
    numbers = table.find(text, np.asarray(vocabulary.offsets))
    found = np.flatnonzero(numbers >= 0)
    ids[numbers[found]] = found
    return ids


def _lines_with(text: LabelledText, label_ids: Int32s) -> Offsets:
    """The numbers of the lines that have a label that is kept."""
    n_kept = np.concatenate([[0], np.cumsum(label_ids[text.labels] >= 0)])[text.label_offsets]
    return np.flatnonzero(np.diff(n_kept))


def _own_labels(text: LabelledText, lines: Offsets, label_ids: Int32s) -> tuple[Int32s, Offsets]:
    from wordvec_cli.kernels import classify

    labels, offsets = np.empty(len(text.labels) + 1, np.int32), np.zeros(len(lines) + 1, np.int64)
    n = classify.write_labels(text.labels, text.label_offsets, lines, label_ids, labels, offsets[1:])
    return labels[:n], offsets


# ---------------------------------------------------------------- words


class _Words(NamedTuple):
    """All words; the row of each distinct token, and of the line end, -1 without one."""

    vocabulary: Vocabulary
    token_rows: Int32s
    end_row: int


def _words(text: LabelledText, min_count: int, init: Embeddings | None) -> _Words:
    table = text.numbering.tokens
    end = back_to_back([LINE_END])
    table.add(*end, np.zeros(1, np.int64))
    counts = np.zeros(len(table), np.int64)
    for first in range(0, len(text.tokens), TOKENS_AT_ONCE):
        counts += np.bincount(text.tokens[first : first + TOKENS_AT_ONCE], minlength=len(table))
    line_end = int(table.find(*end)[0])
    counts[line_end] += text.n_lines
    frequent = np.flatnonzero(counts >= min_count)
    if init is None and not len(frequent):
        raise InputError(f"--min-count {min_count}: no word of the text occurs that often; lower it")
    words, offsets = take_words(table.text, table.offsets, frequent)
    vocabulary = ranked(words, offsets, counts[frequent])
    if init is not None:
        vocabulary = _with_words_of(vocabulary, init.vocabulary)
    rows = _ids_of(table, vocabulary)
    return _Words(vocabulary, rows, int(rows[line_end]))


def _with_words_of(vocabulary: Vocabulary, other: Vocabulary) -> Vocabulary:
    """The words, and after them those of the other that are new, with a count of 0."""
    from wordvec_cli.vocabulary.id_table import id_table

    other_text, other_offsets = np.asarray(other.text), np.asarray(other.offsets)
    padded = np.append(other_text, np.zeros(PADDING, np.uint8))
    is_new = (id_table(vocabulary).find(padded, other_offsets) < 0) & (np.diff(other_offsets) > 0)
    new_text, new_offsets = take_words(other_text, other_offsets, np.flatnonzero(is_new))
    text = np.concatenate([np.asarray(vocabulary.text), new_text])
    offsets = np.concatenate([np.asarray(vocabulary.offsets), new_offsets[1:] + len(vocabulary.text)])
    counts = np.concatenate([np.asarray(vocabulary.counts), np.zeros(len(new_offsets) - 1, np.int64)])
    return Vocabulary(text, offsets, byte_order(text, offsets), counts)


# ---------------------------------------------------------------- rows


class _Rows:
    """The rows of the words and n-grams of lines."""

    def __init__(self, text: LabelledText, lines: Offsets, options: ExampleOptions, words: _Words) -> None:
        from wordvec_cli.kernels import classify

        self._text, self._lines, self._longest = text, lines, options.word_ngrams
        tokens = text.numbering.tokens
        hashes = hashes_of(tokens.text, tokens.offsets)
        subwords = subwords_of(tokens.text, tokens.offsets, options.subwords, options.buckets)
        bits = np.zeros(-(-options.buckets // 64) if options.has_ngrams else 1, np.uint64)
        if options.word_ngrams > 1:
            classify.mark_ngrams(
                text.tokens, text.token_offsets, lines, hashes, LINE_END_HASH, options.word_ngrams, options.buckets,
                bits,
            )  # fmt: skip
        if options.subwords.longest:
            self._mark_subwords(subwords, bits)
        ranks, self.buckets = classify.ranks_of_bits(bits)
        n_words = len(words.vocabulary)
        self._starts, rows = rows_with_subwords(words.token_rows, subwords, self.buckets, n_words)
        self._of_tokens = (
            self._starts, rows, hashes, words.end_row, LINE_END_HASH, options.word_ngrams, options.buckets,
        )  # fmt: skip
        self._of_ngrams = bits, ranks, n_words
        self._places = np.zeros(n_words + len(self.buckets) if options.subwords.longest else 0, np.int64)

    def _mark_subwords(self, subwords: Subwords, bits: NDArray[np.uint64]) -> None:
        """Mark the buckets of the tokens that the lines have."""
        from wordvec_cli.kernels import classify

        is_used = np.zeros(len(self._text.numbering.tokens), np.uint8)
        classify.mark_tokens(self._text.tokens, self._text.token_offsets, self._lines, is_used)
        classify.mark_buckets(subwords.buckets, subwords.offsets, is_used, bits)

    def written(self, folder: Path) -> tuple[Int32s, Offsets, NDArray[np.uint8]]:
        """The rows of all lines, mapped, where each line's begin, (n + 1,), and how often each comes."""
        all_rows, all_counts = Spool(folder, np.int32), Spool(folder, np.uint8)
        offsets = np.zeros(len(self._lines) + 1, np.int64)
        for first, last, n_rows in self._slices():
            rows, ends, counts = self._of_lines(first, last, n_rows)
            offsets[first + 1 : last + 1] = offsets[first] + ends
            all_rows.append(rows)
            all_counts.append(counts)
        return all_rows.whole(), offsets, all_counts.whole()

    def _slices(self) -> list[tuple[int, int, int]]:
        """Ranges of lines of some megabytes each, and how many rows they have at most."""
        from wordvec_cli.kernels import classify

        most = np.empty(len(self._lines), np.int64)
        classify.count_rows(
            self._text.tokens, self._text.token_offsets, self._lines, self._starts, self._longest, most
        )  # fmt: skip
        ends = np.cumsum(most)
        bounds = [0, *(np.flatnonzero(np.diff(ends // ROWS_AT_ONCE)) + 1).tolist(), len(most)]
        return [(first, last, int(most[first:last].sum())) for first, last in itertools.pairwise(bounds)]

    def _of_lines(self, first: int, last: int, n_rows: int) -> tuple[Int32s, Offsets, NDArray[np.uint8]]:
        from wordvec_cli.kernels import classify

        lines, text = self._lines[first:last], self._text
        rows, ends = np.empty(n_rows + 1, np.int32), np.empty(len(lines), np.int64)
        n = classify.write_rows(
            text.tokens, text.token_offsets, lines, *self._of_tokens, *self._of_ngrams, rows, ends
        )  # fmt: skip
        if not len(self._places):
            return rows[:n], ends, np.empty(0, np.uint8)
        counts = np.empty(n, np.uint8)
        n = classify.merge_equal_rows(rows, ends, self._places, counts)
        return rows[:n], ends, counts[:n]
