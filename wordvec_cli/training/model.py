"""What word2vec and GloVe have in common: options that are checked, matrices that are started, and what comes out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.training import loop
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]

EXPLODED = 10  # times the loss of untrained vectors; ordinary training stays below 1, vectors of --init may not
HARDLY = 0.005  # of the untrained loss, that an epoch's may fall short of it by where nothing was learnt
LANES = 16  # rows are padded to whole vectors of the widest registers, which are whole cache lines
ROWS_PER_CHUNK = 4096


class Model(loop.Trainer, Protocol):
    """A trainer of word vectors."""

    @property
    def nothing_to_learn(self) -> str:
        """What to tell the user if no block had a term."""

    @property
    def matrix(self) -> "Rows":
        """The word vectors, (n_words, dim)."""

    @property
    def context(self) -> "Matrix | None":
        """The output vectors of the words, (n_words, dim); None if there are none."""

    def complaint(self, losses: Sequence[float]) -> str:
        """What the losses of the epochs, of those that had terms, say against the result; empty: nothing."""

    def load_kernel(self, n_threads: int) -> None:
        """Load or compile what training needs, before the clock starts.

        n_threads  that will train
        """


@dataclass(frozen=True)
class Trained:
    """What training gives.

    matrix   (n_words, dim) float32, the word vectors; perhaps a view of padded rows
    context  (n_words, dim) float32, the output vectors; None where there are none of words
    state    of the loop at the end: the losses of the epochs, and what happened on the way
    complaint  why training was of no use, if the losses show that, and what to do; else empty
    """

    matrix: "Rows"
    context: "Matrix | None"
    state: loop.State
    complaint: str = ""


def train(trainer: Model, session: loop.Session = loop.ALONE, state: loop.State | None = None) -> Trained:
    """Train word vectors.

    state  to go on from, with the trainer's parameters as they were there
    Raises: InputError if there is nothing to learn from, DivergedError, Cancelled
    """
    trainer.load_kernel(session.n_threads)
    end = loop.run(trainer, session, state)
    losses = [loss for loss in end.losses if loss]
    if not losses:
        raise InputError(trainer.nothing_to_learn)
    return Trained(trainer.matrix, trainer.context, end, trainer.complaint(losses))


def complaint_of(loss: float, untrained: float, by_chance: float, when_too_low: str, when_too_high: str) -> str:
    """What the last loss says against a training, beside the loss before it; empty: nothing.

    by_chance  the share of it by which an epoch's loss may be up or down
    when_too_low, when_too_high  what to do where the parameters hardly moved, and where they moved too far
    """
    figures = f"{loss:.4g}, and that of untrained vectors is {untrained:.4g}"
    if abs(loss - untrained) <= (HARDLY + by_chance) * untrained:
        return f"the loss ended at {figures}: next to nothing was learnt; {when_too_low}"
    if loss > untrained:
        return f"the loss ended at {figures}: training did harm; {when_too_high}"
    return ""


# ---------------------------------------------------------------- options


def option_name(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def check_choices(config: object, choices: Mapping[str, Sequence[str]]) -> None:
    """Raises: OptionError if a field that is not None is none of its choices"""
    for name, of_field in choices.items():
        if getattr(config, name) not in (*of_field, None):
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be one of {', '.join(of_field)}")


def check_lowest(config: object, lowest: Mapping[str, int]) -> None:
    """Raises: OptionError if a field that is not None is too low"""
    for name, limit in lowest.items():
        value = getattr(config, name)
        if value is not None and value < limit:
            raise OptionError(f"{option_name(name)} {value}: must be at least {limit}")


def check_positive(config: object, names: Sequence[str]) -> None:
    """Raises: OptionError if a field is no number above 0"""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise OptionError(f"{option_name(name)} {getattr(config, name)}: must be a positive number")


# ---------------------------------------------------------------- matrices


def padded(dim: int) -> int:
    return -(-dim // LANES) * LANES


def fill_uniform(matrix: "Matrix", seed: int | Sequence[int]) -> None:
    """Random numbers in +-0.5 / dim, as in word2vec.c."""
    dim = matrix.shape[1]
    rng = np.random.default_rng(seed)
    for start in range(0, len(matrix), ROWS_PER_CHUNK):
        rows = matrix[start : start + ROWS_PER_CHUNK]
        rows[:] = (rng.random(rows.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(dim)


def aligned_zeros(shape: tuple[int, int]) -> "Matrix":
    """Zeros, float32, that start at a cache line; rows that straddle two cost a fifth of the speed."""
    n = shape[0] * shape[1]
    room = np.zeros(n + LANES, dtype=np.float32)
    start = -room.ctypes.data // room.itemsize % LANES
    return room[start : start + n].reshape(shape)


# ---------------------------------------------------------------- other vectors


def words_in_common(vocabulary: Vocabulary, other: Vocabulary) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """The ids of the words that both have, in the one and in the other."""
    from wordvec_cli.text.word_table import padded

    ids = id_table(other).find(padded(vocabulary.text), np.asarray(vocabulary.offsets))
    known = np.flatnonzero(ids >= 0)
    return known, ids[known].astype(np.int64)
