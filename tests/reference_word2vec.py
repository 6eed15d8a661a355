"""Plain, slow oracles for the kernels of word2vec: the same random draws, then the textbook objective pair by pair."""

import itertools

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


def skipgram(kept, low, high, noise, group, inputs, outputs, negative, rate, bounds=None):
    """Gradient descent, group by group, on copies in float64: (loss, pairs, inputs, outputs).

    bounds  of the tokens; None: all
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for begin in range(*(bounds or (0, len(kept))), group):
        group_result = group_loss(kept, low, high, noise, group, begin, inputs, outputs, negative)
        loss += group_result[0]
        inputs -= rate * group_result[1]
        outputs -= rate * group_result[2]
        pairs += group_result[3]
    return loss, pairs, inputs, outputs


def in_step(train, n_tokens, group, tokens_per_chunk, n_chunks, inputs, outputs, rates):
    """Chunks of groups, `n_chunks` at a time, each from the same matrices: (loss, terms, inputs, outputs).

    What they change is added up. The rate falls from rates[0] towards rates[1], step by step.
    train  (inputs, outputs, rate, bounds of the tokens) -> (loss, terms, inputs, outputs)
    """
    loss, terms = 0.0, 0
    firsts = range(0, n_tokens, n_chunks * tokens_per_chunk)
    for step, first in enumerate(firsts):
        rate = rates[0] + (rates[1] - rates[0]) * step / len(firsts)
        n_groups = -(-min(n_tokens - first, n_chunks * tokens_per_chunk) // group)
        bounds = [min(first + n_groups * c // n_chunks * group, n_tokens) for c in range(n_chunks + 1)]
        results = [train(inputs, outputs, rate, each) for each in itertools.pairwise(bounds)]
        loss += sum(result[0] for result in results)
        terms += sum(result[1] for result in results)
        inputs = inputs + sum(result[2] - inputs for result in results)
        outputs = outputs + sum(result[3] - outputs for result in results)
    return loss, terms, inputs, outputs


def limited(factors, limit):
    """Factors, shrunk alike if their sizes sum up to more than `limit`."""
    return factors * (limit / max(abs(factors).sum(), limit))


def cbow_groups(
    kept, low, high, group, inputs, outputs, average, divide_error, predict, bounds=None, lists=None, chunk=None
):
    """CBOW, on copies in float64: (loss, centres with context, inputs, outputs).

    A group's hidden vectors are of the words as they were when it began, which get all its errors at its end.
    predict  a function from the outputs and the hidden vectors of a group, by centre, to (loss, error of each centre);
             it changes the outputs
    lists, chunk  each word's rows, and for how many tokens words do not know of each other how they change these
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    lists = np.arange(len(inputs))[:, None] if lists is None else lists
    loss, n_centres, (start, end) = 0.0, 0, bounds or (0, len(kept))
    for first in range(start, end, chunk or group):
        moved = np.zeros((len(lists), inputs.shape[1]))  # by how much each row of a word has, for that word
        for begin in range(first, min(first + (chunk or group), end), group):
            contexts = {c: cbow_window(kept, low, high, c) for c in range(begin, min(begin + group, len(kept)))}
            n_rows = {c: sum(len(lists[word]) for word in context) for c, context in contexts.items()}
            hidden = {}
            for c, context in contexts.items():
                if context:
                    rows = [row for word in context for row in inputs[lists[word]] + moved[word]]
                    hidden[c] = np.sum(rows, axis=0) / (n_rows[c] if average else 1)
            n_centres += len(hidden)
            of_group, errors = predict(outputs, hidden)
            loss += of_group
            for c, error in errors.items():
                np.add.at(moved, contexts[c], error / (n_rows[c] if divide_error else 1))
        for word in {*kept}:
            np.add.at(inputs, lists[word], moved[word])
    return loss, n_centres, inputs, outputs


def cbow_window(kept, low, high, c):
    """The context words of centre c."""
    return [kept[i] for i in range(low[c], high[c]) if i != c]


def cbow(kept, low, high, noise, group, inputs, outputs, average, divide_error, rate, limit, bounds=None, **of_rows):
    """CBOW with negative sampling: a centre predicts itself and not its noise words, but for those that are itself.

    noise  a row for two consecutive centres. All scores of a group come before its updates, which go pair of centres
           by pair of centres: a row adds to both errors as it was before both changed it.
    of_rows  see `cbow_groups`
    """

    def predict(outputs, hidden):
        loss, factors, errors = 0.0, {}, {}
        for c, h in hidden.items():
            words = [kept[c], *(word for word in noise[c // 2] if word != kept[c])]
            signs = np.array([-1, *[1] * (len(words) - 1)])
            scores = signs * (outputs[words] @ h)
            loss += np.logaddexp(0, scores).sum()
            factors[c] = (words, limited(-rate * signs * np.exp(-np.logaddexp(0, -scores)), limit))
            errors[c] = np.zeros_like(h)
        for pair in sorted({c // 2 for c in hidden}):
            centres = [c for c in (2 * pair, 2 * pair + 1) if c in hidden]
            for of_row in rows_of_pair(kept, noise[pair], centres, factors):
                for c, word, factor in of_row:
                    errors[c] += factor * outputs[word]
                for c, word, factor in of_row:
                    outputs[word] += factor * hidden[c]
        return loss, errors

    return cbow_groups(kept, low, high, group, inputs, outputs, average, divide_error, predict, bounds, **of_rows)


def rows_of_pair(kept, noise, centres, factors):
    """A pair's steps, row by row, as lists of (centre, word, factor): the centres', then the noise's."""
    for c in centres:
        yield [(c, kept[c], factors[c][1][0])]
    taken = dict.fromkeys(centres, 1)
    for word in noise:
        of_row = []
        for c in centres:
            if word != kept[c]:
                of_row.append((c, word, factors[c][1][taken[c]]))
                taken[c] += 1
        yield of_row


def cbow_hs(kept, low, high, codes, group, inputs, outputs, average, divide_error, rate, limit, bounds=None, **of_rows):
    """CBOW with hierarchical softmax: a centre predicts the nodes of its path, one centre after the other."""

    def predict(outputs, hidden):
        loss, errors = 0.0, {}
        for c, h in hidden.items():
            nodes, code = codes[kept[c]]
            signs = 2 * np.array(code) - 1
            scores = signs * (outputs[nodes] @ h)
            loss += np.logaddexp(0, scores).sum()
            factors = limited(-rate * signs * np.exp(-np.logaddexp(0, -scores)), limit)
            errors[c] = factors @ outputs[nodes] if len(nodes) else np.zeros_like(h)
            outputs[nodes] += np.outer(factors, h)
        return loss, errors

    return cbow_groups(kept, low, high, group, inputs, outputs, average, divide_error, predict, bounds, **of_rows)


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


def skipgram_hs(kept, low, high, codes, inputs, outputs, rate, limit, bounds=None):
    """Skip-gram with hierarchical softmax, in float64: (loss, pairs, inputs, outputs).

    Each word of a window predicts the centre's path by itself, all from the values before the window's step.
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_pairs = 0.0, 0
    for c in range(*(bounds or (0, len(kept)))):
        nodes, code = codes[kept[c]]
        words = cbow_window(kept, low, high, c)
        n_pairs += len(words)
        signs = 2 * np.array(code, int) - 1
        scores = signs * (inputs[words] @ outputs[nodes].T)
        loss += np.logaddexp(0, scores).sum()
        factors = -rate * signs / (1 + np.exp(-scores))
        factors *= limit / np.maximum(abs(factors).sum(axis=1, keepdims=True), limit)
        factors *= limit / np.maximum(abs(factors).sum(axis=0, keepdims=True), limit)
        of_words, of_nodes = factors @ outputs[nodes], factors.T @ inputs[words]
        np.add.at(inputs, words, of_words)
        outputs[nodes] += of_nodes
    return loss, n_pairs, inputs, outputs


def windows(ids, offsets, first, last):
    """The known words of ids[first:last], as (word, line) pairs: what must be kept when nothing is subsampled."""
    lines = np.searchsorted(offsets, np.arange(first, last), side="right")
    return [(word, line) for word, line in zip(ids[first:last], lines, strict=True) if word >= 0]
