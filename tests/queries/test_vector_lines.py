"""Questions that are vectors: lines of numbers, of a word and numbers, or of JSON."""

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.queries.vector_lines import Mismatch, VectorQuestions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture
def vectors() -> Embeddings:
    return from_matrix(Vocabulary.from_words([b"east", b"north"]), np.array([[1, 0], [0, 2]], np.float32), {})


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"1 2.5", []),
        (b"\t1\t2.5", []),
        (b"new york 1 2.5", [b"new york"]),
        (b"new york\t1\t2.5\r", [b"new york"]),
        (b'{"word": "1984", "vector": [1, "2.5"]}', [b"1984"]),
    ],
)
def test_a_line_is_a_question_of_one_vector(vectors: Embeddings, line: bytes, names: list[bytes]) -> None:
    question = VectorQuestions(vectors, "cosine").question(line)
    assert (question.names, question.vectors, question.excluded) == (names, [[1, 2.5]], frozenset())


def test_vectors_of_another_training_are_noted_once_at_the_first_word_that_both_have(vectors: Embeddings) -> None:
    noted: list[Mismatch] = []
    questions = VectorQuestions(vectors, "cosine", noted.append)
    for line in (b"west -1 0", b"east 0 1", b"north 1 0"):
        questions.question(line)
    assert noted == [Mismatch(b"east", 0)]
    of_the_same = VectorQuestions(vectors, "cosine", noted.append)
    for line in (b"east 3 0", b"north 1 0"):
        of_the_same.question(line)
    assert len(noted) == 1


def test_only_where_lengths_count_a_vector_may_be_too_long(vectors: Embeddings) -> None:
    assert VectorQuestions(vectors, "cosine").question(b"3e38 3e38").vectors
    with pytest.raises(InputError, match="too long for this --metric"):
        VectorQuestions(vectors, "dot").question(b"3e38 3e38")
