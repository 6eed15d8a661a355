"""`Vectors.transform` and `Vectors.align`: what the commands do, in memory."""

from pathlib import Path

import numpy as np
import pytest

from wordvec_cli import Vectors, errors, load

WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture
def vectors() -> Vectors:
    return Vectors.from_arrays(WORDS, np.random.default_rng(1).normal(size=(40, 6)) + 1, range(40, 0, -1))


def test_steps_give_new_vectors_and_leave_the_old_as_they_are(vectors: Vectors, tmp_path: Path) -> None:
    before = vectors.vectors.copy()
    found = vectors.transform("centre", "scale:2")
    np.testing.assert_allclose(found.vectors, (before - before.mean(axis=0)) * 2, atol=1e-5)
    np.testing.assert_array_equal(vectors.vectors, before)
    assert [step["step"] for step in found.metadata["transformed"]] == ["centre", "scale"]
    assert found.get_vecattr("w3", "count") == 37
    found.save(tmp_path / "out.safetensors")
    assert load(tmp_path / "out.safetensors").most_similar("w1", topn=3) == found.most_similar("w1", topn=3)
    assert vectors.transform() is vectors


def test_a_step_that_there_is_not_is_an_error(vectors: Vectors) -> None:
    with pytest.raises(errors.OptionError, match="did you mean centre"):
        vectors.transform("center")


def test_vectors_are_turned_to_where_others_have_them(vectors: Vectors, tmp_path: Path) -> None:
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    turned = Vectors.from_arrays(WORDS[::-1], vectors.vectors[::-1] @ turn * 2)
    found = turned.align(vectors, scale=True)
    np.testing.assert_allclose(found["w7"], vectors["w7"], atol=1e-5)
    (tmp_path / "pairs.tsv").write_text("".join(f"{word}\t{word}\n" for word in WORDS[:10]))
    found = turned.align(vectors, dictionary=tmp_path / "pairs.tsv", refine=1)
    np.testing.assert_allclose(found["w7"], vectors["w7"] * 2, atol=1e-5)
    with pytest.raises(errors.InputError, match="no word in common"):
        Vectors.from_arrays(["x"], [[1] * 6]).align(vectors)
