"""The pages for people who read the code or write their own reader: what they say of the source is true of it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT, assert_alike, folder, steps
from tests.test_layers import FAMILIES, PACKAGE

__all__ = ["folder"]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
PATH = re.compile(r"`([\w./-]+(?:\.(?:py|md|yaml)|/))`")
ROOTS = (ROOT, PACKAGE)
MADE = {"site/", "dist/"}  # by make, when it is asked for them


def test_the_page_of_the_file_format_prints_what_it_shows(folder: Path) -> None:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    found = list(steps((ROOT / "docs" / "file-format.md").read_text()))
    assert [step.command[0].endswith("bash") for step in found] == [True, False, True, True, False, False]
    for step in found:
        result = subprocess.run(
            step.command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120, text=True
        )
        assert result.returncode == 0, f"{step.command}: {result.stderr}"
        assert_alike(result.stdout, step.stdout or "")


def test_the_reader_of_the_file_format_is_as_short_as_its_title_says() -> None:
    page = (ROOT / "docs" / "file-format.md").read_text().split("## A reader of 20 lines")[1]
    script = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert script
    reader = script[1].split("\nmetadata, vectors =")[0]
    assert len([line for line in reader.splitlines() if line.strip()]) <= 20


def test_the_architecture_lists_the_families_in_their_order() -> None:
    """From the top of the picture down, as the test of layers has them from the bottom up."""
    picture = ARCHITECTURE.split("```text\n")[1].split("```")[0]
    named = [name.removesuffix(".py") for name in re.findall(r"^(\w+(?:/|\.py))", picture, re.MULTILINE)]
    assert [name.removesuffix("/") for name in named][::-1] == FAMILIES


@pytest.mark.parametrize("page", ["architecture.md", "../CONTRIBUTING.md"])
def test_each_file_that_a_page_for_contributors_names_exists(page: str) -> None:
    named = PATH.findall((ROOT / "docs" / page).read_text())
    assert len(named) > 10
    missing = [name for name in {*named} - MADE if not any((root / name).exists() for root in ROOTS)]
    assert missing == []
