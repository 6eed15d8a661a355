"""The pages of docs/ that promise it: every command and every snippet runs, and prints what the page shows.

A line indented by four spaces is a command, a ```python block a script; a ``` block after them is what they print, and
a ```text block what they say on standard error.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    "corpora.md",
    "embedding-layer.md",
    "languages.md",
    "large-files.md",
    "measures.md",
    "python.md",
    "transform.md",
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$|^((?:    [^\n]*\n)+)", re.DOTALL | re.MULTILINE)
COMPILING = re.compile(r"^compiling what this command runs.*\n", re.MULTILINE)  # as a command that comes first says
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d*)?(?:e-?\d+)?")
TOLERANCE = 0.05  # vectors differ a little from one kind of processor to another


class Step(NamedTuple):
    """Commands or a script, and what they print together on each stream; None: that is not shown."""

    command: list[str]
    stdout: str | None
    stderr: str | None


def steps(page: str) -> Iterator[Step]:
    blocks = [(match[1], match[2] or "", match[3]) for match in BLOCK.finditer(page)]
    for i, (language, text, commands) in enumerate(blocks):
        if language != "python" and not commands:
            continue
        kind, following, others = blocks[i + 1] if i + 1 < len(blocks) else ("none", "", None)
        shown = {} if others else {kind: following}
        script = re.sub("^    ", "", commands or "", flags=re.MULTILINE)
        command = ["bash", "-e", "-o", "pipefail", "-c", script] if commands else [sys.executable, "-c", text]
        yield Step(command, shown.get(""), shown.get("text"))


def assert_alike(printed: str, shown: str) -> None:
    """The same but for white space and the last digits of numbers that are no whole ones."""
    assert NUMBER.sub("#", " ".join(printed.split())) == NUMBER.sub("#", " ".join(shown.split()))
    for mine, theirs in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        if "." in theirs:
            assert float(mine.replace(",", "")) == pytest.approx(float(theirs.replace(",", "")), abs=TOLERANCE)
        else:
            assert mine == theirs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "wordvec").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m wordvec_cli "$@"\n')
    (tmp_path / "wordvec").chmod(0o755)
    (tmp_path / "python3").symlink_to(sys.executable)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_prints_what_it_shows(page: str, folder: Path) -> None:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "KERAS_BACKEND": "torch"}
    found = list(steps((ROOT / "docs" / page).read_text()))
    assert len(found) > 5
    for step in found:
        result = subprocess.run(
            step.command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120, text=True
        )
        assert result.returncode == 0, f"{step.command}: {result.stderr}"
        for printed, shown in ((result.stdout, step.stdout), (result.stderr, step.stderr)):
            if shown is not None:
                assert_alike(COMPILING.sub("", printed), shown)


def test_each_promise_names_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    source = ""
    for file, test, is_more in re.findall(r"`((?:\w+/)*test_\w+\.py)?(?:::(test_\w+))?(\.\.\.)?`", page):
        if file:
            source = (ROOT / "tests" / file).read_text()
        assert f"def {test}" in source if is_more else not test or f"def {test}(" in source
