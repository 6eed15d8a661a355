"""What a training will take, told before it starts: memory, disk and time."""

import itertools
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.analogies import COSINES_AT_ONCE, DISTINCT_AT_ONCE
from wordvec_cli.evaluation.protocol import GENSIM
from wordvec_cli.evaluation.sets import Analogies, EvalSet
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.sequences.word_ids import BYTES_PER_TOKEN, Sequences
from wordvec_cli.storage.files import shown_size
from wordvec_cli.text.corpus import BLOCK_BYTES, CorpusStatistics
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import gensim_engine, loop, model, word2vec
from wordvec_cli.training.estimate import glove as glove_estimate
from wordvec_cli.training.estimate.machine import available_memory, memory_in_use
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.models import Config
from wordvec_cli.training.word2vec import Word2VecConfig
from wordvec_cli.vectors import native
from wordvec_cli.vocabulary.vocabulary import Vocabulary

HEADER_BYTES = 1000  # of a file, about
SECONDS_OF_WARMING, SECONDS_OF_MEASURING = 0.1, 0.5
BLOCKS_TO_MEASURE = 50  # at least; of iid words, so that more would be no truer

# Measured, on Linux with glibc: what the allocator and the caches of a thread come to.
KERNEL_BYTES = 4_000_000  # of the training kernels, when they come from numba's cache
BLOCKS_OF_ENCODER = 3  # how often a thread that encodes has the size of a block of text
BLOCKS_OF_PATTERN = 16  # the same where Python's regular expressions find the tokens
CHUNKS_PER_WORD = 1.3  # distinct pieces between white space that a thread meets, to the distinct words of all text
BYTES_PER_CHUNK = 20  # beside its entry in a table: where its words are, and their ids
ROWS_OF_GROUP = 40  # of the matrices that a kernel gathers for some centres, beside windows and noise words
COPIES_OF_CHUNK = 3  # of rows, while they get their random numbers
BYTES_PER_SCORED_WORD = 250  # of the table of words that an --eval-set is looked up in
BYTES_PER_DIRECTED_NUMBER = 4 + 8 + 4  # of a vector: as it is made, divided by its length, and at length 1
GENSIM_BYTES = 33_000_000  # of its modules and buffers
GENSIM_BYTES_PER_WORD = {word2vec.NEGATIVE_SAMPLING: 360, word2vec.HIERARCHICAL_SOFTMAX: 700}  # of Python objects


NO_ROOM = Room(Path())


@dataclass(frozen=True)
class Plan:
    """What is to be trained, as far as it decides memory, disk and time.

    n_tokens, n_lines  of the corpus
    n_distinct_words   of the corpus, with those that are dropped; 0 if that is not known
    n_init_words       of the vectors that training starts from
    keeps_checkpoints  whether they are written while it trains, as beside any output that is a file
    spooled_bytes      the copy of a corpus that came through a pipe, which goes when it is encoded
    spool_is_near      whether that is on the disk where the checkpoints are
    is_encoded         whether the corpus is on disk as word ids already
    is_by_gensim       which has no checkpoints, and wants the corpus as a text
    n_pairs            of GloVe, about; 0: that is not known yet
    bytes_of_counting  that the pairs have on disk while they are counted
    room               for counting pairs
    """

    vocabulary: Vocabulary
    config: Config
    tokenizer: Tokenizer
    n_tokens: int
    n_lines: int
    n_known: int
    n_distinct_words: int = 0
    n_threads: int = 1
    n_init_words: int = 0
    eval_sets: Sequence[EvalSet] = ()
    saves_context: bool = False
    stops_early: bool = False
    keeps_checkpoints: bool = True
    spooled_bytes: int = 0
    spool_is_near: bool = True
    is_encoded: bool = False
    is_by_gensim: bool = False
    n_pairs: int = 0
    bytes_of_counting: int = 0
    room: Room = NO_ROOM

    @property
    def is_of_pairs(self) -> bool:
        return isinstance(self.config, GloveConfig)

    @property
    def of_words(self) -> Word2VecConfig:
        """The configuration, where it is one of word2vec."""
        assert isinstance(self.config, Word2VecConfig)
        return self.config

    @property
    def n_outputs(self) -> int:
        """Rows of the second matrix of word2vec."""
        return max(len(self.vocabulary) - (self.of_words.loss == word2vec.HIERARCHICAL_SOFTMAX), 1)

    @property
    def published_dim(self) -> int:
        is_doubled = isinstance(self.config, GloveConfig) and self.config.combine == "concat"
        return self.config.vector_size * (2 if is_doubled else 1)


@dataclass(frozen=True)
class Estimate:
    """What a training takes.

    memory_bytes  at its peak: anonymous memory of the process, from the counting of the words on. The corpus as word
                  ids is not in it, as it is a file that is mapped: its pages give way when memory is short. Nor is
                  what compiling takes, the first time
    memory_to_come_bytes  of it, what the process does not have yet
    disk_bytes    at its peak: the sizes of the checkpoint's files, of the temporary copies while one of them is
                  replaced, of a pipe's copy and of the vectors, if checkpoints are written (at Ctrl-C one always is)
    disk_to_come_bytes    of it, what is not there yet, where the checkpoints are
    file_bytes    of the vectors
    seconds       of encoding and training; None if they were not measured
    """

    n_tokens: int
    n_words: int
    memory_bytes: int
    memory_to_come_bytes: int
    disk_bytes: int
    disk_to_come_bytes: int
    file_bytes: int
    seconds: float | None = None
    n_pairs: int = 0

    def check_memory(self) -> None:
        """Raises: InputError if there is less memory than is still to come"""
        needed, free = self.memory_to_come_bytes, available_memory()
        if free is not None and needed > free:
            raise InputError(
                f"training needs {shown_size(needed)} of memory and {shown_size(free)} are free; "
                "lower --max-vocab or --vector-size, or free some"
            )


def estimate(plan: Plan) -> Estimate:
    """All but the time, which `measured_seconds` tells."""
    used = memory_in_use()
    to_come = max(_training_memory(plan), 0 if plan.is_encoded else _encoding_memory(plan))
    disk = _disk(plan)
    return Estimate(
        plan.n_tokens, len(plan.vocabulary),
        memory_bytes=max(used.peak_bytes, used.now_bytes + to_come), memory_to_come_bytes=to_come,
        disk_bytes=disk.at_peak, disk_to_come_bytes=disk.to_come, file_bytes=_file_bytes(plan), n_pairs=plan.n_pairs,
    )  # fmt: skip


# ---------------------------------------------------------------- disk


@dataclass(frozen=True)
class _Disk:
    at_peak: int
    to_come: int


def _disk(plan: Plan) -> _Disk:
    """The most that encoding, training and the writing of the vectors have on disk."""
    if plan.is_by_gensim:
        return _disk_of_gensim(plan)
    n_snapshots = len(loop.snapshot_epochs(plan.config.epochs))
    n_kept = plan.keeps_checkpoints + (n_snapshots > 0) + plan.stops_early
    is_replaced = plan.keeps_checkpoints or n_snapshots > 1 or plan.stops_early
    words = native.size_bytes(plan.vocabulary, 0) + HEADER_BYTES
    written = _file_bytes(plan) if plan.keeps_checkpoints else 0  # else it goes to a pipe or a device
    if plan.is_of_pairs:
        tiles, state = glove_estimate.bytes_of_tiles(plan), glove_estimate.state_bytes(plan) + HEADER_BYTES
        training = tiles + words + n_kept * state + max(is_replaced * state, written)
        counting = _ids_bytes(plan) + plan.bytes_of_counting + tiles if plan.n_tokens else 0
        return _peak(plan, max(_ids_bytes(plan), counting), training)
    prepared = _ids_bytes(plan) + words
    state = 4 * plan.config.vector_size * (len(plan.vocabulary) + plan.n_outputs) + HEADER_BYTES
    return _peak(plan, prepared, prepared + n_kept * state + max(is_replaced * state, written))


def _disk_of_gensim(plan: Plan) -> _Disk:
    """Its text goes before the vectors are written."""
    width = len(str(len(plan.vocabulary))) + 1
    n_blocks = -(-plan.n_known // gensim_engine.WORDS_PER_BLOCK)
    text = n_blocks * gensim_engine.GENSIMS_BATCH * width
    prepared = _ids_bytes(plan)
    return _peak(plan, prepared, prepared + max(text, _file_bytes(plan) if plan.keeps_checkpoints else 0))


def _ids_bytes(plan: Plan) -> int:
    return BYTES_PER_TOKEN * plan.n_tokens + 8 * (plan.n_lines + 1) + HEADER_BYTES


def _peak(plan: Plan, prepared: int, training: int) -> _Disk:
    """prepared  when the corpus is encoded, beside the copy of a pipe; training  when that has gone"""
    ids = _ids_bytes(plan) if plan.is_encoded else 0
    spooled = plan.spooled_bytes if plan.spool_is_near else 0
    to_come = max(prepared - ids, training - ids - spooled)
    return _Disk(max(plan.spooled_bytes + prepared, training), to_come)


def _file_bytes(plan: Plan) -> int:
    n_matrices = 1 + plan.saves_context
    return native.size_bytes(plan.vocabulary, plan.published_dim, n_matrices) + 2 * HEADER_BYTES


# ---------------------------------------------------------------- memory


def _encoding_memory(plan: Plan) -> int:
    """The table of words, and what each thread has of text, ids and tokens that it remembers."""
    n_text = len(plan.vocabulary.text)
    words = _table_bytes(len(plan.vocabulary), n_text) + n_text
    if not plan.tokenizer.splits_at_white_space:
        return words + plan.n_threads * BLOCKS_OF_PATTERN * BLOCK_BYTES
    chunks = 0
    if not plan.tokenizer.keeps_chunks:
        n_chunks = round(CHUNKS_PER_WORD * plan.n_distinct_words)
        chunks = _table_bytes(n_chunks, 8 * n_chunks) + BYTES_PER_CHUNK * n_chunks
    return words + plan.n_threads * (BLOCKS_OF_ENCODER * BLOCK_BYTES + chunks)


def _table_bytes(n_words: int, n_text: int) -> int:
    """Of a hash table (`text.word_table.WordTable`), whose number of slots is a power of two."""
    return 8 * (1 << max(10, (2 * n_words - 1).bit_length())) + 24 * n_words + n_text


def _training_memory(plan: Plan) -> int:
    """Two matrices with padded rows, what is drawn from, and the most that comes and goes beside them."""
    n_words, dim = len(plan.vocabulary), plan.config.vector_size
    if plan.is_of_pairs:
        return KERNEL_BYTES + glove_estimate.memory(plan) + max(_memory_of_init(plan), _scoring_memory(plan))
    if plan.is_by_gensim:
        objects = GENSIM_BYTES + GENSIM_BYTES_PER_WORD[plan.of_words.loss] * n_words
        return objects + 4 * dim * (n_words + plan.n_outputs) + max(_memory_of_init(plan), _scoring_memory(plan))
    padded_dim = model.padded(dim)
    matrices = 4 * padded_dim * (n_words + plan.n_outputs)
    rows = ROWS_OF_GROUP + 2 * plan.of_words.window + (plan.of_words.window + 1) * (plan.of_words.negative or 0)
    n_threads = min(plan.n_threads, -(-plan.n_tokens // word2vec.TOKENS_PER_BLOCK))
    gathered = 4 * padded_dim * rows * n_threads
    chunks = 4 * dim * COPIES_OF_CHUNK * min(n_words, model.ROWS_PER_CHUNK)
    passing = max(gathered, chunks, _memory_of_init(plan), _scoring_memory(plan))
    return KERNEL_BYTES + matrices + _bytes_of_draws(plan) + passing


def _memory_of_init(plan: Plan) -> int:
    """The table of its words, or a copy of the rows that are taken over."""
    if not plan.n_init_words:
        return 0
    n_copies = 3 if plan.is_of_pairs else 1
    rows = n_copies * 4 * plan.published_dim * min(len(plan.vocabulary), plan.n_init_words)
    return max(_table_bytes(plan.n_init_words, 8 * plan.n_init_words), rows)


def _bytes_of_draws(plan: Plan) -> int:
    """Counts and keep thresholds; of the noise words thresholds and aliases, or of the Huffman tree all paths."""
    n_words = len(plan.vocabulary)
    if plan.of_words.loss == word2vec.NEGATIVE_SAMPLING:
        return (8 + 4 + 8) * n_words
    return (8 + 4 + 8) * n_words + round((4 + 1) * n_words * (math.log2(n_words) + 2))


def _scoring_memory(plan: Plan) -> int:
    """What the scores after an epoch take: for analogies the cosines of their words with a slice of the vocabulary."""
    if not plan.eval_sets:
        return 0
    n_words = min(len(plan.vocabulary), GENSIM.max_words or len(plan.vocabulary))
    words = BYTES_PER_SCORED_WORD * n_words
    distinct = [
        {word for words in each.words for word in words} for each in plan.eval_sets if isinstance(each, Analogies)
    ]
    if not distinct:
        return words
    n_asked = min(max(map(len, distinct)), n_words, DISTINCT_AT_ONCE)
    width = min(max(1, COSINES_AT_ONCE // n_asked), n_words)
    return words + 4 * n_asked * width + BYTES_PER_DIRECTED_NUMBER * plan.published_dim * (n_asked + width)


# ---------------------------------------------------------------- time


def measured_seconds(plan: Plan) -> float:
    """How long the epochs take, at the speed of about half a second of training.

    It trains on words drawn by their counts, in lines of the corpus's mean length, with all else as it will be.
    """
    if plan.is_of_pairs:
        return glove_estimate.measured_seconds(plan)
    config = replace(plan.of_words, learning_rate=min(plan.of_words.learning_rate, 0.01), min_learning_rate=0.0)
    sequences = _drawn_sequences(plan)
    trainer = word2vec.Word2VecTrainer(sequences, plan.vocabulary, config)
    trainer.load_kernel(plan.n_threads)
    trainer.initialise()
    n_threads = 1 if trainer.is_synchronous else plan.n_threads
    _blocks_per_second(trainer, n_threads, SECONDS_OF_WARMING)
    tokens_per_block = len(sequences.ids) / trainer.n_blocks
    tokens_per_second = tokens_per_block * _blocks_per_second(trainer, n_threads, SECONDS_OF_MEASURING)
    return plan.n_tokens * plan.config.epochs / tokens_per_second


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
