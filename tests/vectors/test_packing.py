"""Vectors in fewer bytes, and what `wordvec export` says of the loss."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.errors import InputError
from wordvec_cli.queries.agreement import cosines_of_rows, overlap_of_neighbours
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.vectors.native import load, save, save_tensors
from wordvec_cli.vectors.packing import single_floats, unpacked_rows
from wordvec_cli.vectors.row_tensors import row_tensors
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


MATRIX = np.array([[1, -2, 0.5], [0, 0, 0], [127, 1, -127], [1e-8, 70000, 3]], np.float32)
WORDS = [b"one", b"zeros", b"whole", "東京".encode()]


def packed(path: Path, packing: str, matrix: np.ndarray = MATRIX) -> Path:
    vocabulary = Vocabulary.from_words(WORDS[: len(matrix)])
    save_tensors(str(path), vocabulary, row_tensors("vectors", matrix, packing), {})
    return path


def test_every_half_float_becomes_the_float32_that_numpy_makes_of_it() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)]
    for some in (halves, finite, finite[:0], halves[31744:31745], halves[64512:64513]):
        np.testing.assert_array_equal(single_floats(some).view(np.int32), some.astype(np.float32).view(np.int32))


def test_half_floats_are_those_of_numpy(tmp_path: Path) -> None:
    vectors = load(str(packed(tmp_path / "v.safetensors", "float16")))
    with np.errstate(over="ignore"):
        expected = MATRIX.astype(np.float16).astype(np.float32)  # 70000 is beyond them
    np.testing.assert_array_equal(vectors.matrix, expected)
    for row, of_row in enumerate(expected):
        np.testing.assert_array_equal(np.array(vectors.row(row)), of_row)


def test_bytes_are_rounded_to_a_127th_of_the_largest_number_of_their_row(tmp_path: Path) -> None:
    vectors = load(str(packed(tmp_path / "v.safetensors", "int8")))
    np.testing.assert_array_equal(vectors.matrix[2], MATRIX[2])
    np.testing.assert_array_equal(vectors.matrix[1], [0, 0, 0])
    np.testing.assert_allclose(vectors.matrix[0], np.round(MATRIX[0] * 63.5) / 63.5, rtol=1e-6)
    for row, of_row in enumerate(vectors.matrix):
        np.testing.assert_allclose(np.array(vectors.row(row)), of_row, rtol=1e-6)


@pytest.mark.parametrize("packing", ["float16", "int8"])
def test_the_safetensors_library_reads_packed_files(tmp_path: Path, packing: str) -> None:
    from safetensors.numpy import load_file

    tensors = load_file(packed(tmp_path / "v.safetensors", packing))
    assert tensors["vectors"].dtype == {"float16": np.float16, "int8": np.int8}[packing]
    assert tensors["vectors"].shape == MATRIX.shape
    if packing == "int8":
        np.testing.assert_allclose(tensors["vectors"] * tensors["scales"][:, None], unpacked_rows(MATRIX, "int8"))


@pytest.mark.parametrize("packing", ["float16", "int8"])
def test_packed_vectors_are_looked_up_without_numpy(wordvec: Run, tmp_path: Path, packing: str) -> None:
    path = packed(tmp_path / "v.safetensors", packing, MATRIX[:3])
    result = wordvec("lookup", path, "whole", "zeros")
    assert result.stdout == b"whole 127 1 -127\nzeros 0 0 0\n"


def test_a_packed_file_with_wrong_scales_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "v.safetensors", "int8")
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    header["vectors"]["dtype"] = "U8"
    text = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    path.write_bytes(content[:8] + text + content[8 + length :])
    with pytest.raises(InputError, match="of a type that this wordvec does not know"):
        load(str(path))


@pytest.mark.parametrize(
    ("packing", "share"), [("float16", 0.6), ("int8", 0.4), ("int4", 0.3), ("pq 20", 0.8), ("bits", 0.25)]
)
def test_export_packs_and_says_what_is_lost(
    wordvec: Run, vector_file: Path, tmp_path: Path, packing: str, share: float
) -> None:
    """The figures are those of a calculation in float64."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(500, 40)).astype(np.float32)
    save(str(tmp_path / "v.safetensors"), Vocabulary.from_words(b"w%d" % i for i in range(500)), matrix, {})
    result = wordvec("export", tmp_path / "v.safetensors", tmp_path / "p.safetensors", *f"--{packing}".split())
    assert result.returncode == 0, result.stderr
    small = load(str(tmp_path / "p.safetensors")).matrix.astype(np.float64)
    lengths = np.linalg.norm(matrix.astype(np.float64), axis=1) * np.linalg.norm(small, axis=1)
    error = 1 - ((matrix * small).sum(axis=1) / lengths).min()
    told = result.stderr.decode().split("cosine error of a vector is ")[1].split(";")[0]
    assert float(told) == pytest.approx(error, rel=0.05)
    assert "of the 10 nearest neighbours of up to 200 words stay the same" in result.stderr.decode()
    mean = (1 - (matrix * small).sum(axis=1) / lengths).mean()
    assert float(result.stderr.decode().split("their mean is ")[1].split(";")[0]) == pytest.approx(mean, rel=0.05)
    assert f"packing\t{packing}\n" in wordvec("info", tmp_path / "p.safetensors").stdout.decode()
    sizes = [(tmp_path / name).stat().st_size for name in ("p.safetensors", "v.safetensors")]
    assert sizes[0] < share * sizes[1]
    assert wordvec("verify", tmp_path / "p.safetensors").returncode == 0


def test_a_scale_that_takes_numbers_out_of_float32_makes_them_infinite_without_a_word_of_numpy(
    wordvec: Run, tmp_path: Path
) -> None:
    path = tmp_path / "v.safetensors"
    tensors = row_tensors("vectors", np.ones((2, 2), np.float32), "int8")
    scales = np.array([3e38, np.inf], "<f4")
    tensors["scales"] = Tensor("F32", (2,), lambda: [scales.data.cast("B")])
    numbers = np.array([[127, 1], [0, -1]], np.int8)
    tensors["vectors"] = Tensor("I8", (2, 2), lambda: [numbers.data.cast("B")])
    save_tensors(str(path), Vocabulary.from_words([b"one", b"two"]), tensors, {})
    np.testing.assert_array_equal(load(str(path)).matrix, np.float32([[np.inf, 3e38], [np.nan, -np.inf]]))
    result = wordvec("verify", path)
    assert (result.returncode, result.stderr) == (1, b"")
    assert b"rows with numbers that are not finite\t2 (one, two)" in result.stdout


@pytest.mark.parametrize("packing", ["float16", "int8", "int4", "pq 2", "bits"])
def test_vectors_that_are_not_finite_are_packed_as_such(wordvec: Run, tmp_path: Path, packing: str) -> None:
    (tmp_path / "v.txt").write_text("one 1 2 inf\ntwo 1 2 3\nthree nan 1 2\n")
    result = wordvec("export", tmp_path / "v.txt", tmp_path / "v.safetensors", *f"--{packing}".split())
    assert (result.returncode, b"encountered" in result.stderr) == (0, False), result.stderr
    assert np.isfinite(load(str(tmp_path / "v.safetensors")).matrix).all(axis=1).tolist() == [False, True, False]


def test_vectors_that_half_floats_cannot_hold_are_counted(wordvec: Run, tmp_path: Path) -> None:
    """The largest half float is 65504, the smallest about 6e-8."""
    (tmp_path / "v.txt").write_text("large 1 70000\none 1 2\ntwo 2 -1\nsmall 1e-9 1e-10\n")
    result = wordvec("export", tmp_path / "v.txt", tmp_path / "v.safetensors", "--float16")
    assert result.returncode == 0
    assert b"--float16: 2 vectors out of its range became infinite or zero; leave it out to keep all\n" in result.stderr
    assert b"the largest cosine error of a vector is 0;" in result.stderr


def test_packing_is_for_native_files(wordvec: Run, vector_file: Path, tmp_path: Path) -> None:
    result = wordvec("export", vector_file, tmp_path / "v.txt", "--int8")
    assert result.returncode == 2
    assert b"--int8: is for native files" in result.stderr


def test_the_overlap_of_neighbours_is_counted() -> None:
    """By hand: a line of points, and the same with two of them exchanged."""
    from wordvec_cli.vectors.embeddings import from_matrix

    angles = np.array([0, 1, 2, 40, 41, 42]) * np.pi / 180
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c", b"d", b"e", b"f"])
    first = from_matrix(vocabulary, matrix, {})
    second = from_matrix(vocabulary, np.ascontiguousarray(matrix[[3, 1, 2, 0, 4, 5]]), {})
    assert overlap_of_neighbours(first, first, 2, 100) == 1
    # a and d exchanged places: the neighbours of a were b, c and are e, f; those of b were a, c and are c, d; ...
    assert overlap_of_neighbours(first, second, 2, 100) == pytest.approx((0 + 0.5 + 0.5 + 0 + 0.5 + 0.5) / 6)
    np.testing.assert_allclose(cosines_of_rows(matrix, -matrix), -1)


@pytest.mark.parametrize("packing", ["--int8", "--float16", "--int4", "--bits", "--pq=2"])
def test_nans_that_signal_are_packed_without_a_word_of_numpy(packing: str, tmp_path: Path) -> None:
    """Such NaNs, as damaged files hold, warn even where a number is only made wider."""
    path = tmp_path / "v.bin"
    numbers = [np.array([0x7F800001, 0], "<u4"), np.float32([1, 2]), np.float32([2, 1])]
    path.write_bytes(b"3 2\n" + b"".join(b"%c " % (97 + i) + each.tobytes() for i, each in enumerate(numbers)))
    told = run_here("export", path, tmp_path / "v.safetensors", packing)
    assert told.returncode == 0
    assert b"Warning" not in told.stderr
