"""How often each row of word2vec's matrices is expected to be updated, and how steeply its error rises.

Replicas of a training each change the same row. Where they change it seldom their changes add up; where they change it
often each of them has gone to the same place, and the sum would go beyond. What decides is the product of how often a
row is updated, the learning rate, and the curvature of its error: for a pair of rows x and y with the score s = x . y
the second derivative of -log sigmoid(s) by x is sigmoid(s) (1 - sigmoid(s)) y y'. On average over the rows that x
meets it is a matrix of a few steep directions, in which all words move alike, and many flat ones, which tell words
apart.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import on_threads
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import CBOW, NEGATIVE_SAMPLING, Word2VecConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Numbers = NDArray[np.float64]

# sigmoid(s) (1 - sigmoid(s)) of the usual pair, most of which are noise. 0.1 slows four replicas down; with 0.03
# sixteen that are seldom synchronised go too far.
SLOPE = 0.05
ROWS_AT_ONCE = 4096  # of a thread
MOST_ROWS = 4096  # of which curvatures are the mean: those that are met most


class Curvature(NamedTuple):
    """Of the error of a row, for each update: along the directions (n, dim padded), falling (n,); float32 both."""

    along: "Matrix"
    directions: "Matrix"


@dataclass(frozen=True)
class Updates:
    """What a word of the corpus does on average, those that subsampling drops among them.

    inputs   (rows,) float32: how often it updates each row, by pairs
    outputs  the same
    words    (n_words,) float64: how often it is each word, and kept
    """

    inputs: "Matrix"
    outputs: "Matrix"
    words: "Numbers"

    @cached_property
    def most_outputs(self) -> "NDArray[np.int64]":
        return _highest(self.outputs)

    @cached_property
    def most_words(self) -> "NDArray[np.int64]":
        return _highest(self.words)


def updates_of(trainer: Word2VecTrainer) -> Updates:
    config, counts = trainer.config, trainer.counts
    kept = np.maximum(counts, 1) * (trainer.keep / np.iinfo(np.uint32).max)
    words = kept / np.maximum(counts, 1).sum()
    width = 2 * config.window if config.fixed_window else config.window + 1
    steps, n_targets = _of_outputs(config, counts, words)
    long = 1.0 if config.cbow_mean in (True, None) else width  # the hidden vector, where it is a sum
    shared = 1 / width if config.cbow_gradient == "mean" else 1.0
    windows = 1 if config.model == CBOW else width  # in which an output is to be predicted
    inputs = trainer.rows_of_words(words * (width * n_targets * long * shared))
    outputs = steps * (windows * long * long)
    return Updates(inputs.astype(np.float32), outputs.astype(np.float32), words)


def _of_outputs(config: Word2VecConfig, counts: "Numbers", words: "Numbers") -> "tuple[Numbers, float]":
    """How often each output is a target of the windows of a word of the corpus, and how many targets a window has."""
    if config.loss == NEGATIVE_SAMPLING:
        negative = config.negative or 0
        noise = (np.maximum(counts, 1) / counts.max()) ** config.noise_exponent
        return words + negative * words.sum() * noise / noise.sum(), 1.0 + negative
    from wordvec_cli.kernels.tree import huffman_tree

    offsets, nodes, _ = huffman_tree(counts)  # type: ignore[no-untyped-call]
    lengths = np.diff(offsets)
    steps = np.bincount(nodes, np.repeat(words, lengths), minlength=max(len(counts) - 1, 1))
    return steps.astype(np.float64), float(np.average(lengths, weights=words))


def curvatures(trainer: Word2VecTrainer, updates: Updates) -> tuple[Curvature, Curvature]:
    """Of the error of a row of the inputs, and of one of the outputs, as the matrices are now."""
    outputs, words = updates.most_outputs, updates.most_words
    of_inputs = curvature(trainer.outputs[outputs], updates.outputs[outputs])
    return of_inputs, curvature(trainer.hidden_vectors(words), updates.words[words])


def _highest(weights: "Numbers | Matrix") -> "NDArray[np.int64]":
    """The places of the highest weights."""
    order = np.argsort(-weights, kind="stable")[:MOST_ROWS]
    return np.asarray(order, np.int64)


def curvature(rows: "Matrix", weights: "Numbers | Matrix") -> Curvature:
    """Of the error of a row that meets these rows so often.

    rows  (n, dim padded)
    """
    shares = (weights / weights.sum()).astype(np.float32)
    weighed = rows * np.sqrt(shares)[:, None]
    moments = weighed.T @ weighed  # a product with itself is half the work
    if not np.isfinite(moments).all():  # of a training that diverged, which its loss will tell
        moments = np.zeros_like(moments)
    along, directions = np.linalg.eigh(moments.astype(np.float64))
    falling = np.maximum(along[::-1], 0) * SLOPE
    return Curvature(falling.astype(np.float32), np.ascontiguousarray(directions.T[::-1], np.float32))


def combined(sums: "Matrix", steps: "Matrix", curvature: Curvature, n_replicas: int, n_threads: int = 1) -> "Matrix":
    """The change that rows are to have, of the sums of the changes of replicas, in place.

    sums   (rows, dim padded) float32
    steps  (rows,) float32: how often each replica was expected to update the row, times the learning rate
    """
    from wordvec_cli.kernels.replicas import weigh_sums

    def weigh(first: int) -> None:
        some = slice(first, first + ROWS_AT_ONCE)
        weigh_sums(sums[some], steps[some], *curvature, n_replicas)

    if n_replicas > 1:
        on_threads(weigh, range(0, len(sums), ROWS_AT_ONCE), n_threads)
    return sums
