"""Files that change under a command which answers from them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COMMAND

ASKED = {
    "lookup": (["lookup", "v.safetensors"], b"red\n"),
    "similar": (["similar", "v.safetensors", "-k", "1"], b"red\n"),
    "similar --vector": (["similar", "v.safetensors", "-k", "1", "--vector"], b"1 " * 20 + b"\n"),
}


def cut(path: Path) -> None:
    with open(path, "r+b") as file:
        file.truncate(100)


def write_over(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(1, 1))  # however coarse the clock of the disk is


def replace_by_rename(path: Path) -> None:
    path.with_name("new").write_bytes(b"something else")
    path.with_name("new").replace(path)


@pytest.fixture
def copy(vector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.safetensors").write_bytes(vector_file.read_bytes())
    return tmp_path / "v.safetensors"


def asked_again_after(change: Callable[[Path], None], path: Path, command: str) -> tuple[int, bytes, bytes, bytes]:
    """Exit status, first answer, what comes after the change, and the error."""
    arguments, question = ASKED[command]
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(question)
    first = process.stdout.readline()
    change(path)
    rest, error = process.communicate(question, timeout=120)
    return process.returncode, first, rest, error


@pytest.mark.parametrize("change", [cut, write_over])
@pytest.mark.parametrize("command", ASKED)
def test_a_file_that_is_cut_or_written_over_while_it_is_asked_ends_in_a_line(
    copy: Path, command: str, change: Callable[[Path], None]
) -> None:
    status, first, rest, error = asked_again_after(change, copy, command)
    assert (status, bool(first), rest) == (1, True, b"")
    assert error.decode() == (
        "Error: v.safetensors: was written over while it was open; start again, and replace such a file by a rename\n"
    )


def test_a_file_that_is_replaced_by_a_rename_is_asked_as_it_was(copy: Path) -> None:
    status, first, rest, error = asked_again_after(replace_by_rename, copy, "lookup")
    assert (status, rest, error) == (0, first, b"")
