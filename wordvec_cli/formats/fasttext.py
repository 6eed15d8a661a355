"""fastText's models, `.bin` and quantised `.ftz`: words with the n-grams of characters that their vectors are made of.

A file holds the training's arguments, a dictionary of words and labels (and, where it was pruned, of the n-grams that
are left), the matrix of the words' and the n-grams' rows, and an output matrix, which is not read. All numbers are
little-endian and lie as they come, unaligned. A model's own vectors are means of rows, which kernels make from the
mapped file.
Source: facebookresearch/fastText, fasttext.cc, args.cc, dictionary.cc, densematrix.cc, quantmatrix.cc and
productquantizer.cc; the oldest files, without a magic number: gensim, models/_fasttext_bin.py.
"""

import json
import mmap
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import Oddities, ReadOptions, collected
from wordvec_cli.formats.rows import Rows
from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.storage.files import readable, shown_size
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

MAGIC = 793712314
VERSIONS = (11, 12)
SIGNATURE = struct.Struct("<2i")
ARGUMENTS = struct.Struct("<12id")
SIZES = struct.Struct("<3iq")  # of a dictionary: entries, words, labels, and tokens of the corpus
ARGUMENT_NAMES = (
    *("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn"),
    *("lrUpdateRate", "t"),
)
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
SMALLEST_ENTRY = 10  # bytes: a NUL, the count and the type
N_CENTROIDS = 256
MOST_DIM = 1 << 16  # that a file without a magic number is believed
LONGEST_NGRAM = 255  # beyond it a small damaged file could keep a processor busy for days
WORD, LABEL = 0, 1
WORDS_PER_TASK = 4096
SMALLEST_RATE = 1e-300  # of subsampling; floret's `hashCount` and `lrUpdateRate` would be a smaller one
ADVICE = "the file is damaged, make or copy it again"


def looks_like(start: bytes) -> bool:
    """Whether a file with these first bytes is a fastText model."""
    if len(start) < SIGNATURE.size:
        return False
    magic, version = SIGNATURE.unpack(start[: SIGNATURE.size])
    return version in VERSIONS if magic == MAGIC else _is_of_2016(start)


def _is_of_2016(start: bytes) -> bool:
    """Whether a file begins as the oldest models do, without a magic number: with arguments and sizes that fit."""
    if len(start) < ARGUMENTS.size + SIZES.size:
        return False
    values = dict(zip(ARGUMENT_NAMES, ARGUMENTS.unpack_from(start), strict=True))
    size, n_words, n_labels, n_tokens = SIZES.unpack_from(start, ARGUMENTS.size)
    return (
        0 < values["dim"] < MOST_DIM
        and values["model"] in MODELS
        and values["loss"] in LOSSES
        and values["maxn"] <= LONGEST_NGRAM
        and min(*values.values(), n_words, n_labels, n_tokens) >= 0
        and n_words + n_labels == size > 0
    )


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a model's words; those of other words are composed of n-grams if the model has them.

    Raises: InputError
    """
    oddities.unit = "word"
    model = _model(_Cursor(path, _mapped(path)))
    composed = model.composed if model.has_ngrams else None
    ids = _wanted_ids(model.dictionary, options)
    if not len(ids) and options.words is not None:
        return _without_words(path, model, composed)
    _check_memory(path, len(ids), model.dim)
    text, offsets = model.dictionary.words(ids)
    rows = Rows(text, offsets, model.vectors(ids, options), ids + 1)
    embeddings = collected(path, [rows], replace(options, words=None), oddities)
    vocabulary = embeddings.vocabulary
    if len(vocabulary) == len(ids):
        vocabulary = replace(vocabulary, counts=model.dictionary.counts[ids])
    return replace(embeddings, vocabulary=vocabulary, metadata=model.metadata, composed=composed)


def _wanted_ids(dictionary: "_Dictionary", options: ReadOptions) -> Integers:
    ids = np.arange(len(dictionary))
    if options.words is not None:
        found = (dictionary.find(word) for word in options.words)
        ids = np.array(sorted(id for id in found if id is not None), np.int64)
    if options.limit is not None and options.invalid_utf8 != "skip":  # what is skipped does not count
        ids = ids[: options.limit]
    return ids


def _without_words(path: str, model: "_Model", composed: Callable[[bytes], "memoryview[float]"] | None) -> Embeddings:
    """A model that has none of the words, but perhaps vectors that are composed."""
    if composed is None:
        raise InputError(f"{path}: holds no vectors of these words")
    no_words = Vocabulary(np.empty(0, np.uint8), np.zeros(1, np.int64), np.empty(0, np.int64))
    return Embeddings(no_words, memoryview(b"").cast("f"), model.dim, model.metadata, composed=composed)


def _check_memory(path: str, n_words: int, dim: int) -> None:
    """A quantised file of some megabytes can say that it holds terabytes."""
    needed = n_words * dim * 4
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > memory:
        raise InputError(
            f"{path}: its vectors take {shown_size(needed)} and this machine has {shown_size(memory)}; "
            "read fewer words of it"
        )


def _mapped(path: str) -> Bytes:
    """The bytes of a file through a map, which lives as long as anything that views them."""
    with readable(path), open(path, "rb") as file:
        try:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except (ValueError, OSError):
            raise InputError(
                f"{path}: is empty, or no file that can be mapped; give a fastText model in a file, decompressed"
            ) from None


# ---------------------------------------------------------------- the structure of a file


class _Cursor:
    """A place in a file, from which its parts are taken one after the other; each is checked to lie within the file."""

    def __init__(self, path: str, content: Bytes) -> None:
        self.path = path
        self.content = content
        self.position = 0

    @property
    def n_left(self) -> int:
        return len(self.content) - self.position

    def take(self, layout: str, part: str) -> tuple[Any, ...]:
        numbers = struct.Struct("<" + layout)
        start = self.skip(1, numbers.size, part)
        return numbers.unpack(self.content[start : start + numbers.size].tobytes())

    def skip(self, n_values: int, size: int, part: str) -> int:
        """Where `n_values` of so many bytes start; goes on after them."""
        start = self.position
        self.check(n_values >= 0, f"says that its {part} has {n_values} values")
        if n_values * size > self.n_left:
            raise self.cut_short(part)
        self.position += n_values * size
        return start

    def cut_short(self, part: str) -> InputError:
        return InputError(f"{self.path}: ends inside its {part}; the file is cut short, make or copy it again")

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise InputError(f"{self.path}: {otherwise}; {ADVICE}")


class _Arguments(NamedTuple):
    """What the model was trained with, and how its n-grams are made of characters."""

    version: int
    values: dict[str, Any]
    dim: int
    shortest: int
    longest: int
    n_buckets: int


class _Layout(NamedTuple):
    """Where a matrix is, as the kernels want to know it."""

    rows_at: int
    n_parts: int = 0
    part_size: int = 0
    centroids_at: int = 0
    norm_codes_at: int = 0
    norms_at: int = 0


def _model(cursor: _Cursor) -> "_Model":
    """Go through the whole file; the last byte of its last matrix is the file's."""
    arguments = _arguments(cursor)
    dictionary, n_kept = _dictionary(cursor, has_pruning=arguments.version > 0)
    kept, kept_rows = _kept_ngrams(cursor, max(n_kept, 0))
    is_quantised = arguments.version > 0 and _flag(cursor, "input matrix")
    if n_kept >= 0 and not is_quantised:
        raise InputError(f"{cursor.path}: is pruned but not quantised, which fastText took back; download it anew")
    n_rows, n_columns, layout = _matrix(cursor, is_quantised, "input matrix")
    cursor.check(n_columns == arguments.dim, f"has rows of {n_columns} numbers where it says {arguments.dim}")
    n_buckets = 0 if n_kept == 0 else arguments.n_buckets
    n_ngrams = int(kept_rows.max(initial=-1)) + 1 if n_kept > 0 else n_buckets
    n_needed = len(dictionary) + n_ngrams
    cursor.check(n_rows >= n_needed, f"has {n_rows} rows where its words and n-grams need {n_needed}")
    _matrix(cursor, arguments.version > 0 and _flag(cursor, "output matrix") and is_quantised, "output matrix")
    cursor.check(not cursor.n_left, f"has {cursor.n_left} bytes after its last matrix")
    splits_all = int(not arguments.version)  # </s> too: so did the first fastText, as its printed vectors show
    sizes = (arguments.shortest, arguments.longest, n_buckets, len(dictionary), splits_all)
    return _Model(cursor.content, arguments.dim, _metadata(arguments), dictionary, layout, sizes, kept, kept_rows)


def _arguments(cursor: _Cursor) -> _Arguments:
    if cursor.n_left < SIGNATURE.size + ARGUMENTS.size:
        raise InputError(
            f"{cursor.path}: {cursor.n_left} bytes are too short for a fastText model; is it the right file?"
        )
    magic, version = SIGNATURE.unpack(cursor.content[: SIGNATURE.size].tobytes())
    if magic != MAGIC:
        version = 0  # the oldest files start with the arguments
    elif version not in VERSIONS:
        raise InputError(f"{cursor.path}: is a fastText model of version {version}; known are 11 and 12, train it anew")
    cursor.position = SIGNATURE.size if version else 0
    values = dict(zip(ARGUMENT_NAMES, cursor.take(ARGUMENTS.format[1:], "arguments"), strict=True))
    if not (values["dim"] > 0 and values["model"] in MODELS and values["loss"] in LOSSES):
        what = "its arguments are none of fastText's" if version else "is no fastText model"
        raise InputError(f"{cursor.path}: {what}; {ADVICE if version else 'is it the right file?'}")
    if version and 0 < abs(values["t"]) < SMALLEST_RATE:
        raise InputError(
            f"{cursor.path}: is a floret model, which is not read; "
            "print the vectors of words with floret print-word-vectors MODEL < WORDS, and read those"
        )
    cursor.check(values["maxn"] <= LONGEST_NGRAM, f"says that its n-grams have up to {values['maxn']} characters")
    # As in fastText: supervised models had no n-grams of characters then, whatever they say.
    has_ngrams = values["maxn"] > 0 and values["bucket"] > 0 and not (version < 12 and values["model"] == 3)
    longest, n_buckets = (values["maxn"], values["bucket"]) if has_ngrams else (0, 0)
    return _Arguments(version, values, values["dim"], values["minn"], longest, n_buckets)


def _metadata(arguments: _Arguments) -> dict[str, str]:
    values = arguments.values
    names = {"model": MODELS[values["model"]], "loss": LOSSES[values["loss"]]}
    known = {name: value for name, value in values.items() if name != "lrUpdateRate"}
    return {"configuration": json.dumps({"made_by": "fastText", **known, **names})}


def _dictionary(cursor: _Cursor, has_pruning: bool) -> tuple["_Dictionary", int]:
    """The words, and how many n-grams are left of them: -1 if all."""
    from wordvec_cli.kernels.fasttext import scan_entries

    size, n_words, n_labels, _ = cursor.take(SIZES.format[1:], "dictionary")
    (n_kept,) = cursor.take("q", "dictionary") if has_pruning else (-1,)
    cursor.check(min(n_words, n_labels) >= 0 and n_words + n_labels == size, "has other words than its dictionary says")
    cursor.check(n_kept >= -1, f"says that {n_kept} n-grams are left")
    start = cursor.skip(size, SMALLEST_ENTRY, "dictionary")
    starts, lengths, counts = (np.empty(size, np.int64) for _ in range(3))
    types = np.empty(size, np.uint8)
    end = scan_entries(cursor.content, start, starts, lengths, counts, types)
    if end < 0:
        raise cursor.cut_short("dictionary")
    cursor.position = end
    is_word = np.arange(size) < n_words
    cursor.check(bool((types == np.where(is_word, WORD, LABEL)).all()), "mixes words and labels in its dictionary")
    cursor.check(bool((counts >= 0).all()), "has a word that it counts less than 0 times")
    return _Dictionary(cursor.content, starts[:n_words], lengths[:n_words], counts[:n_words]), n_kept


def _kept_ngrams(cursor: _Cursor, n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The n-grams that are left by pruning, ascending, and the number of the row of each after those of the words."""
    start = cursor.skip(n, 8, "list of n-grams")
    pairs = np.frombuffer(cursor.content[start : start + 8 * n].tobytes(), "<i4").reshape(n, 2)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    kept, rows = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    cursor.check(bool((np.diff(kept) > 0).all() and (rows >= 0).all()), "has an n-gram that is left twice or nowhere")
    return kept, rows


def _flag(cursor: _Cursor, part: str) -> bool:
    (flag,) = cursor.take("B", part)
    cursor.check(flag <= 1, f"does not say whether its {part} is quantised")
    return bool(flag)


def _matrix(cursor: _Cursor, is_quantised: bool, part: str) -> tuple[int, int, _Layout]:
    """The numbers of rows and columns of a matrix, and where it is."""
    has_norms = is_quantised and _flag(cursor, part)
    n_rows, n_columns = cursor.take("2q", part)
    cursor.check(min(n_rows, n_columns) >= 0, f"says that its {part} has {n_rows} x {n_columns} numbers")
    if not is_quantised:
        return n_rows, n_columns, _Layout(cursor.skip(n_rows * n_columns, 4, part))
    (n_codes,) = cursor.take("i", part)
    codes_at = cursor.skip(n_codes, 1, part)
    n_parts, part_size, centroids_at = _quantiser(cursor, n_columns, part)
    cursor.check(n_codes == n_rows * n_parts, f"has {n_codes} codes in its {part} where it needs {n_rows * n_parts}")
    if not has_norms:
        return n_rows, n_columns, _Layout(codes_at, n_parts, part_size, centroids_at)
    norm_codes_at = cursor.skip(n_rows, 1, part)
    *_, norms_at = _quantiser(cursor, 1, part)
    return n_rows, n_columns, _Layout(codes_at, n_parts, part_size, centroids_at, norm_codes_at, norms_at)


def _quantiser(cursor: _Cursor, dim: int, part: str) -> tuple[int, int, int]:
    """How many parts of how many numbers a vector has, the last perhaps fewer; and where the parts' 256 values are."""
    of_dim, n_parts, part_size, last_size = cursor.take("4i", part)
    fits = of_dim == dim and min(n_parts, part_size, last_size) > 0 and last_size <= part_size
    cursor.check(fits and (n_parts - 1) * part_size + last_size == dim, f"cuts the rows of its {part} in odd parts")
    return n_parts, part_size, cursor.skip(dim * N_CENTROIDS, 4, part)


# ---------------------------------------------------------------- words and their vectors


@dataclass(frozen=True)
class _Dictionary:
    """The words of a model as they lie in its file, without the labels.

    starts, lengths, counts  (n,) int64
    """

    content: Bytes
    starts: Integers
    lengths: Integers
    counts: Integers

    def __len__(self) -> int:
        return len(self.starts)

    def words(self, ids: Integers) -> tuple[Bytes, Integers]:
        """These words back to back, and their offsets."""
        from wordvec_cli.kernels.fasttext import copy_words

        offsets = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(self.lengths[ids], out=offsets[1:])
        text = np.empty(int(offsets[-1]), np.uint8)
        copy_words(self.content, self.starts[ids], self.lengths[ids], text)
        return text, offsets

    @cached_property
    def _by_hash(self) -> tuple[NDArray[np.uint32], Integers]:
        """The hashes of all words, ascending, and the words they are of."""
        from wordvec_cli.kernels.fasttext import hash_words

        hashes = np.empty(len(self), np.uint32)
        hash_words(self.content, self.starts, self.lengths, hashes)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    def find(self, word: bytes) -> int | None:
        """The id of a word; the lowest, if it comes more than once."""
        from wordvec_cli.kernels.fasttext import hash_words

        hashes, order = self._by_hash
        wanted = np.empty(1, np.uint32)
        hash_words(*_one_word(word), wanted)
        first, end = np.searchsorted(hashes, wanted[0]), np.searchsorted(hashes, wanted[0], side="right")
        for id in order[first:end].tolist():
            if self.content[self.starts[id] : self.starts[id] + self.lengths[id]].tobytes() == word:
                return int(id)
        return None


@dataclass(frozen=True)
class _Model:
    """A fastText model that is still in its file; see the kernel `word_vectors` for the last four."""

    content: Bytes
    dim: int
    metadata: dict[str, str]
    dictionary: _Dictionary
    layout: _Layout
    sizes: tuple[int, int, int, int, int]
    kept: NDArray[np.int32]
    kept_rows: NDArray[np.int32]

    @property
    def has_ngrams(self) -> bool:
        return self.sizes[2] > 0

    def vectors(self, ids: Integers, options: ReadOptions) -> NDArray[np.float32]:
        """The vectors of these words."""
        matrix = np.empty((len(ids), self.dim), np.float32)

        def make(first: int) -> None:
            some = slice(first, first + WORDS_PER_TASK)
            words = ids[some]
            place = self.content, self.dictionary.starts[words], self.dictionary.lengths[words]
            self._make(*place, words, matrix[some])

        tasks = range(0, len(ids), WORDS_PER_TASK)
        for first, _ in in_order(make, tasks, options.n_threads):
            options.report(Progress("reading", min(first + WORDS_PER_TASK, len(ids)), len(ids), "words"))
        return matrix

    def composed(self, word: bytes) -> "memoryview[float]":
        """The vector of any word; zeros, as in fastText, if it has no n-grams that are left."""
        id = self.dictionary.find(word)
        vector = np.empty((1, self.dim), np.float32)
        self._make(*_one_word(word), np.array([-1 if id is None else id]), vector)
        return vector.data.cast("B").cast("f")

    def _make(
        self, text: Bytes, starts: Integers, lengths: Integers, ids: Integers, matrix: NDArray[np.float32]
    ) -> None:
        from wordvec_cli.kernels.fasttext import word_vectors

        layout = tuple(self.layout)
        word_vectors(self.content, layout, text, starts, lengths, ids, self.sizes, self.kept, self.kept_rows, matrix)


def _one_word(word: bytes) -> tuple[Bytes, Integers, Integers]:
    """A text of one word, where it starts and how long it is, as kernels take them."""
    return np.frombuffer(word + b"\0", np.uint8), np.zeros(1, np.int64), np.array([len(word)], np.int64)
