"""HDF5 files: Keras' weights and Numberbatch's frames, made by keras and h5py."""

import os
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.formats import open_vectors
from wordvec_cli.formats.reading import ReadOptions

WORDS = [b"/c/en/the", "/c/ja/東京".encode(), b"/c/en/cat"]
MATRIX = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.txt").write_bytes(b"".join(word + b"\n" for word in WORDS))


def read(path: str, **options: object) -> tuple[list[bytes], np.ndarray]:
    found = open_vectors(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert found.metadata["converted_from"] == "hdf5"
    return list(found.vocabulary), found.matrix


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
def test_numberbatch_is_read_with_its_words(dtype: type) -> None:
    """As pandas' to_hdf writes a frame: the words as fixed-length bytes."""
    values = (MATRIX * 50).astype(dtype)
    with h5py.File("mini.h5", "w") as file:
        file["mat/axis0"] = np.arange(4)
        file["mat/axis1"] = np.array(WORDS, "S20")
        file["mat/block0_values"] = values
    words, rows = read("mini.h5")
    assert words == WORDS
    np.testing.assert_array_equal(rows, values.astype(np.float32))
    assert read("mini.h5", words=frozenset(WORDS[1:2]))[0] == WORDS[1:2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras.*")
def test_the_embedding_of_keras_weights_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers = [keras.layers.Input((2,)), keras.layers.Embedding(3, 4), keras.layers.Flatten(), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    model.layers[0].set_weights([MATRIX])
    model.save("m.keras")
    model.save_weights("m.weights.h5")
    for path in ("m.keras", "m.weights.h5"):
        words, rows = read(path, vocabulary="words.txt")
        assert words == WORDS
        np.testing.assert_array_equal(rows, MATRIX)
    with pytest.raises(InputError, match=r"^m.keras: holds no words, and there is no m.keras.words"):
        read("m.keras")


def test_older_weights_of_keras_are_read() -> None:
    with h5py.File("m.h5", "w") as file:
        file["model_weights/embedding_1/embedding_1/embeddings:0"] = MATRIX
        file["model_weights/dense/dense/kernel:0"] = np.ones((4, 2), np.float32)
    np.testing.assert_array_equal(read("m.h5", vocabulary="words.txt")[1], MATRIX)


def test_what_holds_no_matrix_of_the_words_is_an_error() -> None:
    with h5py.File("m.h5", "w") as file:
        file["a"] = np.ones((5, 4), np.float32)
    with pytest.raises(InputError, match=r"^m.h5: has no matrix of 3 rows, .* \(a \[5, 4\]\); name a file with a word"):
        read("m.h5", vocabulary="words.txt")
    with h5py.File("m.h5", "w") as file:
        file["mat/axis1"], file["mat/block0_values"] = np.array(WORDS, "S20"), MATRIX[:2]
    with pytest.raises(InputError, match=r"^m.h5: holds 2 vectors and has 3 words"):
        read("m.h5")


def test_a_frame_is_read_whole_or_not_at_all() -> None:
    with h5py.File("m.h5", "w") as file:
        for name in "ab":
            file[f"{name}/axis1"], file[f"{name}/block0_values"] = np.array(WORDS, "S20"), MATRIX + ord(name)
    with pytest.raises(InputError, match=r"^m.h5: has several frames \(a, b\); name one: m.h5#a"):
        read("m.h5")
    np.testing.assert_array_equal(open_vectors("m.h5#b").matrix, MATRIX + ord("b"))
    with h5py.File("m.h5", "a") as file:
        file["a/block1_values"] = np.ones((3, 2))
    with pytest.raises(InputError, match=r"^m.h5: the columns of a are of several types; save it with one type"):
        open_vectors("m.h5#a")


def test_numbers_that_are_not_in_the_file_are_not_read() -> None:
    MATRIX.tofile("secret")
    with h5py.File("m.h5", "w") as file:
        file.create_dataset("w", (3, 4), "<f4", external=[("secret", 0, 48)])
        file.create_dataset("emb", (3, 100_000), "<f4", chunks=(1, 1000))
    with pytest.raises(InputError, match=r"^m.h5: /emb says it has 1200000 bytes, of which few are there"):
        read("m.h5", vocabulary="words.txt")


@pytest.mark.parametrize("chunks", [None, (2, 4)])
def test_parts_that_were_never_written_are_told(chunks: tuple[int, int] | None) -> None:
    with h5py.File("m.h5", "w") as file:
        dataset = file.create_dataset("emb", (3, 4), "<f4", chunks=chunks)
        if chunks:
            dataset[0] = 1
    notes: list[str] = []
    found = open_vectors("m.h5", ReadOptions(vocabulary="words.txt"), None, notes.append)
    assert found.matrix.tolist() == [[1.0 if chunks else 0.0] * 4, [0.0] * 4, [0.0] * 4]
    told = "1 of the 2 parts" if chunks else "1 of the 1 parts"
    assert notes == [f"m.h5: {told} of /emb were never written, and are read as 0.0"]


def test_a_damaged_file_is_an_error_or_vectors() -> None:
    with h5py.File("m.h5", "w") as file:
        file["mat/axis1"], file["mat/block0_values"] = np.array(WORDS, "S20"), MATRIX
    whole = Path("m.h5").read_bytes()
    for n in range(8, len(whole), 397):
        Path("m.h5").write_bytes(whole[:n])
        with pytest.raises(InputError, match=r"^m.h5: "):
            read("m.h5")


def test_where_h5py_is_not_installed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("m.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"^m.h5: needs h5py, .* pip install 'wordvec-cli\[hdf5\]'"):
        read("m.h5")
    assert os.path.exists("words.txt")
