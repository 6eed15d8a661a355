"""Scores on word pairs and analogies are gensim's, shaped as gensim's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.test.utils import datapath

from tests.api.conftest import Pair, of_words
from wordvec_cli import Vectors
from wordvec_cli.errors import InputError

PAIRS, ANALOGIES = datapath("wordsim353.tsv"), datapath("questions-words.txt")


@pytest.fixture(scope="module")
def scored() -> Pair:
    """Vectors that answer some analogies, with words in several cases, and some words missing."""
    rng = np.random.default_rng(3)
    lines = Path(ANALOGIES).read_text().splitlines()
    questions = [line.split() for line in lines[:3000] if not line.startswith(":")]
    words = list(dict.fromkeys(word for question in questions for word in question))
    words += ["TIGER", "cat", "Cat", "book", "paper", "tiger", "computer", "keyboard", "Computer", "car", "train"]
    words = [word for word in words if word not in ("Paris", "Havana")]
    matrix = rng.normal(size=(len(words), 40))
    numbers = {word: i for i, word in enumerate(words)}
    for a, b, c, d in questions:  # many differences are alike, so that some answers are right
        if rng.random() < 0.5 and all(word in numbers for word in (a, b, c, d)):
            matrix[numbers[d]] = matrix[numbers[c]] + matrix[numbers[b]] - matrix[numbers[a]]
    return of_words(words, (matrix / np.linalg.norm(matrix, axis=1)[:, None]).astype(np.float32))


@pytest.mark.parametrize(
    "options",
    [{}, {"dummy4unknown": True}, {"case_insensitive": False}, {"restrict_vocab": 150}, {"restrict_vocab": None}],
    ids=str,
)
def test_scores_on_pairs_are_gensims(scored: Pair, options: dict[str, Any]) -> None:
    mine = scored.ours.evaluate_word_pairs(PAIRS, **options) if options != {"restrict_vocab": 150} else None
    if mine is None:
        with pytest.raises(InputError, match="none of its"):
            scored.ours.evaluate_word_pairs(PAIRS, **options)
        return
    theirs = scored.gensim.evaluate_word_pairs(PAIRS, **options)
    for correlation, expected in zip(mine[:2], theirs[:2], strict=True):
        np.testing.assert_allclose(correlation, tuple(expected), rtol=1e-4, atol=1e-6)
    assert mine[2] == pytest.approx(theirs[2])


@pytest.mark.parametrize(
    "options", [{}, {"dummy4unknown": True}, {"case_insensitive": False}, {"restrict_vocab": 60}], ids=str
)
def test_scores_on_analogies_are_gensims(scored: Pair, tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "some.txt"
    path.write_text("\n".join([*Path(ANALOGIES).read_text().splitlines()[400:900:3], ": last", "a b c d"]) + "\n")
    path.write_text(": first\n" + path.read_text())
    mine, theirs = (each.evaluate_word_analogies(str(path), **options) for each in (scored.ours, scored.gensim))
    assert mine[0] == pytest.approx(theirs[0])
    assert mine[1] == theirs[1]
    if not options:
        assert 0 < mine[0] < 1


def test_sets_that_gensim_ships_are_known_by_name(scored: Pair) -> None:
    assert scored.ours.evaluate_word_pairs("wordsim353") == scored.ours.evaluate_word_pairs(Path(PAIRS))


def test_a_set_of_another_kind_is_refused(scored: Pair) -> None:
    with pytest.raises(InputError, match="word pairs"):
        scored.ours.evaluate_word_pairs(ANALOGIES)
    with pytest.raises(InputError, match="analogies"):
        scored.ours.evaluate_word_analogies(PAIRS)


def test_products_of_cosines_can_answer_analogies(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(": one\na b c d\n")
    vectors = Vectors.from_arrays("abcd", [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
    score, sections = vectors.evaluate_word_analogies(tmp_path / "a.txt", similarity_function="most_similar_cosmul")
    assert score == 1.0
    assert sections[0] == {"section": "one", "correct": [("A", "B", "C", "D")], "incorrect": []}


def test_unknown_words_may_get_vectors_from_their_parts(subwords: Pair, tmp_path: Path) -> None:
    rows: list[Any] = list(zip(subwords.words, subwords.others * 2, range(6), strict=True))
    rows += [("the", "police", 3.5), ("people", "the", 1)]
    (tmp_path / "p.tsv").write_text("".join(f"{one}\t{other}\t{score}\n" for one, other, score in rows))
    options = {"case_insensitive": False}
    assert subwords.ours.evaluate_word_pairs(tmp_path / "p.tsv", **options)[2] == 75  # six of eight
    (pearson, _), _, unknown = subwords.ours.evaluate_word_pairs(tmp_path / "p.tsv", **options, subwords=True)
    cosines = [subwords.gensim.similarity(one, other) for one, other, _ in rows]
    assert unknown == 0
    assert pearson == pytest.approx(np.corrcoef([score for *_, score in rows], cosines)[0, 1], abs=1e-5)
