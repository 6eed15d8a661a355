"""The corpus as word ids on disk: what training reads, epoch after epoch, without the text."""

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Report, silent
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.storage.spool import Spool, mapped
from wordvec_cli.text.blocks import Block
from wordvec_cli.text.chunk_ids import ChunkIds
from wordvec_cli.text.corpus import Corpus, CorpusStatistics
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary

UNKNOWN_ID = -1
BYTES_PER_TOKEN = 4
IDS_PER_PART = 1 << 22
MAX_CHUNK_BYTES = 100_000_000  # of distinct chunks in memory, for each thread
FILES = IDS_FILE, OFFSETS_FILE, FACTS_FILE = "ids", "offsets", "sequences.json"
TokenIds = NDArray[np.int32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sentences of a corpus as ids, read-only maps of files that may have no name, and then vanish with the maps.

    ids      (n_tokens,) int32: ids of the vocabulary, UNKNOWN_ID (-1) where a word stood that it lacks
    offsets  (n_sentences + 1,) int64: sentence i, which is line i, is ids[offsets[i] : offsets[i + 1]]; may be empty
    """

    ids: TokenIds
    offsets: Offsets
    n_known: int
    statistics: CorpusStatistics
    corpus_fingerprint: str

    @property
    def n_sentences(self) -> int:
        return len(self.offsets) - 1

    @property
    def n_unknown(self) -> int:
        return len(self.ids) - self.n_known

    def fits(self, n_words: int) -> bool:
        """Whether kernels can take all ids for rows of `n_words` words, and all offsets for places among the ids."""
        ids, offsets = self.ids, self.offsets
        if not len(ids) or not len(offsets) or offsets[0] != 0 or offsets[-1] != len(ids):
            return False
        if ids.min() < UNKNOWN_ID or ids.max() >= n_words or (offsets[1:] < offsets[:-1]).any():
            return False
        parts = (ids[first : first + IDS_PER_PART] for first in range(0, len(ids), IDS_PER_PART))
        return self.n_known == sum(np.count_nonzero(part >= 0) for part in parts)


def encode(
    corpus: Corpus,
    vocabulary: Vocabulary,
    n_threads: int = 1,
    report: Report = silent,
    folder: Path | None = None,
) -> Sequences:
    """Write the corpus as ids of the vocabulary: to files of `folder`, which `open_sequences` reads again, or, if it
    is None, to nameless files in `corpus.spool_folder`.

    Raises: InputError if the corpus is empty or holds no word of the vocabulary, OutputError if the disk is full
    """
    writer = _write(corpus, vocabulary, n_threads, report, folder)
    check_known(corpus, writer.n_tokens, writer.n_known)
    facts = writer.facts(corpus)
    if folder:
        _write_facts(facts, folder)
    return writer.sequences(facts)


def encode_lines(corpus: Corpus, vocabulary: Vocabulary, n_threads: int = 1, report: Report = silent) -> Sequences:
    """As `encode`, to nameless files; of lines too that hold no word of the vocabulary, or none at all.

    Raises: InputError if there is no line, OutputError if the disk is full
    """
    writer = _write(corpus, vocabulary, n_threads, report)
    if not writer.n_lines:
        raise InputError(f"{corpus.paths[0]}: the corpus holds no lines; name a corpus that does")
    return writer.sequences(writer.facts(corpus))


def encode_part(corpus: Corpus, words: Any, n_threads: int = 1) -> Sequences:
    """As `encode_lines`, of a part of a corpus, in which there may be no line.

    words  the vocabulary as `id_table` gives it
    Raises: OutputError, InputError
    """
    writer = _Writer(corpus.spool_folder, has_names=False)
    corpus.feed([_Encoder(corpus, words, writer) for _ in range(n_threads)], "encoding")
    return writer.sequences(writer.facts(corpus))


def elsewhere(statistics: CorpusStatistics, n_known: int, fingerprint: str) -> Sequences:
    """A corpus whose ids are not on this machine: all that is known of it but for them."""
    ids = np.broadcast_to(np.int32(UNKNOWN_ID), statistics.n_tokens)
    offsets = np.broadcast_to(np.int64(0), statistics.n_lines + 1)
    return Sequences(ids, offsets, n_known, statistics, fingerprint)


def write_facts(sequences: Sequences, folder: Path) -> None:
    """Write what `open_sequences` reads beside the ids, and `open_elsewhere` alone. Raises: OutputError"""
    _write_facts(_Facts(sequences.n_known, sequences.statistics, sequences.corpus_fingerprint), folder)


def open_elsewhere(folder: Path) -> Sequences:
    """Raises: InputError, what is wrong with the content of a file"""
    facts = _read_facts(folder)
    return elsewhere(facts.statistics, facts.n_known, facts.corpus_fingerprint)


def _write(
    corpus: Corpus, vocabulary: Vocabulary, n_threads: int, report: Report, folder: Path | None = None
) -> "_Writer":
    writer = _Writer(folder or corpus.spool_folder, has_names=folder is not None)
    words = id_table(vocabulary)
    corpus.feed([_Encoder(corpus, words, writer) for _ in range(n_threads)], "encoding", report)
    return writer


class TokenTally:
    """Counts what `encode` would write: tokens, those of them that the vocabulary knows, and lines."""

    def __init__(self) -> None:
        self.n_tokens = self.n_known = self.n_lines = 0
        self._lock = threading.Lock()

    def put(self, index: int, ids: TokenIds, line_ends: Offsets) -> None:
        with self._lock:
            self.add(ids, line_ends)

    def add(self, ids: TokenIds, line_ends: Offsets) -> None:
        self.n_tokens += len(ids)
        self.n_known += int(np.count_nonzero(ids >= 0))
        self.n_lines += len(line_ends)


def count_tokens(corpus: Corpus, vocabulary: Vocabulary, n_threads: int = 1, report: Report = silent) -> TokenTally:
    """What `encode` would write, without writing it. Raises: InputError as `encode` does"""
    tally = TokenTally()
    words = id_table(vocabulary)
    corpus.feed([_Encoder(corpus, words, tally) for _ in range(n_threads)], "counting tokens", report)
    check_known(corpus, tally.n_tokens, tally.n_known)
    return tally


def open_sequences(folder: Path) -> Sequences:
    """What `encode` wrote to `folder`. Raises: InputError"""
    facts = _read_facts(folder)
    paths = folder / IDS_FILE, folder / OFFSETS_FILE
    with readable(str(folder)), paths[0].open("rb") as ids_file, paths[1].open("rb") as offsets_file:
        ids, offsets = mapped(ids_file, np.int32), mapped(offsets_file, np.int64)
    return _sequences(ids, offsets, facts)


@dataclass(frozen=True)
class _Facts:
    """What `Sequences` holds beside its arrays."""

    n_known: int
    statistics: CorpusStatistics
    corpus_fingerprint: str


def _write_facts(facts: _Facts, folder: Path) -> None:
    with replacing(str(folder / FACTS_FILE)) as file:
        file.write(json.dumps(asdict(facts)).encode())


def _read_facts(folder: Path) -> _Facts:
    with readable(str(folder)):
        facts = json.loads((folder / FACTS_FILE).read_bytes())
        return _Facts(statistics=CorpusStatistics(**facts.pop("statistics")), **facts)


def _sequences(ids: TokenIds, offsets: Offsets, facts: _Facts) -> Sequences:
    return Sequences(ids, offsets, facts.n_known, facts.statistics, facts.corpus_fingerprint)


def check_known(corpus: Corpus, n_tokens: int, n_known: int) -> None:
    """Raises: InputError if the corpus has no words, or none of the vocabulary"""
    if not n_tokens:
        raise InputError(f"{corpus.paths[0]}: the corpus holds no words; name a corpus that does")
    if not n_known:
        raise InputError(f"{corpus.paths[0]}: none of its {n_tokens} words is in the vocabulary; build another")


class _Encoder:
    """Encodes blocks in one thread. What a tokenizer makes of a chunk is looked up once per distinct chunk."""

    def __init__(self, corpus: Corpus, words: Any, writer: TokenTally) -> None:
        self._tokenizer = corpus.tokenizer.of_blocks
        self._words = words
        self._writer = writer
        self._chunks = ChunkIds(self._tokenizer, words.find, max_bytes=MAX_CHUNK_BYTES)

    def __call__(self, block: Block) -> None:
        text = np.frombuffer(block.buffer, np.uint8)
        if self._tokenizer.keeps_chunks:
            ids, line_ends = self._words.number_chunks(text, block.size, may_insert=False)
        elif self._tokenizer.splits_at_white_space:
            ids, line_ends = self._chunks.of_text(text, block.size)
        else:
            ids, line_ends = self._encode_lines(block.text)
        self._writer.put(block.index, ids, line_ends)

    def _encode_lines(self, text: bytes) -> tuple[TokenIds, Offsets]:
        tokens_of_lines = [self._tokenizer.tokens(line) for line in text.removesuffix(b"\n").split(b"\n")]
        ids = self._words.find(*back_to_back([token for tokens in tokens_of_lines for token in tokens]))
        return ids, np.cumsum(np.fromiter(map(len, tokens_of_lines), np.int64, len(tokens_of_lines)))


class _Writer(TokenTally):
    """Writes encoded blocks in the order of the corpus, whatever the order in which they come."""

    def __init__(self, folder: Path, has_names: bool) -> None:
        super().__init__()
        self._ids = Spool(folder, np.int32, IDS_FILE if has_names else None)
        self._offsets = Spool(folder, np.int64, OFFSETS_FILE if has_names else None)
        self._offsets.append(np.zeros(1, np.int64))
        self._waiting: dict[int, tuple[TokenIds, Offsets]] = {}
        self._next_index = 0

    def put(self, index: int, ids: TokenIds, line_ends: Offsets) -> None:
        """`line_ends` counts from the block's start."""
        with self._lock:
            self._waiting[index] = (ids, line_ends)
            while self._next_index in self._waiting:
                self._write(*self._waiting.pop(self._next_index))
                self._next_index += 1

    def _write(self, ids: TokenIds, line_ends: Offsets) -> None:
        self._ids.append(ids)
        self._offsets.append(line_ends + self.n_tokens)
        self.add(ids, line_ends)

    def facts(self, corpus: Corpus) -> _Facts:
        """Of the corpus that has been written."""
        assert corpus.reading is not None
        return _Facts(self.n_known, corpus.statistics(self.n_lines, self.n_tokens), corpus.reading.fingerprint)

    def sequences(self, facts: _Facts) -> Sequences:
        return _sequences(self._ids.whole(), self._offsets.whole(), facts)
