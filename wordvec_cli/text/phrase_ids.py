"""Phrases of a large text: its words as numbers, whose pairs are counted and joined as arrays.

The same as `phrases` does word by word, where it can be done so: without connector words, and with a tokenizer that
splits at white space. Whoever imports this waits for numba.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.progress import Progress, Report
from wordvec_cli.text.chunk_ids import ChunkIds
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.phrase_options import LearntPass, LearntPhrases, PhraseOptions, Words
from wordvec_cli.text.phrase_scores import Pair, Totals, learnt_pass
from wordvec_cli.text.word_table import WordTable, padded
from wordvec_cli.text.words import back_to_back

Ids = NDArray[np.int64]
MAX_CACHE_BYTES = 1 << 28  # of distinct chunks and what a tokenizer makes of them


class Piece(NamedTuple):
    """The words of a block.

    ids        (n,) numbers of words
    line_ends  (n_lines,) how many words stand before each line's end
    """

    ids: Ids
    line_ends: Ids

    @property
    def ends_line(self) -> bool:
        return not len(self.ids) or bool(len(self.line_ends) and self.line_ends[-1] == len(self.ids))

    def pairs(self) -> Ids:
        """A number for each two words beside each other, (n - 1,); -1 where a line ends between them."""
        pairs = self.ids[:-1] << 32 | self.ids[1:]
        ends = self.line_ends[(self.line_ends > 0) & (self.line_ends < len(self.ids))]
        pairs[ends - 1] = -1
        return pairs

    def after(self, open_id: Ids) -> "Piece":
        """With a word (or none) of the block before in front."""
        return Piece(np.append(open_id, self.ids), self.line_ends + len(open_id)) if len(open_id) else self


class Numbers:
    """The words of a corpus and of its phrases, numbered as they come."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._table = WordTable()
        self._chunk_ids = None
        tokenizer = corpus.tokenizer.of_blocks
        if not tokenizer.keeps_chunks:
            self._chunk_ids = ChunkIds(tokenizer, self._find, max_bytes=MAX_CACHE_BYTES)
        self._words = np.empty(0, object)

    def __len__(self) -> int:
        return len(self._table)

    def pieces(self, stage: str, report: Report) -> Iterator[Piece]:
        """The corpus, block by block."""
        for block in self._corpus.blocks():
            report(Progress(stage, block.stored_done, self._corpus.size_bytes, "B"))
            text = np.frombuffer(block.buffer, np.uint8)
            if self._chunk_ids:
                ids, line_ends = self._chunk_ids.of_text(text, block.size)
            else:
                ids, line_ends = self._table.number_chunks(text, block.size, may_insert=True)
            yield Piece(ids.astype(np.int64), line_ends)

    def _find(self, text: Any, offsets: Any) -> Any:
        self._table.add(text, offsets, np.zeros(len(offsets) - 1, np.int64))
        return self._table.find(text, offsets)

    def of_words(self, words: Iterable[bytes]) -> Ids:
        """The numbers of words, which get new ones where they have none."""
        text, offsets = back_to_back(list(words))
        return np.asarray(self._find(padded(text), offsets), np.int64)

    def words(self) -> NDArray[Any]:
        """Words by their numbers, (n,) bytes."""
        if len(self._words) < len(self):
            offsets = self._table.offsets[len(self._words) :]
            text = self._table.text[offsets[0] : offsets[-1]].tobytes()
            new = np.empty(len(offsets) - 1, object)
            new[:] = [text[start:end] for start, end in itertools.pairwise((offsets - offsets[0]).tolist())]
            self._words = np.append(self._words, new)
        return self._words


# ---------------------------------------------------------------- joining


class _Joiner:
    """Joins the phrases of one pass from left to right: of two that overlap the first one, as gensim does."""

    def __init__(self, numbers: Numbers, phrases: Iterable[Words], delimiter: bytes) -> None:
        both = [words for words in phrases if len(words) == 2]  # of more, those between are no connector words
        first, last = (numbers.of_words(words[place] for words in both) for place in (0, 1))
        pairs = first << 32 | last
        order = np.argsort(pairs)
        self._pairs = pairs[order]
        self._joined = numbers.of_words(delimiter.join(words) for words in both)[order]
        self._open = np.empty(0, np.int64)  # the last word of a block whose line goes on

    def join(self, piece: Piece) -> Piece:
        """A word at the end that may yet begin a phrase comes with the next piece."""
        piece = piece.after(self._open)
        joined, is_second = piece.ids.copy(), np.zeros(len(piece.ids), bool)
        places = self._places(piece)
        joined[places] = self._joined[np.searchsorted(self._pairs, piece.pairs()[places])]
        is_second[places + 1] = True
        keeps_last = piece.ends_line or bool(is_second[-1])
        self._open = piece.ids[:0] if keeps_last else piece.ids[-1:]
        ids = joined[~is_second]
        line_ends = piece.line_ends - np.searchsorted(places + 1, piece.line_ends)
        return Piece(ids if keeps_last else ids[:-1], line_ends)

    def _places(self, piece: Piece) -> Ids:
        """Where phrases begin: in a run of pairs that overlap each second one."""
        if not len(self._pairs) or len(piece.ids) < 2:
            return np.empty(0, np.int64)
        pairs = piece.pairs()
        nearest = np.minimum(np.searchsorted(self._pairs, pairs), len(self._pairs) - 1)
        places = np.flatnonzero(self._pairs[nearest] == pairs)
        begins_run = np.diff(places, prepend=-2) > 1
        run_starts = np.maximum.accumulate(np.where(begins_run, places, 0))
        chosen: Ids = places[(places - run_starts) % 2 == 0]
        return chosen


def _joined(
    pieces: Iterable[Piece], numbers: Numbers, passes: Iterable[LearntPass], options: PhraseOptions
) -> Iterator[Piece]:
    for learnt in passes:
        pieces = map(_Joiner(numbers, learnt.phrases, options.delimiter).join, pieces)
    return iter(pieces)


def join(corpus: Corpus, learnt: LearntPhrases, report: Report) -> Iterator[bytes]:
    """As `phrases.join`."""
    numbers = Numbers(corpus)
    starts_line = True
    for piece in _joined(numbers.pieces("join", report), numbers, learnt.passes, learnt.options):
        words = numbers.words()[piece.ids].tolist()
        bounds = [0, *piece.line_ends.tolist()]
        lines = [b" ".join(words[start:end]) for start, end in itertools.pairwise(bounds)]
        rest = words[bounds[-1] :]
        if words and not starts_line and bounds[1:2] != [0]:
            yield b" "
        yield b"\n".join([*lines, b" ".join(rest)])
        starts_line = not rest and (bool(lines) or starts_line)


# ---------------------------------------------------------------- learning


class _Table:
    """How often each pair was seen: sorted parts, of which two are merged when the older is not much larger."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ids, Ids]] = []

    def __len__(self) -> int:
        """At least as many as there are different pairs; no more once they are merged."""
        return sum(len(pairs) for pairs, _ in self._parts)

    def add(self, pairs: Ids) -> None:
        if not len(pairs):
            return
        pairs = np.sort(pairs)
        starts = _starts(pairs)
        self._parts.append((pairs[starts], np.diff(starts, append=len(pairs))))
        while len(self._parts) > 1 and len(self._parts[-2][0]) < 2 * len(self._parts[-1][0]):
            self._merge_last()

    def merged(self) -> tuple[Ids, Ids]:
        """The different pairs, and their counts."""
        while len(self._parts) > 1:
            self._merge_last()
        return self._parts[0] if self._parts else (np.empty(0, np.int64), np.empty(0, np.int64))

    def _merge_last(self) -> None:
        pairs, counts = (np.append(*columns) for columns in zip(self._parts.pop(), self._parts.pop(), strict=True))
        order = np.argsort(pairs, kind="stable")  # which goes fast over what is sorted in two parts
        pairs = pairs[order]
        starts = _starts(pairs)
        self._parts.append((pairs[starts], np.add.reduceat(counts[order], starts)))


def _starts(pairs: Ids) -> Ids:
    """Where each different pair begins among sorted ones."""
    return np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1]))


class _Counts:
    """How often words and pairs of one pass were seen."""

    def __init__(self) -> None:
        self._of_words = np.empty(0, np.int64)
        self._of_pairs = _Table()
        self._open = np.empty(0, np.int64)

    def add(self, piece: Piece) -> None:
        counts = np.bincount(piece.ids, minlength=len(self._of_words))
        counts[: len(self._of_words)] += self._of_words
        self._of_words = counts
        piece = piece.after(self._open)
        pairs = piece.pairs()
        self._of_pairs.add(pairs[pairs >= 0])
        self._open = piece.ids[:0] if piece.ends_line else piece.ids[-1:]

    def n_candidates(self, limit: int) -> int:
        """How many different words and pairs there are; they are told apart only if they may be more than `limit`."""
        n_words = int(np.count_nonzero(self._of_words))
        if n_words + len(self._of_pairs) > limit:
            self._of_pairs.merged()
        return n_words + len(self._of_pairs)

    def learnt(self, numbers: Numbers, options: PhraseOptions) -> LearntPass:
        totals = Totals(int(self._of_words.sum()), self.n_candidates(0))
        pairs, counts = self._of_pairs.merged()
        is_frequent = counts >= options.min_count
        pairs, counts = pairs[is_frequent], counts[is_frequent]
        first, last = pairs >> 32, pairs & 0xFFFFFFFF
        words = numbers.words()
        names = zip(words[first].tolist(), words[last].tolist(), strict=True)
        figures = (counts, self._of_words[first], self._of_words[last])
        table = map(Pair, names, *(some.tolist() for some in figures))
        return learnt_pass(table, totals, options)


def learnt_of(
    corpus: Corpus, options: PhraseOptions, passes: list[LearntPass], stage: str, report: Report
) -> LearntPass | None:
    """What the pass after these finds; None if there are more words and pairs than are to be counted."""
    numbers, counts = Numbers(corpus), _Counts()
    for piece in _joined(numbers.pieces(stage, report), numbers, passes, options):
        counts.add(piece)
        if counts.n_candidates(options.max_candidates) > options.max_candidates:
            return None
    return counts.learnt(numbers, options)
