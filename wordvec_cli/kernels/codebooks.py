"""Product quantisation: k-means of the parts of rows, and the nearest centres of parts."""

import numpy as np

from wordvec_cli.kernels.parts import kernel, part

N_CODES = 256
_CODE = np.int32(N_CODES - 1)


@part
def _nearest(rows, row, first, centres, start, width, squares):
    """The code of the centre that is nearest to rows[row, first : first + width], and its squared distance.

    The low 8 bits of a distance make room for the code, so that one minimum finds both: of centres whose distances are
    the same to 15 bits, the first is taken.
    centres  flat, from `start` on, N_CODES numbers for each column
    squares  (N_CODES,) float32, written
    """
    squares[:] = np.float32(0)
    for d in range(width):
        number = rows[row, first + d]
        for code in range(N_CODES):
            distance = number - centres[start + d * N_CODES + code]
            squares[code] += distance * distance
    whole = squares.view(np.int32)  # of numbers that are not negative, in the same order
    best = np.int32(0x7FFFFFFF)
    for code in range(N_CODES):
        best = min(best, (whole[code] & ~_CODE) | np.int32(code))
    found = best & _CODE
    return found, squares[found]


@kernel
def nearest_codes(rows, centres, starts, codes):
    """codes[i, p] = the code of the centre that is nearest to part p of row i.

    rows     (n, dim)
    centres  flat, N_CODES numbers for each column
    starts   (n_parts + 1,) the first column of each part, and `dim`
    """
    squares = np.empty(N_CODES, np.float32)
    for row in range(len(rows)):
        for p in range(len(starts) - 1):
            start = starts[p]
            code, _ = _nearest(rows, row, start, centres, start * N_CODES, starts[p + 1] - start, squares)
            codes[row, p] = code


@kernel
def learn_centres(rows, n_iterations, centres):
    """Move centres to the means of the rows that are nearest to them, so often; they start at rows far apart.

    One that is nearest to no row goes to the row that is farthest from its own centre. Sums are in one order, in
    float64: the result does not depend on threads.
    rows     (n, width), at least one
    centres  (width, N_CODES), written
    Source: Lloyd 1982, Least squares quantization in PCM.
    """
    n, width = rows.shape
    squares, sums, counts = np.empty(N_CODES, np.float32), np.empty((width, N_CODES)), np.empty(N_CODES, np.int64)
    flat = centres.reshape(-1)
    for code in range(N_CODES):
        for d in range(width):
            centres[d, code] = rows[code * n // N_CODES, d]
    for _ in range(n_iterations):
        sums[:], counts[:] = 0, 0
        farthest, most = 0, np.float32(-1)
        for row in range(n):
            code, square = _nearest(rows, row, 0, flat, 0, width, squares)
            counts[code] += 1
            for d in range(width):
                sums[d, code] += rows[row, d]
            if square > most:
                farthest, most = row, square
        for code in range(N_CODES):
            for d in range(width):
                centres[d, code] = sums[d, code] / counts[code] if counts[code] else rows[farthest, d]
