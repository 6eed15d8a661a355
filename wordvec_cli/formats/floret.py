"""floret's tables: text with a row for each hash bucket, and no words; spaCy opens them (init vectors --mode floret).

A first line `buckets dim minn maxn hashCount hashSeed BOW EOW`, then lines `bucket v1 v2 ...`. The vector of any word
is the mean of the rows that the whole word and its n-grams are hashed to.
Source: explosion/floret, fasttext.cc (saveFloretVectors); spaCy, vectors.pyx and training/initialize.py.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.floret_hashes import TableRule
from wordvec_cli.formats.floret_keys import Hashes, WordKeys, word_keys
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.text import NO_LINE_END, number_rows
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.subwords import END_OF_SENTENCE, LONGEST_NGRAM, MOST_BUCKETS, Subwords, read_only, word_ngrams
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Matrix = NDArray[np.float32]

_HEADER = re.compile(rb"((?:\d{1,10} ){6})([^ \n]{1,20}) ([^ \r\n]{1,20})\r?\n")
SEED = 2166136261
DEFAULT_BUCKETS = 200_000
N_HASHES = 1  # with more of them, a table of rows that were not trained so has more meetings, and is worse
MOST_DIM = 1 << 16
MOST_HEADER_BYTES = 200
ROWS_PER_CHUNK = WORDS_AT_ONCE = 4096


def looks_like(start: bytes) -> bool:
    return _HEADER.match(start[:MOST_HEADER_BYTES]) is not None


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """A table, which makes vectors of any words, and has none itself. Raises: InputError"""
    del options
    with readable(path), open(path, "rb") as file:
        rule = _rule(path, file.readline(MOST_HEADER_BYTES))
        table = _table(path, file, rule, oddities)
    return embeddings_of_table(rule, table)


def embeddings_of_table(rule: TableRule, table: Matrix) -> Embeddings:
    """Those that make vectors of any words, and have none themselves."""
    no_words = Vocabulary(np.empty(0, np.uint8), np.zeros(1, np.int64), np.empty(0, np.int64))

    def composed(word: bytes) -> "memoryview[float]":
        vector: Matrix = table[rule.rows(word)].mean(axis=0, dtype=np.float32)
        return vector.data.cast("B").cast("f")

    def parts(word: bytes) -> "list[tuple[bytes, memoryview[float]]]":
        rows = ((key, table[bucket]) for key in rule.keys(word) for bucket in rule.buckets(key))
        return [(key, row.data.cast("B").cast("f")) for key, row in rows]

    return Embeddings(no_words, memoryview(b"").cast("f"), rule.dim, {}, composed=composed, parts=parts)


def _rule(path: str, line: bytes) -> TableRule:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise InputError(f"{path}: does not begin as a table of floret does; is it the right file?")
    return checked_rule(path, TableRule(*map(int, match[1].split()), match[2], match[3]))  # type: ignore[arg-type, call-arg]


def checked_rule(path: str, rule: TableRule) -> TableRule:
    """Raises: InputError if the numbers cannot be those of a table"""
    is_sound = 0 < rule.n_buckets <= MOST_BUCKETS and 0 < rule.dim <= MOST_DIM and 1 <= rule.n_hashes <= 4
    if not is_sound or rule.longest > LONGEST_NGRAM or rule.seed >= 1 << 32:
        raise InputError(f"{path}: its sizes are not those of a table of floret; make it again")
    return rule


def _table(path: str, file: BinaryIO, rule: TableRule, oddities: Oddities) -> Matrix:
    """The rows of all buckets; memory grows with what the file holds, not with what it says. Raises: InputError"""
    rows: list[Matrix] = []
    for n, line in enumerate(file):
        number, *values = line.split() or [b""]
        if number != b"%d" % n or len(values) != rule.dim:
            raise InputError(f"{path}:{n + 2}: is not bucket {n} and {rule.dim} numbers; the file is damaged")
        try:
            rows.append(np.array(values, np.float64).astype(np.float32))
        except ValueError:
            raise InputError(f"{path}:{n + 2}: holds what is not a number; the file is damaged") from None
        if not line.endswith(b"\n"):
            oddities.note(NO_LINE_END)
    if len(rows) != rule.n_buckets:
        raise InputError(f"{path}: has {len(rows)} rows where it says {rule.n_buckets}; the file is cut short")
    return np.array(rows)


# ---------------------------------------------------------------- writing


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """A table of the rows of words and n-grams: the mean of those that are hashed to one bucket; notes the loss.

    Raises: InputError if the vectors have no n-grams
    """
    embeddings = embeddings.completed()
    subwords = embeddings.subwords
    if subwords is None:
        raise InputError(f"{path}: these vectors have no rows of n-grams, of which a table of floret is made")
    n_buckets = options.n_buckets or DEFAULT_BUCKETS
    rule = TableRule(n_buckets, embeddings.dim, max(subwords.shortest, 1), subwords.longest, N_HASHES, SEED, b"<", b">")
    table = _filled(rule, embeddings.vocabulary, subwords)
    is_made = np.array([word != END_OF_SENTENCE for word in embeddings.vocabulary])  # which has n-grams in floret only
    errors = np.concatenate([*_errors(rule, table, embeddings), np.zeros(1)])[np.append(is_made, True)]
    with replacing(path) as file:
        file.write(rule.header())
        for first in range(0, n_buckets, ROWS_PER_CHUNK):
            lines = number_rows(table[first : first + ROWS_PER_CHUNK], b" ", options.decimals)
            file.write(b"".join(b"%d %b\n" % (first + i, numbers) for i, numbers in enumerate(lines)))
    options.note(
        f"{path}: words and n-grams share {n_buckets} rows; the cosine error of a word's vector is at most "
        f"{errors.max():.2g}, {np.median(errors):.2g} in the middle; more --buckets make it less"
    )
    return ["the words themselves, their counts and context vectors"]


@np.errstate(over="ignore", invalid="ignore")  # of rows that are not finite
def _filled(rule: TableRule, vocabulary: Vocabulary, subwords: Subwords) -> Matrix:
    """The mean of the rows that come to each bucket: that of a word, or that of an n-gram, each n-gram once."""
    sums, sizes = np.zeros((rule.n_buckets, rule.dim), np.float64), np.zeros(rule.n_buckets, np.int64)
    found: list[tuple[Hashes, NDArray[np.int64]]] = []
    for first in range(0, len(vocabulary), WORDS_AT_ONCE):
        words = _words(vocabulary, first)
        keys = word_keys(words, rule)
        _add(sums, sizes, keys.words, subwords.word_rows[first : first + len(words)])
        places = _places_of_ngrams(words, keys, subwords)
        found.append(_each_once(keys.ngrams[places >= 0], places[places >= 0]))
    if found:
        hashes, places = _each_once(*map(np.concatenate, zip(*found, strict=True)))
        for first in range(0, len(places), ROWS_PER_CHUNK):
            some = slice(first, first + ROWS_PER_CHUNK)
            _add(sums, sizes, hashes[some], subwords.rows[places[some]])
    means: Matrix = (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
    return means


def _words(vocabulary: Vocabulary, first: int) -> list[bytes]:
    return [vocabulary.word(id) for id in range(first, min(first + WORDS_AT_ONCE, len(vocabulary)))]


def _places_of_ngrams(words: list[bytes], keys: WordKeys, subwords: Subwords) -> NDArray[np.int64]:
    """The row of each n-gram, (n_ngrams,); -1 if it has none."""
    has_ngrams = np.repeat([word != END_OF_SENTENCE for word in words], np.diff(keys.offsets))  # in fastText's files
    lengths = np.array([len(word) for word in words], np.int64)
    text, sizes = np.frombuffer(b"".join(words) + b"\0", np.uint8), (subwords.shortest, subwords.longest)
    _, buckets = word_ngrams(text, np.cumsum(lengths) - lengths, lengths, (*sizes, subwords.n_buckets))
    table, places = subwords.checked_buckets, np.full(len(keys.ngrams), -1)
    found = np.searchsorted(table, buckets)
    is_there = table[np.minimum(found, len(table) - 1)] == buckets if len(table) else np.zeros(len(found), bool)
    places[has_ngrams] = np.where(is_there, found, -1)
    return places


def _each_once(hashes: Hashes, places: NDArray[np.int64]) -> tuple[Hashes, NDArray[np.int64]]:
    """The n-grams with their rows, each once: 128 bits tell them apart."""
    pairs = np.ascontiguousarray(hashes).view([("", np.uint64)] * 2).reshape(-1)
    at = np.sort(np.unique(pairs, return_index=True)[1])
    return hashes[at], places[at]


def _add(sums: NDArray[np.float64], sizes: NDArray[np.int64], hashes: Hashes, rows: Matrix) -> None:
    """Add rows to those of the table that their keys are hashed to, in place."""
    rows_of_table = _rows_of(hashes, len(sums))
    order = np.argsort(rows_of_table, kind="stable")
    target, starts, counts = np.unique(rows_of_table[order], return_index=True, return_counts=True)
    if len(target):
        sums[target] += np.add.reduceat(rows[order].astype(np.float64), starts, axis=0)
        sizes[target] += counts


def _rows_of(hashes: Hashes, n_buckets: int) -> NDArray[np.int64]:
    """The row of a table for each key: by the first of the four numbers in its hash, as `N_HASHES` is 1."""
    return ((hashes[:, 0] & np.uint64(0xFFFFFFFF)) % np.uint64(n_buckets)).astype(np.int64)


def _errors(rule: TableRule, table: Matrix, embeddings: Embeddings) -> Iterator[NDArray[np.float64]]:
    """1 - cosine of each word's vector and of what the table makes of the word."""
    from wordvec_cli.kernels.fasttext import mean_rows

    for first in range(0, len(embeddings.vocabulary), WORDS_AT_ONCE):
        before = embeddings.matrix[first : first + WORDS_AT_ONCE]
        keys = word_keys(_words(embeddings.vocabulary, first), rule)
        own, ngrams = (_rows_of(hashes, rule.n_buckets) for hashes in keys[:2])
        after = np.empty(before.shape, np.float32)
        mean_rows(read_only(table[own]), read_only(table), ngrams, keys.offsets, after)
        yield 1 - np.einsum("ij,ij->i", unit_rows(before), unit_rows(after))
