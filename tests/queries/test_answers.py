"""Questions of words, many in one call: neighbours, similarities, the odd one out."""

import numpy as np
import pytest
from gensim.models import KeyedVectors

from wordvec_cli.queries import answers
from wordvec_cli.queries.answers import Search, neighbours_of_questions, odd_one_out, similarities_of_questions
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.nearest import ids_of_words
from wordvec_cli.queries.questions import (
    ANALOGY_WEIGHTS,
    Question,
    question_of_set,
    question_of_sum,
    question_of_words,
)
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [f"w{i}" for i in range(60)]


@pytest.fixture(scope="module")
def vectors() -> Embeddings:
    matrix = np.random.default_rng(3).normal(size=(60, 8)).astype(np.float32)
    matrix[59] = 0
    return from_matrix(Vocabulary.from_words(word.encode() for word in WORDS), matrix, {})


@pytest.fixture(scope="module")
def oracle(vectors: Embeddings) -> KeyedVectors:
    oracle = KeyedVectors(vectors.dim)
    oracle.add_vectors(WORDS[:59], vectors.matrix[:59])
    return oracle


def answered(
    vectors: Embeddings, questions: list[Question], search: Search, n: int = 1
) -> list[list[tuple[str, float]]]:
    found = list(neighbours_of_questions(questions, search, n))
    assert [question for question, _ in found] == questions
    return [[(WORDS[each.word_id], each.score) for each in neighbours] for _, neighbours in found]


def check(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> None:
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([score for _, score in ours], [score for _, score in theirs], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("at_once", [1, 4, 512])
def test_many_questions_are_answered_in_their_order_however_they_are_divided(
    vectors: Embeddings, oracle: KeyedVectors, at_once: int, n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "QUESTIONS_AT_ONCE", at_once)
    finder = WordFinder(vectors)
    questions = [question_of_words([word.encode()], finder) for word in [*WORDS[:9], "absent", "w20"]]
    found = answered(vectors, questions, Search(Index(vectors), "cosine", 4), n_threads)
    assert found[9] == []
    for word, ours in zip([*WORDS[:9], "w20"], found[:9] + found[10:], strict=True):
        check(ours, oracle.most_similar(word, topn=4))


def test_sets_sums_and_analogies_are_those_of_gensim(vectors: Embeddings, oracle: KeyedVectors) -> None:
    finder, index = WordFinder(vectors), Index(vectors)
    mean = question_of_set([b"w1", b"w2"], finder)
    total = question_of_sum([b"w1", b"w2"], [b"w3"], finder)
    analogy = question_of_words([b"w3", b"w1", b"w2"], finder, ANALOGY_WEIGHTS)
    ours = answered(vectors, [mean, total, analogy], Search(index, "cosine", 5))
    check(ours[0], oracle.most_similar(["w1", "w2"], topn=5))
    check(ours[1], oracle.most_similar(["w1", "w2"], ["w3"], topn=5))
    check(ours[2], oracle.most_similar(["w1", "w2"], ["w3"], topn=5))
    assert (mean.names, total.names) == ([b"w1 w2"], [b"w1 + w2 - w3"])
    [ours_by_product] = answered(vectors, [analogy], Search(index, "3cosmul", 5))
    theirs = oracle.most_similar_cosmul(["w1", "w2"], ["w3"], topn=6)
    check([each for each in ours_by_product if each[0] != "w59"], theirs[: len(ours_by_product)])


def test_a_question_may_find_its_own_words_if_it_is_told_so(vectors: Embeddings) -> None:
    question = question_of_words([b"w7"], WordFinder(vectors))
    search = Search(Index(vectors), "cosine", 1, include_question=True)
    [[(word, cosine)]] = answered(vectors, [question], search)
    assert (word, round(cosine, 12)) == ("w7", 1)


def test_a_set_does_without_the_words_that_are_skipped_and_other_questions_do_not(vectors: Embeddings) -> None:
    for missing, n_of_set in (("skip", 1), ("error", 0)):
        finder = WordFinder(vectors, missing)
        assert len(question_of_set([b"w1", b"absent"], finder).vectors) == n_of_set
        assert len(question_of_words([b"w1", b"absent"], finder).vectors) == 0


def test_only_zeros_have_no_direction(vectors: Embeddings) -> None:
    finder = WordFinder(vectors)
    directions = [question_of_words([word], finder).has_direction for word in (b"w1", b"w59", b"absent")]
    assert directions == [True, False, False]


def test_similarities_of_many_pairs_are_those_of_gensim(vectors: Embeddings, oracle: KeyedVectors) -> None:
    finder = WordFinder(vectors)
    pairs = [("w1", "w2"), ("w1", "absent"), ("w5", "w5"), ("w1", "w59")]
    questions = [question_of_words([a.encode(), b.encode()], finder) for a, b in pairs]
    first, unanswered, same, zeros = similarities_of_questions(questions, "cosine")
    assert (unanswered, zeros) == (None, 0)
    assert first == pytest.approx(oracle.similarity("w1", "w2"), abs=1e-6)
    assert same == pytest.approx(1)
    assert similarities_of_questions([], "cosine") == []


def test_the_odd_one_out_is_that_of_gensim(vectors: Embeddings, oracle: KeyedVectors) -> None:
    words = ["w4", "w11", "w23", "w42"]
    found = odd_one_out([word.encode() for word in words], WordFinder(vectors))
    assert found is not None
    ranked = {word.encode(): 1 - cosine for cosine, word in oracle.rank_by_centrality(words)}
    assert found.word.decode() == oracle.doesnt_match(words)
    assert [word for word, _ in found.distances] == [word.encode() for word in words]
    np.testing.assert_allclose([d for _, d in found.distances], [ranked[w] for w, _ in found.distances], atol=1e-6)
    assert found.distance == max(d for _, d in found.distances)


def test_there_is_no_odd_one_among_fewer_than_two_words_or_where_one_is_missing(vectors: Embeddings) -> None:
    for words in ([], [b"w1"], [b"w1", b"absent"], [b"w1", b"w2", b"absent"]):
        assert odd_one_out(words, WordFinder(vectors)) is None
    skipping = WordFinder(vectors, "skip")
    assert odd_one_out([b"w1", b"absent"], skipping) is None
    assert odd_one_out([b"w1", b"w2", b"absent"], skipping) is not None


def test_the_ids_of_words_come_with_the_words_that_are_missing(vectors: Embeddings) -> None:
    ids, missing = ids_of_words(vectors.vocabulary, [b"w3", b"absent", b"w1"])
    assert (ids.tolist(), missing) == ([3, 1], [b"absent"])
    assert ids_of_words(vectors.vocabulary, [])[0].dtype == np.int64
