"""The matrices that `wordvec matrix` writes are vector files too: each word has the row that the rule gives it."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here

ROWS = {"the": [1, 2.5], "cat": [3, 4], "dog": [5, 6], "fish": [7, 8]}
MADE = ["E.npy", "E.safetensors"]


@pytest.fixture(autouse=True)
def in_a_folder_with_matrices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("v.tsv").write_text("".join(f"{word}\t{9 - i}\n" for i, word in enumerate(ROWS)))
    lines = [f"{word} {row[0]} {row[1]}\n" for word, row in (ROWS | {"<unk>": [9, 9.5]}).items()]
    Path("vectors.txt").write_text("".join(lines))
    for path in MADE:
        assert run_here("matrix", "--vocab", "v.tsv", "--vectors", "vectors.txt", "-o", path).returncode == 0


@pytest.mark.parametrize("path", MADE)
def test_words_have_the_rows_after_the_special_ones(path: str) -> None:
    result = run_here("lookup", path, *ROWS, "--vocab", "v.tsv")
    assert result.stdout.decode() == "the 1 2.5\ncat 3 4\ndog 5 6\nfish 7 8\n"
    assert (result.returncode, result.stderr) == (0, b"")
    assert run_here("lookup", path, "pad", "--vocab", "v.tsv").returncode == 3


@pytest.mark.parametrize("path", MADE)
def test_the_row_of_unknown_words_is_their_vector(path: str) -> None:
    result = run_here("lookup", path, "zebra", "cat", "--vocab", "v.tsv", "--missing", "unknown")
    assert result.stdout == b"zebra 9 9.5\ncat 3 4\n"


@pytest.mark.parametrize("path", MADE)
def test_a_vocabulary_is_needed_and_has_to_be_the_one_of_the_matrix(path: str) -> None:
    result = run_here("lookup", path, "cat")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.endswith(
        b"is an embedding matrix without its words; name the vocabulary it has with --vocab\n"
    )
    Path("other.tsv").write_text("the\t9\ncat\t8\nfish\t7\ndog\t6\n")
    result = run_here("lookup", path, "cat", "--vocab", "other.tsv")
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"was made with another vocabulary than other.tsv" in result.stderr


@pytest.mark.parametrize("specials", ["none", "pad", "unk,pad,mask"])
@pytest.mark.parametrize("path", MADE)
def test_the_rule_is_that_of_the_file_whatever_its_special_rows(path: str, specials: str) -> None:
    run_here("matrix", "--vocab", "v.tsv", "--vectors", "vectors.txt", "-o", path, "--specials", specials)
    assert run_here("lookup", path, "dog", "--vocab", "v.tsv").stdout == b"dog 5 6\n"


def test_a_matrix_that_changed_after_its_sidecar_was_written_is_one_of_rows_and_words_alone() -> None:
    np.save("E.npy", np.float32([[1, 2], [3, 4], [5, 6], [7, 8]]))
    result = run_here("lookup", "E.npy", "dog", "--vocab", "v.tsv")
    assert result.stdout == b"dog 5 6\n"
    assert b"E.npy.json: does not belong to E.npy as it is now; it is not used" in result.stderr
    np.save("E.npy", np.zeros((6, 2), np.float32))
    assert b"holds 6 vectors and v.tsv 4 words" in run_here("lookup", "E.npy", "dog", "--vocab", "v.tsv").stderr


def test_a_compressed_matrix_says_itself_which_row_is_which() -> None:
    Path("E.safetensors.gz").write_bytes(gzip.compress(Path("E.safetensors").read_bytes()))
    assert run_here("lookup", "E.safetensors.gz", "fish", "--vocab", "v.tsv").stdout == b"fish 7 8\n"


@pytest.mark.parametrize("path", MADE)
def test_other_commands_read_them_too(path: str) -> None:
    assert run_here("verify", path, "--vocab", "v.tsv").returncode == 0
    assert run_here("export", path, "out.txt", "--vocab", "v.tsv").returncode == 0
    assert Path("out.txt").read_text().splitlines()[:4] == [f"{word} {a:g} {b:g}" for word, (a, b) in ROWS.items()]
    assert run_here("info", path).returncode == 0


# ---------------------------------------------------------------- words beside an array

ARRAYS = {
    "matrix": ["matrix", "--vocab", "v.tsv", "--vectors", "vectors.txt", "--specials", "unk", "-o", "x.npy"],
    "sequences": ["encode", "corpus.txt", "--vocab", "v.tsv", "--length", "3", "-o", "x.npy"],
    "mask": ["encode", "corpus.txt", "--vocab", "v.tsv", "--length", "3", "-o", "s.npy", "--mask", "x.npy"],
    "lengths": ["encode", "corpus.txt", "--vocab", "v.tsv", "--length", "3", "-o", "s.npy", "--lengths", "x.npy"],
    "vectors": ["embed", "--matrix", "E.npy", "--sequences", "five.npy", "--pool", "mean", "-o", "x.npy"],
}


@pytest.fixture
def exported() -> list[str]:
    """Five vectors in x.npy, and their words beside it; the arrays above have five rows too."""
    Path("corpus.txt").write_text("the cat\n" * 5)
    assert run_here("encode", "corpus.txt", "--vocab", "v.tsv", "--length", "3", "-o", "five.npy").returncode == 0
    assert run_here("export", "vectors.txt", "x.npy").returncode == 0
    words = Path("x.npy.words").read_text().splitlines()
    assert words == [*ROWS, "<unk>"]
    return words


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_takes_the_place_of_another_is_not_left_with_its_words(exported: list[str], name: str) -> None:
    result = run_here(*ARRAYS[name])
    assert result.returncode == 0, result.stderr
    assert len(np.load("x.npy")) == len(exported)
    assert not Path("x.npy.words").exists()
    assert run_here("lookup", "x.npy", "cat").returncode == 1


@pytest.mark.parametrize("name", ARRAYS)
def test_a_command_that_fails_leaves_an_array_and_its_words(exported: list[str], name: str) -> None:
    before = Path("x.npy").read_bytes()
    Path("v.tsv").unlink()
    Path("five.npy").unlink()
    assert run_here(*ARRAYS[name]).returncode == 1
    assert Path("x.npy").read_bytes() == before
    assert Path("x.npy.words").read_text().splitlines() == exported


def test_words_that_a_command_reads_are_not_removed_by_it(exported: list[str]) -> None:
    result = run_here("matrix", "--vocab", "x.npy.words", "--vector-size", "2", "-o", "x.npy")
    assert (result.returncode, result.stderr.splitlines()[-1]) == (
        1,
        b"Error: x.npy.words: is read by this command; name another output",
    )
    assert Path("x.npy.words").read_text().splitlines() == exported


def test_words_of_an_array_behind_a_link_go_too(exported: list[str]) -> None:
    Path("link.npy").symlink_to("x.npy")
    assert run_here(*ARRAYS["matrix"][:-1], "link.npy").returncode == 0
    assert not Path("x.npy.words").exists()


def test_standard_output_takes_no_words_away() -> None:
    Path("-.words").write_text("cat\n")
    assert run_here(*ARRAYS["matrix"][:-1], "-", "--to", "npy").returncode == 0
    assert Path("-.words").exists()


def test_what_a_matrix_says_of_its_rows_counts_and_not_words_beside_it() -> None:
    assert run_here(*ARRAYS["matrix"]).returncode == 0
    Path("x.npy.words").write_text("the\ncat\ndog\nfish\nlast\n")
    result = run_here("lookup", "x.npy", "cat")
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"x.npy: is an embedding matrix without its words" in result.stderr
    assert run_here("lookup", "x.npy", "cat", "--vocab", "v.tsv").stdout == b"cat 3 4\n"
