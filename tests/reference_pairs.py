"""A plain, slow oracle for kernels/pairs.py: every two words of a line, one after the other, into a dict."""

from collections import defaultdict
from collections.abc import Iterable, Sequence


def cooccurrences(
    sentences: Iterable[Sequence[int]],
    window: int = 15,
    symmetric: bool = True,
    distance_weighting: bool = True,
    unknown: str = "skip",
) -> dict[tuple[int, int], float]:
    """The weight of each pair (row, column) of ids that stand in a sentence, at most `window` words apart.

    sentences  of ids, -1 where a word is not known
    symmetric  both words of a pair are a row, else only the first of them
    unknown    "skip": as if unknown words were not there; "gap": they take a position
    """
    weights: defaultdict[tuple[int, int], float] = defaultdict(float)
    for sentence in sentences:
        words = [id for id in sentence if id >= 0 or unknown == "gap"]
        for distance in range(1, min(window, len(words)) + 1):
            for before, after in zip(words, words[distance:], strict=False):
                if before >= 0 and after >= 0:
                    weight = 1 / distance if distance_weighting else 1
                    weights[before, after] += weight
                    if symmetric:
                        weights[after, before] += weight
    return dict(weights)
