"""How good vectors are: word pairs against people's judgements, and analogies, each under a stated protocol.

It takes a vocabulary and a matrix rather than a file, so that training can ask between two epochs.
"""

import math
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.analogies import NO_ANSWER, Asking, Method, answers, directions
from wordvec_cli.evaluation.bootstrap import Resampling, accuracies, correlations, interval
from wordvec_cli.evaluation.sets import Analogies, EvalSet, WordPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

ROWS_PER_BLOCK = 1 << 15

Case = Literal["prefer", "fold", "ascii", "lower", "keep"]

# ---------------------------------------------------------------- the protocol


@dataclass(frozen=True)
class Protocol:
    """What is counted, and how; all take cosines, of vectors at length 1. Each tool's is in `PROTOCOLS`.

    max_words      only the first so many words of the vocabulary are asked for and looked at as answers; None: all
    case           how words are compared. prefer: a word as it is written, else the first in the vocabulary that
                   differs in case only; fold: that first one in any case; ascii: as fold, but only A to Z have cases;
                   lower: those of the set in lower case, those of the vocabulary as they are; keep: as they are
    unknown_words  what becomes of a question with an unknown word: skip leaves it out, and the coverage says so; wrong
                   counts it as cosine 0, or as a wrong answer
    method, n_candidates, is_above_zero  of analogies, as in `Asking`
    """

    max_words: int | None
    case: Case
    unknown_words: Literal["skip", "wrong"] = "skip"
    method: Method = "3cosadd"
    n_candidates: int | None = None
    is_above_zero: bool = False


# Sources: gensim's keyedvectors.py (4.4), GloVe's eval/python/evaluate.py (52f7dbc), word2vec's compute-accuracy.c
# (20c129a).
PROTOCOLS = {
    "wordvec": Protocol(max_words=None, case="prefer"),
    "gensim": Protocol(max_words=300_000, case="fold", n_candidates=5),
    "glove": Protocol(max_words=None, case="lower", n_candidates=1),
    "word2vec": Protocol(max_words=None, case="ascii", n_candidates=1, is_above_zero=True),
}
GENSIM = PROTOCOLS["gensim"]


def _as_it_is(word: str) -> str:
    return word


def _ascii_upper(word: str) -> str:
    return word.translate(_ASCII_CAPITALS)


_ASCII_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
# What is done to the words of a vocabulary, and to those of a set.
_FOLDS = {
    "prefer": (str.upper, str.upper),
    "fold": (str.upper, str.upper),
    "ascii": (_ascii_upper, _ascii_upper),
    "lower": (_as_it_is, str.lower),
    "keep": (_as_it_is, _as_it_is),
}


class Lexicon:
    """The words of a vocabulary that a protocol looks at, made once for all sets.

    compared_as  (n,) for each word the lowest id of those that are compared as equal
    """

    def __init__(self, vocabulary: "Vocabulary", protocol: Protocol) -> None:
        self.protocol = protocol
        fold, self._fold_of_set = _FOLDS[protocol.case]
        words = (fold(word.decode("utf-8", "surrogateescape")) for word in vocabulary)
        self._ids: dict[str, int] = {}
        n_words = min(len(vocabulary), protocol.max_words or len(vocabulary))
        lowest = (self._ids.setdefault(word, word_id) for word_id, word in zip(range(n_words), words, strict=False))
        self.compared_as = np.fromiter(lowest, np.int64, n_words)
        self._exact = vocabulary if protocol.case == "prefer" else None
        self._known: dict[str, int] = {}

    def find(self, word: str) -> int:
        """The id of a word of a set; -1 if it is unknown."""
        if word not in self._known:
            self._known[word] = self._find(word)
        return self._known[word]

    def _find(self, word: str) -> int:
        if self._exact is not None:
            word_id = self._exact.find(word.encode("utf-8", "surrogateescape"))
            if word_id is not None and word_id < len(self.compared_as):
                return word_id
        return self._ids.get(self._fold_of_set(word), -1)


class _Known:
    """A set in the ids of a vocabulary.

    ids       (n, 2) or, of a, b and c, (n, 3); -1 for an unknown word
    right     of each analogy the right answers that are known, as the ids that they are compared as
    is_known  (n,) whether a question can be asked
    """

    def __init__(self, lexicon: Lexicon, eval_set: EvalSet) -> None:
        self.compared_as = lexicon.compared_as
        n_asked = 2 if isinstance(eval_set, WordPairs) else 3
        self.ids = np.array([[lexicon.find(word) for word in words[:n_asked]] for words in eval_set.words], np.int64)
        self.is_known: Booleans = self.ids.min(axis=1) >= 0
        self.right: list[frozenset[int]] = []
        if isinstance(eval_set, Analogies):
            known: dict[tuple[str, ...], frozenset[int]] = {}
            for words in eval_set.words:
                if words[3:] not in known:
                    known[words[3:]] = self._right(map(lexicon.find, words[3:]))
                self.right.append(known[words[3:]])
            self.is_known &= np.fromiter(map(bool, self.right), bool, len(self.right))
        if not self.is_known.any():
            raise InputError(
                f"{eval_set.name}: none of its {len(self.ids)} questions has all its words among the "
                f"{len(self.compared_as)} that are looked at, so that there is nothing to score; "
                "choose a set that suits the vectors"
            )

    def _right(self, ids: Iterable[int]) -> frozenset[int]:
        return frozenset(int(self.compared_as[word_id]) for word_id in ids if word_id >= 0)


def check_words(vocabulary: "Vocabulary", eval_set: EvalSet, protocol: Protocol = GENSIM) -> float:
    """The share of a set's questions that can be asked, before hours of work. Raises: InputError as `ask` does"""
    return float(_Known(Lexicon(vocabulary, protocol), eval_set).is_known.mean())


# ---------------------------------------------------------------- scores


@dataclass(frozen=True)
class Score:
    """A figure and what it is drawn from.

    value     Spearman's rank correlation, or the share of right answers; NaN where there is none (nothing was used,
              or all cosines or all scores are alike)
    n_used    questions that count, of the `n_total` in the set
    groups, sections  of analogies, in the set's order
    interval  95 % of the scores in a bootstrap lie within; None if there was none
    """

    name: str
    value: float
    n_used: int
    n_total: int
    groups: "tuple[Score, ...]" = ()
    sections: "tuple[Score, ...]" = ()
    interval: tuple[float, float] | None = None

    @property
    def coverage(self) -> float:
        return self.n_used / self.n_total if self.n_total else 0.0


@dataclass(frozen=True)
class Outcomes:
    """What vectors made of each question of a set.

    values   (n,) the cosine of a pair, or 1 for a right answer and 0 for a wrong one
    is_known (n,) which questions have known words
    is_used  (n,) which questions the protocol counts
    answers  (n,) to analogies, the id of the word that was answered; -1 if there was none or it was not asked
    """

    eval_set: EvalSet
    values: "Matrix"
    is_known: "Booleans"
    is_used: "Booleans"
    answers: "Ids | None" = None

    def score(self, resampling: Resampling | None = None) -> Score:
        """The set's score, with intervals if there is a resampling."""
        everything = np.ones(len(self.values), bool)
        whole = self._score(self.eval_set.name, everything, resampling)
        if isinstance(self.eval_set, WordPairs):
            return whole
        bounds = self.eval_set.section_bounds()
        names, groups = self.eval_set.section_names, self.eval_set.section_groups
        section_of = np.repeat(np.arange(len(bounds)), [end - start for start, end in bounds])
        return replace(
            whole,
            sections=tuple(self._score(name, section_of == i, resampling) for i, name in enumerate(names)),
            groups=tuple(
                self._score(group, np.array([each == group for each in groups])[section_of], resampling)
                for group in dict.fromkeys(groups)
            ),
        )

    def _score(self, name: str, is_part: "Booleans", resampling: Resampling | None) -> Score:
        used = np.flatnonzero(is_part & self.is_used)
        values = self.values[None, used]
        drawn = resampled(self.eval_set, used, values, resampling) if resampling and len(used) else None
        value = _value(self.eval_set, used, self.values[used])
        return Score(name, value, len(used), int(is_part.sum()), interval=None if drawn is None else interval(drawn[0]))


def _value(eval_set: EvalSet, used: "Ids", values: "Matrix") -> float:
    if not len(used):
        return math.nan
    if isinstance(eval_set, WordPairs):
        return spearman(np.array(eval_set.scores)[used], values)
    return float(values.sum()) / len(used)


def resampled(eval_set: EvalSet, used: "Ids", values: "Matrix", resampling: Resampling) -> "Numbers":
    """The score of some questions of a set in each resample, (m, n_resamples).

    used    (n,) the questions, at least one
    values  (m, n) of m vector files, as in `Outcomes`
    """
    if isinstance(eval_set, WordPairs):
        return correlations(np.array(eval_set.scores)[used], values.astype(np.float64), resampling)
    return accuracies(values > 0, resampling)


def evaluate(vocabulary: "Vocabulary", matrix: "Rows", eval_set: EvalSet, protocol: Protocol = GENSIM) -> Score:
    """Score vectors on a set; `ask` says what is taken and raised."""
    return ask(Lexicon(vocabulary, protocol), matrix, eval_set).score()


def ask(lexicon: Lexicon, matrix: "Rows", eval_set: EvalSet) -> Outcomes:
    """Put every question of a set to vectors.

    matrix  (n_words, dim) float32, rows of any lengths, read only; a word whose vector is all zeros has cosine 0
    Raises: InputError if the vocabulary lacks words for every question
    """
    known, protocol = _Known(lexicon, eval_set), lexicon.protocol
    is_known, ids = known.is_known, known.ids[known.is_known]
    values = np.zeros(len(is_known), np.float32)
    answered = None
    if isinstance(eval_set, WordPairs):
        values[is_known] = pair_cosines(matrix, ids)
    else:
        asking = Asking(known.compared_as, protocol.method, protocol.n_candidates, protocol.is_above_zero)
        answered = np.full(len(is_known), NO_ANSWER, np.int64)
        answered[is_known] = answers(matrix, ids, asking)
        values[:] = _are_right(answered, known)
    is_used = np.ones_like(is_known) if protocol.unknown_words == "wrong" else is_known
    return Outcomes(eval_set, values, is_known, is_used, answered)


def _are_right(answered: "Ids", known: _Known) -> "list[bool]":
    return [
        word_id != NO_ANSWER and int(known.compared_as[word_id]) in right
        for word_id, right in zip(answered.tolist(), known.right, strict=True)
    ]


def check_finite(vocabulary: "Vocabulary", matrix: "Rows", protocol: Protocol) -> None:
    """Raises: InputError if a word that is looked at has a vector that has no cosine with anything"""
    n_words = min(len(vocabulary), protocol.max_words or len(vocabulary))
    for start in range(0, n_words, ROWS_PER_BLOCK):
        is_finite = np.isfinite(matrix[start : min(start + ROWS_PER_BLOCK, n_words)]).all(axis=1)
        if not is_finite.all():
            word = vocabulary.word(start + int(np.argmin(is_finite))).decode(errors="replace")
            raise InputError(
                f"the vector of {word!r} holds numbers that are not finite, and nothing can be nearest to it or not; "
                "wordvec verify counts such vectors"
            )


# ---------------------------------------------------------------- word pairs


def pair_cosines(matrix: "Rows", ids: "Ids") -> "Matrix":
    """The cosine of each of many pairs of rows; 0 if one is all zeros.

    ids  (n, 2)
    """
    first, second = (directions(matrix[column].astype(np.float64)) for column in ids.T)
    # To single precision again: what is equal but for rounding has to tie.
    cosines: Matrix = np.einsum("ij,ij->i", first, second).astype(np.float32)
    return cosines


def spearman(first: "Numbers | Matrix", second: "Numbers | Matrix") -> float:
    """Spearman's rank correlation with average ranks for ties; NaN if either is all alike."""
    x, y = (ranks - ranks.mean() for ranks in map(_average_ranks, (first, second)))
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / norm if norm else math.nan


def _average_ranks(values: "Numbers | Matrix") -> "Numbers":
    """The rank of each value from 1, equal ones sharing the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Numbers = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks
