"""Columns of tables whose cells stand between delimiters (CSV, TSV), and of arrays of strings, as lines of text.

A text that is scanned, and one that is written, ends in `PADDING` bytes: loads and stores are 64 bytes wide. What a
quote, a delimiter and a line end mean is what Python's csv module says, in its default dialect.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types

from wordvec_cli.kernels.text import OPTIONS, _intrinsic, _lowest_bit, _pointer

CONSUMED, WRITTEN, ROWS, UNREADABLE, FIRST_UNREADABLE, ITS_CELLS, TALLIES = range(7)
NO_QUOTE = -1

_NEWLINE, _RETURN, _SPACE = 10, 13, 32
_WIDTH = 64
_LANES = ir.VectorType(ir.IntType(8), _WIDTH)


# ---------------------------------------------------------------- what numba has no words for


@_intrinsic
def _equal(typing_context: Any, text: Any, position: Any, first: Any, second: Any) -> Any:
    """uint64 whose bit i tells if byte `position + i` is `first`, `second` or a line end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        found = builder.load(_pointer(context, builder, signature, arguments[:2], _LANES), align=1)
        line_ends = [ir.Constant(_LANES, [byte] * _WIDTH) for byte in (_NEWLINE, _RETURN)]
        wanted = [_splat(builder, value) for value in arguments[2:]] + line_ends
        bits = [builder.icmp_unsigned("==", found, each) for each in wanted]
        either = builder.or_(builder.or_(bits[0], bits[1]), builder.or_(bits[2], bits[3]))
        return builder.bitcast(either, ir.IntType(_WIDTH))

    return types.uint64(text, types.intp, types.uint8, types.uint8), generate


@_intrinsic
def _equal_one(typing_context: Any, text: Any, position: Any, wanted: Any) -> Any:
    """uint64 whose bit i tells if byte `position + i` is `wanted`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        found = builder.load(_pointer(context, builder, signature, arguments[:2], _LANES), align=1)
        bits = builder.icmp_unsigned("==", found, _splat(builder, arguments[2]))
        return builder.bitcast(bits, ir.IntType(_WIDTH))

    return types.uint64(text, types.intp, types.uint8), generate


def _splat(builder: Any, value: ir.Value) -> ir.Value:
    lane = builder.insert_element(ir.Constant(_LANES, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        lane, ir.Constant(_LANES, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), _WIDTH), [0] * _WIDTH)
    )


@_intrinsic
def _copy_64(typing_context: Any, source: Any, start: Any, target: Any, place: Any) -> Any:
    """Copy 64 bytes of `source` from `start` on to `place` of `target`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> ir.Value:
        read = _pointer(context, builder, signature, arguments[:2], _LANES)
        array = context.make_array(signature.args[2])(context, builder, arguments[2])
        write = builder.bitcast(builder.gep(array.data, [arguments[3]]), _LANES.as_pointer())
        builder.store(builder.load(read, align=1), write, align=1)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), generate


# ---------------------------------------------------------------- delimited tables


@njit(**OPTIONS)
def lines_of_rows(text, size, dialect, slots, spans, lines, tallies):
    """Write the wanted cells of each whole row of `text` as a line; a row without them is an empty one.

    text       (size + PADDING,) uint8; a row whose end is not in the first `size` bytes is left for the next call
    dialect    (4,) int64: the delimiter, the quote or NO_QUOTE, what separates the wanted cells (within them, it and
               line ends become blanks), and how many of those are the line of a row without the cells
    slots      (n_columns,) int64: which of the wanted cells a column is, or -1
    spans      (n_wanted, 3) int64, for the starts, the closing quotes (or -1) and the ends of the cells
    lines      ((1 + dialect[3]) * size + PADDING,) uint8, updated
    tallies    (TALLIES,) int64, updated: how much was read and written, the rows, those that cannot be read: with too
               few cells or too many, and of the first its number, from 0, and its cells
    """
    delimiter, quote, separator, n_separators = dialect
    position = written = rows = 0
    tallies[UNREADABLE] = 0
    while True:
        n_cells, end = _scan_row(text, position, size, delimiter, quote, slots, spans)
        if n_cells < 0:
            break
        if n_cells == 0:  # a blank line
            position = end
            continue
        if _is_whole(n_cells, slots):
            written = _write_cells(text, spans, separator, quote, lines, written)
        else:
            if tallies[UNREADABLE] == 0:
                tallies[FIRST_UNREADABLE] = rows
                tallies[ITS_CELLS] = n_cells
            tallies[UNREADABLE] += 1
            lines[written : written + n_separators] = separator
            written += n_separators
        lines[written] = _NEWLINE
        written += 1
        rows += 1
        position = end
    tallies[CONSUMED] = position
    tallies[WRITTEN] = written
    tallies[ROWS] = rows


@njit(**OPTIONS)
def _scan_row(text, position, size, delimiter, quote, slots, spans):
    """How many cells the row at `position` has, 0 for a blank line and -1 if its end is not there; and its end."""
    if position >= size:
        return -1, position
    if text[position] == _NEWLINE:
        return 0, position + 1
    n_cells = 0
    while True:
        start, close = position, -1
        if text[position] == quote and position < size:
            start = position + 1
            close = _closing_quote(text, start, size, quote)
            if close < 0:
                return -1, position
            position = close + 1
        position = _cell_end(text, position, size, delimiter)
        if position >= size:
            return -1, position
        if n_cells < len(slots) and slots[n_cells] >= 0:
            slot = slots[n_cells]
            spans[slot, 0] = start
            spans[slot, 1] = close
            spans[slot, 2] = position
        n_cells += 1
        byte = text[position]
        position += 1
        if byte == delimiter:
            continue
        is_blank = n_cells == 1 and close < 0 and start == position - 1
        if byte == _RETURN:
            if position >= size:  # a newline may follow
                return -1, position
            if text[position] == _NEWLINE:
                position += 1
        return (0 if is_blank else n_cells), position


@njit(**OPTIONS)
def _closing_quote(text, position, size, quote):
    """Where the quoted cell that goes on at `position` has its closing quote; -1 if the text ends before that is known.

    Two quotes in a row stand for one. The byte after a quote has to be there to tell.
    """
    while position < size:
        bits = _equal_one(text, position, quote)
        if bits == 0:
            position += _WIDTH
            continue
        position += _lowest_bit(bits)
        if position + 1 >= size:
            return -1
        if text[position + 1] != quote:
            return position
        position += 2
    return -1


@njit(**OPTIONS)
def _cell_end(text, position, size, delimiter):
    """The first delimiter or line end from `position` on; `size` or more if there is none."""
    while position < size:
        bits = _equal(text, position, delimiter, delimiter)
        if bits != 0:
            return position + _lowest_bit(bits)
        position += _WIDTH
    return position


@njit(**OPTIONS)
def _is_whole(n_cells, slots):
    """Whether a row has the wanted cells, and no more cells than there are columns."""
    if n_cells > len(slots):
        return False
    return n_cells == len(slots) or slots[n_cells:].max() < 0


@njit(**OPTIONS)
def _write_cells(text, spans, separator, quote, lines, written):
    for i in range(len(spans)):
        if i > 0:
            lines[written] = separator
            written += 1
        start, close, end = spans[i, 0], spans[i, 1], spans[i, 2]
        if close >= 0:
            written = _write(text, start, close, separator, quote, lines, written)
            start = close + 1
        written = _write(text, start, end, separator, _NEWLINE, lines, written)
    return written


@njit(**OPTIONS)
def _write(text, start, end, separator, quote, lines, written):
    """Copy text[start:end]: line ends and separators as blanks, the second of two quotes left out.

    quote  a newline: there are none
    """
    blank = _NEWLINE if separator == _SPACE else separator
    while start < end:
        bits = _equal(text, start, quote, blank)
        _copy_64(text, start, lines, written)
        n = _WIDTH if bits == 0 else _lowest_bit(bits)
        if start + n >= end:
            return written + end - start
        start += n
        written += n
        if bits != 0:
            is_quote = text[start] == quote and quote != _NEWLINE
            lines[written] = quote if is_quote else _SPACE
            written += 1
            start += 2 if is_quote else 1
    return written


# ---------------------------------------------------------------- arrays of strings


@njit(**OPTIONS)
def lines_of_strings(text, offsets, lines):
    """Write each string text[offsets[i] : offsets[i + 1]] as a line, its line ends as blanks; the bytes written.

    text   (bytes + PADDING,) uint8
    lines  (bytes + strings + PADDING,) uint8, updated
    """
    written = 0
    for i in range(len(offsets) - 1):
        written = _write(text, offsets[i], offsets[i + 1], _SPACE, _NEWLINE, lines, written)
        lines[written] = _NEWLINE
        written += 1
    return written
