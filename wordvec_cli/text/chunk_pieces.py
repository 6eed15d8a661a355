"""The fast path of a tokenizer: the words of many chunks between white space at once, natively where a kernel can."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.text.splitters import SPLITTERS
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import PADDING, back_to_back, take_words

CHUNKS_AT_ONCE = 1 << 16
FIRST_FOREIGN = 128  # the first byte beyond ASCII


class Pieces(NamedTuple):
    """The tokens of some chunks.

    chunks    (m,) which chunks
    n_pieces  (m,) how many tokens each of them has
    text      the tokens back to back, and PADDING bytes
    offsets   (sum of n_pieces + 1,)
    """

    chunks: NDArray[np.int64]
    n_pieces: NDArray[np.int32]
    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def split_chunks(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Iterator[Pieces]:
    """The tokens of every chunk (the text between ASCII white space): natively where a kernel can.

    text, offsets  the chunks back to back, `text` followed by PADDING bytes
    """
    for first in range(0, len(offsets) - 1, CHUNKS_AT_ONCE):
        some = offsets[first : first + CHUNKS_AT_ONCE + 1]
        chunks_text = text[some[0] : some[-1] + PADDING]
        ascii_pieces = _split_ascii(tokenizer, chunks_text, some - some[0])
        foreign = np.flatnonzero(ascii_pieces.n_pieces < 0)
        yield ascii_pieces._replace(chunks=ascii_pieces.chunks + first, n_pieces=np.maximum(ascii_pieces.n_pieces, 0))
        if len(foreign):
            chunks = [bytes(text[offsets[chunk] : offsets[chunk + 1]]) for chunk in foreign + first]
            yield _pieces(foreign + first, tokenizer.tokens_of_each(chunks))


def _split_ascii(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Pieces:
    """The tokens of the chunks that are ASCII, where a kernel can tell; n_pieces is -1 for the others."""
    from wordvec_cli.kernels import text as kernels
    from wordvec_cli.text.word_table import read_only

    n_chunks, n_bytes = len(offsets) - 1, int(offsets[-1])
    pieces = np.empty(n_bytes + PADDING, np.uint8)
    piece_offsets = np.zeros(n_bytes + 1, np.int64)
    n_pieces = np.full(n_chunks, -1, np.int32)
    if not SPLITTERS[tokenizer.kind].has_kernel:
        return Pieces(np.arange(n_chunks), n_pieces, pieces, piece_offsets[:1])
    if tokenizer.kind == "whitespace":
        return _whole_if_ascii(text, offsets, tokenizer.lowercase)
    n_tokens = kernels.split_ascii_chunks(
        read_only(text), read_only(offsets), tokenizer.lowercase, pieces, piece_offsets, n_pieces
    )
    return Pieces(np.arange(n_chunks), n_pieces, pieces, piece_offsets[: n_tokens + 1])


def _whole_if_ascii(text: NDArray[np.uint8], offsets: NDArray[np.int64], lowercase: bool) -> Pieces:
    """As `_split_ascii`, where every chunk is a token."""
    n_chunks = len(offsets) - 1
    n_pieces = np.minimum(np.diff(offsets), 1).astype(np.int32)
    n_pieces[np.searchsorted(offsets, np.flatnonzero(text[: offsets[-1]] >= FIRST_FOREIGN), side="right") - 1] = -1
    pieces, piece_offsets = take_words(text, offsets, np.flatnonzero(n_pieces > 0))
    if lowercase:
        pieces[(pieces >= ord("A")) & (pieces <= ord("Z"))] += ord("a") - ord("A")
    return Pieces(np.arange(n_chunks), n_pieces, np.append(pieces, np.zeros(PADDING, np.uint8)), piece_offsets)


def _pieces(chunks: NDArray[np.int64], tokens_of_each: Sequence[Sequence[bytes]]) -> Pieces:
    n_pieces = np.fromiter(map(len, tokens_of_each), np.int32, len(tokens_of_each))
    text, offsets = back_to_back([token for tokens in tokens_of_each for token in tokens])
    return Pieces(chunks, n_pieces, text, offsets)
