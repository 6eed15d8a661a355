"""Words that are found, composed or missing, and what is said of those."""

from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.queries.word_finder import MOST_SPELLINGS, MOST_SPELT, FoundWord, MissingWord, WordFinder
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"red", b"Paris", b"rod", b"rad", b"read", b"caf\xe9"]


def embeddings(unknown: list[float] | None = None, composed: list[float] | None = None) -> Embeddings:
    values = np.arange(12, dtype=np.float32)
    return Embeddings(
        Vocabulary.from_words(WORDS),
        values.data,
        2,
        {"configuration": '{"min_count": 5}'},
        unknown=None if unknown is None else np.array(unknown, np.float32).data,
        composed=None if composed is None else lambda word: np.array(composed, np.float32).data,
    )


def test_a_word_of_the_vocabulary_has_its_id_and_its_row() -> None:
    found = WordFinder(embeddings()).find(b"Paris")
    assert found is not None
    assert (found.word, found.word_id, list(found.vector)) == (b"Paris", 1, [2, 3])


def test_a_composed_word_has_no_id_and_is_not_missing() -> None:
    finder = WordFinder(embeddings(composed=[7, 8]))
    found = finder.find(b"blue")
    assert found is not None
    assert (found.word_id, list(found.vector), finder.n_missing) == (None, [7, 8], 0)


def test_a_missing_word_is_noted_with_the_words_that_may_be_meant() -> None:
    noted: list[MissingWord] = []
    finder = WordFinder(embeddings(), note=noted.append)
    assert [finder.find(word) for word in (b"paris", b"rid", b"zebra")] == [None, None, None]
    assert noted == [
        MissingWord(b"paris", [b"Paris"], ""),
        MissingWord(b"rid", [b"red", b"rod", b"rad"][:MOST_SPELLINGS], ""),
        MissingWord(b"zebra", [], ""),
    ]
    assert finder.n_missing == 3


def test_spellings_are_tried_for_the_first_missing_words_only() -> None:
    noted: list[MissingWord] = []
    finder = WordFinder(embeddings(), note=noted.append)
    for _ in range(MOST_SPELT + 1):
        finder.find(b"rid")
    assert [bool(each.likely) for each in noted] == [True] * MOST_SPELT + [False]


def test_a_fuller_vocabulary_says_why_a_word_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "vocab.tsv"
    path.write_text("frequent\t9\nrare\t3\n")
    reasons: list[str] = []
    finder = WordFinder(embeddings(), fuller_path=str(path), note=lambda missing: reasons.append(missing.reason))
    for word in (b"frequent", b"rare", b"never"):
        finder.find(word)
    assert reasons == [
        f"its count in {path} is 9",
        f"its count in {path} is 3, below min-count 5",
        f"{path} does not have it either",
    ]


def test_the_vector_of_unknown_words_stands_in_for_a_missing_word() -> None:
    finder = WordFinder(embeddings(unknown=[5, 6]), "unknown")
    found = finder.find(b"zebra")
    assert found is not None
    assert (found.word_id, list(found.vector), finder.n_missing) == (None, [5, 6], 1)
    with pytest.raises(InputError, match="has no vector of unknown words"):
        WordFinder(embeddings(), "unknown")


def test_a_word_may_be_any_bytes() -> None:
    found = WordFinder(embeddings()).find(b"caf\xe9")
    assert found == FoundWord(b"caf\xe9", 5, embeddings().row(5))
