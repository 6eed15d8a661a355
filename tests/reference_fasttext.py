"""A plain, slow oracle for formats/fasttext.py: a model as a value, its file, and its vectors, row by row.

Source: facebookresearch/fastText, dictionary.cc, quantmatrix.cc, productquantizer.cc.
"""

import re
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]
MAGIC = 793712314


@dataclass(frozen=True)
class Quantised:
    """Rows as codes.

    codes      (n, parts); a part has as many columns as its centroids have
    centroids  one (256, width) for each part, all but the last of the same width
    norms      (256,), and norm_codes (n,): what a row is multiplied by
    """

    codes: Codes
    centroids: list[Floats]
    norm_codes: Codes | None = None
    norms: Floats | None = None

    def rows(self) -> Floats:
        rows = np.hstack([each[self.codes[:, i]] for i, each in enumerate(self.centroids)])
        return rows if self.norms is None else rows * self.norms[self.norm_codes][:, None]

    def file(self) -> bytes:
        widths = [each.shape[1] for each in self.centroids]
        content = struct.pack("<?qqi", self.norms is not None, len(self.codes), sum(widths), self.codes.size)
        content += self.codes.tobytes() + struct.pack("<4i", sum(widths), len(widths), widths[0], widths[-1])
        content += b"".join(each.tobytes() for each in self.centroids)
        if self.norms is not None and self.norm_codes is not None:
            content += self.norm_codes.tobytes() + struct.pack("<4i", 1, 1, 1, 1) + self.norms.tobytes()
        return content


def matrix_file(matrix: Floats | Quantised) -> bytes:
    if isinstance(matrix, Quantised):
        return matrix.file()
    return struct.pack("<2q", *matrix.shape) + matrix.tobytes()


@dataclass(frozen=True)
class Model:
    """A fastText model.

    kept     the n-grams that are left by pruning, with the numbers of their rows after those of the words
    version  0: the oldest files, without a magic number
    """

    words: list[bytes]
    rows: Floats | Quantised
    shortest: int = 3
    longest: int = 6
    n_buckets: int = 0
    kept: dict[int, int] | None = None
    labels: list[bytes] = field(default_factory=list)
    output: Floats | Quantised | None = None
    model: int = 2
    version: int = 12

    @property
    def matrix(self) -> Floats:
        return self.rows.rows() if isinstance(self.rows, Quantised) else self.rows

    def file(self) -> bytes:
        dim = self.matrix.shape[1]
        content = struct.pack("<2i", MAGIC, self.version) if self.version else b""
        sizes = (self.n_buckets, self.shortest, self.longest)
        content += struct.pack("<12id", dim, 5, 7, 2, 6, 1, 2, self.model, *sizes, 100, 1e-4)
        n_words, n_labels = len(self.words), len(self.labels)
        content += struct.pack("<3iq", n_words + n_labels, n_words, n_labels, 1000)
        if self.version:
            content += struct.pack("<q", -1 if self.kept is None else len(self.kept))
        for i, word in enumerate([*self.words, *self.labels]):
            content += word + b"\0" + struct.pack("<qb", 100 - i, i >= n_words)
        for pair in (self.kept or {}).items():
            content += struct.pack("<2i", *pair)
        for matrix in (self.rows, np.zeros((n_words, dim), np.float32) if self.output is None else self.output):
            content += struct.pack("<?", isinstance(matrix, Quantised)) if self.version else b""
            content += matrix_file(matrix)
        return content

    def vector(self, word: bytes) -> Floats:
        """The mean of the rows of a word and of its n-grams, added up in fastText's order and in float32."""
        row_numbers = [self.words.index(word)] if word in self.words else []
        hashes = ngram_hashes(word, self.shortest, self.longest, self.n_buckets, splits_all=not self.version)
        for row in hashes:
            if self.kept is None:
                row_numbers.append(len(self.words) + row)
            elif row in self.kept:
                row_numbers.append(len(self.words) + self.kept[row])
        total = np.zeros(self.matrix.shape[1], np.float32)
        for number in row_numbers:
            total += self.matrix[number]
        return total * np.float32(1 / len(row_numbers)) if row_numbers else total


def ngram_hashes(word: bytes, shortest: int, longest: int, n_buckets: int, splits_all: bool = False) -> list[int]:
    """The buckets of a word's n-grams, by where they begin and then by length; those of </s> only if `splits_all`."""
    if (word == b"</s>" and not splits_all) or not n_buckets:
        return []
    characters = re.findall(rb"[^\x80-\xbf][\x80-\xbf]*", b"<" + word + b">")
    hashes = []
    for start in range(len(characters)):
        for end in range(start + max(shortest, 1), min(start + longest, len(characters)) + 1):
            ngram = b"".join(characters[start:end])
            if end - start > 1 or 0 < start < len(characters) - 1:
                hashes.append(fasttext_hash(ngram) % n_buckets)
    return hashes


def fasttext_hash(ngram: bytes) -> int:
    """FNV-1a of 32 bits, but that bytes are signed."""
    state = 2166136261
    for byte in ngram:
        signed = byte - 256 if byte >= 128 else byte
        state = ((state ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return state
