"""Steps that choose rows or make some of several, against what is calculated by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.vectors.transform.conftest import After, made
from wordvec_cli.errors import InputError, NoWantedWordsError, OptionError
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import flat, held
from wordvec_cli.vectors.transform.writing import save_made


def words_of(vectors: Embeddings) -> list[str]:
    return [word.decode() for word in vectors.vocabulary]


def saved(path: Path, vectors: Embeddings) -> str:
    save(str(path), vectors.vocabulary, vectors.matrix, {})
    return str(path)


def test_prune_keeps_the_first_words_with_their_counts(after: After) -> None:
    found = after.vectors(made([[1, 0], [0, 1], [3, 3]]), "prune:2")
    assert words_of(found) == ["w0", "w1"]
    assert np.asarray(found.vocabulary.counts).tolist() == [3, 2]
    assert held(found).matrix.tolist() == [[1, 0], [0, 1]]


def test_prune_can_give_other_words_the_nearest_row_that_is_kept(after: After) -> None:
    """By the cosine: 9, 2 is nearer to 1, 0 than to 0, 9; the row of zeros has no direction."""
    found = after(made([[1, 0], [0, 9], [9, 2], [0.1, 5], [0, 0], [-1, -0.5]]), "prune:2,merge")
    assert found.tolist() == [[1, 0], [0, 9], [1, 0], [0, 9], [0, 0], [0, 9]]
    assert any("4 words get the row of another word" in note for note in after.notes)


def test_prune_beyond_the_last_word_keeps_all(after: After) -> None:
    assert len(after(made(np.eye(3)), "prune:5")) == 3
    assert after.notes == ["prune: there are 3 words, which all stay"]


def test_select_keeps_the_words_of_a_list_in_the_order_of_the_vectors(after: After, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("w2\nw0\nzebra\n")
    found = after.vectors(made(np.eye(3)), f"select:{tmp_path}/list.txt")
    assert words_of(found) == ["w0", "w2"]
    assert held(found).matrix.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert found.vocabulary.find("w2") == 1
    assert after.notes == [f"select: 1 of 3 words of {tmp_path}/list.txt are missing"]


def test_select_needs_one_word(after: After, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("zebra\n")
    with pytest.raises(NoWantedWordsError, match="none of its 1 word has a vector"):
        after(made(np.eye(3)), f"select:{tmp_path}/list.txt")


def test_concat_puts_the_vectors_of_common_words_side_by_side(after: After, tmp_path: Path) -> None:
    other = saved(tmp_path / "other.safetensors", made([[7], [8], [9]], ["c", "a", "x"]))
    found = after.vectors(made([[1, 2], [3, 4], [5, 6]], ["a", "b", "c"]), f"concat:{other}")
    assert words_of(found) == ["a", "c"]
    assert held(found).matrix.tolist() == [[1, 2, 8], [5, 6, 7]]
    assert np.asarray(found.vocabulary.counts).tolist() == [3, 1]


def test_concat_of_all_words_fills_up_with_zeros(after: After, tmp_path: Path) -> None:
    other = saved(tmp_path / "other.safetensors", made([[7], [9]], ["b", "x"]))
    found = after.vectors(made([[3, 4], [0, 2]], ["a", "b"]), f"concat:{other},words=all,unit")
    assert words_of(found) == ["a", "b", "x"]
    np.testing.assert_allclose(held(found).matrix, [[0.6, 0.8, 0], [0, 1, 1], [0, 0, 1]], atol=1e-6)
    assert np.asarray(found.vocabulary.counts).tolist() == [2, 1, 0]


def test_average_is_the_mean_with_the_narrower_vectors_filled_up(after: After, tmp_path: Path) -> None:
    other = saved(tmp_path / "other.safetensors", made([[6], [9]], ["b", "x"]))
    vectors = made([[3, 4], [0, 2]], ["a", "b"])
    assert after(vectors, f"average:{other}").tolist() == [[3, 1]]
    assert after(vectors, f"average:{other},weight=0.25").tolist() == [[1.5, 1.5]]
    assert after(vectors, f"average:{other},words=all").tolist() == [[3, 4], [3, 1], [9, 0]]


@pytest.mark.parametrize("step", ["concat", "average"])
def test_files_without_a_common_word_are_not_joined(after: After, tmp_path: Path, step: str) -> None:
    other = saved(tmp_path / "other.safetensors", made([[1, 2]], ["x"]))
    with pytest.raises(InputError, match=f"{step}: .* has none of the words"):
        after(made([[1, 2]], ["a"]), f"{step}:{other}")


def test_retrofitting_follows_the_published_rule_word_by_word(after: After, tmp_path: Path) -> None:
    """By hand: a = (2 a0 + b + c) / 4, then, with the new a, b = (b0 + a) / 2; and all of it again."""
    (tmp_path / "lexicon.txt").write_text("a b c zebra\nb a\nx y\nc\n")
    found = after(
        made([[4.0], [8.0], [0.0], [5.0]], ["a", "b", "c", "d"]), f"retrofit:{tmp_path}/lexicon.txt,iterations=2"
    )
    a = (2 * 4 + 8 + 0) / 4
    b = (8 + a) / 2
    a = (2 * 4 + b + 0) / 4
    b = (8 + a) / 2
    np.testing.assert_allclose(found[:, 0], [a, b, 0, 5])
    assert after.notes == [
        f"retrofit: 2 words of {tmp_path}/lexicon.txt drawn to their neighbours; 3 of its 6 words are not among the "
        "vectors"
    ]


def test_a_lexicon_of_unknown_words_is_an_error(after: After, tmp_path: Path) -> None:
    (tmp_path / "lexicon.txt").write_text("x y\na\n")
    with pytest.raises(InputError, match="no line has a word and a neighbour"):
        after(made([[1.0]], ["a"]), f"retrofit:{tmp_path}/lexicon.txt")


def test_an_axis_between_two_words_is_taken_off_every_vector(after: After) -> None:
    """The axis from 1, 0, 1 to -1, 0, 1 is the first coordinate."""
    vectors = made([[1, 0, 1], [-1, 0, 1], [5, 2, 3]], ["he", "she", "work"])
    np.testing.assert_allclose(after(vectors, "subtract-axis:he:she"), [[0, 0, 1], [0, 0, 1], [0, 2, 3]], atol=1e-6)


def test_the_axis_of_several_pairs_is_their_first_component(after: After) -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(40, 6))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    halves = np.array([unit[0] - unit[1], unit[2] - unit[3], unit[4] - unit[5]]) / 2
    both = np.vstack([halves, -halves])  # each pair about its mean
    _, axes = np.linalg.eigh(both.T @ both)
    for size in (1, 2):
        top = axes[:, -size:]
        right = rows - rows @ top @ top.T
        found = after(made(rows), f"subtract-axis:w0:w1,w2:w3,w4:w5,size={size}")
        np.testing.assert_allclose(found, right, atol=1e-5)


def test_words_of_a_list_keep_what_they_have_of_an_axis(after: After, tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("he\nshe\n")
    vectors = made([[1, 0, 1], [-1, 0, 1], [5, 2, 3]], ["he", "she", "work"])
    found = after(vectors, f"subtract-axis:he:she,keep={tmp_path}/keep.txt")
    np.testing.assert_allclose(found, [[1, 0, 1], [-1, 0, 1], [0, 2, 3]], atol=1e-6)


@pytest.mark.parametrize(
    ("step", "kind", "message"),
    [
        ("subtract-axis:he", OptionError, "write subtract-axis:he:she"),
        ("subtract-axis:he:zebra", InputError, "'zebra' not among the vectors"),
        ("subtract-axis:he:he", InputError, "do not span 1 axis"),
        ("subtract-axis:he:she,size=2", InputError, "do not span 2 axes"),
    ],
)
def test_an_axis_that_is_none_is_an_error(after: After, step: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        after(made([[1, 0, 1], [-1, 0, 1]], ["he", "she"]), step)


# ---------------------------------------------------------------- what stands beside the vectors


def with_context(vectors: Embeddings) -> Embeddings:
    return replace(vectors, context_values=flat(vectors.matrix * 2), unknown=flat(np.array([[1, 1]], np.float32)))


def test_context_and_unknown_vectors_go_through_the_same_map(after: After, tmp_path: Path) -> None:
    found = held(after.vectors(with_context(made([[1, 2], [3, 4]])), "centre"))
    assert found.context is not None and found.unknown is not None
    assert (found.context.tolist(), list(found.unknown)) == ([[0, 1], [4, 5]], [-1, -2])
    assert after.notes == []


@pytest.mark.parametrize("step", ["normalise", "round:1"])
def test_what_a_step_is_not_the_same_for_is_dropped_aloud(after: After, step: str) -> None:
    found = after.vectors(with_context(made([[1, 2], [3, 4]])), step)
    assert found.context_values is None
    assert after.notes == [
        f"{step.split(':', maxsplit=1)[0]}: dropped the context vectors, which do not go through this step"
    ]


def test_a_file_records_its_steps_and_is_what_was_made(after: After, tmp_path: Path) -> None:
    source = tmp_path / "in.safetensors"
    save(str(source), made(np.eye(3)).vocabulary, np.eye(3, dtype=np.float32), {"tool": "another"})
    first = load(str(source))
    found = after.vectors(with_context(first) if first.dim == 2 else first, "scale:2", "centre:fit-on=2")
    save_made(str(tmp_path / "out.safetensors"), found, Reach(n_threads=2))
    again = load(str(tmp_path / "out.safetensors"))
    np.testing.assert_array_equal(again.matrix, held(found).matrix)
    assert json.loads(again.metadata["transformed"]) == [
        {"step": "scale", "factor": 2.0},
        {"step": "centre", "fit_on": 2},
    ]
    assert again.metadata["transformed_from"] == first.metadata["checksum"]
    once_more = after.vectors(again, "normalise")
    assert len(json.loads(once_more.metadata["transformed"])) == 3
    assert once_more.metadata["transformed_from"] == again.metadata["checksum"]
