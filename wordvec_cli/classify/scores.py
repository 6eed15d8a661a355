"""Precision, recall and F1 of predicted labels, for all and for each, and which labels were confused."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class PrecisionRecall(NamedTuple):
    """Precision, recall and F1 of some predictions; 0 where there is nothing to divide by.

    n_true, n_predicted  lines that have the label; lines for which it was predicted
    """

    n_true: int
    n_predicted: int
    n_right: int

    @property
    def precision(self) -> float:
        return self.n_right / self.n_predicted if self.n_predicted else 0.0

    @property
    def recall(self) -> float:
        return self.n_right / self.n_true if self.n_true else 0.0

    @property
    def f1(self) -> float:
        n = self.n_true + self.n_predicted
        return 2 * self.n_right / n if n else 0.0


class LabelScores:
    """Counts of true and predicted labels, a line at a time.

    confusion  for each true label of a line, how often each label was predicted first; None: no label was predicted
    """

    def __init__(self) -> None:
        self.n_lines = 0
        self.confusion: Counter[tuple[bytes, bytes | None]] = Counter()
        self._n_true: Counter[bytes] = Counter()
        self._n_predicted: Counter[bytes] = Counter()
        self._n_right: Counter[bytes] = Counter()

    def add(self, true: Iterable[bytes], predicted: Sequence[bytes]) -> None:
        """Count a line. predicted  best first, each once"""
        true = set(true)
        self.n_lines += 1
        self._n_true.update(true)
        self._n_predicted.update(predicted)
        self._n_right.update(true & set(predicted))
        first = predicted[0] if predicted else None
        self.confusion.update((label, first) for label in true)

    @property
    def labels(self) -> list[bytes]:
        """All labels that were true or predicted, the most frequent first, equals in byte order."""
        return sorted(self._n_true | self._n_predicted, key=lambda label: (-self._n_true[label], label))

    def of_label(self, label: bytes) -> PrecisionRecall:
        return PrecisionRecall(self._n_true[label], self._n_predicted[label], self._n_right[label])

    @property
    def overall(self) -> PrecisionRecall:
        """For all labels of all lines together (micro-averages; fastText's P@k and R@k)."""
        return PrecisionRecall(self._n_true.total(), self._n_predicted.total(), self._n_right.total())

    @property
    def mean_f1(self) -> float:
        """The mean of the labels' F1, each with the same weight (macro-average)."""
        labels = self.labels
        return sum(self.of_label(label).f1 for label in labels) / len(labels) if labels else 0.0
