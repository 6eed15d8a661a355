"""The native format, as the others are called; see `wordvec_cli.vectors.embeddings`."""

import numpy as np

from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.vectors import subword_tensors
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER, save_tensors
from wordvec_cli.vectors.row_tensors import KEY as PACKING_KEY
from wordvec_cli.vectors.row_tensors import VECTORS, matrix_tensor, packing_metadata, row_tensors

KEEP_CONTEXT = (None, "float16", "int8")  # the packings beside which float32 output vectors are not most of the file


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    embeddings = embeddings.completed()
    subwords, metadata = embeddings.subwords, dict(embeddings.metadata)
    for key in (CLASSIFIER, subword_tensors.KEY, PACKING_KEY):
        metadata.pop(key, None)
    tensors = row_tensors(VECTORS, embeddings.lazy, options.packing)
    metadata |= packing_metadata(options.packing, embeddings.dim)
    keeps_context = options.packing in KEEP_CONTEXT
    if embeddings.context is not None and keeps_context:
        tensors["context"] = matrix_tensor(embeddings.context)
    if embeddings.unknown is not None:
        tensors["unknown"] = matrix_tensor(np.asarray(embeddings.unknown, np.float32).reshape(1, -1))
    if subwords is not None:
        tensors |= subword_tensors.subword_tensors(subwords, options.packing)
        metadata |= subword_tensors.subword_metadata(subwords)
    save_tensors(path, embeddings.vocabulary, tensors, metadata)
    lost = ["the vectors of parts of words"] if subwords is None and embeddings.can_compose else []
    return lost if keeps_context or embeddings.context is None else [*lost, "the context vectors"]
