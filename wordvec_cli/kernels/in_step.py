"""Skip-gram on threads in step: the same bytes whatever their number.

Groups come in batches. First all threads compute what the groups of a batch would change, from matrices that nobody
writes to. When the last is done, each thread makes the changes of the rows it owns, in the order of the groups. So no
number depends on who is first, and every row's sum has one order. A parallel kernel with two pranges gave the same
bytes, but OpenMP's threads fell to a fiftieth of the speed where another program ran too, workqueue's were a third
slower, and it took 22 s to compile, in each run, for numba would not cache it.
"""

import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from wordvec_cli.kernels.draws import draw_noise, draw_tokens
from wordvec_cli.kernels.parts import LANES, address_of, aligned_zeros, kernel, part
from wordvec_cli.kernels.rows import TILE, add_scaled, prefetch_row, round_up
from wordvec_cli.kernels.skipgram import GROUP, count_windows, room_for_group, size_group, train_group

GROUPS_PER_BATCH = 16  # 8 are no better; with 32 analogies fall from 0.239 to 0.236, and changes leave the cache
_PATIENCE = 2000  # looks at the others, about a microsecond, before a waiting thread offers its processor
_GIVEN_UP = 2**62

# numba finds functions of the system by the names given here, also from its cache.
if sys.platform == "win32":
    _yield = ctypes.windll.kernel32.SwitchToThread
else:
    _yield = ctypes.CDLL(None).sched_yield
binding.add_symbol("wordvec_yield", ctypes.cast(_yield, ctypes.c_void_p).value)


@intrinsic
def count_up(typing, counters, position):
    """counters[position] += 1 of an int64 array, by one thread at a time; all it wrote before is there for the next."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(64))
        builder.atomic_rmw("add", address, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(counters, types.intp), generate


@intrinsic
def look_at(typing, counters, position):
    """counters[position] of an int64 array as it is now, and with it all that was written before it was counted up."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.IntType(64))
        return builder.load_atomic(address, "acquire", 8)

    return types.int64(counters, types.intp), generate


@intrinsic
def offer_processor(typing):
    """Let another thread run, if one waits for a processor."""

    def generate(context, builder, signature, args):
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), "wordvec_yield")
        return builder.call(function, [])

    return types.int32(), generate


@part
def meet(arrivals, goal):
    """Arrive, and wait until there are `goal` arrivals; False if a thread has failed and will never come."""
    count_up(arrivals, 0)
    tries = 0
    while look_at(arrivals, 0) < goal:
        tries += 1
        if tries > _PATIENCE:
            offer_processor()
    return look_at(arrivals, 0) < _GIVEN_UP


class Batch(NamedTuple):
    """What the groups of a batch would change: first rows of `inputs`, by context, then of `outputs`, by target.

    words    (GROUPS_PER_BATCH, n_rows) int32: which rows
    sizes    (GROUPS_PER_BATCH, n_rows) float32: the sum of the sizes of the factors of each change
    changes  (GROUPS_PER_BATCH * n_rows * dim,) float32
    """

    words: Any
    sizes: Any
    changes: Any


@kernel
def start_batches(ids, offsets, first, last, keep, window, shrink, state, window_share, n_noise, n_words, dim):
    """The tokens and windows of a block, as `train_groups` has them, and what the threads share.

    Returns kept, low, high, share, (the fields of a Batch), and (2, more than n_words) float32 zeros.
    """
    kept, low, high = draw_tokens(ids, offsets, first, last, keep, window, shrink, state)
    share = np.float32(window_share) * count_windows(low, high)
    _, n_contexts, n_targets = size_group(window, n_noise)
    n_rows = n_contexts + n_targets
    batch = (
        np.zeros((GROUPS_PER_BATCH, n_rows), np.int32),
        np.zeros((GROUPS_PER_BATCH, n_rows), np.float32),
        aligned_zeros(GROUPS_PER_BATCH * n_rows * dim),
    )
    return kept, low, high, share, batch, np.zeros((2, n_words + (LANES + 1) * GROUPS_PER_BATCH), np.float32)


@part
def add_sizes(factors, n_outputs, n_rows, lag, of_rows, of_outputs):
    """Add the sizes of factors laid out as in `limit_steps` to their context rows; set each output to its sum."""
    for o in range(n_outputs):
        first = o // TILE * lag
        of_output = factors[o * n_rows + first : (o + 1) * n_rows + first]
        row = of_rows[first : first + n_rows]
        total = np.float32(0)
        for i in range(n_rows):
            total += abs(of_output[i])
            row[i] += abs(of_output[i])
        of_outputs[o] = total


@part
def describe_changes(words, sizes, context_starts, target_starts, true_scores, noise_scores, window, n_noise, dim):
    """Set which rows a group changes, and the sums of the sizes of the factors of each change."""
    reach, n_contexts, n_targets = size_group(window, n_noise)
    for i in range(n_contexts):
        words[i] = context_starts[i] // dim
    for j in range(n_targets):
        words[n_contexts + j] = target_starts[j] // dim
    sizes[:] = 0
    add_sizes(true_scores, GROUP, reach, TILE, sizes, sizes[n_contexts:])
    add_sizes(noise_scores, n_noise, GROUP, 0, sizes[window:], sizes[n_contexts + GROUP :])


@part
def make_changes(matrix, batch, n_groups, first, after, totals, limit, owner, n_owners, dim):
    """Make the changes first .. after of each group, where the owner has the row, limited together for each row.

    totals  float32, at least one for each row of the matrix and `LANES` more for each owner, all zero before and after
    """
    n_rows = batch.words.shape[1]
    words, sizes = batch.words.reshape(-1), batch.sizes.reshape(-1)
    mine, places = np.empty(n_groups * n_rows + 1, np.int32), np.empty(n_groups * n_rows + 1, np.int32)
    # every owner's totals by themselves, so that no two threads write to one cache line
    own = round_up(len(matrix) // dim // n_owners + 1, LANES) * owner
    n_mine = 0
    for b in range(n_groups):
        for r in range(b * n_rows + first, b * n_rows + after):
            word = np.uint32(words[r])
            mine[n_mine] = r
            places[n_mine] = own + word // np.uint32(n_owners)
            n_mine += word % np.uint32(n_owners) == owner

    for m in range(n_mine):
        totals[places[m]] += sizes[mine[m]]
    for m in range(n_mine):
        r = np.intp(mine[m])
        prefetch_row(matrix, dim * np.intp(words[mine[min(m + 4, n_mine - 1)]]), dim)
        fitting = limit / max(totals[places[m]], limit)
        add_scaled(matrix, dim * np.intp(words[r]), batch.changes, dim * r, fitting, dim)
    for m in range(n_mine):
        totals[places[m]] = 0


@kernel
def train_in_step(
    worker, n_workers, arrivals, kept, low, high, share, batch, word_totals, losses, pairs, inputs, outputs,
    noise_threshold, noise_alias, window, window_share, n_noise, rate, last_rate, limit, state, counter,
):  # fmt: skip
    """One worker's part in all batches of `kept`; sets losses and pairs of the groups that it trains."""
    dim, n_groups, n_noise = inputs.shape[1], len(losses), np.intp(n_noise)
    batch = Batch(*batch)
    inputs, outputs = inputs.reshape(-1), outputs.reshape(-1)
    limit, no_limit, window_share = np.float32(limit), np.float32(np.inf), np.float32(window_share)
    _, n_contexts, n_targets = size_group(window, n_noise)
    n_rows = n_contexts + n_targets
    (
        contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores, noise_weights,
        totals, marks,
    ) = room_for_group(window, n_noise, dim)  # fmt: skip
    places = dim * np.arange(n_rows)
    goal = 0

    for first in range(0, n_groups, GROUPS_PER_BATCH):
        n = min(GROUPS_PER_BATCH, n_groups - first)
        rate_now = np.float32(rate + (last_rate - rate) * first / n_groups)
        g, end = first + n * worker // n_workers, first + n * (worker + 1) // n_workers
        noise = draw_noise(end - g, n_noise, noise_threshold, noise_alias, state, counter + g * n_noise)
        for i in range(len(noise)):
            b = g + i - first
            changes = batch.changes[b * n_rows * dim : (b + 1) * n_rows * dim]
            changes[:] = 0
            losses[g + i], pairs[g + i] = train_group(
                contexts, context_starts, targets, target_starts, true_scores, true_weights, noise_scores,
                noise_weights, totals, marks, kept, low, high, share, (g + i) * GROUP,
                noise[i], noise[min(i + 1, len(noise) - 1)], inputs, outputs,
                changes, places, changes, places[n_contexts:], window, window_share, rate_now, no_limit, dim,
            )  # fmt: skip
            describe_changes(
                batch.words[b], batch.sizes[b], context_starts, target_starts, true_scores, noise_scores,
                window, n_noise, dim,
            )  # fmt: skip
        goal += n_workers
        if not meet(arrivals, goal):
            break
        make_changes(inputs, batch, n, 0, n_contexts, word_totals[0], limit, worker, n_workers, dim)
        make_changes(outputs, batch, n, n_contexts, n_rows, word_totals[1], limit, worker, n_workers, dim)
        goal += n_workers
        if not meet(arrivals, goal):
            break


def skipgram_block_in_step(
    n_threads, ids, offsets, first, last, inputs, outputs, keep, noise_threshold, noise_alias,
    window, shrink, negative, n_noise, rate, last_rate, limit, state,
):  # fmt: skip
    """As `skipgram_block`, on several threads at once, with a result that does not depend on their number.

    The rate falls from `rate` towards `last_rate` along the block, so a block may be long: about a second of work.
    limit    how far the steps of a batch may move a row of one matrix together, in rows of the other; 1 is right for
             every vocabulary, for words are counted as they come
    n_threads  more than `GROUPS_PER_BATCH` have no work; more than there are processors wait for each other
    """
    n_workers = min(n_threads, GROUPS_PER_BATCH)
    window_share = negative / n_noise
    kept, low, high, share, batch, totals = start_batches(
        ids, offsets, first, last, keep, window, shrink, state, window_share, n_noise, *inputs.shape
    )
    n_groups = -(-len(kept) // GROUP)
    losses, pairs = np.zeros(n_groups), np.zeros(n_groups, np.int64)
    arrivals = np.zeros(LANES, np.int64)
    with ThreadPoolExecutor(n_workers) as pool:
        try:
            workers = [
                pool.submit(
                    train_in_step, worker, n_workers, arrivals, kept, low, high, share, batch, totals, losses, pairs,
                    inputs, outputs, noise_threshold, noise_alias, window, window_share, n_noise,
                    rate, last_rate, limit, state, last - first,
                )
                for worker in range(n_workers)
            ]  # fmt: skip
            for worker in as_completed(workers):
                worker.result()
        except BaseException:
            arrivals[0] = _GIVEN_UP  # or the others would wait for ever
            raise
    return float(losses.sum()), int(pairs.sum())
