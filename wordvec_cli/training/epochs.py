"""How many epochs a text wants, where nobody says it.

A small one has to be read more often, until the vectors have left their start; but not in proportion: in all epochs
together a corpus of 0.15 million words wants 3 million, one of 15 million wants 75.

Source: the study of docs/defaults.md.
"""

import math
from typing import NamedTuple

from wordvec_cli.messages import rounded


class _Wanted(NamedTuple):
    """So many epochs where there are `n` words or lines; elsewhere in proportion to the inverse cube root of those."""

    epochs: int
    n: int
    fewest: int
    most: int

    def of(self, n: int) -> int:
        return min(max(round(self.epochs * math.cbrt(self.n / max(n, 1))), self.fewest), self.most)


_OF_WORDS = _Wanted(10, n=1_500_000, fewest=5, most=40)
_OF_LINES = _Wanted(25, n=1000, fewest=5, most=100)
TIMES_FOR_CBOW = 2  # with negative sampling: a window is one step there, where skip-gram takes one for each word


def epochs_of_words(n_tokens: int, is_cbow: bool = False) -> int:
    """Of word2vec, for a corpus of so many words of the vocabulary; `is_cbow`: CBOW with negative sampling."""
    return _OF_WORDS.of(n_tokens) * (TIMES_FOR_CBOW if is_cbow else 1)


def epochs_of_lines(n_lines: int) -> int:
    """Of a classifier, for so many labelled lines."""
    return _OF_LINES.of(n_lines)


def reason(n_epochs: int, n: int, things: str) -> str:
    """What was chosen and why, for the user."""
    return f"{n_epochs} epochs, as there are {rounded(n)} {things} (--epochs sets another number)"
