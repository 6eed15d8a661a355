"""Replicas of a training in one process, on threads: for tests, and to see what replicas do to the vectors."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from wordvec_cli.errors import DivergedError
from wordvec_cli.training.replicas import Replica, Rounds, Rows, slices
from wordvec_cli.training.session import BlockLoss, State


def train(replicas: Sequence[Replica], rounds: Rounds, n_epochs: int, pool: ThreadPoolExecutor) -> State:
    """Train to the end; each replica on all the shards that it has. Raises: DivergedError"""
    state = State()
    while state.epoch < n_epochs:
        state = train_round(replicas, state, pool)
        if state.block == rounds.n_of(state.epoch):
            losses = (*state.losses, state.loss.mean)
            state = replace(state, epoch=state.epoch + 1, block=0, loss=BlockLoss(), losses=losses)
    return state


def train_round(replicas: Sequence[Replica], state: State, pool: ThreadPoolExecutor) -> State:
    """Train for a round, and make the replicas equal. Raises: DivergedError if they are no numbers any more

    state  `block` counts rounds
    """

    def train(replica: Replica) -> BlockLoss:
        return replica.train(state.epoch, state.block, sorted(replica.shards), state.rate_factor)

    loss = sum(pool.map(train, replicas), state.loss)
    synchronise(replicas, state, pool)
    if not replicas[0].is_finite():
        raise DivergedError(f"training diverged in epoch {state.epoch + 1}; lower --learning-rate and train again")
    return replace(state, block=state.block + 1, loss=loss)


def synchronise(replicas: Sequence[Replica], state: State, pool: ThreadPoolExecutor) -> None:
    """Each replica combines the changes of all in its slice, then all take those of every slice."""
    parts = slices(len(replicas))
    changes = [list(pool.map(replica.changes, parts)) for replica in replicas]

    def combine(j: int) -> Rows:
        mine = [of_replica[j] for of_replica in changes]
        return replicas[j].combine(parts[j], mine, state.epoch, state.block, state.rate_factor)

    merged = list(pool.map(combine, range(len(parts))))

    def take(replica: Replica) -> None:
        for part, rows in zip(parts, merged, strict=True):
            replica.take(part, rows)

    list(pool.map(take, replicas))
