"""word2vec: skip-gram with negative sampling.

Source: Mikolov et al. 2013, arXiv 1310.4546; what the paper leaves open as in word2vec.c (tmikolov/word2vec).
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import DivergedError, InputError, OptionError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequences import Sequences
from wordvec_cli.training import loop
from wordvec_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE_EXPONENT = 0.75
MIN_RATE = 1e-4  # of the learning rate, below which it does not fall
TOKENS_PER_BLOCK = 20_000  # one thread's work for some milliseconds
TOKENS_PER_STEP = 50 * TOKENS_PER_BLOCK
SHRINK_WINDOWS = True
LANES = 16  # rows are padded to whole vectors of the widest registers, which are whole cache lines
ROWS_PER_CHUNK = 4096


@dataclass(frozen=True)
class SkipGramConfig:
    """Hyper-parameters of skip-gram with negative sampling. Raises: OptionError that names the option."""

    vector_size: int = 100
    window: int = 5  # words on each side at most; drawn from 1 to window for each centre word
    negative: int = 5  # noise words for each pair
    sample: float = 1e-3  # share of the corpus above which a word's occurrences are dropped at random; 0: none are
    epochs: int = 5
    learning_rate: float = 0.05  # falls linearly to 1e-4 of itself
    seed: int = 1

    def __post_init__(self) -> None:
        for name, lowest in (("vector_size", 1), ("window", 1), ("negative", 1), ("epochs", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < lowest:
                raise OptionError(f"--{name.replace('_', '-')} {value}: must be at least {lowest}")
        if not 0 <= self.sample < float("inf"):
            raise OptionError(f"--sample {self.sample}: must be a number and not negative; 0 keeps every occurrence")
        if not 0 < self.learning_rate < float("inf"):
            raise OptionError(f"--learning-rate {self.learning_rate}: must be a positive number")

    def options(self) -> dict[str, int | float | str]:
        """The configuration as it is recorded in the vector file."""
        return {"model": "skipgram", **asdict(self)}


@dataclass(frozen=True)
class Trained:
    """What training gives: `matrix` (n_words, dim) float32, a view of padded rows, and each epoch's mean loss."""

    matrix: "NDArray[np.float32]"
    losses: list[float]


def train(
    sequences: Sequences, vocabulary: Vocabulary, config: SkipGramConfig, n_threads: int, report: Report = silent
) -> Trained:
    """Train word vectors on a corpus of word ids.

    With one thread the result is a function of the arguments; with several, threads update the shared matrices without
    locks ("hogwild", Recht et al. 2011), and two runs differ a little.

    Raises: InputError if the corpus has nothing to learn from, DivergedError if numbers leave the finite ones.
    """
    report(Progress("loading kernels (the first time they are compiled)", 0, None, "kernels"))
    trainer = SkipGramTrainer(sequences, vocabulary, config)
    trainer.train_block(loop.Block(first=0, last=0, seed=0, progress=0))  # loads or compiles before the clock starts
    losses = loop.run(trainer, n_threads, report)
    matrix = trainer.inputs[:, : config.vector_size]
    if not any(losses):
        raise InputError(
            "no line of the corpus has two words of the vocabulary left on it, so there is nothing to learn from; "
            "in a small corpus --sample drops nearly all: --sample 0 keeps every word"
        )
    if not all(np.isfinite(matrix[i : i + ROWS_PER_CHUNK]).all() for i in range(0, len(matrix), ROWS_PER_CHUNK)):
        raise DivergedError("training left the finite numbers; lower --learning-rate and train again")
    return Trained(matrix, losses)


class SkipGramTrainer:
    """The parameters of skip-gram, and the blocks of a corpus that they are trained on."""

    def __init__(self, sequences: Sequences, vocabulary: Vocabulary, config: SkipGramConfig) -> None:
        from wordvec_cli.kernels import sgd

        self.n_epochs = config.epochs
        self.words_per_epoch = sequences.n_known
        self.steps_per_epoch = -(-len(sequences.ids) // TOKENS_PER_STEP)
        self._sequences = sequences
        self._config = config
        counts = _counts(vocabulary, sequences)
        self._keep = keep_thresholds(counts, config.sample)
        self._noise = sgd.alias_table(counts**NOISE_EXPONENT)
        self._n_noise = sgd.noise_words(config.window, SHRINK_WINDOWS, config.negative)
        rows_of_group = max(sgd.GROUP + 2 * config.window, self._n_noise)
        self._step_limit = 1 / (1 + rows_of_group * highest_share(counts, self._keep))
        self.inputs = initial_vectors(len(vocabulary), config.vector_size, config.seed)
        self.outputs = aligned_zeros(self.inputs.shape)

    def blocks(self, epoch: int, step: int) -> list[loop.Block]:
        n_tokens = len(self._sequences.ids)
        begin = step * TOKENS_PER_STEP
        end = min(begin + TOKENS_PER_STEP, n_tokens)
        return [
            loop.Block(
                first=first,
                last=min(first + TOKENS_PER_BLOCK, end),
                seed=_block_seed(self._config.seed, epoch, first),
                progress=(epoch + first / n_tokens) / self.n_epochs,
            )
            for first in range(begin, end, TOKENS_PER_BLOCK)
        ]

    def train_block(self, block: loop.Block) -> loop.BlockLoss:
        from wordvec_cli.kernels import sgd

        config = self._config
        rate = config.learning_rate * max(1 - block.progress, MIN_RATE)
        return loop.BlockLoss(
            *sgd.skipgram_block(
                self._sequences.ids, self._sequences.offsets, block.first, block.last, self.inputs, self.outputs,
                self._keep, *self._noise, config.window, SHRINK_WINDOWS, config.negative, self._n_noise,
                rate, self._step_limit, np.uint64(block.seed),
            )
        )  # fmt: skip


def _counts(vocabulary: Vocabulary, sequences: Sequences) -> "NDArray[np.float64]":
    """How often each word occurs: as its vocabulary says, or else in the corpus itself."""
    counts = np.zeros(len(vocabulary)) if vocabulary.counts is None else np.asarray(vocabulary.counts, dtype=np.float64)
    if counts.any():
        return counts
    for start in range(0, len(sequences.ids), 1 << 20):
        ids = sequences.ids[start : start + (1 << 20)]
        counts += np.bincount(ids[ids >= 0], minlength=len(vocabulary))
    return counts


def keep_thresholds(counts: "NDArray[np.float64]", sample: float) -> "NDArray[np.uint32]":
    """For each word the 32-bit number up to which a random one keeps an occurrence of it.

    Source: word2vec.c; with f the word's share of the corpus, it is kept with probability sqrt(t/f) + t/f.
    """
    highest = np.iinfo(np.uint32).max
    if sample == 0:
        return np.full(len(counts), highest, dtype=np.uint32)
    share = np.maximum(counts, 1) / max(counts.sum(), 1)
    probability = np.minimum(np.sqrt(sample / share) + sample / share, 1)
    thresholds: NDArray[np.uint32] = (probability * highest).astype(np.uint32)
    return thresholds


def highest_share(counts: "NDArray[np.float64]", keep: "NDArray[np.uint32]") -> float:
    """The share of the most frequent word in the tokens that subsampling leaves."""
    n_kept = counts * keep
    return float(n_kept.max() / n_kept.sum())


def initial_vectors(n_words: int, dim: int, seed: int) -> "NDArray[np.float32]":
    """(n_words, dim padded with zeros) float32, uniform in +-0.5 / dim as in word2vec.c."""
    matrix = aligned_zeros((n_words, -(-dim // LANES) * LANES))
    rng = np.random.default_rng(seed)
    for start in range(0, n_words, ROWS_PER_CHUNK):
        rows = matrix[start : start + ROWS_PER_CHUNK, :dim]
        rows[:] = (rng.random(rows.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(dim)
    return matrix


def aligned_zeros(shape: tuple[int, int]) -> "NDArray[np.float32]":
    """Zeros, float32, that start at a cache line; rows that straddle two cost a fifth of the speed."""
    n = shape[0] * shape[1]
    room = np.zeros(n + LANES, dtype=np.float32)
    start = -room.ctypes.data // room.itemsize % LANES
    return room[start : start + n].reshape(shape)


def _block_seed(seed: int, epoch: int, first: int) -> int:
    return int(np.random.SeedSequence((seed, epoch, first)).generate_state(1, np.uint64)[0])
