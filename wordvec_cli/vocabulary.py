"""The words of a corpus: the Vocabulary, counting it (exactly, in bounded memory), its files.

`Vocabulary` and `find` need nothing but the standard library, on memory maps too: `wordvec lookup` stands on them and
must not wait for numpy, which is imported where it is needed.
"""

import hashlib
import heapq
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, Protocol, get_args

from wordvec_cli.errors import InputError
from wordvec_cli.files import STANDARD_STREAM, decompressed, readable, replacing, temporary_file, writable
from wordvec_cli.progress import Report, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.corpus import Block, Corpus, Tokenizer
    from wordvec_cli.kernels.text import WordTable

SENTENCE_END = b"</s>"
Layout = Literal["tsv", "word2vec"]
LAYOUTS = get_args(Layout)


class Indexable(Protocol):
    """An array, a memoryview, a sequence: numbers (or the bytes of a text) by position."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


# ---------------------------------------------------------------- the vocabulary


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Distinct words, numbered from 0.

    text     the words in UTF-8 (or whatever bytes they were), back to back
    offsets  (n + 1,) int64: word i is text[offsets[i] : offsets[i + 1]]
    order    (n,) int64: ids in byte order of the words
    counts   (n,) int64, or None if not known
    """

    text: Indexable
    offsets: Indexable
    order: Indexable
    counts: Indexable | None = None

    @staticmethod
    def from_words(words: Iterable[bytes], counts: Iterable[int] | None = None) -> "Vocabulary":
        """Word i gets id i. Raises: InputError if a word comes twice."""
        import numpy as np

        from wordvec_cli.corpus import PADDING, back_to_back

        words = list(words)
        text, offsets = back_to_back(words)
        order = byte_order(text, offsets)
        if (twice := _first_repeated(text, offsets, order)) is not None:
            raise InputError(f"{_shown(words[twice])}: comes twice; words of a vocabulary are distinct")
        all_counts = None if counts is None else np.fromiter(counts, np.int64, len(words))
        return Vocabulary(text[: len(text) - PADDING], offsets, order, all_counts)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[bytes]:
        """The words by id."""
        return _words(self.text, self.offsets)

    def word(self, id: int) -> bytes:
        return bytes(self.text[int(self.offsets[id]) : int(self.offsets[id + 1])])

    def find(self, word: bytes) -> int | None:
        """The id of a word, by bisection."""
        low, high = 0, len(self.order)
        while low < high:
            middle = (low + high) // 2
            if self.word(int(self.order[middle])) < word:
                low = middle + 1
            else:
                high = middle
        if low < len(self.order) and self.word(id := int(self.order[low])) == word:
            return id
        return None

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the words in their order and of their counts."""
        digest = hashlib.sha256(memoryview(self.offsets).cast("B"))  # type: ignore[arg-type]
        digest.update(memoryview(self.text))  # type: ignore[arg-type]
        if self.counts is not None:
            digest.update(memoryview(self.counts).cast("B"))  # type: ignore[arg-type]
        return digest.hexdigest()

    def prune(self, min_count: int, max_vocab: int | None = None) -> "Vocabulary":
        """The words that occur at least `min_count` times, the `max_vocab` most frequent of them, in the same order.

        Raises: InputError if counts are needed and not known, or if no word is left
        """
        import numpy as np

        if self.counts is None:
            raise InputError("--min-count, --max-vocab: the vocabulary has no counts; leave them out")
        counts = np.asarray(self.counts)
        kept = np.flatnonzero(counts >= min_count)
        if max_vocab is not None and len(kept) > max_vocab:
            kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")[:max_vocab]])
        if not len(kept):
            raise InputError(f"--min-count {min_count}: no word of the vocabulary occurs as often; lower it")
        new_ids = np.full(len(self), -1)
        new_ids[kept] = np.arange(len(kept))
        order = new_ids[np.asarray(self.order)]
        text, offsets = take_words(np.asarray(self.text), np.asarray(self.offsets), kept)
        return Vocabulary(text, offsets, order[order >= 0], counts[kept])


def _arrays(vocabulary: Vocabulary) -> Any:
    return vocabulary.text, vocabulary.offsets, vocabulary.counts


def _words(text: Any, offsets: Any) -> Iterator[bytes]:
    text = memoryview(text)
    for start, end in itertools.pairwise(_plain(offsets)):
        yield bytes(text[start:end])


def _plain(numbers: Any) -> Any:
    """An array or memoryview as a list: Python's numbers, not numpy's, which are slow one by one."""
    return numbers.tolist() if hasattr(numbers, "tolist") else numbers


def _shown(word: bytes) -> str:
    return word.decode("utf-8", "backslashreplace")


# ---------------------------------------------------------------- words back to back


def byte_order(text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """The numbers of the words in byte order, (n,) int64; a word before those that it begins.

    Sorts by 8 bytes at a time, as numbers; what is tied goes on to the next 8, the few still tied after 32 to Python.
    """
    import numpy as np

    order = np.arange(len(offsets) - 1)
    tied = _Tied(order, np.zeros_like(order))
    for depth in range(0, 32, 8):
        if not len(tied.places):
            return order
        tied = _sort_by_8_bytes(text, offsets, order, tied, depth)
    bounds = [*np.flatnonzero(np.diff(tied.groups, prepend=-1)).tolist(), len(tied.places)]
    for first, last in itertools.pairwise(bounds):
        places = tied.places[first:last]
        words = sorted(order[places].tolist(), key=lambda word: bytes(text[offsets[word] : offsets[word + 1]]))
        order[places] = words
    return order


class _Tied(NamedTuple):
    """Places in an order whose words are alike so far, and for each of them a number that is the same for its likes."""

    places: "NDArray[np.int64]"
    groups: "NDArray[np.int64]"


def _sort_by_8_bytes(
    text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", order: "NDArray[np.int64]", tied: _Tied, depth: int
) -> _Tied:
    """Sort tied words by bytes `depth` to `depth + 8`, in place in `order`; return those that are tied still."""
    import numpy as np

    words = order[tied.places]
    left = offsets[words + 1] - offsets[words] - depth
    keys = _keys(text, offsets[words] + depth, left)
    left = np.clip(left, 0, 9)  # of words with the same key the shorter comes first; 9: there is more to compare
    ranks = np.lexsort((left, keys, tied.groups))
    places = tied.places.copy()  # `tied.places` may be `order` itself
    order[places] = words[ranks]
    alike = np.ones(len(words) - 1, bool)
    for values in (keys[ranks], left[ranks], tied.groups[ranks]):
        alike &= values[1:] == values[:-1]
    groups = np.cumsum(np.append(True, ~alike))
    goes_on = (np.append(False, alike) | np.append(alike, False)) & (left[ranks] > 8)
    return _Tied(places[goes_on], groups[goes_on])


def _keys(text: "NDArray[np.uint8]", starts: "NDArray[np.int64]", lengths: "NDArray[np.int64]") -> "NDArray[np.uint64]":
    """The first 8 bytes of each word (zeros after its end) as a number that compares as they do."""
    import numpy as np

    padded = np.append(text, np.zeros(8, np.uint8))
    every_8_bytes = np.ndarray(len(padded) - 7, ">u8", padded, strides=(1,))
    keys = every_8_bytes[np.minimum(starts, len(text))].astype(np.uint64)
    missing_bits = (8 * (8 - np.clip(lengths, 0, 8))).astype(np.uint64)
    return np.where(missing_bits == 64, 0, (keys >> (missing_bits % 64)) << (missing_bits % 64))


def take_words(
    text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", chosen: "NDArray[np.int64]"
) -> tuple["NDArray[np.uint8]", "NDArray[np.int64]"]:
    """The text and offsets of the words with the numbers `chosen`."""
    import numpy as np

    lengths = offsets[chosen + 1] - offsets[chosen]
    new_offsets = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(lengths, out=new_offsets[1:])
    new_text = np.empty(int(new_offsets[-1]), np.uint8)
    for first in range(0, len(chosen), 1 << 16):  # positions take 8 times the space of the bytes
        some = slice(first, first + (1 << 16))
        start, end = new_offsets[first], new_offsets[min(first + (1 << 16), len(chosen))]
        shifts = np.repeat(offsets[chosen[some]] - new_offsets[:-1][some], lengths[some])
        new_text[start:end] = text[np.arange(start, end) + shifts]
    return new_text, new_offsets


def _first_repeated(text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", order: "NDArray[np.int64]") -> int | None:
    """The lowest number of a word that has come before, if any."""
    import numpy as np

    lengths = np.diff(offsets)[order]
    starts = offsets[order]
    suspects = np.flatnonzero(lengths[1:] == lengths[:-1])
    first, second = starts[suspects], starts[suspects + 1]
    suspects = suspects[_keys(text, first, lengths[suspects]) == _keys(text, second, lengths[suspects])]
    repeated = [
        max(order[i], order[i + 1])
        for i in suspects.tolist()
        if bytes(text[starts[i] : starts[i] + lengths[i]]) == bytes(text[starts[i + 1] : starts[i + 1] + lengths[i]])
    ]
    return int(min(repeated)) if repeated else None


# ---------------------------------------------------------------- counting


@dataclass(frozen=True)
class CountOptions:
    """How to count. Raises: InputError if a number is out of its range."""

    min_count: int = 5
    max_vocab: int | None = None
    memory_bytes: int = 1_000_000_000  # of the tables of words, roughly; beyond it they go to disk
    n_threads: int = 1

    def __post_init__(self) -> None:
        for option, value in (
            ("--min-count", self.min_count),
            ("--max-vocab", self.max_vocab),
            ("--memory", self.memory_bytes),
            ("--threads", self.n_threads),
        ):
            if value is not None and value < 1:
                raise InputError(f"{option}: {value} is not a positive number")


@dataclass(frozen=True)
class Dropped:
    """Words that were left out: how many, and how often they occur together."""

    n_words: int
    n_tokens: int


class CountedWords:
    """The words of a corpus that the options let through, by descending count, equal counts in byte order.

    n_words, n_tokens   what was kept: words, and their occurrences
    below_min_count, beyond_max_vocab  what was not
    sentence_end_count  lines and occurrences of `</s>`, which word2vec.c counts as one word
    """

    def __init__(self, corpus: "Corpus", options: CountOptions, words: "_Survivors", n_lines: int) -> None:
        self.corpus = corpus
        self.options = options
        self.n_words = min(words.n_words, options.max_vocab or words.n_words)
        self.n_tokens = words.n_tokens_of_first(self.n_words)
        self.below_min_count = words.dropped
        self.beyond_max_vocab = Dropped(words.n_words - self.n_words, words.n_tokens - self.n_tokens)
        self.statistics = corpus.statistics(n_lines, words.n_tokens + words.dropped.n_tokens)
        self.sentence_end_count = n_lines + words.n_sentence_ends
        self._words = words

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """(word, count), in order, in bounded memory."""
        return itertools.islice(self._words.entries(), self.n_words)

    def vocabulary(self) -> Vocabulary:
        return self._words.vocabulary(self.n_words)


def count_words(corpus: "Corpus", options: CountOptions, report: Report = silent) -> CountedWords:
    """Count the words of a corpus exactly; tables that outgrow the memory go to `corpus.spool_folder` and are merged.

    Raises: InputError if the corpus has no words or none is frequent enough, OutputError if the disk is full
    """
    spill = _Spill(corpus.spool_folder)
    counters = [_Counter(corpus.tokenizer, options, spill) for _ in range(options.n_threads)]
    corpus.feed(counters, "counting words", report)
    survivors = _Survivors(corpus.spool_folder, options.min_count, in_memory=not spill.is_used)
    if spill.is_used:
        for counter in counters:
            counter.spill()
        for table in spill.merged():
            survivors.add_run(table)
    else:
        survivors.add_run(_merged(counters))
    if not survivors.n_words:
        raise InputError(_why_no_words(corpus, survivors))
    return CountedWords(corpus, options, survivors, sum(counter.n_lines for counter in counters))


def _why_no_words(corpus: "Corpus", survivors: "_Survivors") -> str:
    name = corpus.paths[0] if len(corpus.paths) == 1 else f"{corpus.paths[0]} and {len(corpus.paths) - 1} more"
    if not survivors.dropped.n_words:
        return f"{name}: the corpus holds no words; name one that does"
    return (
        f"{name}: no word occurs {survivors.min_count} times (the most frequent of {survivors.dropped.n_words} words: "
        f"{survivors.highest_dropped_count}); lower --min-count"
    )


class _Counter:
    """Counts blocks in one thread, in a table of its own: of chunks between white space, or of a pattern's tokens."""

    def __init__(self, tokenizer: "Tokenizer", options: CountOptions, spill: "_Spill") -> None:
        from wordvec_cli.kernels.text import WordTable

        self.n_lines = 0
        self.chunks = WordTable(1, options.memory_bytes / (2 * options.n_threads))
        self._tokenizer = tokenizer
        self._spill = spill

    def __call__(self, block: "Block") -> None:
        import numpy as np

        from wordvec_cli.kernels.text import count_lines, read_only

        text = read_only(np.frombuffer(block.buffer, np.uint8))
        self.n_lines += count_lines(text, block.size)
        if not self._tokenizer.splits_at_white_space:
            self._count_lines(block.text)
            return
        position = 0
        while (position := self.chunks.count_chunks(text, position, block.size)) < block.size:
            self.spill()

    def _count_lines(self, text: bytes) -> None:
        import numpy as np

        from wordvec_cli.corpus import back_to_back

        counted = Counter(token for line in text.split(b"\n") for token in self._tokenizer.tokens(line))
        words, offsets = back_to_back(list(counted))
        counts = np.fromiter(counted.values(), np.int64, len(counted))
        first = 0
        while (first := self.chunks.add(words, offsets, counts, first)) < len(counts):
            self.spill()

    def words(self) -> "WordTable":
        """What was counted as words: each distinct chunk is tokenised once."""
        from wordvec_cli.corpus import split_chunks
        from wordvec_cli.kernels.text import WordTable

        if self._tokenizer.keeps_chunks or not self._tokenizer.splits_at_white_space:
            return self.chunks
        words = WordTable()
        for pieces in split_chunks(self._tokenizer, self.chunks.text, self.chunks.offsets):
            words.add(pieces.text, pieces.offsets, self.chunks.counts[pieces.chunks].repeat(pieces.n_pieces))
        return words

    def spill(self) -> None:
        self._spill.write(self.words())
        self.chunks.clear()


def _merged(counters: Sequence[_Counter]) -> "WordTable":
    """The words of all counters."""
    first, *others = sorted(counters, key=lambda counter: -len(counter.chunks))
    first.chunks.max_bytes = float("inf")
    for other in others:
        first.chunks.add(other.chunks.text, other.chunks.offsets, other.chunks.counts)
        other.chunks.clear()
    return first.words()


# ---------------------------------------------------------------- counting more than the memory holds


class _Stored(NamedTuple):
    """Where in a file some words are: their counts, their lengths (int64), their text."""

    position: int
    n_words: int
    n_text: int


class _WordFile:
    """Counted words in a nameless file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def write(self, text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", counts: "NDArray[np.int64]") -> _Stored:
        import numpy as np

        from wordvec_cli.corpus import close_with

        with self._lock, writable(f"{self._folder} (temporary files)"):
            if self._file is None:
                self._file = temporary_file(self._folder)
                close_with(self, self._file)
            position = self._file.seek(0, 2)
            for array in (np.diff(offsets), counts, text[offsets[0] : offsets[-1]]):
                self._file.write(np.ascontiguousarray(array).data.cast("B"))
            self._file.flush()
            return _Stored(position, len(counts), int(offsets[-1] - offsets[0]))

    def read(self, stored: _Stored, first: int = 0, n_words: int | None = None, text_position: int = 0) -> Any:
        """(text, offsets, counts) of `n_words` (default: all) from `first` on, whose text starts at `text_position`."""
        import numpy as np

        n_words = stored.n_words - first if n_words is None else min(n_words, stored.n_words - first)
        lengths = np.frombuffer(self._bytes(stored.position + 8 * first, 8 * n_words), np.int64)
        counts = np.frombuffer(self._bytes(stored.position + 8 * (stored.n_words + first), 8 * n_words), np.int64)
        offsets = np.zeros(n_words + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        text = self._bytes(stored.position + 16 * stored.n_words + text_position, int(offsets[-1]))
        return np.frombuffer(text, np.uint8), offsets, counts

    def _bytes(self, position: int, size: int) -> bytes:
        assert self._file is not None
        self._file.seek(position)
        return self._file.read(size)


class _Spill:
    """Tables of words on disk, cut by hash into parts that each fit into memory alone."""

    N_PARTS = 256

    def __init__(self, folder: Path) -> None:
        self._file = _WordFile(folder)
        self._parts: list[list[_Stored]] = [[] for _ in range(self.N_PARTS)]

    @property
    def is_used(self) -> bool:
        return any(self._parts)

    def write(self, table: "WordTable") -> None:
        import numpy as np

        part_of_word = (table.hashes >> np.uint64(56)).astype(np.int64)
        by_part = np.argsort(part_of_word, kind="stable")
        text, offsets = take_words(table.text, table.offsets, by_part)
        bounds = np.searchsorted(part_of_word[by_part], np.arange(self.N_PARTS + 1)).tolist()
        counts = table.counts[by_part]
        for part, (first, last) in enumerate(itertools.pairwise(bounds)):
            if first < last:
                stored = self._file.write(text, offsets[first : last + 1], counts[first:last])
                self._parts[part].append(stored)

    def merged(self) -> Iterator["WordTable"]:
        """Each part as one table."""
        from wordvec_cli.kernels.text import WordTable, padded

        for part in self._parts:
            table = WordTable()
            for stored in part:
                text, offsets, counts = self._file.read(stored)
                table.add(padded(text), offsets, counts)
            yield table


class _Survivors:
    """The words that occur often enough: one sorted run in memory, or many on disk."""

    RUN_BUFFER_WORDS = 1024

    def __init__(self, folder: Path, min_count: int, in_memory: bool) -> None:
        self.min_count = min_count
        self.n_words = self.n_tokens = 0
        self.n_sentence_ends = 0
        self.highest_dropped_count = 0
        self.dropped = Dropped(0, 0)
        self._n_words_with_count: Counter[int] = Counter()
        self._file = None if in_memory else _WordFile(folder)
        self._stored: list[_Stored] = []
        self._vocabulary: Vocabulary | None = None

    def add_run(self, table: "WordTable") -> None:
        import numpy as np

        self._note_sentence_ends(table)
        is_kept = table.counts >= self.min_count
        self._note_dropped(table.counts[~is_kept])
        counts = table.counts[is_kept]
        self._note_kept(counts)
        run = _ranked(*take_words(table.text, table.offsets, np.flatnonzero(is_kept)), counts)
        if self._file is None:
            self._vocabulary = run
        else:
            self._stored.append(self._file.write(*_arrays(run)))

    def _note_sentence_ends(self, table: "WordTable") -> None:
        from wordvec_cli.corpus import back_to_back

        number = int(table.find(*back_to_back([SENTENCE_END]))[0])
        self.n_sentence_ends += int(table.counts[number]) if number >= 0 else 0

    def _note_dropped(self, counts: "NDArray[np.int64]") -> None:
        self.dropped = Dropped(self.dropped.n_words + len(counts), self.dropped.n_tokens + int(counts.sum()))
        self.highest_dropped_count = max(self.highest_dropped_count, int(counts.max(initial=0)))

    def _note_kept(self, counts: "NDArray[np.int64]") -> None:
        import numpy as np

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
            return zip(self._vocabulary, _plain(self._vocabulary.counts), strict=True)
        runs = (self._entries_of_run(stored) for stored in self._stored)
        return heapq.merge(*runs, key=lambda entry: (-entry[1], entry[0]))

    def _entries_of_run(self, stored: _Stored) -> Iterator[tuple[bytes, int]]:
        text_position = 0
        for first in range(0, stored.n_words, self.RUN_BUFFER_WORDS):
            text, offsets, counts = self._read(stored, first, self.RUN_BUFFER_WORDS, text_position)
            text_position += len(text)
            yield from zip(_words(text, offsets), counts.tolist(), strict=True)

    def _read(self, stored: _Stored, *where: int) -> Any:
        assert self._file is not None
        return self._file.read(stored, *where)

    def vocabulary(self, n_words: int) -> Vocabulary:
        """The first `n_words`, in memory."""
        import numpy as np

        if self._vocabulary is None:
            runs = [self._read(stored) for stored in self._stored]
            lengths = np.concatenate([np.diff(offsets) for _, offsets, _ in runs])
            offsets = np.concatenate([[0], np.cumsum(lengths)])
            text, counts = (np.concatenate([run[i] for run in runs]) for i in (0, 2))
            self._vocabulary = _ranked(text, offsets, counts)
        return self._vocabulary if n_words == len(self._vocabulary) else self._vocabulary.prune(1, n_words)


def _ranked(text: "NDArray[np.uint8]", offsets: "NDArray[np.int64]", counts: "NDArray[np.int64]") -> Vocabulary:
    """The words by descending count, equal counts in byte order."""
    import numpy as np

    order = byte_order(text, offsets)
    by_rank = order[np.argsort(-counts[order], kind="stable")]
    rank_of = np.empty_like(by_rank)
    rank_of[by_rank] = np.arange(len(by_rank))
    return Vocabulary(*take_words(text, offsets, by_rank), rank_of[order], counts[by_rank])


# ---------------------------------------------------------------- files


def write_vocabulary(words: CountedWords, path: str, layout: Layout = "tsv") -> None:
    """Write `word<TAB>count` lines, or with the layout "word2vec" `word count` with `</s>` and the lines' count first.

    Beside it FILE.json says how it was made (not for `-` or a device). Raises: OutputError
    """
    if layout not in LAYOUTS:
        raise InputError(f"--to: {layout!r} is not one of {', '.join(LAYOUTS)}")
    digest = hashlib.sha256()
    with replacing(path) as file:
        for lines in _lines(words, layout):
            digest.update(lines)
            file.write(lines)
    if path != STANDARD_STREAM and Path(path).is_file():
        _write_sidecar(words, path, layout, digest.hexdigest())


def _lines(words: CountedWords, layout: Layout) -> Iterator[bytes]:
    """The lines of a vocabulary file, thousands at a time."""
    entries = iter(words)
    line = b"%b\t%d\n"
    if layout == "word2vec":
        line = b"%b %d\n"
        yield line % (SENTENCE_END, words.sentence_end_count)
        entries = (entry for entry in entries if entry[0] != SENTENCE_END)
    while some := list(itertools.islice(entries, 1 << 14)):
        yield b"".join([line % entry for entry in some])


def _write_sidecar(words: CountedWords, path: str, layout: Layout, fingerprint: str) -> None:
    assert words.corpus.reading is not None
    content = {
        "vocabulary": {"fingerprint": fingerprint, "layout": layout, "n_words": words.n_words},
        "corpus": {"fingerprint": words.corpus.reading.fingerprint, **vars(words.statistics)},
        "tokenizer": words.corpus.tokenizer.to_metadata(),
        "min_count": words.options.min_count,
        "max_vocab": words.options.max_vocab,
    }
    with replacing(sidecar_path(path)) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")


def sidecar_path(path: str) -> str:
    return f"{path}.json"


class VocabularyFile(NamedTuple):
    """What a vocabulary file and its sidecar hold.

    tokenizer  None if there is no valid sidecar
    note       what could not be checked, for the user; None if all is well
    """

    vocabulary: Vocabulary
    tokenizer: "Tokenizer | None"
    note: str | None


def read_vocabulary(path: str) -> VocabularyFile:
    """Read `word<TAB>count`, `word count` (GloVe, word2vec.c) or words alone, one a line; ids are line numbers from 0.

    Raises: InputError that names the line
    """
    with readable(path), open(path, "rb") as raw:
        content = decompressed(raw).read()
    vocabulary = _parsed(content, path)
    tokenizer, note = _read_sidecar(path, hashlib.sha256(content).hexdigest())
    return VocabularyFile(vocabulary, tokenizer, note)


def _read_sidecar(path: str, fingerprint: str) -> tuple["Tokenizer | None", str | None]:
    from wordvec_cli.corpus import Tokenizer

    sidecar = sidecar_path(path)
    if not Path(sidecar).exists():
        return None, f"{path}: no {sidecar} says how its words were made; their tokenizer cannot be checked"
    with readable(sidecar):
        text = Path(sidecar).read_bytes()
    try:
        content = json.loads(text)
        if content["vocabulary"]["fingerprint"] != fingerprint:
            return None, f"{sidecar}: does not belong to {path} as it is now; its tokenizer is not used"
        return Tokenizer.from_metadata(content["tokenizer"]), None
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{sidecar}: is not what wordvec build-vocab writes; remove it or build it anew") from error


def _parsed(content: bytes, path: str) -> Vocabulary:
    """The vocabulary in the bytes of a file."""
    import numpy as np

    if not content:
        raise InputError(f"{path}: the vocabulary is empty; build it with wordvec build-vocab")
    if not content.endswith(b"\n"):
        content += b"\n"
    text = np.frombuffer(content, np.uint8)
    line_ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([[0], line_ends[:-1] + 1])
    ends = line_ends - ((text[line_ends - 1] == ord("\r")) & (line_ends > starts))
    separator = _separator(content[: ends[0]])
    counts = None
    if separator is not None:
        separators = np.flatnonzero(text == separator)
        last = np.searchsorted(separators, ends) - 1
        word_ends = np.where(last >= 0, separators[last], -1)
        _check_lines(word_ends <= starts, path, "no word and count")
        counts = _counts(text, word_ends + 1, ends, path)
        ends = word_ends
    _check_lines(ends <= starts, path, "no word")
    return _vocabulary_of_lines(text, starts, ends, counts, path)


def _vocabulary_of_lines(text: Any, starts: Any, ends: Any, counts: Any, path: str) -> Vocabulary:
    import numpy as np

    bounds = np.stack([starts, ends], axis=1).ravel()  # as words and what stands between them
    words, offsets = take_words(text, bounds, np.arange(0, len(bounds), 2))
    order = byte_order(words, offsets)
    if (twice := _first_repeated(words, offsets, order)) is not None:
        word = bytes(words[offsets[twice] : offsets[twice + 1]])
        raise InputError(f"{path}:{twice + 1}: {_shown(word)} comes a second time; remove one of the lines")
    return Vocabulary(words, offsets, order, counts)


def _separator(line: bytes) -> int | None:
    """What stands before the count in the first line: a tab, a space, or None if there is no count."""
    for separator in (b"\t", b" "):
        if line.rpartition(separator)[2].isdigit() and separator in line:
            return ord(separator)
    return None


def _counts(text: Any, starts: Any, ends: Any, path: str) -> "NDArray[np.int64]":
    """The decimal numbers between `starts` and `ends`."""
    import numpy as np

    lengths = ends - starts
    _check_lines((lengths < 1) | (lengths > 18), path, "no count of 1 to 18 digits after the word")
    counts = np.zeros(len(starts), np.int64)
    for place in range(int(lengths.max())):
        is_in_number = place < lengths
        digits = text[np.where(is_in_number, starts + place, 0)].astype(np.int64) - ord("0")
        _check_lines(is_in_number & ((digits < 0) | (digits > 9)), path, "no count of 1 to 18 digits after the word")
        counts = np.where(is_in_number, counts * 10 + digits, counts)
    return counts


def _check_lines(is_wrong: Any, path: str, what: str) -> None:
    wrong = is_wrong.nonzero()[0]
    if len(wrong):
        raise InputError(f"{path}:{wrong[0] + 1}: {what}; a line is a word, or a word, a tab or space and its count")
