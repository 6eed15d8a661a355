"""Plain, slow oracles for kernels/sgd.py: the same random draws, then the textbook objective pair by pair."""

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


def cbow_group(kept, low, high, noise, group, begin, inputs, outputs, average, divide_error, negative):
    """(loss, step of inputs, step of outputs, centres with context) of the group of centres that starts at `begin`.

    A step is what plain gradient descent with rate 1 would add, but that each context word gets the whole gradient of
    the hidden vector, or with `divide_error` that over the number of context words.
    """
    loss, n_centres = 0.0, 0
    input_step, output_step = np.zeros_like(inputs), np.zeros_like(outputs)
    for c in range(begin, min(begin + group, len(kept))):
        context = cbow_window(kept, low, high, c)
        if not context:
            continue
        n_centres += 1
        hidden = inputs[context].sum(axis=0) / (len(context) if average else 1)
        share = negative / noise.shape[1]
        terms = [(kept[c], -1, 1.0)] + [(word, 1, share) for word in noise[begin // group] if word != kept[c]]
        error = np.zeros_like(hidden)
        for word, sign, weight in terms:
            z = sign * float(hidden @ outputs[word])
            loss += weight * np.logaddexp(0, z)
            slope = sign * weight / (1 + np.exp(-z))
            error -= slope * outputs[word]
            output_step[word] -= slope * hidden
        for word in context:
            input_step[word] += error / (len(context) if divide_error else 1)
    return loss, input_step, output_step, n_centres


def cbow(kept, low, high, noise, group, inputs, outputs, average, divide_error, negative, rate):
    """CBOW group by group, on copies in float64: (loss, centres with context, inputs, outputs)."""
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_centres = 0.0, 0
    for begin in range(0, len(kept), group):
        result = cbow_group(
            kept, low, high, noise, group, begin, inputs, outputs, average, divide_error, negative
        )  # fmt: skip
        loss += result[0]
        inputs += rate * result[1]
        outputs += rate * result[2]
        n_centres += result[3]
    return loss, n_centres, inputs, outputs


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


def path_step(hidden, outputs, nodes, code):
    """(loss, step of the hidden vector, step of each node) of predicting a word's path, for rate 1."""
    loss, error, node_steps = 0.0, np.zeros_like(hidden), []
    for node, bit in zip(nodes, code, strict=True):
        score = float(hidden @ outputs[node])
        sigmoid = 1 / (1 + np.exp(-score))
        loss += np.logaddexp(0, score if bit else -score)
        error += (1 - bit - sigmoid) * outputs[node]
        node_steps.append((1 - bit - sigmoid) * hidden)
    return loss, error, node_steps


def skipgram_hs_window(kept, low, high, c, codes, inputs, outputs):
    """(loss, step of inputs, step of outputs) of centre c: each context row predicts the centre's path."""
    loss, input_step, output_step = 0.0, np.zeros_like(inputs), np.zeros_like(outputs)
    for word in cbow_window(kept, low, high, c):
        result = path_step(inputs[word], outputs, *codes[kept[c]])
        loss += result[0]
        input_step[word] += result[1]
        for node, step in zip(codes[kept[c]][0], result[2], strict=True):
            output_step[node] += step
    return loss, input_step, output_step


def skipgram_hs(kept, low, high, codes, inputs, outputs, rate):
    """Skip-gram with hierarchical softmax, centre by centre, in float64: (loss, pairs, inputs, outputs)."""
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for c in range(len(kept)):
        result = skipgram_hs_window(kept, low, high, c, codes, inputs, outputs)
        loss += result[0]
        inputs += rate * result[1]
        outputs += rate * result[2]
        pairs += len(cbow_window(kept, low, high, c))
    return loss, pairs, inputs, outputs


def cbow_hs(kept, low, high, codes, group, inputs, outputs, average, divide_error, rate):
    """CBOW with hierarchical softmax, in float64: (loss, centres with context, inputs, outputs).

    Nodes change after each centre, inputs after each group of centres.
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_centres = 0.0, 0
    for begin in range(0, len(kept), group):
        before = inputs.copy()
        for c in range(begin, min(begin + group, len(kept))):
            context = cbow_window(kept, low, high, c)
            if not context:
                continue
            n_centres += 1
            hidden = before[context].sum(axis=0) / (len(context) if average else 1)
            result = path_step(hidden, outputs, *codes[kept[c]])
            loss += result[0]
            for word in context:
                inputs[word] += rate * result[1] / (len(context) if divide_error else 1)
            for node, step in zip(codes[kept[c]][0], result[2], strict=True):
                outputs[node] += rate * step
    return loss, n_centres, inputs, outputs


def windows(ids, offsets, first, last):
    """The known words of ids[first:last], as (word, line) pairs: what must be kept when nothing is subsampled."""
    lines = np.searchsorted(offsets, np.arange(first, last), side="right")
    return [(word, line) for word, line in zip(ids[first:last], lines, strict=True) if word >= 0]
