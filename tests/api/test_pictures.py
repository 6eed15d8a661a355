"""Pictures from Python: what the commands draw, and they show themselves in notebooks."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wordvec_cli.api.vectors import Vectors
from wordvec_cli.errors import InputError

WORDS = ["king", "queen", "man", "woman", "poor", "rich"]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return Vectors.from_arrays(WORDS, np.random.default_rng(3).normal(size=(6, 5)))


def test_each_picture_shows_itself_and_is_saved(vectors: Vectors, tmp_path: Path) -> None:
    pictures = [
        vectors.plot_words(WORDS).changed(title="Six words", size=(5, 4)),
        vectors.plot_neighbours("king", k=3),
        vectors.plot_neighbours(["king", "man"], k=2),
        vectors.plot_heatmap(WORDS[:3]),
        vectors.plot_axes(["king", "queen"], x=("poor", "rich"), y=[("man", "woman")]),
    ]
    for picture in pictures:
        assert Image.open(io.BytesIO(picture._repr_png_())).format == "PNG"
        picture.save(tmp_path / "p.svg")
    assert pictures[0].record()["points"][0]["word"] == "king"
    star = [(each["word"], each["cosine"]) for each in pictures[1].record()["points"]]
    assert star == [(word, pytest.approx(cosine, abs=1e-6)) for word, cosine in vectors.most_similar("king", topn=3)]


def test_a_word_that_is_not_there_is_a_key_error(vectors: Vectors) -> None:
    with pytest.raises(KeyError, match="zebra"):
        vectors.plot_words(["king", "zebra"])
    with pytest.raises(InputError, match="is one word"):
        vectors.plot_words("king")
    with pytest.raises(TypeError, match="no option 'method'"):
        vectors.plot_words(["king"], method="pca")  # type: ignore[call-arg]
