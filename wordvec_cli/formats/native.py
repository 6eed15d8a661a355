"""The native format, as the others are called; see `wordvec_cli.vectors.embeddings`."""

import numpy as np

from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER, matrix_tensor, packed_tensors, save_tensors


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    matrix = embeddings.matrix
    tensors = packed_tensors(matrix, options.packing) if options.packing else {"vectors": matrix_tensor(matrix)}
    if embeddings.context is not None:
        tensors["context"] = matrix_tensor(embeddings.context)
    if embeddings.unknown is not None:
        tensors["unknown"] = matrix_tensor(np.asarray(embeddings.unknown, np.float32).reshape(1, -1))
    metadata = {name: value for name, value in embeddings.metadata.items() if name != CLASSIFIER}
    save_tensors(path, embeddings.vocabulary, tensors, metadata)
    return ["the vectors of parts of words"] if embeddings.composed is not None else []
