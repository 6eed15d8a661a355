"""A corpus: files, folders and pipes, and the blocks in which they are read."""

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage.files import STANDARD_STREAM, readable
from wordvec_cli.text.blocks import Block, BlockReader, Reading, raw_blocks
from wordvec_cli.text.corpus_files import LeftOut, find_sources
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.segmenting import BLOCK_BYTES as SEGMENTED_BYTES
from wordvec_cli.text.segmenting import SMALL_BYTES, spaced_texts
from wordvec_cli.text.source import Source
from wordvec_cli.text.tables.columns import TableRows
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import PADDING

BLOCK_BYTES = 1 << 21


@dataclass(frozen=True)
class CorpusStatistics:
    """What a corpus holds: lines, words in sight of the tokenizer, and what was wrong with its text."""

    n_bytes: int
    n_lines: int
    n_tokens: int
    n_invalid_lines: int
    n_dropped_lines: int


@dataclass
class Corpus:
    """Paths and a tokenizer; `reading` is there after a first full pass over the blocks.

    size_bytes  of the files as stored, for progress
    files       how the files are read
    left_out    files of folders that are not text
    tables      of the last full pass: what was found out of the rows of each table
    """

    paths: tuple[str, ...]
    tokenizer: Tokenizer
    spool_folder: Path
    size_bytes: int
    reading: Reading | None = None
    files: FileOptions = AS_NAMED
    left_out: tuple[LeftOut, ...] = ()
    tables: tuple[TableRows, ...] = ()
    _sources: tuple[Source, ...] = field(default=(), repr=False)

    @classmethod
    def open(
        cls, paths: Iterable[str | Source], tokenizer: Tokenizer, spool_folder: Path, files: FileOptions = AS_NAMED
    ) -> "Corpus":
        """Check that all can be read and are text, list the folders, copy pipes to a nameless file in `spool_folder`.

        paths  files, folders (read recursively in byte order of relative paths), `-` for standard input; or sources
               that are open already
        files  how they are read
        Raises: InputError, OutputError (a full disk)
        """
        paths = tuple(paths)
        if paths.count(STANDARD_STREAM) > 1:
            raise InputError("-: standard input can be read once only; name it once")
        sources, left_out = find_sources(paths, spool_folder, files)
        size_bytes = sum(source.size_bytes for source in sources)
        names = tuple(path.name if isinstance(path, Source) else path for path in paths)
        return cls(
            names, tokenizer, spool_folder, size_bytes, files=files, left_out=tuple(left_out), _sources=tuple(sources)
        )

    @property
    def n_files(self) -> int:
        return len(self._sources)

    @property
    def sources(self) -> tuple[Source, ...]:
        return self._sources

    @property
    def spooled_bytes(self) -> int:
        """Of the copies of pipes, in `spool_folder`."""
        return sum(source.size_bytes for source in self._sources if source.copy is not None)

    def check_not_output(self, path: str) -> None:
        """Raises: InputError if `path`, or its sidecar, would take the place of a file of the corpus."""
        for source in self._sources:
            for output in (path, f"{path}.json"):
                if source.copy is None and os.path.isfile(output) and os.path.samefile(source.name, output):
                    raise InputError(f"{output}: is part of the corpus; name another output, outside of its folder")

    def stamp(self) -> list[tuple[Any, ...]]:
        """Path, size and time of change of each file: as long as they stay, the text does; a pipe's copy has none."""
        return [
            (os.path.realpath(source.name), source.size_bytes, os.stat(source.name).st_mtime_ns, *source.reading)
            for source in self._sources
            if source.copy is None
        ]

    def read_through(self, report: Report = silent) -> Reading:
        """Read all of the text, for what there is to find out about it."""
        self.feed([lambda block: None], "reading", report)
        return cast(Reading, self.reading)

    def blocks(
        self, block_bytes: int = BLOCK_BYTES, *, n_threads: int = 1, label_prefix: bytes | None = None
    ) -> Iterator[Block]:
        """The text in pieces of about `block_bytes`; larger where a word (or a line, for patterns) is.

        What is in them `tokenizer.of_blocks` makes words of: a segmenter's have spaces between them already.
        Lines that --invalid-utf8 concerns are already kept, replaced, or empty (skipped).

        n_threads     how many processes a segmenter may have
        label_prefix  of chunks that are labels, which a segmenter is not to cut
        Raises: InputError that names the file, and the line for --invalid-utf8 error
        """
        if not self.tokenizer.is_segmenter:
            return self.raw_blocks(block_bytes)
        n_processes = n_threads if self.size_bytes > SMALL_BYTES else 1
        return _segmented(self.raw_blocks(min(block_bytes, SEGMENTED_BYTES)), self.tokenizer, n_processes, label_prefix)

    def raw_blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """As `blocks`, of the text as it is: a segmenter has not seen it.

        Lines that --invalid-utf8 concerns are already kept, replaced, or empty (skipped).
        Raises: InputError that names the file, and the line for --invalid-utf8 error
        """
        reader = BlockReader(self.tokenizer)
        done_before = 0
        tables = [TableRows(source.name) for source in self._sources]
        for source, rows in zip(self._sources, tables, strict=True):
            with readable(source.name), source.opened() as raw:
                reader.start_file(source)
                text, whole_lines = source.text_of(raw, rows), self.tokenizer.needs_whole_lines
                for buffer, size in raw_blocks(text, block_bytes, whole_lines, source.starts_file):
                    yield reader.block(buffer, size, done_before + raw.tell())
            done_before += source.size_bytes
        self.tables = tuple(rows for rows in tables if rows.n)
        self.reading = reader.reading()

    def statistics(self, n_lines: int, n_tokens: int) -> CorpusStatistics:
        """The figures of the full pass that has just ended, and those which only the tokenizer's user knows."""
        reading = cast(Reading, self.reading)
        return CorpusStatistics(reading.n_bytes, n_lines, n_tokens, reading.n_invalid_lines, reading.n_dropped_lines)

    def feed(
        self,
        workers: Sequence[Callable[[Block], None]],
        stage: str,
        report: Report = silent,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        """Hand each block to one of the workers, each in a thread of its own, the first in the caller's.

        `report` is called from any of the threads, never from two at once. The first exception ends it all.
        """
        blocks = _SharedBlocks(self, self.blocks(block_bytes, n_threads=len(workers)), stage, report)
        threads = [threading.Thread(target=blocks.run, args=(worker,), daemon=True) for worker in workers[1:]]
        for thread in threads:
            thread.start()
        blocks.run(workers[0])
        for thread in threads:
            thread.join()
        blocks.close()
        if blocks.error is not None:
            raise blocks.error


class _SharedBlocks:
    """The blocks of a corpus for many threads: each takes the next one when it is free."""

    def __init__(self, corpus: Corpus, blocks: Iterator[Block], stage: str, report: Report) -> None:
        self.error: BaseException | None = None
        self._blocks = blocks
        self._total = corpus.size_bytes
        self._stage = stage
        self._report = report
        self._lock = threading.Lock()

    def close(self) -> None:
        """End what was begun for blocks that nobody takes any more."""
        cast(Generator[Block, None, None], self._blocks).close()

    def run(self, worker: Callable[[Block], None]) -> None:
        try:
            while (block := self._next()) is not None:
                worker(block)
        except BaseException as error:  # noqa: BLE001  Ctrl-C too: `feed` raises it when all threads have stopped
            self.error = self.error or error

    def _next(self) -> Block | None:
        with self._lock:
            block = None if self.error else next(self._blocks, None)
            if block is not None:
                self._report(Progress(self._stage, block.stored_done, self._total, "B"))
            return block


def _segmented(
    blocks: Iterator[Block], tokenizer: Tokenizer, n_processes: int, label_prefix: bytes | None
) -> Iterator[Block]:
    """The blocks with spaces between the words that a segmenter finds in them: see `spaced_texts`."""
    read: deque[Block] = deque()

    def texts() -> Iterator[bytes]:
        for block in blocks:
            read.append(block)
            yield block.text

    with closing(spaced_texts(tokenizer, texts(), n_processes, label_prefix)) as segmented:
        for text in segmented:
            yield replace(read.popleft(), buffer=bytearray(text + b"\n" * PADDING), size=len(text))
