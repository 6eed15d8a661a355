"""Kernels that are compiled before they are called: all of them by `--compile`, some by a process beside a command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import typeof

from wordvec_cli.classify.trainer import ClassifierConfig, absent_parameters
from wordvec_cli.kernels import ahead, compiled, signatures
from wordvec_cli.kernels.glove import PAIR
from wordvec_cli.kernels.text import Table

ROOT = Path(__file__).parent.parent.parent


def start(arguments: list[str], cache: Path | None) -> subprocess.CompletedProcess[str]:
    """With compiled kernels in a folder `cache`, or where all tests have them."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def run(arguments: list[str], cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    return start(["-m", *arguments], cache)


def execute(code: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return start(["-c", code], cache)


def table() -> Table:
    numbers, text = np.zeros(2, np.int64), np.zeros(2, np.uint8)
    return Table(numbers.view(np.uint64), numbers.view(np.uint64), numbers, numbers, text, numbers)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "value",
    [
        3, 2.5, True, np.uint64(1), np.float32(1), np.zeros((2, 3), np.float32), read_only(np.zeros(2, np.int32)),
        np.zeros((4, 4))[::2, 1:], np.asfortranarray(np.zeros((2, 2))), np.zeros(3, PAIR), (1, 2), (1, np.zeros(2)),
        table(), None,
    ],
)  # fmt: skip
def test_a_signature_survives_its_spelling(value: object) -> None:
    assert signatures.type_of(signatures.spelled(typeof(value))) == typeof(value)


@pytest.mark.parametrize("subwords", [None, "2-3"])
@pytest.mark.parametrize("loss", ["softmax", "one-vs-all", "hierarchical-softmax"])
def test_a_helper_is_told_which_variant_of_a_kernel_a_classifier_needs(loss: Any, subwords: str | None) -> None:
    absent = absent_parameters(ClassifierConfig(loss=loss, subwords=subwords))
    (signature,) = signatures.variant("classify.train_examples", absent)
    n_paths = 0 if loss == "hierarchical-softmax" else 3
    assert signature.count(signatures.NONE) == n_paths + (subwords is None)


def test_after_compiling_everything_no_command_compiles_a_thing(tmp_path: Path) -> None:
    """In the folder of all tests, which `make test` begins with: to compile everything takes a minute."""
    result = run(["wordvec_cli", "--compile"])
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{len(signatures.known())} kernels compiled in ")
    assert result.stdout.endswith(f"kernels-{compiled.fingerprint()}\n")
    result = run(["tests.kernels.commands", str(tmp_path)])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", ""), "make signatures"


def count_words(cache: Path, corpus: Path) -> str:
    return run(["wordvec_cli", "build-vocab", str(corpus), "-o", "-"], cache).stderr


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text("a rose is a rose is a rose\n" * 9)
    return path


def test_a_complete_folder_serves_where_nobody_can_write(tmp_path: Path, corpus: Path) -> None:
    assert "compiling" in count_words(tmp_path / "cache", corpus)
    own = next((tmp_path / "cache").glob("kernels-*"))
    (own / compiled.COMPLETE).write_text(compiled._processor())
    before = sorted(path.name for path in own.rglob("*"))
    code = (
        "import tempfile\n"  # which numba writes to find out
        "def refused(*_, **__):\n    raise PermissionError(13, 'read-only')\n"
        "tempfile.TemporaryFile = refused\n"
        f"from wordvec_cli.cli import run; raise SystemExit(run(['build-vocab', {str(corpus)!r}, '-o', '-']))"
    )
    result = execute(code, tmp_path / "cache")
    assert (result.returncode, result.stdout.split()) == (0, ["a", "27", "rose", "27", "is", "18"])
    assert "compil" not in result.stderr
    assert sorted(path.name for path in own.rglob("*")) == before
    (own / compiled.COMPLETE).write_text("another processor")
    result = execute(code, tmp_path / "cache")
    assert "compiled code cannot be kept" in result.stderr


class Compiled:
    """What a helper says that it has compiled, and nothing after it: it ends."""

    def __init__(self, names: list[str]) -> None:
        self.lines = iter(f"{name}\n" for name in names)

    def readline(self) -> str:
        return next(self.lines, "")


class Process:
    """That of a helper which does not hang."""

    def kill(self) -> None:
        raise AssertionError


def helper_that_says(*names: str) -> ahead.Helper:
    helper = ahead.Helper.__new__(ahead.Helper)
    helper._process = Process()  # type: ignore[assignment]
    helper.waiting = {"a", "b", "c"}
    helper._stdout = Compiled(list(names))  # type: ignore[assignment]
    return helper


def test_a_helper_is_waited_for_until_it_has_what_is_wanted() -> None:
    helper = helper_that_says("a", "b", "c")
    assert helper.wait_for("b")
    assert helper.waiting == {"c"}
    assert not helper.wait_for("a"), "nothing to wait for: it has been there before"
    assert not helper.wait_for("never asked for")


def test_a_helper_that_dies_is_waited_for_no_more() -> None:
    helper = helper_that_says("a")
    assert not helper.wait_for("b")
    assert helper.waiting == set()


def test_a_helper_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_CODE", "import threading; threading.Event().wait()  # {path}")
    monkeypatch.setattr(ahead, "SECONDS_OF_SILENCE", 0)
    helper = ahead.Helper()
    helper.ask_for(["a"])
    assert not helper.wait_for("a")
    assert helper._process.wait() != 0
    helper.stop()


def test_a_kernel_is_loaded_once_a_helper_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, others = (compiled.FilesNamedByKey(str(tmp_path), "text.find_words-1.py3", "stamp") for _ in range(2))
    asked = []

    class Busy:
        def wait_for(self, name: str) -> bool:
            asked.append(name)
            others.save("key", "code")
            return True

    monkeypatch.setattr(compiled.FilesNamedByKey, "helper", Busy())
    assert mine.load("key") == "code"
    assert mine.load("key") == "code"
    assert asked == ["text.find_words"]


def test_a_helper_compiles_into_the_folder_of_who_asks(tmp_path: Path) -> None:
    code = (
        "import wordvec_cli.kernels.ahead as ahead\n"
        "from wordvec_cli.kernels.compiled import FilesNamedByKey, not_kept\n"
        "names = 'text.count_lines', 'text.count_expanded'\n"
        "ahead._can_help = lambda: True\n"
        "ahead.compile_ahead('no.such', *names) if {failing} else ahead.compile_ahead(*names)\n"
        "print(FilesNamedByKey.helper.wait_for(names[1]), not_kept(names))\n"
        "from wordvec_cli.kernels.text import count_lines\n"
        "import numpy; text = numpy.zeros(9, 'u1'); text.flags.writeable = False; print(count_lines(text, 9))\n"
    )
    for failing, answer in ((True, "False ['text.count_lines', 'text.count_expanded']"), (False, "True []")):
        result = execute(code.format(failing=failing), tmp_path / str(failing))
        assert result.stdout == f"{answer}\n0\n"
        assert ("compiling" in result.stderr) == failing
