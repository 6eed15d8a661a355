"""Plain, slow oracles for training with subwords: which rows words have, and the objective pair by pair, in float64.

Source: facebookresearch/fastText, dictionary.cc (computeSubwords, hash), fasttext.cc (skipgram, cbow), model.cc.
"""

import numpy as np

from tests.reference_word2vec import limited


def ngram_buckets(word: bytes, shortest: int, longest: int, n_buckets: int) -> list[int]:
    """The buckets of the n-grams of <word>: by their hash, FNV-1a of signed bytes, modulo n_buckets."""
    if word == b"</s>":
        return []
    characters: list[bytes] = []
    for byte in b"<" + word + b">":
        if byte & 0xC0 == 0x80 and characters:
            characters[-1] += bytes([byte])
        else:
            characters.append(bytes([byte]))
    buckets = []
    for i in range(len(characters)):
        for n in range(shortest, min(longest, len(characters) - i) + 1):
            if n == 1 and i in {0, len(characters) - 1}:
                continue
            state = 2166136261
            for byte in b"".join(characters[i : i + n]):
                state = ((state ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
            buckets.append(state % n_buckets)
    return buckets


def hidden_of(inputs, rows):
    return inputs[rows].mean(axis=0)


def skipgram(kept, low, high, noise, group, lists, inputs, outputs, negative, rate, bounds=None):
    """Gradient descent, group by group, on copies: (loss, pairs, inputs, outputs).

    A centre predicts each neighbour, and for each of them negative / n_noise times each noise word of the group that
    is not that neighbour. Each row of the centre gets the gradient of the hidden vector whole.
    lists  of each word, its rows of the inputs
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for begin in range(*(bounds or (0, len(kept))), group):
        steps = np.zeros_like(inputs), np.zeros_like(outputs)
        for c in range(begin, min(begin + group, len(kept))):
            rows = lists[kept[c]]
            hidden, error = hidden_of(inputs, rows), 0
            for i in range(low[c], high[c]):
                if i == c:
                    continue
                pairs += 1
                wrong = [word for word in noise[begin // group] if word != kept[i]]
                share = negative / noise.shape[1]
                for word, sign, weight in [(kept[i], -1, 1.0), *((word, 1, share) for word in wrong)]:
                    score = sign * (outputs[word] @ hidden)
                    loss += weight * np.logaddexp(0, score)
                    slope = sign * weight / (1 + np.exp(-score))
                    error = error + slope * outputs[word]
                    steps[1][word] += slope * hidden
            np.add.at(steps[0], rows, error)
        inputs -= rate * steps[0]
        outputs -= rate * steps[1]
    return loss, pairs, inputs, outputs


def skipgram_hs(kept, low, high, codes, group, lists, inputs, outputs, rate, bounds=None):
    """A step for each word around a centre, which predicts its path: (loss, pairs, inputs, outputs), on copies.

    Within a group each centre has a copy of its rows, as they were when the group began; what its copies have changed
    by is added to the rows in the end. A step's factors sum up to 1/4 at most.
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, pairs = 0.0, 0
    for begin in range(*(bounds or (0, len(kept))), group):
        before = inputs.copy()
        for c in range(begin, min(begin + group, len(kept))):
            rows, moved = lists[kept[c]], 0
            for i in range(low[c], high[c]):
                if i == c:
                    continue
                pairs += 1
                nodes, code = codes[kept[i]]
                signs, hidden = 2 * np.array(code) - 1, hidden_of(before, rows) + moved
                scores = signs * (outputs[nodes] @ hidden)
                loss += np.logaddexp(0, scores).sum()
                factors = limited(-rate * signs * np.exp(-np.logaddexp(0, -scores)), 1 / 4)
                moved = moved + factors @ outputs[nodes]
                outputs[nodes] += np.outer(factors, hidden)
            np.add.at(inputs, rows, moved)
    return loss, pairs, inputs, outputs
