"""Plain, slow oracles for the kernels of word2vec: the same random draws, then the textbook objective pair by pair."""

import numpy as np


def group_terms(kept, low, high, noise, group, begin, negative):
    """The terms (context word, output word, sign, weight) of the loss of the group of tokens that starts at `begin`.

    A pair is a centre c and a word i of its window. The pairs with c in the group count -log sigmoid(x_i . y_c), and
    those with i in the group -negative / len(noise) * sum over noise words k other than c of log sigmoid(-x_i . y_k).
    """
    tokens = range(begin, min(begin + group, len(kept)))
    for c in range(len(kept)):
        for i in range(low[c], high[c]):
            if i != c and c in tokens:
                yield kept[i], kept[c], -1, 1.0
            if i != c and i in tokens:
                for word in noise[begin // group]:
                    if word != kept[c]:
                        yield kept[i], word, 1, negative / noise.shape[1]


def term_loss(inputs, outputs, i, o, sign, weight):
    """(loss, its slope in the score) of a term."""
    z = sign * float(inputs[i] @ outputs[o])
    return weight * np.logaddexp(0, z), sign * weight / (1 + np.exp(-z))


def group_loss(kept, low, high, noise, group, begin, inputs, outputs, negative):
    """(loss, gradient of inputs, gradient of outputs, pairs) of the group of tokens that starts at `begin`."""
    loss, pairs = 0.0, 0
    input_gradient, output_gradient = np.zeros_like(inputs), np.zeros_like(outputs)
    for i, o, sign, weight in group_terms(kept, low, high, noise, group, begin, negative):
        of_term, slope = term_loss(inputs, outputs, i, o, sign, weight)
        loss += of_term
        pairs += sign < 0
        input_gradient[i] += slope * outputs[o]
        output_gradient[o] += slope * inputs[i]
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


def skipgram_in_step(kept, low, high, noise, group, batch, inputs, outputs, negative, rate, last_rate, limit):
    """Gradient descent, `batch` groups at a time, on copies in float64: (loss, pairs, inputs, outputs).

    The sizes of the steps along a word's terms sum up to `limit` at most; if it is more, they shrink alike.
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for first in range(0, len(kept), batch * group):
        rate_now = rate + (last_rate - rate) * (first // group) / -(-len(kept) // group)
        steps = [np.zeros_like(inputs), np.zeros_like(outputs)]
        sizes = [np.zeros(len(inputs)), np.zeros(len(outputs))]
        for begin in range(first, min(first + batch * group, len(kept)), group):
            for i, o, sign, weight in group_terms(kept, low, high, noise, group, begin, negative):
                of_term, slope = term_loss(inputs, outputs, i, o, sign, weight)
                loss += of_term
                pairs += sign < 0
                steps[0][i] -= rate_now * slope * outputs[o]
                steps[1][o] -= rate_now * slope * inputs[i]
                sizes[0][i] += rate_now * abs(slope)
                sizes[1][o] += rate_now * abs(slope)
        fitting = [(limit / np.maximum(size, limit))[:, None] for size in sizes]
        inputs += fitting[0] * steps[0]
        outputs += fitting[1] * steps[1]
    return loss, pairs, inputs, outputs


def cbow_window(kept, low, high, c):
    """The context words of centre c."""
    return [kept[i] for i in range(low[c], high[c]) if i != c]


def step_window(inputs, outputs, context, words, signs, average, divide_error, rate):
    """One step of a window that predicts output rows, in place; returns its loss.

    Slopes are taken at once; then output rows change one after the other, and each adds to the error as it was before.
    Each context word gets the whole error, or with `divide_error` that over their number. A step is at most 1/4, the
    geometric mean of what it adds of the hidden vector to rows, and of the rows to the hidden vector.

    signs  -1 for a row whose score is to become large, else 1
    """
    hidden_share, error_share = (1 / len(context) if flag else 1 for flag in (average, divide_error))
    hidden = hidden_share * inputs[context].sum(axis=0)
    scores = signs * (outputs[words] @ hidden)
    factors = -rate * signs / (1 + np.exp(-scores))
    repeats = sum(context.count(word) for word in context)
    factors /= max(1, 4 * abs(factors).sum() * np.sqrt(hidden_share * error_share * repeats))
    error = np.zeros_like(hidden)
    for word, factor in zip(words, factors, strict=True):
        error += factor * outputs[word]
        outputs[word] += factor * hidden
    for word in context:
        inputs[word] += error_share * error
    return np.logaddexp(0, scores).sum()


def train_windows(kept, low, high, predicted, inputs, outputs, average, divide_error, rate):
    """CBOW, centre by centre, on copies in float64: (loss, centres with context, inputs, outputs).

    predicted  a function from a centre to its output rows and their signs
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_centres = 0.0, 0
    for c in range(len(kept)):
        context = cbow_window(kept, low, high, c)
        if context:
            n_centres += 1
            words, signs = predicted(c)
            loss += step_window(inputs, outputs, context, words, np.array(signs), average, divide_error, rate)
    return loss, n_centres, inputs, outputs


def cbow(kept, low, high, noise, inputs, outputs, average, divide_error, rate):
    """CBOW with negative sampling: a centre predicts itself and not its noise words, but for those that are itself."""

    def predicted(c):
        others = [word for word in noise[c] if word != kept[c]]
        return [kept[c], *others], [-1, *[1] * len(others)]

    return train_windows(kept, low, high, predicted, inputs, outputs, average, divide_error, rate)


def cbow_hs(kept, low, high, codes, inputs, outputs, average, divide_error, rate):
    """CBOW with hierarchical softmax: a centre predicts the nodes of its path."""

    def predicted(c):
        nodes, code = codes[kept[c]]
        return nodes, [2 * bit - 1 for bit in code]

    return train_windows(kept, low, high, predicted, inputs, outputs, average, divide_error, rate)


def huffman_codes(counts):
    """For each word its inner nodes and its code, root first. Source: word2vec.c, CreateBinaryTree, line by line.

    counts  falling
    """
    n = len(counts)
    count, parent, binary = [*counts, *([10**15] * n)], [0] * (2 * n), [0] * (2 * n)
    leaf, inner = n - 1, n
    for node in range(n, 2 * n - 1):
        children = []
        for code in (0, 1):
            if leaf >= 0 and count[leaf] < count[inner]:
                children.append(leaf)
                leaf -= 1
            else:
                children.append(inner)
                inner += 1
            parent[children[code]], binary[children[code]] = node, code
        count[node] = count[children[0]] + count[children[1]]
    codes = []
    for word in range(n):
        nodes, code, node = [], [], word
        while node != 2 * n - 2:
            code.append(binary[node])
            node = parent[node]
            nodes.append(node - n)
        codes.append((nodes[::-1], code[::-1]))
    return codes


def skipgram_hs(kept, low, high, codes, inputs, outputs, rate):
    """Skip-gram with hierarchical softmax, in float64: (loss, pairs, inputs, outputs).

    Each word of a window predicts the centre's path by itself, one after the other.
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_pairs = 0.0, 0
    for c in range(len(kept)):
        nodes, code = codes[kept[c]]
        for word in cbow_window(kept, low, high, c):
            n_pairs += 1
            loss += step_window(inputs, outputs, [word], nodes, 2 * np.array(code) - 1, True, False, rate)
    return loss, n_pairs, inputs, outputs


def windows(ids, offsets, first, last):
    """The known words of ids[first:last], as (word, line) pairs: what must be kept when nothing is subsampled."""
    lines = np.searchsorted(offsets, np.arange(first, last), side="right")
    return [(word, line) for word, line in zip(ids[first:last], lines, strict=True) if word >= 0]
