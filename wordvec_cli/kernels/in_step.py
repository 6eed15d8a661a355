"""Threads in step: the same bytes whatever their number, for every model.

Tokens are trained by *steps* of `CHUNKS` chunks, each some groups of tokens that follow each other. A chunk is trained
as on one thread, in place, but for the rows that another chunk of the step needs too: of these it has copies, as they
were when the step began. When all chunks are done, what each has changed its copies by is added to these rows, in the
order of the chunks. So no number depends on which thread trains which chunk, or when, and what a chunk does not know
are the changes of the other chunks of its step alone.

Which rows are shared follows from random choices, and is known before training. They are the most frequent ones.
"""

import ctypes
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from wordvec_cli.kernels.parts import LANES, add, address_of, inlined, kernel, load, part, store, subtract
from wordvec_cli.kernels.rows import copy_row, prefetch_row

# Of a step: more threads have no work. With 4 there is more to copy, a fifth of the time of CBOW, not an eighth, and
# training diverges where lines are much alike: each takes a row all the way to where it should be, and 4 far beyond.
CHUNKS = 2
TOKENS_PER_CHUNK = 256  # at most: the scores of twice as many are alike, but not those of eight times as many
TOKENS_PER_PIECE = 20_000  # whose random choices are made together, by one thread
_PATIENCE = 2000  # looks at the others, about a microsecond, before a waiting thread offers its processor
_GIVEN_UP = 2**62
_ALL_CHUNKS = np.uint8(2**CHUNKS - 1)  # the bits of chunks that need a row; those above say which have listed a word's

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


class Shared(NamedTuple):
    """The rows of a matrix that more than one chunk of a step needs, for each step of a piece.

    rows    (n,) int32, step after step
    chunks  (n,) uint8: bit c is set if chunk c needs the row
    bounds  (n_steps + 1,) int64: step s has rows[bounds[s] : bounds[s + 1]]
    """

    rows: Any
    chunks: Any
    bounds: Any


class Copies(NamedTuple):
    """The chunks' copies of shared rows of a matrix.

    slots  (n_rows,) int32 of a worker: which copy a row has at this step; -1: none
    room   (CHUNKS * most * dim,) float32, of all workers
    """

    slots: Any
    room: Any


class Work(NamedTuple):
    """A worker's part of a piece, and what it shares with the others.

    worker, n_workers  which of how many
    arrivals  (LANES,) int64: the first is how often workers have come to where all meet
    tokens_per_chunk  whole groups
    losses    (n_steps, CHUNKS, 2) float64: each chunk's loss and its number of terms, to be set
    """

    worker: int
    n_workers: int
    arrivals: Any
    tokens_per_chunk: int
    losses: Any
    shared_inputs: Shared
    shared_outputs: Shared
    own_inputs: Copies
    own_outputs: Copies


@part
def meet(work, n_meetings):
    """Arrive, and wait for all others; False if one has failed and will never come.

    n_meetings  with this one, since the piece began
    """
    count_up(work.arrivals, 0)
    tries, goal = 0, n_meetings * work.n_workers
    while look_at(work.arrivals, 0) < goal:
        tries += 1
        if tries > _PATIENCE:
            offer_processor()
    return look_at(work.arrivals, 0) < _GIVEN_UP


# ---- which rows are shared ----


@part
def count_steps(n_tokens, tokens_per_chunk):
    return -(-n_tokens // (CHUNKS * tokens_per_chunk))


@part
def bounds_of_chunk(step, chunk, n_tokens, tokens_per_chunk, group):
    """(first, after): the tokens of a chunk, whole groups but for the last one of all; those of a step are alike."""
    first = step * CHUNKS * tokens_per_chunk
    n_groups = -(-min(n_tokens - first, CHUNKS * tokens_per_chunk) // group)
    after = first + n_groups * (chunk + 1) // CHUNKS * group
    return first + n_groups * chunk // CHUNKS * group, min(after, n_tokens)


@inlined
def need(row, bit, needed, rows, n):
    """Note that the chunk of a bit needs a row, and take the row down; returns how many are."""
    needed[row] |= bit
    rows[n] = row
    return n + 1


@part
def keep_shared(rows, first, n, needed, chunks):
    """Of rows[first:n] those that more than one chunk needs, once, moved to the front; returns their end."""
    end = first
    for i in range(first, n):
        row, bits = rows[i], needed[rows[i]] & _ALL_CHUNKS
        needed[row] = 0
        # written always, counted if shared: no branch to mispredict
        rows[end], chunks[end] = row, bits
        end += (bits & (bits - np.uint8(1))) != 0
    return end


@kernel
def list_shared(kept, reach, noise, tokens_per_noise, offsets, lists, is_tree, needed, tokens_per_chunk, group):
    """The shared rows of a piece: the fields of a `Shared`.

    kept, reach  a chunk needs the rows of its tokens, and of as many before and after
    noise, tokens_per_noise  and those noise[first // tokens_per_noise : after // tokens_per_noise]
    offsets, lists  a word's rows are lists[offsets[word] : offsets[word + 1]]; None, None: the word itself is its row;
             the first one of each is no other word's first, unless it is a tree
    is_tree  whether of a list all rows before one that a chunk needs are needed by it too
    needed   (n_rows,) uint8, 0 before and after
    """
    n_kept = len(kept)
    n_steps = count_steps(n_kept, tokens_per_chunk)
    room = noise.size + CHUNKS * n_steps * noise.shape[1] + CHUNKS * (n_steps + 1)
    for c in range(n_kept):
        n_lists = 1 if offsets is None else offsets[kept[c] + 1] - offsets[kept[c]]
        room += n_lists * (1 + -(-2 * reach // group))
    rows, chunks, bounds = np.empty(room, np.int32), np.empty(room, np.uint8), np.zeros(n_steps + 1, np.int64)
    n = 0
    for step in range(n_steps):
        for chunk in range(CHUNKS):
            bit, mark = np.uint8(1 << chunk), np.uint8(1 << chunk + CHUNKS)
            first, after = bounds_of_chunk(step, chunk, n_kept, tokens_per_chunk, group)
            if first >= after:
                continue
            for c in range(max(first - reach, 0), min(after + reach, n_kept)):
                word = kept[c]
                if offsets is None:
                    n = need(word, bit, needed, rows, n)
                elif is_tree or not needed[lists[offsets[word]]] & mark:
                    if not is_tree:
                        needed[lists[offsets[word]]] |= mark
                    for i in range(offsets[word + 1] - 1, offsets[word] - 1, -1):
                        if is_tree and needed[lists[i]] & bit:
                            break
                        n = need(lists[i], bit, needed, rows, n)
            for i in range(first // tokens_per_noise, min(-(-after // tokens_per_noise), len(noise))):
                for k in range(noise.shape[1]):
                    n = need(noise[i, k], bit, needed, rows, n)
        n = keep_shared(rows, bounds[step], n, needed, chunks)
        bounds[step + 1] = n
    return rows[:n].copy(), chunks[:n].copy(), bounds


# ---- what a worker does at the ends of a step ----


@inlined
def place_in_step(row, slots, copies_at, dim):
    """Where a row is, or the chunk's copy of it, in floats from the matrix's first; slots None: no row is copied."""
    if slots is None:
        return dim * np.intp(row)
    slot = np.intp(slots[row])
    return dim * slot + copies_at if slot >= 0 else dim * np.intp(row)


@part
def take_shared(matrix, shared, copies, step, chunk, dim):
    """Copy the shared rows of a step that a chunk needs, note where they are; returns where copies begin.

    That is in floats from the matrix's first, as `place_in_step` wants it.
    """
    first, after = shared.bounds[step], shared.bounds[step + 1]
    room = chunk * (len(copies.room) // CHUNKS)
    for s in range(after - first):
        row = np.intp(shared.rows[first + s])
        copies.slots[row] = s
        if shared.chunks[first + s] >> chunk & 1:
            prefetch_row(matrix, dim * np.intp(shared.rows[min(first + s + 4, after - 1)]), dim)
            copy_row(matrix, dim * row, copies.room, room + dim * s, dim)
    return (copies.room.ctypes.data - matrix.ctypes.data) // matrix.itemsize + room


@part
def merge_shared(matrix, shared, copies, step, work, dim):
    """Add what chunks have changed to the worker's share of the shared rows of a step; forget where copies are."""
    first, after = shared.bounds[step], shared.bounds[step + 1]
    for i in range(first, after):
        copies.slots[shared.rows[i]] = -1
    most, n = len(copies.room) // CHUNKS, after - first
    members, end = np.empty(CHUNKS, np.intp), n * (work.worker + 1) // work.n_workers
    for s in range(n * work.worker // work.n_workers, end):
        start, ahead = dim * np.intp(shared.rows[first + s]), min(s + 2, end - 1)
        n_members = 0
        for chunk in range(CHUNKS):
            members[n_members] = chunk * most + dim * s
            n_members += shared.chunks[first + s] >> chunk & 1
            if shared.chunks[first + ahead] >> chunk & 1:
                prefetch_row(copies.room, chunk * most + dim * ahead, dim)
        for d in range(0, dim, LANES):
            before, now = load(matrix, start + d), load(copies.room, members[0] + d)
            for m in range(1, n_members):
                now = add(now, subtract(load(copies.room, members[m] + d), before))
            store(matrix, start + d, now)


class Chunk(NamedTuple):
    """What is to be trained next.

    first, after  the first of its tokens, and the one after the last
    rate
    inputs_at, outputs_at  where its copies of rows begin, as `place_in_step` wants it
    losses  (2,) float64, to be set: its loss and the number of terms
    """

    first: int
    after: int
    rate: Any
    inputs_at: int
    outputs_at: int
    losses: Any


@part
def chunks_of(work, n_tokens, group, inputs, outputs, dim, rate, last_rate):
    """The chunks that a worker has to train, one after the other; at the end of a step all that was changed is merged.

    inputs, outputs  flat
    rate, last_rate  of the first step, and after the last
    """
    n_steps = len(work.losses)
    for step in range(n_steps):
        rate_now = np.float32(rate + (last_rate - rate) * step / n_steps)
        for chunk in range(work.worker, CHUNKS, work.n_workers):
            first, after = bounds_of_chunk(step, chunk, n_tokens, work.tokens_per_chunk, group)
            inputs_at = take_shared(inputs, work.shared_inputs, work.own_inputs, step, chunk, dim)
            outputs_at = take_shared(outputs, work.shared_outputs, work.own_outputs, step, chunk, dim)
            yield Chunk(first, after, rate_now, inputs_at, outputs_at, work.losses[step, chunk])
        if not meet(work, 2 * step + 1):
            break  # a worker has failed
        merge_shared(inputs, work.shared_inputs, work.own_inputs, step, work, dim)
        merge_shared(outputs, work.shared_outputs, work.own_outputs, step, work, dim)
        if not meet(work, 2 * step + 2):
            break


# ---- a block ----

Draws = tuple[Any, ...]  # of a piece: arrays, `kept` first


class Needs(NamedTuple):
    """The rows of a matrix that tokens need, see `list_shared`."""

    reach: int
    noise: Any
    tokens_per_noise: int
    offsets: Any = None
    lists: Any = None
    is_tree: bool = False


class Model(NamedTuple):
    """What is to be done in step.

    group   tokens of a group, of which chunks are made
    most    tokens of a chunk: with more, scores fall
    draw    (ids, offsets, first, last, keep, state) -> the random choices of a piece
    needs   random choices -> the rows that their tokens need, of inputs and of outputs
    train   (work, *random choices, inputs, outputs, rates of the first step and after the last, limit): trains a
            worker's chunks of a piece
    """

    group: int
    most: int
    draw: Callable[..., Draws]
    needs: Callable[[Draws], tuple[Needs, Needs]]
    train: Callable[..., None]


class Piece(NamedTuple):
    """Random choices, and the rows that are shared, of some tokens; the sums of each chunk's loss, and of its terms."""

    draws: Draws
    inputs: Shared
    outputs: Shared
    losses: NDArray[np.float64]


def no_noise() -> NDArray[np.int32]:
    return np.empty((0, 0), np.int32)


def _planned(model, place, state, needed, tokens_per_chunk):
    """A piece, ready to be trained."""
    draws = model.draw(*place, state)
    n_steps = -(-len(draws[0]) // (CHUNKS * tokens_per_chunk))
    shared = [
        Shared(*list_shared(draws[0], *needs, rows, tokens_per_chunk, model.group))
        for needs, rows in zip(model.needs(draws), needed, strict=True)
    ]
    return Piece(draws, *shared, np.zeros((n_steps, CHUNKS, 2)))


def _room(pieces, dim, which):
    """For the copies of the step that shares the most rows."""
    most = max((int(np.diff(piece[which].bounds).max(initial=0)) for piece in pieces), default=0)
    room = np.empty(CHUNKS * most * dim + LANES, np.float32)
    start = -room.ctypes.data // room.itemsize % LANES
    return room[start : start + CHUNKS * most * dim]


class Threads(Protocol):
    """How many threads train a piece: a piece's bytes do not depend on it."""

    most: int

    def next(self) -> int: ...

    def took(self, n_threads: int, n_tokens: int, seconds: float) -> None: ...


def block_in_step(
    threads, model, tokens_per_chunk, ids, offsets, first, last, inputs, outputs, keep, rates, seed, *limit
):
    """Train on ids[first:last] on several threads at once; returns (loss, terms), which do not depend on their number.

    threads  as `Threads`
    rates    there; it falls along the block, which may be long: about a second of work
    """
    firsts = range(first, max(last, first + 1), TOKENS_PER_PIECE)  # one of no tokens too, which loads kernels
    places = [(ids, offsets, begin, min(begin + TOKENS_PER_PIECE, last), keep) for begin in firsts]
    states = np.random.SeedSequence(int(seed)).generate_state(len(places), np.uint64)

    def plan(worker):
        needed = np.zeros(len(inputs), np.uint8), np.zeros(len(outputs), np.uint8)
        mine = zip(places[worker :: threads.most], states[worker :: threads.most], strict=True)
        return [_planned(model, place, state, needed, tokens_per_chunk) for place, state in mine]

    with ThreadPoolExecutor(threads.most) as pool:
        plans = list(pool.map(plan, range(threads.most)))
        pieces = [plans[i % threads.most][i // threads.most] for i in range(len(places))]
        rooms = [_room(pieces, inputs.shape[1], which) for which in (1, 2)]
        copies = [
            [
                Copies(np.full(len(matrix), -1, np.int32), room)
                for matrix, room in zip((inputs, outputs), rooms, strict=True)
            ]
            for _ in range(threads.most)
        ]
        for i, (piece, (_, _, begin, end, _)) in enumerate(zip(pieces, places, strict=True)):
            rates_here = [rates[0] + (rates[1] - rates[0]) * j / len(pieces) for j in (i, i + 1)]
            n_threads, start = threads.next(), time.perf_counter()
            arguments = *piece.draws, inputs, outputs, *rates_here, *limit
            _train_piece(pool, n_threads, model, tokens_per_chunk, piece, copies, arguments)
            if end > begin:
                threads.took(n_threads, end - begin, time.perf_counter() - start)
    losses = sum((piece.losses.sum(axis=(0, 1)) for piece in pieces), np.zeros(2))
    return float(losses[0]), int(losses[1])


def _train_piece(pool, n_workers, model, tokens_per_chunk, piece, copies, arguments):
    """The calling thread is the first worker: alone, it finds in its core's caches what it left there."""
    arrivals = np.zeros(LANES, np.int64)

    def train(worker):
        shared = piece.inputs, piece.outputs
        work = Work(worker, n_workers, arrivals, tokens_per_chunk, piece.losses, *shared, *copies[worker])
        with giving_up():
            model.train(work, *arguments)

    @contextmanager
    def giving_up():
        try:
            yield
        except BaseException:
            arrivals[0] = _GIVEN_UP  # or the others would wait for ever
            raise

    with giving_up():  # a signal may come between these lines too
        others = [pool.submit(train, worker) for worker in range(1, n_workers)]
        train(0)
        for other in others:
            other.result()
