"""Applying a text classifier to lines."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from wordvec_cli.classify.labelled import NumberedLines, Numbering
from wordvec_cli.classify.line_files import LineFiles, lines_of_files
from wordvec_cli.classify.lines import LabelLayout, LineParser
from wordvec_cli.classify.model import LINE_END, LINE_END_HASH, Classifier, Matrix
from wordvec_cli.classify.ngrams import (
    extended,
    hashes_of,
    rows_with_subwords,
    signed_hash,
    subword_buckets,
    subwords_of,
)
from wordvec_cli.vectors.packing import ScaledBytes

BYTES_WITHOUT_KERNELS = 20_000  # up to this size, Python is faster than importing numba
MAX_TABLE_BYTES = 100_000_000  # the distinct words met so far are forgotten beyond it
SCORES_AT_ONCE = 1 << 22


class Prediction(NamedTuple):
    label: bytes
    probability: float


def predict(
    classifier: Classifier, texts: Iterable[bytes], k: int = 1, threshold: float = 0.0
) -> list[list[Prediction]]:
    """The `k` most probable labels of each text, best first, but for those that are less probable than `threshold`.

    Words that begin as the labels of training did are left out, as `wordvec classify predict` does.
    """
    parser = LineParser(label_layout(classifier), "texts", classifier.tokenizer.invalid_utf8)
    lines = [text.replace(b"\n", b" ") for text in texts]
    return Predictor(classifier).predict([text for _, text in parser.parse(lines)], k, threshold)


def label_layout(classifier: Classifier, text_column: str | None = None, id_column: str | None = None) -> LabelLayout:
    """Where a line to be classified has its text: in a column of a table, or all of it but labels as in training.

    id_column  of the table: what stands there is read as a line's label
    """
    prefix = classifier.task.label_prefix
    return LabelLayout(None if prefix is None or text_column else os.fsencode(prefix), text_column, id_column)


class Answer(NamedTuple):
    """What is said of a line.

    id           what stands in its id column
    predictions  None: it could not be read
    """

    id: bytes
    predictions: list[Prediction] | None


def predict_files(
    predictor: "Predictor", files: LineFiles, k: int, threshold: float, note_failure: Callable[[str], None]
) -> Iterator[list[Answer]]:
    """The labels of the lines of files, for some lines at a time, as soon as they are there.

    note_failure  takes why a line cannot be read; the answer to such a line has no predictions
    Raises: InputError
    """
    for parser, lines in lines_of_files(files, predictor.classifier.tokenizer.invalid_utf8):
        parsed = parser.parse_each(lines, note_failure)
        texts = [line[1] for line in parsed if line is not None]
        answers = iter(predictor.predict(texts, k, threshold) if texts else ())
        yield [Answer(b"", None) if line is None else Answer(b" ".join(line[0]), next(answers)) for line in parsed]


class Predictor:
    """Applies a classifier to lines; remembers what it has found out about their words."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._n_bytes = 0
        self._features: _Features | None = None

    def probabilities(self, texts: Sequence[bytes]) -> Matrix:
        """The probability of each label, (n, n_labels), for texts without labels in them."""
        self.classifier.words.vocabulary.check_unchanged()
        self._n_bytes += sum(map(len, texts))
        if self._n_bytes <= BYTES_WITHOUT_KERNELS:
            return self.classifier.probabilities(np.array([self.hidden(text) for text in texts], np.float32))
        if self._features is None or self._features.numbering.size_bytes > MAX_TABLE_BYTES:
            self._features = _Features(self.classifier)
        return self.classifier.probabilities(self._features.hidden(texts))

    def predict(self, texts: Sequence[bytes], k: int, threshold: float) -> list[list[Prediction]]:
        """The k most probable labels of each text, best first, equal ones by number; not those below the threshold."""
        found = []
        at_once = max(1, SCORES_AT_ONCE // self.classifier.n_scores)
        for first in range(0, len(texts), at_once):
            found += self._best(self.probabilities(texts[first : first + at_once]), k, threshold)
        return found

    def _best(self, probabilities: Matrix, k: int, threshold: float) -> list[list[Prediction]]:
        names = self.classifier.label_names
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k] if k > 1 else probabilities.argmax(1)[:, None]
        values = np.take_along_axis(probabilities, best, axis=1)
        return [
            [Prediction(names[label], value) for label, value in zip(*pairs, strict=True) if value >= threshold]
            for pairs in zip(best.tolist(), values.tolist(), strict=True)
        ]

    @np.errstate(over="ignore", invalid="ignore")  # of damaged rows, whose probabilities are nan
    def hidden(self, text: bytes) -> Matrix:
        """The mean of the rows of one line, in plain Python: what `_Features` does by kernels for many.

        N-grams that were never seen count, as rows of zeros.
        """
        classifier = self.classifier
        tokens = [*classifier.tokenizer.tokens(text), LINE_END]
        ids = [id for token in tokens if (id := classifier.words.vocabulary.find(token)) is not None]
        buckets = list(self._ngrams(tokens))
        ngrams = self._rows_of(buckets)
        places = np.array(ids, np.int64), np.array(ngrams, np.int64)
        total = classifier.words.rows(places[0]).sum(axis=0) + classifier.ngram_rows(places[1]).sum(axis=0)
        mean: Matrix = total / np.float32(max(len(ids) + len(buckets), 1))
        return mean

    def _ngrams(self, tokens: Sequence[bytes]) -> Iterator[int]:
        """The buckets of the n-grams of a line."""
        task, lengths = self.classifier.task, self.classifier.task.subword_lengths
        for token in tokens if lengths.longest else ():
            yield from subword_buckets(token, lengths, task.buckets)
        hashes = [signed_hash(token) for token in tokens] if task.word_ngrams > 1 else []
        for i, state in enumerate(hashes):
            for later in hashes[i + 1 : i + task.word_ngrams]:
                state = extended(state, later)  # noqa: PLW2901
                yield state % task.buckets

    def _rows_of(self, buckets: Sequence[int]) -> list[int]:
        """The rows of those buckets that have one."""
        known = self.classifier.ngram_buckets
        if not len(known):
            return []
        wanted = np.array(buckets, np.int32)
        places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        rows: list[int] = places[known[places] == wanted].tolist()
        return rows


class _Features:
    """Hidden vectors of many lines, by kernels."""

    def __init__(self, classifier: Classifier) -> None:
        from wordvec_cli.vocabulary.id_table import id_table

        self.numbering = Numbering(classifier.tokenizer, None)
        self._classifier = classifier
        self._words = id_table(classifier.words.vocabulary)
        end_row = classifier.words.vocabulary.find(LINE_END)
        self._end_row = -1 if end_row is None else end_row
        self._starts, self._token_rows = np.zeros(1, np.int64), np.empty(0, np.int32)
        self._sizes = np.empty(0, np.int64)
        self._hashes = np.empty(0, np.uint32)

    def hidden(self, texts: Sequence[bytes]) -> Matrix:
        from wordvec_cli.kernels import classify

        classifier, lines = self._classifier, self.numbering.of_lines([([], text) for text in texts])
        self._learn_new_tokens()
        offsets = np.concatenate([[0], lines.token_ends])
        task = classifier.task
        n_of_tokens = int(np.diff(self._starts)[lines.tokens[: offsets[-1]]].sum())
        places = np.empty(n_of_tokens + _most_rows(lines, task.word_ngrams), np.int32)
        ends, sizes = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
        classify.write_known_rows(
            lines.tokens, offsets, self._starts, self._token_rows, self._sizes, self._hashes, self._end_row,
            LINE_END_HASH, task.word_ngrams, task.buckets, classifier.ngram_buckets,
            len(classifier.words.vocabulary), places, ends, sizes,
        )  # fmt: skip
        hidden = np.empty((len(texts), classifier.words.dim), np.float32)
        words, ngrams = classifier.words.values, classifier.ngram_vectors
        if isinstance(words, ScaledBytes) and isinstance(ngrams, ScaledBytes):
            matrices = words.numbers, words.row_scales, ngrams.numbers, ngrams.row_scales
            classify.mean_of_quantised_rows(*matrices, places, ends, sizes, hidden)
        else:
            classify.mean_of_rows(classifier.words.matrix, ngrams, places, ends, sizes, hidden)
        return hidden

    def _learn_new_tokens(self) -> None:
        tokens, n_known = self.numbering.tokens, len(self._hashes)
        if len(tokens) > n_known:
            classifier, offsets = self._classifier, tokens.offsets[n_known:]
            own = self._words.find(tokens.text, offsets)
            subwords = subwords_of(tokens.text, offsets, classifier.task.subword_lengths, classifier.task.buckets)
            n_words = len(classifier.words.vocabulary)
            starts, rows = rows_with_subwords(own, subwords, classifier.ngram_buckets, n_words)
            self._starts = np.append(self._starts, starts[1:] + self._starts[-1])
            self._token_rows = np.append(self._token_rows, rows)
            self._sizes = np.append(self._sizes, (own >= 0) + np.diff(subwords.offsets))
            self._hashes = np.append(self._hashes, hashes_of(tokens.text, offsets))


def _most_rows(lines: NumberedLines, word_ngrams: int) -> int:
    """An upper bound of the rows of lines: words, line ends, and n-grams that begin at each word; one to spare."""
    lengths = np.diff(lines.token_ends, prepend=0)
    return int((lengths * np.minimum(word_ngrams, lengths + 1)).sum()) + len(lengths) + 1
