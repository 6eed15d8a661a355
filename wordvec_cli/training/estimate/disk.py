"""What a training will have on disk."""

from dataclasses import dataclass

from wordvec_cli.sequences.word_ids import BYTES_PER_TOKEN
from wordvec_cli.training import loop
from wordvec_cli.training.estimate import glove
from wordvec_cli.training.estimate.plan import Plan
from wordvec_cli.training.gensim_text import GENSIMS_BATCH, WORDS_PER_BLOCK
from wordvec_cli.vectors import native

HEADER_BYTES = 1000  # of a file, about


@dataclass(frozen=True)
class DiskUse:
    at_peak: int
    to_come: int


def disk_use(plan: Plan) -> DiskUse:
    """The most that encoding, training and the writing of the vectors have on disk."""
    if plan.is_by_gensim:
        return _disk_of_gensim(plan)
    n_snapshots = len(loop.snapshot_epochs(plan.config.n_epochs))
    n_kept = plan.keeps_checkpoints + (n_snapshots > 0) + plan.stops_early
    is_replaced = plan.keeps_checkpoints or n_snapshots > 1 or plan.stops_early
    words = native.size_bytes(plan.vocabulary, 0) + HEADER_BYTES
    written = file_bytes(plan) if plan.keeps_checkpoints else 0  # else it goes to a pipe or a device
    if plan.is_of_pairs:
        tiles, state = glove.bytes_of_tiles(plan), glove.state_bytes(plan) + HEADER_BYTES
        training = tiles + words + n_kept * state + max(is_replaced * state, written)
        counting = _ids_bytes(plan) + plan.bytes_of_counting + tiles if plan.n_tokens else 0
        return _peak(plan, max(_ids_bytes(plan), counting), training)
    prepared = _ids_bytes(plan) + words
    state = 4 * plan.config.vector_size * (plan.n_inputs + plan.n_outputs) + HEADER_BYTES
    return _peak(plan, prepared, prepared + n_kept * state + max(is_replaced * state, written))


def _disk_of_gensim(plan: Plan) -> DiskUse:
    """Its text goes before the vectors are written."""
    width = len(str(len(plan.vocabulary))) + 1
    n_blocks = -(-plan.n_known // WORDS_PER_BLOCK)
    text = n_blocks * GENSIMS_BATCH * width
    prepared = _ids_bytes(plan)
    return _peak(plan, prepared, prepared + max(text, file_bytes(plan) if plan.keeps_checkpoints else 0))


def _ids_bytes(plan: Plan) -> int:
    return BYTES_PER_TOKEN * plan.n_tokens + 8 * (plan.n_lines + 1) + HEADER_BYTES


def _peak(plan: Plan, prepared: int, training: int) -> DiskUse:
    """prepared  when the corpus is encoded, beside the copy of a pipe; training  when that has gone"""
    ids = _ids_bytes(plan) if plan.is_encoded else 0
    spooled = plan.spooled_bytes if plan.spool_is_near else 0
    to_come = max(prepared - ids, training - ids - spooled)
    return DiskUse(max(plan.spooled_bytes + prepared, training), to_come)


def file_bytes(plan: Plan) -> int:
    n_matrices = 1 + plan.saves_context
    subwords = plan.n_inputs * 4 * plan.published_dim + 4 * plan.ngrams.n_buckets if plan.ngrams else 0
    return native.size_bytes(plan.vocabulary, plan.published_dim, n_matrices) + subwords + 2 * HEADER_BYTES
