"""What the readers and writers of vector files share: options, rows as they come, and what is odd about them.

A reader yields `Rows`; `collected` makes `Embeddings` of them: it keeps the words that are wanted, settles duplicates,
and counts whatever is odd.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, NoWantedWordsError
from wordvec_cli.formats.rows import GatheredRows, Integers, Rows
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.storage.safetensors import memory_of
from wordvec_cli.text.decoding import in_valid_utf8, is_utf8, quoted
from wordvec_cli.text.words import PADDING, back_to_back, byte_order, repeats_previous
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.packing import Packing
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Duplicates = Literal["first", "last", "mean", "error", "all"]
InvalidUtf8 = Literal["keep", "replace", "skip", "error"]

NOT_UTF8 = "words that are not valid UTF-8"
NOT_FINITE = "rows with numbers that are not finite"
REPEATED = "repeated words"


@dataclass(frozen=True)
class ReadOptions:
    """How a vector file is read.

    words          only these; None: all
    limit          at most this many rows, from the first
    vocabulary     path of the words of a format that holds none
    duplicates     which of several rows of one word is kept; all: for `verify`, as look-ups need distinct words
    strict         whether anything odd is an error
    allow_pickle   whether a file may run code that it brings
    decimal_comma  whether the numbers of a table have commas where others have points
    max_bytes      of decompressed input, beyond which reading stops with an error
    matrix         name of the one to read of a file that may hold several; None: the one that fits its words
    folder         for temporary files, where vectors go that take more than `memory` bytes; None: they stay in memory
    """

    words: frozenset[bytes] | None = None
    limit: int | None = None
    vocabulary: str | None = None
    duplicates: Duplicates = "first"
    invalid_utf8: InvalidUtf8 = "keep"
    strict: bool = False
    allow_pickle: bool = False
    decimal_comma: bool = False
    max_bytes: int | None = None
    n_threads: int = 1
    report: Report = silent
    folder: Path | None = None
    memory: int = 1_000_000_000
    matrix: str | None = None


@dataclass(frozen=True)
class WriteOptions:
    """How a vector file is written.

    decimals  of text; None: the fewest digits that read back as the same float32
    packing   of the native format; None: float32 as it is
    is_safe   of csv: whether no word is a formula to a spreadsheet
    n_buckets  of formats with a table of n-grams, which they are hashed into; None: as many as the vectors have
    note      receives what is said of the file, beside what it has no room for
    """

    decimals: int | None = None
    n_threads: int = 1
    packing: Packing | None = None
    is_safe: bool = False
    n_buckets: int | None = None
    note: Note = ignore


@dataclass
class Oddities:
    """What is odd about a file: how often each thing was met, and where first."""

    unit: str = "line"
    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, places: "Integers | list[int]") -> None:
        if len(places):
            self.counts[what] = self.counts.get(what, 0) + len(places)
            self.first.setdefault(what, int(min(places)))

    def note(self, what: str) -> None:
        """Something that is not at any place."""
        self.counts[what] = 0

    def lines(self) -> Iterator[str]:
        for what, n in self.counts.items():
            yield f"{what}: {n}, the first on {self.unit} {self.first[what]}" if n else what


def collected(path: str, rows: Iterable[Rows], options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The rows that are wanted, as vectors. Raises: InputError"""
    chosen = _Chosen(path, options, oddities)
    found = GatheredRows(options.folder, options.memory)
    for each in rows:
        part = chosen.of(each)
        if options.limit is not None:
            part = part.first(options.limit - len(found))
        if len(part.matrix):  # one without rows would give the matrix no width
            found.add(part)
        if options.limit is not None and len(found) >= options.limit:
            break
    if not len(found):
        raise _no_vectors(path, options)
    return _without_duplicates(path, found.rows(), options, oddities)


def chosen(path: str, embeddings: Embeddings, options: ReadOptions) -> Embeddings:
    """The rows that are wanted of vectors that are open already, in their order. Raises: InputError"""
    if options.words is None and options.limit is None:
        return embeddings
    vocabulary = embeddings.vocabulary
    all_counts = vocabulary.counts  # before words are looked for, as all are checked for that
    ids = range(len(vocabulary)) if options.words is None else sorted(_ids(vocabulary, options.words))
    kept = np.array(ids[: options.limit], np.int64)
    if not len(kept) and not embeddings.can_compose:
        raise _no_vectors(path, options)
    counts = None if all_counts is None else np.asarray(all_counts)[kept].tolist()
    words = Vocabulary.from_words((vocabulary.word(id) for id in kept.tolist()), counts)
    taken = from_matrix(words, embeddings.matrix[kept], embeddings.metadata)
    context = None if embeddings.context is None else memory_of(embeddings.context[kept].reshape(-1)).cast("f")
    return replace(taken, context_values=context, unknown=embeddings.unknown, **_makers(embeddings, kept))


def _makers(embeddings: Embeddings, kept: NDArray[np.int64]) -> dict[str, Any]:
    """What makes vectors of other words, when these words are kept."""
    subwords = embeddings.subwords
    return {"composed": embeddings.composed, "subwords": subwords and subwords.of_words(kept)}


def _no_vectors(path: str, options: ReadOptions) -> InputError:
    if options.words:
        return NoWantedWordsError(f"{path}: holds no vectors of these words; are they of the same language and case?")
    return InputError(f"{path}: holds no vectors")


def _ids(vocabulary: Vocabulary, words: Iterable[bytes]) -> list[int]:
    return [id for word in words if (id := vocabulary.find(word)) is not None]


class _Chosen:
    """Chooses among rows by their words and numbers."""

    def __init__(self, path: str, options: ReadOptions, oddities: Oddities) -> None:
        self._path = path
        self._options = options
        self._oddities = oddities
        self._wanted = id_table(Vocabulary.from_words(sorted(options.words))) if options.words is not None else None

    def of(self, rows: Rows) -> Rows:
        if self._wanted is not None:
            padded = np.concatenate([rows.text, np.zeros(PADDING, np.uint8)])
            is_wanted = self._wanted.find(padded, rows.offsets) >= 0
            if b"" in (self._options.words or ()):  # which the table does not hold
                is_wanted |= np.diff(rows.offsets) == 0
            rows = rows.taken(np.flatnonzero(is_wanted))
        rows = self._in_utf8(rows)
        is_finite = np.isfinite(rows.matrix).all(axis=1)
        self._oddities.add(NOT_FINITE, rows.places[~is_finite])
        return rows

    def _in_utf8(self, rows: Rows) -> Rows:
        if not len(rows.text) or rows.text.max() < 0x80:
            return rows
        beyond_ascii = np.concatenate([[0], np.cumsum(rows.text >= 0x80)])[rows.offsets]
        suspects = np.flatnonzero(np.diff(beyond_ascii))
        wrong = [i for i in suspects.tolist() if not is_utf8(bytes(rows.text[rows.offsets[i] : rows.offsets[i + 1]]))]
        self._oddities.add(NOT_UTF8, rows.places[wrong])
        if not wrong or self._options.invalid_utf8 == "keep":
            return rows
        if self._options.invalid_utf8 == "error":
            place = f"{self._oddities.unit} {rows.places[wrong[0]]}"
            raise InputError(
                f"{self._path}: {place}: the word is not valid UTF-8; choose --invalid-utf8 keep, replace or skip"
            )
        if self._options.invalid_utf8 == "skip":
            return rows.taken(np.setdiff1d(np.arange(len(rows.matrix)), wrong))
        words = rows.words()
        for i in wrong:
            words[i] = in_valid_utf8(words[i])
        text, offsets = back_to_back(words)
        return rows._replace(text=text[: offsets[-1]], offsets=offsets)


def _without_duplicates(path: str, rows: Rows, options: ReadOptions, oddities: Oddities) -> Embeddings:
    order = byte_order(rows.text, rows.offsets)
    again = repeats_previous(rows.text, rows.offsets, order)
    oddities.add(REPEATED, rows.places[order[again]])
    if options.duplicates == "all" or not again.any():
        vocabulary = Vocabulary(rows.text[: rows.offsets[-1]], rows.offsets, order, rows.counts)
        return from_matrix(vocabulary, np.ascontiguousarray(rows.matrix), {})
    first_repeat = int(order[again].min())
    if options.duplicates == "error":
        word = bytes(rows.text[rows.offsets[first_repeat] : rows.offsets[first_repeat + 1]])
        place = f"{oddities.unit} {rows.places[first_repeat]}"
        raise InputError(f"{path}: {place}: {quoted(word)} is repeated; choose --duplicates first, last or mean")
    groups = np.cumsum(~again)  # of equal words, along the order, in which those of a group ascend
    starts = np.flatnonzero(~again)
    ends = np.append(starts[1:], len(order)) - 1
    kept = order[starts] if options.duplicates != "last" else order[ends]
    matrix = rows.matrix
    if options.duplicates == "mean":
        matrix = matrix.copy()
        for group in np.unique(groups[again]):
            members = order[starts[group - 1] : ends[group - 1] + 1]
            with np.errstate(invalid="ignore"):  # infinity and its opposite have no mean
                matrix[members[0]] = matrix[members].mean(axis=0, dtype=np.float64)
    return _without_duplicates(path, rows._replace(matrix=matrix).taken(np.sort(kept)), options, oddities)
