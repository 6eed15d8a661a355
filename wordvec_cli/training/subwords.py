"""word2vec with subwords: a word's vector is the mean of its own row and those of its n-grams of characters.

Source: Bojanowski et al. 2017, arXiv 1607.04606; what the paper leaves open as in fastText (facebookresearch/fastText).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.training.matrices import fill_uniform, words_in_common
from wordvec_cli.training.ngrams import ngram_rows
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import (
    CBOW,
    HIERARCHICAL_SOFTMAX,
    NEGATIVE_SAMPLING,
    SKIPGRAM,
    Word2VecConfig,
)
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.subwords import Subwords
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


class SubwordTrainer(Word2VecTrainer):
    """The parameters of word2vec with subwords.

    inputs   (n_rows, dim padded) float32: the words' own rows and those of buckets of n-grams, see `NgramRows`
    """

    def __init__(
        self, sequences: Sequences, vocabulary: Vocabulary, config: Word2VecConfig, init: Embeddings | None = None
    ) -> None:
        self.ngrams = ngram_rows(vocabulary, config.lengths, config.n_buckets)
        super().__init__(sequences, vocabulary, config, init)

    @property
    def _n_inputs(self) -> int:
        return self.ngrams.n_rows

    @property
    def _rows(self) -> "Matrix":
        return self.inputs[:, : self.config.vector_size]

    @property
    def matrix(self) -> "Matrix":
        return self.subwords.vocabulary_vectors(self._vocabulary)

    @property
    def subwords(self) -> Subwords:
        return self.ngrams.subwords(self._rows)

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        return {"inputs": self._rows, "outputs": self.outputs[:, : self.config.vector_size]}

    def initialise(self) -> None:
        """Inputs uniform in +-1 / dim and outputs zero, as in fastText; then what other vectors say."""
        for matrix in (self.inputs, self.outputs):
            matrix[:] = 0  # the padding too, which a training that diverged has left full of NaN
        fill_uniform(self._rows, self.config.seed)
        self._rows[:] *= np.float32(2)
        if self._init is not None:
            self._take_over(self._init)

    def _take_over(self, init: Embeddings) -> None:
        """Start from other vectors, in place: from their rows, if n-grams are the same there, else from what they are.

        In the latter case words' own rows make up for those of the n-grams, which are random.
        """
        known, ids = words_in_common(self._vocabulary, init.vocabulary)
        theirs, rows = init.subwords, self._rows
        own = self.ngrams.own_rows[known]
        if theirs is not None and (theirs.shortest, theirs.longest, theirs.n_buckets) == self.ngrams.sizes:
            _, here, there = np.intersect1d(self.ngrams.buckets, theirs.checked_buckets, True, return_indices=True)
            rows[own], rows[self.ngrams.bucket_rows[here]] = theirs.word_rows[ids], theirs.rows[there]
        else:
            rows[own] = 0
            n_rows = np.diff(self.ngrams.offsets)[known, None].astype(np.float32)
            rows[own] = n_rows * (init.matrix[ids] - self.matrix[known])
        if init.context is not None and self.context is not None:
            self.context[known] = init.context[ids]

    def rows_of_words(self, of_words: "NDArray[np.float64]") -> "NDArray[np.float64]":
        lengths = np.diff(self.ngrams.offsets)
        of_rows = np.bincount(self.ngrams.rows, np.repeat(of_words, lengths), minlength=self.ngrams.n_rows)
        return of_rows.astype(np.float64)

    @property
    def _rows_of_word(self) -> float:
        return float(np.average(np.diff(self.ngrams.offsets), weights=np.maximum(self.counts, 1) * self.keep))

    def hidden_vectors(self, words: "NDArray[np.int64]") -> "Matrix":
        firsts, lasts = self.ngrams.offsets[words], self.ngrams.offsets[words + 1]
        means = [self.inputs[self.ngrams.rows[a:b]].mean(axis=0) for a, b in zip(firsts, lasts, strict=True)]
        return np.array(means, np.float32)

    def _share_of_row(self, shares: "NDArray[np.float64]") -> float:
        """For CBOW of a window's rows, on average: few of so many are often trained."""
        if self.config.model == SKIPGRAM:
            return super()._share_of_row(shares)
        of_rows, bounds = self.rows_of_words(shares)[self.ngrams.rows], self.ngrams.offsets
        return float(shares @ (np.add.reduceat(of_rows, bounds[:-1]) / np.diff(bounds)))

    def _kernels(self) -> tuple[Any, Any]:
        from wordvec_cli.kernels import subword_cbow, subword_tree, subwords

        return {
            (SKIPGRAM, NEGATIVE_SAMPLING): (subwords.skipgram_block, subwords.skipgram_in_step),
            (SKIPGRAM, HIERARCHICAL_SOFTMAX): (subword_tree.skipgram_hs_block, subword_tree.skipgram_hs_in_step),
            (CBOW, NEGATIVE_SAMPLING): (subword_cbow.cbow_block, subword_cbow.cbow_in_step),
            (CBOW, HIERARCHICAL_SOFTMAX): (subword_cbow.cbow_hs_block, subword_cbow.cbow_hs_in_step),
        }[self.config.model, self.config.loss]

    def _chosen_arguments(self) -> tuple[tuple[Any, ...], tuple[float, ...]]:
        arguments, limit = super()._chosen_arguments()
        has_limit = (self.config.model, self.config.loss) != (SKIPGRAM, HIERARCHICAL_SOFTMAX)
        arguments = self.ngrams.offsets, self.ngrams.rows, *arguments
        return arguments, limit if has_limit else ()  # what has none limits each step by itself

    def _sharing(self) -> tuple[int, ...]:
        """For CBOW of how many tokens the rows are summed up at once, too."""
        from wordvec_cli.kernels.cbow import GROUP
        from wordvec_cli.kernels.in_step import TOKENS_PER_CHUNK

        copies = super()._sharing()
        return (self._chunk(GROUP, TOKENS_PER_CHUNK), *copies) if self.config.model == CBOW else copies
