"""What the original tools do with analogies, step by step and slowly; right answers and questions asked."""

from collections.abc import Iterable, Sequence

import numpy as np


def compute_accuracy(
    words: Sequence[bytes], matrix: np.ndarray, questions: Iterable[Sequence[bytes]], threshold: int = 0
) -> tuple[int, int]:
    """word2vec's compute-accuracy.c (20c129a), in single precision."""
    n = min(len(words), threshold) if threshold else len(words)
    capitals = [word.upper() for word in words[:n]]  # of bytes, as C's toupper: A to Z only
    rows = matrix[:n] / np.sqrt((matrix[:n] ** 2).sum(axis=1, keepdims=True))
    n_right = n_asked = 0
    for question in questions:
        st1, st2, st3, st4 = (word.upper() for word in question)
        if not all(word in capitals for word in (st1, st2, st3, st4)):
            continue
        b1, b2, b3 = (capitals.index(word) for word in (st1, st2, st3))
        n_asked += 1
        products = rows @ (rows[b2] - rows[b1] + rows[b3])
        best, best_word = 0.0, b""
        for c in range(n):
            if c not in (b1, b2, b3) and products[c] > best:
                best, best_word = products[c], capitals[c]
        n_right += st4 == best_word
    return n_right, n_asked


def evaluate_vectors(words: Sequence[str], matrix: np.ndarray, questions: Iterable[Sequence[str]]) -> tuple[int, int]:
    """GloVe's eval/python/evaluate.py (52f7dbc), in double precision; its questions are in lower case."""
    ids = {word: i for i, word in enumerate(words)}
    rows = matrix.astype(np.float64)
    rows /= np.sqrt((rows**2).sum(axis=1, keepdims=True))
    n_right = n_asked = 0
    for question in questions:
        if not all(word in ids for word in question):
            continue
        a, b, c, d = (ids[word] for word in question)
        n_asked += 1
        products = rows @ (rows[b] - rows[a] + rows[c])
        products[[a, b, c]] = -np.inf
        n_right += int(products.argmax()) == d
    return n_right, n_asked
