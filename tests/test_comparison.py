import numpy as np
import pytest

from wordvec_cli.comparison import changes, difference, shared_words
from wordvec_cli.embeddings import Embeddings, from_matrix
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation import PROTOCOLS, Lexicon, Outcomes, ask
from wordvec_cli.evaluation_sets import Analogies, WordPairs
from wordvec_cli.resampling import Resampling
from wordvec_cli.vocabulary import Vocabulary

RNG = np.random.default_rng(2)
WORDS = [b"w%d" % i for i in range(40)]


def vectors_of(words: list[bytes], matrix: np.ndarray) -> Embeddings:
    return from_matrix(Vocabulary.from_words(words), np.ascontiguousarray(matrix, np.float32), {})


A = vectors_of([*WORDS, b"mine", b"\xff"], RNG.normal(size=(42, 6)))
B = vectors_of([b"theirs", *reversed(WORDS[5:])], RNG.normal(size=(36, 3)))


def brute(vectors: Embeddings, word: bytes, among: list[bytes], k: int) -> list[bytes]:
    directions = {w: vectors.vector(w) / np.linalg.norm(vectors.vector(w)) for w in among}
    return sorted(set(among) - {word}, key=lambda other: -float(directions[other] @ directions[word]))[:k]


def test_shared_words_come_in_the_order_of_the_first_with_the_vectors_of_each() -> None:
    shared = shared_words(A, B)
    assert list(shared.first.vocabulary) == list(shared.second.vocabulary) == WORDS[5:]
    assert (shared.only_first, shared.only_second) == ([*WORDS[:5], b"mine", b"\xff"], [b"theirs"])
    for word in WORDS[5:]:
        np.testing.assert_array_equal(shared.first.vector(word), A.vector(word))
        np.testing.assert_array_equal(shared.second.vector(word), B.vector(word))


@pytest.mark.parametrize("k", [1, 4, 100])
def test_neighbours_are_those_among_the_shared_words_and_the_overlap_is_their_share(k: int) -> None:
    shared = shared_words(A, B)
    among = WORDS[5:]
    found = changes(shared, [0, 7, 30], k)
    assert [change.word_id for change in found] == [0, 7, 30]
    for change in found:
        word = among[change.word_id]
        in_first, in_second = brute(A, word, among, k), brute(B, word, among, k)
        assert [among[i] for i in change.first] == in_first
        assert [among[i] for i in change.second] == in_second
        assert change.overlap == len(set(in_first) & set(in_second)) / len(in_first)


def test_words_without_a_direction_or_without_another_word_are_left_out() -> None:
    matrix = RNG.normal(size=(40, 4))
    matrix[3] = 0
    zeros, whole = vectors_of(WORDS, matrix), vectors_of(WORDS, RNG.normal(size=(40, 4)))
    for pair in ((zeros, whole), (whole, zeros)):
        assert [change.word_id for change in changes(shared_words(*pair), range(2, 5), 2)] == [2, 4]
    alone = shared_words(A, vectors_of([b"w1"], np.ones((1, 2))))
    assert (len(alone), changes(alone, [0], 3)) == (1, [])


def test_files_without_a_word_in_common_are_an_error() -> None:
    with pytest.raises(InputError, match="no word in common"):
        shared_words(A, vectors_of([b"other"], np.ones((1, 2))))


def outcomes(vectors: Embeddings, eval_set: WordPairs | Analogies) -> Outcomes:
    return ask(Lexicon(vectors.vocabulary, PROTOCOLS["wordvec"]), vectors.matrix, eval_set)


def test_only_questions_that_both_can_be_asked_count() -> None:
    """The pair of w0 is known to A alone; on the two others A has the judgement's order, B the reverse."""
    pairs = WordPairs("pairs", (("w0", "w6"), ("w5", "w6"), ("w5", "w7")), (9.0, 2.0, 1.0))
    first = vectors_of([b"w0", b"w5", b"w6", b"w7"], np.array([[1, 0], [1, 0], [3, 1], [1, 3]]))
    second = vectors_of([b"w7", b"w6", b"w5"], np.array([[3, 1], [1, 3], [1, 0]]))
    found = difference(outcomes(first, pairs), outcomes(second, pairs), None)
    assert (found.first.n_used, found.first.value, found.second.value, found.value) == (2, 1, -1, -2)
    assert (found.interval, found.p_value) == (None, None)


def test_a_difference_is_resampled_in_pairs() -> None:
    """B's answers are A's: no resample has them differ. Where B has all right and A none, every one does."""
    four = Analogies("four", (("a", "b", "c", "d"),) * 4, ("one",), (0,))
    known = np.ones(4, bool)
    some = Outcomes(four, np.array([1, 0, 1, 0], np.float32), known, known)
    same = difference(some, some, Resampling(500))
    assert (same.value, same.interval, same.p_value) == (0, (0, 0), 1)
    none, every = (Outcomes(four, np.full(4, value, np.float32), known, known) for value in (0, 1))
    found = difference(none, every, Resampling(999))
    assert (found.value, found.interval, found.p_value) == (1, (1, 1), 2 / 1000)


def test_sets_of_which_no_question_is_common_are_an_error() -> None:
    pairs = WordPairs("pairs", (("w0", "w1"), ("theirs", "w9")), (1.0, 2.0))
    with pytest.raises(InputError, match="no question that both"):
        difference(outcomes(A, pairs), outcomes(B, pairs), None)


def test_words_of_one_overlap_are_ordered_by_how_near_they_stay_to_the_others_neighbours() -> None:
    """By hand: with k 1, a has b in the first and d in the second; there it has cosine 0 with b, and here -1 with d."""
    words = [b"a", b"b", b"c", b"d"]
    first = vectors_of(words, np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0]]))
    second = vectors_of(words, np.array([[1, 0], [0, 1], [-1, 0], [1, 0.1]]))
    (change,) = changes(shared_words(first, second), [0], 1)
    assert (change.first, change.second, change.overlap, change.nearness) == ((1,), (3,), 0, -0.5)
