"""Quantising a classifier: whole numbers of a byte in place of floats, and what that costs in size and precision.

Each row of the words and of the n-grams becomes whole numbers from -127 to 127 and a scale. The output layer, a row for
each label, stays as it is, as in fastText without -qout. Rows are packed and unpacked some thousand at a time.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordvec_cli.classify import fasttext_quantised, model
from wordvec_cli.classify.examples import Examples
from wordvec_cli.classify.line_files import LineFiles
from wordvec_cli.classify.model import INT8, Classifier, Matrix, scaled_bytes
from wordvec_cli.classify.prediction import Predictor
from wordvec_cli.classify.scoring import score_files
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.vectors.packing import ScaledBytes, packed_rows, scales_of

FASTTEXT_ENDING = ".ftz"
KEY = "quantised"  # of the metadata
ROWS_AT_ONCE = 4096
LINES_AT_ONCE, MOST_LINES = 1000, 10_000  # of training, whose labels are compared


@dataclass(frozen=True)
class Measured:
    """Precision at 1 before and after, on how many lines and which."""

    before: float
    after: float
    n_lines: int
    lines: str

    def table(self) -> dict[str, Any]:
        """As it is recorded in the file."""
        return {
            "precision_before": round(self.before, 6), "precision_after": round(self.after, 6), "lines": self.n_lines,
            "measured_on": self.lines,
        }  # fmt: skip

    def told(self) -> str:
        return (
            f"precision@1 of {counted(self.n_lines, self.lines)} was {self.before:.4f} and is {self.after:.4f} "
            f"({self.after - self.before:+.4f})"
        )


def quantised(classifier: Classifier) -> Classifier:
    """The same with rows in int8; one that is quantised already stays as it is."""
    if classifier.is_quantised:
        return classifier
    rows = _packed(classifier.words.rows, len(classifier.words.vocabulary), classifier.words.dim)
    ngrams = _packed(classifier.ngram_rows, len(classifier.ngram_buckets), classifier.words.dim)
    return replace(classifier, words=replace(classifier.words, values=rows), ngram_vectors=ngrams)


def _packed(rows_of: Callable[[slice], Matrix], n: int, dim: int) -> ScaledBytes:
    numbers, scales = np.empty((n, dim), np.int8), np.empty(n, np.float32)
    for first in range(0, n, ROWS_AT_ONCE):
        some = slice(first, min(first + ROWS_AT_ONCE, n))
        rows = rows_of(some)
        numbers[some], scales[some] = packed_rows(rows, "int8"), scales_of(rows)
    return scaled_bytes(numbers, scales)


def recorded_loss(metadata: Mapping[str, str], measured: Measured | None) -> dict[str, str]:
    """The metadata of a quantised classifier: also what it cost, if that was measured."""
    facts = {"packing": INT8} | (measured.table() if measured else {})
    return {**metadata, KEY: json.dumps(facts, sort_keys=True)}


def note_quantised(before: Classifier, after: Classifier, measured: Measured | None, note: Note) -> None:
    """Tell the sizes of the model, and the precision."""
    sizes = " to ".join(f"{model.size_bytes(each) / 1e6:.2f} MB" for each in (before, after))
    note(f"quantised to {INT8}: from {sizes}; {told(measured)}")


def quantise_file(classifier: Classifier, path: str, output: str, files: LineFiles | None, note: Note) -> None:
    """Write the classifier of a file quantised: with whole numbers of a byte, or to a name in .ftz for fastText.

    files  labelled lines to measure the loss of precision on; None: it is not measured
    Raises: InputError, OutputError
    """
    if classifier.is_quantised:
        raise InputError(f"{path}: is quantised already; give the model that it was made of")
    if output.lower().endswith(FASTTEXT_ENDING):
        _write_for_fasttext(classifier, output, files, note)
        return
    smaller = quantised(classifier)
    measured = None if files is None else measured_on_files(classifier, smaller, files, note)
    model.save(output, smaller, recorded_loss(classifier.words.metadata, measured))
    note_quantised(classifier, smaller, measured, note)


def _write_for_fasttext(classifier: Classifier, output: str, files: LineFiles | None, note: Note) -> None:
    """By product quantisation. Raises: InputError, OutputError"""
    centroids = fasttext_quantised.centroids_of(output, classifier)
    measured = None
    if files is not None:
        measured = measured_on_files(classifier, fasttext_quantised.with_centroids(classifier, centroids), files, note)
    fasttext_quantised.write(output, classifier, centroids, note)
    sizes = f"{model.size_bytes(classifier) / 1e6:.2f} MB to {os.path.getsize(output) / 1e6:.2f} MB"
    note(f"product quantisation for fastText: from {sizes}; {told(measured)}")


def told(measured: Measured | None) -> str:
    return measured.told() if measured else "name labelled files to measure the loss of precision"


# ---------------------------------------------------------------- what it costs


def measured_on_files(before: Classifier, after: Classifier, files: LineFiles, note: Note = ignore) -> Measured:
    """On lines of files. Raises: InputError"""
    scores = [score_files(Predictor(each), files, 1, 0.0, tell) for each, tell in ((before, note), (after, ignore))]
    first, second = (score.overall.precision for score in scores)
    return Measured(first, second, scores[0].n_lines, "labelled line")


def measured_on_examples(before: Classifier, after: Classifier, examples: Examples) -> Measured:
    """On the lines of training; of very many, on some thousand, evenly spread."""
    n_parts = -(-examples.n // LINES_AT_ONCE)
    parts = np.unique(np.linspace(0, n_parts - 1, min(n_parts, MOST_LINES // LINES_AT_ONCE)).astype(int))
    n_lines, n_right = 0, [0, 0]
    for part in parts.tolist():
        first, last = LINES_AT_ONCE * part, min(LINES_AT_ONCE * (part + 1), examples.n)
        n_lines += last - first
        for i, each in enumerate((before, after)):
            n_right[i] += _n_right(each, examples, first, last)
    return Measured(n_right[0] / n_lines, n_right[1] / n_lines, n_lines, "training line")


def _n_right(classifier: Classifier, examples: Examples, first: int, last: int) -> int:
    """Of how many examples the most probable label is one of theirs."""
    best = classifier.probabilities(_hidden(classifier, examples, first, last)).argmax(axis=1)
    offsets = examples.label_offsets[first : last + 1]
    labels = examples.labels[offsets[0] : offsets[-1]]
    of_lines = np.repeat(np.arange(last - first), np.diff(offsets))
    return int(np.count_nonzero(labels == best[of_lines]))  # an example has each label once


def _hidden(classifier: Classifier, examples: Examples, first: int, last: int) -> Matrix:
    """The mean of the rows of some examples, (last - first, dim)."""
    offsets = examples.row_offsets[first : last + 1]
    some = slice(offsets[0], offsets[-1])
    rows, n_words = examples.rows[some].astype(np.int64), len(classifier.words.vocabulary)
    counts = examples.row_counts[some] if len(examples.row_counts) else np.ones(len(rows), np.uint8)
    vectors = np.empty((len(rows), classifier.words.dim), np.float32)
    is_word = rows < n_words
    vectors[is_word] = classifier.words.rows(rows[is_word])
    vectors[~is_word] = classifier.ngram_rows(rows[~is_word] - n_words)
    vectors *= counts[:, None].astype(np.float32)
    sums, n_rows = np.zeros((last - first, classifier.words.dim), np.float32), np.ones(last - first, np.float32)
    has_rows = np.flatnonzero(np.diff(offsets))
    starts = (offsets[:-1] - offsets[0])[has_rows]
    if len(starts):
        sums[has_rows] = np.add.reduceat(vectors, starts)
        n_rows[has_rows] = np.add.reduceat(counts.astype(np.float32), starts)
    mean: Matrix = sums / n_rows[:, None]
    return mean
