"""The command in a process of its own, and one small set of trained vectors that several tests query."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# Kernels compile at their first call, which no deadline should count.
hypothesis.settings.register_profile("wordvec", deadline=None)
hypothesis.settings.load_profile("wordvec")

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
COMMAND = [sys.executable, "-m", "wordvec_cli"]


@pytest.fixture(scope="session")
def wordvec() -> Run:
    """Run `wordvec` with these arguments; results as bytes."""

    def run(
        *arguments: str | bytes | Path,
        stdin: bytes | None = None,
        environment: dict[str, str] | None = None,
        **others: object,
    ) -> "subprocess.CompletedProcess[bytes]":
        feed = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | others
        return subprocess.run(
            [*COMMAND, *arguments], env=os.environ | (environment or {}), timeout=120, check=False, **feed, **streams
        )

    return run


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus in which days go with days and colours with colours."""
    days = "monday tuesday wednesday thursday friday".split()
    colours = "red green blue yellow black".split()
    lines = []
    for i in range(600):
        for group, verb in ((days, "meet"), (colours, "paint")):
            a, b, c = group[i % 5], group[(i * 3 + 1) % 5], group[(i * 7 + 2) % 5]
            lines.append(f"we {verb} {a} {b} {c} the {verb}ing")
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
