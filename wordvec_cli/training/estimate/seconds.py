"""How long a training will take."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import CorpusStatistics
from wordvec_cli.training import word2vec
from wordvec_cli.training.estimate import glove
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.models import word2vec_trainer

SECONDS_OF_WARMING, SECONDS_OF_MEASURING = 0.1, 0.5
BLOCKS_TO_MEASURE = 50  # at least; of iid words, so that more would be no truer


def measured_seconds(plan: Plan) -> float:
    """How long the epochs take, at the speed of about half a second of training.

    It trains on words drawn by their counts, in lines of the corpus's mean length, with all else as it will be.
    """
    if plan.is_of_pairs:
        return glove.measured_seconds(plan)
    config = replace(plan.of_words, learning_rate=min(plan.of_words.learning_rate, 0.01), min_learning_rate=0.0)
    sequences = _drawn_sequences(plan)
    trainer = word2vec_trainer(sequences, plan.vocabulary, config)
    trainer.load_kernel(plan.n_threads)
    trainer.initialise()
    n_threads = 1 if trainer.is_synchronous else plan.n_threads
    _blocks_per_second(trainer, n_threads, SECONDS_OF_WARMING)
    tokens_per_block = len(sequences.ids) / trainer.n_blocks
    tokens_per_second = tokens_per_block * _blocks_per_second(trainer, n_threads, SECONDS_OF_MEASURING)
    return plan.n_tokens * plan.config.n_epochs / tokens_per_second


def _drawn_sequences(plan: Plan) -> Sequences:
    vocabulary, n_words = plan.vocabulary, len(plan.vocabulary)
    n_tokens = max(BLOCKS_TO_MEASURE, plan.n_threads) * word2vec.TOKENS_PER_BLOCK
    # A list without counts is mostly one by frequency.
    counts = 1 / np.arange(1, n_words + 1) if vocabulary.counts is None else np.asarray(vocabulary.counts, np.float64)
    shares = (counts + 1e-9) / (counts + 1e-9).sum()
    rng = np.random.default_rng(1)
    ids = rng.choice(n_words, n_tokens, p=shares).astype(np.int32)
    ids[rng.random(n_tokens) >= plan.n_known / plan.n_tokens] = -1
    offsets = np.append(np.arange(0, n_tokens, max(plan.n_tokens // max(plan.n_lines, 1), 1)), n_tokens)
    for array in (ids, offsets):
        array.flags.writeable = False  # as maps are: numba compiles anew for arrays of another kind
    return Sequences(ids, offsets, int((ids >= 0).sum()), CorpusStatistics(0, 0, n_tokens, 0, 0), "")


def _blocks_per_second(trainer: word2vec.Word2VecTrainer, n_threads: int, seconds: float) -> float:
    numbers = itertools.count()
    start = time.perf_counter()

    def train(_: int) -> int:
        for n_done in itertools.count(1):
            trainer.train_block(0, next(numbers) % trainer.n_blocks, 1.0)
            if time.perf_counter() - start >= seconds:
                return n_done
        raise AssertionError

    with ThreadPoolExecutor(n_threads) as pool:
        n_blocks = sum(pool.map(train, range(n_threads)))
    return n_blocks / (time.perf_counter() - start)
