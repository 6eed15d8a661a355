"""Columns of tables whose cells stand between delimiters (CSV, TSV), and of arrays of strings, as lines of text.

A text that is scanned, and one that is written, ends in `PADDING` bytes: loads and stores are 64 bytes wide. What a
quote, a delimiter and a line end mean is what Python's csv module says, in its default dialect.
"""

import numpy as np
from numba import njit

from wordvec_cli.kernels.byte_lanes import WIDTH, copy_64, equal, equal_one, n_bits
from wordvec_cli.kernels.text import OPTIONS, _lowest_bit

CONSUMED, WRITTEN, ROWS, UNREADABLE, FIRST_UNREADABLE, ITS_CELLS, MISQUOTED, FIRST_MISQUOTED, HEADERS, TALLIES = range(
    10
)
NO_QUOTE = -1

_NEWLINE, _RETURN, _SPACE = 10, 13, 32
_NONE, _ONE, _LAST = np.uint64(0), np.uint64(1), np.uint64(63)  # of bits


# ---------------------------------------------------------------- delimited tables


@njit(**OPTIONS)
def lines_of_rows(text, size, dialect, slots, boundaries, spans, lines, tallies):
    """Write the wanted cells of each whole row of `text` as a line; a row without them is an empty one.

    text       (size + PADDING,) uint8; a row whose end is not in the first `size` bytes is left for the next call
    dialect    (8,) int64: the delimiter; the quote or NO_QUOTE; what separates the wanted cells (within them, it and
               line ends become blanks); how many of those are the line of a row without the cells; the fewest and the
               most cells of a row that has them; and how long the header is, or 0 if none is looked for, and its first
               8 bytes, the first lowest
    slots      (n_columns,) int64: which of the wanted cells a column is, or -1
    boundaries  (n, 3) int64, ascending: after how many delimiters or line ends of its row a wanted cell begins or ends;
               which of the wanted cells; whether it ends, which comes first. Not: that the first cell begins
                with its row
    spans      (n_wanted, 3) int64, for the starts, the closing quotes (or -1) and the ends of the cells
    lines      ((1 + dialect[3]) * size + PADDING,) uint8, updated
    tallies    (TALLIES,) int64, updated: how much was read and written, the rows, those that cannot be read: with too
               few cells or too many, and of the first its number, from 0, and its cells; those where text follows a
               closing quote, where one may be missing, and the number of the first; and those that begin as the header
               and are as long
    """
    tallies[:] = 0
    while True:
        row_start = _rows_by_bits(text, size, dialect, boundaries, spans, lines, tallies)
        if row_start < 0:
            return
        n_cells, end, is_misquoted = _scan_row(text, row_start, size, dialect[0], dialect[1], slots, spans)
        if n_cells < 0:
            return
        if n_cells > 0:
            if is_misquoted:
                _count_misquoted(tallies)
            _write_row(text, n_cells, dialect, spans, lines, tallies)
        tallies[CONSUMED] = end


@njit(**OPTIONS)
def _rows_by_bits(text, size, dialect, boundaries, spans, lines, tallies):
    """Take rows from tallies[CONSUMED] on, 64 bytes at a time; -1, or the start of a row for `_scan_row`.

    Where quotes stand only around cells, and doubled within them, a byte is in quotes if the quotes up to it are odd in
    number (Source: Langdale, Lemire, Parsing gigabytes of JSON per second, section 3.1.1). A quote that opens anywhere
    else than after a delimiter, a line end or a quote breaks that rule: its row is left to `_scan_row`.
    """
    delimiter, quote = dialect[0], dialect[1]
    n_boundaries = len(boundaries)
    position = row_start = tallies[CONSUMED]
    n_cells = boundary = 0
    in_quotes, may_open = _NONE, _ONE  # of the byte before: all ones or none; whether a quote may follow it
    while position < size:
        quotes = equal_one(text, position, quote) if quote != NO_QUOTE else _NONE
        ends = equal(text, position, _NEWLINE, _NEWLINE)
        separators = ends | equal_one(text, position, delimiter)
        if quotes == _NONE and (in_quotes != _NONE or separators == _NONE):
            may_open = _NONE
            position += WIDTH
            continue
        if size - position < WIDTH:
            there = (_ONE << np.uint64(size - position)) - _ONE
            quotes, separators, ends = quotes & there, separators & there, ends & there
        quoted = _running_parity(quotes) ^ in_quotes
        in_quotes = _NONE - (quoted >> _LAST)
        separators, ends = separators & ~quoted, ends & ~quoted
        marks = separators | quotes
        misplaced = quotes & quoted & ~((marks << _ONE) | may_open)
        may_open = marks >> _LAST
        if misplaced != _NONE:
            before = (misplaced & (_NONE - misplaced)) - _ONE
            separators, ends = separators & before, ends & before
        while separators != _NONE:
            of_row = separators & (ends ^ (ends - _ONE)) if ends != _NONE else separators
            n = n_bits(of_row)
            rest, number = of_row, n_cells
            while boundary < n_boundaries and boundaries[boundary, 0] < n_cells + n:
                while number < boundaries[boundary, 0]:
                    rest &= rest - _ONE
                    number += 1
                ends_cell = boundaries[boundary, 2]
                spans[boundaries[boundary, 1], 2 * ends_cell] = position + _lowest_bit(rest) + 1 - ends_cell
                boundary += 1
            n_cells += n
            if ends == _NONE:
                break
            end = position + _lowest_bit(ends)
            if end > row_start:  # else a blank line, or the newline after a return
                tallies[HEADERS] += end - row_start == dialect[6] and _begins_as_header(text, row_start, dialect)
                if dialect[4] <= n_cells <= dialect[5] and _find_quotes(text, row_start, quote, boundaries, spans):
                    _count_misquoted(tallies)
                _write_row(text, n_cells, dialect, spans, lines, tallies)
            row_start = end + 1
            n_cells = boundary = 0
            separators ^= of_row
            ends &= ends - _ONE
        if misplaced != _NONE:
            tallies[CONSUMED] = row_start
            return row_start
        position += WIDTH
    tallies[CONSUMED] = row_start
    return -1


@njit(**OPTIONS)
def _begins_as_header(text, row_start, dialect):
    for i in range(min(8, dialect[6])):  # noqa: SIM110  a generator cannot be compiled
        if text[row_start + i] != (dialect[7] >> (8 * i)) & 255:
            return False
    return True


@njit(**OPTIONS)
def _running_parity(bits):
    """uint64 whose bit i tells if bits 0 to i have an odd number of ones."""
    if bits == _NONE:
        return bits
    for shift in (1, 2, 4, 8, 16, 32):
        bits ^= bits << np.uint64(shift)
    return bits


@njit(**OPTIONS)
def _find_quotes(text, row_start, quote, boundaries, spans):
    """Take the quotes of wanted cells out of their spans; whether text follows one that closes."""
    is_misquoted = False
    if boundaries[0, 0] == 0 and boundaries[0, 2] == 1:  # of the first column
        spans[boundaries[0, 1], 0] = row_start
    for slot in range(len(spans)):
        start, end = spans[slot, 0], spans[slot, 2]
        spans[slot, 1] = -1
        if start < end and text[start] == quote:
            spans[slot, 0] = start + 1
            is_last = text[end - 1] == quote
            is_misquoted |= not is_last
            spans[slot, 1] = end - 1 if is_last else _closing_quote(text, start + 1, end + 1, quote)
    return is_misquoted


@njit(**OPTIONS)
def _count_misquoted(tallies):
    if tallies[MISQUOTED] == 0:
        tallies[FIRST_MISQUOTED] = tallies[ROWS]
    tallies[MISQUOTED] += 1


@njit(**OPTIONS)
def _write_row(text, n_cells, dialect, spans, lines, tallies):
    written = tallies[WRITTEN]
    if dialect[4] <= n_cells <= dialect[5]:
        written = _write_cells(text, spans, dialect[2], dialect[1], lines, written)
    else:
        if tallies[UNREADABLE] == 0:
            tallies[FIRST_UNREADABLE] = tallies[ROWS]
            tallies[ITS_CELLS] = n_cells
        tallies[UNREADABLE] += 1
        for _ in range(dialect[3]):
            lines[written] = dialect[2]
            written += 1
    lines[written] = _NEWLINE
    tallies[WRITTEN] = written + 1
    tallies[ROWS] += 1


@njit(**OPTIONS)
def _scan_row(text, position, size, delimiter, quote, slots, spans):
    """How many cells the row at `position` has, 0 for a blank line and -1 if its end is not there; its end; and whether
    text follows a closing quote.

    Cell by cell, whatever stands where.
    """
    if position >= size:
        return -1, position, False
    if text[position] == _NEWLINE:
        return 0, position + 1, False
    n_cells, is_misquoted = 0, False
    while True:
        start, close = position, -1
        if text[position] == quote and position < size:
            start = position + 1
            close = _closing_quote(text, start, size, quote)
            if close < 0:
                return -1, position, False
            position = close + 1
        position = _cell_end(text, position, size, delimiter)
        if position >= size:
            return -1, position, False
        is_misquoted |= 0 <= close < position - 1
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
                return -1, position, False
            if text[position] == _NEWLINE:
                position += 1
        return (0 if is_blank else n_cells), position, is_misquoted


@njit(**OPTIONS)
def _closing_quote(text, position, size, quote):
    """Where the quoted cell that goes on at `position` has its closing quote; -1 if the text ends before that is known.

    Two quotes in a row stand for one. The byte after a quote has to be there to tell.
    """
    while position < size:
        bits = equal_one(text, position, quote)
        if bits == 0:
            position += WIDTH
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
        bits = equal(text, position, delimiter, delimiter)
        if bits != 0:
            return position + _lowest_bit(bits)
        position += WIDTH
    return position


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
        bits = equal(text, start, quote, blank)
        copy_64(text, start, lines, written)
        n = WIDTH if bits == 0 else _lowest_bit(bits)
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
