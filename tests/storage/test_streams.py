"""What is printed is written whole or is an error, for every command; what is said beside it stops no work."""

import errno
import io
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.conftest import COMMAND, TOPICS, run_here
from tests.posix import resource
from wordvec_cli.cli import COMMANDS, run
from wordvec_cli.cli.commands.classify import ClassifyCommands
from wordvec_cli.cli.commands.plot import PlotCommands
from wordvec_cli.storage.streams import whole

PRINTED_BYTES = 1 << 20  # more than a pipe holds
FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")

# What each command prints. Files are made by `printing_folder`.
PRINTING = {
    "build-vocab": ["corpus.txt", "-o", "-"],
    "phrases": ["corpus.txt", "-o", "-"],
    "cooccur": ["corpus.txt", "--vocab", "vocab.tsv", "-o", "-", "--to", "glove"],
    "train": ["corpus.txt", "-o", "-", "--epochs", "1", "--vector-size", "4", "--threads", "1"],
    "encode": ["corpus.txt", "--vocab", "vocab.tsv", "-o", "-", "--to", "npy"],
    "decode": ["ids.npy", "--vocab", "vocab.tsv"],
    "matrix": ["--vocab", "vocab.tsv", "--vector-size", "8", "--to", "npy", "-o", "-"],
    "embed": ["--matrix", "matrix.npy", "--sequences", "ids.npy", "-o", "-"],
    "lookup": ["vectors.safetensors", "red", "blue"],
    "similar": ["vectors.safetensors", "red", "blue"],
    "analogy": ["vectors.safetensors", "red", "blue", "green"],
    "similarity": ["vectors.safetensors", "red", "blue"],
    "odd-one-out": ["vectors.safetensors", "red", "blue", "friday"],
    "evaluate": ["vectors.safetensors", "pairs.tsv"],
    "transform": ["vectors.safetensors", "-", "normalise", "--to", "word2vec"],
    "align": ["vectors.safetensors", "vectors.safetensors", "-o", "aligned.safetensors"],
    "get": ["--list"],
    "index": ["vectors.safetensors", "-o", "-"],
    "associate": ["vectors.safetensors", "--x", "red", "--y", "blue", "--a", "friday", "--b", "monday"],
    "change": ["vectors.safetensors", "vectors.safetensors", "--min-count", "1"],
    "stability": ["vectors.safetensors", "--also", "vectors.safetensors", "red"],
    "contexts": ["corpus.txt", "red"],
    "induce": ["small.safetensors", "long.txt", "--word", "red"],
    "cluster": ["vectors.safetensors", "--into", "2"],
    "axis": ["vectors.safetensors", "--pair", "red", "blue", "monday"],
    "map": ["vectors.safetensors", "-o", "-"],
    "compare": ["vectors.safetensors", "vectors.safetensors", "pairs.tsv"],
    "classify train": ["labelled.txt", "-o", "-", "--epochs", "1", "--vector-size", "4", "--threads", "1"],
    "classify quantise": ["model.safetensors", "-o", "-"],
    "classify predict": ["model.safetensors", "labelled.txt"],
    "classify test": ["model.safetensors", "labelled.txt"],
    "plot words": ["vectors.safetensors", "red", "blue", "green", "--format", "json"],
    "plot axes": ["vectors.safetensors", "--x", "red:friday", "blue", "monday", "--format", "tsv"],
    "plot axis": ["vectors.safetensors", "--pair", "red", "friday", "blue", "monday", "--format", "json"],
    "plot neighbours": ["vectors.safetensors", "red", "--format", "csv"],
    "plot training": ["vectors.safetensors", "--format", "tsv"],
    "plot evaluate": ["vectors.safetensors", "--set", "pairs.tsv", "--format", "json"],
    "plot compare": ["vectors.safetensors", "vectors.safetensors", "--set", "pairs.tsv", "--format", "json"],
    "plot matrix": ["--matrix", "matrix.npy", "--sequences", "ids.npy", "--vocab", "vocab.tsv", "--format", "json"],
    "plot change": ["vectors.safetensors", "vectors.safetensors", "--min-count", "1", "--format", "tsv"],
    "plot heatmap": ["vectors.safetensors", "red", "blue", "-o", "-"],
    "export": ["vectors.safetensors", "-", "--to", "word2vec-binary"],
    "verify": ["vectors.safetensors"],
    "info": ["vectors.safetensors"],
}


def test_every_command_that_prints_is_tried() -> None:
    groups = {"classify": ClassifyCommands, "plot": PlotCommands}
    of_groups = {f"{group} {name}" for group, commands in groups.items() for name in commands.modules}
    endless = {"explore"}  # which prints its address and serves: tests/show/test_explore.py
    assert set(PRINTING) == set(COMMANDS) - set(groups) - endless | of_groups


@pytest.fixture(scope="module")
def printing_folder(corpus_file: Path, vector_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("printing")
    text = corpus_file.read_text().splitlines()[:40]
    (folder / "corpus.txt").write_text("\n".join(text) + "\n")
    (folder / "long.txt").write_bytes(corpus_file.read_bytes())
    (folder / "vectors.safetensors").write_bytes(vector_file.read_bytes())
    pairs = ["red blue 9", "monday friday 8", "red friday 1", "green draw 5", "call meet 7"]
    (folder / "pairs.tsv").write_text("".join("\t".join(pair.split()) + "\n" for pair in pairs))
    (folder / "labelled.txt").write_text("".join(f"__label__{i % 2} {line}\n" for i, line in enumerate(text)))
    for arguments in (
        ["build-vocab", "corpus.txt", "-o", "vocab.tsv"],
        ["encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "ids.npy"],
        ["matrix", "--vocab", "vocab.tsv", "--vector-size", "8", "-o", "matrix.npy"],
        ["train", "long.txt", "-o", "small.safetensors", "--epochs", "1", "--vector-size", "4", "--threads", "1"],
        ["classify", "train", "labelled.txt", "-o", "model.safetensors", "--epochs", "1", "--vector-size", "4"],
    ):
        result = in_folder(folder, arguments)
        assert result.returncode == 0, result.stderr
    return folder


def in_folder(folder: Path, arguments: list[str]) -> "subprocess.CompletedProcess[bytes]":
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return run_here(*arguments)


class Raw(io.RawIOBase):
    """Standard output as PYTHONUNBUFFERED leaves it: no buffer, and writes that are shorter than what is given.

    room  bytes until the disk is full
    """

    def __init__(self, room: float = float("inf")) -> None:
        self.content = bytearray()
        self._room = room

    def writable(self) -> bool:
        return True

    def write(self, content: memoryview) -> int:  # type: ignore[override]
        if len(self.content) >= self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        part = bytes(content[: min(1000, int(min(self._room, 1 << 30)) - len(self.content))])
        self.content += part
        return len(part)


def printed_unbuffered(raw: Raw, folder: Path, command: str) -> tuple[int, str]:
    """The exit status, and what was said on standard error."""
    stderr = io.TextIOWrapper(io.BytesIO(), write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))  # type: ignore[type-var]
        patch.setattr(sys, "stderr", stderr)
        patch.setattr("wordvec_cli.cli._forget_stdout", lambda: None)  # which is about descriptor 1
        status = run([*command.split(), *PRINTING[command]])
    return status, stderr.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", PRINTING)
def test_a_result_is_printed_whole_through_short_writes(printing_folder: Path, command: str) -> None:
    raw = Raw()
    status, errors = printed_unbuffered(raw, printing_folder, command)
    assert status == 0, errors
    assert bytes(raw.content) == in_folder(printing_folder, [*command.split(), *PRINTING[command]]).stdout
    assert raw.content


@pytest.mark.parametrize("command", PRINTING)
def test_a_result_that_the_disk_has_no_room_for_is_an_error(printing_folder: Path, command: str) -> None:
    status, errors = printed_unbuffered(Raw(room=10), printing_folder, command)
    assert status == 1
    assert "Error: standard output: no space left on device; free some space" in errors


def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_all() -> None:
    content = os.urandom(PRINTED_BYTES)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    received = bytearray()

    def read() -> None:
        while part := os.read(reading, 10_000):
            received.extend(part)

    reader = threading.Thread(target=read)
    with io.FileIO(writing, "w") as raw:
        file = whole(raw, "here")
        started_late = threading.Timer(0, reader.start)
        started_late.start()
        file.write(content)
        file.flush()
    started_late.join()
    reader.join()
    os.close(reading)
    assert received == content


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_process_whose_output_finds_no_room_fails_with_or_without_buffers(
    vector_file: Path, tmp_path: Path, unbuffered: str
) -> None:
    """A write up to the limit is a short one, and only the next fails: as on a disk that is nearly full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    with (tmp_path / "out").open("wb") as out:
        result = subprocess.run(
            [*COMMAND, "lookup", vector_file, *TOPICS[0]], env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=out, stderr=subprocess.PIPE, preexec_fn=limit, check=False,
        )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, b"Error: standard output: file too large\n")
    assert (tmp_path / "out").stat().st_size == 1000


@needs_full_device
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["lookup", "--help"], ["--version"]])
def test_help_that_finds_no_room_is_an_error_of_one_line(arguments: list[str], unbuffered: str) -> None:
    with FULL.open("wb") as full:
        result = subprocess.run(
            [*COMMAND, *arguments], env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr == b"Error: standard output: no space left on device; free some space\n"


def in_shell(command: str, *arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a command with "$@" for `wordvec` and the arguments."""
    return subprocess.run(
        ["sh", "-c", command, "sh", *COMMAND, *arguments], capture_output=True, check=False, timeout=120
    )


def test_help_without_a_standard_output_is_an_error() -> None:
    result = in_shell('"$@" >&-', "--help")
    assert (result.returncode, result.stderr) == (1, b"Error: standard output: is closed; open it\n")


def test_notes_without_a_standard_error_go_nowhere_and_not_into_the_data(vector_file: Path) -> None:
    result = in_shell('"$@" 2>&-', "lookup", vector_file, "monday", "nonesuch", "--missing", "blank")
    with_notes = in_shell('"$@"', "lookup", vector_file, "monday", "nonesuch", "--missing", "blank")
    assert with_notes.stderr
    assert (result.returncode, result.stdout) == (with_notes.returncode, with_notes.stdout)


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_a_file_never_gets_the_number_of_a_closed_stream(vector_file: Path, tmp_path: Path, closed: str) -> None:
    """Else the notes would stand in it."""
    result = in_shell(f'"$@" {closed}', "export", vector_file, tmp_path / "closed.txt")
    assert (result.returncode, result.stderr) == (0, b"")
    assert in_shell('"$@"', "export", vector_file, tmp_path / "open.txt").stderr
    assert (tmp_path / "closed.txt").read_bytes() == (tmp_path / "open.txt").read_bytes()


@needs_full_device
def test_a_full_disk_under_the_log_stops_no_training(corpus_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "v.safetensors"
    with FULL.open("wb") as log:
        result = subprocess.run(
            [*COMMAND, "train", corpus_file, "-o", output, "--epochs", "1", "--progress", "json"],
            stdout=log, stderr=log, check=False,
        )  # fmt: skip
    assert result.returncode == 0
    assert output.stat().st_size > 1000


def test_a_log_that_nobody_reads_any_more_stops_no_training(corpus_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "v.safetensors"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as log:
        result = subprocess.run(
            [*COMMAND, "train", corpus_file, "-o", output, "--epochs", "1"], stdout=log, stderr=log, check=False
        )
    assert result.returncode == 0
    assert output.stat().st_size > 1000


def test_reading_a_closed_standard_input_is_one_line(tmp_path: Path) -> None:
    result = in_shell('"$@" <&-', "build-vocab", "-", "-o", tmp_path / "v.tsv")
    assert result.returncode == 1
    assert result.stderr == b"Error: standard input: is closed; open it or name a file\n"


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
@pytest.mark.parametrize(
    "command", ["train --vector-size 2 --epochs 1 --to glove", "cooccur --to glove", "classify train"]
)
def test_standard_output_takes_what_is_trained_and_may_lose_its_reader(
    command: str, output: str, corpus_file: Path, tmp_path: Path
) -> None:
    vocabulary, lines = tmp_path / "v.tsv", tmp_path / "lines.txt"
    if command.startswith("cooccur"):
        vocabulary.write_text("the\t2\nred\t1\n")
        command += f" --vocab {vocabulary}"
    lines.write_text("__label__a red\n__label__b blue\n" * 5)
    corpus = lines if command.startswith("classify") else corpus_file
    line = f"{shlex.join(COMMAND)} {command} {corpus} -o {output} --quiet"
    for reader in ("wc -c", "head -c 1"):
        told = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line} | {reader}"],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
        )
        assert (told.returncode, told.stderr) == (0, b"")
        assert told.stdout.strip() not in {b"", b"0"}
