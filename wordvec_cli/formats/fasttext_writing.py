"""fastText's models, written: `.bin` of version 12, which its own program, gensim and we read.

Everything comes in pieces, so that a table of two million buckets takes no memory; buckets without a row are zeros.
Source: facebookresearch/fastText, fasttext.cc (saveModel), args.cc, dictionary.cc and densematrix.cc.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats.fasttext_file import ARGUMENT_NAMES, ARGUMENTS, LABEL, MAGIC, SIGNATURE, SIZES, WORD
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.formats.rehashing import rehashed
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.decoding import quoted
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.subwords import Subwords
from wordvec_cli.vocabulary.vocabulary import Vocabulary

VERSION = 12
NEVER_PRUNED = -1
BLANKS = b" \n\r\t\v\f\0"  # that end a word where fastText reads one
ROWS_PER_CHUNK = 4096
# What fastText trains with if it is not told; ours by other names.
DEFAULTS: Mapping[str, Any] = {
    "ws": 5, "epoch": 5, "minCount": 5, "neg": 5, "wordNgrams": 1, "loss": 2, "model": 2, "bucket": 0, "minn": 0,
    "maxn": 0, "lrUpdateRate": 100, "t": 1e-4,
}  # fmt: skip
OUR_NAMES = {"window": "ws", "epochs": "epoch", "min_count": "minCount", "negative": "neg", "sample": "t"}

Int64s = NDArray[np.int64]
Matrix = NDArray[np.float32]


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Words with their n-grams; without any (maxn 0) where the vectors have none.

    Raises: InputError for a word that fastText cannot hold, OptionError
    """
    embeddings = embeddings.completed()
    ids, counts = _ids_and_counts(embeddings.vocabulary, options)
    check_words(path, embeddings.vocabulary)
    subwords = _subwords(embeddings, options)
    own = embeddings.matrix if subwords is None else subwords.word_rows
    n_buckets = 0 if subwords is None else subwords.n_buckets
    shape = len(ids), embeddings.dim
    if embeddings.context is None:
        options.note(f"{path}: gets an output matrix of zeros, as the vectors came without their context vectors")
    with replacing(path) as file:
        file.write(head(arguments_of(embeddings, subwords)))
        write_dictionary(file, (embeddings.vocabulary.word(id) for id in ids.tolist()), counts)
        write_matrix(file, (len(ids) + n_buckets, embeddings.dim), _input_rows(own, ids, subwords))
        context = embeddings.context
        write_matrix(file, shape, _zeros(*shape) if context is None else _taken(context, ids))
    lost = {"the vector of unknown words": embeddings.unknown is not None}
    return [what for what, is_lost in lost.items() if is_lost]


def _subwords(embeddings: Embeddings, options: WriteOptions) -> Subwords | None:
    """The rows of n-grams, hashed into as many buckets as are wanted. Raises: OptionError"""
    subwords, n_buckets = embeddings.subwords, options.n_buckets
    if subwords is None:
        if n_buckets is not None:
            raise OptionError("--buckets: these vectors have no n-grams of characters; leave it out")
        return None
    if n_buckets is None or n_buckets == subwords.n_buckets:
        return subwords
    return rehashed(embeddings, subwords, n_buckets, options.note)


def check_words(path: str, words: Iterable[bytes]) -> None:
    """Raises: InputError for a word that fastText could not be asked for"""
    for word in words:
        if not word or any(byte in BLANKS for byte in word):
            raise InputError(
                f"{path}: the word {quoted(word)} is empty, or has a blank or NUL in it, at which fastText ends words; "
                "leave it out"
            )


def _ids_and_counts(vocabulary: Vocabulary, options: WriteOptions) -> tuple[Int64s, Int64s]:
    """The words in the order that fastText needs, by descending count, and these, at least 1."""
    n_words = len(vocabulary)
    if vocabulary.counts is None:
        options.note("the vectors came without counts: each word gets 1, so that training cannot go on from the file")
        return np.arange(n_words), np.ones(n_words, np.int64)
    counts = np.maximum(np.asarray(vocabulary.counts, np.int64), 1)
    ids = np.argsort(-counts, kind="stable")
    return ids, counts[ids]


# ---------------------------------------------------------------- what is written


def arguments_of(embeddings: Embeddings, subwords: Subwords | None) -> dict[str, Any]:
    """What fastText would have been told, as far as the vectors say how they were made."""
    told = recorded(embeddings.metadata, "configuration")
    values = dict(DEFAULTS) | {"dim": embeddings.dim}
    for own_name, value in told.items():
        name = OUR_NAMES.get(own_name, own_name)
        if name in ("ws", "epoch", "minCount", "neg", "t") and _fits(value, name):
            values[name] = value
    values["model"] = 1 if told.get("model") == "cbow" else 2
    values["loss"] = 1 if told.get("loss") in ("hierarchical-softmax", "hs") else 2
    if subwords is not None:
        values |= {"minn": subwords.shortest, "maxn": subwords.longest, "bucket": subwords.n_buckets}
    return values


def _fits(value: object, name: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(np.isfinite(value)) if name == "t" else isinstance(value, int) and 0 <= value < 1 << 31


def head(values: Mapping[str, Any]) -> bytes:
    """The magic number, the version and the arguments."""
    return SIGNATURE.pack(MAGIC, VERSION) + ARGUMENTS.pack(*(values[name] for name in ARGUMENT_NAMES))


def write_dictionary(  # noqa: PLR0913, PLR0917
    file: IO[bytes],
    words: Iterable[bytes],
    counts: Int64s,
    labels: Iterable[tuple[bytes, int]] = (),
    n_tokens: int | None = None,
    kept_buckets: NDArray[np.int32] | None = None,
) -> None:
    """The words with their counts, which descend; then the labels with theirs.

    n_tokens  of the corpus; None: the sum of the counts
    kept_buckets  the buckets that have a row, in the order of these; None: all have one
    """
    entries = list(labels)
    total = int(counts.sum()) + sum(count for _, count in entries) if n_tokens is None else n_tokens
    file.write(SIZES.pack(len(counts) + len(entries), len(counts), len(entries), total))
    file.write(struct.pack("<q", NEVER_PRUNED if kept_buckets is None else len(kept_buckets)))
    for word, count in zip(words, counts.tolist(), strict=True):
        file.write(word + struct.pack("<xqb", count, WORD))
    for label, count in entries:
        file.write(label + struct.pack("<xqb", count, LABEL))
    if kept_buckets is not None:
        file.write(np.stack([kept_buckets, np.arange(len(kept_buckets))], axis=1).astype("<i4").tobytes())


def write_matrix(file: IO[bytes], shape: tuple[int, int], parts: Iterable[Matrix]) -> None:
    """A matrix that is not quantised, in pieces."""
    file.write(struct.pack("<?2q", False, *shape))
    for part in parts:
        file.write(np.ascontiguousarray(part, "<f4").reshape(-1).view(np.uint8).data)


def _input_rows(own: Matrix, ids: Int64s, subwords: Subwords | None) -> Iterator[Matrix]:
    """The words' own rows, then those of all buckets."""
    yield from _taken(own, ids)
    if subwords is not None:
        yield from table_rows(subwords)


def table_rows(subwords: Subwords) -> Iterator[Matrix]:
    """The rows of all buckets, those without one as zeros, some thousand at a time."""
    buckets = subwords.checked_buckets
    for first in range(0, subwords.n_buckets, ROWS_PER_CHUNK):
        end = min(first + ROWS_PER_CHUNK, subwords.n_buckets)
        start, stop = np.searchsorted(buckets, [first, end])
        rows = np.zeros((end - first, subwords.dim), np.float32)
        rows[buckets[start:stop] - first] = subwords.rows[start:stop]
        yield rows


def _taken(matrix: Matrix, ids: Int64s) -> Iterator[Matrix]:
    return (matrix[ids[first : first + ROWS_PER_CHUNK]] for first in range(0, len(ids), ROWS_PER_CHUNK))


def _zeros(n_rows: int, dim: int) -> Iterator[Matrix]:
    for first in range(0, n_rows, ROWS_PER_CHUNK):
        yield np.zeros((min(ROWS_PER_CHUNK, n_rows - first), dim), np.float32)
