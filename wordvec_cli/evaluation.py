"""How good vectors are: word pairs against people's judgements, and analogies, each under a stated protocol.

It takes a vocabulary and a matrix rather than a file, so that training can ask between two epochs.
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.files import decompressed, readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.embeddings import Rows
    from wordvec_cli.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Real = TypeVar("Real", np.float32, np.float64)

COSINES_AT_ONCE = 1 << 24  # 64 MB; with fewer questions at a time the product takes up to twice as long
CANDIDATES = 5  # gensim looks no further down the list for a word that is not in the question
COMMENTS = ("#", "//")

# ---------------------------------------------------------------- the sets


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words and how similar people find them; `scores` in any unit, as only their ranks count."""

    name: str
    words: tuple[tuple[str, ...], ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Analogies:
    """Questions a : b = c : d, of four words each, in sections.

    section_starts  the first question of each section
    """

    name: str
    words: tuple[tuple[str, ...], ...]
    section_names: tuple[str, ...]
    section_starts: tuple[int, ...]


EvalSet = WordPairs | Analogies


class _Line(NamedTuple):
    """A line that is no comment, and where it stands, for messages."""

    where: str
    text: str

    def wrong(self, what: str) -> InputError:
        layouts = "a line is two words and a score, or four words under a line ': section'"
        return InputError(f"{self.where}: {what}; {layouts}")


def read_eval_set(path: str) -> EvalSet:
    """Read word pairs with scores (tabs, commas or spaces between them) or analogies; the content tells which.

    Lines that start with # or // are comments; one line of titles may stand before pairs; the name is the file's.
    Raises: InputError that names the line
    """
    with readable(path), open(path, "rb") as raw:
        text = decompressed(raw).read().decode("utf-8-sig", "surrogateescape")
    lines = [
        _Line(f"{path}:{number}", line)
        for number, line in enumerate(text.rstrip().split("\n"), 1)
        if not line.startswith(COMMENTS)
    ]
    if not lines or not text.strip():
        raise InputError(f"{path}: holds no questions; two words and a score on a line, or four words")
    name = os.path.basename(path).split(".")[0]
    if _is_section(lines[0]) or (len(lines[0].text.split()) == 4 and not any(map(_pair, lines))):
        return _analogies(name, lines)
    return _word_pairs(name, lines)


def _word_pairs(name: str, lines: Sequence[_Line]) -> WordPairs:
    has_titles = len(lines) > 1 and _pair(lines[0]) is None and len(_columns(lines[0])) == 3
    pairs = []
    for line in lines[has_titles:]:
        if (pair := _pair(line)) is None:
            raise line.wrong(f"{line.text.strip()!r} is no pair of words with a score")
        pairs.append(pair)
    return WordPairs(name, tuple((first, second) for first, second, _ in pairs), tuple(pair[2] for pair in pairs))


def _pair(line: _Line) -> tuple[str, str, float] | None:
    """Two words and a finite score, None if the line is something else."""
    try:
        first, second, number = _columns(line)
        score = float(number)
    except ValueError:
        return None
    return (first, second, score) if first and second and math.isfinite(score) else None


def _columns(line: _Line) -> list[str]:
    separator = next((mark for mark in "\t," if mark in line.text), None)
    return [column.strip() for column in line.text.split(separator)]


def _analogies(name: str, lines: Sequence[_Line]) -> Analogies:
    words: list[tuple[str, ...]] = []
    section_names, section_starts = [], []
    if not _is_section(lines[0]):
        section_names, section_starts = [name], [0]
    for line in lines:
        if _is_section(line):
            section_names.append(line.text[1:].strip())
            section_starts.append(len(words))
        elif len(question := tuple(line.text.split())) == 4:
            words.append(question)
        else:
            raise line.wrong(f"{line.text.strip()!r} is no question of four words")
    return Analogies(name, tuple(words), tuple(section_names), tuple(section_starts))


def _is_section(line: _Line) -> bool:
    return line.text.startswith(":")


# ---------------------------------------------------------------- the protocol


@dataclass(frozen=True)
class Protocol:
    """What is counted, and how. The defaults are those of gensim's evaluate_word_pairs and evaluate_word_analogies.

    max_words     only the first so many words of the vocabulary are asked for and looked at as answers; None: all
    ignores_case  words are compared in upper case; of several forms of a word the first in the vocabulary is taken
    scores_unknown_as_wrong  a question with an unknown word counts as cosine 0, or as a wrong answer; else it is left
                  out, and the coverage says so
    """

    max_words: int | None = 300_000
    ignores_case: bool = True
    scores_unknown_as_wrong: bool = False

    def folded(self, word: str) -> str:
        """The word as it is compared."""
        return word.upper() if self.ignores_case else word


GENSIM = Protocol()


@dataclass(frozen=True)
class Score:
    """A figure and what it is drawn from.

    value     Spearman's rank correlation, or the share of right answers; NaN where there is none (nothing was used,
              or all cosines or all scores are alike)
    n_used    questions that count, of the `n_total` in the set
    sections  of analogies, in the set's order
    """

    name: str
    value: float
    n_used: int
    n_total: int
    sections: "tuple[Score, ...]" = ()

    @property
    def coverage(self) -> float:
        return self.n_used / self.n_total if self.n_total else 0.0


class _Lexicon:
    """The words of a vocabulary that a protocol looks at.

    ids          of each word as it is compared: the lowest
    compared_as  (n,) for each word the lowest id of those that are compared as equal
    """

    def __init__(self, vocabulary: "Vocabulary", protocol: Protocol) -> None:
        words = (protocol.folded(word.decode("utf-8", "surrogateescape")) for word in vocabulary)
        self.ids: dict[str, int] = {}
        n_words = min(len(vocabulary), protocol.max_words or len(vocabulary))
        lowest = (self.ids.setdefault(word, word_id) for word_id, word in zip(range(n_words), words, strict=False))
        self.compared_as = np.fromiter(lowest, np.int64, n_words)
        self._protocol = protocol

    def find(self, questions: Iterable[tuple[str, ...]]) -> "Ids":
        """The ids of the words of each question, (n, words of a question); -1 for an unknown one."""
        return np.array([[self.ids.get(self._protocol.folded(word), -1) for word in words] for words in questions])


@dataclass(frozen=True)
class Outcomes:
    """What vectors made of each question of a set.

    values   (n,) the cosine of a pair, or 1 for a right answer and 0 for a wrong one
    is_used  (n,) which questions the protocol counts
    """

    eval_set: EvalSet
    values: "Matrix"
    is_used: "NDArray[np.bool_]"

    def score(self) -> Score:
        name, used = self.eval_set.name, np.flatnonzero(self.is_used)
        if isinstance(self.eval_set, WordPairs):
            value = spearman(np.array(self.eval_set.scores)[used], self.values[used])
            return Score(name, value, len(used), len(self.values))
        starts = self.eval_set.section_starts
        bounds = zip(starts, (*starts[1:], len(self.values)), strict=True)
        named = zip(self.eval_set.section_names, bounds, strict=True)
        return self._accuracy(name, slice(None), tuple(self._accuracy(name, slice(*ends)) for name, ends in named))

    def _accuracy(self, name: str, questions: slice, sections: tuple[Score, ...] = ()) -> Score:
        is_used = self.is_used[questions]
        used = self.values[questions][is_used]
        return Score(name, float(used.sum()) / len(used) if len(used) else math.nan, len(used), len(is_used), sections)


def check_words(vocabulary: "Vocabulary", eval_set: EvalSet, protocol: Protocol = GENSIM) -> None:
    """Find out before hours of work that a set cannot be scored. Raises: InputError as `ask` does"""
    _Known(vocabulary, eval_set, protocol)


class _Known:
    """A set in the ids of a vocabulary.

    ids          (n, words of a question); -1 for an unknown word
    is_known     (n,) whether all words of a question are known
    compared_as  as in `_Lexicon`
    """

    def __init__(self, vocabulary: "Vocabulary", eval_set: EvalSet, protocol: Protocol) -> None:
        lexicon = _Lexicon(vocabulary, protocol)
        self.compared_as = lexicon.compared_as
        self.ids = lexicon.find(eval_set.words)
        self.is_known: NDArray[np.bool_] = self.ids.min(axis=1) >= 0
        if not self.is_known.any():
            raise InputError(
                f"{eval_set.name}: none of its {len(self.ids)} questions has all its words among the "
                f"{len(self.compared_as)} that are looked at, so that there is nothing to score; "
                "choose a set that suits the vectors"
            )


def evaluate(vocabulary: "Vocabulary", matrix: "Rows", eval_set: EvalSet, protocol: Protocol = GENSIM) -> Score:
    """Score vectors on a set; `ask` says what is taken and raised."""
    return ask(vocabulary, matrix, eval_set, protocol).score()


def ask(vocabulary: "Vocabulary", matrix: "Rows", eval_set: EvalSet, protocol: Protocol = GENSIM) -> Outcomes:
    """Put every question of a set to vectors.

    matrix  (n_words, dim) float32, rows of any lengths, read only; a word whose vector is all zeros has cosine 0
    Raises: InputError if the vocabulary lacks words for every question
    """
    known = _Known(vocabulary, eval_set, protocol)
    ids, is_known = known.ids, known.is_known
    values = np.zeros(len(ids), np.float32)
    if isinstance(eval_set, WordPairs):
        values[is_known] = pair_cosines(matrix, ids[is_known])
    else:
        values[is_known] = _answers(matrix, ids[is_known], known.compared_as) == ids[is_known, 3]
    return Outcomes(eval_set, values, np.ones_like(is_known) if protocol.scores_unknown_as_wrong else is_known)


# ---------------------------------------------------------------- word pairs


def pair_cosines(matrix: "Rows", ids: "Ids") -> "Matrix":
    """The cosine of each of many pairs of rows; 0 if one is all zeros.

    ids  (n, 2)
    """
    first, second = (_directions(matrix[column].astype(np.float64)) for column in ids.T)
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


def _directions(rows: "NDArray[Real]") -> "NDArray[Real]":
    """The rows at length 1, those of zeros as they are."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    lengths[lengths == 0] = 1
    directions: NDArray[Real] = rows / lengths[:, None]
    return directions


# ---------------------------------------------------------------- analogies


def _answers(matrix: "Rows", questions: "Ids", compared_as: "Ids") -> "Ids":
    """What 3CosAdd answers: the word nearest to b - a + c, as the lowest id of those that are compared as equal.

    questions    (m, 4) ids of a, b, c and what is expected
    compared_as  (n,) the words that are looked at, and what each is compared as
    """
    directions = _directions(matrix[: len(compared_as)])
    a, b, c = questions[:, :3].T
    queries = directions[b] - directions[a] + directions[c]
    answers = np.empty(len(questions), np.int64)
    n_at_once = max(1, COSINES_AT_ONCE // len(compared_as))
    buffer = np.empty((min(n_at_once, len(questions)), len(compared_as)), np.float32)
    for start in range(0, len(questions), n_at_once):
        some = slice(start, start + n_at_once)
        cosines = np.matmul(queries[some], directions.T, out=buffer[: len(queries[some])])
        answers[some] = _best_words(cosines, questions[some, :3], compared_as)
    return answers


def _best_words(cosines: "Matrix", asked: "Ids", compared_as: "Ids") -> "Ids":
    """For each row the word with the highest value that is not compared as equal to one of the question.

    cosines  (m, n), in which excluded words are overwritten
    asked    (m, 3) ids of the question's words
    """
    np.put_along_axis(cosines, asked, -np.inf, axis=1)
    answers = np.empty(len(cosines), np.int64)
    left = np.arange(len(cosines))
    for _ in range(CANDIDATES):  # a word of the question in another case is passed over, as far as gensim looks
        best = cosines.argmax(axis=1) if len(left) == len(cosines) else cosines[left].argmax(axis=1)
        answers[left] = compared_as[best]
        cosines[left, best] = -np.inf
        left = left[(answers[left, None] == asked[left]).any(axis=1)]
        if not len(left):
            break
    return answers
