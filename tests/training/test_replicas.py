"""Replicas of a training: how their changes become one, and that no token and no change is lost."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from tests.reference_replicas import change_of
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.replica_trainer import ReplicaTrainer
from wordvec_cli.training.replicas import Replica, Rounds, Rows, Slice, slices, trainer_elsewhere
from wordvec_cli.training.replicas_here import ReplicasHere
from wordvec_cli.training.session import ALONE, BlockLoss, Session, State
from wordvec_cli.training.trainer import train
from wordvec_cli.training.updates import SLOPE, combined, curvature, updates_of
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

CONFIGS = {
    "skip-gram": Word2VecConfig(vector_size=20, epochs=2),
    "CBOW": Word2VecConfig(vector_size=20, epochs=2, model="cbow"),
    "CBOW of sums, shared errors": Word2VecConfig(
        vector_size=20, epochs=2, model="cbow", cbow_mean=False, cbow_gradient="mean", learning_rate=0.01
    ),
    "hierarchical softmax": Word2VecConfig(vector_size=20, epochs=2, loss="hierarchical-softmax"),
    "CBOW, hierarchical softmax": Word2VecConfig(vector_size=20, epochs=2, model="cbow", loss="hierarchical-softmax"),
    "subwords": Word2VecConfig(vector_size=20, epochs=2, subwords="3-4", buckets=500),
    "deterministic": Word2VecConfig(vector_size=20, epochs=2, deterministic=True),
}
Material = tuple[Vocabulary, list[Sequences]]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """600 lines of words that follow Zipf's law, each pair of lines about one of ten things; in three shards."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    lines = []
    for i in range(600):
        about = 1 + i // 2 % 10
        words = [about * 20 + int(20 * rng.random() ** 2) if rng.random() < 0.5 else int(20 * rng.random() ** 3)
                 for _ in range(20)]  # fmt: skip
        lines.append(" ".join(f"w{word}" for word in words))
    texts = ["\n".join(lines[first::3]) for first in range(3)]
    paths = [folder / f"{i}.txt" for i in range(3)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text + "\n")
    whole = Corpus.open([str(path) for path in paths], Tokenizer(), folder)
    vocabulary = count_words(whole, CountOptions(min_count=1)).vocabulary()
    return vocabulary, [encode(Corpus.open([str(path)], Tokenizer(), folder), vocabulary) for path in paths]


def rounds_of(shards: Sequence[Sequences], n: int = 3) -> Rounds:
    return Rounds(n, sum(shard.n_known for shard in shards))


def replicas_of(
    material: Material, config: Word2VecConfig, owners: Sequence[Sequence[int]], rounds: Rounds
) -> list[Replica]:
    vocabulary, shards = material
    replicas = []
    for owned in owners:
        trainer = trainer_elsewhere(vocabulary, config, rounds.n_known)
        trainer.initialise()
        replica = Replica(trainer, rounds)
        replica.restore(trainer.parameters)
        replica.shards |= {shard: shards[shard] for shard in owned}
        replicas.append(replica)
    return replicas


def trained(
    material: Material,
    config: Word2VecConfig,
    owners: Sequence[Sequence[int]],
    n_threads: int = 2,
    session: Session = ALONE,
    state: State | None = None,
) -> tuple[State, list[Any]]:
    rounds = rounds_of(material[1])
    replicas = replicas_of(material, config, owners, rounds)
    with ThreadPoolExecutor(n_threads) as pool:
        trainer = trainer_elsewhere(material[0], config, rounds.n_known)
        replica_trainer = ReplicaTrainer(trainer, rounds, ReplicasHere(replicas, pool))
        if state:
            session.keeper.restore("state", replica_trainer.parameters)
        end = train(replica_trainer, session, state)
    np.testing.assert_array_equal(end.matrix, trainer.matrix)
    return end.state, [replica.parameters for replica in replicas]


class InMemory:
    """Keeps each state under its name; one checkpoint is due, after so many rounds."""

    def __init__(self, due_after: int = 0) -> None:
        self.saved: dict[str, tuple[State, dict[str, Any]]] = {}
        self._left, self._is_wanted = due_after, due_after > 0

    def is_due(self) -> bool:
        self._left -= 1
        return self._left <= 0 and self._is_wanted and "state" not in self.saved

    def save_checkpoint(self, state: State, parameters: Mapping[str, Any]) -> None:
        self.save("state", state, parameters)

    def newly_kept(self, wait: bool) -> State | None:
        return None

    def save(self, name: str, state: State, parameters: Mapping[str, Any]) -> None:
        self.saved[name] = state, {key: matrix.copy() for key, matrix in parameters.items()}

    def restore(self, name: str, parameters: Mapping[str, Any]) -> State | None:
        state, matrices = self.saved.get(name, (None, {}))
        for key, matrix in matrices.items():
            parameters[key][:] = matrix
        return state


# ---------------------------------------------------------------- the rule


@pytest.mark.parametrize("n_replicas", [1, 2, 3, 16])
@pytest.mark.parametrize("n_updates", [0.0, 0.01, 3.0, 1e4, 1e9])
def test_a_change_is_that_of_the_oracle(n_replicas: int, n_updates: float) -> None:
    rng = np.random.default_rng(1)
    met = np.zeros((30, 32), np.float32)
    met[:, :20] = rng.normal(0.5, 1, (30, 20))
    weights = rng.random(30)
    changes = np.zeros((n_replicas, 5, 32), np.float32)
    changes[:, :, :20] = rng.normal(0, 1, (n_replicas, 5, 20))
    steps = np.full(5, n_updates * 0.025, np.float32)
    found = combined(changes.sum(axis=0), steps, curvature(met, weights), n_replicas)
    for row in range(5):
        expected = change_of(changes[:, row], n_updates, 0.025, met, weights, SLOPE)
        scale = np.abs(changes[:, row]).sum()
        np.testing.assert_allclose(found[row], expected, atol=6e-3 * scale)  # what `HARDLY` leaves out, at most
    assert (found[:, 20:] == 0).all()


def test_changes_add_up_where_rows_are_hardly_updated_and_are_averaged_where_they_are_updated_all_the_time() -> None:
    met = np.eye(16, dtype=np.float32)
    for n_updates, expected in ((1e-6, 6.0), (1e9, 2.0)):
        sums = np.full((1, 16), 6, np.float32)
        found = combined(sums, np.array([n_updates], np.float32), curvature(met, np.ones(16)), 3)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_what_has_diverged_has_no_directions_and_stays_what_it_is() -> None:
    met = np.full((16, 16), np.nan, np.float32)
    sums = np.full((1, 16), np.nan, np.float32)
    assert (curvature(met, np.ones(16)).along == 0).all()
    assert np.isnan(combined(sums, np.ones(1, np.float32), curvature(met, np.ones(16)), 3)).all()


def test_rows_are_weighed_whatever_their_number() -> None:
    """Kernels take four at a time, which may be of very different frequency."""
    rng = np.random.default_rng(1)
    met, weights = rng.normal(0, 1, (30, 16)).astype(np.float32), rng.random(30)
    for n_rows in (1, 2, 3, 5, 9):
        changes = rng.normal(0, 1, (3, n_rows, 16)).astype(np.float32)
        n_updates = rng.permutation([0.0, 0.1, 7.0, 1e3, 1e6, 50.0, 0.0, 3.0, 1e9])[:n_rows]
        found = combined(changes.sum(axis=0), (n_updates * 0.025).astype(np.float32), curvature(met, weights), 3)
        for row in range(n_rows):
            expected = change_of(changes[:, row], n_updates[row], 0.025, met, weights, SLOPE)
            np.testing.assert_allclose(found[row], expected, atol=6e-3 * np.abs(changes[:, row]).sum())


@pytest.mark.parametrize("name", ["skip-gram", "CBOW", "hierarchical softmax", "subwords"])
def test_updates_are_as_many_as_the_model_makes(material: Material, name: str) -> None:
    """By hand: windows of 1 to 5 words on each side are 6 words wide on average."""
    config = CONFIGS[name]
    vocabulary, _ = material
    updates = updates_of(trainer_elsewhere(vocabulary, config, 12000))
    counts = np.asarray(vocabulary.counts, float)
    kept = counts * np.minimum(np.sqrt(1e-3 / (counts / counts.sum())) + 1e-3 / (counts / counts.sum()), 1)
    np.testing.assert_allclose(updates.words, kept / counts.sum(), rtol=1e-6)
    windows = 6 if config.model == "skipgram" else 1
    if config.loss == "negative-sampling":
        noise = counts**0.75 / (counts**0.75).sum()
        targets = updates.words + 5 * updates.words.sum() * noise
        np.testing.assert_allclose(updates.outputs, windows * targets, rtol=1e-5)
        assert updates.outputs.sum() == pytest.approx(windows * 6 * updates.words.sum(), rel=1e-5)
    else:  # the root is on every path
        assert updates.outputs.max() == pytest.approx(windows * updates.words.sum(), rel=1e-5)
    if name in ("skip-gram", "CBOW"):
        np.testing.assert_allclose(updates.inputs, 6 * 6 * updates.words, rtol=1e-5)
    elif name == "subwords":
        assert len(updates.inputs) > len(counts)
        assert (updates.inputs >= updates.inputs.min()).all() and updates.inputs.max() <= 36 * updates.words.sum()


@pytest.mark.parametrize("of_slice", [0, 1, 2])
@pytest.mark.parametrize("which", [0, 1])
def test_what_replicas_combine_is_the_change_of_the_oracle_for_each_row(
    material: Material, of_slice: int, which: int
) -> None:
    rounds = rounds_of(material[1])
    replicas = replicas_of(material, CONFIGS["skip-gram"], [[0], [1], [2]], rounds)
    for replica in replicas:
        replica.train(0, 0, list(replica.shards))
    for replica in replicas:  # a second time: the outputs, which start at 0, are then worth meeting
        replica.train(0, 1, list(replica.shards))
    trainer, part = replicas[of_slice]._trainer, slices(3)[of_slice]
    updates = updates_of(trainer)
    merged = replicas[of_slice].combine(part, [replica.changes(part) for replica in replicas], 0, 1)

    start, end = rounds.part(0, 1)
    n_words = rounds.n_known * (end - start) / 3  # that a replica trains on in the round
    rate = 0.05 - (0.05 - 5e-6) * (start + end) / 2 / 2  # in the middle of it; there are two epochs
    met = (trainer.outputs, trainer.inputs)[which]
    weights = (updates.outputs, updates.words)[which]
    before = list(replicas[0].parameters.values())[which]
    n_inputs = len(range(of_slice, len(before), 3))
    for place, row in enumerate(range(of_slice, len(before), 3)):
        changes = [(r._trainer.inputs, r._trainer.outputs)[which][row, :20] - before[row] for r in replicas]
        n_updates = (updates.inputs, updates.outputs)[which][row] * n_words
        expected = before[row] + change_of(changes, n_updates, rate, met[:, :20], weights, SLOPE)
        at = np.flatnonzero(merged.places == place + which * n_inputs)
        found = merged.values[at[0]] if len(at) else before[row]
        np.testing.assert_allclose(found, expected, atol=6e-3 * np.abs(changes).sum() + 1e-7)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("name", CONFIGS)
def test_one_replica_trains_as_it_would_alone_and_three_are_equal_in_the_end(material: Material, name: str) -> None:
    config = CONFIGS[name]
    alone, (of_one,) = trained(material, config, [[0, 1, 2]])
    state, of_three = trained(material, config, [[0], [1], [2]])
    assert state.epoch == alone.epoch == 2
    for parameters in of_three[1:]:
        for key, matrix in parameters.items():
            np.testing.assert_array_equal(matrix, of_three[0][key])
    assert alone.losses[1] < alone.losses[0]
    assert state.losses[1] < state.losses[0]
    assert state.losses[1] == pytest.approx(alone.losses[1], rel=0.2)  # of so little text
    assert np.isfinite(of_one["inputs"]).all()


@pytest.mark.parametrize("name", ["skip-gram", "subwords", "CBOW, hierarchical softmax"])
def test_the_same_seed_shards_and_replicas_give_the_same_bytes(material: Material, name: str) -> None:
    owners = [[0], [1, 2]]
    (first, *_), (second, *_) = (trained(material, CONFIGS[name], owners, n)[1] for n in (1, 2))
    for key, matrix in first.items():
        assert matrix.tobytes() == second[key].tobytes()


def test_a_replica_alone_changes_as_its_trainer_does(material: Material) -> None:
    """What is combined of one replica's changes is what it has changed."""
    rounds = rounds_of(material[1])
    (replica,) = replicas_of(material, CONFIGS["skip-gram"], [[0, 1, 2]], rounds)
    replica.train(0, 0, [0, 1, 2])
    rows = [matrix.copy() for matrix in (replica._trainer.inputs, replica._trainer.outputs)]
    with ThreadPoolExecutor(1) as pool:
        ReplicasHere([replica], pool).synchronise(0, 0)
    for before, now in zip(rows, (replica._trainer.inputs, replica._trainer.outputs), strict=True):
        np.testing.assert_allclose(now, before, atol=1e-6)


def test_rounds_train_each_token_of_an_epoch_once(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    _, shards = material
    rounds = rounds_of(shards, 5)
    (replica,) = replicas_of(material, CONFIGS["skip-gram"], [[0, 1, 2]], rounds)
    seen: dict[int, list[tuple[int, int]]] = {id(shard): [] for shard in shards}

    def note(sequences: Sequences, tokens: tuple[int, int], rates: tuple[float, ...], seed: int) -> BlockLoss:
        seen[id(sequences)].append(tokens)
        return BlockLoss()

    monkeypatch.setattr(replica._trainer, "train_tokens", note)
    for epoch in range(2):
        for tokens in seen.values():
            tokens.clear()
        for round_ in range(rounds.n):
            replica.train(epoch, round_, [0, 1, 2])
        for shard in shards:
            places = [token for first, last in seen[id(shard)] for token in range(first, last)]
            assert places == list(range(len(shard.ids)))


def test_the_learning_rate_is_that_of_the_whole_job(material: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = rounds_of(material[1], 2)
    (replica,) = replicas_of(material, CONFIGS["skip-gram"], [[1]], rounds)
    rates = []
    monkeypatch.setattr(replica._trainer, "train_tokens", lambda *block: rates.append(block[2]) or BlockLoss())
    replica.train(1, 1, [1], rate_factor=0.5)  # from 3/4 of two epochs to their end
    ((first, last),) = rates
    assert first == pytest.approx(0.5 * (0.05 - (0.05 - 5e-6) * 0.75), rel=1e-3)
    assert last == pytest.approx(0.5 * 5e-6)


def test_of_a_replica_that_is_lost_the_others_train_its_part(material: Material) -> None:
    """Two that train the lost one's shard before they are made equal end as two that had all shards from the start."""
    rounds, config = rounds_of(material[1]), CONFIGS["skip-gram"]
    results = []
    for owners, lost in (([[0], [1]], True), ([[0, 2], [1]], False)):
        replicas = replicas_of(material, config, owners, rounds)
        with ThreadPoolExecutor(1) as pool:
            for replica in replicas:
                replica.train(0, 0, sorted(set(replica.shards) - {2}))
            replicas[0].shards[2] = material[1][2]
            replicas[0].train(0, 0, [2])
            ReplicasHere(replicas, pool).synchronise(0, 0)
        results.append(replicas[1].parameters["inputs"].tobytes())
        assert lost or results[0] == results[1]


def test_resumed_with_the_same_replicas_training_ends_with_the_same_bytes(material: Material) -> None:
    owners, config = [[0], [1], [2]], CONFIGS["skip-gram"]
    keeper = InMemory(due_after=4)
    _, unbroken = trained(material, config, owners, session=Session(keeper=keeper))
    state, _ = keeper.saved["state"]
    assert 0 < state.epoch + state.block < 5
    _, resumed = trained(material, config, owners, session=Session(keeper=keeper), state=state)
    assert resumed[0]["inputs"].tobytes() == unbroken[0]["inputs"].tobytes()


def test_training_is_resumed_with_another_number_of_replicas(material: Material) -> None:
    config = CONFIGS["skip-gram"]
    keeper = InMemory(due_after=2)
    unbroken, _ = trained(material, config, [[0], [1], [2]], session=Session(keeper=keeper))
    kept, _ = keeper.saved["state"]
    state, parameters = trained(material, config, [[2, 0], [1]], session=Session(keeper=keeper), state=kept)
    assert parameters[0]["inputs"].tobytes() == parameters[1]["inputs"].tobytes()
    assert state.losses[1] == pytest.approx(unbroken.losses[1], rel=0.1)


def test_replicas_that_diverge_go_back_and_train_at_half_the_rate(material: Material) -> None:
    """Rows that are no numbers in one replica are none in all, and after that none are."""
    config = CONFIGS["skip-gram"]
    rounds = rounds_of(material[1])
    replicas = replicas_of(material, config, [[0, 1], [2]], rounds)
    train_tokens, is_first = replicas[1]._trainer.train_tokens, [True]

    def diverging(*block: Any) -> BlockLoss:
        if is_first.pop() if is_first else False:
            replicas[1]._trainer.inputs[:] = np.nan
        return train_tokens(*block)

    replicas[1]._trainer.train_tokens = diverging  # type: ignore[method-assign]
    notes: list[str] = []
    session = Session(keeper=InMemory(), note=lambda text, **_: notes.append(text))
    with ThreadPoolExecutor(1) as pool:
        trainer = trainer_elsewhere(material[0], config, rounds.n_known)
        end = train(ReplicaTrainer(trainer, rounds, ReplicasHere(replicas, pool)), session)
    assert end.state.n_halvings == 1
    assert notes == ["epoch 1 diverged; starting again at half the learning rate"]
    assert np.isfinite(end.matrix).all()


def test_what_was_trained_since_replicas_were_equal_can_be_undone(material: Material) -> None:
    (replica,) = replicas_of(material, CONFIGS["skip-gram"], [[0]], rounds_of(material[1]))
    before = {name: matrix.tobytes() for name, matrix in replica.parameters.items()}
    replica.train(0, 0, [0])
    assert len(replica.changes(Slice(0, 1)).places)
    assert {name: matrix.tobytes() for name, matrix in replica.parameters.items()} == before
    replica.go_back()
    assert not len(replica.changes(Slice(0, 1)).places)


def test_slices_hold_each_row_once_and_only_rows_that_changed_travel(material: Material) -> None:
    vocabulary, _ = material
    (replica,) = replicas_of(material, CONFIGS["skip-gram"], [[0]], rounds_of(material[1]))
    replica._trainer.inputs[[0, 5, 6]] += 1
    replica._trainer.outputs[3, 19] = 7
    n = len(vocabulary)
    found = []
    for part in slices(4):
        rows = replica.changes(part)
        n_inputs = len(range(part.first, n, part.n))
        found += [
            ("inputs", part.first + 4 * place) if place < n_inputs else ("outputs", part.first + 4 * (place - n_inputs))
            for place in rows.places.tolist()
        ]
        assert rows.values.shape == (len(rows.places), 20)
    assert sorted(found) == [("inputs", 0), ("inputs", 5), ("inputs", 6), ("outputs", 3)]


def test_what_comes_from_elsewhere_is_only_read(material: Material) -> None:
    replicas = replicas_of(material, CONFIGS["skip-gram"], [[0], [1]], rounds_of(material[1]))
    for replica in replicas:
        replica.train(0, 0, list(replica.shards))
    pieces = [replica.changes(Slice(0, 2)) for replica in replicas]
    for array in (array for rows in pieces for array in rows):
        array.setflags(write=False)
    merged = replicas[0].combine(Slice(0, 2), pieces, 0, 0)
    read_only = Rows(*(array.copy() for array in merged))
    for array in read_only:
        array.setflags(write=False)
    replicas[1].take(Slice(0, 2), read_only)
    assert not len(replicas[1].changes(Slice(0, 2)).places)
