"""Text as ids of tokens. What a tokenizer makes of a chunk between white space is found out once per distinct chunk."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.text.chunk_pieces import split_chunks
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import PADDING, take_words

Bytes = NDArray[np.uint8]
TokenIds = NDArray[np.int32]
Integers = NDArray[np.int64]


def _no_chunks(text: Bytes, offsets: Integers) -> tuple[Integers, TokenIds]:
    return np.empty(0, np.int64), np.empty(0, np.int32)


class ChunkIds:
    """A cache: the ids of the tokens of each distinct chunk that has come so far.

    find         the ids of tokens back to back, as `WordTable.find`
    find_whole   the places of chunks (back to back likewise) that are not split, and the id that each stands for
    max_bytes    of distinct chunks, above which all are forgotten

    Chunk i stands for piece_ids[starts[i] : starts[i] + lengths[i]].
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        find: Callable[[Bytes, Integers], TokenIds],
        find_whole: Callable[[Bytes, Integers], tuple[Integers, TokenIds]] = _no_chunks,
        max_bytes: float = float("inf"),
    ) -> None:
        from wordvec_cli.text.word_table import WordTable

        self._tokenizer = tokenizer
        self._find, self._find_whole = find, find_whole
        self._max_bytes = max_bytes
        self._chunks = WordTable()
        self._forget()

    def _forget(self) -> None:
        self._chunks.clear()
        self._starts, self._lengths = np.empty(0, np.int64), np.empty(0, np.int32)
        self._piece_ids = np.empty(0, np.int32)

    @property
    def size_bytes(self) -> int:
        return self._chunks.size_bytes

    def of_text(self, text: Bytes, size: int) -> tuple[TokenIds, Integers]:
        """The ids of the tokens of text[:size], after which come PADDING bytes, and where each line's end."""
        if self.size_bytes > self._max_bytes:
            self._forget()
        numbers, line_ends = self._chunks.number_chunks(text, size, may_insert=True)
        if len(self._chunks) > len(self._starts):
            self._learn_new_chunks()
        if (self._lengths == 1).all():
            return self._piece_ids[self._starts[numbers]], line_ends
        from wordvec_cli.kernels.text import count_expanded, expand_chunks

        ids = np.empty(count_expanded(numbers, self._lengths), np.int32)
        token_ends = np.empty_like(line_ends)
        expand_chunks(numbers, line_ends, self._starts, self._lengths, self._piece_ids, ids, token_ends)
        return ids, token_ends

    def _learn_new_chunks(self) -> None:
        text, offsets = self._chunks.text, self._chunks.offsets[len(self._starts) :]
        n_new, n_ids = len(offsets) - 1, len(self._piece_ids)
        starts, lengths = np.zeros(n_new, np.int64), np.zeros(n_new, np.int32)
        whole, whole_ids = self._find_whole(text, offsets)
        starts[whole], lengths[whole] = n_ids + np.arange(len(whole)), 1
        ids = [self._piece_ids, whole_ids]
        n_ids += len(whole)
        others = np.delete(np.arange(n_new), whole)
        for pieces in split_chunks(
            self._tokenizer, *(_taken(text, offsets, others) if len(whole) else (text, offsets))
        ):
            chunks = others[pieces.chunks[pieces.n_pieces > 0]]
            lengths[chunks] = pieces.n_pieces[pieces.n_pieces > 0]
            starts[chunks] = n_ids + np.cumsum(lengths[chunks]) - lengths[chunks]
            ids.append(self._find(pieces.text, pieces.offsets))
            n_ids += len(ids[-1])
        self._starts, self._lengths = np.append(self._starts, starts), np.append(self._lengths, lengths)
        self._piece_ids = np.concatenate(ids)


def _taken(text: Bytes, offsets: Integers, chosen: Integers) -> tuple[Bytes, Integers]:
    taken, taken_offsets = take_words(text, offsets, chosen)
    return np.append(taken, np.zeros(PADDING, np.uint8)), taken_offsets
