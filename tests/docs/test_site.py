"""The site of docs/: it builds without a broken link, and each page has its place."""

import subprocess
import sys
from pathlib import Path

from tests.docs.test_docs import ROOT

COMMAND = [sys.executable, "-m", "mkdocs", "build", "--strict"]


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "--site-dir", str(tmp_path)], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    built = {path.parent.name for path in tmp_path.glob("*/index.html")}
    assert built >= {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    assert "fonts.googleapis" not in (tmp_path / "index.html").read_text()
