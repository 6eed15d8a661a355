"""Counting and encoding the white-space-separated chunks of a text: a hash table of byte strings, and what fills it.

The scan is the same for every tokenizer: cut the text at the six ASCII white-space bytes, look each chunk up. What a
tokenizer makes of a chunk is found out once per distinct chunk, not once per occurrence (`split_ascii_chunks`, and
Python for chunks with bytes beyond ASCII). Machines are little-endian here, as numba's are.

A text that is scanned ends in `PADDING` bytes of white space: loads are 64 bytes wide and never look where they start.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

PADDING = 72

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]
TokenIds = NDArray[np.int32]

OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}

_NEWLINE = 10
_APOSTROPHE, _COMMA, _DOT = 39, 44, 46
_EMPTY = np.uint64(0)
_FIRST_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd numbers with well mixed bits, as in splitmix64
_SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_HIGH_BITS = np.uint64(0x8080808080808080)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HIGH_HALF = np.uint64(0xFFFFFFFF00000000)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


# ---------------------------------------------------------------- what numba has no words for

_intrinsic: Any = intrinsic  # its type hints say that the typing context is an argument of the caller's


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any, pointed: ir.Type) -> ir.Value:
    """The address of byte `arguments[1]` of array `arguments[0]`, as a pointer to a `pointed`."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), pointed.as_pointer())


@_intrinsic
def _load(typing_context: Any, text: Any, position: Any) -> Any:
    """The 8 bytes of `text` from `position` on as one number, wherever they stand."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        return builder.load(_pointer(context, builder, signature, arguments, ir.IntType(64)), align=1)

    return types.uint64(text, types.intp), generate


def _bits_of_64_bytes(condition: Callable[[Any, Callable[[int], ir.Value], ir.Value], ir.Value]) -> Any:
    """An intrinsic (text, position) -> uint64 whose bit i tells if byte `position + i` meets the condition."""
    lanes = ir.VectorType(ir.IntType(8), 64)

    def of_bytes(typing_context: Any, text: Any, position: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
            text_bytes = builder.load(_pointer(context, builder, signature, arguments, lanes), align=1)
            found = condition(builder, lambda value: ir.Constant(lanes, [value] * 64), text_bytes)
            return builder.bitcast(found, ir.IntType(64))

        return types.uint64(text, types.intp), generate

    return _intrinsic(of_bytes)


def _is_white_space(builder: Any, constant: Callable[[int], ir.Value], text_bytes: ir.Value) -> ir.Value:
    tab_to_return = builder.icmp_unsigned("<=", builder.sub(text_bytes, constant(9)), constant(4))
    return builder.or_(tab_to_return, builder.icmp_unsigned("==", text_bytes, constant(32)))


def _is_newline(builder: Any, constant: Callable[[int], ir.Value], text_bytes: ir.Value) -> ir.Value:
    return builder.icmp_unsigned("==", text_bytes, constant(_NEWLINE))


_white_space = _bits_of_64_bytes(_is_white_space)
_newlines = _bits_of_64_bytes(_is_newline)


@_intrinsic
def _lowest_bit(typing_context: Any, bits: Any) -> Any:
    """The number of the lowest 1 in `bits` (uint64, not 0)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


# ---------------------------------------------------------------- the hash table


class Table(NamedTuple):
    """Distinct byte strings, numbered as they came, and their counts.

    slots    (a power of two,) uint64: 0, or the hash's high half and the string's number + 1; linear probing
    hashes   (capacity,) uint64
    offsets  (capacity + 1,) int64: string i is text[offsets[i] : offsets[i + 1]]
    counts   (capacity,) int64
    text     (bytes + PADDING,) uint8
    state    (2,) int64: how many strings there are; the bytes that the string which found no room needs
    """

    slots: NDArray[np.uint64]
    hashes: NDArray[np.uint64]
    offsets: Integers
    counts: Integers
    text: Bytes
    state: Integers


@njit(**OPTIONS)
def _hash(text: Bytes, start: int, length: int) -> Any:
    hashed = np.uint64(length) * _FIRST_FACTOR
    i = start
    end = start + length
    while i + 8 < end:
        hashed = (hashed ^ _load(text, i)) * _FIRST_FACTOR
        hashed ^= hashed >> np.uint64(32)
        i += 8
    last = _load(text, i) & (_ALL >> np.uint64(8 * (8 - (end - i))))
    hashed = (hashed ^ last) * _FIRST_FACTOR
    hashed ^= hashed >> np.uint64(32)
    hashed *= _SECOND_FACTOR
    return hashed ^ (hashed >> np.uint64(29))


@njit(**OPTIONS)
def _same(first: Bytes, i: int, second: Bytes, j: int, length: int) -> Any:
    end = i + length
    while i + 8 < end:
        if _load(first, i) != _load(second, j):
            return False
        i += 8
        j += 8
    differing = _load(first, i) ^ _load(second, j)
    return (differing & (_ALL >> np.uint64(8 * (8 - (end - i))))) == _EMPTY


@njit(**OPTIONS)
def _find(
    slots: NDArray[np.uint64], offsets: Integers, known: Bytes, text: Bytes, start: int, length: int, hashed: np.uint64
) -> np.int64:
    """The number of the string (length >= 1) in the table of `known` text, or -1 - the free slot where it belongs.

    Takes the arrays rather than the Table: numba counts references at each access to a field, which is 4 times slower.
    """
    mask = len(slots) - 1
    tag = hashed & _HIGH_HALF
    i = np.int64(hashed) & mask
    while True:
        slot = slots[i]
        if slot == _EMPTY:
            return -1 - i
        if slot & _HIGH_HALF == tag:
            number = np.int64(slot & _LOW_HALF) - 1
            offset = offsets[number]
            if offsets[number + 1] - offset == length and _same(known, offset, text, start, length):
                return number
        i = (i + 1) & mask


@njit(**OPTIONS)
def _insert(table: Table, slot: int, text: Bytes, start: int, length: int, hashed: np.uint64) -> Any:
    """The new string's number with a count of 0, or -1 if there is no room."""
    number = table.state[0]
    offset = table.offsets[number]
    if number == len(table.hashes) or offset + length + PADDING > len(table.text):
        table.state[1] = length
        return -1
    for i in range(length):
        table.text[offset + i] = text[start + i]
    table.slots[slot] = (hashed & _HIGH_HALF) | np.uint64(number + 1)
    table.hashes[number] = hashed
    table.offsets[number + 1] = offset + length
    table.counts[number] = 0
    table.state[0] = number + 1
    return number


@njit(**OPTIONS)
def fill_slots(slots: NDArray[np.uint64], hashes: NDArray[np.uint64], n_strings: int) -> None:
    mask = len(slots) - 1
    for number in range(n_strings):
        i = np.int64(hashes[number]) & mask
        while slots[i] != _EMPTY:
            i = (i + 1) & mask
        slots[i] = (hashes[number] & _HIGH_HALF) | np.uint64(number + 1)


# ---------------------------------------------------------------- scanning


@njit(**OPTIONS)
def count_chunks(text: Bytes, position: int, size: int, table: Table) -> int:
    """Count the chunks of text[position:size]; return where it stopped for want of room, or `size`."""
    slots, offsets, known, counts = table.slots, table.offsets, table.text, table.counts
    start = position
    for base in range(position, size + 1, 64):  # the text may end where its padding starts, at `size`
        bits = _white_space(text, base)
        while bits != _EMPTY:
            end = base + _lowest_bit(bits)
            bits &= bits - np.uint64(1)
            length = end - start
            if length > 0:
                hashed = _hash(text, start, length)
                number = _find(slots, offsets, known, text, start, length, hashed)
                if number < 0:
                    number = _insert(table, -1 - number, text, start, length, hashed)
                    if number < 0:
                        return start
                counts[number] += 1
            start = end + 1
    return size


@njit(**OPTIONS)
def number_chunks(
    text: Bytes,
    position: int,
    size: int,
    table: Table,
    may_insert: bool,
    numbers: TokenIds,
    line_ends: Integers,
    done: Integers,
) -> int:
    """Write the number of each chunk of text[position:size]; return where it stopped for want of room, or `size`.

    may_insert  add chunks that the table lacks (they may find no room); otherwise they are -1
    numbers     written from done[0] on
    line_ends   written from done[1] on: how many chunks stand before each line's end
    done        (2,): chunks and lines so far, updated in place
    """
    slots, offsets, known = table.slots, table.offsets, table.text
    start = position
    n_chunks = done[0]
    n_lines = done[1]
    for base in range(position, size + 1, 64):  # the text may end where its padding starts, at `size`
        bits = _white_space(text, base)
        newlines = _newlines(text, base)
        while bits != _EMPTY:
            lowest = _lowest_bit(bits)
            end = base + lowest
            bits &= bits - np.uint64(1)
            length = end - start
            if length > 0:
                hashed = _hash(text, start, length)
                number = _find(slots, offsets, known, text, start, length, hashed)
                if number < 0:
                    number = _insert(table, -1 - number, text, start, length, hashed) if may_insert else -1
                    if may_insert and number < 0:
                        done[0] = n_chunks
                        done[1] = n_lines
                        return start
                numbers[n_chunks] = number
                n_chunks += 1
            start = end + 1
            if (newlines >> np.uint64(lowest)) & np.uint64(1) and end < size:
                line_ends[n_lines] = n_chunks
                n_lines += 1
    done[0] = n_chunks
    done[1] = n_lines
    return size


@njit(**OPTIONS)
def count_lines(text: Bytes, size: int) -> int:
    n_lines = 0
    for i in range(size):
        n_lines += text[i] == _NEWLINE
    return n_lines


# ---------------------------------------------------------------- words back to back


@njit(**OPTIONS)
def add_words(text: Bytes, word_offsets: Integers, word_counts: Integers, first: int, table: Table) -> int:
    """Add each word's count from word `first` on; return the first that found no room, or their number."""
    slots, offsets, known, counts = table.slots, table.offsets, table.text, table.counts
    for i in range(first, len(word_counts)):
        start = word_offsets[i]
        length = word_offsets[i + 1] - start
        hashed = _hash(text, start, length)
        number = _find(slots, offsets, known, text, start, length, hashed)
        if number < 0:
            number = _insert(table, -1 - number, text, start, length, hashed)
            if number < 0:
                return i
        counts[number] += word_counts[i]
    return len(word_counts)


@njit(**OPTIONS)
def find_words(text: Bytes, word_offsets: Integers, table: Table, numbers: TokenIds) -> None:
    """Set numbers[i] to that of word i, or -1."""
    slots, offsets, known = table.slots, table.offsets, table.text
    for i in range(len(word_offsets) - 1):
        start = word_offsets[i]
        length = word_offsets[i + 1] - start
        numbers[i] = max(-1, _find(slots, offsets, known, text, start, length, _hash(text, start, length)))


@njit(**OPTIONS)
def take_words(text: Bytes, offsets: Integers, chosen: Integers, taken: Bytes, taken_offsets: Integers) -> None:
    """Write the words numbered `chosen` back to back to `taken`; taken_offsets[0] is 0."""
    position = 0
    for i in range(len(chosen)):
        for j in range(offsets[chosen[i]], offsets[chosen[i] + 1]):
            taken[position] = text[j]
            position += 1
        taken_offsets[i + 1] = position


# ---------------------------------------------------------------- what a tokenizer makes of ASCII chunks

_OTHER, _WORD, _DIGIT, _SPACE = 0, 1, 2, 3


@njit(**OPTIONS)
def _kind(byte: int) -> int:
    """What an ASCII character is to the `words` tokenizer; 0x1c to 0x1f are white space to Python's str."""
    if 48 <= byte <= 57:
        return _DIGIT
    if 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95:
        return _WORD
    if 9 <= byte <= 13 or 28 <= byte <= 32:
        return _SPACE
    return _OTHER


@njit(**OPTIONS)
def _is_word_character(text: Bytes, i: int, end: int) -> bool:
    return i < end and _kind(text[i]) in (_WORD, _DIGIT)


@njit(**OPTIONS)
def _word_end(text: Bytes, start: int, end: int) -> int:
    """The end of the word that starts with a word character: ' joins word characters, [.,] join digits."""
    i = start + 1
    while i < end:
        joins_words = text[i] == _APOSTROPHE and _is_word_character(text, i + 1, end)
        joins_digits = (text[i] == _DOT or text[i] == _COMMA) and i + 1 < end and _kind(text[i + 1]) == _DIGIT
        if joins_words or (joins_digits and _kind(text[i - 1]) == _DIGIT):
            i += 2
        elif _is_word_character(text, i, end):
            i += 1
        else:
            return i
    return end


@njit(**OPTIONS)
def split_ascii_chunks(
    text: Bytes,
    offsets: Integers,
    lowercase: bool,
    pieces: Bytes,
    piece_offsets: Integers,
    n_pieces: TokenIds,
) -> int:
    """Cut the chunks that are pure ASCII into words and punctuation; return how many there are.

    pieces         (>= all of the text,): the tokens back to back
    piece_offsets  (>= as many + 1,): piece_offsets[0] is 0
    n_pieces       (chunks,): tokens of each chunk, -1 for a chunk with a byte beyond ASCII
    """
    n_total = 0
    for chunk in range(len(offsets) - 1):
        start = offsets[chunk]
        end = offsets[chunk + 1]
        n_pieces[chunk] = 0
        for i in range(start, end):
            if text[i] >= 128:
                n_pieces[chunk] = -1
        if n_pieces[chunk] < 0:
            continue
        while start < end:
            kind = _kind(text[start])
            if kind == _SPACE:
                start += 1
                continue
            stop = start + 1 if kind == _OTHER else _word_end(text, start, end)
            position = piece_offsets[n_total]
            for i in range(start, stop):
                byte = text[i]
                pieces[position] = byte + 32 if lowercase and 65 <= byte <= 90 else byte
                position += 1
            n_total += 1
            piece_offsets[n_total] = position
            n_pieces[chunk] += 1
            start = stop
    return n_total


@njit(**OPTIONS)
def expand_chunks(
    numbers: TokenIds,
    line_ends: Integers,
    starts: Integers,
    lengths: TokenIds,
    piece_ids: TokenIds,
    ids: TokenIds,
    token_ends: Integers,
) -> int:
    """Replace each chunk by the ids of its tokens, piece_ids[starts : starts + lengths]; return how many tokens.

    ids         (>= the tokens,) written
    token_ends  (lines,) written: how many tokens stand before each line's end
    """
    n_tokens = 0
    line = 0
    for i in range(len(numbers) + 1):
        while line < len(line_ends) and line_ends[line] == i:
            token_ends[line] = n_tokens
            line += 1
        if i < len(numbers):
            start = starts[numbers[i]]
            for j in range(lengths[numbers[i]]):
                ids[n_tokens] = piece_ids[start + j]
                n_tokens += 1
    return n_tokens


@njit(**OPTIONS)
def count_expanded(numbers: TokenIds, lengths: TokenIds) -> int:
    n_tokens = 0
    for i in range(len(numbers)):
        n_tokens += lengths[numbers[i]]
    return n_tokens
