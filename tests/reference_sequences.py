"""Plain and slow definitions of rows of ids, sparse matrices, embedding matrices and pooled vectors."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

Rows = Sequence[Sequence[int]]

# ---------------------------------------------------------------- rows of ids


def row_ids(
    lines: Iterable[Sequence[bytes]], words: Sequence[bytes], specials: Sequence[str] = ("pad", "unk"), skips=False
) -> list[list[int]]:
    """The tokens of each line as rows: the special ones first, then the words in their order."""
    rows = {word: len(specials) + i for i, word in enumerate(words)}
    unknown = None if skips else list(specials).index("unk")
    numbered = [[rows.get(token, unknown) for token in line] for line in lines]
    return [[row for row in line if row is not None] for line in numbered]


def padded(rows: Rows, length: int, padding: str, truncating: str, value: int) -> tuple[np.ndarray, np.ndarray]:
    """The ids, and where they are words: (n, length) each."""
    ids, is_word = [], []
    for row in rows:
        kept = list(row[:length] if truncating == "post" else row[-length:])
        filling = [value] * (length - len(kept))
        ids.append(kept + filling if padding == "post" else filling + kept)
        words = [True] * len(kept)
        is_word.append(words + [False] * len(filling) if padding == "post" else [False] * len(filling) + words)
    return np.array(ids, np.int64).reshape(-1, length), np.array(is_word, bool).reshape(-1, length)


def percentile(lengths: Sequence[int], percent: str) -> int:
    """The nearest-rank percentile, exactly: the least that so many per cent of the lengths do not exceed."""
    rank = math.ceil(Fraction(percent) / 100 * len(lengths))
    return sorted(lengths)[max(rank, 1) - 1]


# ---------------------------------------------------------------- sparse matrices


def term_matrix(rows: Rows, weighting: str, n_columns: int) -> np.ndarray:
    """The same matrix, dense."""
    if weighting == "one-hot":
        return np.array([[column == id for column in range(n_columns)] for row in rows for id in row])
    dense = np.zeros((len(rows), n_columns))
    for i, row in enumerate(rows):
        for id, count in Counter(row).items():
            dense[i, id] = 1 if weighting == "binary" else count
    return _tf_idf(rows, dense) if weighting == "tf-idf" else dense


def _tf_idf(rows: Rows, counts: np.ndarray) -> np.ndarray:
    n_lines_with = Counter(id for row in rows for id in set(row))
    for i, row in enumerate(rows):
        for id in set(row):
            counts[i, id] *= math.log((1 + len(rows)) / (1 + n_lines_with[id])) + 1
        norm = math.sqrt(sum(value**2 for value in counts[i]))
        counts[i] /= norm or 1
    return counts


# ---------------------------------------------------------------- embedding matrices

_WAYS = {
    "normalise": lambda word: [unicodedata.normalize(form, word) for form in ("NFC", "NFKC", "NFD")],
    "lowercase": lambda word: [word.lower()],
    "capitalise": lambda word: [word[:1].upper() + word[1:]],
    "uppercase": lambda word: [word.upper()],
    "digits": lambda word: [re.sub(r"\d", "#", word)],
}


def matched(word: str, vectors: Mapping[str, Sequence[float]], ways: Sequence[str]) -> tuple[str, str | None]:
    """In which way a word is found, and as what; a way is tried on the word and on all that the ways before made."""
    if word in vectors:
        return "exact", word
    forms = [word]
    for way in ways:
        made = [form for each in forms for form in _WAYS[way](each)]
        for form in made:
            if form in vectors:
                return way, form
        forms += made
    return "missing", None


# ---------------------------------------------------------------- what a layer does


def pooled(rows: Rows, matrix: np.ndarray, pool: str, weights: np.ndarray | None = None) -> np.ndarray:
    """One vector of the words of each line, in double precision; zeros for a line without any."""
    exact = matrix.astype(np.float64) if weights is None else matrix.astype(np.float64) * weights[:, None]
    reduce = {"mean": np.mean, "sum": np.sum, "max": np.max}[pool]
    return np.array([reduce(exact[list(row)], axis=0) if len(row) else np.zeros(matrix.shape[1]) for row in rows])


def sif(rows: Rows, matrix: np.ndarray, counts: Sequence[int], n_specials: int, a: float = 1e-3) -> np.ndarray:
    """Arora, Liang and Ma 2017: weighed means, without their projection on the first singular vector of them all."""
    p = np.array(counts) / sum(counts)
    means = pooled(rows, matrix, "mean", np.concatenate([np.ones(n_specials), a / (a + p)]))
    direction = np.linalg.svd(means, full_matrices=False)[2][0]
    return means - np.outer(means @ direction, direction)
