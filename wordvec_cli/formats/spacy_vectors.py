"""spaCy's vectors: the folder of a pipeline, its `vocab`, or what Vectors.to_disk writes. They are read, not written.

In it are `vectors` (a numpy array), `key2row` (msgpack: the hash of a word and its row), `strings.json` (all words) and
`vectors.cfg`; of floret's vectors the table of n-grams, and no words. What spaCy reads of ours is text (`spacy init
vectors en v.vec OUT`) and floret's table (`--mode floret`). Source: spacy/vectors.pyx, strings.pyx (explosion/spaCy).
"""

import json
import os
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.floret import checked_rule, embeddings_of_table
from wordvec_cli.formats.floret_hashes import TableRule
from wordvec_cli.formats.matrices import Words, joined
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Integers, Matrix
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.npy import check_matrix, float_slices, map_file, row_slices
from wordvec_cli.text.decoding import bytes_of_json
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings

FOLDERS = ("", "vocab")
MATRIX, KEYS, STRINGS, SETTINGS = "vectors", "key2row", "strings.json", "vectors.cfg"
SEED = 1
_M, _R = np.uint64(0xC6A4A7935BD1E995), np.uint64(47)


def folder_in(path: str) -> str | None:
    """The folder with the vectors, if a folder is spaCy's."""
    for inner in FOLDERS:
        folder = os.path.join(path, inner)
        if all(os.path.isfile(os.path.join(folder, name)) for name in (MATRIX, KEYS, STRINGS)):
            return folder
    return None


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    folder = folder_in(path)
    if folder is None:
        raise InputError(f"{path}: has no vectors, key2row and strings.json, as the folder of a spaCy pipeline has")
    where = os.path.join(folder, MATRIX)
    matrix = map_file(where, lambda file, header: check_matrix(f"{file}: it", header))
    if matrix is None:
        raise InputError(f"{where}: is not an array of numpy's; save the pipeline again")
    settings = _json(os.path.join(folder, SETTINGS), dict) if os.path.exists(os.path.join(folder, SETTINGS)) else {}
    if settings.get("mode") == "floret":
        return embeddings_of_table(_rule(where, settings, matrix), np.ascontiguousarray(matrix, np.float32))
    keys, rows = _keys(os.path.join(folder, KEYS))
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(matrix):
        raise InputError(f"{folder}: {KEYS} names row {rows.max()} of {len(matrix)}; the files do not belong together")
    words, known = _words(os.path.join(folder, STRINGS), keys)
    if not known.all():
        oddities.note(f"{int((~known).sum())} vectors belong to hashes of no string in {STRINGS}, and are left out")
    rows = rows[known]
    order = np.argsort(rows, kind="stable")
    text, offsets = back_to_back([words[i] for i in order.tolist()])
    return joined(path, Words(text[: offsets[-1]], offsets), _taken(matrix, rows[order]), options, oddities)


def _taken(matrix: NDArray[Any], rows: Integers) -> Iterator[Matrix]:
    for some in row_slices((len(rows), matrix.shape[1]), matrix.itemsize):
        yield from float_slices(matrix[rows[some]])


def _rule(path: str, settings: dict[str, Any], matrix: NDArray[Any]) -> TableRule:
    """Raises: InputError"""
    try:
        numbers = [int(settings[name]) for name in ("minn", "maxn", "hash_count", "hash_seed")]
        ends = [str(settings[name]).encode() for name in ("bow", "eow")]
        rule = TableRule(*matrix.shape, *numbers, *ends)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: its {SETTINGS} does not say how words are hashed ({error!r}); save it again"
        ) from None
    return checked_rule(path, rule)


def _json(path: str, kind: type) -> Any:
    with readable(path), open(path, "rb") as file:
        content = file.read()
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise InputError(f"{path}: is not JSON as spaCy writes it; save the pipeline again")
    return value


def _words(path: str, keys: NDArray[np.uint64]) -> tuple[list[bytes], NDArray[np.bool_]]:
    """The words of those keys that have one, and which these are."""
    strings = [bytes_of_json(string) for string in _json(path, list) if isinstance(string, str)]
    hashes = murmur_hashes(strings)
    by_hash = dict(zip(hashes.tolist(), strings, strict=True))
    by_hash[0] = b""  # spaCy's for the empty string
    found = [by_hash.get(key) for key in keys.tolist()]
    return [word for word in found if word is not None], np.array([word is not None for word in found], bool)


def murmur_hashes(words: list[bytes]) -> NDArray[np.uint64]:
    """MurmurHash64A with the seed 1 of each word, by which spaCy knows it."""
    hashes = np.zeros(len(words), np.uint64)
    lengths = np.array([len(word) for word in words], np.int64)
    for length in np.unique(lengths).tolist():
        chosen = np.flatnonzero(lengths == length)
        padded = b"".join(words[i] + bytes(-length % 8) for i in chosen.tolist())
        blocks = np.frombuffer(padded, "<u8").reshape(len(chosen), -1)
        hashes[chosen] = _of_one_length(blocks, length)
    return hashes


def _of_one_length(blocks: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Of words of `length` bytes, padded with zeros to blocks of 8."""
    hashes = np.full(len(blocks), np.uint64(SEED) ^ np.uint64(length * int(_M) & (1 << 64) - 1), np.uint64)
    for column in range(length // 8):
        block = blocks[:, column] * _M
        block = (block ^ (block >> _R)) * _M
        hashes = (hashes ^ block) * _M
    if length % 8:
        hashes = (hashes ^ blocks[:, -1]) * _M
    hashes = (hashes ^ (hashes >> _R)) * _M
    return hashes ^ (hashes >> _R)


# ---------------------------------------------------------------- msgpack

_WIDTHS = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}


def _keys(path: str) -> tuple[NDArray[np.uint64], Integers]:
    """The keys of a map of whole numbers in msgpack, and their rows. Raises: InputError"""
    with readable(path), open(path, "rb") as file:
        content = file.read()
    try:
        n, place = _length(content)
        numbers = list(_numbers(content, place, 2 * n))
        return np.array(numbers[::2], np.uint64), np.array(numbers[1::2], np.int64)
    except (struct.error, IndexError, OverflowError, KeyError):
        raise InputError(
            f"{path}: is not a table of hashes and rows, or is cut short; save the pipeline again"
        ) from None


def _length(content: bytes) -> tuple[int, int]:
    if content[0] & 0xF0 == 0x80:
        return content[0] & 0x0F, 1
    form = _MAPS[content[0]]
    return struct.unpack_from(form, content, 1)[0], 1 + struct.calcsize(form)


def _numbers(content: bytes, place: int, n: int) -> Iterator[int]:
    for _ in range(n):
        first = content[place]
        place += 1
        if first < 0x80:
            yield first
        else:
            form = _WIDTHS[first]
            yield struct.unpack_from(form, content, place)[0]
            place += struct.calcsize(form)
