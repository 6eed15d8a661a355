"""Vectors in text: kernels that read `word v1 v2 ...` lines.

A number is read as its decimal digits, an integer, times a power of ten, in float64. That is exact for up to 15 digits
(Clinger 1990, "How to read floating point numbers accurately"). Where it is not, it is off by a few units in the last
of 53 bits, which does not matter to the 24 bits that are kept, unless the number lies between two of them: then it is
left to Python.
"""

import numpy as np

from wordvec_cli.kernels.parts import inlined, kernel

NEWLINE, CARRIAGE_RETURN, SPACE, TAB = 10, 13, 32, 9
PLUS, MINUS, DOT, ZERO, SMALL_E, LARGE_E = 43, 45, 46, 48, 101, 69
TEN = np.uint64(10)
MOST_DIGITS = 19  # that a 64-bit integer holds
EXACT_DIGITS, EXACT_POWER = 2**53, 22
SMALLEST_POWER, LARGEST_POWER = -300, 300
POWERS = np.array([float(f"1e{i}") for i in range(SMALLEST_POWER, LARGEST_POWER + 1)])
DOUBT = 2.0**-49  # relative; the digits, the power and their product are off by 2^-53 each, at most

READ, UNSURE = 0, 1  # a number: was read, or has to be read by Python, if it is one
EMPTY, WRONG_WIDTH, NO_NUMBER = 0, 1, 2  # a line that is not a row


@inlined
def is_blank(byte):
    return byte == SPACE or byte == TAB  # noqa: PLR1714  a tuple is slower


@inlined
def ends_field(byte):
    return byte == SPACE or byte == NEWLINE or byte == TAB or byte == CARRIAGE_RETURN  # noqa: PLR1714


@inlined
def digit_at(text, position):
    """The digit there; 10 or more if there is none."""
    return np.uint64(text[position]) - np.uint64(ZERO)


@inlined
def scaled(digits, power):
    """(digits * 10 ** power, READ), to the precision of float32; (0, UNSURE) if that takes more than float64."""
    if digits <= EXACT_DIGITS and -EXACT_POWER <= power <= EXACT_POWER:
        if power < 0:
            return np.float64(digits) / POWERS[-power - SMALLEST_POWER], READ
        return np.float64(digits) * POWERS[power - SMALLEST_POWER], READ
    if digits == 0:
        return 0.0, READ
    if power < SMALLEST_POWER or power > LARGEST_POWER:
        return 0.0, UNSURE
    value = np.float64(digits) * POWERS[power - SMALLEST_POWER]
    is_sure = np.float32(value * (1 - DOUBT)) == np.float32(value * (1 + DOUBT))
    return value, READ if is_sure else UNSURE


@inlined
def read_number(text, position):
    """The field that starts at a position: (its value, where it ends, status)."""
    negative = text[position] == MINUS
    position += negative or text[position] == PLUS
    first, digits = position, np.uint64(0)
    digit = digit_at(text, position)
    while digit < TEN:
        digits = digits * TEN + digit
        position += 1
        digit = digit_at(text, position)
    n_digits, power = position - first, 0
    if text[position] == DOT:
        position += 1
        first = position
        digit = digit_at(text, position)
        while digit < TEN:
            digits = digits * TEN + digit
            position += 1
            digit = digit_at(text, position)
        power = first - position
        n_digits -= power
    if n_digits and (text[position] == SMALL_E or text[position] == LARGE_E):
        position += 1
        sign = -1 if text[position] == MINUS else 1
        position += text[position] == MINUS or text[position] == PLUS
        first, exponent = position, 0
        digit = digit_at(text, position)
        while digit < TEN:
            exponent = min(exponent * 10 + np.int64(digit), 100_000)
            position += 1
            digit = digit_at(text, position)
        power += sign * exponent
        n_digits *= position > first
    if not ends_field(text[position]) or not 0 < n_digits <= MOST_DIGITS:
        while not ends_field(text[position]):
            position += 1
        return 0.0, position, UNSURE  # Python knows more digits, and nan and inf
    value, status = scaled(digits, power)
    return -value if negative else value, position, status


@inlined
def read_numbers(text, position, dim, matrix, row, unsure, n_unsure):
    """Read `dim` numbers into a row, to the end of the line: (where it is, -1 if there are more or fewer; n_unsure).

    Those of which it is not sure are listed in unsure (n, 4) int64: row, column, and from where to where in the text.
    """
    for d in range(dim):
        while is_blank(text[position]):
            position += 1
        if text[position] == NEWLINE:
            return -1, n_unsure
        first = position
        value, position, status = read_number(text, position)
        if status == UNSURE:
            unsure[n_unsure, 0], unsure[n_unsure, 1] = row, d
            unsure[n_unsure, 2], unsure[n_unsure, 3] = first, position
            n_unsure += 1
        matrix[row, d] = np.float32(value)
    while is_blank(text[position]) or text[position] == CARRIAGE_RETURN:
        position += 1
    return position if text[position] == NEWLINE else -1, n_unsure


@inlined
def start_of_numbers(text, start, end, dim):
    """Where the last `dim` fields of a line start; -1 if there are not as many after its first byte."""
    position = end
    for _ in range(dim):
        while position > start and ends_field(text[position - 1]):
            position -= 1
        while position > start and not ends_field(text[position - 1]):
            position -= 1
    return position if position > start else -1


@kernel
def count_lines(text):
    n = 0
    for byte in text:
        n += byte == NEWLINE
    return n


@kernel
def read_plain_lines(text, dim, matrix, words, word_ends, lines, progress):
    """As `read_lines`, up to the first line that is not a word and `dim` numbers of which it is sure.

    Most files have no other lines, and `read_lines` takes as long again to compile.
    """
    start, line, n_rows, n_word_bytes = progress[0], progress[1], progress[2], progress[3]
    while start < len(text):
        position = start
        while not ends_field(text[position]):
            position += 1
        n_after = n_word_bytes + position - start
        d = np.int64(0) if position > start else dim + 1
        while d < dim:
            while is_blank(text[position]):
                position += 1
            value, position, status = read_number(text, position)
            matrix[n_rows, d] = np.float32(value)
            d += 1 if status == READ else dim + 1
        while is_blank(text[position]) or text[position] == CARRIAGE_RETURN:
            position += 1
        if d > dim or text[position] != NEWLINE:
            break
        for i in range(n_after - n_word_bytes):
            words[n_word_bytes + i] = text[start + i]
        word_ends[n_rows], lines[n_rows] = n_after, line
        n_word_bytes = n_after
        n_rows += 1
        start = position + 1
        line += 1
    progress[0], progress[1], progress[2], progress[3] = start, line, n_rows, n_word_bytes


@kernel
def read_lines(text, dim, matrix, words, word_ends, lines, unsure, problems, progress):
    """Read lines on from where `progress` is, until the text ends or there is no more room for unsure numbers.

    text       uint8, whole lines
    matrix     (n_lines, dim) float32, written: a row for each line that is one
    words      uint8, as long as the text; word_ends (n_lines,) int64: the words of the rows back to back, written
    lines      (n_lines,) int64, written: on which line each row was, from 0
    unsure     (n, 4) int64, at least 2 dim rows, written: numbers that Python has to read, see `read_numbers`
    problems   (n_lines, 2) int64, written: a line, and EMPTY or WRONG_WIDTH
    progress   (5,) int64, updated: bytes and lines read, rows, bytes of words, and problems so far
    Returns how many numbers are unsure.
    """
    start, line, n_rows, n_word_bytes, n_problems = progress
    n_unsure = np.int64(0)
    while start < len(text) and n_unsure + dim <= len(unsure):
        word_end = start
        while not ends_field(text[word_end]):
            word_end += 1
        numbers, end = word_end if word_end > start else np.int64(-1), np.int64(-1)
        while True:
            stop, n_after = np.int64(-1), n_unsure
            if numbers >= 0:
                stop, n_after = read_numbers(text, numbers, dim, matrix, n_rows, unsure, n_unsure)
            if end >= 0 or (stop >= 0 and n_after == n_unsure):
                break
            end = start  # the word may have blanks in it: once more, from the line's end
            while text[end] != NEWLINE:
                end += 1
            numbers = start_of_numbers(text, start, end, dim)
            word_end = numbers
            while word_end > start and is_blank(text[word_end - 1]):
                word_end -= 1
        if stop < 0:
            is_empty = True
            for position in range(start, end):
                is_empty &= ends_field(text[position])
            problems[n_problems, 0], problems[n_problems, 1] = line, EMPTY if is_empty else WRONG_WIDTH
            n_problems += 1
            start = end + 1
            line += 1
            continue
        n_unsure = n_after
        for position in range(start, word_end):
            words[n_word_bytes] = text[position]
            n_word_bytes += 1
        word_ends[n_rows], lines[n_rows] = n_word_bytes, line
        n_rows += 1
        start = stop + 1
        line += 1
    progress[0], progress[1], progress[2], progress[3], progress[4] = start, line, n_rows, n_word_bytes, n_problems
    return n_unsure
