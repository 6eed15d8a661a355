"""The matrices that `wordvec matrix` writes: special rows come first, then a row for each word of --vocab.

The file, or FILE.json beside it, says which row is which: padding is not a word, and the row of unknown words is their
vector.
"""

import os
from dataclasses import replace

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import joined, words_of
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.layer.matrix_file import StoredMatrix, open_matrix
from wordvec_cli.layer.row_rule import RowRule, check_agreement
from wordvec_cli.storage.npy import float_slices
from wordvec_cli.storage.sidecar import sidecar_path
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.file import read_vocabulary


def opened_with_rule(path: str, oddities: Oddities) -> StoredMatrix | None:
    """The matrix in an .npy file, if FILE.json says which row is which; None if there is none that belongs to it.

    Raises: InputError
    """
    if not os.path.isfile(sidecar_path(path)):
        return None
    stored = open_matrix(path)
    if stored.rule is None and stored.note:
        oddities.note(stored.note)
    return stored if stored.rule else None


def vectors_of(stored: StoredMatrix, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The rows of the words, and that of unknown words. Raises: InputError"""
    path, rule = stored.path, stored.rule
    if options.vocabulary is None:
        raise InputError(f"{path}: is an embedding matrix without its words; name the vocabulary it has with --vocab")
    vocabulary = read_vocabulary(options.vocabulary).vocabulary
    if rule is None or rule.n_rows != len(stored.values):
        raise InputError(f"{path}: its {len(stored.values)} rows are not those that it records; make it again")
    check_agreement(path, rule, options.vocabulary, RowRule.of(vocabulary, rule.specials))
    rows = float_slices(stored.values[rule.specials.n_rows :])
    vectors = joined(path, words_of(vocabulary), rows, options, oddities)
    if rule.specials.unknown is None:
        return vectors
    unknown = np.array(stored.values[rule.specials.unknown], np.float32)
    return replace(vectors, unknown=unknown.data.cast("B").cast("f"))
