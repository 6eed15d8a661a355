"""What word2vec and GloVe have in common: a trainer of word vectors, what comes out, and what its losses say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.training import loop
from wordvec_cli.training.session import ALONE, Session, State, Trainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.subwords import Subwords

    Matrix = NDArray[np.float32]

EXPLODED = 10  # times the loss of untrained vectors; ordinary training stays below 1, vectors of --init may not
HARDLY = 0.005  # of the untrained loss, that an epoch's may fall short of it by where nothing was learnt


class WordTrainer(Trainer, Protocol):
    """A trainer of word vectors."""

    @property
    def nothing_to_learn(self) -> str:
        """Why there was nothing to learn, for the user, if no block had a term."""

    @property
    def matrix(self) -> "Rows":
        """The word vectors, (n_words, dim)."""

    @property
    def context(self) -> "Matrix | None":
        """The output vectors of the words, (n_words, dim); None if there are none."""

    @property
    def subwords(self) -> "Subwords | None":
        """What the word vectors are made of; None if they are not made of anything."""

    def complaint(self, losses: Sequence[float]) -> str:
        """What is wrong with the result, judging by the losses of the epochs that had terms; empty: nothing."""

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
    complaint  what is wrong with the result, judging by the losses, and what to do; empty: nothing
    subwords  what the word vectors are made of, if they are
    """

    matrix: "Rows"
    context: "Matrix | None"
    state: State
    complaint: str = ""
    subwords: "Subwords | None" = None


def train(trainer: WordTrainer, session: Session = ALONE, state: State | None = None) -> Trained:
    """Train word vectors.

    state  to go on from, with the trainer's parameters as they were there
    Raises: InputError if there is nothing to learn from, DivergedError, Cancelled
    """
    trainer.load_kernel(session.n_threads)
    end = loop.run(trainer, session, state)
    losses = [loss for loss in end.losses if loss]
    if not losses:
        raise InputError(trainer.nothing_to_learn)
    return Trained(trainer.matrix, trainer.context, end, trainer.complaint(losses), trainer.subwords)


def complaint_of(loss: float, untrained: float, by_chance: float, when_too_low: str, when_too_high: str) -> str:
    """What is wrong with a training, judging by its last loss and that before it; empty: nothing.

    by_chance  the share of it by which an epoch's loss may be up or down
    when_too_low, when_too_high  what to do where the parameters hardly moved, and where they moved too far
    """
    figures = f"{loss:.4g}, and that of untrained vectors is {untrained:.4g}"
    if abs(loss - untrained) <= (HARDLY + by_chance) * untrained:
        return f"the loss ended at {figures}: next to nothing was learnt; {when_too_low}"
    if loss > untrained:
        return f"the loss ended at {figures}: training made the vectors worse; {when_too_high}"
    return ""
