"""What a training will have in memory."""

import math

from wordvec_cli.evaluation.analogies import COSINES_AT_ONCE, DISTINCT_AT_ONCE
from wordvec_cli.evaluation.protocol import GENSIM
from wordvec_cli.evaluation.sets import Analogies
from wordvec_cli.text.corpus import BLOCK_BYTES
from wordvec_cli.training import word2vec
from wordvec_cli.training.checkpoint import bytes_of_copy
from wordvec_cli.training.copies import n_copies
from wordvec_cli.training.estimate import glove
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.matrices import ROWS_PER_CHUNK, padded
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SKIPGRAM

# Measured, on Linux with glibc: what the allocator and the caches of a thread come to.
KERNEL_BYTES = 4_000_000  # of the training kernels, when they come from numba's cache
BLOCKS_OF_ENCODER = 3  # how often a thread that encodes has the size of a block of text
BLOCKS_OF_PATTERN = 16  # the same where Python's regular expressions find the tokens
CHUNKS_PER_WORD = 1.3  # distinct pieces between white space that a thread meets, to the distinct words of all text
BYTES_PER_CHUNK = 20  # beside its entry in a table: where its words are, and their ids
ROWS_OF_GROUP = 40  # of the matrices that a kernel gathers for some centres, beside windows and noise words
COPIES_OF_CHUNK = 3  # of rows, while they get their random numbers
BYTES_PER_TOKEN_IN_STEP = 18  # of a block that threads train in step: random choices, and the rows that chunks share
BYTES_PER_NOISE_WORD_IN_STEP = 2  # of each of these tokens: two have the same
MOST_NOISE_IN_STEP = 16  # bytes a token of skip-gram, of which 16 have the same noise words, 64 of them at most
BYTES_PER_ROW_IN_STEP = 4 + 1  # of both matrices, that each of these threads looks up
BYTES_PER_SCORED_WORD = 250  # of the table of words that an --eval-set is looked up in
BYTES_PER_DIRECTED_NUMBER = 4 + 8 + 4  # of a vector: as it is made, divided by its length, and at length 1
WORDS_BEFORE_A_CHECKPOINT = 10_000_000  # at least, in ten minutes
GENSIM_BYTES = 33_000_000  # of its modules and buffers
GENSIM_BYTES_PER_WORD = {NEGATIVE_SAMPLING: 360, HIERARCHICAL_SOFTMAX: 700}  # of Python objects


def encoding_memory(plan: Plan) -> int:
    """The table of words, and what each thread has of text, ids and tokens that it remembers."""
    n_text = len(plan.vocabulary.text)
    words = _table_bytes(len(plan.vocabulary), n_text) + n_text
    tokenizer = plan.tokenizer.of_blocks
    if not tokenizer.splits_at_white_space:
        return words + plan.n_threads * BLOCKS_OF_PATTERN * BLOCK_BYTES
    chunks = 0
    if not tokenizer.keeps_chunks:
        n_chunks = round(CHUNKS_PER_WORD * plan.n_distinct_words)
        chunks = _table_bytes(n_chunks, 8 * n_chunks) + BYTES_PER_CHUNK * n_chunks
    return words + plan.n_threads * (BLOCKS_OF_ENCODER * BLOCK_BYTES + chunks)


def _table_bytes(n_words: int, n_text: int) -> int:
    """Of a hash table (`text.word_table.WordTable`), whose number of slots is a power of two."""
    return 8 * (1 << max(10, (2 * n_words - 1).bit_length())) + 24 * n_words + n_text


def training_memory(plan: Plan) -> int:
    """Two matrices with padded rows, what is drawn from, and the most that comes and goes beside them.

    That is the copy from which a snapshot or a checkpoint is written too.
    """
    n_words, dim = len(plan.vocabulary), plan.config.vector_size
    if plan.is_of_pairs:
        copy = _bytes_of_copy(plan, glove.state_bytes(plan) // 4)
        return KERNEL_BYTES + glove.memory(plan) + max(_memory_of_init(plan), _scoring_memory(plan) + copy)
    if plan.is_by_gensim:
        objects = GENSIM_BYTES + GENSIM_BYTES_PER_WORD[plan.of_words.loss] * n_words
        return objects + 4 * dim * (n_words + plan.n_outputs) + max(_memory_of_init(plan), _scoring_memory(plan))
    padded_dim = padded(dim)
    matrices = 4 * padded_dim * (plan.n_inputs + plan.n_outputs)
    rows = ROWS_OF_GROUP + 2 * plan.of_words.window + (plan.of_words.window + 1) * (plan.of_words.negative or 0)
    n_threads = min(plan.n_threads, -(-plan.n_tokens // word2vec.TOKENS_PER_BLOCK))
    gathered = 4 * padded_dim * (rows + _copied_rows(plan)) * n_threads
    chunks = 4 * dim * COPIES_OF_CHUNK * min(n_words, ROWS_PER_CHUNK)
    copy = _bytes_of_copy(plan, dim * (plan.n_inputs + plan.n_outputs))
    composing = _bytes_of_composing(plan)
    passing = max(gathered + copy, chunks, _memory_of_init(plan), composing + _scoring_memory(plan) + copy)
    drawn = _bytes_of_draws(plan) + _bytes_in_step(plan)
    return KERNEL_BYTES + matrices + _bytes_of_ngrams(plan) + drawn + passing


def _bytes_of_ngrams(plan: Plan) -> int:
    """The lists of words' rows, and what each row is."""
    if plan.ngrams is None:
        return 0
    return 4 * plan.ngrams.n_ngrams + (8 + 4 + 4) * len(plan.vocabulary) + (4 + 4) * plan.ngrams.n_buckets


def _bytes_of_composing(plan: Plan) -> int:
    """The rows in the order of the file, and the vectors of words that are made of them."""
    return 4 * plan.config.vector_size * (plan.n_inputs + len(plan.vocabulary)) if plan.ngrams else 0


def _copied_rows(plan: Plan) -> int:
    """Of both matrices, that each of several threads has copies of, and what those were."""
    return 4 * n_copies(plan.of_words, len(plan.vocabulary), plan.n_threads)


def _bytes_of_copy(plan: Plan, n_numbers: int) -> int:
    """Of a snapshot or a checkpoint; an epoch of few words has ended before either is due."""
    is_taken = plan.config.n_epochs > 1 or plan.n_known >= WORDS_BEFORE_A_CHECKPOINT
    return bytes_of_copy(n_numbers) if is_taken else 0


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
    if plan.of_words.loss == NEGATIVE_SAMPLING:
        return (8 + 4 + 8) * n_words
    return (8 + 4 + 8) * n_words + round((4 + 1) * n_words * (math.log2(n_words) + 2))


def _bytes_in_step(plan: Plan) -> int:
    """The choices of a whole block, which are made before threads train on it in step."""
    if not plan.of_words.deterministic:
        return 0
    from wordvec_cli.kernels.in_step import CHUNKS

    noise = BYTES_PER_NOISE_WORD_IN_STEP * (plan.of_words.negative or 0)
    per_token = BYTES_PER_TOKEN_IN_STEP + min(noise, MOST_NOISE_IN_STEP if plan.config.model == SKIPGRAM else noise)
    rows = min(plan.n_threads, CHUNKS) * BYTES_PER_ROW_IN_STEP * (plan.n_inputs + plan.n_outputs)
    return per_token * min(plan.n_known, word2vec.TOKENS_IN_STEP) + rows


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
