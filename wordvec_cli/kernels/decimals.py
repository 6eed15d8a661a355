"""float32 to its shortest decimal, natively, for the values whose scaling by a power of ten is exact in float64."""

import numpy as np
from numba import njit

MAX_BYTES = 16  # "-1.23456789e-10" and a separator
MAX_DIGITS = 9
_EXACT_POWERS = 10.0 ** np.arange(23)  # 10**22 is the last power of ten that float64 holds exactly
_INTEGER_POWERS = 10 ** np.arange(MAX_DIGITS + 1)


@njit(nogil=True, cache=True)
def write_row(row, separator, line):
    """Write the values of `row` (dim,) float32 into `line` uint8; the number of bytes, or -1 if one needs the slow way.

    A decimal of at most nine digits divided by a power of ten up to 10**22 is correctly rounded in float64, so that
    reading back is exact. Source: Clinger 1990, How to read floating point numbers accurately.
    """
    size = 0
    for i in range(len(row)):
        if i > 0:
            line[size] = separator
            size += 1
        size = _write_value(row[i], line, size)
        if size < 0:
            return -1
    return size


@njit(nogil=True, cache=True)
def _write_value(value, line, size):
    magnitude = abs(np.float64(value))
    if value < 0 or (value == 0 and np.copysign(1.0, value) < 0):
        line[size] = ord("-")
        size += 1
    if magnitude == 0:
        line[size] = ord("0")
        return size + 1
    if not 1e-13 < magnitude < 1e9:  # beyond, the power of ten would not be exact; NaN ends here as well
        return -1
    exponent = int(np.floor(np.log10(magnitude)))
    if magnitude < _scaled(1, -exponent):  # log10 rounds
        exponent -= 1
    elif magnitude >= _scaled(1, -exponent - 1):
        exponent += 1
    digits, n_digits, exponent = _fewest_digits(np.float32(magnitude), magnitude, exponent)
    return _write_digits(digits, n_digits, exponent, line, size)


@njit(nogil=True, cache=True)
def _scaled(digits, power):
    """digits / 10**power, correctly rounded for |power| <= 22."""
    if power >= 0:
        return digits / _EXACT_POWERS[power]
    return digits * _EXACT_POWERS[-power]


@njit(nogil=True, cache=True)
def _fewest_digits(value, magnitude, exponent):
    """The integer of fewest digits that reads back as `value`, how many they are, and the decimal exponent."""
    best, best_length, best_exponent = 0, 0, exponent
    for n_digits in range(MAX_DIGITS - 1, 0, -1):
        power = n_digits - 1 - exponent
        digits = int(np.rint(_scaled(magnitude, -power)))
        rounded_exponent = exponent
        if digits == _INTEGER_POWERS[n_digits]:
            digits //= 10
            rounded_exponent += 1
        if np.float32(_scaled(digits, n_digits - 1 - rounded_exponent)) != value:
            break
        best, best_length, best_exponent = digits, n_digits, rounded_exponent
    if best_length == 0:
        best, best_length = int(np.rint(_scaled(magnitude, exponent + 1 - MAX_DIGITS))), MAX_DIGITS
    while best_length > 1 and best % 10 == 0:
        best //= 10
        best_length -= 1
    return best, best_length, best_exponent


@njit(nogil=True, cache=True)
def _write_digits(digits, n_digits, exponent, line, size):
    """As C's %g does: exponents below -4 or beyond the digits are written with an `e`."""
    if exponent < -4 or exponent >= n_digits:
        size = _write_integer(digits, n_digits, min(n_digits, 1), line, size)
        line[size] = ord("e")
        line[size + 1] = ord("-") if exponent < 0 else ord("+")
        exponent = abs(exponent)
        line[size + 2] = ord("0") + exponent // 10
        line[size + 3] = ord("0") + exponent % 10
        return size + 4
    if exponent >= 0:
        return _write_integer(digits, n_digits, exponent + 1, line, size)
    line[size] = ord("0")
    line[size + 1] = ord(".")
    size += 2
    for _ in range(-1 - exponent):
        line[size] = ord("0")
        size += 1
    return _write_integer(digits, n_digits, n_digits, line, size)


@njit(nogil=True, cache=True)
def _write_integer(digits, n_digits, n_before_point, line, size):
    """The digits, with a point after the first `n_before_point` if any follow."""
    end = size + n_digits + (1 if n_before_point < n_digits else 0)
    position = end - 1
    for i in range(n_digits):
        if i == n_digits - n_before_point and i > 0:
            line[position] = ord(".")
            position -= 1
        line[position] = ord("0") + digits % 10
        digits //= 10
        position -= 1
    return end
