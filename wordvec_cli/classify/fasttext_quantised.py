"""A classifier as a quantised supervised model of fastText (.ftz): product quantisation, and only n-grams that occur.

The buckets without a row are left out, as fastText's -cutoff leaves them out: an n-gram that was never seen does not
count in the mean then, while here it counts as a row of zeros. The mean is longer by that, the labels by softmax are
the same. Source: facebookresearch/fastText, quantmatrix.cc, productquantizer.cc and dictionary.cc (prune).
"""

import struct
from collections.abc import Iterator
from typing import IO

import numpy as np

from wordvec_cli.classify.fasttext import arguments_of, entries_of, note_other_text, output_rows
from wordvec_cli.classify.model import Classifier, Matrix
from wordvec_cli.classify.product_codes import N_CENTROIDS, WIDTH, Centroids
from wordvec_cli.errors import InputError
from wordvec_cli.formats.fasttext_writing import ROWS_PER_CHUNK, head, write_dictionary, write_matrix
from wordvec_cli.progress import Note, ignore
from wordvec_cli.storage.files import replacing
from wordvec_cli.vectors.embeddings import from_matrix

SEED = 1


def write(path: str, classifier: Classifier, centroids: Centroids, note: Note = ignore) -> None:
    """Write a classifier with rows that are centroids. Raises: InputError, OutputError"""
    words, buckets = classifier.words, np.asarray(classifier.ngram_buckets)
    counts, names = entries_of(path, classifier)
    kept = buckets if arguments_of(classifier)["bucket"] else None
    with replacing(path) as file:
        file.write(head(arguments_of(classifier)))
        write_dictionary(file, words.vocabulary, counts, names, kept_buckets=kept)
        _write_codes(file, classifier, centroids)
        write_matrix(file, (len(names), words.dim), [output_rows(classifier)])
    note_other_text(path, classifier, note)


def centroids_of(path: str, classifier: Classifier) -> Centroids:
    """Raises: InputError if there are too few rows"""
    n = len(classifier.words.vocabulary) + len(classifier.ngram_buckets)
    if n < N_CENTROIDS:
        raise InputError(f"{path}: needs {N_CENTROIDS} words and n-grams, and the model has {n}; write a .safetensors")
    return Centroids.of(np.concatenate(list(_input_rows(classifier))), SEED)


def with_centroids(classifier: Classifier, centroids: Centroids) -> Classifier:
    """What fastText will have of a classifier, as one of ours: each row made of its centroids."""
    rows = np.concatenate([centroids.rows(centroids.codes(part)) for part in _input_rows(classifier)])
    n_words, words = len(classifier.words.vocabulary), classifier.words
    own = from_matrix(words.vocabulary, np.ascontiguousarray(rows[:n_words]), words.metadata)
    return Classifier(
        own, rows[n_words:], classifier.ngram_buckets, classifier.output, classifier.labels, classifier.paths,
        classifier.task, classifier.tokenizer,
    )  # fmt: skip


def _input_rows(classifier: Classifier) -> Iterator[Matrix]:
    """The rows of words, then of n-grams, some thousand at a time."""
    for rows, n in (
        (classifier.words.rows, len(classifier.words.vocabulary)),
        (classifier.ngram_rows, len(classifier.ngram_buckets)),
    ):
        for first in range(0, n, ROWS_PER_CHUNK):
            yield rows(slice(first, min(first + ROWS_PER_CHUNK, n)))


def _write_codes(file: IO[bytes], classifier: Classifier, centroids: Centroids) -> None:
    """The matrix of words and n-grams as codes, and the centroids."""
    n, dim = len(classifier.words.vocabulary) + len(classifier.ngram_buckets), classifier.words.dim
    n_parts = len(centroids.parts)
    file.write(struct.pack("<2?2qi", True, False, n, dim, n * n_parts))
    for rows in _input_rows(classifier):
        file.write(centroids.codes(rows).tobytes())
    file.write(struct.pack("<4i", dim, n_parts, WIDTH, centroids.parts[-1].shape[1]))
    for part in centroids.parts:
        file.write(part.astype("<f4").tobytes())
