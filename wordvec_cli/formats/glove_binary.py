"""GloVe's own binary output (-binary 1 or 2): float64 numbers alone, without words and without a header.

First the word vectors, n rows of dim numbers and a bias, then the context vectors in the same way. What GloVe publishes
(-model 2), and what is read here, is the sum of a word's two vectors without the biases.
Source: save_params in glove.c (stanfordnlp/GloVe).
"""

import os
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import joined, words_of_file
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.npy import row_slices
from wordvec_cli.vectors.embeddings import Embeddings

VALUE_BYTES = 8


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors, and the words and counts of --vocab, the vocabulary that GloVe trained with. Raises: InputError"""
    if options.vocabulary is None:
        raise InputError(f"{path}: GloVe's binary output holds no words; name its vocab.txt with --vocab")
    words = words_of_file(options.vocabulary)
    with readable(path):
        size = os.path.getsize(path)
    row_bytes = 2 * len(words) * VALUE_BYTES  # of one number for each word and each context
    dim = size // row_bytes - 1 if row_bytes else 0
    if dim < 1 or size % row_bytes:
        raise InputError(
            f"{path}: {size} bytes are not two matrices of float64 for the {len(words)} words of {options.vocabulary}, "
            f"whose size is a multiple of {row_bytes}, at least {2 * row_bytes}; "
            "name the vocabulary that GloVe trained with, or copy the file again"
        )
    with readable(path):
        parameters = np.memmap(path, "<f8", "r", shape=(2, len(words), dim + 1))
    return joined(path, words, _sums(parameters), options, oddities)


def _sums(parameters: NDArray[np.float64]) -> Iterator[Matrix]:
    for rows in row_slices(parameters.shape[1:], VALUE_BYTES):
        with np.errstate(over="ignore"):
            part = (parameters[0, rows, :-1] + parameters[1, rows, :-1]).astype(np.float32)
        yield part
