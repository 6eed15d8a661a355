"""The site of docs/: it builds without a broken link, and each page has its place."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import screenshots
from tests.docs.pictures import PAGES, shown_pictures
from tests.docs.test_docs import ROOT

COMMAND = [sys.executable, "-m", "mkdocs", "build", "--strict"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pages, with empty files for the pictures that `make docs` has drawn for them."""
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("made"))
    (tmp_path / "docs" / "pictures" / "made").mkdir()
    for page in (*PAGES, screenshots.PAGE):
        for name in shown_pictures(page):
            (tmp_path / "docs" / "pictures" / "made" / name).touch()
    return tmp_path


def test_the_site_builds_without_a_broken_link(folder: Path) -> None:
    tmp_path = folder / "site"
    result = subprocess.run(
        [*COMMAND, "--site-dir", str(tmp_path)], cwd=folder, capture_output=True, check=False, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    built = {path.parent.name for path in tmp_path.glob("*/index.html")}
    assert built >= {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    assert "fonts.googleapis" not in (tmp_path / "index.html").read_text()
