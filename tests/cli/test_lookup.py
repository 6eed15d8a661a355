import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from tests.conftest import COMMAND, Run
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def odd_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words in another case, in another Unicode form, that are no UTF-8, with a NUL."""
    words = [b"Colour", "caf\u00e9".encode(), b"caf\xe9", b"a\x00b", "東京".encode()]
    matrix = np.arange(len(words) * 2, dtype=np.float32).reshape(-1, 2) / 3
    path = tmp_path_factory.mktemp("odd") / "odd.safetensors"
    save(str(path), Vocabulary.from_words(words, [9, 8, 7, 6, 5]), matrix, {"configuration": '{"min_count": 5}'})
    return path


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves its file open
def test_the_output_is_a_glove_file_that_gensim_reads_back_exactly(
    wordvec: Run, vector_file: Path, tmp_path: Path
) -> None:
    result = wordvec("lookup", vector_file, "monday", "red", "meet")
    assert result.returncode == 0
    (tmp_path / "glove.txt").write_bytes(result.stdout)
    reread = KeyedVectors.load_word2vec_format(tmp_path / "glove.txt", no_header=True)
    ours = load(str(vector_file))
    assert reread.index_to_key == ["monday", "red", "meet"]
    for word in reread.index_to_key:
        np.testing.assert_array_equal(reread[word], ours.vector(word))


def test_the_native_formatter_takes_over_without_a_trace(wordvec: Run, vector_file: Path) -> None:
    """More words than the standard library formats: the same lines for the same words."""
    few = wordvec("lookup", vector_file, stdin=b"monday\nred\n").stdout
    many = wordvec("lookup", vector_file, stdin=b"monday\nred\n" * 8000).stdout
    assert many == few * 8000


def test_words_come_from_standard_input_in_order(wordvec: Run, vector_file: Path) -> None:
    result = wordvec("lookup", vector_file, stdin=b"red\r\nmonday\nred")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [b"red", b"monday", b"red"]


def test_tsv_json_and_npy_hold_the_same_numbers(wordvec: Run, vector_file: Path) -> None:
    words = ["monday", "red"]
    expected = np.array([load(str(vector_file)).vector(word) for word in words])
    tsv = wordvec("lookup", vector_file, *words, "--format", "tsv").stdout.decode().splitlines()
    np.testing.assert_array_equal(np.array([line.split("\t")[1:] for line in tsv], dtype=np.float32), expected)
    lines = wordvec("lookup", vector_file, *words, "--format", "json").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["word"] for row in rows] == words
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], dtype=np.float32), expected)
    array = np.load(io.BytesIO(wordvec("lookup", vector_file, *words, "--format", "npy").stdout), allow_pickle=False)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("choice", "line", "status"),
    [("error", b"", 3), ("skip", b"", 0), ("zeros", b"absent 0 0\n", 0), ("blank", b"absent\n", 0)],
)
def test_a_missing_word_is_named_and_gets_what_is_asked(
    wordvec: Run, odd_file: Path, choice: str, line: bytes, status: int
) -> None:
    result = wordvec("lookup", odd_file, "absent", "Colour", "--missing", choice)
    assert result.stdout == line + b"Colour 0 0.33333334\n"
    assert result.stderr == b"'absent' is missing\n"
    assert result.returncode == status


def test_missing_is_error_by_default(wordvec: Run, odd_file: Path) -> None:
    assert wordvec("lookup", odd_file, "absent").returncode == 3


@pytest.mark.parametrize(("word", "there"), [("colour", "Colour"), ("cafe\u0301", "caf\u00e9"), ("COLOUR", "Colour")])
def test_another_case_or_unicode_form_that_is_there_is_named(
    wordvec: Run, odd_file: Path, word: str, there: str
) -> None:
    result = wordvec("lookup", odd_file, word)
    assert f"is missing; there is '{there}'" in result.stderr.decode()


def test_a_word_below_min_count_is_told_from_a_fuller_vocabulary(wordvec: Run, odd_file: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.tsv").write_text("rare\t3\nunseen\t0\n")
    result = wordvec("lookup", odd_file, "rare", "never", "--vocab", tmp_path / "vocab.tsv")
    rare, never = result.stderr.decode().splitlines()
    assert rare.endswith("vocab.tsv is 3, below min-count 5")
    assert never.endswith("vocab.tsv does not have it either")


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_words_pass_as_bytes_in_every_locale(wordvec: Run, odd_file: Path, locale: dict[str, str]) -> None:
    words = [b"caf\xe9", "東京".encode(), "caf\u00e9".encode()]
    result = wordvec("lookup", odd_file, *words, environment=locale)
    assert [line.split(b" ")[0] for line in result.stdout.splitlines()] == words
    assert result.returncode == 0
    assert wordvec("lookup", odd_file, stdin=b"a\x00b\ncaf\xe9\n").stdout.startswith(b"a\x00b 2 2.3333333\ncaf\xe9 ")


def test_a_co_process_gets_each_answer_before_it_asks_again(vector_file: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "lookup", vector_file, "--missing", "blank"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        for word in (b"monday", b"absent", b"red"):
            process.stdin.write(word + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().split()[0] == word
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_a_closed_pipe_ends_quietly(vector_file: Path) -> None:
    words = b"monday\n" * 200_000
    with subprocess.Popen(
        [*COMMAND, "lookup", vector_file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        try:
            process.stdin.write(words[:70_000])
            process.stdin.flush()
            process.stdout.readline()
            process.stdout.close()
            process.stdin.write(words)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("layout", ["text", "npy"])
def test_a_full_disk_on_standard_output_is_one_line_and_exit_1(wordvec: Run, vector_file: Path, layout: str) -> None:
    with open("/dev/full", "wb") as full:
        result = wordvec("lookup", vector_file, "monday", "--format", layout, stdout=full)
    assert result.returncode == 1
    assert result.stderr == b"Error: standard output: no space left on device; free some space\n"


@pytest.mark.parametrize(
    ("closed", "text"),
    [(">&-", "standard output: is closed"), ("<&-", "standard input: is closed; open it or name a file")],
)
def test_a_closed_standard_stream_is_one_line(vector_file: Path, closed: str, text: str) -> None:
    words = "monday" if closed == ">&-" else ""
    result = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m wordvec_cli lookup "{vector_file}" {words} {closed}'],
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.decode().startswith(f"Error: {text}")
    assert len(result.stderr.splitlines()) == 1


def test_only_the_pages_that_are_needed_are_touched(tmp_path: Path) -> None:
    """A look-up in a file of 120 MB does not bring it into memory."""
    n_words, dim = 100_000, 300
    words = [b"word%d" % i for i in range(n_words)]
    save(str(tmp_path / "v"), Vocabulary.from_words(words, None), np.zeros((n_words, dim), np.float32), {})
    code = (
        "import sys, psutil; from wordvec_cli.cli import run; "
        f"run(['lookup', {str(tmp_path / 'v')!r}, 'word77']); "
        "print(psutil.Process().memory_info().rss, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(result.stderr) < 60_000_000  # mapped pages counted; the matrix alone has 120 000 000 bytes
    assert result.stdout == b"word77" + b" 0" * dim + b"\n"
    assert os.path.getsize(tmp_path / "v") > 120_000_000


def test_a_missing_word_gets_the_vector_of_unknown_words_on_demand(
    wordvec: Run, odd_file: Path, tmp_path: Path
) -> None:
    """And the ordinary words `unk` and `<unk>` keep their own."""
    words = Vocabulary.from_words([b"unk", b"<unk>"])
    matrix, unknown = np.array([[1, 2], [3, 4]], np.float32), np.array([[5, 6]], np.float32)
    path = tmp_path / "v.safetensors"
    save(str(path), words, matrix, {}, {"unknown": unknown})
    result = wordvec("lookup", path, "unk", "zebra", "<unk>", "--missing", "unknown")
    assert (result.returncode, result.stdout) == (0, b"unk 1 2\nzebra 5 6\n<unk> 3 4\n")
    assert b"'zebra' is missing" in result.stderr
    result = wordvec("lookup", path, "zebra")
    assert (result.returncode, result.stdout) == (3, b"")
    result = wordvec("lookup", odd_file, "zebra", "--missing", "unknown")
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"has no vector of unknown words" in result.stderr
