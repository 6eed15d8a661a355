"""Putting the questions of sets to vectors, under a protocol.

`ask` takes a vocabulary and a matrix rather than a file, so that training can ask between two epochs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.analogies import NO_ANSWER, Asking, answers
from wordvec_cli.evaluation.protocol import GENSIM, Judging, Lexicon, Protocol
from wordvec_cli.evaluation.scores import Outcomes, Score
from wordvec_cli.evaluation.set_folders import read_eval_sets
from wordvec_cli.evaluation.sets import Analogies, EvalSet, WordPairs
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.text.decoding import as_bytes, shown
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.transform.rows import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Embeddings, Rows, Vector
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

ROWS_PER_BLOCK = 1 << 15
LITTLE = 0.1  # a score of a smaller share of a set's questions gets a note

# ---------------------------------------------------------------- several sets


def read_sets(paths: Iterable[str], note: Note = ignore) -> list[EvalSet]:
    """The sets of files, folders, standard input (-) and names in `SHIPPED`. Raises: InputError"""
    return [title_noted(each, note) for path in paths for each in read_eval_sets(path)]


def title_noted(eval_set: EvalSet, note: Note) -> EvalSet:
    """The set; a first line that was taken for the names of columns is noted."""
    if isinstance(eval_set, WordPairs) and eval_set.title:
        note(f"{eval_set.title} names the columns and is not scored")
    return eval_set


def judge(
    vectors: "Embeddings", sets: Sequence[EvalSet], judging: Judging, note: Note = ignore
) -> list[tuple[Outcomes, Score]]:
    """What vectors answer to sets, and the score of each. Raises: InputError as `outcomes_of_sets`"""
    outcomes = [each for (each,) in outcomes_of_sets([vectors], sets, judging.protocol, note)]
    return [(each, each.score(judging.resampling)) for each in outcomes]


def outcomes_of_sets(
    vectors: "Sequence[Embeddings]", sets: Sequence[EvalSet], protocol: Protocol, note: Note = ignore
) -> Iterator[tuple[Outcomes, ...]]:
    """What each vector file answers to each set; a set without a question that can be asked is noted and left out.

    Raises: InputError if every set is, or if a vector has numbers that are not finite
    """
    for each in vectors:
        check_finite(each.vocabulary, rows_of(each), protocol)
    of_words: dict[int, Lexicon] = {}  # which vectors may share, as before and after a step
    for each in vectors:
        if id(each.vocabulary) not in of_words:
            of_words[id(each.vocabulary)] = Lexicon(each.vocabulary, protocol)
    lexicons = [of_words[id(each.vocabulary)] for each in vectors]
    n_asked = 0
    reason = None  # why the last set that was left out was: the only reason is an error, others are notes
    for eval_set in sets:
        try:
            outcomes = tuple(
                _ask_file(lexicon, each, eval_set, note) for lexicon, each in zip(lexicons, vectors, strict=True)
            )
        except InputError as error:
            if reason is not None:
                note(str(reason))
            reason = error
            continue
        n_asked += 1
        _note_if_few_are_known(eval_set, outcomes, note)
        yield outcomes
    if reason is not None:
        if not n_asked:
            raise reason
        note(str(reason))


def _note_if_few_are_known(eval_set: EvalSet, outcomes: Sequence[Outcomes], note: Note) -> None:
    if np.logical_and.reduce([each.is_used for each in outcomes]).any():
        is_known = np.logical_and.reduce([each.is_known for each in outcomes])
        note_if_few(eval_set, float(is_known.mean()), note)


def note_if_few(eval_set: EvalSet, share: float, note: Note) -> None:
    """Note that a score says little, if only a small `share` of the set's questions has known words."""
    if share < LITTLE:
        note(
            f"{eval_set.name}: the vectors have the words of only {share:.1%} of its questions, so its score says "
            "little; check that the set is in the language of the vectors and writes words as they do"
        )


# ---------------------------------------------------------------- one set


def evaluate(vocabulary: "Vocabulary", matrix: "Rows", eval_set: EvalSet, protocol: Protocol = GENSIM) -> Score:
    """Score vectors on a set; arguments and errors as of `ask`."""
    return ask(Lexicon(vocabulary, protocol), matrix, eval_set).score()


def check_words(vocabulary: "Vocabulary", eval_set: EvalSet, protocol: Protocol = GENSIM) -> float:
    """The share of a set's questions that can be asked, before hours of work. Raises: InputError as `ask`"""
    return float(_Known(Lexicon(vocabulary, protocol), eval_set).is_known.mean())


def _ask_file(lexicon: Lexicon, vectors: "Embeddings", eval_set: EvalSet, note: Note) -> Outcomes:
    """As `ask`, with vectors of unknown words that are made of their parts, where the protocol wants them."""
    if not (isinstance(eval_set, WordPairs) and lexicon.protocol.composes and vectors.can_compose):
        return ask(lexicon, rows_of(vectors), eval_set)
    words = sorted({word for pair in eval_set.words for word in pair[:2] if lexicon.find(word) < 0})
    outside = [word for word in words if vectors.vocabulary.find(as_bytes(word)) is None]
    made, is_made = vectors.compose_all([as_bytes(word) for word in outside])
    composed = {word: row for word, row, is_there in zip(outside, made, is_made.tolist(), strict=True) if is_there}
    if composed:
        note(f"{eval_set.name}: {counted(len(composed), 'word')} outside of the vocabulary composed of n-grams")
    return ask(lexicon, rows_of(vectors), eval_set, composed)


def ask(
    lexicon: Lexicon, matrix: "Rows", eval_set: EvalSet, composed: "Mapping[str, Vector] | None" = None
) -> Outcomes:
    """Put every question of a set to vectors.

    matrix  (n_words, dim) float32, rows of any lengths, read only; a word whose vector is all zeros has cosine 0
    composed  of word pairs: vectors of words that the vocabulary lacks
    Raises: InputError if the vocabulary lacks words for every question
    """
    made = [] if composed is None else list(composed.items())
    known, protocol = _Known(lexicon, eval_set, [word for word, _ in made]), lexicon.protocol
    is_known, ids = known.is_known, known.ids[known.is_known]
    values = np.zeros(len(is_known), np.float32)
    answered = None
    if isinstance(eval_set, WordPairs):
        rows = _with_rows(matrix, ids, [vector for _, vector in made], len(known.compared_as))
        values[is_known] = pair_cosines(rows, np.arange(ids.size).reshape(ids.shape))
    else:
        asking = Asking(known.compared_as, protocol.method, protocol.n_candidates, protocol.is_above_zero)
        answered = np.full(len(is_known), NO_ANSWER, np.int64)
        answered[is_known] = answers(matrix, ids, asking)
        values[:] = _are_right(answered, known)
    is_used = np.ones_like(is_known) if protocol.unknown_words == "wrong" else is_known
    return Outcomes(eval_set, values, is_known, is_used, answered)


class _Known:
    """A set in the ids of a vocabulary; vectors of `composed` words have the ids that come after those.

    compared_as  as in Lexicon: words that count as equal have one
    ids       (n, 2) or, of a, b and c, (n, 3); -1 for an unknown word
    right     for each analogy the right answers that are known, as the ids that they are compared as
    is_known  (n,) whether a question can be asked
    """

    def __init__(self, lexicon: Lexicon, eval_set: EvalSet, composed: Sequence[str] = ()) -> None:
        self.compared_as = lexicon.compared_as
        more = {word: len(self.compared_as) + i for i, word in enumerate(composed)}
        n_asked = 2 if isinstance(eval_set, WordPairs) else 3
        ids = [[more.get(word, lexicon.find(word)) for word in words[:n_asked]] for words in eval_set.words]
        self.ids = np.array(ids, np.int64)
        self.is_known: NDArray[np.bool_] = self.ids.min(axis=1) >= 0
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
                f"{len(self.compared_as)} words that are looked at, so there is nothing to score; choose a set that "
                "suits the vectors"
            )

    def _right(self, ids: Iterable[int]) -> frozenset[int]:
        return frozenset(int(self.compared_as[word_id]) for word_id in ids if word_id >= 0)


def _are_right(answered: "Ids", known: _Known) -> "list[bool]":
    return [
        word_id != NO_ANSWER and int(known.compared_as[word_id]) in right
        for word_id, right in zip(answered.tolist(), known.right, strict=True)
    ]


def _with_rows(matrix: "Rows", ids: "Ids", composed: "Sequence[Vector]", n_words: int) -> "Matrix":
    """The vectors of ids, one after the other; those from `n_words` on are of the composed words."""
    flat = ids.reshape(-1)
    if not composed:
        return matrix[flat]
    is_composed = flat >= n_words
    rows = np.empty((len(flat), matrix.shape[1]), np.float32)
    rows[~is_composed] = matrix[flat[~is_composed]]
    rows[is_composed] = np.array(composed)[flat[is_composed] - n_words]
    return rows


def pair_cosines(matrix: "Rows", ids: "Ids") -> "Matrix":
    """The cosine of each of many pairs of rows; 0 if one is all zeros.

    ids  (n, 2)
    """
    first, second = (unit_rows(matrix[column]) for column in ids.T)
    # To single precision again: what is equal but for rounding has to tie.
    cosines: Matrix = np.einsum("ij,ij->i", first, second).astype(np.float32)
    return cosines


def check_finite(vocabulary: "Vocabulary", matrix: "Rows", protocol: Protocol) -> None:
    """Raises: InputError if a word that is looked at has a vector that has no cosine with anything"""
    n_words = min(len(vocabulary), protocol.max_words or len(vocabulary))
    for start in range(0, n_words, ROWS_PER_BLOCK):
        is_finite = np.isfinite(matrix[start : min(start + ROWS_PER_BLOCK, n_words)]).all(axis=1)
        if not is_finite.all():
            word = shown(vocabulary.word(start + int(np.argmin(is_finite))))
            raise InputError(
                f"the vector of {word!r} holds numbers that are not finite, so it cannot be compared; wordvec verify "
                "counts such vectors"
            )
