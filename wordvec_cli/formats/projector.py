"""The TensorFlow Embedding Projector: numbers in one file, words in a second, and a third that names both.

FILE has the numbers alone, with tabs. If its name ends in `tensors.tsv`, the words are in the file that has
`metadata.tsv` there (x.tensors.tsv, x.metadata.tsv); if not, `_metadata` comes before the suffix (x.tsv,
x_metadata.tsv). The configuration has `config.json` or `_config.json` in that place. The words stand alone and without
a header, or with their counts below the header `word<TAB>count`: the projector takes the first line for a header
exactly if it has a tab. Source: data-provider.ts (tensorflow/tensorboard).
"""

import json
import os
from typing import IO, Any

from wordvec_cli.errors import InputError
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.formats.tables import check_for_tsv, chunks
from wordvec_cli.formats.text import lost_by_text, number_rows
from wordvec_cli.storage.files import is_stream, replacing, together
from wordvec_cli.text.decoding import shown
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.row_tensors import ROWS_PER_PART

MOST_ROWS = 100_000  # that the projector shows (tensorboard issue 773)
TENSORS = "tensors.tsv"


def companion(path: str, name: str) -> str:
    """The path of the file `name` (metadata.tsv, config.json) that belongs to the numbers in `path`."""
    if path.endswith(TENSORS):
        return path.removesuffix(TENSORS) + name
    return f"{os.path.splitext(path)[0]}_{name}"


def companions(path: str) -> list[str]:
    """The words, and the configuration."""
    return [companion(path, "metadata.tsv"), companion(path, "config.json")]


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """The numbers, and the two files beside them. Raises: InputError for a word with a tab or a line end"""
    if is_stream(path):
        raise InputError(f"{path}: the projector needs a file of numbers and one of words; name a file to write")
    if embeddings.dim < 2:
        raise InputError(f"{path}: the projector shows vectors of two numbers or more; these have {embeddings.dim}")
    metadata, config = companions(path)
    with together():
        with replacing(path) as file:
            for first in range(0, len(embeddings.vocabulary), ROWS_PER_PART):
                rows = number_rows(embeddings.matrix[first : first + ROWS_PER_PART], b"\t", options.decimals)
                file.write(b"".join([row + b"\n" for row in rows]))
        with replacing(metadata) as file:
            n_blank = _write_metadata(path, file, embeddings)
        with replacing(config) as file:
            file.write(json.dumps(_config(path, metadata, embeddings), indent=2).encode() + b"\n")
    return _notes(embeddings, options, n_blank)


def _config(path: str, metadata: str, embeddings: Embeddings) -> dict[str, Any]:
    """What a projector on a web site is started with (?config=FILE): paths relative to the site."""
    tensor = {
        "tensorName": os.path.basename(path),
        "tensorShape": [len(embeddings.vocabulary), embeddings.dim],
        "tensorPath": os.path.basename(path),
        "metadataPath": os.path.basename(metadata),
    }
    return {"embeddings": [tensor]}


def _label(path: str, word: bytes) -> bytes:
    """A word as the projector can show it: lines of white space it would skip, and move all later words by one."""
    check_for_tsv(path, word)
    text = shown(word)
    if text.strip(" \r\v\f\ufeff") and not text.isspace():
        return word
    return b"(%b)" % (" ".join(f"U+{ord(character):04X}" for character in text).encode() or b"empty")


def _write_metadata(path: str, file: IO[bytes], embeddings: Embeddings) -> int:
    """Write the words, and their counts if they are known; how many words are shown by their codes."""
    counts = embeddings.vocabulary.counts
    if counts is not None:
        file.write(b"word\tcount\n")
    n_blank = 0
    for words, rows in chunks(embeddings):
        labels = [_label(path, word) for word in words]
        n_blank += sum(label != word for label, word in zip(labels, words, strict=True))
        if counts is None:
            lines = [label + b"\n" for label in labels]
        else:
            lines = [b"%b\t%d\n" % entry for entry in zip(labels, counts[rows], strict=True)]
        file.write(b"".join(lines))
    return n_blank


def _notes(embeddings: Embeddings, options: WriteOptions, n_blank: int) -> list[str]:
    notes = [what for what in lost_by_text(embeddings) if what != "counts"]
    if embeddings.unknown is not None:
        notes.append("the vector of unknown words")
    if n_blank:
        notes.append(f"{n_blank} words of white space alone, which are shown by their codes, as (U+0020)")
    if len(embeddings.vocabulary) > MOST_ROWS:
        n_hidden = len(embeddings.vocabulary) - MOST_ROWS
        notes.append(f"the last {n_hidden} rows, as the projector shows {MOST_ROWS} only")
    return notes
