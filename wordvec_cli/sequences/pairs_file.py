"""Pairs files: a safetensors file that holds its vocabulary too, or the records of GloVe's C programs.

A record of cooccur.c and shuffle.c (stanfordnlp/GloVe) is the row and the column, int32, counted from 1, and the
weight, float64.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.sequences.pair_arrays import BYTES_PER_PAIR, CountedRows, PairFile, Pairs
from wordvec_cli.sequences.pairs import PairOptions
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import is_stream, readable, replacing
from wordvec_cli.storage.growing import Growing, write_growing
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.storage.spool import Spool
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vectors.native import stored_vocabulary, vocabulary_tensors
from wordvec_cli.vocabulary.vocabulary import Vocabulary

FORMAT = safetensors.OwnFormat("wordvec-pairs", "1", "pairs; wordvec cooccur makes those")
RECORD = np.dtype([("row", "<i4"), ("column", "<i4"), ("weight", "<f8")])
RECORDS_SUFFIX = ".bin"
PAIRS_PER_CHUNK = 1 << 20
PairsLayout = Literal["safetensors", "glove"]


@dataclass(frozen=True, eq=False)
class PairsFacts:
    """The words of pairs, and how these were made, as far as that is known."""

    vocabulary: Vocabulary
    options: PairOptions | None = None
    tokenizer: Tokenizer | None = None
    corpus_fingerprint: str | None = None

    def metadata(self) -> Mapping[str, str]:
        metadata = {**FORMAT.metadata(), "vocabulary_fingerprint": self.vocabulary.fingerprint()}
        if self.options:
            metadata["pair_options"] = json.dumps(asdict(self.options), sort_keys=True)
        if self.tokenizer:
            metadata["tokenizer"] = json.dumps(self.tokenizer.to_metadata(), sort_keys=True)
        if self.corpus_fingerprint:
            metadata["corpus_fingerprint"] = self.corpus_fingerprint
        return metadata


@dataclass(frozen=True, eq=False)
class PairsFile:
    """Pairs with their words, and how they were made, as far as the file says.

    options, tokenizer, corpus_fingerprint  None: it does not
    fingerprint  of the file's content; None: it has to be read for that
    """

    pairs: Pairs
    vocabulary: Vocabulary
    options: PairOptions | None = None
    tokenizer: Tokenizer | None = None
    corpus_fingerprint: str | None = None
    fingerprint: str | None = None

    @property
    def facts(self) -> PairsFacts:
        return PairsFacts(self.vocabulary, self.options, self.tokenizer, self.corpus_fingerprint)


def layout_of(path: str) -> PairsLayout:
    """By its name."""
    return "glove" if path.endswith(RECORDS_SUFFIX) else "safetensors"


def size_bytes(n_pairs: int, vocabulary: Vocabulary, layout: PairsLayout) -> int:
    """How large a file of `n_pairs` pairs will be, but for its header of some kilobytes."""
    words = len(vocabulary) * 3 * 8 + len(vocabulary.text) if layout == "safetensors" else 0
    return BYTES_PER_PAIR * n_pairs + words


def spooled_bytes_per_pair(path: str, layout: PairsLayout) -> int:
    """What `write_counted` has on disk for each pair beside its output."""
    if layout == "glove":
        return 0
    return BYTES_PER_PAIR if is_stream(path) else np.dtype(np.int32).itemsize


class Expected(NamedTuple):
    """Pairs that are yet to be counted.

    n_about  how many there will be, about
    folder   for temporary files
    """

    n_about: int
    folder: Path


def write_counted(
    path: str, parts: Iterable[CountedRows], expected: Expected, facts: PairsFacts, layout: PairsLayout
) -> int:
    """Write rows as they are counted; returns how many pairs they had. Raises: OutputError, what `parts` raises"""
    if layout == "glove":
        return _write_records(path, (rows.pairs() for rows in parts))
    if is_stream(path):  # which starts with the number of pairs and the checksum
        file = PairFile(expected.folder)
        for rows in parts:
            file.append(rows.pairs())
        write_pairs(path, PairsFile(file.pairs(), **vars(facts)), layout)
        return len(file)
    gathered = _Gathered(parts, len(facts.vocabulary), expected.folder)
    weights = Growing("weights", "F64", gathered.weights(), expected.n_about)
    words = _tensors_of_words(facts.vocabulary)
    write_growing(path, weights, lambda n: gathered.tensors(n) | words, facts.metadata())
    return gathered.n_pairs


class _Gathered:
    """Rows of which the weights are given away at once; the columns and sizes are kept."""

    def __init__(self, parts: Iterable[CountedRows], n_words: int, folder: Path) -> None:
        self._parts = parts
        self._sizes = np.zeros(n_words, np.int64)
        self._columns = Spool(folder, np.int32)

    @property
    def n_pairs(self) -> int:
        return len(self._columns)

    def weights(self) -> Iterator[NDArray[np.float64]]:
        for rows in self._parts:
            self._sizes[rows.first : rows.first + len(rows.sizes)] = rows.sizes
            self._columns.append(rows.columns)
            yield rows.weights

    def tensors(self, n_pairs: int) -> dict[str, Tensor]:
        """What follows the weights, when all parts have been written."""
        columns = Tensor.of_parts(self._column_parts, "I32", (n_pairs,))
        return {"rows": Tensor.of_parts(self._row_parts, "I32", (n_pairs,)), "columns": columns}

    def _row_parts(self) -> Iterator[NDArray[np.int32]]:
        """Each row as often as it has pairs."""
        ends = np.cumsum(self._sizes)
        for first in range(0, self.n_pairs, PAIRS_PER_CHUNK):
            last = min(first + PAIRS_PER_CHUNK, self.n_pairs)
            low, high = np.searchsorted(ends, [first, last - 1], side="right")
            rows = np.arange(low, high + 1, dtype=np.int32)
            within = np.concatenate([[first], np.clip(ends[rows], first, last)])
            yield np.repeat(rows, within[1:] - within[:-1])

    def _column_parts(self) -> Iterator[NDArray[np.int32]]:
        columns = self._columns.whole()
        for first in range(0, len(columns), PAIRS_PER_CHUNK):
            yield columns[first : first + PAIRS_PER_CHUNK]


def write_pairs(path: str, file: PairsFile, layout: PairsLayout) -> None:
    """Write pairs whose ids start at 0. Raises: OutputError"""
    if layout not in get_args(PairsLayout):
        raise InputError(f"--to: {layout!r} is not one of {', '.join(get_args(PairsLayout))}")
    if layout == "glove":
        _write_records(path, _parts(file.pairs))
        return
    arrays = {
        "weights": Tensor.of(file.pairs.weights, "F64"),
        "rows": Tensor.of(file.pairs.rows, "I32"),
        "columns": Tensor.of(file.pairs.columns, "I32"),
    }
    safetensors.write(path, arrays | _tensors_of_words(file.vocabulary), file.facts.metadata(), "weights")


def _tensors_of_words(vocabulary: Vocabulary) -> dict[str, Tensor]:
    words = vocabulary_tensors(vocabulary)
    text = words.pop("words.text")
    return words | {"words.text": text}  # last, for its length is no multiple of anything


def _write_records(path: str, parts: Iterable[Pairs]) -> int:
    """Returns how many there were."""
    n = 0
    with replacing(path) as output:
        for part in parts:
            output.write(_records(part).view(np.uint8).data)
            n += len(part)
    return n


def _parts(pairs: Pairs) -> Iterator[Pairs]:
    for first in range(0, len(pairs), PAIRS_PER_CHUNK):
        yield pairs[first : first + PAIRS_PER_CHUNK]


def _records(pairs: Pairs) -> Any:
    records = np.empty(len(pairs), RECORD)
    records["row"] = pairs.rows - pairs.first_id + 1
    records["column"] = pairs.columns - pairs.first_id + 1
    records["weight"] = pairs.weights
    return records


# ---------------------------------------------------------------- reading


def read_pairs(path: str, vocabulary: Vocabulary | None = None) -> PairsFile:
    """Open a file of pairs, mapped.

    vocabulary  of records, which do not hold one; a safetensors file must have the same, if one is given
    Raises: InputError
    """
    return _read_safetensors(path, vocabulary) if _is_safetensors(path) else _read_records(path, vocabulary)


def read_options(path: str) -> dict[str, Any]:
    """How the pairs of a file were counted, as it says; empty if it does not. Raises: InputError"""
    if not _is_safetensors(path):
        return {}
    options = recorded(safetensors.open_file(path).metadata, "pair_options")
    with _understood(path):
        PairOptions(**options)
    return options


@contextmanager
def _understood(path: str) -> Iterator[None]:
    """Turn what a file records and no command would have taken into an InputError."""
    try:
        yield
    except (TypeError, ValueError, WordvecError) as error:
        raise InputError(f"{path}: records what this wordvec does not know ({error}); make it again") from None


def _is_safetensors(path: str) -> bool:
    """By its first bytes: the length of a header, which in records are a row and a column, and more than 2^32."""
    with readable(path), open(path, "rb") as file:
        return safetensors.looks_like(file.read(safetensors.LENGTH.size + 1))


def _read_records(path: str, vocabulary: Vocabulary | None) -> PairsFile:
    if vocabulary is None:
        raise InputError(
            f"{path}: is not a safetensors file of pairs; if these are records of GloVe's programs, which do not hold "
            "their words, name the vocabulary with --vocab"
        )
    with readable(path):
        size = os.path.getsize(path)
        if not size or size % RECORD.itemsize:
            raise InputError(
                f"{path}: {size} bytes are not a whole number of records of {RECORD.itemsize} bytes; "
                "it is cut short, or was not written by GloVe's cooccur or shuffle"
            )
        records = np.memmap(path, RECORD, mode="r").view(np.ndarray)
    return PairsFile(Pairs(records["row"], records["column"], records["weight"], first_id=1), vocabulary)


def _read_safetensors(path: str, vocabulary: Vocabulary | None) -> PairsFile:
    file = safetensors.open_file(path)
    FORMAT.check(file)
    own = stored_vocabulary(file)
    if vocabulary is not None and vocabulary.fingerprint() != own.fingerprint():
        raise InputError(f"{path}: holds pairs of another vocabulary than --vocab; leave --vocab out, it has its own")
    arrays = [file.tensors.get(name) for name in ("rows", "columns", "weights")]
    dtypes = [tensor and tensor.dtype for tensor in arrays]
    if dtypes != ["I32", "I32", "F64"] or len({tensor.shape for tensor in arrays if tensor}) != 1:
        raise InputError(f"{path}: its rows, columns and weights do not match; the file is damaged, make it again")
    rows, columns, weights = (np.asarray(tensor.data) for tensor in arrays if tensor)
    if not len(rows):
        raise InputError(f"{path}: holds no pairs; count them again")
    options, tokenizer = recorded(file.metadata, "pair_options"), recorded(file.metadata, "tokenizer")
    with _understood(path):
        made_by = PairOptions(**options) if options else None
        made_of = Tokenizer.from_metadata(tokenizer) if tokenizer else None
    origin, checksum = (file.metadata.get(name) for name in ("corpus_fingerprint", "checksum"))
    return PairsFile(Pairs(rows, columns, weights), own, made_by, made_of, origin, checksum)
