"""Training a text classifier: averaged embeddings and a linear layer, learnt together by back-propagation.

Source: Joulin et al. 2016, arXiv 1607.01759; what the paper leaves open as in fastText (`supervised`): inputs uniform
in +-1 / dim and outputs zero, a word `</s>` at the end of every line, the gradient of a line's rows divided by their
number, and a rate that falls linearly to zero.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.classify.examples import ExampleOptions, Examples
from wordvec_cli.classify.model import HIERARCHICAL_SOFTMAX, ONE_VS_ALL, SOFTMAX, Classifier, Loss, Paths, Task
from wordvec_cli.errors import InputError
from wordvec_cli.text.ngram_lengths import ngram_lengths
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import loop
from wordvec_cli.training.epochs import epochs_of_lines
from wordvec_cli.training.matrices import aligned_zeros, fill_uniform, is_finite, padded, words_in_common
from wordvec_cli.training.options import check_lowest, check_positive
from wordvec_cli.training.session import ALONE, BlockLoss, Session, State
from wordvec_cli.training.trainer import EXPLODED, HARDLY
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix

Matrix = NDArray[np.float32]

# Rows of examples in a block, about: one thread's work for a third of a millisecond, or for three where there are many
# blocks all the same. To hand one out takes some twentieth of a millisecond.
LEAST_ROWS_PER_BLOCK, MOST_ROWS_PER_BLOCK = 10_000, 100_000
BLOCKS_PER_EPOCH = 64
TILE = 4  # `kernels.classify.TILE`
MANY_LABELS = 32  # from which on the pass over the output matrix is worth sharing
GROUP_OF_MANY, GROUP_OF_FEW = 8, 4  # examples in a step; of 16, few labels (50) are learnt late
MOST_COPIES = 512  # rows that each thread has copies of; with what they were they fit a second cache level
VISITS_OF_COPY = 8  # of a block to a row, on average, from which on a copy is worth while
VISITS = 64  # of all threads together to a copied row, about, until what one has changed is there for the others
GROUPS = 32  # of all threads together, until what one has changed in few labels' rows is there for the others
SAMPLES, ROWS_OF_SAMPLE = 64, 1 << 14  # of the examples' rows, of which those are counted that come most often


@dataclass(frozen=True)
class ClassifierConfig:
    """Hyper-parameters of a classifier; the defaults are fastText's for `supervised`, but for epochs and the rate.

    Raises: OptionError that names the option
    """

    loss: Loss = SOFTMAX
    vector_size: int = 100
    epochs: int | None = None  # None: chosen by the number of lines, when that is known
    learning_rate: float = 0.5  # falls linearly to zero
    word_ngrams: int = 1  # words in the longest n-gram that has a vector
    subwords: str | None = None  # how long n-grams of characters are that have a vector, MIN-MAX; None: none have
    buckets: int = 2_000_000  # how many n-grams are hashed into
    min_count: int = 1
    min_count_label: int = 1
    freeze: bool = False  # whether the vectors of --init stay as they are
    seed: int = 1

    def __post_init__(self) -> None:
        Task(self.loss, self.word_ngrams, self.buckets, None, self.subwords)  # which knows their limits
        at_least_1 = ("vector_size", "epochs", "min_count", "min_count_label")
        check_lowest(self, {**dict.fromkeys(at_least_1, 1), "seed": 0})
        check_positive(self, ["learning_rate"])

    @property
    def n_epochs(self) -> int:
        """The epochs, which are settled."""
        assert self.epochs is not None
        return self.epochs

    def settled_for(self, n_lines: int) -> "ClassifierConfig":
        """The configuration for so many labelled lines; epochs that are given stay."""
        return self if self.epochs is not None else replace(self, epochs=epochs_of_lines(n_lines))

    @property
    def example_options(self) -> ExampleOptions:
        lengths = ngram_lengths(self.subwords)
        return ExampleOptions(self.word_ngrams, self.buckets, self.min_count, self.min_count_label, lengths)

    def options(self) -> dict[str, Any]:
        """The configuration as it is recorded in the file."""
        return asdict(self)


class ClassifierTrainer:
    """The parameters of a classifier, and the examples that they are trained on.

    With one thread the result is a function of the examples and the configuration; several update the shared matrices
    without locks. Examples are visited in a new random order in each epoch.

    inputs   (n_words + n_ngrams, dim padded) float32
    outputs  (n_labels, or nodes of the tree of labels, up to a whole tile; dim padded) float32
    """

    unit = "words"
    is_synchronous = False

    def __init__(
        self, examples: Examples, config: ClassifierConfig, init: Embeddings | None = None, n_threads: int = 1
    ) -> None:
        if init is not None and init.dim != config.vector_size:
            raise InputError(f"--vector-size {config.vector_size}: the vectors of --init have {init.dim} numbers")
        if init is not None and not is_finite(init.matrix):
            raise InputError("--init: holds numbers that are not finite; wordvec verify counts such vectors")
        config = config.settled_for(examples.n)
        self.n_epochs = config.n_epochs
        self.units_per_epoch = examples.n_tokens
        self._examples, self._config, self._init = examples, config, init
        self._starts = _block_starts(examples)
        self.n_blocks = len(self._starts) - 1
        self._order_of = -1, np.empty(0, np.int64)
        n_labels, dim = len(examples.label_vocabulary), padded(config.vector_size)
        self._is_tree = config.loss == HIERARCHICAL_SOFTMAX
        self._n_outputs = n_labels - self._is_tree
        self.inputs = aligned_zeros((len(examples.vocabulary) + len(examples.buckets), dim))
        self.outputs = aligned_zeros((-(-self._n_outputs // TILE) * TILE, dim))
        self._paths = _paths_of(np.asarray(examples.label_vocabulary.counts)) if self._is_tree else None
        self._is_fixed = np.zeros(0, np.uint8)
        self._copies = _Copies.of(examples, len(self.inputs), self._n_outputs, n_threads)

    @property
    def examples(self) -> Examples:
        return self._examples

    @property
    def parameters(self) -> Mapping[str, Matrix]:
        dim = self._config.vector_size
        return {"inputs": self.inputs[:, :dim], "outputs": self.outputs[:, :dim]}

    @property
    def untrained_loss(self) -> float:
        """The loss of an example whose scores are all zero."""
        counts, n_labels = self._examples.label_vocabulary.counts, len(self._examples.label_vocabulary)
        if self._config.loss == ONE_VS_ALL:
            return n_labels * math.log(2)
        if self._paths is not None:
            return float(np.average(np.diff(self._paths.offsets), weights=np.asarray(counts))) * math.log(2)
        return math.log(n_labels)

    @property
    def loss_of_guessing(self) -> float:
        """The loss of an example if each label is predicted as likely as it is frequent, whatever the words."""
        counts = np.asarray(self._examples.label_vocabulary.counts, np.float64)
        if self._config.loss == ONE_VS_ALL:
            shares = counts / self._examples.n
            rest = 1 - shares
            return float(-(shares * np.log(shares) + rest * np.log(np.where(rest > 0, rest, 1))).sum())
        shares = counts / counts.sum()
        return float(-(shares * np.log(shares)).sum())

    def complaint(self, loss: float) -> str:
        """A warning if the last epoch's loss is no better than guessing; empty if it is."""
        if loss < (1 - HARDLY) * self.loss_of_guessing:
            return ""
        is_above = loss > (1 + HARDLY) * self.untrained_loss
        what = "lower --learning-rate" if is_above else "raise --epochs, or --learning-rate"
        return (
            f"the loss ended at {loss:.4g}, and guessing labels by their frequency has "
            f"{self.loss_of_guessing:.4g}: next to nothing was learnt; {what}"
        )

    @property
    def exploded_loss(self) -> float:
        return EXPLODED * self.untrained_loss

    def initialise(self) -> None:
        dim = self._config.vector_size
        for matrix in (self.inputs, self.outputs):
            matrix[:] = 0  # the padding too, which a training that diverged has left full of NaN
        fill_uniform(self.inputs[:, :dim], self._config.seed)
        self.inputs *= 2  # +-1 / dim
        if self._init is not None:
            known, ids = words_in_common(self._examples.vocabulary, self._init.vocabulary)
            self.inputs[known, :dim] = self._init.matrix[ids]
            if self._config.freeze:
                self._is_fixed = np.zeros(len(self._examples.vocabulary), np.uint8)
                self._is_fixed[known] = 1

    def load_kernel(self) -> None:
        """Load or compile what training needs, before the clock starts."""
        self._train(np.empty(0, np.int64), 0.0, 0.0)

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        first, last = self._starts[block : block + 2]
        rates = (rate_factor * self._rate(epoch + place / self._examples.n) for place in (first, last))
        return self._train(self._order(epoch)[first:last], *rates)

    def _rate(self, epochs_done: float) -> float:
        return self._config.learning_rate * (1 - epochs_done / self.n_epochs)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """The order of the examples in an epoch: a file that is sorted by label must not be learnt label by label."""
        known, order = self._order_of
        if known != epoch:
            order = np.random.default_rng((self._config.seed, epoch)).permutation(self._examples.n)
            self._order_of = epoch, order
        return order

    def _train(self, order: NDArray[np.int64], rate: float, last_rate: float) -> BlockLoss:
        from wordvec_cli.kernels import classify

        kinds = {
            SOFTMAX: classify.SOFTMAX, ONE_VS_ALL: classify.ONE_VS_ALL,
            HIERARCHICAL_SOFTMAX: classify.HIERARCHICAL_SOFTMAX,
        }  # fmt: skip
        examples = self._examples
        counts = examples.row_counts if len(examples.row_counts) else None
        group = GROUP_OF_MANY if self._n_outputs >= MANY_LABELS else GROUP_OF_FEW
        total, n = classify.train_examples(
            order, examples.row_offsets, examples.rows, counts, examples.label_offsets, examples.labels,
            self.inputs.reshape(-1), self.outputs.reshape(-1), self._is_fixed, *self._copies, self._n_outputs,
            self.inputs.shape[1], group, kinds[self._config.loss], *(self._paths or NO_PATHS), rate, last_rate,
        )  # fmt: skip
        return BlockLoss(total, n)

    def classifier(self, tokenizer: Tokenizer, label_prefix: str | None) -> Classifier:
        """The trained classifier; its matrices are views of the trainer's."""
        examples, config = self._examples, self._config
        n_words, matrix = len(examples.vocabulary), self.parameters["inputs"]
        return Classifier(
            from_matrix(examples.vocabulary, np.ascontiguousarray(matrix[:n_words]), {}),
            matrix[n_words:],
            examples.buckets,
            self.parameters["outputs"][: self._n_outputs],
            examples.label_vocabulary,
            self._paths,
            Task(config.loss, config.word_ngrams, config.buckets, label_prefix, config.subwords),
            tokenizer,
        )


NO_PATHS = None, None, None


def absent_parameters(config: ClassifierConfig) -> list[str]:
    """Those of the kernel that are None where a classifier is trained so."""
    counts = [] if config.example_options.subwords.longest else ["counts"]
    return counts if config.loss == HIERARCHICAL_SOFTMAX else [*counts, "path_offsets", "nodes", "signs"]


class _Copies(NamedTuple):
    """The rows that each thread has copies of: see kernels/hot_rows.py.

    hot    (n_hot,) int32
    slots  (n_rows or 0,) int16: where a row is in `hot`; -1: it is not
    most_visits  of a thread to a copy until it is merged with the others' changes
    most_groups  of examples until a thread's copy of all output rows is; 0: it has none
    """

    hot: NDArray[np.int32]
    slots: NDArray[np.int16]
    most_visits: int
    most_groups: int

    @classmethod
    def of(cls, examples: Examples, n_rows: int, n_outputs: int, n_threads: int) -> "_Copies":
        """Those rows that come most often; a single thread needs none."""
        counts = np.zeros(n_rows, np.int64)
        starts = np.linspace(0, max(len(examples.rows) - ROWS_OF_SAMPLE, 0), SAMPLES).astype(np.int64)
        for start in np.unique(starts) if n_threads > 1 else ():
            counts += np.bincount(examples.rows[start : start + ROWS_OF_SAMPLE], minlength=n_rows)
        least = max(VISITS_OF_COPY * counts.sum() / _rows_per_block(examples), 1)
        hot = np.argsort(-counts, kind="stable")[:MOST_COPIES].astype(np.int32)
        hot = hot[counts[hot] >= least]
        slots = np.full(n_rows if len(hot) else 0, -1, np.int16)
        slots[hot] = np.arange(len(hot))
        most_groups = max(GROUPS // n_threads, 1) if n_threads > 1 and n_outputs < MANY_LABELS else 0
        return cls(hot, slots, max(VISITS // n_threads, 1), most_groups)


def _paths_of(counts: NDArray[np.int64]) -> Paths:
    from wordvec_cli.kernels.tree import huffman_tree

    return Paths(*huffman_tree(counts))  # type: ignore[no-untyped-call]


def _rows_per_block(examples: Examples) -> int:
    return min(max(len(examples.rows) // BLOCKS_PER_EPOCH, LEAST_ROWS_PER_BLOCK), MOST_ROWS_PER_BLOCK)


def _block_starts(examples: Examples) -> Sequence[int]:
    """Where blocks of examples begin in the order of any epoch, and the end: blocks of some thousand rows."""
    per_example = max(len(examples.rows) / examples.n, 1)
    n_examples = max(int(_rows_per_block(examples) / per_example) // GROUP_OF_MANY * GROUP_OF_MANY, GROUP_OF_MANY)
    return [*range(0, examples.n, n_examples), examples.n]


def train(trainer: ClassifierTrainer, session: Session = ALONE, state: State | None = None) -> State:
    """Train a classifier.

    state  to go on from, with the trainer's parameters as they were there
    Raises: DivergedError, Cancelled
    """
    trainer.load_kernel()
    return loop.run(trainer, session, state)
