"""Questions that the nearest words answer: `most_similar` and its relatives, and many questions in one call."""

import warnings
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from wordvec_cli.api.face import face
from wordvec_cli.api.lookups import Lookups
from wordvec_cli.api.options import one_of, whole_number
from wordvec_cli.api.words import KEY_TYPES, Key
from wordvec_cli.parallel import scans_at_once
from wordvec_cli.queries.analogies import CosMul
from wordvec_cli.queries.answers import ANSWERS_AT_ONCE, MOST_AT_ONCE, QUESTIONS_AT_ONCE
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.index_files import opened
from wordvec_cli.queries.metrics import METRICS, Cosine, Scorer
from wordvec_cli.queries.nearest import NO_NEIGHBOUR, nearest
from wordvec_cli.queries.scan import compiled_loops_pay
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.api.lookups import KeyOrVector
    from wordvec_cli.queries.approximate import Approximate
    from wordvec_cli.queries.packed_copy import PackedCopy

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]
    Term = KeyOrVector | tuple[KeyOrVector, float]  # with its weight
    Terms = Key | Sequence[Term] | NDArray[Any] | None
    Ranked = list[tuple[str, float]]

ROWS_AT_ONCE = 1 << 14


class Nearest(NamedTuple):
    """The k nearest words of each of n questions, nearest first, (n, k) each.

    words   str; None where there are fewer than k answers
    ids     the numbers of the words; -1 for none
    scores  cosines, or what the metric gives; NaN for none
    """

    words: "NDArray[np.object_]"
    ids: "Ids"
    scores: "Exact"


class Questions(Lookups):
    """Vectors that can be asked for the nearest words."""

    @face()
    def most_similar(  # noqa: PLR0913, PLR0917  gensim's parameters
        self,
        positive: "Terms" = None,
        negative: "Terms" = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> "Ranked | Matrix":
        """The words nearest to the mean of the positive words and of the opposites of the negative ones, with cosines.

        positive, negative    words, vectors, or (word, weight) pairs: one or a list; words count with length 1
        topn                  None: the cosine of every word instead, (n,) float32
        clip_start, clip_end  only the words from one number to before the other are answers
        restrict_vocab        only the first so many are
        Raises: KeyError, and ValueError if nothing is asked for
        """
        keys, weights = _keys_and_weights(positive, negative)
        question = self._mean(keys, weights, at_unit_length=True)
        return self._ranked(Cosine(question[None]), keys, topn, self._bounds(clip_start, clip_end, restrict_vocab))

    @face()
    def similar_by_word(self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> "Ranked | Matrix":
        """`most_similar` to one word."""
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

    @face()
    def similar_by_key(self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None) -> "Ranked | Matrix":
        """`most_similar` to one word."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    @face()
    def similar_by_vector(
        self, vector: "NDArray[Any]", topn: int | None = 10, restrict_vocab: int | None = None
    ) -> "Ranked | Matrix":
        """`most_similar` to one vector, (vector_size,)."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    @face()
    def most_similar_cosmul(
        self,
        positive: "Terms" = None,
        negative: "Terms" = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> "Ranked | Matrix":
        """The words with the greatest product of cosines with the positive words over that with the negative ones.

        The cosines are first moved to 0 ... 1; parameters are as in `most_similar`, without weights.
        Source: Levy and Goldberg 2014, equation 4 (3CosMul)
        """
        added, subtracted = _listed(positive), _listed(negative)
        if not added:
            raise ValueError("there is no positive word to compare with; give one or more")
        scorer = CosMul(self._rows(added, np.float64)[None], self._rows(subtracted, np.float64)[None])
        return self._ranked(scorer, [*added, *subtracted], topn, self._bounds(0, None, restrict_vocab))

    @face()
    def nearest(
        self,
        words: "Iterable[KeyOrVector] | NDArray[Any]",
        k: int = 10,
        metric: Literal["cosine", "dot", "euclidean"] = "cosine",
        restrict_vocab: int | None = None,
        include_question: bool = False,
    ) -> Nearest:
        """The `k` nearest words of each of many words or vectors, in one call.

        words             words, or vectors (n, vector_size)
        restrict_vocab    only the first so many words are answers
        include_question  whether a word may be among its own answers
        Raises: KeyError, OptionError, ValueError
        """
        scorer_of, k = one_of("metric", metric, METRICS), whole_number("k", k, 1)
        questions = [words] if isinstance(words, KEY_TYPES) else list(words)
        own = [None if include_question else self._own_index(key) for key in questions]
        index = self._index(*self._bounds(0, None, restrict_vocab))
        ids = np.full((len(questions), k), NO_NEIGHBOUR)
        scores = np.full((len(questions), k), np.nan)
        n_at_once = MOST_AT_ONCE if compiled_loops_pay(index, len(questions)) else QUESTIONS_AT_ONCE
        n_at_once = max(1, min(n_at_once, ANSWERS_AT_ONCE // k))
        for start in range(0, len(questions), n_at_once):
            some = slice(start, start + n_at_once)
            excluded = [() if each is None else (each,) for each in own[some]]
            found = nearest(index, scorer_of(self._rows(questions[some])), k, excluded)
            ids[some, : found.ids.shape[1]] = found.ids
            scores[some, : found.ids.shape[1]] = found.scores
        return Nearest(self._words_of(ids), ids, scores)

    # ---------------------------------------------------------------- the steps

    def _bounds(self, start: int, end: int | None, restrict_vocab: int | None) -> tuple[int, int]:
        """The first number of the words that may be answers, and the one after the last."""
        if restrict_vocab:
            start, end = 0, restrict_vocab
        start, end, _ = slice(start, end or None).indices(len(self))
        return start, max(start, end)

    @cached_property
    def _whole_index(self) -> Index:
        return Index(self.embeddings, None, scans_at_once(), self._helper)  # which keeps the lengths of the vectors

    @cached_property
    def _helper(self) -> "PackedCopy | Approximate | None":
        """The packed copy that lies beside the file of the vectors."""
        return opened(self.embeddings, None, lambda text: warnings.warn(text, stacklevel=2))

    def _index(self, start: int, end: int) -> Index:
        is_whole = (start, end) == (0, len(self))
        return (
            self._whole_index
            if is_whole
            else Index(self.embeddings, np.arange(start, end), scans_at_once(), self._helper)
        )

    def _ranked(
        self, scorer: Scorer, keys: "Sequence[KeyOrVector]", topn: int | None, bounds: tuple[int, int]
    ) -> "Ranked | Matrix":
        """The answers to one question, without its own words; the score of each word if topn is None."""
        if topn is None:
            return self._scores(scorer, *bounds)
        if not (topn := whole_number("topn", topn, 0)):
            return []
        own = {index for key in keys if (index := self._own_index(key)) is not None}
        (found,) = nearest(self._index(*bounds), scorer, topn, [own]).lists()
        return [(self._word(each.word_id), each.score) for each in found]

    def _scores(self, scorer: Scorer, start: int, end: int) -> "Matrix":
        """The score of each word of a range for the only question of a scorer, (n,) float32."""
        if isinstance(scorer, Cosine):
            return self._cosines(scorer, start, end)
        scores = np.empty(end - start, np.float32)
        for first in range(start, end, ROWS_AT_ONCE):
            rows = self.vectors[first : min(first + ROWS_AT_ONCE, end)].astype(np.float64)
            scores[first - start :][: len(rows)] = scorer.exact(rows, np.zeros(len(rows), np.int64))
        return scores

    def _cosines(self, scorer: Cosine, start: int, end: int) -> "Matrix":
        """As `_scores`, in single precision, which is quicker."""
        cosines, index = np.empty((end - start, 1), np.float32), self._index(start, end)
        for first in range(0, end - start, ROWS_AT_ONCE):
            some = slice(first, first + ROWS_AT_ONCE)
            block = index.block(some, scorer.needs_lengths)
            scorer.scores(block.rows, block.lengths, cosines[some])
        return cosines[:, 0]

    def _own_index(self, key: "KeyOrVector") -> int | None:
        return self._find(key) if isinstance(key, KEY_TYPES) else None

    def _word(self, index: int) -> str:
        return as_text(self.vocabulary.word(index))

    def _words_of(self, ids: "Ids") -> "NDArray[np.object_]":
        words = np.full(ids.shape, None, object)
        known = {index: self._word(index) for index in np.unique(ids[ids >= 0]).tolist()}
        words[ids >= 0] = [known[index] for index in ids[ids >= 0].tolist()]
        return words


def _keys_and_weights(positive: "Terms", negative: "Terms") -> "tuple[list[KeyOrVector], Exact]":
    """What a question is made of. Raises: ValueError if that is nothing"""
    terms = [(term, 1.0) for term in _listed(positive)] + [(term, -1.0) for term in _listed(negative)]
    if not terms:
        raise ValueError("there are no words to compare with; give positive or negative ones")
    pairs = [(term, weight) if _is_key(term) else (term[0], term[1]) for term, weight in terms]
    return [key for key, _ in pairs], np.array([weight for _, weight in pairs], np.float64)


def _is_key(term: Any) -> bool:
    return isinstance(term, (*KEY_TYPES, np.ndarray))


def _listed(terms: "Terms") -> list[Any]:
    """One word or vector, or several, as a list."""
    if terms is None:
        return []
    is_one = isinstance(terms, KEY_TYPES) or (isinstance(terms, np.ndarray) and terms.ndim == 1)
    return [terms] if is_one else list(terms)  # type: ignore[arg-type]
