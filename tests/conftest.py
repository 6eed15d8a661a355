"""The command in a process of its own, and one small set of trained vectors that several tests query."""

import io
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import hypothesis
import pytest

from tests.posix import IS_POSIX, REASON, SIGHUP, SIGQUIT, needed, resource
from wordvec_cli.cli import run

# Kernels compile at their first call, which no deadline should count.
hypothesis.settings.register_profile("wordvec", deadline=None)
hypothesis.settings.load_profile("wordvec")

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
TOPICS = (
    ["monday", "tuesday", "wednesday", "thursday", "friday", "meet", "call", "write", "plan"],
    ["red", "green", "blue", "yellow", "black", "paint", "dye", "draw", "mix"],
)
COMMAND = [sys.executable, "-m", "wordvec_cli"]


def start(
    *arguments: str | bytes | Path,
    stdin: bytes | None = None,
    environment: dict[str, str] | None = None,
    **others: object,
) -> "subprocess.CompletedProcess[bytes]":
    """Run `wordvec` with these arguments in a process of its own; results as bytes."""
    feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | others
    return subprocess.run(
        [*COMMAND, *arguments], env=os.environ | (environment or {}), timeout=120, check=False, **feed, **streams
    )


def run_here(*arguments: str | bytes | Path, **others: object) -> "subprocess.CompletedProcess[bytes]":
    """As `start`, but a plain command runs in this process, which saves a second of starting each time."""
    if others:
        return start(*arguments, **others)
    printed = {name: io.TextIOWrapper(io.BytesIO(), write_through=True) for name in ("stdout", "stderr")}
    with pytest.MonkeyPatch.context() as patch:
        for name, stream in printed.items():
            patch.setattr(sys, name, stream)
        status = run([os.fsdecode(argument) for argument in arguments])
    stdout, stderr = (stream.buffer.getvalue() for stream in printed.values())
    return subprocess.CompletedProcess(list(arguments), status, stdout, stderr)


def hear_ignored_signals() -> Iterable[signal.Signals]:
    """Let commands that this process starts hear the signals that it was told to ignore; those signals.

    A shell starts what runs in the background with SIGINT ignored, nohup with SIGHUP, and children inherit that. They
    do not inherit a handler: one that does nothing is as deaf, but for this process alone.
    """
    numbers = (signal.SIGINT, SIGHUP, SIGQUIT, signal.SIGTERM)
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    return ignored


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this system cannot do, and say what that is."""
    for item in items:
        if not IS_POSIX and isinstance(item, pytest.Function) and (need := needed(item.function)):
            item.add_marker(pytest.mark.skip(reason=f"{REASON} {need}"))


@pytest.fixture(scope="session", autouse=True)
def signals_reach_commands() -> Iterable[None]:
    """In the processes that run tests only: one that merely hands them out goes on ignoring what it was told to."""
    ignored = hear_ignored_signals()
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return start


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus with two topics, which share nothing but the word `the`."""
    rng = random.Random(1)
    lines = [" ".join(["the", *rng.choices(topic, k=7)]) for _ in range(1000) for topic in TOPICS]
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def vector_file(wordvec: Run, corpus_file: Path) -> Path:
    """Vectors trained on `corpus_file` by the command itself."""
    path = corpus_file.with_name("vectors.safetensors")
    result = wordvec(
        "train", corpus_file, "-o", path, "--vector-size", "20", "--epochs", "20", "--sample", "0", "--threads", "1"
    )
    assert result.returncode == 0, result.stderr
    return path


@pytest.fixture
def file_size_limit() -> object:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


AFTER_EACH_BLOCK = ["--checkpoint-every", "1e-9"]
# Training waits for the one checkpoint before it begins the next, so that it cannot have ended when the signal comes.
STOPPED = """
import os, sys
from wordvec_cli.cli import main
from wordvec_cli.training.checkpoint import STATE, Checkpoint

number, nth = map(int, sys.argv[1:3])
write, names = Checkpoint._write, []

def write_and_stop(self, name, *others):
    write(self, name, *others)
    names.append(name)
    if name == STATE and names.count(STATE) == nth:
        os.kill(os.getpid(), number)

Checkpoint._write = write_and_stop
sys.argv[1:] = sys.argv[3:]
main()
"""


def stop_at_checkpoint(*command: str | Path, number: signal.Signals, nth: int, stdin: Path | None = None) -> int:
    """The exit status of a command that sends itself a signal when its nth checkpoint, `AFTER_EACH_BLOCK`, is there."""
    arguments = [str(int(number)), str(nth), *map(str, command), *AFTER_EACH_BLOCK]
    with open(stdin or os.devnull, "rb") as source:
        result = subprocess.run(
            [sys.executable, "-c", STOPPED, *arguments], stdin=source, capture_output=True, check=False
        )  # fmt: skip
    return result.returncode


def assert_kills_leave_no_trace(*command: str | Path, folder: Path, at_checkpoints: Sequence[int]) -> None:
    """Killed and resumed again and again, a training ends in the bytes of one that was never stopped, and tidies up.

    folder          empty, for the outputs
    at_checkpoints  the number of the checkpoint at which each kill comes, counted from where the run resumed
    """
    unbroken, broken = folder / "unbroken.safetensors", folder / "broken.safetensors"
    result = start(*command, "-o", unbroken)
    assert result.returncode == 0, result.stderr
    resumed = [*command, "-o", broken, "--resume"]
    for nth in at_checkpoints:
        assert stop_at_checkpoint(*resumed, number=signal.SIGKILL, nth=nth) == -signal.SIGKILL
        assert not broken.exists()
    result = start(*resumed)
    assert result.returncode == 0, result.stderr
    assert b"resuming in epoch" in result.stderr
    assert broken.read_bytes() == unbroken.read_bytes()
    assert sorted(os.listdir(folder)) == ["broken.safetensors", "unbroken.safetensors"]
