"""What a training of GloVe will take."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from wordvec_cli.parallel import TASKS_AHEAD
from wordvec_cli.sequences import pairs
from wordvec_cli.training import tiles
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.glove import GloveConfig, GloveTrainer
from wordvec_cli.training.matrices import padded
from wordvec_cli.training.tiles import Tiles

LARGEST_TILE = 1.5  # times the mean, at most
PAIRS_TO_MEASURE = 4_000_000


def memory(plan: Plan) -> int:
    """The most that counting, ordering and training take, one after the other; scores come on top of training."""
    n_tiles = tiles.number_of_blocks(len(plan.vocabulary)) ** 2
    rooms = plan.n_threads * math.ceil(LARGEST_TILE * plan.n_pairs / n_tiles) * tiles.BYTES_PER_PAIR
    return max(_memory_of_pairs(plan, n_tiles), _matrices(plan) + rooms)


def _memory_of_pairs(plan: Plan, n_tiles: int) -> int:
    counting = pairs.memory_bytes(len(plan.vocabulary), plan.n_tokens, plan.room) if plan.n_tokens else 0
    at_once = min(tiles.pairs_at_once(len(plan.vocabulary), plan.room), plan.n_pairs)
    ordering = plan.n_threads * (TASKS_AHEAD + 1) * tiles.BYTES_PER_PAIR * at_once
    return max(counting, ordering) + 3 * 8 * n_tiles


def _matrices(plan: Plan) -> int:
    """Of the words and of the contexts: vectors, their sums of squares, and biases."""
    from wordvec_cli.kernels.glove import BIASES

    return 2 * 4 * len(plan.vocabulary) * (2 * padded(plan.config.vector_size) + BIASES)


def state_bytes(plan: Plan) -> int:
    """Of a checkpoint: the matrices without what pads their rows."""
    return 2 * 4 * len(plan.vocabulary) * (2 * plan.config.vector_size + 2)


def bytes_of_tiles(plan: Plan) -> int:
    return tiles.BYTES_PER_PAIR * plan.n_pairs + 8 * tiles.number_of_blocks(len(plan.vocabulary)) ** 2


def measured_seconds(plan: Plan) -> float:
    """How long the epochs take, at the speed of about half a second of training on tiles as they will be."""
    assert isinstance(plan.config, GloveConfig)
    sample = _drawn_tiles(plan)
    trainer = GloveTrainer(sample, None, plan.config)
    trainer.load_kernel(plan.n_threads)
    trainer.initialise()
    diagonal = [(i, i) for i in range(sample.n_blocks) if len(sample.tile(i, i))]
    seconds, n_done = 0.0, 0
    with ThreadPoolExecutor(plan.n_threads) as pool:
        list(pool.map(trainer.train_tile, diagonal))  # to warm up
        start = time.perf_counter()
        while seconds < 0.5:
            list(pool.map(trainer.train_tile, diagonal))
            n_done += len(sample.pairs)
            seconds = time.perf_counter() - start
    return plan.n_pairs * plan.config.n_epochs * seconds / n_done


def _drawn_tiles(plan: Plan) -> Tiles:
    """Tiles on the diagonal with as many pairs each as there will be, at random; the others are empty."""
    from wordvec_cli.kernels.glove import PAIR

    n_words = len(plan.vocabulary)
    n_blocks = tiles.number_of_blocks(n_words)
    n_rows = n_words // n_blocks
    n_in_tile = max(plan.n_pairs // n_blocks**2, 1)
    n_drawn = min(n_blocks, max(PAIRS_TO_MEASURE // n_in_tile, plan.n_threads))
    rng = np.random.default_rng(1)
    pairs = np.empty(n_drawn * n_in_tile, PAIR)
    row, column = rng.integers(0, n_rows, (2, len(pairs)), dtype=np.uint32)
    pairs["place"], pairs["log"] = row << 16 | column, rng.normal(size=len(pairs))
    sizes = np.zeros((n_blocks, n_blocks), np.int64)
    np.fill_diagonal(sizes[:n_drawn, :n_drawn], n_in_tile)
    pairs.flags.writeable = False  # as a map is
    return Tiles(np.concatenate([[0], np.cumsum(sizes)]), pairs, n_words, n_blocks, untrained_loss=1.0)
