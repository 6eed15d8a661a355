"""Counting the words of a corpus: exactly, in bounded memory, in any number of threads."""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Report, silent
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text.blocks import Block
from wordvec_cli.text.chunk_pieces import split_chunks
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.spacing import REMEDY, lacks_spaces
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.word_filter import KEEP_ALL, WordFilter
from wordvec_cli.text.words import back_to_back, byte_order, take_words
from wordvec_cli.vocabulary.spilling import Spill, Stored, WordFile
from wordvec_cli.vocabulary.vocabulary import Vocabulary, each_word

if TYPE_CHECKING:
    from wordvec_cli.text.word_table import WordTable

SENTENCE_END = b"</s>"


@dataclass(frozen=True)
class CountOptions:
    """How to count. Raises: InputError if a number is out of its range."""

    min_count: int = 5
    max_vocab: int | None = None
    memory_bytes: int = 1_000_000_000  # of the tables of words, roughly; beyond it they go to disk
    n_threads: int = 1
    word_filter: WordFilter = KEEP_ALL

    def __post_init__(self) -> None:
        for option, value in (
            ("--min-count", self.min_count),
            ("--max-vocab", self.max_vocab),
            ("--memory", self.memory_bytes),
            ("--threads", self.n_threads),
        ):
            if value is not None and value < 1:
                raise OptionError(f"{option}: {value} is not a positive number")


@dataclass(frozen=True)
class Dropped:
    """Words that were left out: how many, and how often they occur together."""

    n_words: int
    n_tokens: int


class CountedWords:
    """The words of a corpus that the options let through, by descending count, equal counts in byte order.

    n_words, n_tokens   what was kept: words, and their occurrences
    below_min_count, beyond_max_vocab  what was not
    filtered            what was frequent enough, and left out: by the option that is the reason
    sentence_end_count  lines and occurrences of `</s>`, which word2vec.c counts as one word
    """

    def __init__(self, corpus: Corpus, options: CountOptions, words: "_Survivors", n_lines: int) -> None:
        self.corpus = corpus
        self.options = options
        self.n_words = min(words.n_words, options.max_vocab or words.n_words)
        self.n_tokens = words.n_tokens_of_first(self.n_words)
        self.below_min_count = words.dropped
        self.filtered = words.filtered
        self.beyond_max_vocab = Dropped(words.n_words - self.n_words, words.n_tokens - self.n_tokens)
        n_left_out = sum(dropped.n_tokens for dropped in (words.dropped, *words.filtered.values()))
        self.statistics = corpus.statistics(n_lines, words.n_tokens + n_left_out)
        self.sentence_end_count = n_lines + words.n_sentence_ends
        self._words = words

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """(word, count), in order, in bounded memory."""
        return itertools.islice(self._words.entries(), self.n_words)

    def vocabulary(self) -> Vocabulary:
        return self._words.vocabulary(self.n_words)


def count_words(corpus: Corpus, options: CountOptions, report: Report = silent) -> CountedWords:
    """Count the words of a corpus exactly; tables that outgrow the memory go to `corpus.spool_folder` and are merged.

    Raises: InputError if the corpus has no words or none is frequent enough, OutputError if the disk is full
    """
    spill = Spill(corpus.spool_folder)
    counters = [WordCounter(corpus.tokenizer, options, spill) for _ in range(options.n_threads)]
    corpus.feed(counters, "counting words", report)
    return chosen_words(corpus, options, spill, counters)


def chosen_words(
    corpus: Corpus, options: CountOptions, spill: Spill, counters: Sequence["WordCounter"]
) -> CountedWords:
    """Those of the words that were counted in a corpus, which has been read, that the options let through.

    spill  of the counters
    Raises: InputError if there are no words or none is frequent enough, OutputError if the disk is full
    """
    survivors = _Survivors(corpus.spool_folder, options.min_count, not spill.is_used, options.word_filter)
    for table in counted_tables(spill, counters):
        survivors.add_run(table)
    if not survivors.n_words:
        raise InputError(_why_no_words(corpus, survivors))
    return CountedWords(corpus, options, survivors, sum(counter.n_lines for counter in counters))


def counted_tables(spill: Spill, counters: Sequence["WordCounter"]) -> Iterator["WordTable"]:
    """All that was counted, each word in one of the tables: a single one, or parts of what is on the disk."""
    if not spill.is_used:
        yield _merged(counters)
        return
    for counter in counters:
        counter.spill()
    yield from spill.merged()


def _why_no_words(corpus: Corpus, survivors: "_Survivors") -> str:
    name = "standard input" if corpus.paths[0] == STANDARD_STREAM else corpus.paths[0]
    name += f" and {len(corpus.paths) - 1} more" if len(corpus.paths) > 1 else ""
    if survivors.filtered:
        return f"{name}: no word is left by {', '.join(survivors.filtered)}; leave fewer words out"
    if not survivors.dropped.n_words:
        return f"{name}: the corpus holds no words; name a corpus that does"
    if lacks_spaces(corpus):
        return f"{name}: no word occurs {survivors.min_count} times: {REMEDY}"
    words = counted(survivors.dropped.n_words, "word")
    return (
        f"{name}: no word occurs {survivors.min_count} times (the most frequent of {words}: "
        f"{survivors.highest_dropped_count}); lower --min-count"
    )


class WordCounter:
    """Counts blocks in one thread, in a table of its own: of chunks between white space, or of a pattern's tokens."""

    def __init__(self, tokenizer: Tokenizer, options: CountOptions, spill: Spill) -> None:
        from wordvec_cli.text.word_table import WordTable

        self.n_lines = 0
        self.chunks = WordTable(1, options.memory_bytes / (2 * options.n_threads))
        self._tokenizer = tokenizer.of_blocks
        self._spill = spill

    def __call__(self, block: Block) -> None:
        from wordvec_cli.kernels.text import count_lines
        from wordvec_cli.text.word_table import read_only

        text = read_only(np.frombuffer(block.buffer, np.uint8))
        self.n_lines += count_lines(text, block.size)
        if not self._tokenizer.splits_at_white_space:
            self._count_lines(block.text)
            return
        position = 0
        while (position := self.chunks.count_chunks(text, position, block.size)) < block.size:
            self.spill()

    def _count_lines(self, text: bytes) -> None:
        counted = Counter(token for line in text.split(b"\n") for token in self._tokenizer.tokens(line))
        words, offsets = back_to_back(list(counted))
        self.add(words, offsets, np.fromiter(counted.values(), np.int64, len(counted)))

    def add(self, text: NDArray[np.uint8], offsets: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add words back to back (`text` is padded), which the tokenizer leaves as they are, with their counts."""
        first = 0
        while (first := self.chunks.add(text, offsets, counts, first)) < len(counts):
            self.spill()

    def words(self) -> "WordTable":
        """What was counted as words: each distinct chunk is tokenised once."""
        from wordvec_cli.text.word_table import WordTable

        if self._tokenizer.keeps_chunks or not self._tokenizer.splits_at_white_space:
            return self.chunks
        words = WordTable()
        for pieces in split_chunks(self._tokenizer, self.chunks.text, self.chunks.offsets):
            words.add(pieces.text, pieces.offsets, self.chunks.counts[pieces.chunks].repeat(pieces.n_pieces))
        return words

    def spill(self) -> None:
        self._spill.write(self.words())
        self.chunks.clear()


def _merged(counters: Sequence[WordCounter]) -> "WordTable":
    """The words of all counters."""
    first, *others = sorted(counters, key=lambda counter: -len(counter.chunks))
    first.chunks.max_bytes = float("inf")
    for other in others:
        first.chunks.add(other.chunks.text, other.chunks.offsets, other.chunks.counts)
        other.chunks.clear()
    return first.words()


class _Survivors:
    """The words that occur often enough: one sorted run in memory, or many on disk."""

    RUN_BUFFER_WORDS = 1024

    def __init__(self, folder: Path, min_count: int, in_memory: bool, word_filter: WordFilter = KEEP_ALL) -> None:
        self.min_count = min_count
        self.filtered: dict[str, Dropped] = {}
        self._filter = word_filter
        self.n_words = self.n_tokens = 0
        self.n_sentence_ends = 0
        self.highest_dropped_count = 0
        self.dropped = Dropped(0, 0)
        self._n_words_with_count: Counter[int] = Counter()
        self._file = None if in_memory else WordFile(folder)
        self._stored: list[Stored] = []
        self._vocabulary: Vocabulary | None = None

    def add_run(self, table: "WordTable") -> None:
        self._note_sentence_ends(table)
        is_kept = table.counts >= self.min_count
        self._note_dropped(table.counts[~is_kept])
        if self._filter.is_used:
            self._leave_out(table, is_kept)
        counts = table.counts[is_kept]
        self._note_kept(counts)
        run = ranked(*take_words(table.text, table.offsets, np.flatnonzero(is_kept)), counts)
        if self._file is None:
            self._vocabulary = run
        else:
            self._stored.append(self._file.write(*_arrays(run)))

    def _note_sentence_ends(self, table: "WordTable") -> None:
        number = int(table.find(*back_to_back([SENTENCE_END]))[0])
        self.n_sentence_ends += int(table.counts[number]) if number >= 0 else 0

    def _leave_out(self, table: "WordTable", is_kept: NDArray[np.bool_]) -> None:
        """Of the words that are kept, those that the filter leaves out."""
        for i in np.flatnonzero(is_kept).tolist():
            reason = self._filter.reason(bytes(table.text[table.offsets[i] : table.offsets[i + 1]]))
            if reason is not None:
                is_kept[i] = False
                before = self.filtered.get(reason, Dropped(0, 0))
                self.filtered[reason] = Dropped(before.n_words + 1, before.n_tokens + int(table.counts[i]))

    def _note_dropped(self, counts: NDArray[np.int64]) -> None:
        self.dropped = Dropped(self.dropped.n_words + len(counts), self.dropped.n_tokens + int(counts.sum()))
        self.highest_dropped_count = max(self.highest_dropped_count, int(counts.max(initial=0)))

    def _note_kept(self, counts: NDArray[np.int64]) -> None:
        self.n_words += len(counts)
        self.n_tokens += int(counts.sum())
        values, n_words = np.unique(counts, return_counts=True)
        self._n_words_with_count.update(dict(zip(values.tolist(), n_words.tolist(), strict=True)))

    def n_tokens_of_first(self, n_words: int) -> int:
        n_tokens = 0
        for count in sorted(self._n_words_with_count, reverse=True):
            n_taken = min(n_words, self._n_words_with_count[count])
            n_tokens += count * n_taken
            n_words -= n_taken
        return n_tokens

    def entries(self) -> Iterator[tuple[bytes, int]]:
        """All (word, count) in order; runs on disk are merged as they are read."""
        if self._vocabulary is not None:
            return zip(self._vocabulary, np.asarray(self._vocabulary.counts).tolist(), strict=True)
        runs = (self._entries_of_run(stored) for stored in self._stored)
        return heapq.merge(*runs, key=lambda entry: (-entry[1], entry[0]))

    def _entries_of_run(self, stored: Stored) -> Iterator[tuple[bytes, int]]:
        text_position = 0
        for first in range(0, stored.n_words, self.RUN_BUFFER_WORDS):
            text, offsets, counts = self._read(stored, first, self.RUN_BUFFER_WORDS, text_position)
            text_position += len(text)
            yield from zip(each_word(text, offsets), counts.tolist(), strict=True)

    def _read(self, stored: Stored, *where: int) -> Any:
        assert self._file is not None
        return self._file.read(stored, *where)

    def vocabulary(self, n_words: int) -> Vocabulary:
        """The first `n_words`, in memory."""
        if self._vocabulary is None:
            runs = [self._read(stored) for stored in self._stored]
            lengths = np.concatenate([np.diff(offsets) for _, offsets, _ in runs])
            offsets = np.concatenate([[0], np.cumsum(lengths)])
            text, counts = (np.concatenate([run[i] for run in runs]) for i in (0, 2))
            self._vocabulary = ranked(text, offsets, counts)
        return self._vocabulary if n_words == len(self._vocabulary) else self._vocabulary.prune(1, n_words)


def ranked(text: NDArray[np.uint8], offsets: NDArray[np.int64], counts: NDArray[np.int64]) -> Vocabulary:
    """The words by descending count, equal counts in byte order."""
    order = byte_order(text, offsets)
    by_rank = order[np.argsort(-counts[order], kind="stable")]
    rank_of = np.empty_like(by_rank)
    rank_of[by_rank] = np.arange(len(by_rank))
    return Vocabulary(*take_words(text, offsets, by_rank), rank_of[order], counts[by_rank])


def _arrays(vocabulary: Vocabulary) -> Any:
    return vocabulary.text, vocabulary.offsets, vocabulary.counts
