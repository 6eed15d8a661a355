"""Pairs files: a safetensors file that holds its vocabulary too, or the records of GloVe's C programs.

A record of cooccur.c and shuffle.c (stanfordnlp/GloVe) is the row and the column, int32, counted from 1, and the
weight, float64.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from wordvec_cli.errors import InputError, WordvecError
from wordvec_cli.sequences.pairs import BYTES_PER_PAIR, PairOptions, Pairs
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.storage.safetensors import Tensor
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


def layout_of(path: str) -> PairsLayout:
    """By its name."""
    return "glove" if path.endswith(RECORDS_SUFFIX) else "safetensors"


def size_bytes(n_pairs: int, vocabulary: Vocabulary, layout: PairsLayout) -> int:
    """How large a file of `n_pairs` pairs will be, but for its header of some kilobytes."""
    words = len(vocabulary) * 3 * 8 + len(vocabulary.text) if layout == "safetensors" else 0
    return BYTES_PER_PAIR * n_pairs + words


def write_pairs(path: str, file: PairsFile, layout: PairsLayout) -> None:
    """Write pairs whose ids start at 0. Raises: OutputError"""
    if layout not in get_args(PairsLayout):
        raise InputError(f"--to: {layout!r} is not one of {', '.join(get_args(PairsLayout))}")
    if layout == "glove":
        with replacing(path) as output:
            for part in _parts(file.pairs):
                output.write(_records(part).view(np.uint8).data)
        return
    words = vocabulary_tensors(file.vocabulary)
    text = {"words.text": words.pop("words.text")}  # last, for its length is no multiple of anything
    arrays = {
        "weights": Tensor.of(file.pairs.weights, "F64"),
        "rows": Tensor.of(file.pairs.rows, "I32"),
        "columns": Tensor.of(file.pairs.columns, "I32"),
    }
    safetensors.write(path, arrays | words | text, _metadata(file), "weights")


def _parts(pairs: Pairs) -> Iterator[Pairs]:
    for first in range(0, len(pairs), PAIRS_PER_CHUNK):
        yield pairs[first : first + PAIRS_PER_CHUNK]


def _records(pairs: Pairs) -> Any:
    records = np.empty(len(pairs), RECORD)
    records["row"] = pairs.rows - pairs.first_id + 1
    records["column"] = pairs.columns - pairs.first_id + 1
    records["weight"] = pairs.weights
    return records


def _metadata(file: PairsFile) -> Mapping[str, str]:
    metadata = {**FORMAT.metadata(), "vocabulary_fingerprint": file.vocabulary.fingerprint()}
    if file.options:
        metadata["pair_options"] = json.dumps(asdict(file.options), sort_keys=True)
    if file.tokenizer:
        metadata["tokenizer"] = json.dumps(file.tokenizer.to_metadata(), sort_keys=True)
    if file.corpus_fingerprint:
        metadata["corpus_fingerprint"] = file.corpus_fingerprint
    return metadata


# ---------------------------------------------------------------- reading


def read_pairs(path: str, vocabulary: Vocabulary | None = None) -> PairsFile:
    """Open a file of pairs, mapped.

    vocabulary  of records, which do not hold one; a safetensors file must have the same, if one is given
    Raises: InputError
    """
    return _read_safetensors(path, vocabulary) if _is_safetensors(path) else _read_records(path, vocabulary)


def read_options(path: str) -> dict[str, Any]:
    """How the pairs of a file were counted, as it says; empty if it does not. Raises: InputError"""
    return recorded(safetensors.open_file(path).metadata, "pair_options") if _is_safetensors(path) else {}


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
    try:
        made_by = PairOptions(**options) if options else None
        made_of = Tokenizer.from_metadata(tokenizer) if tokenizer else None
    except (TypeError, ValueError, WordvecError) as error:
        raise InputError(f"{path}: records what this wordvec does not know ({error}); make it again") from None
    origin, checksum = (file.metadata.get(name) for name in ("corpus_fingerprint", "checksum"))
    return PairsFile(Pairs(rows, columns, weights), own, made_by, made_of, origin, checksum)
