"""Vectors in less than a byte for each number: half bytes, product quantisation, signs."""

import itertools
import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats import FORMATS, write_vectors
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.kernels.codebooks import learn_centres, nearest_codes
from wordvec_cli.vectors import product_codes
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.native import load
from wordvec_cli.vectors.row_tensors import packed_in_memory
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SMALL = ["int4", "pq 1", "pq 3", "pq 7", "bits"]


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


def embeddings(matrix: np.ndarray) -> Embeddings:
    words = Vocabulary.from_words(b"w%d" % i for i in range(len(matrix)))
    return from_matrix(words, np.ascontiguousarray(matrix, np.float32), {})


def written(path: Path, vectors: Embeddings, packing: str) -> Path:
    write_vectors(str(path), vectors, FORMATS["native"], WriteOptions(packing=packing))
    return path


def random_rows(n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(n, dim)).astype(np.float32)


def test_half_bytes_are_rounded_to_a_seventh_of_the_largest_number_of_their_row(tmp_path: Path) -> None:
    """By hand: of an odd and of an even dimension."""
    matrix = [[7, -7, 3.4, -0.6, 1], [0, 0, 0, 0, 0], [-0.35, 0.7, 0.1, 0, 0.04]]
    expected = np.array([[7, -7, 3, -1, 1], [0, 0, 0, 0, 0], [-0.4, 0.7, 0.1, 0, 0]])
    for dim in (5, 4, 1):
        rows = np.float32(matrix)[:, :dim]
        path = written(tmp_path / f"{dim}.safetensors", embeddings(rows), "int4")
        scales = np.abs(rows).max(axis=1, keepdims=True) / 7
        found = load(str(path)).matrix
        np.testing.assert_allclose(found, np.round(rows / np.where(scales, scales, 1)) * scales, atol=1e-6)
        if dim > 1:
            np.testing.assert_allclose(found[[0, 1]], expected[[0, 1], :dim], atol=1e-6)


def test_signs_are_those_of_the_distances_from_the_mean(tmp_path: Path) -> None:
    matrix = np.float32([[1, 10], [3, 14], [2, 18]])  # the mean is 2, 14
    found = load(str(written(tmp_path / "v.safetensors", embeddings(matrix), "bits"))).matrix
    np.testing.assert_allclose(found, [[2 - 2.5, 14 - 2.5], [2 + 0.5, 14 - 0.5], [2 - 2, 14 + 2]])


def test_parts_become_the_nearest_centres(tmp_path: Path) -> None:
    """Fewer directions than centres: each is one, so that nothing is lost but the last bits."""
    directions = random_rows(100, 7)
    matrix = np.vstack([directions, 3 * directions])
    for packing in ("pq 1", "pq 3", "pq 7"):
        found = load(str(written(tmp_path / "v.safetensors", embeddings(matrix), packing))).matrix
        np.testing.assert_allclose(found, matrix, rtol=2e-2, atol=2e-2)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(matrix, axis=1), rtol=1e-2)


def test_codes_are_of_the_nearest_centre_of_each_part() -> None:
    """By numpy, which the kernel's 15 bits of a distance may differ from where two are the same to so many."""
    rows, centres = random_rows(300, 7), random_rows(7, 256)
    starts = np.array(product_codes.bounds(7, 3))
    assert starts.tolist() == [0, 2, 4, 7]
    codes = np.empty((300, 3), np.uint8)
    nearest_codes(rows, centres.reshape(-1), starts, codes)
    for part, (start, stop) in enumerate(itertools.pairwise(starts)):
        squares = ((rows[:, start:stop, None] - centres[None, start:stop]) ** 2).sum(axis=1)
        found = squares[np.arange(300), codes[:, part]]
        np.testing.assert_allclose(found, squares.min(axis=1), rtol=2**-14)


def test_centres_are_the_means_of_the_rows_that_are_nearest_to_them() -> None:
    """300 points in 256 heaps that lie far from each other, the first of each at the place where its centre starts."""
    heaps = np.arange(256, dtype=np.float32)[:, None] * 10
    rows = np.repeat(heaps, 2, axis=0) + np.tile(np.float32([[0], [1]]), (256, 1))
    centres = np.empty((1, 256), np.float32)
    learn_centres(rows, 3, centres)
    np.testing.assert_array_equal(centres[0], heaps[:, 0] + 0.5)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_codebooks_are_the_same_whatever_the_threads(n_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = embeddings(random_rows(2000, 10))
    monkeypatch.setattr(product_codes, "N_TRAINED_ON", 1000)
    expected = packed_in_memory(vectors, "pq 4").matrix
    monkeypatch.setattr(product_codes, "usable_cpus", lambda: n_threads)
    np.testing.assert_array_equal(packed_in_memory(vectors, "pq 4").matrix, expected)


@pytest.mark.parametrize("packing", SMALL)
@pytest.mark.parametrize("dim", [7, 8, 16])
def test_rows_are_the_same_one_by_one_without_numpy(packing: str, dim: int, tmp_path: Path) -> None:
    matrix = random_rows(40, dim)
    matrix[[3, 9]] = 0
    matrix[5, 2], matrix[6, 1] = np.nan, np.inf
    vectors = load(str(written(tmp_path / "v.safetensors", embeddings(matrix), packing)))
    assert vectors.dim == dim
    for row, expected in enumerate(vectors.matrix):
        np.testing.assert_array_equal(np.array(vectors.row(row), np.float32), expected)
    np.testing.assert_array_equal(
        np.array(vectors.values[3 : 2 * dim + 1]), vectors.matrix.reshape(-1)[3 : 2 * dim + 1]
    )
    for places in (slice(4, 30), np.array([3, 39, 5])):
        np.testing.assert_array_equal(vectors.rows(places), vectors.matrix[places])
    assert np.isfinite(vectors.matrix).all(axis=1).tolist() == [row not in (5, 6) for row in range(40)]
    in_memory = packed_in_memory(embeddings(matrix), packing)
    np.testing.assert_array_equal(in_memory.matrix, vectors.matrix)


@pytest.mark.parametrize("packing", SMALL)
def test_few_words_and_one_number_can_be_packed(packing: str, tmp_path: Path) -> None:
    for n_rows, dim in ((1, 7), (2, 7), (3, 1)):
        if dim == 1 and packing.startswith("pq") and packing != "pq 1":
            continue
        matrix = random_rows(n_rows, dim)
        vectors = load(str(written(tmp_path / "v.safetensors", embeddings(matrix), packing)))
        assert vectors.rows(slice(0, 0)).shape == (0, dim)
        assert vectors.matrix.shape == matrix.shape
        assert np.isfinite(vectors.matrix).all()


def test_packed_vectors_are_looked_up_without_numpy(wordvec: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "v.safetensors", embeddings(np.float32([[7, -7, 3], [1, 0, 0]])), "int4")
    assert wordvec("lookup", path, "w0").stdout == b"w0 7 -7 3\n"


@pytest.mark.parametrize("packing", SMALL)
def test_what_was_packed_can_be_packed_otherwise(wordvec: Run, tmp_path: Path, packing: str) -> None:
    path = written(tmp_path / "v.safetensors", embeddings(random_rows(30, 8)), packing)
    for other in ("--int4", "--int8", "--pq=4"):
        assert wordvec("export", path, tmp_path / "o.safetensors", other).returncode == 0
        np.testing.assert_allclose(load(str(tmp_path / "o.safetensors")).matrix, load(str(path)).matrix, atol=0.5)
    assert wordvec("export", path, tmp_path / "o.safetensors").returncode == 0
    np.testing.assert_array_equal(load(str(tmp_path / "o.safetensors")).matrix, load(str(path)).matrix)
    assert "packing" not in load(str(tmp_path / "o.safetensors")).metadata


def test_context_vectors_are_dropped_aloud(wordvec: Run, tmp_path: Path) -> None:
    vectors = embeddings(random_rows(30, 8))
    with_context = replace(vectors, context_values=vectors.values)
    path, small = tmp_path / "v.safetensors", tmp_path / "s.safetensors"
    write_vectors(str(path), with_context, FORMATS["native"], WriteOptions())
    assert b"has no room for the context vectors" in wordvec("export", path, small, "--int4").stderr
    assert load(str(small)).context is None
    assert b"no room" not in wordvec("export", path, small, "--int8").stderr


def test_parts_must_be_numbers(wordvec: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "v.safetensors", embeddings(random_rows(5, 8)), "int8")
    result = wordvec("export", path, tmp_path / "p.safetensors", "--pq", "9")
    assert (result.returncode, result.stderr.decode().splitlines()[-1]) == (
        2,
        "Error: --pq 9: the vectors have only 8 numbers to be cut into parts; choose fewer",
    )
    assert not (tmp_path / "p.safetensors").exists()
    with pytest.raises(OptionError, match="is not known; choose float16, int8, int4, bits, or pq"):
        packed_in_memory(load(str(path)), "pq")


@pytest.mark.parametrize("packing", ["int4", "pq 3", "bits"])
@pytest.mark.parametrize("name", ["packing", "scales", "codebooks", "mean", "vectors", "dimension"])
def test_files_whose_tensors_do_not_match_are_refused(tmp_path: Path, packing: str, name: str) -> None:
    """Each tensor, and what is said of them, with one row, column or word less, or another type."""
    path = written(tmp_path / "v.safetensors", embeddings(random_rows(5, 7)), packing)
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    if name in header:
        header[name]["shape"] = [1, *header[name]["shape"]]
    elif name == "dimension":
        header["__metadata__"]["packing"] = header["__metadata__"]["packing"].replace("7", "9")
    elif name == "packing":
        header["__metadata__"]["packing"] = "[]"
    else:
        return
    text = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])
    with pytest.raises(InputError, match=r"are of a type that|do not match"):
        load(str(path))
