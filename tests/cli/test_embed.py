"""`wordvec embed`: Y = E[X] and pooled vectors, against numpy."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import reference_sequences as reference
from tests.cli.test_encode import done, refused
from tests.conftest import COMMAND, run_here
from wordvec_cli.layer import lookup as lookup_module

COUNTS = [50, 20, 9, 4, 1]
POOLS = ["mean", "sum", "max"]


@pytest.fixture(autouse=True)
def in_folder_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vocab.tsv").write_text("".join(f"w{i}\t{count}\n" for i, count in enumerate(COUNTS)))
    Path("corpus.txt").write_text("w0 w1 w2 w0\n\nzz w0 w3\nw0 w0 w4 w1 w1 w2\nzz\n")
    rows = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32).tolist()
    Path("vectors.txt").write_text("".join(f"w{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows)))


IDS = [[2, 3, 4, 2], [], [1, 2, 5], [2, 2, 6, 3, 3, 4], [1]]


def make(specials: str = "pad,unk", matrix: str = "m.npy") -> np.ndarray:
    options = ["--vectors", "vectors.txt", "--specials", specials, "--to", "keras"]
    done("matrix", "--vocab", "vocab.tsv", *options, "-o", "m.npy")
    if matrix != "m.npy":
        done("matrix", "--vocab", "vocab.tsv", *options, "--to", "torch", "-o", matrix)
    return np.load("m.npy")


def encode(*options: str, output: str = "s.npy") -> None:
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", output, *options)


def embed(*options: str, matrix: str = "m.npy", sequences: str = "s.npy") -> np.ndarray:
    done("embed", "--matrix", matrix, "--sequences", sequences, "-o", "e.npy", *options)
    return np.load("e.npy")


def refused_embed(*options: str, matrix="m.npy", sequences="s.npy", output="e.npy", status: int = 1) -> str:
    return refused("embed", "--matrix", matrix, "--sequences", sequences, "-o", output, *options, status=status)


def assert_close(ours: np.ndarray, expected: np.ndarray) -> None:
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


# ---------------------------------------------------------------- vectors of all ids


@pytest.mark.parametrize("matrix", ["m.npy", "m.safetensors"])
@pytest.mark.parametrize("sequences", ["s.npy", "s.safetensors"])
@pytest.mark.parametrize("n_bytes", [1, 40, 1 << 20])
def test_each_id_becomes_its_row(matrix: str, sequences: str, n_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
    rows = make(matrix=matrix)
    encode("--length", "4", output=sequences)
    ids, _ = reference.padded(IDS, 4, "pre", "pre", 0)
    vectors = embed(matrix=matrix, sequences=sequences)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    assert np.array_equal(vectors, rows[ids])
    said = json.loads(Path("e.npy.json").read_bytes())
    assert (said["specials"], said["embedded"]) == (["pad", "unk"], {"shape": [5, 4, 3], "pool": None})


@pytest.mark.parametrize("dtype", ["uint8", "int64", ">i4", "uint64", "int8"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("matrix_dtype", ["float64", "float16", ">f4", "float32"])
def test_arrays_of_other_tools(dtype: str, order: str, matrix_dtype: str) -> None:
    rows = np.random.default_rng(1).normal(size=(9, 4)).astype(matrix_dtype)
    ids = np.random.default_rng(2).integers(0, 9, (7, 3)).astype(dtype)
    np.save("m.npy", np.asarray(rows, order=order))
    np.save("s.npy", np.asarray(ids, order=order))
    assert np.array_equal(embed(), rows.astype(np.float32)[ids.astype(int)])
    lines = [[id for id in row if id] for row in ids.tolist()]
    assert_close(embed("--pool", "mean"), reference.pooled(lines, rows.astype(np.float32), "mean"))


def test_what_no_file_says_cannot_be_checked() -> None:
    np.save("m.npy", np.ones((3, 2), np.float32))
    np.save("s.npy", np.array([[0, 1]]))
    result = run_here("embed", "--matrix", "m.npy", "--sequences", "s.npy", "-o", "e.npy")
    for name in ("m.npy", "s.npy"):
        assert f"{name} has no {name}.json, so a mismatch of vocabularies cannot be detected" in result.stderr.decode()
    assert "1 x 2 x 2 numbers, 16 bytes" in result.stderr.decode()


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_arrays_without_numbers(shape: tuple[int, int]) -> None:
    np.save("m.npy", np.ones((3, 2), np.float32))
    np.save("s.npy", np.zeros(shape, np.int32))
    assert embed().shape == (*shape, 2)
    assert embed("--pool", "max").tolist() == [[0, 0]] * shape[0]


def test_a_matrix_of_pytorch_and_native_vectors() -> None:
    rows = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    np.save("s.npy", np.array([[8, 0], [3, 3]]))
    safetensors.numpy.save_file({"weight": rows}, "m.safetensors")
    assert np.array_equal(embed(matrix="m.safetensors"), rows[[[8, 0], [3, 3]]])
    done("export", "vectors.txt", "v.safetensors")
    np.save("s.npy", np.array([[4, 0]]))
    values = [[float(number) for number in line.split()[1:]] for line in Path("vectors.txt").read_text().splitlines()]
    assert np.array_equal(embed(matrix="v.safetensors"), np.array(values, np.float32)[[[4, 0]]])


def test_special_rows_in_another_order() -> None:
    for specials in ("unk,pad", "x,unk,y,pad"):
        rows = make(specials)
        encode("--specials", specials)
        ids = np.load("s.npy")
        assert np.array_equal(embed(), rows[ids])
        assert not embed()[1].any()
        assert not embed("--pool", "mean")[1].any()


# ---------------------------------------------------------------- pooling


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("options", [["--length", "4"], ["--padding", "post"], ["--value", "7"], ["--value", "-1"], []])
@pytest.mark.parametrize("n_bytes", [1, 40, 1 << 20])
def test_padding_is_left_out_of_sentence_vectors(
    pool: str, options: list[str], n_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
    rows = make()
    encode(*options)
    lines = [line[-4:] for line in IDS] if "--length" in options else IDS
    assert_close(embed("--pool", pool), reference.pooled(lines, rows, pool))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("n_bytes", [1, 40, 1 << 20])
def test_lines_that_keep_their_lengths_are_pooled(pool: str, n_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
    rows = make()
    encode(output="s.safetensors")
    assert_close(embed("--pool", pool, sequences="s.safetensors"), reference.pooled(IDS, rows, pool))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("value", ["-1", "99"])
def test_without_special_rows_the_recorded_value_is_padding(pool: str, value: str) -> None:
    rows = make("none")
    encode("--specials", "none", "--missing", "skip", "--value", value)
    lines = [[id - 2 for id in line if id > 1] for line in IDS]
    assert_close(embed("--pool", pool), reference.pooled(lines, rows, pool))
    assert refused_embed().startswith(f"s.npy: line 1, position 1: {value} is not one of the")
    encode("--specials", "none", "--missing", "skip", output="s.safetensors")
    assert_close(embed("--pool", pool, sequences="s.safetensors"), reference.pooled(lines, rows, pool))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=1, max_size=12),
    st.sampled_from(POOLS),
    st.integers(1, 100),
)
def test_sentence_vectors_are_those_of_plain_loops(lines: list[list[int]], pool: str, n_bytes: int) -> None:
    rows = make()
    np.save("s.npy", np.array(lines, np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
        vectors = embed("--pool", pool)
    assert_close(vectors, reference.pooled([[id for id in line if id] for line in lines], rows, pool))


@pytest.mark.parametrize("pool", POOLS)
def test_a_line_of_a_million_tokens_is_pooled_precisely(pool: str) -> None:
    rows = np.array([[0, 0], [0.1, 3], [0.3, -7]], np.float32)
    np.save("m.npy", rows)
    line = [1] * 600_000 + [2] * 399_999 + [0]
    np.save("s.npy", np.array([line, [0] * 999_999 + [2]], np.uint8))
    expected = reference.pooled([line[:-1], [2]], rows, pool)
    np.testing.assert_allclose(embed("--pool", pool), expected, rtol=1e-5)


def test_lines_of_different_lengths_have_no_common_shape() -> None:
    make()
    encode(output="s.safetensors")
    message = refused_embed(sequences="s.safetensors")
    assert message.startswith("s.safetensors: its lines have different lengths; make one vector of each with --pool")


# ---------------------------------------------------------------- smooth inverse frequencies


@pytest.mark.parametrize("n_bytes", [1, 40, 1 << 20])
@pytest.mark.parametrize("specials", ["pad,unk", "unk,pad", "none"])
@pytest.mark.parametrize("layout", ["npy", "safetensors"])
def test_sif_is_that_of_its_authors(n_bytes: int, specials: str, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
    rows = make(specials)
    value = ["--value", "-1"] if specials == "none" and layout == "npy" else []
    unknown = ["--missing", "skip"] if specials == "none" else []
    encode("--to", layout, "--specials", specials, *value, *unknown, output="s")
    tokens = [line.split() for line in Path("corpus.txt").read_bytes().splitlines()]
    names = [] if specials == "none" else specials.split(",")
    lines = reference.row_ids(tokens, [b"w%d" % i for i in range(5)], names, specials == "none")
    expected = reference.sif(lines, rows, COUNTS, len(names))
    assert_close(embed("--pool", "sif", "--vocab", "vocab.tsv", sequences="s"), expected)
    assert len(os.listdir()) == (9 if layout == "npy" else 8)  # nothing temporary is left


def test_sif_of_many_lines_is_that_of_its_authors(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    counts = (10_000 / np.arange(1, 201)).astype(int).tolist()
    rows = rng.normal(0.3, 1, (202, 20)).astype(np.float32)
    ids = rng.choice(202, (300, 12), p=np.array([9000, 500, *counts]) / (sum(counts) + 9500)).astype(np.int32)
    Path("vocab.tsv").write_text("".join(f"w{i}\t{count}\n" for i, count in enumerate(counts)))
    np.save("m.npy", rows)
    np.save("s.npy", ids)
    expected = reference.sif([[id for id in line if id] for line in ids.tolist()], rows, counts, 2)
    assert_close(embed("--pool", "sif", "--vocab", "vocab.tsv", "--tmp-dir", str(tmp_path)), expected)


def test_sif_needs_the_counts_of_the_same_words() -> None:
    make()
    encode()
    assert "--vocab: has the counts that --pool sif weighs words by" in refused_embed("--pool", "sif", status=2)
    assert "--vocab: has the counts" in refused_embed("--pool", "mean", "--vocab", "vocab.tsv", status=2)
    assert "--vocab: has the counts" in refused_embed("--vocab", "vocab.tsv", status=2)
    Path("other.tsv").write_text("w0\t3\nw1\t3\n")
    message = refused_embed("--pool", "sif", "--vocab", "other.tsv")
    assert message.startswith("other.tsv: was made with another vocabulary than m.npy (2 and 5 words)")
    Path("bare.txt").write_text("".join(f"w{i}\n" for i in range(5)))
    os.unlink("m.npy.json")
    os.unlink("s.npy.json")
    assert "holds no counts, by which --pool sif weighs words" in refused_embed("--pool", "sif", "--vocab", "bare.txt")
    message = refused_embed("--pool", "sif", "--vocab", "other.tsv")
    assert message.startswith("other.tsv: has 2 words, which are not those of m.npy")


def test_words_that_no_corpus_has_have_no_frequencies() -> None:
    Path("vocab.tsv").write_text("".join(f"w{i}\t0\n" for i in range(5)))
    make()
    encode()
    assert "vocab.tsv" in refused_embed("--pool", "sif", "--vocab", "vocab.tsv")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_no_number_stays_in_its_line_but_has_no_common_direction(number: float) -> None:
    rows = np.ones((7, 3), np.float32)
    rows[2, 1] = number
    np.save("m.npy", rows)
    encode()
    vectors = embed("--pool", "mean")
    assert not np.isfinite(vectors[0, 1])
    assert np.isfinite(vectors[4]).all()
    assert "m.npy" in refused_embed("--pool", "sif", "--vocab", "vocab.tsv", output="f.npy")


def test_sif_of_lines_without_words_is_zeros() -> None:
    make()
    np.save("s.npy", np.zeros((3, 2), np.int32))
    assert embed("--pool", "sif", "--vocab", "vocab.tsv").tolist() == [[0, 0, 0]] * 3
    np.save("t.npy", np.zeros((0, 2), np.int32))
    assert embed("--pool", "sif", "--vocab", "vocab.tsv", sequences="t.npy").shape == (0, 3)


# ---------------------------------------------------------------- ids without a row


@pytest.mark.parametrize("options", [[], ["--pool", "mean"], ["--pool", "sif", "--vocab", "vocab.tsv"]])
@pytest.mark.parametrize("n_bytes", [1, 100, 1 << 20])
@pytest.mark.parametrize("wrong", [7, -1, 200])
def test_an_id_without_a_row_is_named_with_its_place(
    options: list[str], n_bytes: int, wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_module, "BYTES_AT_ONCE", n_bytes)
    make()
    ids = np.zeros((9, 4), np.int16)
    ids[6, 2] = ids[7, 0] = wrong
    np.save("s.npy", ids)
    message = refused_embed(*options)
    assert message.startswith(f"s.npy: line 7, position 3: {wrong} is not one of the 7 rows of m.npy")


def test_in_lines_that_keep_their_lengths_the_place_is_named_too() -> None:
    make()
    encode(output="s.safetensors")
    np.save("small.npy", np.ones((6, 3), np.float32))
    message = refused_embed("--pool", "mean", matrix="small.npy", sequences="s.safetensors")
    assert message.startswith("s.safetensors: line 4, position 3: 6 is not one of the 6 rows of small.npy")


@pytest.mark.parametrize("value", [2**63 + 5, 2**64 - 1])
def test_an_id_that_is_beyond_all_types_is_named_as_it_is(value: int) -> None:
    make()
    np.save("s.npy", np.array([[0, value]], np.uint64))
    assert f"line 1, position 2: {value} is not one of the" in refused_embed()


# ---------------------------------------------------------------- bad luck


def test_files_that_follow_other_rules_are_refused() -> None:
    make("unk,pad")
    encode()
    message = refused_embed()
    assert message.startswith("s.npy: has the special rows pad,unk and m.npy unk,pad; make one of them again")
    make("none")
    assert "has the special rows pad,unk and m.npy none" in refused_embed()
    make()
    Path("vocab.tsv").write_text("w1\t3\nw0\t3\n")
    encode("--to", "safetensors", output="s")
    message = refused_embed("--pool", "mean", sequences="s")
    assert message.startswith("s: was made with another vocabulary than m.npy (2 and 5 words); make one of them again")


def test_a_stale_sidecar_is_told_and_a_broken_one_refused() -> None:
    make()
    encode()
    for name, changed in (("m.npy", np.ones((7, 3), np.float32)), ("s.npy", np.zeros((1, 1), np.int32))):
        np.save(name, changed)
        told = done("embed", "--matrix", "m.npy", "--sequences", "s.npy", "-o", "e.npy").stderr.decode()
        assert f"{name}.json: does not belong to {name} as it is now; it is not used" in told
    for name, command in (("m.npy", "matrix"), ("s.npy", "encode")):
        Path(f"{name}.json").write_text("[1]")
        assert refused_embed(output="f.npy").startswith(f"{name}.json: is not what wordvec {command} writes; remove it")
        os.unlink(f"{name}.json")


def test_files_that_hold_something_else_are_one_line() -> None:
    make()
    encode()
    assert refused_embed(sequences="corpus.txt").startswith("corpus.txt: line 1: 'w0 w1 w2 w0' is not a line of")
    assert refused_embed(matrix="vectors.txt").startswith("vectors.txt: is neither .npy nor safetensors")
    os.unlink("m.npy.json")
    os.unlink("s.npy.json")
    assert refused_embed(sequences="m.npy").startswith("m.npy: holds float32 values in the shape (7, 3); sequences are")
    assert "no such file" in refused_embed(matrix="absent.npy")
    make(matrix="m.safetensors")
    encode(output="s.safetensors")
    assert "m.safetensors: is a safetensors file but not one of sequences" in refused_embed(sequences="m.safetensors")
    assert "s.safetensors: is a safetensors file but not one of embedding" in refused_embed(matrix="s.safetensors")
    Path("empty").write_bytes(b"")
    assert refused_embed(sequences="empty").startswith("empty: ")
    assert refused_embed(matrix="empty").startswith("empty: ")
    for array in (
        np.zeros(3),
        np.zeros((2, 2, 2)),
        np.zeros((2, 2), "U3"),
        np.zeros((0, 2)),
        np.zeros((2, 2), complex),
    ):
        np.save("wrong.npy", array)
        assert refused_embed(matrix="wrong.npy").startswith("wrong.npy: ")
        assert refused_embed(sequences="wrong.npy").startswith("wrong.npy: ")
    np.save("wrong.npy", np.array([[None]]), allow_pickle=True)
    assert "holds Python objects" in refused_embed(matrix="wrong.npy")
    assert "holds Python objects" in refused_embed(sequences="wrong.npy")


@pytest.mark.parametrize("name", ["m.npy", "s.npy", "m.safetensors", "s.safetensors"])
def test_files_that_are_cut_short_are_one_line(name: str) -> None:
    make(matrix="m.safetensors")
    encode()
    encode(output="s.safetensors")
    content = Path(name).read_bytes()
    which = {"matrix" if name.startswith("m") else "sequences": name}
    for size in (len(content) - 1, 100, 9, 3):
        Path(name).write_bytes(content[:size])
        assert refused_embed("--pool", "mean", **which).startswith(name)


def test_an_output_is_no_input() -> None:
    make()
    encode()
    for output in ("m.npy", "./s.npy", "vocab.tsv"):
        message = refused_embed("--pool", "sif", "--vocab", "vocab.tsv", output=output)
        assert message == f"{output}: is read by this command; name another output"
    assert "the folder" in refused_embed(output="absent/e.npy")
    os.rename("s.npy", "e.npy.json")
    content = Path("e.npy.json").read_bytes()
    assert "e.npy.json" in refused_embed(sequences="e.npy.json")
    assert Path("e.npy.json").read_bytes() == content


@pytest.mark.parametrize("options", [[], ["--pool", "mean"], ["--pool", "sif", "--vocab", "vocab.tsv"]])
def test_a_full_disk_is_one_line_and_the_old_output_stays(options: list[str], request: pytest.FixtureRequest) -> None:
    make()
    np.save("s.npy", np.full((40_000, 2), 3, np.int8))
    Path("e.npy").write_bytes(b"old")
    request.getfixturevalue("file_size_limit")
    assert refused_embed(*options).endswith("file too large")
    assert Path("e.npy").read_bytes() == b"old"


def test_standard_output_has_the_bytes_of_the_file() -> None:
    make()
    encode()
    embed()
    result = done("embed", "--matrix", "m.npy", "--sequences", "s.npy", "-o", "-")
    assert result.stdout == Path("e.npy").read_bytes()


def test_a_closed_pipe_ends_it_quietly() -> None:
    make()
    np.save("s.npy", np.full((100_000, 5), 3, np.int8))
    arguments = ["embed", "--matrix", "m.npy", "--sequences", "s.npy", "-o", "-", "--quiet"]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(6) == b"\x93NUMPY"
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(timeout=60)


def test_a_sum_beyond_float32_is_infinite_without_a_word_from_numpy() -> None:
    np.save("m.npy", np.full((4, 2), 3e38, np.float32))
    np.save("s.npy", np.array([[1, 2, 3]], np.int32))
    assert embed("--pool", "sum").tolist() == [[np.inf, np.inf]]
