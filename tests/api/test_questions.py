"""Nearest words and comparisons are gensim's on the same vectors."""

from typing import Any

import numpy as np
import pytest

from tests.api.conftest import DIM, Pair, of_words
from tests.api.test_lookups import same
from wordvec_cli.errors import OptionError


def same_answers(mine: Any, theirs: Any) -> None:
    """The same words with the same scores; words whose scores differ in the seventh digit may change places."""
    assert len(mine) == len(theirs)
    assert all(isinstance(word, str) and isinstance(score, float) for word, score in mine)
    same([score for _, score in mine], [score for _, score in theirs])
    assert {word for word, _ in mine} == {word for word, _ in theirs}


def questions(pair: Pair) -> list[dict[str, Any]]:
    a, b, c, d, *_ = pair.words
    vector, own = np.arange(1, pair.ours.vector_size + 1, dtype=np.float32), pair.gensim[c]
    return [
        {"positive": a},
        {"positive": [a]},
        {"positive": [a, b], "negative": [c]},
        {"positive": [a, b], "negative": c},
        {"negative": [a, b]},
        {"positive": [(a, 2.0), (b, 0.5), c], "negative": [(d, -0.7)]},
        {"positive": vector},
        {"positive": [vector, a], "negative": [own]},
        {"positive": [(vector, 0.1), a]},
        {"positive": np.stack([own, vector])},
    ] + [{"positive": [other, a], "negative": [b]} for other in pair.others]


def test_words_may_be_numbers_and_come_in_any_sequence(plain: Pair) -> None:
    a, b, *_ = plain.words
    same_answers(plain.ours.most_similar(5), plain.gensim.most_similar(5))
    same_answers(plain.ours.most_similar((a, b)), plain.gensim.most_similar([a, b]))


@pytest.mark.parametrize("topn", [1, 10, 10**4])
def test_most_similar_words_are_gensims(pair: Pair, topn: int) -> None:
    for question in questions(pair):
        same_answers(pair.ours.most_similar(**question, topn=topn), pair.gensim.most_similar(**question, topn=topn))


@pytest.mark.parametrize(
    "limits",
    [
        {"restrict_vocab": 40},
        {"restrict_vocab": 10**6},
        {"restrict_vocab": 0},
        {"clip_start": 20},
        {"clip_start": 20, "clip_end": 60},
        {"clip_start": 20, "clip_end": 60, "restrict_vocab": 50},
        {"clip_end": 30},
    ],
)
@pytest.mark.parametrize("topn", [5, 1000, None])
def test_limits_on_answers_are_gensims(pair: Pair, limits: dict[str, int], topn: int | None) -> None:
    a, b, c, *_ = pair.words
    question = {"positive": [a, b], "negative": [c], "topn": topn}
    mine, theirs = (each.most_similar(**question, **limits) for each in (pair.ours, pair.gensim))
    if topn is None:
        same(mine, theirs)
    else:
        same_answers(mine, theirs)


def test_no_answers_and_all_similarities_are_asked_for_as_with_gensim(pair: Pair) -> None:
    a, b, *_ = pair.words
    assert pair.ours.most_similar(a, topn=0) == pair.gensim.most_similar(a, topn=0) == []
    assert pair.ours.most_similar_cosmul(a, topn=0) == []
    for method in ("most_similar", "most_similar_cosmul"):
        mine, theirs = (getattr(each, method)([a], [b], topn=None) for each in (pair.ours, pair.gensim))
        assert mine.shape == (len(pair.ours),)
        same(mine, theirs)
    for vectors in (pair.ours, pair.gensim):
        with pytest.raises(ValueError):
            vectors.most_similar()
        with pytest.raises(ValueError):
            vectors.most_similar_cosmul(negative=[a])


def test_relatives_of_most_similar_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    for word in [*pair.words, *pair.others]:
        for method in ("similar_by_word", "similar_by_key"):
            for options in ({}, {"topn": 3}, {"restrict_vocab": 30}):
                same_answers(getattr(ours, method)(word, **options), getattr(theirs, method)(word, **options))
        same_answers(ours.similar_by_vector(theirs[word], topn=7), theirs.similar_by_vector(theirs[word], topn=7))


def test_products_of_cosines_are_gensims(plain: Pair) -> None:
    a, b, c, d, *_ = plain.words
    unit = plain.gensim.get_vector(d, norm=True)
    for positive, negative in ((a, None), ([a, b], [c]), ([a, b, c], [d]), ([a, unit], [c]), ([a], [b, c])):
        mine, theirs = (each.most_similar_cosmul(positive, negative, topn=8) for each in (plain.ours, plain.gensim))
        same_answers(mine, theirs)
    restricted = plain.ours.most_similar_cosmul([a, b], [c], topn=8, restrict_vocab=30)  # gensim overlooks it here
    everything = plain.ours.most_similar_cosmul([a, b], [c], topn=1000)
    assert restricted == [each for each in everything if plain.ours.get_index(each[0]) < 30][:8]


def test_products_of_cosines_take_words_of_parts(subwords: Pair) -> None:
    other, word = subwords.others[0], subwords.words[0]
    same_answers(
        subwords.ours.most_similar_cosmul([other], [word]), subwords.gensim.most_similar_cosmul([other], [word])
    )


# ---------------------------------------------------------------- comparisons


def test_similarities_and_distances_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    words = [*pair.words, *pair.others]
    for one in words:
        for other in words:
            same(ours.similarity(one, other), theirs.similarity(one, other))
            same(ours.distance(one, other), theirs.distance(one, other))
        same(ours.distances(one), theirs.distances(one))
        same(ours.distances(one, pair.words[:3]), theirs.distances(one, pair.words[:3]))
    same(ours.distances(theirs.vectors[9]), theirs.distances(theirs.vectors[9]))
    for other in pair.others:  # for which gensim has no answer
        same(ours.distances(words[0], [other]), [theirs.distance(words[0], other)])
    first, rows = theirs.vectors[0], theirs.vectors
    same(ours.cosine_similarities(first, rows), theirs.cosine_similarities(first, rows))
    assert isinstance(ours.similarity(*words[:2]), float)


def test_similarities_of_sets_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    sets = [pair.words[:2], pair.words[2:], [*pair.words[:1], *pair.others]]
    sets += [] if pair.others else [["nowhere", *pair.words]]  # of whose parts a vector would be made
    for one in sets:
        for other in sets:
            same(ours.n_similarity(one, other), theirs.n_similarity(one, other))
    for vectors in (ours, theirs):
        with pytest.raises(ZeroDivisionError):
            vectors.n_similarity([], pair.words)


def test_the_odd_one_out_is_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    for i in range(0, 60, 5):
        words = [*theirs.index_to_key[i : i + 5], *pair.others]
        assert ours.doesnt_match(words) == theirs.doesnt_match(words)
        mine, expected = ours.rank_by_centrality(words), theirs.rank_by_centrality(words)
        assert [word for _, word in mine] == [word for _, word in expected]
        same([score for score, _ in mine], [score for score, _ in expected])
    same([s for s, _ in ours.rank_by_centrality(words, False)], [s for s, _ in theirs.rank_by_centrality(words, False)])


def test_the_odd_one_out_leaves_missing_words_out_and_says_so(plain: Pair) -> None:
    with pytest.warns(UserWarning, match="'nowhere'"):
        assert plain.ours.doesnt_match([*plain.words, "nowhere"]) == plain.gensim.doesnt_match(plain.words)
    with pytest.warns(UserWarning), pytest.raises(ValueError):
        plain.ours.doesnt_match(["nowhere"])
    with pytest.raises(ValueError):
        plain.ours.doesnt_match([])


def test_ranks_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    for one in pair.words:
        for other in pair.words:
            if one != other:
                assert ours.closer_than(one, other) == theirs.closer_than(one, other)
                assert ours.rank(one, other) == theirs.rank(one, other)
        assert ours.most_similar_to_given(one, pair.words) == theirs.most_similar_to_given(one, pair.words)
    for other in pair.others:  # for which gensim has no answer
        nearer = [word for word in ours if ours.similarity(pair.words[0], word) > ours.similarity(pair.words[0], other)]
        assert ours.closer_than(pair.words[0], other) == [word for word in nearer if word != pair.words[0]]


# ---------------------------------------------------------------- many questions


def test_many_questions_in_one_call_have_the_answers_of_each(pair: Pair) -> None:
    words = [*pair.words, *pair.others] * 100  # more than are answered at a time
    found = pair.ours.nearest(words, 7)
    assert found.words.shape == found.ids.shape == found.scores.shape == (len(words), 7)
    for i in (*range(10), len(words) - 1):
        expected = pair.gensim.most_similar(words[i], topn=7)
        same_answers(list(zip(found.words[i].tolist(), found.scores[i].tolist(), strict=True)), expected)
        assert [pair.ours.index_to_key[index] for index in found.ids[i]] == found.words[i].tolist()


def test_many_questions_may_be_vectors_and_may_answer_themselves(plain: Pair) -> None:
    v = plain.ours
    np.testing.assert_array_equal(v.nearest(v.vectors[:4], 1).ids[:, 0], range(4))
    np.testing.assert_array_equal(v.nearest(plain.words[:4], 1, include_question=True).ids[:, 0], range(4))
    assert (v.nearest(plain.words[:4], 3, restrict_vocab=50).ids < 50).all()
    assert v.nearest("w1", 2).words.shape == (1, 2)
    assert v.nearest([], 2).words.shape == (0, 2)


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
def test_each_metric_puts_words_in_its_order(plain: Pair, metric: Any) -> None:
    matrix = plain.gensim.vectors.astype(np.float64)
    unit = matrix / np.linalg.norm(matrix, axis=1)[:, None]
    scores = {
        "cosine": unit @ unit[0], "dot": matrix @ matrix[0], "euclidean": -np.linalg.norm(matrix - matrix[0], axis=1)
    }[metric]  # fmt: skip
    expected = [index for index in np.argsort(-scores).tolist() if index != 0][:9]
    found = plain.ours.nearest(["w0"], 9, metric)
    assert found.ids[0].tolist() == expected
    np.testing.assert_allclose(found.scores[0], np.abs(scores[expected]) if metric == "euclidean" else scores[expected])


def test_a_metric_that_there_is_not_is_an_error(plain: Pair) -> None:
    with pytest.raises(OptionError, match="cosine, dot, euclidean"):
        plain.ours.nearest(["w0"], metric="cosin")  # type: ignore[arg-type]


def test_a_range_without_words_has_no_answers(plain: Pair) -> None:
    assert plain.ours.most_similar("w0", clip_start=9, clip_end=5) == []
    assert plain.ours.most_similar("w0", topn=None, clip_start=9, clip_end=5).shape == (0,)


def test_fewer_answers_than_asked_for_are_filled_up() -> None:
    v = of_words(["a", "b"], np.eye(2, DIM, dtype=np.float32) + 1).ours
    found = v.nearest(["a"], 3)
    assert found.words.tolist() == [["b", None, None]]
    assert found.ids.tolist() == [[1, -1, -1]]
    assert np.isnan(found.scores[0, 1:]).all()
