"""The loss of scores, log(1 + exp(z)), and its slope."""

import numpy as np

from wordvec_cli.kernels.parts import inlined, part


def _polynomial(function, degree):
    """Coefficients, lowest power first, of the interpolation of `function` at the Chebyshev points of [0, 1]."""
    fit = np.polynomial.Chebyshev.interpolate(function, degree, domain=[0, 1])
    return [np.float32(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef]


# both good to 1e-7, the precision of float32
_E0, _E1, _E2, _E3, _E4, _E5, _E6 = _polynomial(lambda y: np.exp(-y), 6)
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = _polynomial(lambda t: np.log1p(t) / t, 7)


@part
def sigmoid_and_loss(z):
    """(sigmoid(z), log(1 + exp(z))), to single precision."""
    # exp(-|z|) = exp(-y)**16 needs no integer tricks, and nothing changes beyond 16
    y = min(abs(z), np.float32(16)) * np.float32(1 / 16)
    root = (((((_E6 * y + _E5) * y + _E4) * y + _E3) * y + _E2) * y + _E1) * y + _E0
    root = root * root
    root = root * root
    root = root * root
    t = root * root
    log1p = t * (((((((_L7 * t + _L6) * t + _L5) * t + _L4) * t + _L3) * t + _L2) * t + _L1) * t + _L0)
    # (z + |z|) / 2 is max(z, 0), but lets a NaN through to the loss, where divergence is looked for
    return (np.float32(1) if z > 0 else t) / (np.float32(1) + t), log1p + np.float32(0.5) * (z + abs(z))


@part
def slopes_and_loss(scores, weights, sign, rate):
    """Turn scores into factors of the update, in place, and return their loss, sum of weight * log(1 + exp(z)).

    z = sign * score, sign -1 for true pairs and 1 for noise. The factor, minus the rate times the slope of the loss
    in the score, is -rate * sign * weight * sigmoid(z).
    """
    loss = np.float32(0)  # of one group; the caller adds groups up in float64
    for i in range(len(scores)):
        sigmoid, log = sigmoid_and_loss(sign * scores[i])
        loss += weights[i] * log
        scores[i] = -rate * sign * weights[i] * sigmoid
    return loss


@part
def signed_slopes_and_loss(scores, signs, rate):
    """As `slopes_and_loss`, each score with a sign of its own: -1, 1, or 0 for what is no pair."""
    loss = np.float32(0)
    for i in range(len(scores)):
        sigmoid, log = sigmoid_and_loss(signs[i] * scores[i])
        loss += abs(signs[i]) * log
        scores[i] = -rate * signs[i] * sigmoid
    return loss


@inlined
def limit_factors(factors, first, n, limit):
    """Scale factors[first : first + n] down, in place, where their sizes sum up to more than `limit`."""
    total = np.float32(0)
    for i in range(first, first + n):
        total += abs(factors[i])
    if total > limit:
        for i in range(first, first + n):
            factors[i] *= limit / total
