"""A native file of vectors whose rows are made while it is written, on threads, and never all in memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import save_tensors
from wordvec_cli.vectors.row_tensors import VECTORS
from wordvec_cli.vectors.subword_tensors import BUCKETS, ROWS, WORD_ROWS, subword_metadata
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import context_of, rows_of, slices, subword_rows

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.transform.rows import Matrix


def save_made(path: str, vectors: Embeddings, reach: Reach) -> None:
    """Write a native file, block by block. Raises: OutputError"""
    tensors = {VECTORS: _streamed(rows_of(vectors), reach)}
    if (context := context_of(vectors)) is not None:
        tensors["context"] = _streamed(context, reach)
    if vectors.unknown is not None:
        tensors["unknown"] = Tensor.of(np.asarray(vectors.unknown, np.float32).reshape(1, -1), "F32")
    metadata = dict(vectors.metadata)
    if (subwords := vectors.subwords) is not None:
        rows, own = subword_rows(subwords, len(vectors.vocabulary))
        tensors[BUCKETS] = Tensor.of(subwords.checked_buckets, "I32")
        tensors |= {ROWS: _streamed(rows, reach), WORD_ROWS: _streamed(own, reach)}
        metadata |= subword_metadata(subwords)
    save_tensors(path, vectors.vocabulary, tensors, metadata)


def _streamed(rows: "Rows", reach: Reach) -> Tensor:
    shape = len(rows), int(rows.shape[1])

    def parts() -> "Iterator[Matrix]":
        for some, made in in_order(lambda some: rows[some], slices(*shape), reach.n_threads):
            yield made
            reach.report(Progress("writing", some.stop, shape[0], "rows"))

    return Tensor.of_parts(parts, "F32", shape)
