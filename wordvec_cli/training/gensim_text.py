"""The corpus as a text that gensim reads fast and whole.

gensim's fastest path reads a text file in batches of more than 10 000 words, leaves out what a batch has beyond these,
and hands each thread as many bytes. So it gets a file of blocks: up to 9 999 words, by their ids, all of one width, and
a line of words that it does not know, which makes all blocks as long. Thus words may be any bytes, none is left out,
and none is read by two threads.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequences.word_ids import Sequences, TokenIds
from wordvec_cli.storage.files import check_free_space, writable

if TYPE_CHECKING:
    from numpy.typing import NDArray

GENSIMS_BATCH = 10_001  # words after which a batch ends
WORDS_PER_BLOCK = 9_999  # at most, and of a sentence; one more line than that is what a batch has room for
TOKENS_PER_CHUNK = 1 << 18


class GensimText(NamedTuple):
    """A file of blocks of GENSIMS_BATCH words, whose number is a multiple of that of the threads."""

    path: Path
    total_words: int  # to pass to gensim: a thread ends with the batch in which it has read more than its share
    n_lines: int
    has_pairs: bool


def names_of_words(n_words: int) -> Iterator[str]:
    """The names that gensim knows the words by."""
    width = _width(n_words)
    return (f"{word_id:0{width}d}" for word_id in range(n_words))


def _width(n_words: int) -> int:
    return len(str(n_words - 1))


def _name_table(n_words: int) -> "NDArray[np.uint8]":
    """The same names as bytes, each with a space after it; the last one stands for fillers."""
    width = _width(n_words)
    table = np.full((n_words + 1, width + 1), ord("_"), np.uint8)
    for i in range(width):
        table[:-1, width - 1 - i] = ord("0") + np.arange(n_words) // 10**i % 10
    table[:, -1] = ord(" ")
    return table


def write_text(sequences: Sequences, n_words: int, n_threads: int, folder: Path, report: Report = silent) -> GensimText:
    path = folder / "blocks"
    names = _name_table(n_words)
    check_free_space(folder, sequences.n_known * names.shape[1], "the corpus as a text for gensim")
    n_blocks = n_sentences = n_written = 0
    with writable(f"{folder} (temporary files)"), path.open("wb") as file:
        for ids, is_start in _blocks(sequences):
            _write_block(file, names, ids, is_start)
            n_blocks += 1
            n_sentences += int(np.count_nonzero(is_start))
            n_written += len(ids)
            report(Progress("writing for gensim", n_written, sequences.n_known, "words"))
        for _ in range(-n_blocks % n_threads):
            _write_block(file, names, np.empty(0, np.int32), np.empty(0, np.bool_))
            n_blocks += 1
    return GensimText(path, n_blocks * GENSIMS_BATCH - n_threads, n_sentences + n_blocks, n_written > n_sentences)


def _write_block(file: BinaryIO, names: "NDArray[np.uint8]", ids: TokenIds, is_start: "NDArray[np.bool_]") -> None:
    n_fillers = GENSIMS_BATCH - len(ids)
    words = names[np.append(ids, np.full(n_fillers, len(names) - 1))]
    is_end = np.zeros(len(words), np.bool_)
    is_end[: len(ids)] = np.append(is_start[1:], True)[: len(ids)]
    is_end[-1] = True
    words[is_end, -1] = ord("\n")
    file.write(words.data)


def _blocks(sequences: Sequences) -> "Iterator[tuple[TokenIds, NDArray[np.bool_]]]":
    """The known ids in blocks of whole sentences, and which of them start one."""
    ids, is_start = np.empty(0, np.int32), np.empty(0, np.bool_)
    for more in _known_words(sequences):
        ids, is_start = np.append(ids, more[0]), np.append(is_start, more[1])
        first = 0
        while len(ids) - first > WORDS_PER_BLOCK:
            end = first + 1 + int(np.flatnonzero(is_start[first + 1 : first + WORDS_PER_BLOCK + 1])[-1])
            yield ids[first:end], is_start[first:end]
            first = end
        ids, is_start = ids[first:], is_start[first:]
    yield ids, is_start


def _known_words(sequences: Sequences) -> "Iterator[tuple[TokenIds, NDArray[np.bool_]]]":
    """The known ids, chunk by chunk, and which of them start a sentence: a long line becomes several."""
    n_before = 0  # known words before the chunk
    line_start = 0  # known words before the line that goes on into the chunk
    for first in range(0, len(sequences.ids), TOKENS_PER_CHUNK):
        ids = sequences.ids[first : first + TOKENS_PER_CHUNK]
        n_known = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(ids >= 0, out=n_known[1:])
        lines = slice(*np.searchsorted(sequences.offsets, [first, first + len(ids)]))
        line_starts = np.append(line_start, n_before + n_known[sequences.offsets[lines] - first])
        numbers = n_before + np.arange(n_known[-1])
        places_in_line = numbers - line_starts[np.searchsorted(line_starts, numbers, side="right") - 1]
        yield ids[ids >= 0], places_in_line % WORDS_PER_BLOCK == 0
        n_before, line_start = n_before + int(n_known[-1]), int(line_starts[-1])
