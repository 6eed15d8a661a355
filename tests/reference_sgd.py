"""Plain, slow oracles for kernels/sgd.py: the same random draws, then the textbook objective pair by pair."""

import numpy as np


def group_loss(kept, low, high, noise, group, begin, inputs, outputs, negative):
    """(loss, gradient of inputs, gradient of outputs, pairs) of the group of tokens that starts at `begin`.

    A pair is a centre c and a word i of its window. The pairs with c in the group count -log sigmoid(x_i . y_c), and
    those with i in the group -negative / len(noise) * sum over noise words k other than c of log sigmoid(-x_i . y_k).
    """
    loss, pairs = 0.0, 0
    input_gradient, output_gradient = np.zeros_like(inputs), np.zeros_like(outputs)
    tokens = range(begin, min(begin + group, len(kept)))

    def term(i, o, sign, weight):
        z = sign * float(inputs[i] @ outputs[o])
        slope = sign * weight / (1 + np.exp(-z))
        input_gradient[i] += slope * outputs[o]
        output_gradient[o] += slope * inputs[i]
        return weight * np.logaddexp(0, z)

    for c in range(len(kept)):
        for i in range(low[c], high[c]):
            if i != c and c in tokens:
                pairs += 1
                loss += term(kept[i], kept[c], -1, 1.0)
            if i != c and i in tokens:
                for word in noise[begin // group]:
                    if word != kept[c]:
                        loss += term(kept[i], word, 1, negative / noise.shape[1])
    return loss, input_gradient, output_gradient, pairs


def skipgram(kept, low, high, noise, group, inputs, outputs, negative, rate):
    """Gradient descent, group by group, on copies in float64: (loss, pairs, inputs, outputs)."""
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for begin in range(0, len(kept), group):
        group_result = group_loss(kept, low, high, noise, group, begin, inputs, outputs, negative)
        loss += group_result[0]
        inputs -= rate * group_result[1]
        outputs -= rate * group_result[2]
        pairs += group_result[3]
    return loss, pairs, inputs, outputs


def windows(ids, offsets, first, last):
    """The known words of ids[first:last], as (word, line) pairs: what must be kept when nothing is subsampled."""
    lines = np.searchsorted(offsets, np.arange(first, last), side="right")
    return [(word, line) for word, line in zip(ids[first:last], lines, strict=True) if word >= 0]
