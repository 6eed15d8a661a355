"""Plain, slow oracles for training with subwords: which rows words have, and the objective pair by pair, in float64.

Source: facebookresearch/fastText, dictionary.cc (computeSubwords, hash), fasttext.cc (skipgram, cbow), model.cc.
"""

import numpy as np


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


def train_windows(
    kept, low, high, group, lists, inputs, outputs, predicted, together, average, divide_error, rate, bounds=None
):  # fmt: skip
    """Steps of CBOW (`together`), or of a tree for each word around a centre: (loss, steps, inputs, outputs), copies.

    Within a group each token has a copy of its rows, as they were when the group began; what its copies have changed
    by is added to the rows in the end.
    predicted  from the centre, or the place of the word around it, to output rows and their signs
    """
    inputs, outputs = inputs.astype(np.float64), outputs.astype(np.float64)
    loss, n_steps = 0.0, 0
    for begin in range(*(bounds or (0, len(kept))), group):
        copies = {t: inputs[lists[word]] for t, word in enumerate(kept)}
        for c in range(begin, min(begin + group, len(kept))):
            around = [i for i in range(low[c], high[c]) if i != c]
            for i in around[:1] if together else around:
                tokens = around if together else [c]
                words, signs = predicted(c if together else i)
                of_step = step(
                    outputs, [copies[t] for t in tokens], words, np.array(signs), average, divide_error, rate
                )
                loss += of_step
                n_steps += 1
        before = inputs.copy()
        for t, word in enumerate(kept):
            np.add.at(inputs, lists[word], copies[t] - before[lists[word]])
    return loss, n_steps, inputs, outputs


def step(outputs, rows_of_tokens, words, signs, average, divide_error, rate):
    """A step that predicts output rows from all rows of some tokens, in place, 1/4 at most; returns its loss."""
    n = sum(len(rows) for rows in rows_of_tokens)
    hidden_share, error_share = (1 / n if flag else 1 for flag in (average, divide_error))
    hidden = hidden_share * sum(rows.sum(axis=0) for rows in rows_of_tokens)
    scores = signs * (outputs[words] @ hidden)
    factors = -rate * signs * np.exp(-np.logaddexp(0, -scores))  # the sigmoid of scores of any size
    factors /= max(1, 4 * abs(factors).sum() * np.sqrt(hidden_share * error_share * n))
    error = np.zeros_like(hidden)
    for word, factor in zip(words, factors, strict=True):
        error += factor * outputs[word]
        outputs[word] += factor * hidden
    for rows in rows_of_tokens:
        np.add(rows, error_share * error, out=rows)
    return np.logaddexp(0, scores).sum()
