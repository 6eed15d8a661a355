"""docs/from-fasttext.md: fastText's commands and ours, side by side, print what it shows, and the same numbers."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT, assert_alike, folder, steps

__all__ = ["folder"]
PAGE = (ROOT / "docs" / "from-fasttext.md").read_text()


@pytest.fixture
def both(folder: Path) -> Path:
    """A folder with both programs."""
    pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    program = folder / "fasttext"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.docs.fasttext_program "$@"\n')
    program.chmod(0o755)
    return folder


def printed_by(command: list[str], folder: Path) -> str:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120, text=True
    )
    assert result.returncode == 0, f"{command}: {result.stderr}"
    return result.stdout


def test_both_programs_print_what_the_page_shows_and_the_same_of_one_model(both: Path) -> None:
    printed = []
    for step in steps(PAGE):
        text = printed_by(step.command, both)
        assert_alike(text, step.stdout or "")
        if step.stdout is not None:
            printed.append((step.command[-1], text))
    assert len(printed) == 25
    pairs = [(theirs[1], ours[1]) for theirs, ours in itertools.pairwise(printed) if is_pair(theirs, ours)]
    assert len(pairs) == 6
    for theirs, ours in pairs:
        assert_same(theirs, ours)


def is_pair(theirs: tuple[str, str], ours: tuple[str, str]) -> bool:
    """Whether two steps ask one model the same: of fastText's program, and then of ours."""
    asks = "ours.bin" in theirs[0] or "predict-prob" in theirs[0]
    return asks and "fasttext " in theirs[0] and "fasttext " not in ours[0]


def assert_same(theirs: str, ours: str) -> None:
    """The same words, and numbers that are the same but for the digits that fastText's program leaves out."""
    theirs = re.sub(r"Query.*?\?\s*", "", theirs).replace("__label__", "")
    first, second = ([*map(number, text.split())] for text in (theirs, ours))
    our_words = iter([each for each in second if isinstance(each, str)])
    assert all(each in our_words for each in first if isinstance(each, str))
    numbers = [[each for each in side if isinstance(each, float)] for side in (first, second)]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-4, abs=2e-5)


def number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
