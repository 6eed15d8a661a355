"""The structure of fastText's files, from the first byte to the last; it is checked, and nothing is copied.

A file holds the training's arguments, a dictionary of words and labels (and, where it was pruned, of the n-grams that
are left), the matrix of the words' and the n-grams' rows, and an output matrix, which is not read. All numbers are
little-endian and lie as they come, unaligned.
Source: facebookresearch/fastText, fasttext.cc, args.cc, dictionary.cc, densematrix.cc, quantmatrix.cc and
productquantizer.cc; the oldest files, without a magic number: gensim, models/_fasttext_bin.py.
"""

import json
import mmap
import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.fasttext_model import Bytes, Dictionary, MatrixPlace, Model
from wordvec_cli.storage.files import readable

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


def open_model(path: str) -> Model:
    """Raises: InputError"""
    return _model(_Cursor(path, _mapped(path)))


def _mapped(path: str) -> Bytes:
    """The bytes of a file through a map, which lives as long as anything that views them."""
    with readable(path), open(path, "rb") as file:
        try:
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except (ValueError, OSError):
            raise InputError(
                f"{path}: is empty, or cannot be mapped into memory; give a fastText model in a file, decompressed"
            ) from None


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
        """Where `n_values` of `size` bytes each start; goes on after them."""
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


def _model(cursor: _Cursor) -> Model:
    """Go through the whole file; the last byte of its last matrix is the file's."""
    arguments = _arguments(cursor)
    dictionary, n_kept = _dictionary(cursor, has_pruning=arguments.version > 0)
    kept, kept_rows = _kept_ngrams(cursor, max(n_kept, 0))
    is_quantised = arguments.version > 0 and _flag(cursor, "input matrix")
    if n_kept >= 0 and not is_quantised:
        raise InputError(
            f"{cursor.path}: is pruned but not quantised, which fastText no longer supports; download it anew"
        )
    n_rows, n_columns, layout = _matrix(cursor, is_quantised, "input matrix")
    cursor.check(n_columns == arguments.dim, f"has rows of {n_columns} numbers where it says {arguments.dim}")
    n_buckets = 0 if n_kept == 0 else arguments.n_buckets
    n_ngrams = int(kept_rows.max(initial=-1)) + 1 if n_kept > 0 else n_buckets
    n_needed = len(dictionary) + n_ngrams
    cursor.check(n_rows >= n_needed, f"has {n_rows} rows where its words and n-grams need {n_needed}")
    has_codes = arguments.version > 0 and _flag(cursor, "output matrix") and is_quantised
    n_outputs, n_columns, output_layout = _matrix(cursor, has_codes, "output matrix")
    outputs = None if has_codes or n_columns != arguments.dim else (n_outputs, output_layout)
    cursor.check(not cursor.n_left, f"has {cursor.n_left} bytes after its last matrix")
    splits_all = int(not arguments.version)  # </s> too: so did the first fastText, as its printed vectors show
    sizes = (arguments.shortest, arguments.longest, n_buckets, len(dictionary), splits_all)
    return Model(
        cursor.content, arguments.dim, _metadata(arguments), dictionary, layout, sizes, kept, kept_rows, outputs
    )


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
        what = "its arguments are not fastText's" if version else "is not a fastText model"
        raise InputError(f"{cursor.path}: {what}; {ADVICE if version else 'is it the right file?'}")
    if version and 0 < abs(values["t"]) < SMALLEST_RATE:
        raise InputError(
            f"{cursor.path}: is a floret model, which wordvec cannot read; "
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


def _dictionary(cursor: _Cursor, has_pruning: bool) -> tuple[Dictionary, int]:
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
    return Dictionary(cursor.content, starts[:n_words], lengths[:n_words], counts[:n_words]), n_kept


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


def _matrix(cursor: _Cursor, is_quantised: bool, part: str) -> tuple[int, int, MatrixPlace]:
    """The numbers of rows and columns of a matrix, and where it is."""
    has_norms = is_quantised and _flag(cursor, part)
    n_rows, n_columns = cursor.take("2q", part)
    cursor.check(min(n_rows, n_columns) >= 0, f"says that its {part} has {n_rows} x {n_columns} numbers")
    if not is_quantised:
        return n_rows, n_columns, MatrixPlace(cursor.skip(n_rows * n_columns, 4, part))
    (n_codes,) = cursor.take("i", part)
    codes_at = cursor.skip(n_codes, 1, part)
    n_parts, part_size, centroids_at = _quantiser(cursor, n_columns, part)
    cursor.check(n_codes == n_rows * n_parts, f"has {n_codes} codes in its {part} where it needs {n_rows * n_parts}")
    if not has_norms:
        return n_rows, n_columns, MatrixPlace(codes_at, n_parts, part_size, centroids_at)
    norm_codes_at = cursor.skip(n_rows, 1, part)
    *_, norms_at = _quantiser(cursor, 1, part)
    return n_rows, n_columns, MatrixPlace(codes_at, n_parts, part_size, centroids_at, norm_codes_at, norms_at)


def _quantiser(cursor: _Cursor, dim: int, part: str) -> tuple[int, int, int]:
    """How many parts of how many numbers a vector has, the last perhaps fewer; and where the parts' 256 values are."""
    of_dim, n_parts, part_size, last_size = cursor.take("4i", part)
    fits = of_dim == dim and min(n_parts, part_size, last_size) > 0 and last_size <= part_size
    cursor.check(fits and (n_parts - 1) * part_size + last_size == dim, f"cuts the rows of its {part} in odd parts")
    return n_parts, part_size, cursor.skip(dim * N_CENTROIDS, 4, part)
