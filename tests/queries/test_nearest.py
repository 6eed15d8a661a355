from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from tests import reference_query
from wordvec_cli.errors import InputError
from wordvec_cli.queries import candidates, many, scan
from wordvec_cli.queries.analogies import CosMul, scorer_of_analogies
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import METRICS
from wordvec_cli.queries.nearest import NO_NEIGHBOUR, Neighbours, answer_ids, nearest
from wordvec_cli.queries.similarity import similarities, similarities_to_all, similarity_of_sets, weighted_means
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.native import load, save_tensors
from wordvec_cli.vectors.packing import Packing, scales_of
from wordvec_cli.vectors.row_tensors import packing_metadata, row_tensors
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def random_matrix(n_words: int = 300, dim: int = 20) -> np.ndarray:
    """With ties: rows that come again, as they are or longer, opposite ones, and rows of zeros."""
    matrix = np.random.default_rng(3).normal(size=(n_words, dim)).astype(np.float32)
    matrix[n_words // 2 : n_words // 2 + 9] = matrix[:9]
    matrix[-9:-3] = matrix[20:26] * 4
    matrix[-3:-1] = -matrix[30:32]
    matrix[[7, 70]] = 0
    return matrix


def embeddings_of(matrix: np.ndarray, counts: list[int] | None = None) -> Embeddings:
    words = [f"w{i}".encode() for i in range(len(matrix))]
    return from_matrix(Vocabulary.from_words(words, counts), np.ascontiguousarray(matrix), {})


def gensim_vectors(matrix: np.ndarray) -> KeyedVectors:
    vectors = KeyedVectors(matrix.shape[1])
    vectors.add_vectors([f"w{i}" for i in range(len(matrix))], matrix)
    return vectors


@pytest.fixture(params=[(1 << 8, 16), (1 << 13, 32), (1 << 22, 1 << 13), "few", "compiled"], ids=str)
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions by blocks of scores; as if they were few, all scores at once; or as if they were many, compiled.

    The last two take a part of the rows at a time.
    """
    monkeypatch.setattr(scan, "FEW_QUERIES", 1 << 10 if request.param == "few" else 0)
    monkeypatch.setattr(scan, "FLOATS_PER_PART", 1 << 10)
    if isinstance(request.param, tuple):
        monkeypatch.setattr(scan, "SCORES_PER_BLOCK", request.param[0])
        monkeypatch.setattr(scan, "MOST_ROWS", request.param[1])
    if request.param == "compiled":
        compiled(monkeypatch)


def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scan is compiled, on two threads, and finds little room for candidates."""
    monkeypatch.setattr(scan, "FEW_QUERIES", 0)
    monkeypatch.setattr(scan, "PRODUCTS_TO_LOAD", 0)
    monkeypatch.setattr(scan, "PRODUCTS_IF_LOADED", 0)
    monkeypatch.setattr(many, "FLOATS_PER_BLOCK", 1 << 9)
    monkeypatch.setattr(candidates, "ROOM_PER_BLOCK", 1)
    monkeypatch.setattr(candidates, "ROOM_PER_KEPT", 0)
    monkeypatch.setattr(candidates, "usable_cpus", lambda: 2)


def ids(answers: Neighbours) -> list[list[int]]:
    return [[neighbour.word_id for neighbour in answer] for answer in answers.lists()]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("k", [1, 8, 40, 500])
def test_neighbours_are_those_of_the_plain_definition(metric: str, k: int) -> None:
    """Ties by id, rows of zeros, more neighbours than rows, and than groups of rows."""
    matrix = random_matrix()
    asked = [5, 17, 20, 31, 150, 299]
    excluded = [frozenset([i]) for i in asked]
    answers = nearest(Index(embeddings_of(matrix)), METRICS[metric](matrix[asked]), k, excluded)
    assert ids(answers) == [reference_query.nearest(metric, matrix[i], matrix, k, frozenset([i])) for i in asked]
    for i, answer in zip(asked, answers.lists(), strict=True):
        expected = [reference_query.SCORES[metric](matrix[i], matrix[each.word_id]) for each in answer]
        np.testing.assert_allclose(
            [each.score for each in answer], np.abs(expected) if metric == "euclidean" else expected, atol=1e-12
        )


@pytest.mark.usefixtures("blocks")
def test_answers_do_not_depend_on_how_many_are_asked_at_once() -> None:
    matrix = random_matrix()
    index = Index(embeddings_of(matrix))
    asked = list(range(1, 300, 7))
    together = nearest(index, METRICS["cosine"](matrix[asked]), 9, [frozenset([i]) for i in asked])
    alone = [nearest(index, METRICS["cosine"](matrix[[i]]), 9, [frozenset([i])]).lists()[0] for i in asked]
    assert together.lists() == alone


def test_neighbours_are_those_of_gensim() -> None:
    matrix = np.random.default_rng(3).normal(size=(300, 20)).astype(np.float32)
    oracle = gensim_vectors(matrix)
    asked = [5, 17, 299]
    answers = nearest(
        Index(embeddings_of(matrix)), METRICS["cosine"](matrix[asked]), 8, [frozenset([i]) for i in asked]
    )
    for word_id, neighbours in zip(asked, answers.lists(), strict=True):
        expected = oracle.most_similar(f"w{word_id}", topn=8)
        assert [f"w{neighbour.word_id}" for neighbour in neighbours] == [word for word, _ in expected]
        np.testing.assert_allclose([n.score for n in neighbours], [cosine for _, cosine in expected], atol=1e-6)


@pytest.mark.usefixtures("blocks")
def test_thousands_of_equal_rows_are_taken_by_id() -> None:
    matrix = np.tile(np.array([[0.1, 0.7, 0.3]], dtype=np.float32), (3000, 1))
    answers = nearest(Index(embeddings_of(matrix)), METRICS["cosine"](matrix[:3]), 5, [frozenset([0])] * 3)
    assert ids(answers) == [[1, 2, 3, 4, 5]] * 3


def test_float32_does_not_choose_where_it_cannot_tell() -> None:
    """Rows whose distances differ by less than float32 resolves at their length."""
    matrix = np.zeros((40, 2), np.float32)
    matrix[:, 0] = 1000
    matrix[:, 1] = np.arange(40)[::-1] * 1e-3
    answers = nearest(Index(embeddings_of(matrix)), METRICS["euclidean"](np.array([[1000, 0]])), 3, [frozenset()])
    assert ids(answers) == [[39, 38, 37]]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("metric", "threshold"), [("cosine", 0.2), ("dot", 3.0), ("euclidean", 4.5), ("cosine", 2.0)])
def test_a_threshold_keeps_what_reaches_it(metric: str, threshold: float) -> None:
    matrix = random_matrix()
    sign = -1 if metric == "euclidean" else 1
    expected = [
        i for i in reference_query.nearest(metric, matrix[5], matrix, 300, frozenset())
        if reference_query.SCORES[metric](matrix[5], matrix[i]) >= sign * threshold
    ]  # fmt: skip
    answers = nearest(Index(embeddings_of(matrix)), METRICS[metric](matrix[[5]]), 300, [frozenset()], threshold)
    assert ids(answers) == [expected]
    assert threshold == 2 or 1 < len(expected) < 299


@pytest.mark.parametrize("n_rows", [1, 2, 15, 16, 17, 300])
@pytest.mark.parametrize("k", [1, 16, 17, 300, 301])
def test_one_question_to_threads_is_answered_as_the_definition_says(
    n_rows: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row, fewer rows than a group, as many neighbours as rows, and a dimension that is a multiple of nothing."""
    monkeypatch.setattr(scan, "FLOATS_PER_PART", 7 * 13)
    matrix = random_matrix(300, 13)[-n_rows:]
    question = random_matrix(300, 13)[[5]]
    index = Index(embeddings_of(matrix), n_threads=3)
    for metric in METRICS:
        for _ in range(2):  # the second time, lengths are known
            answers = nearest(index, METRICS[metric](question), k)
            assert ids(answers) == [reference_query.nearest(metric, question[0], matrix, k, frozenset())]


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("packing", ["float16", "int8", "int4", "pq 7", "bits"])
@pytest.mark.parametrize("damaged", [False, True])
def test_packed_vectors_are_answers_as_they_are_unpacked(
    tmp_path: Path, packing: Packing, metric: str, damaged: bool
) -> None:
    """With ids chosen too; a damaged scale turns a row round, makes it zeros, or takes its numbers away."""
    matrix = random_matrix()
    tensors = row_tensors("vectors", matrix, packing)
    if damaged and packing == "int8":
        scales = scales_of(matrix)
        scales[[3, 4, 50, 60]] = [-1, 0, np.nan, 1e-44]
        tensors["scales"] = Tensor.of(scales, "F32")
    if damaged and packing == "float16":
        matrix[[3, 4], 1] = [np.inf, np.nan]
        tensors = row_tensors("vectors", matrix, packing)
    path = str(tmp_path / "v.safetensors")
    told = packing_metadata(packing, matrix.shape[1])
    save_tensors(path, Vocabulary.from_words(f"w{i}".encode() for i in range(300)), tensors, told)
    vectors, whole = load(path), load(path)
    unpacked = from_matrix(whole.vocabulary, whole.matrix, {})
    for among in (None, np.arange(0, 300, 3)):
        scorer = METRICS[metric](unpacked.matrix[[5, 17, 20]])
        found, expected = (nearest(Index(each, among), scorer, 9, [[5], [17], [20]]) for each in (vectors, unpacked))
        np.testing.assert_array_equal(found.ids, expected.ids)
        np.testing.assert_array_equal(found.scores, expected.scores)
    assert "matrix" not in vars(vectors)  # never unpacked as a whole


@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize(("n_rows", "n_asked", "dim"), [(1, 5, 1), (7, 49, 3), (8, 48, 17), (300, 130, 13)])
def test_compiled_scans_answer_as_the_definition_says(
    metric: str, n_rows: int, n_asked: int, dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and queries that fill tiles or not, more neighbours than rows, rows that get better and better."""
    compiled(monkeypatch)
    matrix = random_matrix(300, dim)[-n_rows:]
    matrix = matrix[np.argsort(matrix[:, 0], kind="stable")]
    asked = random_matrix(300, dim)[-n_asked:]
    for k in (1, 9, 301):
        answers = nearest(Index(embeddings_of(matrix)), METRICS[metric](asked), k)
        assert ids(answers) == [reference_query.nearest(metric, each, matrix, k, frozenset()) for each in asked]


@pytest.mark.parametrize("metric", list(METRICS))
def test_rows_whose_squares_are_too_large_for_float32_are_answers_of_many_questions_too(
    metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = random_matrix(100)
    matrix[7] = 3e19
    expected = nearest(Index(embeddings_of(matrix)), METRICS[metric](matrix), 4)
    compiled(monkeypatch)
    found = nearest(Index(embeddings_of(matrix)), METRICS[metric](matrix), 4)
    np.testing.assert_array_equal(found.ids, expected.ids)


@pytest.mark.usefixtures("blocks")
def test_only_the_ids_of_an_index_are_answers() -> None:
    matrix = random_matrix()
    chosen = np.array([3, 4, 50, 151, 200, 298])
    answers = nearest(Index(embeddings_of(matrix), chosen), METRICS["cosine"](matrix[[3]]), 10, [frozenset([3])])
    all_of_them = reference_query.nearest("cosine", matrix[3], matrix, 300, frozenset([3]))
    assert ids(answers) == [[i for i in all_of_them if i in chosen]]


@pytest.mark.usefixtures("blocks")
def test_a_row_that_is_not_finite_is_no_answer_and_hides_none() -> None:
    matrix = random_matrix(100)
    matrix[[1, 40], 2] = np.nan
    matrix[33, 5] = np.inf
    [answer] = ids(nearest(Index(embeddings_of(matrix)), METRICS["cosine"](matrix[[5]]), 100, [frozenset()]))
    expected = reference_query.nearest("cosine", matrix[5], np.nan_to_num(matrix), 100, frozenset([1, 33, 40]))
    assert answer == expected


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_that_are_not_finite_do_not_stand_in_the_way_where_all_others_are_far(metric: str, value: float) -> None:
    matrix = -np.abs(random_matrix(800)) - 1
    matrix[::2, 3] = value
    query_vector = -matrix[[1]]
    answers = nearest(Index(embeddings_of(matrix)), METRICS[metric](query_vector), 5, [frozenset()])
    finite = matrix[1::2]
    expected = reference_query.nearest(metric, query_vector[0], finite, 5, frozenset())
    assert ids(answers) == [[2 * i + 1 for i in expected]]


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_nearly_alike_are_told_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.normal(size=(1, 30)) + 1e-6 * rng.normal(size=(2000, 30))
    matrix = np.concatenate([rng.normal(size=(4, 30)), near]).astype(np.float32)
    among_near = Index(embeddings_of(matrix), np.arange(4, 2004))
    [answer] = ids(nearest(among_near, METRICS["cosine"](matrix[:1]), 5, [frozenset()]))
    assert answer == [i + 4 for i in reference_query.nearest("cosine", matrix[0], matrix[4:], 5, frozenset())]
    for question in (matrix[:3], np.stack([-matrix[4], matrix[1], matrix[2]])):  # with all opposite to a, nearly
        [answer] = ids(nearest(among_near, scorer_of_analogies("3cosmul", question[None]), 5, [frozenset()]))
        scores = reference_query.cosmul(*question, matrix[4:])
        assert answer == [int(i) + 4 for i in np.argsort(-scores)[:5]]


def test_an_index_without_rows_has_no_answers() -> None:
    index = Index(embeddings_of(random_matrix()), np.array([], np.int64))
    assert nearest(index, METRICS["cosine"](random_matrix()[:2]), 3, [frozenset()] * 2).lists() == [[], []]


@pytest.mark.usefixtures("blocks")
def test_3cosmul_is_that_of_gensim_and_of_the_definition() -> None:
    matrix = random_matrix(200)
    questions = [(0, 1, 2), (30, 5, 40), (31, 60, 61)]
    scorer = scorer_of_analogies("3cosmul", matrix[np.array(questions)])
    excluded = [frozenset(question) for question in questions]
    answers = nearest(Index(embeddings_of(matrix)), scorer, 6, excluded).lists()
    has_direction = np.flatnonzero(matrix.any(axis=1))  # gensim's cosine with zeros is NaN
    compared = nearest(Index(embeddings_of(matrix), has_direction), scorer, 6, excluded).lists()
    oracle = gensim_vectors(matrix)
    oracle = oracle.vectors_for_all([f"w{i}" for i in has_direction])
    for (a, b, c), answer, its in zip(questions, answers, compared, strict=True):
        scores = np.round(reference_query.cosmul(matrix[a], matrix[b], matrix[c], matrix), 10)
        order = [i for i in np.lexsort((np.arange(200), -scores)) if i not in (a, b, c)][:6]
        assert [each.word_id for each in answer] == order
        np.testing.assert_allclose([each.score for each in answer], scores[order], rtol=1e-6)
        theirs = oracle.most_similar_cosmul([f"w{b}", f"w{c}"], [f"w{a}"], topn=6)
        np.testing.assert_allclose([each.score for each in its], [score for _, score in theirs], rtol=1e-5)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize(("positive", "negative"), [([4], []), ([4, 5, 6], []), ([4, 5, 6], [8, 9]), ([4], [5, 6, 8])])
def test_3cosmul_of_any_number_of_words_is_that_of_gensim(positive: list[int], negative: list[int]) -> None:
    matrix = np.random.default_rng(3).normal(size=(200, 20)).astype(np.float32)
    scorer = CosMul(matrix[None, positive], matrix[None, negative])
    [answer] = nearest(Index(embeddings_of(matrix)), scorer, 8, [[*positive, *negative]]).lists()
    theirs = gensim_vectors(matrix).most_similar_cosmul(
        [f"w{i}" for i in positive], [f"w{i}" for i in negative], topn=8
    )
    assert [f"w{each.word_id}" for each in answer] == [word for word, _ in theirs]
    np.testing.assert_allclose([each.score for each in answer], [score for _, score in theirs], rtol=1e-5)


def test_3cosadd_is_that_of_gensim() -> None:
    matrix = np.random.default_rng(3).normal(size=(200, 20)).astype(np.float32)
    questions = [(0, 1, 2), (30, 5, 40)]
    scorer = scorer_of_analogies("3cosadd", matrix[np.array(questions)])
    answers = nearest(Index(embeddings_of(matrix)), scorer, 6, questions).lists()
    for (a, b, c), answer in zip(questions, answers, strict=True):
        theirs = gensim_vectors(matrix).most_similar([f"w{b}", f"w{c}"], [f"w{a}"], topn=6)
        assert [f"w{each.word_id}" for each in answer] == [word for word, _ in theirs]
        np.testing.assert_allclose([each.score for each in answer], [score for _, score in theirs], atol=1e-6)


def test_neighbours_are_arrays_that_say_where_a_query_has_fewer() -> None:
    matrix = np.array([[1, 0], [1, 1], [0, 1], [-1, 0]], np.float32)
    index, scorer = Index(embeddings_of(matrix)), METRICS["euclidean"](matrix[:2])
    found = nearest(index, scorer, 3, [[1, 2, 3], [2]])
    assert found.ids.tolist() == [[0, NO_NEIGHBOUR, NO_NEIGHBOUR], [1, 0, 3]]
    np.testing.assert_array_equal(found.scores, [[0, np.nan, np.nan], [0, 1, np.sqrt(5)]])
    assert nearest(index, scorer, 9).ids.shape == (2, 4)
    assert nearest(index, METRICS["dot"](matrix[:0]), 9).ids.shape == (0, 0)


def test_similarities_are_those_of_gensim() -> None:
    matrix = np.random.default_rng(3).normal(size=(50, 20)).astype(np.float32)
    oracle = gensim_vectors(matrix)
    pairs = [(1, 2), (3, 3), (4, 9)]
    ours = similarities("cosine", *matrix[np.array(pairs).T])
    np.testing.assert_allclose(ours, [oracle.similarity(f"w{a}", f"w{b}") for a, b in pairs], atol=1e-6)
    np.testing.assert_allclose(1 - similarities_to_all("cosine", matrix[7], matrix), oracle.distances("w7"), atol=1e-6)
    sets = [[1, 2, 3], [7, 8]]
    expected = oracle.n_similarity(*([f"w{i}" for i in each] for each in sets))
    assert similarity_of_sets(*(matrix[each] for each in sets)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("metric", list(METRICS))
def test_the_similarity_to_all_is_that_of_each_pair(metric: str) -> None:
    matrix = random_matrix(80)
    found = similarities_to_all(metric, matrix[5], matrix)
    np.testing.assert_array_equal(found, similarities(metric, np.repeat(matrix[[5]], 80, axis=0), matrix))


def test_weighted_means_are_those_of_gensim() -> None:
    matrix = random_matrix()
    words = [[1, 2, 3], [4], [30, 10]]
    weights = [[1, 1, -1], [1], [1, -1]]
    oracle = gensim_vectors(matrix)
    means = weighted_means(matrix[np.concatenate(words)], np.concatenate(weights), [3, 1, 2])
    for mean, ids_of_mean, its in zip(means, words, weights, strict=True):
        expected = oracle.get_mean_vector([f"w{i}" for i in ids_of_mean], its)
        np.testing.assert_allclose(mean, expected, atol=1e-6)


def test_what_may_be_an_answer_is_chosen_by_list_rank_and_count() -> None:
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c", b"d", b"e", b"f"], [9, 8, 7, 3, 7, 1])
    assert answer_ids(vocabulary) is None
    assert answer_ids(vocabulary, np.array([5, 2, 4, 0]), n_first=5, min_count=7).tolist() == [0, 2, 4]
    with pytest.raises(InputError, match="no word"):
        answer_ids(vocabulary, np.array([5]), min_count=7)
    with pytest.raises(InputError, match="no counts"):
        answer_ids(Vocabulary.from_words([b"a", b"b"]), min_count=7)


def test_the_direction_of_a_row_that_is_not_finite_is_none_and_numpy_says_nothing() -> None:
    rows = np.array([[3, 4], [0, 0], [np.inf, 1]], np.float32)
    expected = [[0.6, 0.8], [0, 0], [np.nan, 0]]
    np.testing.assert_allclose(unit_rows(rows), expected, rtol=1e-15)
