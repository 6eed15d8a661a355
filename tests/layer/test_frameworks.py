"""Rows and matrices in Keras and PyTorch themselves: the same padding, the same vectors, bit for bit."""

import os
from pathlib import Path

import numpy
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

os.environ["KERAS_BACKEND"] = "torch"  # is read when keras is imported
import keras

from tests.cli.test_encode import done
from wordvec_cli.layer.padding import IdLines, Padding

MODULES = {"keras": keras, "numpy": numpy, "torch": torch, "safetensors": safetensors}
WORDS = [f"w{i}" for i in range(40)]
sides = st.sampled_from(["pre", "post"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of Zipfian words, 60 lines of 0 to 20 of them, some unknown; its vocabulary, and vectors of most."""
    path = tmp_path_factory.mktemp("frameworks")
    rng = np.random.default_rng(1)
    weights = 1 / np.arange(1, 41)
    lines = [" ".join(rng.choice(WORDS, n, p=weights / weights.sum())) for n in rng.integers(0, 21, 60)]
    (path / "corpus.txt").write_text("\n".join([*lines, ""]) + "\n")
    (path / "vocab.tsv").write_text("".join(f"{word}\t{40 - i}\n" for i, word in enumerate(WORDS[:30])))
    rows = rng.normal(size=(25, 7)).astype(np.float32)
    vectors = zip(WORDS, rows.tolist(), strict=False)
    (path / "vectors.txt").write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in vectors))
    return path


@pytest.fixture(autouse=True)
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def encode(*options: str) -> np.ndarray:
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "s.npy", *options)
    return np.load("s.npy")


def lines_as_ids(unknown: str) -> list[list[int]]:
    ids = {word: i + 2 for i, word in enumerate(WORDS[:30])}
    lines = [[ids.get(word, 1) for word in line.split()] for line in Path("corpus.txt").read_text().splitlines()]
    return [[id for id in line if id != 1] for line in lines] if unknown == "skip" else lines


def embedded(*options: str) -> np.ndarray:
    done("embed", "--sequences", "s.npy", "-o", "e.npy", *options)
    return np.load("e.npy")


def assert_same_bits(ours: np.ndarray, theirs: torch.Tensor) -> None:
    assert (ours.dtype, ours.shape) == (np.float32, tuple(theirs.shape))
    assert np.array_equal(ours.view(np.int32), theirs.detach().numpy().view(np.int32))


# ---------------------------------------------------------------- pad_sequences


@given(
    st.lists(st.lists(st.integers(0, 99), max_size=8), min_size=1, max_size=20),
    st.integers(1, 10), st.integers(-5, 5), sides, sides,
)  # fmt: skip
def test_padding_is_that_of_keras(
    lines: list[list[int]], length: int, value: int, padding: str, truncating: str
) -> None:
    ids, offsets = np.array([id for line in lines for id in line], np.int64), np.cumsum([0, *map(len, lines)])
    rows = [part.ids for part in Padding(length, value, padding, truncating).rows(IdLines(ids, offsets, 0))]
    expected = keras.utils.pad_sequences(lines, length, padding=padding, truncating=truncating, value=value)
    assert np.array_equal(np.concatenate(rows), expected)


def test_the_defaults_are_those_of_keras() -> None:
    expected = keras.utils.pad_sequences(lines_as_ids("keep"))
    assert encode().dtype == expected.dtype
    assert np.array_equal(encode(), expected)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("unknown", ["keep", "skip"])
@pytest.mark.parametrize("value", [None, 0, -1, 99])
@pytest.mark.parametrize("length", ["1", "5", "30", "max", "p50"])
def test_encoded_text_is_padded_as_by_keras(
    padding: str, truncating: str, unknown: str, value: int | None, length: str
) -> None:
    options = ["--padding", padding, "--truncating", truncating, "--missing", unknown, "--length", length]
    options += [] if value is None else ["--value", str(value)]
    lines = lines_as_ids(unknown)
    longest = int(np.percentile([*map(len, lines)], 50, method="inverted_cdf")) if length == "p50" else None
    n = longest if length == "p50" else None if length == "max" else int(length)
    expected = keras.utils.pad_sequences(lines, n, padding=padding, truncating=truncating, value=value or 0)
    assert np.array_equal(encode(*options), expected)


@pytest.mark.parametrize("dtype", ["int32", "int64", "int16", "int8", "uint8", "uint16", "uint32"])
def test_types_are_those_of_keras(dtype: str) -> None:
    expected = keras.utils.pad_sequences(lines_as_ids("keep"), dtype=dtype)
    assert encode("--dtype", dtype).dtype == expected.dtype
    assert np.array_equal(encode("--dtype", dtype), expected)


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize("to", ["keras", "torch"])
@pytest.mark.parametrize("specials", ["pad,unk", "unk,pad", "unk", "none"])
@pytest.mark.parametrize("vectors", [["--vectors", "vectors.txt"], ["--vector-size", "5"]])
def test_the_line_that_is_printed_makes_a_layer_with_our_vectors(to: str, specials: str, vectors: list[str]) -> None:
    told = done("matrix", "--vocab", "vocab.tsv", *vectors, "--specials", specials, "--to", to, "-o", "a matrix's")
    name, line = told.stderr.decode().splitlines()[-1].split(": ", 1)
    assert name == {"keras": "Keras", "torch": "PyTorch"}[to]
    options = ["--specials", specials] + ([] if "pad" in specials else ["--value", "3"])
    ids = encode(*options, "--missing", "keep" if "unk" in specials else "skip")
    layer = eval(line, dict(MODULES))
    expected = layer(ids if to == "keras" else torch.from_numpy(ids))
    assert_same_bits(embedded("--matrix", "a matrix's"), expected)
    if to == "torch":
        assert layer.padding_idx == (specials.split(",").index("pad") if "pad" in specials else None)
        assert layer.weight.requires_grad
    else:
        assert layer.mask_zero == (specials == "pad,unk")
        assert layer.trainable


def test_the_told_sizes_are_those_of_the_layer() -> None:
    encode("--length", "9")
    told = done(
        "matrix", "--vocab", "vocab.tsv", "--vectors", "vectors.txt", "-o", "m.npy", "--sequences", "s.npy"
    ).stderr.decode()  # fmt: skip
    assert "input_dim (num_embeddings) 32, output_dim (embedding_dim) 7, input_length 9" in told


# ---------------------------------------------------------------- pooling


@pytest.fixture
def matrix(folder: Path) -> np.ndarray:
    done("matrix", "--vocab", "vocab.tsv", "--vectors", "vectors.txt", "-o", "m.npy")
    return np.load("m.npy")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_the_mean_is_that_of_keras_with_a_mask(matrix: np.ndarray, padding: str) -> None:
    ids = encode("--padding", padding)
    layer = keras.layers.Embedding(*matrix.shape, mask_zero=True, weights=[matrix])
    mask = ids != 0
    has_words = mask.any(axis=1)
    pooled = keras.layers.GlobalAveragePooling1D()(layer(ids)[has_words], mask=torch.from_numpy(mask[has_words]))
    ours = embedded("--matrix", "m.npy", "--pool", "mean")
    np.testing.assert_allclose(ours[has_words], pooled.detach().numpy(), rtol=0, atol=1e-6)
    assert (~has_words).any()
    assert not ours[~has_words].any()


@pytest.mark.parametrize("pool", ["mean", "sum", "max"])
@pytest.mark.parametrize("layout", ["s.npy", "s.safetensors"])
def test_pooling_is_that_of_pytorchs_bag(matrix: np.ndarray, pool: str, layout: str) -> None:
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", layout)
    done("embed", "--matrix", "m.npy", "--sequences", layout, "-o", "e.npy", "--pool", pool)
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(matrix), mode=pool, padding_idx=0)
    lines = lines_as_ids("keep")
    offsets = torch.from_numpy(np.cumsum([0, *map(len, lines)])[:-1])
    expected = bag(torch.tensor([id for line in lines for id in line]), offsets)
    np.testing.assert_allclose(np.load("e.npy"), expected.numpy(), rtol=1e-6, atol=1e-6)
