"""A plain, slow oracle for kernels/glove.py: glove.c (stanfordnlp/GloVe) line by line, in float64 as there.

A side, that of the words or that of the contexts, is (2, n_words, dim + 1) float64: its values, and the sums of their
squared steps, which start at 1. In both the last column is that of the biases.
"""

import numpy as np


def weight_of(x, x_max, exponent):
    """f(x), the weight of a pair in the loss."""
    return 1.0 if x > x_max else (x / x_max) ** exponent


def loss_of(x, estimate, x_max, exponent):
    """What a pair costs where its logarithm is estimated so."""
    return 0.5 * weight_of(x, x_max, exponent) * (estimate - np.log(x)) ** 2


def step_pair(words, contexts, row, column, x, *, x_max, exponent, rate, clip, bias_rate=1.0):
    """One step for the pair (row, column) that occurs x times, in place; returns its loss. Source: `glove_thread`."""
    (w, w_squares), (c, c_squares) = words[:, row], contexts[:, column]
    difference = w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(x)
    slope = weight_of(x, x_max, exponent) * difference
    w_step = np.clip(slope * c[:-1], -clip, clip) * rate
    c_step = np.clip(slope * w[:-1], -clip, clip) * rate
    for values, squares, step in ((w, w_squares, w_step), (c, c_squares, c_step)):
        values[:-1] -= step / np.sqrt(squares[:-1])
        squares[:-1] += step**2
        values[-1] -= bias_rate * slope / np.sqrt(squares[-1])
        squares[-1] += slope**2
    return 0.5 * slope * difference


def train(pairs, words, contexts, **options):
    """One (row, column, x) after the other, on copies: (the sum of their losses, words, contexts)."""
    words, contexts = words.astype(np.float64), contexts.astype(np.float64)
    loss = sum(step_pair(words, contexts, *pair, **options) for pair in pairs)
    return loss, words, contexts
