"""Numbers, matrices and vectors as text, written and read; expected lines are worked out by hand or by numpy."""

import gzip
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests import reference_sequences as reference
from tests.cli.test_encode import done, refused
from tests.conftest import COMMAND, run_here
from wordvec_cli.cli import output as output_module
from wordvec_cli.layer import text_rows

MATRIX = np.array([[0, 0], [0.5, -1], [1, 2.25], [1e-8, 3], [-4, 0.1]], np.float32)  # pad, unk, a, b, c
LINES = [[2, 3, 2], [], [1, 4]]
IDS = b"2 3 2\n\n1 4\n"


@pytest.fixture(autouse=True)
def in_folder_with_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vocab.tsv").write_bytes(b"a\t9\nb\t2\nc\t1\n")
    Path("corpus.txt").write_bytes(b"a b a\n\nzz c\n")
    np.save("m.npy", MATRIX)


def printed(*arguments: str, typed: bytes | None = None) -> bytes:
    """What a command prints that must succeed; `typed` comes down a pipe."""
    with pytest.MonkeyPatch.context() as patch:
        if typed is not None:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        return done(*arguments).stdout


def refused_pipe(typed: bytes, *options: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        return refused("embed", "--matrix", "m.npy", "--sequences", "-", "-o", "e.npy", *options)


def encode(*options: str, output: str = "-") -> bytes:
    return printed("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", output, *options)


def embed(*options: str, sequences: str = "-", typed: bytes | None = None) -> bytes:
    return printed("embed", "--matrix", "m.npy", "--sequences", sequences, *options, typed=typed)


def embedded(typed: bytes, *options: str) -> np.ndarray:
    embed("-o", "e.npy", *options, typed=typed)
    return np.load("e.npy")


# ---------------------------------------------------------------- one-hot and its like


def test_one_hot_vectors_are_printed_a_row_for_each_token() -> None:
    assert encode("--as", "one-hot", "--to", "text") == b"0 0 1 0 0\n0 0 0 1 0\n0 0 1 0 0\n0 1 0 0 0\n0 0 0 0 1\n"
    assert encode("--as", "one-hot", "--to", "text", "--missing", "skip").count(b"\n") == 4


def test_counts_of_lines_are_printed_a_row_for_each_line() -> None:
    assert encode("--as", "count", "--to", "text") == b"0 0 2 1 0\n0 0 0 0 0\n0 1 0 0 1\n"
    assert encode("--as", "binary", "--to", "text") == b"0 0 1 1 0\n0 0 0 0 0\n0 1 0 0 1\n"


def test_weights_as_text_are_exact() -> None:
    rows = [list(map(float, line.split())) for line in encode("--as", "tf-idf", "--to", "text").splitlines()]
    np.testing.assert_allclose(rows, reference.term_matrix(LINES, "tf-idf", 5), rtol=1e-15)
    encode("--as", "tf-idf", output="t.txt")  # its name says it too
    assert np.array_equal(np.loadtxt("t.txt"), rows)
    assert json.loads(Path("t.txt.json").read_bytes())["term_matrix"] == {"weighting": "tf-idf"}


def test_a_sparse_archive_is_for_matrices_and_named_so() -> None:
    message = refused("encode", "corpus.txt", "--vocab", "vocab.tsv", "--to", "npz", "-o", "s.npz", status=2)
    assert message.startswith("--to npz: is for sparse matrices; choose one with --as")


# ---------------------------------------------------------------- an embedding matrix


def test_a_matrix_is_printed_with_rows_and_words() -> None:
    Path("v.txt").write_text("a 1 2.25\nb 1e-08 3\nc -4 0.1\n")
    arguments = ["matrix", "--vocab", "vocab.tsv", "--vectors", "v.txt", "--missing", "zeros"]
    expected = b"0\t<pad>\t0 0\n1\t<unk>\t0 0\n2\ta\t1 2.25\n3\tb\t1e-08 3\n4\tc\t-4 0.1\n"
    assert printed(*arguments, "--to", "text", "-o", "-") == expected
    done(*arguments, "-o", "m.txt")
    assert Path("m.txt").read_bytes() == expected
    said = printed(*arguments, "--to", "text", "--specials", "none", "-o", "-")
    assert said == b"0\ta\t1 2.25\n1\tb\t1e-08 3\n2\tc\t-4 0.1\n"


@pytest.mark.parametrize("n_values", [0, 4, 10**9])
@pytest.mark.parametrize("n_rows", [1, 3, 10**6])
def test_however_many_rows_come_at_a_time(n_values: int, n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_rows, "VALUES_WITHOUT_KERNELS", n_values)
    monkeypatch.setattr(text_rows, "ROWS_AT_ONCE", n_rows)
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "3", "-o", "r.npy")
    lines = printed("matrix", "--vocab", "vocab.tsv", "--vector-size", "3", "--to", "text", "-o", "-").splitlines()
    assert [line.split(b"\t")[0] for line in lines] == [b"0", b"1", b"2", b"3", b"4"]
    numbers = np.array([line.split(b"\t")[2].split() for line in lines], np.float32)
    assert np.array_equal(numbers, np.load("r.npy"))


# ---------------------------------------------------------------- Y = E[X]


def test_vectors_are_printed_with_their_lines_positions_and_rows() -> None:
    expected = b"1\t1\t2\t1 2.25\n1\t2\t3\t1e-08 3\n1\t3\t2\t1 2.25\n3\t1\t1\t0.5 -1\n3\t2\t4\t-4 0.1\n"
    assert embed("--to", "text", "-o", "-", typed=IDS) == expected
    encode(output="s.txt")
    embed("-o", "y.txt", sequences="s.txt")
    assert Path("y.txt").read_bytes() == expected
    assert json.loads(Path("y.txt.json").read_bytes())["embedded"] == {"pool": None, "shape": None}


def test_padding_is_printed_too() -> None:
    encode("--length", "2", output="s.npy")
    expected = [b"1\t1\t3", b"1\t2\t2", b"2\t1\t0", b"2\t2\t0", b"3\t1\t1", b"3\t2\t4"]
    lines = embed("--to", "text", "-o", "-", sequences="s.npy").splitlines()
    assert [line.rpartition(b"\t")[0] for line in lines] == expected


def test_a_vector_for_each_line_is_printed_alone() -> None:
    assert embed("--pool", "sum", "--to", "text", "-o", "-", typed=b"2 1\n\n4\n") == b"1.5 1.25\n0 0\n-4 0.1\n"


# ---------------------------------------------------------------- sequences down a pipe


@pytest.mark.parametrize(
    "typed", [b"2 3\n1 4\n", b"[2, 3]\r\n[1,4]", b"\xef\xbb\xbf2\t3\n 1  4\n", gzip.compress(b"2 3\n1 4\n", mtime=0)]
)
def test_rows_of_text_come_down_a_pipe(typed: bytes) -> None:
    assert np.array_equal(embedded(typed), MATRIX[[[2, 3], [1, 4]]])


def test_an_array_comes_down_a_pipe() -> None:
    ids = np.array([[2, 3, 0], [1, 4, 4]], np.int16)
    file = io.BytesIO()
    np.save(file, ids)
    assert np.array_equal(embedded(file.getvalue()), MATRIX[ids])


def test_lines_of_different_lengths_are_pooled_or_printed() -> None:
    np.testing.assert_allclose(embedded(IDS, "--pool", "max"), reference.pooled(LINES, MATRIX, "max"))
    assert refused_pipe(IDS).startswith("standard input: its lines have different lengths; make one vector of each")


@pytest.fixture
def fifo() -> Iterator[str]:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(b"2 3\n1 4\n"), daemon=True)
    writer.start()
    yield "pipe"
    writer.join(10)


def test_a_named_pipe_is_read_as_well(fifo: str) -> None:
    embed("-o", "e.npy", sequences=fifo)
    assert np.array_equal(np.load("e.npy"), MATRIX[[[2, 3], [1, 4]]])


def test_a_pipe_has_no_record_and_that_is_told() -> None:
    told = run_here("embed", "--matrix", "m.npy", "--sequences", "-", "-o", "e.npy", stdin=b"2 3\n").stderr.decode()
    assert "standard input has no record of its vocabulary, so a mismatch cannot be detected\n" in told


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (b"", "standard input: holds no lines; write the numbers of a line on each"),
        (b"2 3\n2 x\n", "standard input: line 2: '2 x' is not a line of whole numbers; correct it"),
        (b"2 3\n2 5\n", "standard input: line 2, position 2: 5 is not one of the 5 rows of m.npy"),
        (b"2 -1\n", "standard input: line 1, position 2: -1 is not one of the 5 rows of m.npy"),
        (
            b"2 3\n1 99999999999999999999\n",
            "standard input: line 2: 99999999999999999999 is too large for the row of a matrix",
        ),
        (gzip.compress(b"2 3\n" * 99, mtime=0)[:20], "standard input: the compressed data is broken or cut short"),
        (safetensors.numpy.save({"ids": np.zeros((1, 1))}), "standard input: safetensors cannot be read from a pipe"),
        (b"\x93NUMPY\x01\x00", "standard input: it does not begin as numpy's arrays do"),
    ],
)
def test_what_a_pipe_cannot_bring_is_one_line(typed: bytes, message: str) -> None:
    assert refused_pipe(typed).startswith(message)


def test_a_closed_standard_input_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    message = refused("embed", "--matrix", "m.npy", "--sequences", "-", "-o", "e.npy")
    assert message == "standard input: is closed; open it or name a file"


def test_a_file_of_text_is_checked_by_its_record() -> None:
    encode("--specials", "unk,pad", "--length", "3", output="s.txt")
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "-o", "n.npy")
    message = refused("embed", "--matrix", "n.npy", "--sequences", "s.txt", "-o", "e.npy")
    assert message.startswith("s.txt: has the special rows unk,pad and n.npy pad,unk")
    done("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "--specials", "unk,pad", "-o", "n.npy")
    done("embed", "--matrix", "n.npy", "--sequences", "s.txt", "--pool", "mean", "-o", "e.npy")
    rows = np.load("n.npy")
    np.testing.assert_allclose(np.load("e.npy")[2], rows[[0, 4]].mean(axis=0), rtol=1e-6)  # without padding, row 1


def test_a_matrix_is_checked_against_lines_of_text() -> None:
    encode("--length", "3", output="s.txt")
    told = run_here("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "--sequences", "s.txt", "-o", "n.npy")
    assert b"input_length 3" in told.stderr
    Path("s.txt").write_bytes(b"2 9\n")
    message = refused("matrix", "--vocab", "vocab.tsv", "--vector-size", "2", "--sequences", "s.txt", "-o", "o.npy")
    assert message.startswith("s.txt: line 1, position 2: 9 is not one of the 5 rows of vocab.tsv")


# ---------------------------------------------------------------- a terminal


@pytest.mark.parametrize(
    "command",
    [
        "encode corpus.txt --vocab vocab.tsv --to npy -o -",
        "encode corpus.txt --vocab vocab.tsv --to safetensors -o -",
        "encode corpus.txt --vocab vocab.tsv --as count -o -",
        "matrix --vocab vocab.tsv --vector-size 2 --to npy -o -",
        "embed --matrix m.npy --sequences s.npy -o -",
    ],
)
def test_a_terminal_gets_text_and_no_binary(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encode("--length", "2", output="s.npy")
    monkeypatch.setattr(output_module, "is_for_terminal", lambda output: output == "-")
    message = run_here(*command.split()).stderr.decode()
    assert "are binary; use -o FILE, redirect the output, or print them with --to text; see wordvec" in message
    words = command.replace("--to npy", "").replace("--to safetensors", "").split()
    assert printed(*words, "--to", "text").count(b"\n") in {3, 5, 6}


# ---------------------------------------------------------------- sizes


def test_what_rows_take_is_told_before_they_are_written_and_what_takes_less() -> None:
    Path("corpus.txt").write_bytes(b"a b a\n" * 999 + b"a " * 400 + b"\n")
    told = run_here("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "s.npy").stderr.decode()
    assert "1000 x 400 numbers, 1.6 MB, mostly padding; --length p99 makes them 1000 x 3, 12 kB\n" in told
    told = run_here("encode", "corpus.txt", "--vocab", "vocab.tsv", "--length", "p99", "-o", "s.npy").stderr.decode()
    assert "1000 x 3 numbers, 12 kB\n" in told
    told = run_here("encode", "corpus.txt", "--vocab", "vocab.tsv", "--as", "count", "-o", "c.npz").stderr.decode()
    assert "1000 x 5 numbers, 1999 of them not 0, " in told


def test_large_vectors_are_told_before_they_are_written_and_what_takes_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordvec_cli.layer.embed.LARGE_BYTES", 10)
    np.save("s.npy", np.ones((5, 3), np.int32))
    told = run_here("embed", "--matrix", "m.npy", "--sequences", "s.npy", "-o", "e.npy").stderr.decode()
    assert "5 x 3 x 2 numbers, 120 bytes; --pool would make one vector of each line, 40 bytes, and" in told


@pytest.mark.parametrize(
    "command",
    [
        "encode corpus.txt --vocab vocab.tsv -o s.npy",
        "encode corpus.txt --vocab vocab.tsv -o s.safetensors",
        "encode corpus.txt --vocab vocab.tsv -o s.txt",
        "encode corpus.txt --vocab vocab.tsv --length 2 -o s.jsonl",
        "encode corpus.txt --vocab vocab.tsv --as one-hot -o s.npz",
        "encode corpus.txt --vocab vocab.tsv --as count -o s.txt",
        "encode corpus.txt --vocab vocab.tsv --to text -o /dev/null --mask s.npy --length 3",
        "encode corpus.txt --vocab vocab.tsv --to text -o /dev/null --lengths s.npy",
        "matrix --vocab vocab.tsv -o n.npy",
        "matrix --vocab vocab.tsv --vectors v.txt -o n.safetensors",
        "embed --matrix m.npy --sequences ids.npy -o e.npy",
        "embed --matrix m.npy --sequences ids.npy -o e.txt",
        "embed --matrix m.npy --sequences ids.npy --pool mean -o e.npy",
    ],
)
def test_what_the_disk_cannot_hold_is_refused_before_it_is_written(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save("ids.npy", np.ones((2, 2), np.int32))
    Path("v.txt").write_text("a 1 2\nb 3 4\n")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: _Full)
    assert refused(*command.split()).endswith(" has 3 bytes left; free some space")


class _Full:
    free = 3


def test_two_outputs_on_one_disk_need_room_together(monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk:
        free = 30

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Disk)
    options = ["--vocab", "vocab.tsv", "--length", "2", "-o", "s.npy"]  # 3 x 2 numbers of 4 bytes, and 3 of 8
    done("encode", "corpus.txt", *options)
    os.remove("s.npy")
    assert refused("encode", "corpus.txt", *options, "--lengths", "l.npy").startswith("l.npy: needs 48 bytes and")


@pytest.mark.parametrize(
    ("command", "typed", "printed", "told"),
    [
        ("encode - --vocab vocab.tsv --to text -o -", b"a c zz\n", b"2 4 1\r\n", "type text, a sentence or document"),
        ("embed --matrix m.npy --sequences - --pool sum --to text -o -", b"2\n", b"1 2.25\r\n", "type rows of numbers"),
    ],
)
def test_a_terminal_is_told_what_is_awaited_and_one_ctrl_d_ends_it(
    command: str, typed: bytes, printed: bytes, told: str
) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen([*COMMAND, *command.split()], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        os.write(ours, typed + b"\x04")
        try:
            stderr = process.communicate(timeout=20)[1].decode()
        finally:
            process.kill()
    assert f"{told}, one a line; Ctrl-D ends\n" in stderr
    assert process.returncode == 0
    assert os.read(ours, 1000).endswith(printed)
    os.close(ours)
