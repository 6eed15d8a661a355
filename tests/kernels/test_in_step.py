"""Threads in step: chunks from the same matrices whose changes are added up, whoever trains them."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest

from tests import reference_subwords, reference_word2vec
from tests.kernels.test_subword_kernels import lists_of_rows, matrices_of
from tests.kernels.test_word2vec_kernels import ALWAYS, NO_LIMIT, problem
from tests.reference_word2vec import huffman_codes
from wordvec_cli.kernels import cbow, in_step, skipgram, subword_cbow, subword_tree, subwords, tree
from wordvec_cli.kernels.draws import alias_table
from wordvec_cli.kernels.in_step import CHUNKS, block_in_step, list_shared
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import CorpusStatistics
from wordvec_cli.training.chunks import tokens_per_chunk
from wordvec_cli.training.models import word2vec_trainer
from wordvec_cli.training.session import Session
from wordvec_cli.training.thread_choice import ThreadChoice
from wordvec_cli.training.trainer import train
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, Word2VecConfig
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NEGATIVE = 3
MODELS = ["skipgram", "skipgram hs", "cbow", "cbow hs"]
ALL = [*MODELS, *(f"{model} subwords" for model in MODELS)]


class Always(NamedTuple):
    """So many threads, however long they take."""

    most: int

    def next(self):
        return self.most

    def took(self, *_):
        pass


class Case:
    """A model in step on random lines, and the plain training of a chunk that it is held to."""

    def __init__(self, name, n_words, lines, window=3, dim=20, seed=7):
        self.ids, self.offsets, own, outputs, self.keep, *noise = problem(seed, dim, n_words, lines)
        counts = np.arange(n_words, 0, -1)
        self.codes, paths = huffman_codes(counts), tree.huffman_tree(counts)
        self.lists, row_offsets, rows = lists_of_rows(np.random.default_rng(3), n_words, n_words + 50)
        has_rows, self.has_paths, self.is_cbow = "subwords" in name, "hs" in name, "cbow" in name
        if self.is_cbow:
            module = subword_cbow if has_rows else tree if self.has_paths else cbow
        elif self.has_paths:
            module = subword_tree if has_rows else tree
        else:
            module = subwords if has_rows else skipgram
        make = getattr(module, f"{'cbow' if self.is_cbow else 'skipgram'}{'_hs' * self.has_paths}_in_step")
        arguments = [*((row_offsets, rows) if has_rows else ()), *(paths if self.has_paths else noise), window, True]
        arguments += [True, False] if self.is_cbow else []
        arguments += [] if self.has_paths else [NEGATIVE]
        n_noise = 6
        arguments += [n_noise] if not (self.has_paths or self.is_cbow) else []
        self.model = make(*arguments)
        self.has_limit = module is not subword_tree
        self.has_rows = has_rows
        self.inputs = matrices_of(np.random.default_rng(3), n_words + 50, dim, own) if has_rows else own
        self.outputs = outputs[:-1].copy() if self.has_paths else outputs

    def trained(self, n_threads, tokens_per_chunk, rates, limit=NO_LIMIT):
        """(loss, terms, inputs, outputs)."""
        inputs, outputs = self.inputs.copy(), self.outputs.copy()
        limits = (limit,) if self.has_limit else ()
        results = block_in_step(
            Always(n_threads), self.model, tokens_per_chunk, self.ids, self.offsets, 0, len(self.ids),
            inputs, outputs, self.keep, rates, 5, *limits,
        )  # fmt: skip
        return *results, inputs, outputs

    def train_chunk(self, draws, inputs, outputs, rate, bounds):
        """As `reference_word2vec.in_step` wants it."""
        kept, low, high, *noise = draws
        around = kept, low, high
        if self.is_cbow:
            of_rows = {"lists": self.lists, "chunk": len(kept)} if self.has_rows else {}
            train, more = (
                (reference_word2vec.cbow_hs, self.codes) if self.has_paths else (reference_word2vec.cbow, *noise)
            )
            return train(
                *around, more, self.model.group, inputs, outputs, True, False, rate, NO_LIMIT, bounds, **of_rows
            )
        if self.has_rows and self.has_paths:
            return reference_subwords.skipgram_hs(
                *around, self.codes, self.model.group, self.lists, inputs, outputs, rate, bounds
            )
        if self.has_rows:
            return reference_subwords.skipgram(
                *around, *noise, self.model.group, self.lists, inputs, outputs, NEGATIVE, rate, bounds
            )
        if self.has_paths:
            return reference_word2vec.skipgram_hs(*around, self.codes, inputs, outputs, rate, NO_LIMIT, bounds)
        return reference_word2vec.skipgram(*around, *noise, self.model.group, inputs, outputs, NEGATIVE, rate, bounds)


@pytest.mark.parametrize("lines", [[200, 1, 0, 90], [3], [0], [128]])
@pytest.mark.parametrize("n_words", [3, 60])
@pytest.mark.parametrize("name", ALL)
def test_chunks_of_a_step_are_trained_from_the_same_matrices_and_their_changes_added(name, n_words, lines):
    case, rates = Case(name, n_words, lines), (0.01, 0.004)
    tokens_per_chunk = 2 * case.model.group if n_words == 3 else case.model.group
    state = np.random.SeedSequence(5).generate_state(1, np.uint64)[0]
    draws = case.model.draw(case.ids, case.offsets, 0, len(case.ids), case.keep, state)
    loss, terms, inputs, outputs = reference_word2vec.in_step(
        partial(case.train_chunk, draws), len(draws[0]), case.model.group, tokens_per_chunk, CHUNKS,
        case.inputs.astype(np.float64), case.outputs.astype(np.float64), rates,
    )  # fmt: skip
    got = case.trained(2, tokens_per_chunk, rates)
    assert got[1] == terms
    assert got[0] == pytest.approx(loss, rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(got[2], inputs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(got[3], outputs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n_words", [3, 1000])
@pytest.mark.parametrize("name", ALL)
def test_the_number_of_threads_does_not_change_a_block(name, n_words, monkeypatch):
    monkeypatch.setattr(in_step, "TOKENS_PER_PIECE", 700)
    case, results = Case(name, n_words, [1500, 0, 1, 1200]), set()
    for n_threads in [1, 2, 3, 4, 40] * 2:
        loss, terms, inputs, outputs = case.trained(n_threads, 64, (0.05, 0.04), 0.1)
        results.add((loss, terms, inputs.tobytes(), outputs.tobytes()))
    assert len(results) == 1


def test_pieces_are_trained_one_after_the_other_each_at_its_own_rate(monkeypatch):
    """Two pieces of one line each: as a block of each, with the rates between."""
    monkeypatch.setattr(in_step, "TOKENS_PER_PIECE", 300)
    case = Case("cbow", 60, [300, 300])
    states = np.random.SeedSequence(5).generate_state(2, np.uint64)
    expected = 0.0, 0, case.inputs.astype(np.float64), case.outputs.astype(np.float64)
    for i, rates in enumerate([(0.02, 0.015), (0.015, 0.01)]):
        draws = case.model.draw(case.ids, case.offsets, 300 * i, 300 * (i + 1), case.keep, states[i])
        more = reference_word2vec.in_step(
            partial(case.train_chunk, draws), len(draws[0]), case.model.group, 64, CHUNKS, *expected[2:], rates
        )
        expected = expected[0] + more[0], expected[1] + more[1], *more[2:]
    got = case.trained(3, 64, (0.02, 0.01))
    assert got[1] == expected[1]
    assert got[0] == pytest.approx(expected[0], rel=1e-5)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("reach, tokens_per_noise", [(0, 16), (5, 2)])
@pytest.mark.parametrize("n_tokens", [0, 1, 17, 300])
def test_rows_are_shared_that_more_than_one_chunk_of_a_step_needs(n_tokens, reach, tokens_per_noise):
    rng = np.random.default_rng(1)
    kept = rng.integers(0, 90, n_tokens).astype(np.int32)
    noise = rng.integers(0, 90, (-(-n_tokens // tokens_per_noise), 3)).astype(np.int32)
    needed, group, tokens_per_chunk = np.zeros(90, np.uint8), 16, 32
    rows, chunks, bounds = list_shared(
        kept, reach, noise, tokens_per_noise, None, None, False, needed, tokens_per_chunk, group
    )
    assert not needed.any()
    for step, first in enumerate(range(0, n_tokens, CHUNKS * tokens_per_chunk)):
        n_groups = -(-min(n_tokens - first, CHUNKS * tokens_per_chunk) // group)
        needs = []
        for chunk in range(CHUNKS):
            begin, end = (first + n_groups * c // CHUNKS * group for c in (chunk, chunk + 1))
            end = min(end, n_tokens)
            words = {*kept[max(begin - reach, 0) : end + reach]} if begin < end else set()
            needs.append(words | {*noise[begin // tokens_per_noise : -(-end // tokens_per_noise)].flat})
        by_row = {word: sum(1 << c for c in range(CHUNKS) if word in needs[c]) for word in set().union(*needs)}
        place = slice(bounds[step], bounds[step + 1])
        assert dict(zip(rows[place], chunks[place], strict=True)) == {
            word: bits for word, bits in by_row.items() if bits.bit_count() > 1
        }
        assert len(rows[place]) == len({*rows[place]})
    assert bounds[-1] == len(rows)


@pytest.mark.parametrize("n_words", [1, 2, 3, 5, 20, 100])
@pytest.mark.parametrize("rate", [0.05, 0.5, 5.0])
def test_threads_in_step_learn_from_lines_that_are_all_alike(n_words, rate):
    line, n_lines = np.arange(n_words, dtype=np.int32), 6000 // n_words
    ids, offsets = np.tile(line, n_lines), np.arange(n_lines + 1) * n_words
    _, _, inputs, outputs, keep, _, _ = problem(7, 16, n_words, [1])
    keep[:] = ALWAYS
    outputs[:] = 0
    model = skipgram.skipgram_in_step(*alias_table(np.ones(n_words)), 5, True, 5, 32)
    length, limit = tokens_per_chunk(skipgram.GROUP, 256, 1 / n_words, rate), 1 / (1 + 32 / n_words)
    losses = []
    for seed in range(20):
        loss, pairs = block_in_step(
            Always(1), model, length, ids, offsets, 0, len(ids), inputs, outputs, keep, (rate, rate), seed, limit
        )
        losses.append(loss / max(pairs, 1))
    before = 6 * np.log(2)  # of scores of 0: a true pair and five noise words
    assert max(losses) < before
    assert abs(inputs).max() < 10 and abs(outputs).max() < 10


@pytest.mark.parametrize("n_words", [2, 3, 5, 20, 100])
@pytest.mark.parametrize("subwords", [None, "1-2"])
@pytest.mark.parametrize("loss", [NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_every_model_learns_in_step_from_lines_that_are_all_alike(model, loss, subwords, n_words):
    n_lines = 6000 // n_words
    words = [bytes([97 + i // 10, 107 + i % 10]) for i in range(n_words)]
    ids = np.tile(np.arange(n_words, dtype=np.int32), n_lines)
    nothing = CorpusStatistics(0, 0, 0, 0, 0)
    sequences = Sequences(ids, np.arange(n_lines + 1) * n_words, len(ids), nothing, "")
    config = Word2VecConfig(
        model=model, loss=loss, min_learning_rate=0.05, sample=0, epochs=20, vector_size=16, subwords=subwords,
        deterministic=True,
    )  # fmt: skip
    trainer = word2vec_trainer(sequences, Vocabulary.from_words(words, [n_lines] * n_words), config)
    state = train(trainer).state
    assert state.n_halvings == 0
    assert max(state.losses) < trainer.untrained_loss


@pytest.mark.parametrize("is_deterministic", [False, True])
@pytest.mark.parametrize("subwords", [None, "1-2"])
@pytest.mark.parametrize("loss", [NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX])
def test_a_window_wider_than_the_lines_of_cbow_is_as_wide_as_these(loss, subwords, is_deterministic):
    ids, results = np.random.default_rng(4).integers(0, 40, 3000).astype(np.int32), []
    sequences = Sequences(ids, np.arange(0, 3001, 10), len(ids), CorpusStatistics(0, 0, 0, 0, 0), "")
    words = Vocabulary.from_words([b"%d" % (10 + i) for i in range(40)], np.bincount(ids).tolist())
    for window in (10, 5000):
        config = Word2VecConfig(
            model="cbow", loss=loss, subwords=subwords, window=window, fixed_window=True, sample=0, epochs=2,
            vector_size=16, deterministic=is_deterministic,
        )  # fmt: skip
        results.append(train(word2vec_trainer(sequences, words, config)).matrix.tobytes())
    assert results[0] == results[1]


def test_a_training_whose_number_of_threads_changes_gives_the_same_bytes(monkeypatch):
    monkeypatch.setattr(in_step, "TOKENS_PER_PIECE", 300)
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 50, 5000).astype(np.int32)
    sequences = Sequences(ids, np.arange(0, 5001, 50), len(ids), CorpusStatistics(0, 0, 0, 0, 0), "")
    words = Vocabulary.from_words([b"w%d" % i for i in range(50)], np.bincount(ids).tolist())
    config, results, used = Word2VecConfig(epochs=2, vector_size=16, deterministic=True), set(), []
    in_turn = itertools.cycle([2, 1, 1])
    for choose in (lambda _: 1, lambda _: used.append(next(in_turn)) or used[-1]):
        monkeypatch.setattr(ThreadChoice, "next", choose)
        results.add(train(word2vec_trainer(sequences, words, config), Session(2)).matrix.tobytes())
    assert {*used} == {1, 2} and len(results) == 1


def test_a_thread_that_fails_does_not_leave_the_others_waiting():
    case, calls = Case("cbow", 60, [5000]), itertools.count()

    def fail_once(*arguments):
        if next(calls) == 1:
            raise MemoryError
        case_train(*arguments)

    case_train = case.model.train
    case.model = case.model._replace(train=fail_once)
    with pytest.raises(MemoryError):
        case.trained(3, 64, (0.02, 0.02))


def test_a_signal_after_another_thread_has_begun_does_not_leave_it_waiting():
    case, main = Case("cbow", 60, [5000]), threading.current_thread()
    has_begun = threading.Event()

    def interrupted(*arguments):
        if threading.current_thread() is main:
            has_begun.wait()
            raise KeyboardInterrupt
        has_begun.set()
        case_train(*arguments)

    case_train = case.model.train
    case.model = case.model._replace(train=interrupted)
    with pytest.raises(KeyboardInterrupt):
        case.trained(2, 64, (0.02, 0.02))


def test_a_signal_between_the_beginnings_of_threads_does_not_leave_one_waiting(monkeypatch):
    case, calls = Case("cbow", 60, [5000]), itertools.count()
    submit = ThreadPoolExecutor.submit

    def submit_and_interrupt(pool, function, *arguments, **others):
        future = submit(pool, function, *arguments, **others)
        if function.__name__ == "train" and next(calls) == 1:
            raise KeyboardInterrupt
        return future

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        case.trained(3, 64, (0.02, 0.02))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", MODELS)
def test_divergence_shows_in_the_loss_of_a_block(name, bad):
    case = Case(name, 60, [50, 60])
    case.inputs[case.ids[case.ids >= 0][0], 3] = bad
    assert not np.isfinite(case.trained(2, 32, (0.02, 0.02))[0])
