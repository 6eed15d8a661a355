"""A classifier as a supervised model of fastText (.bin), which predicts the same labels and probabilities.

N-grams get a full table, in which buckets without a row are zeros: that is what an n-gram which was never seen counts
here too. Source: facebookresearch/fastText, fasttext.cc, dictionary.cc and loss.cc.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from wordvec_cli.classify.model import HIERARCHICAL_SOFTMAX, ONE_VS_ALL, SOFTMAX, Classifier, Integers, Matrix
from wordvec_cli.errors import InputError
from wordvec_cli.formats.fasttext_writing import (
    DEFAULTS,
    ROWS_PER_CHUNK,
    check_words,
    head,
    write_dictionary,
    write_matrix,
)
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.storage.files import replacing
from wordvec_cli.text.tokenizer import Tokenizer

LABEL_PREFIX = b"__label__"  # which a .bin does not hold: programs that open one take it for granted
SUPERVISED = 3
LOSSES = {HIERARCHICAL_SOFTMAX: 1, SOFTMAX: 3, ONE_VS_ALL: 4}


def write(path: str, classifier: Classifier, note: Note = ignore) -> None:
    """Write a classifier as a fastText model. Raises: InputError for a word that it cannot hold, OutputError"""
    words, values = classifier.words, arguments_of(classifier)
    counts, names = entries_of(path, classifier)
    with replacing(path) as file:
        file.write(head(values))
        write_dictionary(file, words.vocabulary, counts, names)
        write_matrix(file, (len(counts) + values["bucket"], words.dim), _input_rows(classifier, values["bucket"]))
        write_matrix(file, (len(names), words.dim), [output_rows(classifier)])
    note(f"{counted(len(counts), 'word')}, {counted(len(names), 'label')}, {counted(values['bucket'], 'bucket')}")
    note_other_text(path, classifier, note)


def entries_of(path: str, classifier: Classifier) -> tuple[Integers, list[tuple[bytes, int]]]:
    """The counts of the words, and the labels with theirs. Raises: InputError for a word that fastText cannot hold"""
    vocabulary, labels = classifier.words.vocabulary, classifier.labels
    check_words(path, vocabulary)
    check_words(path, labels)
    counts = np.maximum(np.asarray(vocabulary.counts, np.int64), 1)
    return counts, [(LABEL_PREFIX + name, n) for name, n in zip(labels, label_counts(path, classifier), strict=True)]


def note_other_text(path: str, classifier: Classifier, note: Note) -> None:
    """Say so if fastText would take lines apart in another way."""
    if classifier.tokenizer != Tokenizer() or classifier.task.label_prefix not in (None, LABEL_PREFIX.decode()):
        note(f"{path}: fastText splits text at blanks, and its labels begin with __label__; give it lines made so")


def arguments_of(classifier: Classifier) -> dict[str, Any]:
    task = classifier.task
    lengths = task.subword_lengths
    has_ngrams = task.word_ngrams > 1 or lengths.longest > 0
    return dict(DEFAULTS) | {
        "model": SUPERVISED, "loss": LOSSES[task.loss], "dim": classifier.words.dim, "wordNgrams": task.word_ngrams,
        "minn": lengths.shortest, "maxn": lengths.longest, "bucket": task.buckets if has_ngrams else 0, "minCount": 1,
    }  # fmt: skip


def label_counts(path: str, classifier: Classifier) -> list[int]:
    """Raises: InputError for a tree that is not the one which fastText builds of these counts"""
    counts = np.asarray(classifier.labels.counts, np.int64)
    if classifier.paths is not None:
        from wordvec_cli.kernels.tree import huffman_tree

        tree = huffman_tree(counts)  # type: ignore[no-untyped-call]
        if not all(np.array_equal(its, own) for its, own in zip(tree, tuple[Any, ...](classifier.paths), strict=True)):
            raise InputError(f"{path}: the tree of the model is not that of its labels' counts; train the model again")
        if (np.diff(counts) > 0).any():
            raise InputError(f"{path}: the labels of the model are not by descending count; train the model again")
    labels: list[int] = np.maximum(counts, 1).tolist()
    return labels


def _input_rows(classifier: Classifier, n_buckets: int) -> Iterator[Matrix]:
    """Those of the words, then those of all buckets."""
    buckets = np.asarray(classifier.ngram_buckets)
    for first in range(0, len(classifier.words.vocabulary), ROWS_PER_CHUNK):
        yield classifier.words.rows(slice(first, first + ROWS_PER_CHUNK))
    for first in range(0, n_buckets, ROWS_PER_CHUNK):
        end = min(first + ROWS_PER_CHUNK, n_buckets)
        start, stop = np.searchsorted(buckets, [first, end])
        rows = np.zeros((end - first, classifier.words.dim), np.float32)
        rows[buckets[start:stop] - first] = classifier.ngram_rows(slice(start, stop))
        yield rows


def output_rows(classifier: Classifier) -> Matrix:
    """A row for each label; of a tree one too many, and fastText gives the high scores to the other turns."""
    if classifier.paths is None:
        return classifier.output
    return np.concatenate([-classifier.output, np.zeros((1, classifier.words.dim), np.float32)])
