import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import ask
from wordvec_cli.evaluation.bootstrap import Resampling
from wordvec_cli.evaluation.comparison import difference, differing_training, relation_of
from wordvec_cli.evaluation.neighbour_changes import changes, most_changed, shared_words
from wordvec_cli.evaluation.protocol import PROTOCOLS, Lexicon
from wordvec_cli.evaluation.scores import Outcomes
from wordvec_cli.evaluation.sets import Analogies, WordPairs
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

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


def test_files_without_a_word_in_common_have_no_neighbours_to_compare() -> None:
    shared = shared_words(A, vectors_of([b"other"], np.ones((1, 2))))
    assert (len(shared), len(shared.only_first), shared.only_second) == (0, 42, [b"other"])
    assert changes(shared, range(len(shared)), 3) == []


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
    with pytest.raises(InputError, match="can be asked of both files"):
        difference(outcomes(A, pairs), outcomes(B, pairs), None)


def test_a_word_moves_by_what_the_others_neighbours_are_less_near_than_its_own() -> None:
    """By hand, with k 1: a has b in the first, cosine c; d is at -1 there. It has d in the second, c too; b is at 0."""
    words = [b"a", b"b", b"c", b"d"]
    first = vectors_of(words, np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0]]))
    second = vectors_of(words, np.array([[1, 0], [0, 1], [-1, 0], [1, 0.1]]))
    (change,) = changes(shared_words(first, second), [0], 1)
    assert (change.first, change.second, change.overlap) == ((1,), (3,), 0)
    assert change.moved == pytest.approx(1 / np.sqrt(1.01) + 0.5)


def test_a_word_that_moved_comes_before_one_whose_neighbours_are_all_about_as_near() -> None:
    """`vague` loses all its neighbours to others that were as near but for a trifle; `moved` changes its side."""
    circle = [[np.cos(angle), np.sin(angle), 0] for angle in np.linspace(0, 2 * np.pi, 8, endpoint=False)]
    words = [b"vague", *(b"r%d" % i for i in range(8)), b"moved", b"near", b"far"]
    first = np.array([[0.1, 0, 1], *circle, [0, 9, -1], [0, 8, -1], [0, -9, -1]])
    second = first.copy()
    second[0], second[9] = [-0.1, 0, 1], [0, -9, -1.1]
    found = changes(shared_words(vectors_of(words, first), vectors_of(words, second)), [0, 9], 1)
    assert [change.overlap for change in found] == [0, 0]
    assert [words[change.word_id] for change in most_changed(found, 2)] == [b"moved", b"vague"]
    assert [words[change.word_id] for change in most_changed(found, 1)] == [b"moved"]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_word_that_is_not_finite_has_no_neighbours_and_is_none(number: float) -> None:
    """Where it leaves no other word, or none at all, nothing is compared."""
    damaged = RNG.normal(size=(4, 2))
    damaged[1] = number
    words = [b"a", b"b", b"c", b"d"]
    whole, broken = vectors_of(words, RNG.normal(size=(4, 2))), vectors_of(words, damaged)
    for pair in ((whole, broken), (broken, whole)):
        found = changes(shared_words(*pair), range(4), 5)
        assert [(change.word_id, {*change.first}, {*change.second}) for change in found] == [
            (i, {0, 2, 3} - {i}, {0, 2, 3} - {i}) for i in (0, 2, 3)
        ]
    damaged[1:] = number
    assert changes(shared_words(whole, vectors_of(words, damaged)), range(4), 5) == []


MADE = {"configuration": '{"seed": 1, "window": 5}', "seed": "1", "corpus_fingerprint": "x"}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (MADE, []),
        ({}, []),
        (MADE | {"configuration": '{"seed": 2, "window": 5}'}, ["seed 1 / 2"]),
        (MADE | {"configuration": '{"seed": 1, "epochs": 3}'}, ["window 5 / -", "epochs - / 3"]),
        (MADE | {"corpus_fingerprint": "y", "losses": "[]"}, ["corpus"]),
    ],
)
def test_two_trainings_differ_in_what_both_files_say_of_themselves(other: dict[str, str], told: list[str]) -> None:
    first, second = (from_matrix(A.vocabulary, A.matrix, made) for made in (MADE, other))
    assert differing_training(first, second) == told


SECOND_SEED = MADE | {"configuration": '{"seed": 2, "window": 5}'}


@pytest.mark.parametrize(
    ("first", "second", "relation"),
    [
        (MADE, SECOND_SEED, "seeds"),
        (MADE | {"bootstrap": "lines"}, SECOND_SEED | {"bootstrap": "lines"}, "samples"),
        (MADE | {"bootstrap": "lines"}, SECOND_SEED, "otherwise"),
        (MADE | {"group": "year=1990"}, MADE | {"group": "year=1991"}, "otherwise"),
        (MADE, SECOND_SEED | {"corpus_fingerprint": "y"}, "otherwise"),
        (MADE, MADE | {"losses": "[]"}, "again"),
        (MADE, {}, "unknown"),
        (
            {"configuration": MADE["configuration"]},
            {"configuration": SECOND_SEED["configuration"]},
            "otherwise",
        ),  # of which text is not known
    ],
)
def test_what_two_files_are_to_each_other_is_told_by_what_they_record(
    first: dict[str, str], second: dict[str, str], relation: str
) -> None:
    assert relation_of(*(from_matrix(A.vocabulary, A.matrix, made) for made in (first, second))) == relation
