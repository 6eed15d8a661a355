import numpy as np
import pytest
from gensim.models import KeyedVectors

from wordvec_cli import query
from wordvec_cli.embeddings import Embeddings, from_matrix
from wordvec_cli.errors import InputError
from wordvec_cli.vocabulary import Vocabulary


def random_embeddings(n_words: int, dim: int = 20) -> Embeddings:
    words = [f"w{i}".encode() for i in range(n_words)]
    matrix = np.random.default_rng(3).normal(size=(n_words, dim)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(words, None), matrix, {})


@pytest.mark.parametrize("rows_per_block", [7, 100, 10_000])
def test_neighbours_are_those_of_gensim(monkeypatch: pytest.MonkeyPatch, rows_per_block: int) -> None:
    monkeypatch.setattr(query, "ROWS_PER_BLOCK", rows_per_block)
    embeddings = random_embeddings(300)
    oracle = KeyedVectors(20)
    oracle.add_vectors([f"w{i}" for i in range(300)], embeddings.matrix)
    queries = [5, 17, 299]
    answers = query.nearest(embeddings, embeddings.matrix[queries], 8, [frozenset([i]) for i in queries])
    for word_id, neighbours in zip(queries, answers, strict=True):
        expected = oracle.most_similar(f"w{word_id}", topn=8)
        assert [f"w{neighbour.word_id}" for neighbour in neighbours] == [word for word, _ in expected]
        np.testing.assert_allclose([n.cosine for n in neighbours], [cosine for _, cosine in expected], atol=1e-6)


@pytest.mark.parametrize("rows_per_block", [3, 1000])
def test_ties_are_settled_by_id(monkeypatch: pytest.MonkeyPatch, rows_per_block: int) -> None:
    monkeypatch.setattr(query, "ROWS_PER_BLOCK", rows_per_block)
    matrix = np.tile(np.array([[1, 0]], dtype=np.float32), (20, 1))
    embeddings = from_matrix(Vocabulary.from_words([b"w%d" % i for i in range(20)], None), matrix, {})
    [neighbours] = query.nearest(embeddings, matrix[:1], 5, [frozenset([0])])
    assert [neighbour.word_id for neighbour in neighbours] == [1, 2, 3, 4, 5]


def test_there_are_no_more_neighbours_than_words() -> None:
    embeddings = random_embeddings(4)
    [neighbours] = query.nearest(embeddings, embeddings.matrix[:1], 10, [frozenset([0])])
    assert sorted(neighbour.word_id for neighbour in neighbours) == [1, 2, 3]


def test_a_row_of_zeros_has_cosine_zero_and_a_query_of_zeros_is_an_error() -> None:
    matrix = np.array([[1, 0], [0, 0], [-1, 0]], dtype=np.float32)
    embeddings = from_matrix(Vocabulary.from_words([b"a", b"b", b"c"], None), matrix, {})
    [neighbours] = query.nearest(embeddings, matrix[:1], 3, [frozenset()])
    assert [(n.word_id, n.cosine) for n in neighbours] == [(0, 1), (1, 0), (2, -1)]
    with pytest.raises(InputError, match="all zeros"):
        query.nearest(embeddings, matrix[1:2], 1, [frozenset()])
