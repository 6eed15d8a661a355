"""Plain, slow definitions of a text classifier, in float64: reading, features, losses and steps."""

import re
from collections.abc import Sequence

import numpy as np

Example = tuple[list[int], list[int]]  # rows of the input matrix, labels


# ---------------------------------------------------------------- lines


def labels_and_words(line: bytes, prefix: bytes = b"__label__") -> tuple[list[bytes], list[bytes]]:
    words = line.split()
    labels = [word[len(prefix) :] for word in words if word.startswith(prefix) and word != prefix]
    return labels, [word for word in words if not word.startswith(prefix) or word == prefix]


def word_hash(word: bytes) -> np.uint32:
    """fastText: h = h ^ uint32_t(int8_t(str[i])); h = h * 16777619."""
    state = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for byte in np.frombuffer(word, np.int8):
            state = np.uint32(state ^ np.uint32(byte.astype(np.int32).view(np.uint32))) * np.uint32(16777619)
    return state


def ngram_buckets(words: Sequence[bytes], longest: int, n_buckets: int) -> list[int]:
    """fastText: addWordNgrams, where the line ends in </s>."""
    hashes = [int(word_hash(word).view(np.int32)) for word in [*words, b"</s>"]]
    buckets = []
    for i in range(len(hashes)):
        state = hashes[i] % 2**64
        for j in range(i + 1, min(i + longest, len(hashes))):
            state = (state * 116049371 + hashes[j]) % 2**64
            buckets.append(state % n_buckets)
    return buckets


def subword_buckets(word: bytes, shortest: int, longest: int, n_buckets: int) -> list[int]:
    """fastText: computeSubwords of <word>; the end of a line has none. What is not UTF-8 goes on with a character."""
    text = b"" if word == b"</s>" else b"<" + word + b">"
    characters = re.findall(rb"[^\x80-\xbf][\x80-\xbf]*", text)
    grams = [
        b"".join(characters[start : start + n])
        for start in range(len(characters))
        for n in range(shortest, min(longest, len(characters) - start) + 1)
        if n > 1 or 0 < start < len(characters) - 1
    ]
    return [int(word_hash(gram)) % n_buckets for gram in grams]


# ---------------------------------------------------------------- the model


def hidden(inputs: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    return inputs[list(rows)].mean(axis=0) if rows else np.zeros(inputs.shape[1])


def softmax(scores: np.ndarray) -> np.ndarray:
    power = np.exp(scores - scores.max())
    return power / power.sum()


def sigmoid(scores: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-scores))


def example_loss(inputs, outputs, example: Example, loss: str, paths=None) -> float:
    """paths  for hierarchical softmax: for each label a list of (node, sign), the sign -1 where its score is to grow"""
    rows, labels = example
    scores = outputs @ hidden(inputs, rows)
    if loss == "one-vs-all":
        targets = np.isin(np.arange(len(outputs)), labels)
        return float(np.logaddexp(0, np.where(targets, -scores, scores)).sum())
    if loss == "hierarchical-softmax":
        return float(np.mean([sum(np.logaddexp(0, sign * scores[node]) for node, sign in paths[y]) for y in labels]))
    logarithm_of_sum = scores.max() + np.log(np.exp(scores - scores.max()).sum())
    return float(np.mean([logarithm_of_sum - scores[label] for label in labels]))


def gradients(inputs, outputs, example: Example, loss: str) -> tuple[np.ndarray, np.ndarray]:
    """(the slope of the loss in the scores, the hidden vector); not for hierarchical softmax."""
    rows, labels = example
    vector = hidden(inputs, rows)
    scores = outputs @ vector
    if loss == "one-vs-all":
        return sigmoid(scores) - np.isin(np.arange(len(outputs)), labels), vector
    targets = np.bincount(labels, minlength=len(outputs)) / len(labels)
    return softmax(scores) - targets, vector


def train_group(inputs, outputs, examples: Sequence[Example], rates, loss, limits, fixed=()) -> float:
    """One step for all examples at once, from the values at its beginning, in place; returns the loss.

    limits  of the sum of an example's factors, times its rate; and of that of a label's
    """
    of_example, of_label = limits
    total = sum(example_loss(inputs, outputs, example, loss) for example in examples)
    found = [gradients(inputs, outputs, example, loss) for example in examples]
    factors = np.array([-rate * slope for rate, (slope, _) in zip(rates, found, strict=True)])
    sums = np.abs(factors).sum(axis=1, keepdims=True)
    factors *= np.minimum(1, of_example * np.reshape(rates, (-1, 1)) / np.maximum(sums, 1e-30))
    sums = np.abs(factors).sum(axis=0)
    factors *= np.minimum(1, of_label / np.maximum(sums, 1e-30))
    steps = factors @ outputs
    outputs += factors.T @ np.array([vector for _, vector in found])
    add_steps(inputs, examples, steps, fixed)
    return total


def train_group_along_paths(inputs, outputs, examples: Sequence[Example], rates, paths, fixed=()) -> float:
    """Hierarchical softmax: hidden vectors at the beginning, nodes one after the other."""
    total, steps = 0.0, np.zeros((len(examples), inputs.shape[1]))
    vectors = [hidden(inputs, rows) for rows, _ in examples]
    for i, ((_, labels), vector) in enumerate(zip(examples, vectors, strict=True)):
        for label in labels:
            for node, sign in paths[label]:
                score = sign * (outputs[node] @ vector)
                total += np.logaddexp(0, score) / len(labels)
                factor = -rates[i] * sign * sigmoid(score) / len(labels)
                steps[i] += factor * outputs[node]
                outputs[node] += factor * vector
    add_steps(inputs, examples, steps, fixed)
    return total


def add_steps(inputs, examples: Sequence[Example], steps, fixed) -> None:
    for (rows, _), step in zip(examples, steps, strict=True):
        for row in rows:
            if row not in fixed:
                inputs[row] += step / len(rows)
