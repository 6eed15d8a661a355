"""Neighbours one by one and in float64: slow, and plain enough to be right by reading."""

import numpy as np


def unit(vector: np.ndarray) -> np.ndarray:
    vector = np.asarray(vector, np.float64)
    length = np.linalg.norm(vector)
    return vector / length if length else vector


SCORES = {
    "cosine": lambda query, row: unit(query) @ unit(row),
    "dot": lambda query, row: np.float64(query) @ np.float64(row),
    "euclidean": lambda query, row: -np.linalg.norm(np.float64(query) - np.float64(row)),
}


def nearest(metric: str, query: np.ndarray, matrix: np.ndarray, k: int, excluded: frozenset[int]) -> list[int]:
    """The ids of the nearest rows, those of equal scores (to 12 digits) in their order."""
    scores = [round(float(SCORES[metric](query, row)), 12) for row in matrix]
    return [i for i in sorted(range(len(matrix)), key=lambda i: (-scores[i], i)) if i not in excluded][:k]


def cosmul(a: np.ndarray, b: np.ndarray, c: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The 3CosMul score of each row."""
    near_a, near_b, near_c = (np.array([(1 + unit(word) @ unit(row)) / 2 for row in matrix]) for word in (a, b, c))
    return near_b * near_c / (near_a + 1e-6)
