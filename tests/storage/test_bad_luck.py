"""Bad input, full disks, signals: one line that says where, what and what to do; the old output stays whole."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Run
from tests.posix import SIGKILL, resource

OLD = b"the old output"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "out" / "old.safetensors"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def assert_one_line(result: "subprocess.CompletedProcess[bytes]", text: str, status: int = 1) -> None:
    assert result.returncode == status, result.stderr
    *notes, error = result.stderr.decode().splitlines()
    assert error.startswith("Error: ")
    assert text in error
    assert not any("Traceback" in note or "Error" in note for note in notes)


def assert_untouched(output: Path) -> None:
    assert output.read_bytes() == OLD
    assert os.listdir(output.parent) == [output.name]


@pytest.mark.parametrize("command", ["train", "build-vocab"])
@pytest.mark.parametrize(
    ("content", "options", "text"),
    [
        (None, [], "corpus.txt: no such file or directory"),
        (b"", [], "corpus.txt: the corpus holds no words"),
        (b" \n\t\n", [], "corpus.txt: the corpus holds no words"),
        (b"a b c\n", [], "no word occurs 5 times (the most frequent of 3 words: 1); lower --min-count"),
        (b"\x1f\x8b\x08broken", [], "corpus.txt: the compressed data is broken or cut short"),
        (b"caf\xe9 " * 9, ["--invalid-utf8", "error"], "corpus.txt:1: invalid UTF-8"),
        (b"a " * 9, ["--token-pattern", "("], "--token-pattern: '(' is not a regular expression"),
        (b"a " * 9, ["--token-pattern", ""], "--token-pattern: is empty"),
        (b"\x28\xb5\x2f\xfdbroken", [], "corpus.txt: the compressed data is broken or cut short"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_one_line(
    wordvec: Run, output: Path, tmp_path: Path, command: str, content: bytes | None, options: list[str], text: str
) -> None:
    corpus = tmp_path / "corpus.txt"
    if content is not None:
        corpus.write_bytes(content)
    status = 2 if text.startswith("--") else 1
    assert_one_line(wordvec(command, corpus, "-o", output, *options), text, status)
    assert_untouched(output)


def test_training_needs_two_words_on_one_line(wordvec: Run, output: Path) -> None:
    result = wordvec("train", "-", "-o", output, stdin=b"alone\n" * 20)
    assert_one_line(result, "no line of the corpus has two words of the vocabulary")
    assert_untouched(output)


@pytest.mark.parametrize("command", ["train", "build-vocab"])
def test_a_corpus_is_never_overwritten_by_its_result(wordvec: Run, tmp_path: Path, command: str) -> None:
    corpus = tmp_path / "corpus.safetensors"
    corpus.write_bytes(b"some words\n" * 9)
    for named in (corpus, tmp_path):
        assert_one_line(wordvec(command, named, "-o", corpus), "is part of the corpus; name another output")
    assert corpus.read_bytes() == b"some words\n" * 9


def test_an_output_that_cannot_be_written_is_found_before_the_corpus_is_read(wordvec: Run, tmp_path: Path) -> None:
    result = wordvec("train", "no-such-corpus", "-o", tmp_path / "missing" / "v.safetensors")
    assert_one_line(result, f"the folder {tmp_path}/missing does not exist; make it first")
    result = wordvec("build-vocab", "no-such-corpus", "-o", tmp_path)
    assert_one_line(result, "is not a file; name a file to write")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["train", "c", "-o", "v.unknown"], "its name does not say the format; add --to"),
        (["train", "c", "-o", "v.safetensors", "--vector-size", "0"], "--vector-size"),
        (["train", "c", "-o", "v.safetensors", "--learning-rate", "0"], "--learning-rate"),
        (["train", "c", "-o", "v.safetensors", "--memory", "much"], "write it like 200MB"),
        (["train", "c", "-o", "v.safetensors", "--tokenizer", "words", "--token-pattern", "x"], "exclude each other"),
        (["train", "c", "-o", "v.safetensors", "--size", "100"], "here it is --vector-size"),
        (["train", "c", "-output", "v.safetensors"], "no such option: -output; here it is --output"),
        (["train", "c", "-x-max", "10", "-o", "v.safetensors"], "no such option: -x-max; here it is --x-max"),
        (["train", "c", "-o", "v.safetensors", "-iter", "5"], "here it is --epochs"),
        (["train", "c", "-o", "v.safetensors", "--iter=5"], "here it is --epochs"),
        (["train", "c"], "-o: is missing; add -o FILE; see wordvec train --help"),
        (["lookup", "v.safetensors", "--format", "xml"], "--format"),
        (["similar", "v.safetensors", "w", "-k", "0"], "-k"),
        (["no-such-command"], "No such command"),
    ],
)
def test_a_wrong_option_is_a_usage_error(wordvec: Run, tmp_path: Path, arguments: list[str], text: str) -> None:
    result = wordvec(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert text in result.stderr.decode()
    assert b"Traceback" not in result.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", ["lookup", "similar", "info"])
@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "no such file or directory"),
        (b"", "is empty"),
        (b"<html><body>404 Not Found</body></html>\n", "is a web page or XML, not a vector file"),
        ("half", "cut short"),
    ],
)
def test_a_vector_file_that_cannot_be_used_is_one_line(
    wordvec: Run, vector_file: Path, tmp_path: Path, command: str, content: bytes | str | None, text: str
) -> None:
    path = tmp_path / "vectors.safetensors"
    if content == "half":
        path.write_bytes(vector_file.read_bytes()[:-100])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    words = [] if command == "info" else ["king"]
    result = wordvec(command, path, *words)
    assert_one_line(result, text)
    assert f"Error: {path}: " in result.stderr.decode()
    assert result.stdout == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["train", "build-vocab"])
@pytest.mark.parametrize("target", ["/dev/full", "-"])
def test_a_full_device_is_one_line(wordvec: Run, corpus_file: Path, tmp_path: Path, command: str, target: str) -> None:
    if command == "train" and target == "/dev/full":
        target = str(tmp_path / "full.safetensors")
        os.symlink("/dev/full", target)
    with open("/dev/full", "wb") as full:
        result = wordvec(command, corpus_file, "-o", target, stdout=full, cwd=tmp_path)
    assert_one_line(result, "no space left on device; free some space")


@pytest.mark.parametrize("command", ["train", "build-vocab"])
def test_a_file_size_limit_is_one_line_and_the_old_file_stays(
    wordvec: Run, corpus_file: Path, output: Path, tmp_path: Path, command: str
) -> None:
    tmp_dir = tmp_path / "spool"
    tmp_dir.mkdir()

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    # Kernels come from numba's cache here, or else they would be what the limit hits.
    wordvec(command, corpus_file, "-o", tmp_path / "warm.safetensors")
    result = wordvec(command, corpus_file, "-o", output, "--tmp-dir", tmp_dir, preexec_fn=limit)
    assert_one_line(result, "file too large")
    assert_untouched(output)
    assert os.listdir(tmp_dir) == []


def in_own_mounts(script: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a shell script in a mount namespace of its own, as its root."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespaces")
    return subprocess.run(
        [unshare, "-rm", "sh", "-c", script],
        env=os.environ | environment, capture_output=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_small_disk_that_fills_up_is_one_line_and_the_old_file_stays(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    """Vectors of 3000 numbers for 19 words, with their checkpoints, are more than 200 kB, of 100 less: known before."""
    script = (
        'mount -t tmpfs -o size=200k tmpfs "$DISK" && cd "$DISK" && printf "the old output" > v.safetensors && '
        '"$PYTHON" -m wordvec_cli train "$CORPUS" -o v.safetensors --vector-size "$SIZE" --tmp-dir "$SPOOL"; '
        'echo "$?"; ls -A; head -c 14 v.safetensors'
    )
    places = {
        "DISK": str(tmp_path), "SPOOL": str(corpus_file.parent), "CORPUS": str(corpus_file),
        "PYTHON": sys.executable, "PYTHONPATH": str(Path(__file__).parent.parent.parent),
    }  # fmt: skip
    result = in_own_mounts(script, SIZE="3000", **places)
    assert result.stdout == b"1\nv.safetensors\n" + OLD
    error = result.stderr.decode().splitlines()[-1]
    assert error.startswith("Error: v.safetensors: training: needs 1.4") and "free some space" in error
    result = in_own_mounts(script, SIZE="100", **places)
    assert result.stdout.startswith(b"0\nv.safetensors\n")
    assert not result.stdout.endswith(OLD)


def test_a_spool_that_does_not_fit_is_one_line(corpus_file: Path, tmp_path: Path) -> None:
    result = in_own_mounts(
        'mount -t tmpfs -o size=16k tmpfs "$DISK" && cat "$CORPUS" "$CORPUS" | '
        '"$PYTHON" -m wordvec_cli train - -o "$OUT/v.safetensors" --tmp-dir "$DISK"; echo "$?"; ls -A "$DISK"',
        DISK=str(tmp_path), OUT=str(corpus_file.parent), CORPUS=str(corpus_file), PYTHON=sys.executable,
        PYTHONPATH=str(Path(__file__).parent.parent.parent),
    )  # fmt: skip
    assert result.stdout == b"1\n"
    assert result.stderr.decode().splitlines()[-1].startswith(f"Error: {tmp_path} (temporary files): no space left")


def test_a_read_only_install_compiles_into_a_private_cache_and_says_so(corpus_file: Path, tmp_path: Path) -> None:
    """Files stand where numba would make its folders, which stops even root."""
    package = Path(__file__).parent.parent.parent / "wordvec_cli"
    copy = tmp_path / "install" / "wordvec_cli"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "kernels" / "__pycache__").write_bytes(b"")
    (tmp_path / "home").write_bytes(b"")
    environment = {
        "PYTHONPATH": str(copy.parent),
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": str(tmp_path / "home"),
    }
    result = subprocess.run(
        [*COMMAND, "build-vocab", corpus_file, "-o", "-"],
        env=os.environ | environment, cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert b"Warning: compiled code cannot be kept" in result.stderr
    assert result.stderr.count(b"compiling what this command runs for this processor, which takes some seconds") == 1
    assert result.stdout.startswith(b"the\t2000\n")


def test_kernels_that_are_kept_are_not_compiled_again(wordvec: Run, corpus_file: Path) -> None:
    wordvec("build-vocab", corpus_file, "-o", "-")
    result = wordvec("build-vocab", corpus_file, "-o", "-")
    assert b"compiling" not in result.stderr


def training(corpus_file: Path, output: Path) -> "subprocess.Popen[bytes]":
    """A command in the midst of a training that would take hours."""
    with corpus_file.open("rb") as stdin:
        process = subprocess.Popen(
            [*COMMAND, "train", "-", "-o", output, "--epochs", "1000000", "--progress", "json", "--threads", "2"],
            stdin=stdin, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
    assert process.stderr
    for line in process.stderr:
        if json.loads(line).get("stage") == "training":
            return process
    raise AssertionError("training never began")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (SIGKILL, -SIGKILL)])
def test_a_signal_leaves_the_old_output_whole_and_beside_it_a_checkpoint_only(
    corpus_file: Path, output: Path, number: signal.Signals, status: int
) -> None:
    with training(corpus_file, output) as process:
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert output.read_bytes() == OLD
    assert sorted(os.listdir(output.parent)) == [output.name, f"{output.name}.checkpoint"]
    if number != signal.SIGKILL:
        assert "with --resume goes on" in json.loads(errors.splitlines()[-1])["error"]
        assert json.loads(errors.splitlines()[-2])["stage"] == "checkpoint"


@pytest.mark.parametrize("command", ["train", "build-vocab"])
def test_ctrl_c_while_a_pipe_is_read_ends_at_once(output: Path, command: str) -> None:
    with subprocess.Popen(
        [*COMMAND, command, "-", "-o", output, "--progress", "json"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(b"some words\n" * 100_000)  # more than a pipe holds: the command is reading
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        process.wait(timeout=60)
    assert process.returncode == 130
    assert_untouched(output)


def test_a_closed_pipe_ends_build_vocab_quietly(corpus_file: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "build-vocab", corpus_file, "-o", "-", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
