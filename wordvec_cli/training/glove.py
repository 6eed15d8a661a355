"""GloVe: vectors whose products are the logarithms of how often words stand near each other.

Source: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation", and what it leaves open as in glove.c
(stanfordnlp/GloVe).
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from wordvec_cli.sequences.pairs import PairOptions, UnknownWords
from wordvec_cli.training.matrices import aligned_zeros, composed_of_others, fill_uniform, padded, words_in_common
from wordvec_cli.training.options import check_choices, check_lowest, check_positive
from wordvec_cli.training.session import BlockLoss
from wordvec_cli.training.tiles import Tiles, Weighting
from wordvec_cli.training.trainer import EXPLODED, complaint_of
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]

GLOVE = "glove"
Combine = Literal["word", "sum", "concat"]
N_RAREST = 100  # words, whose mean stands for all words that are not known
BIAS_RATE = 1.0  # of glove.c, where --learning-rate is that of the vectors alone
NO_PAIRS = "no two words of the vocabulary stand near each other, so there are no pairs to train on; lower --min-count"
PAIR_OPTIONS = [field.name for field in fields(PairOptions)]
_CHOICES = {"combine": ("word", "sum", "concat"), "unknown": ("skip", "gap")}
_LOWEST = {"vector_size": 1, "window": 1, "epochs": 1, "seed": 0}


@dataclass(frozen=True)
class GloveConfig:
    """Hyper-parameters of GloVe. Raises: OptionError that names the option"""

    model: Literal["glove"] = "glove"
    vector_size: int = 100
    window: int | None = 15  # as in `PairOptions`, like the next three; None: the pairs were made elsewhere
    symmetric: bool | None = True
    distance_weighting: bool | None = True
    unknown: UnknownWords | None = "skip"
    x_max: float = 10.0  # pairs that are as frequent or more count fully
    weight_exponent: float = 0.75  # the others count (x / x_max) ** exponent
    gradient_clip: float = 100.0  # the highest absolute value of a component
    combine: Combine = "sum"  # what becomes of a word's two vectors
    unknown_vector: bool = False  # whether there is one for words that are not known
    epochs: int = 25
    learning_rate: float = 0.05  # of AdaGrad, for the vectors
    seed: int = 1
    deterministic: bool = True  # always so: tiles that are trained at the same time have no row in common

    def __post_init__(self) -> None:
        check_choices(self, _CHOICES)
        check_lowest(self, _LOWEST)
        check_positive(self, ["x_max", "weight_exponent", "gradient_clip", "learning_rate"])

    @property
    def n_epochs(self) -> int:
        return self.epochs

    def settled_for(self, n_tokens: int) -> "GloveConfig":
        """As of word2vec: GloVe wants the same epochs for a corpus of any size."""
        return self

    @property
    def weighting(self) -> Weighting:
        return Weighting(self.x_max, self.weight_exponent)

    @property
    def pair_options(self) -> PairOptions:
        """How to count pairs; the defaults where that is not known."""
        given = {name: getattr(self, name) for name in PAIR_OPTIONS if getattr(self, name) is not None}
        return PairOptions(**given)

    def options(self) -> dict[str, object]:
        """The configuration as it is recorded in the vector file: what is known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def configured(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> GloveConfig:
    """Of the options that are given, and of those among `defaults` that suit GloVe. Raises: OptionError"""
    chosen = {**defaults, **given}
    return GloveConfig(**{field.name: chosen[field.name] for field in fields(GloveConfig) if field.name in chosen})


class CombinedRows:
    """The published vectors, made of a word's two when they are asked for."""

    def __init__(self, words: "Matrix", contexts: "Matrix", combine: Combine) -> None:
        self._words = words
        self._contexts = contexts
        self._combine = combine

    @property
    def shape(self) -> tuple[int, int]:
        n_words, dim = self._words.shape
        return n_words, dim * (2 if self._combine == "concat" else 1)

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, rows: Any) -> "Matrix":
        words: Matrix = self._words[rows]
        contexts: Matrix = self._contexts[rows]
        if self._combine == "sum":
            return words + contexts
        return np.concatenate([words, contexts], axis=-1) if self._combine == "concat" else words


class GloveTrainer:
    """The parameters of GloVe, and the tiles of pairs that they are trained on.

    A block of the loop is a round: tiles of which no two share a row or a column, so that threads can train them at
    the same time, and in any order.
    """

    unit = "pairs"
    nothing_to_learn = NO_PAIRS
    is_synchronous = True

    def __init__(
        self,
        tiles: Tiles,
        vocabulary: Vocabulary | None,  # needed to find the words of `init`
        config: GloveConfig,
        init: Embeddings | None = None,
    ) -> None:
        self.n_epochs = config.epochs
        self.n_blocks = tiles.n_blocks
        self.units_per_epoch = len(tiles.pairs)
        self.untrained_loss = tiles.untrained_loss
        self._tiles = tiles
        self._vocabulary = vocabulary
        self._init = init
        self._config = config
        self._padded_dim = padded(config.vector_size)
        from wordvec_cli.kernels.glove import BIASES

        shape = tiles.n_words, 2 * self._padded_dim + BIASES
        self._words, self._contexts = aligned_zeros(shape), aligned_zeros(shape)
        for matrix in (self._words, self._contexts):
            self._clear(matrix)
        self._rooms = threading.local()
        self._n_threads = 1

    @property
    def matrix(self) -> CombinedRows:
        return CombinedRows(self._vectors(self._words), self._vectors(self._contexts), self._config.combine)

    @property
    def context(self) -> "Matrix":
        return self._vectors(self._contexts)

    @property
    def subwords(self) -> None:
        return None

    @property
    def parameters(self) -> "Mapping[str, Matrix]":
        return {
            f"{name}{what}": view(matrix)
            for name, matrix in (("words", self._words), ("contexts", self._contexts))
            for what, view in (("", self._vectors), (".squares", self._squares), (".biases", self._biases))
        }

    @property
    def exploded_loss(self) -> float:
        """Where all weights are about 1, zeros have next to no loss, and the vectors that training starts from do."""
        return EXPLODED * (1 + self.untrained_loss)

    def complaint(self, losses: Sequence[float]) -> str:
        """The first epoch's loss says nothing, as each pair's is measured before its first step."""
        if len(losses) == 1:
            return ""
        untrained = max(losses[0], self.untrained_loss)
        too_low, too_high = "raise --epochs, or --learning-rate", "lower --learning-rate"
        return complaint_of(losses[-1], untrained, 0, too_low, too_high)

    def initialise(self) -> None:
        """All parameters uniform in +-0.5 / dim, and sums of squares 1, as in glove.c; then what other vectors say."""
        for matrix, part in ((self._words, 0), (self._contexts, 1)):
            self._clear(matrix)
            fill_uniform(self._vectors(matrix), [self._config.seed, part])
            biases = self._biases(matrix)
            rng = np.random.default_rng([self._config.seed, part, 1])
            biases[:, 0] = (rng.random(len(biases)) - 0.5) / self._config.vector_size
            biases[:, 1] = self._squares(matrix)[:] = 1
        if self._init is not None and self._vocabulary is not None:
            known, ids = words_in_common(self._vocabulary, self._init.vocabulary)
            vectors, context = self._init.matrix[ids], self._init.context
            self._take_over(known, vectors, None if context is None else context[ids])
            self._take_over(*composed_of_others(self._vocabulary, known, self._init), None)

    def _clear(self, matrix: "Matrix") -> None:
        """Zeros, and sums of squares of 1; in the padding too, which a training that diverged has left full of NaN."""
        matrix[:] = 0
        matrix[:, self._padded_dim : 2 * self._padded_dim] = 1

    def _take_over(self, rows: "NDArray[np.int64]", vectors: "Matrix", context: "Matrix | None") -> None:
        """Let the vectors that will be published start as these, and the context vectors, if these are given."""
        words, contexts = self._vectors(self._words), self._vectors(self._contexts)
        match self._config.combine:
            case "concat":
                words[rows], contexts[rows] = np.split(vectors, 2, axis=1)
            case "sum":
                contexts[rows] = vectors / 2 if context is None else context
                words[rows] = vectors - contexts[rows]
            case "word":
                words[rows] = vectors
                if context is not None:
                    contexts[rows] = context

    def load_kernel(self, n_threads: int) -> None:
        self._n_threads = n_threads
        self._train_pairs(self._tiles.pairs[:0], (0, 0), rate_factor=0.0, seed=0)

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        tiles = tiles_of_round(self._config.seed, self._tiles.n_blocks, epoch, block)
        with ThreadPoolExecutor(self._n_threads) as pool:
            losses = pool.map(partial(self.train_tile, epoch=epoch, rate_factor=rate_factor), tiles)
            return sum(losses, BlockLoss())

    def train_tile(self, tile: tuple[int, int], epoch: int = 0, rate_factor: float = 1.0) -> BlockLoss:
        """Update the parameters of a row block and a column block in place."""
        pairs = self._tiles.tile(*tile)
        seed = seed_of_tile(self._config.seed, epoch, tile)
        return BlockLoss(self._train_pairs(pairs, tile, rate_factor, seed), len(pairs))

    def _train_pairs(self, pairs: "NDArray[np.void]", tile: tuple[int, int], rate_factor: float, seed: int) -> float:
        in_random_order = self._room()[: len(pairs)]
        place = Place(self._words.reshape(-1), self._contexts.reshape(-1), *tile, self._tiles.n_blocks)
        return train_pairs(self._config, (pairs, in_random_order), place, rate_factor, seed)

    def _room(self) -> "NDArray[np.void]":
        """Room for the pairs of a tile, one for each thread."""
        if not hasattr(self._rooms, "of_thread"):
            self._rooms.of_thread = np.empty(self._tiles.largest, self._tiles.pairs.dtype)
        room: NDArray[np.void] = self._rooms.of_thread
        return room

    def _vectors(self, matrix: "Matrix") -> "Matrix":
        return matrix[:, : self._config.vector_size]

    def _squares(self, matrix: "Matrix") -> "Matrix":
        return matrix[:, self._padded_dim : self._padded_dim + self._config.vector_size]

    def _biases(self, matrix: "Matrix") -> "Matrix":
        return matrix[:, 2 * self._padded_dim : 2 * self._padded_dim + 2]


def tiles_of_round(seed: int, n_blocks: int, epoch: int, block: int) -> list[tuple[int, int]]:
    """The tiles (row block, column block) of a round, of which no two share a row or a column."""
    rng = np.random.default_rng([seed, epoch])
    rows, columns = rng.permutation(n_blocks), rng.permutation(n_blocks)
    return list(zip(rows.tolist(), np.roll(columns, block).tolist(), strict=True))


def seed_of_tile(seed: int, epoch: int, tile: tuple[int, int]) -> int:
    """Of the order of its pairs."""
    return int(np.random.SeedSequence((seed, epoch, *tile)).generate_state(1, np.uint64)[0])


class Place(NamedTuple):
    """Where the parameters of a tile are: flat arrays of rows, of which each n_blocks-th belongs to the tile."""

    words: "Matrix"
    contexts: "Matrix"
    row_block: int = 0
    column_block: int = 0
    n_blocks: int = 1


def train_pairs(
    config: GloveConfig, pairs: "tuple[NDArray[np.void], NDArray[np.void]]", place: Place, rate_factor: float, seed: int
) -> float:
    """Update the parameters of a tile in place; the sum of the losses of its pairs.

    pairs  of the tile, and room for as many
    """
    from wordvec_cli.kernels import glove

    of_tile, in_random_order = pairs
    glove.shuffled(of_tile, in_random_order, np.uint64(seed))
    with np.errstate(over="ignore"):  # what is beyond float32 is infinite there, and training diverges
        rates = np.float32(rate_factor * config.learning_rate), np.float32(rate_factor * BIAS_RATE)
        shape = np.float32(config.weighting.exponent), np.float32(config.weighting.log_max)
        limit = np.float32(config.gradient_clip)
    loss: float = glove.train_tile(
        in_random_order, place.words, place.contexts, padded(config.vector_size), place.row_block, place.column_block,
        place.n_blocks, *shape, *rates, limit,
    )  # fmt: skip
    return loss


def vector_of_unknown_words(matrix: "Rows", vocabulary: Vocabulary) -> "Matrix":
    """The mean of the rarest words, (1, dim): the last of the vocabulary where it has no counts.

    Source: glove.c
    """
    counts = vocabulary.counts
    order = np.arange(len(vocabulary)) if counts is None else np.argsort(-np.asarray(counts), kind="stable")
    mean: Matrix = matrix[order[-N_RAREST:]].mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
    return mean
