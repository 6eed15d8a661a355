"""word2vec: skip-gram and CBOW, with negative sampling or hierarchical softmax.

Source: Mikolov et al. 2013, arXiv 1301.3781 and 1310.4546; what the papers leave open as in word2vec.c
(tmikolov/word2vec).
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.training.chunks import MOST_SHARE, tokens_per_chunk
from wordvec_cli.training.copies import n_copies, visits_until_merged
from wordvec_cli.training.frequencies import highest_share, keep_thresholds, mean_line, trained_counts, word_counts
from wordvec_cli.training.matrices import aligned_zeros, composed_of_others, fill_uniform, padded, words_in_common
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.thread_choice import ThreadChoice
from wordvec_cli.training.trainer import EXPLODED, complaint_of
from wordvec_cli.training.word2vec_config import CBOW, HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SKIPGRAM, Word2VecConfig
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.subwords import Subwords

    Matrix = NDArray[np.float32]

TOKENS_PER_BLOCK = 20_000  # one thread's work for some milliseconds
TOKENS_IN_STEP = 400_000  # of a block that all threads train together, some tenths of a second
ALIKE = 1 / 4  # of windows of different words: their errors partly cancel; as 1, hierarchical softmax loses 0.007


class Word2VecTrainer:
    """The parameters of word2vec, and the blocks of a corpus that they are trained on.

    With one thread, or a configuration that is deterministic, the result is a function of the corpus, the vocabulary
    and the configuration. Else threads update the shared matrices without locks ("hogwild", Recht et al. 2011), and
    two runs differ a little.

    inputs   (n_words, dim padded) float32
    outputs  the same for negative sampling; (n_words - 1, dim padded), the inner nodes, for hierarchical softmax
    """

    def __init__(
        self, sequences: Sequences, vocabulary: Vocabulary, config: Word2VecConfig, init: Embeddings | None = None
    ) -> None:
        check_tree(vocabulary, config)
        config = config.settled_for(sequences.n_known)
        self.n_epochs = config.n_epochs
        self.unit = "words"
        self.units_per_epoch = sequences.n_known
        self.is_synchronous = config.deterministic
        self._sequences = sequences
        self._vocabulary = vocabulary
        self.config = config
        self._init = init
        self.counts = word_counts(vocabulary, sequences)
        self.keep = keep_thresholds(self.counts, config.sample)
        kept = self.counts * self.keep
        self._row_share = self._share_of_row(kept / max(kept.sum(), 1))
        self._is_in_step = config.deterministic and self._row_share <= MOST_SHARE
        self.tokens_per_block = TOKENS_IN_STEP if self._is_in_step else TOKENS_PER_BLOCK
        self.n_blocks = -(-len(sequences.ids) // self.tokens_per_block)
        padded_dim = padded(config.vector_size)
        self.inputs = aligned_zeros((self._n_inputs, padded_dim))
        is_tree = config.loss == HIERARCHICAL_SOFTMAX
        self.outputs = aligned_zeros((max(len(vocabulary) - is_tree, 1), padded_dim))

    @property
    def _n_inputs(self) -> int:
        """Rows of the inputs."""
        return len(self._vocabulary)

    @property
    def matrix(self) -> "Matrix":
        return self.inputs[:, : self.config.vector_size]

    @property
    def context(self) -> "Matrix | None":
        is_of_words = self.config.loss == NEGATIVE_SAMPLING
        return self.outputs[:, : self.config.vector_size] if is_of_words else None

    @property
    def subwords(self) -> "Subwords | None":
        return None

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        return {"inputs": self.matrix, "outputs": self.outputs[:, : self.config.vector_size]}

    @property
    def exploded_loss(self) -> float:
        return EXPLODED * self.untrained_loss

    def complaint(self, losses: Sequence[float]) -> str:
        too_low, too_high = "raise --epochs, or --learning-rate", "lower --learning-rate or --window"
        return complaint_of(losses[-1], self.untrained_loss, self.units_per_epoch**-0.5, too_low, too_high)

    @property
    def nothing_to_learn(self) -> str:
        return why_no_pairs(self._sequences, self.config)

    def initialise(self) -> None:
        """Inputs uniform in +-0.5 / dim and outputs zero, as in word2vec.c; then what other vectors say."""
        for matrix in (self.inputs, self.outputs):
            matrix[:] = 0  # the padding too, which a training that diverged has left full of NaN
        fill_uniform(self.matrix, self.config.seed)
        if self._init is not None:
            take_over(self._init, self._vocabulary, self.matrix, self.context)

    def rows_of_words(self, of_words: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """What comes to each row of the inputs, (rows,), of numbers for words that each of a word's rows gets."""
        return of_words

    def _share_of_row(self, shares: "NDArray[np.float64]") -> float:
        """How much of the tokens train the row that most do, where words have these shares of them."""
        return float(self.rows_of_words(shares).max())

    @property
    def _rows_of_word(self) -> float:
        """How many rows of the inputs a token is made of, on average."""
        return 1.0

    def hidden_vectors(self, words: "NDArray[np.int64]") -> "Matrix":
        """What words are as context, (n, dim padded)."""
        return self.inputs[words]

    def load_kernel(self, n_threads: int) -> None:
        from wordvec_cli.kernels.in_step import CHUNKS

        self._n_threads, self._threads = n_threads, ThreadChoice(min(n_threads, CHUNKS))
        self._block, in_step = self._kernels()
        self._arguments, self._limit = self._chosen_arguments()
        if self._is_in_step:
            self._model = in_step(*self._arguments)
            self._tokens_per_chunk = self._chunk(self._model.group, self._model.most)
        self.train_tokens(self._sequences, (0, 0), (0.0, 0.0), seed=0)

    def _chunk(self, group: int, most: int) -> int:
        """How many tokens do not know of each other what rows they change."""
        return tokens_per_chunk(group, most, self._row_share, self.config.learning_rate)

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        n_tokens = len(self._sequences.ids)
        first = block * self.tokens_per_block
        last = min(first + self.tokens_per_block, n_tokens)
        rates = tuple(rate_factor * self.rate(epoch + token / n_tokens) for token in (first, last))
        return self.train_tokens(self._sequences, (first, last), rates, self.block_seed(epoch, first))

    def block_seed(self, *place: int) -> int:
        """Of the random choices of a block, which no other place has."""
        return int(np.random.SeedSequence((self.config.seed, *place)).generate_state(1, np.uint64)[0])

    def rate(self, epochs_done: float) -> float:
        """The learning rate."""
        highest, lowest = self.config.learning_rate, self.config.min_learning_rate or 0.0
        return highest - (highest - lowest) * epochs_done / self.n_epochs

    def train_tokens(
        self, sequences: Sequences, tokens: tuple[int, int], rates: tuple[float, ...], seed: int
    ) -> BlockLoss:
        """Update the parameters in place; releases the interpreter's lock.

        tokens  the first, and that after the last
        rates   there; only threads in step take more than the first
        """
        from wordvec_cli.kernels.in_step import block_in_step

        place = sequences.ids, sequences.offsets, *tokens, self.inputs, self.outputs, self.keep
        if self._is_in_step:
            results = block_in_step(  # type: ignore[no-untyped-call]
                self._threads, self._model, self._tokens_per_chunk, *place, rates, seed, *self._limit
            )
        else:
            results = self._block(*place, *self._arguments, rates[0], *self._limit, np.uint64(seed))
        return BlockLoss(*results)

    def _kernels(self) -> tuple[Any, Any]:
        """What trains a block of the model and the loss, and what trains it in step."""
        from wordvec_cli.kernels import cbow, skipgram, tree

        return {
            (SKIPGRAM, NEGATIVE_SAMPLING): (skipgram.skipgram_block, skipgram.skipgram_in_step),
            (SKIPGRAM, HIERARCHICAL_SOFTMAX): (tree.skipgram_hs_block, tree.skipgram_hs_in_step),
            (CBOW, NEGATIVE_SAMPLING): (cbow.cbow_block, cbow.cbow_in_step),
            (CBOW, HIERARCHICAL_SOFTMAX): (tree.cbow_hs_block, tree.cbow_hs_in_step),
        }[self.config.model, self.config.loss]

    def _chosen_arguments(self) -> tuple[tuple[Any, ...], tuple[float, ...]]:
        """The arguments of a kernel that stay the same, and the limit of a step."""
        from wordvec_cli.kernels import skipgram, tree
        from wordvec_cli.kernels.draws import alias_table

        config, counts = self.config, self.counts
        shrink = not config.fixed_window
        windows = (config.window, shrink)
        hidden = (config.cbow_mean, config.cbow_gradient == "mean")
        sharing = self._sharing()
        negative = config.negative or 0
        share = highest_share(counts, self.keep)
        if config.loss == HIERARCHICAL_SOFTMAX:
            paths = tree.huffman_tree(counts)  # type: ignore[no-untyped-call]
            n_trained = trained_counts(self._sequences, self.keep, config.window)
            self.untrained_loss = float(np.average(np.diff(paths[0]), weights=n_trained)) * math.log(2)
            if config.model == SKIPGRAM:
                return (*paths, *windows, *sharing), (1 / (1 + 2 * config.window * share),)
            return (*paths, *windows, *hidden, *sharing), (self._limit_of_windows(),)
        frequent = (np.maximum(counts, 1) / counts.max()) ** config.noise_exponent
        noise = alias_table(frequent)
        # A noise word that is the one to predict is left out, which counts where there are few words.
        same = float(np.average(frequent / frequent.sum(), weights=np.maximum(counts, 1) * self.keep))
        self.untrained_loss = (1 + negative * (1 - same)) * math.log(2)
        if config.model == CBOW:
            return (*noise, *windows, *hidden, negative, *sharing), (self._limit_of_windows(),)
        n_noise = skipgram.noise_words(config.window, shrink, negative)
        rows_of_group = max(skipgram.GROUP + 2 * config.window, n_noise)
        return (*noise, *windows, negative, n_noise), (1 / (1 + rows_of_group * share),)

    def _limit_of_windows(self) -> float:
        window = min(self.config.window, max(mean_line(self._sequences), 1.0))  # a line may have no room for all of it
        return limit_of_windows(self.config, self._row_share, self._rows_of_word, window)

    def _sharing(self) -> tuple[int, ...]:
        """Of how many rows a thread has copies, and after how many visits they are merged: arguments of a kernel."""
        config, n_threads = self.config, self._n_threads
        return n_copies(config, len(self.counts), n_threads), visits_until_merged(n_threads)


def limit_of_windows(
    config: Word2VecConfig, highest_share: float, rows_of_word: float = 1.0, window: float | None = None
) -> float:
    """What the factors of a window's step may sum up to, so that the steps of a group together do not overshoot.

    A hidden vector moves by what the windows of its group give to its context rows: a row gets the error of every
    window that it stands in, about as many as a window has words, and the more, the more often a word comes.

    highest_share  how much of the tokens train the same row
    rows_of_word   how many a word has, about
    window         how far windows reach, about; None: as far as they may
    """
    from wordvec_cli.kernels.cbow import GROUP

    window = config.window if window is None else window
    width = 2 * window if config.fixed_window else window + 1
    n_rows = width * rows_of_word
    hidden_share = 1 / n_rows if config.cbow_mean else 1.0
    error_share = 1 / n_rows if config.cbow_gradient == "mean" else 1.0
    times = max(width * n_rows * hidden_share * error_share, 2.0)
    return 1 / (times * (ALIKE + (GROUP + 2 * window) * highest_share))


def check_tree(vocabulary: Vocabulary, config: Word2VecConfig) -> None:
    """Raises: InputError if the words are too few for a tree"""
    if config.loss == HIERARCHICAL_SOFTMAX and len(vocabulary) < 2:
        raise InputError(
            "--loss hierarchical-softmax: a tree needs two words, and the vocabulary has one; "
            "use --loss negative-sampling, or a larger vocabulary"
        )


def has_pairs(sequences: Sequences) -> bool:
    """Whether a line has two words of the vocabulary: mostly the first has, so that no more are looked at."""
    bounds = itertools.pairwise(sequences.offsets)
    return any(np.count_nonzero(sequences.ids[first:last] >= 0) > 1 for first, last in bounds)


def why_no_pairs(sequences: Sequences, config: Word2VecConfig) -> str:
    """Why training found none."""
    if has_pairs(sequences):
        return (
            f"--sample {config.sample:g} left no two words on any line, so there are no pairs to train on; "
            "--sample 0 keeps every word"
        )
    return (
        "no line of the corpus has two words of the vocabulary, so there are no pairs to train on; "
        "a line is a sentence: put its words on one line, or lower --min-count"
    )


def take_over(init: Embeddings, vocabulary: Vocabulary, matrix: "Matrix", context: "Matrix | None") -> None:
    """Set the rows of words that other vectors have, or can make of n-grams, to what they are there, in place."""
    known, ids = words_in_common(vocabulary, init.vocabulary)
    matrix[known] = init.matrix[ids]
    others, vectors = composed_of_others(vocabulary, known, init)
    matrix[others] = vectors
    if init.context is not None and context is not None:
        context[known] = init.context[ids]
