"""What the training loop works with: a trainer, the state of a training, where states are kept, what surrounds it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wordvec_cli.progress import Note, Report, ignore, silent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class BlockLoss:
    """The sum of the loss of a block's terms, and how many there were."""

    total: float = 0.0
    n_terms: int = 0

    def __add__(self, other: "BlockLoss") -> "BlockLoss":
        return BlockLoss(self.total + other.total, self.n_terms + other.n_terms)

    @property
    def mean(self) -> float:
        return self.total / self.n_terms if self.n_terms else 0.0


class Trainer(Protocol):
    """What the loop needs to know of a model."""

    n_epochs: int
    n_blocks: int  # of an epoch
    unit: str  # what an epoch consists of: "words"
    units_per_epoch: int
    is_synchronous: bool  # blocks are trained one after the other, and a block uses the threads itself

    @property
    def exploded_loss(self) -> float:
        """Of a term, on the mean of a block: above it training has diverged."""

    @property
    def parameters(self) -> Mapping[str, "Matrix"]:
        """All that training changes, (rows, dim) each, by name."""

    def initialise(self) -> None:
        """Set the parameters to what they are before training."""

    def train_block(self, epoch: int, block: int, rate_factor: float) -> BlockLoss:
        """Update the parameters in place; releases the interpreter's lock."""


@dataclass(frozen=True)
class State:
    """How far training is; with the parameters, all that its rest depends on.

    epoch       epochs done
    block       blocks done of the epoch after them, and their loss
    losses      the mean loss of each epoch done; 0 of one that had no terms
    scores      of each epoch done on the sets that it was scored on, by their names; a score may be NaN
    n_halvings  how often the learning rate was halved after a divergence
    best_epoch  how many epochs were done when the score was highest; 0 if there was none
    n_threads   the most that have worked on it
    """

    epoch: int = 0
    block: int = 0
    loss: BlockLoss = BlockLoss()
    losses: tuple[float, ...] = ()
    scores: tuple[Mapping[str, float], ...] = ()
    n_halvings: int = 0
    best_epoch: int = 0
    best_score: float = -math.inf
    n_threads: int = 1

    @property
    def rate_factor(self) -> float:
        return 0.5**self.n_halvings

    @property
    def known_losses(self) -> list[float | None]:
        """The losses for people and programs: None where an epoch had no terms."""
        return [loss or None for loss in self.losses]

    @property
    def known_scores(self) -> list[dict[str, float | None]]:
        """The scores for people and programs: None where there was none; nothing at all if no epoch was scored."""
        known = [{name: None if math.isnan(score) else score for name, score in each.items()} for each in self.scores]
        return known if any(known) else []


class Keeper(Protocol):
    """Where states are kept, each with the parameters: the checkpoint to resume from, and others by name.

    What is saved may be written while training goes on. An error of that is raised by whatever is called next.
    """

    def is_due(self) -> bool:
        """Whether it is time for another checkpoint."""

    def save_checkpoint(self, state: State, parameters: Mapping[str, "Matrix"]) -> None: ...

    def newly_kept(self, wait: bool) -> State | None:
        """The last checkpoint, if it is on the disk by now and was not given before.

        wait  until all is on the disk
        """

    def save(self, name: str, state: State, parameters: Mapping[str, "Matrix"]) -> None: ...

    def restore(self, name: str, parameters: Mapping[str, "Matrix"]) -> State | None:
        """Read what was saved under a name into the parameters; None if nothing was."""


SNAPSHOT, BEST = "snapshot", "best"


class _Nowhere:
    """Keeps nothing: a training that diverges starts anew, and one that is cancelled is lost."""

    def is_due(self) -> bool:
        return False

    def save_checkpoint(self, state: State, parameters: Mapping[str, "Matrix"]) -> None:
        pass

    def newly_kept(self, wait: bool) -> State | None:
        return None

    def save(self, name: str, state: State, parameters: Mapping[str, "Matrix"]) -> None:
        pass

    def restore(self, name: str, parameters: Mapping[str, "Matrix"]) -> State | None:
        return None


NOWHERE = _Nowhere()


@dataclass(frozen=True)
class Session:
    """What surrounds a training, and does not decide its result (but for several threads, and `patience`).

    score         called after each epoch, if given: figures by name
    patience      epochs without a higher mean score after which training ends, and the best epoch is what it gives
    is_cancelled  asked after each block
    """

    n_threads: int = 1
    keeper: Keeper = NOWHERE
    report: Report = silent
    score: Callable[[], Mapping[str, float]] | None = None
    patience: int | None = None
    is_cancelled: Callable[[], bool] = lambda: False
    note: Note = ignore


ALONE = Session()
