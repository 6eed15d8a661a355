"""The pictures of the pages: `make docs` runs the commands that are shown above them, and opens a map in a browser.

python -m tests.docs.pictures          all of them, into docs/pictures/made/
python -m tests.docs.pictures readme   the one of the README, docs/pictures/words.png
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs import screenshots
from tests.docs.test_docs import ROOT, steps

PAGES = ("look.md", "embedding-layer.md", "measures.md")
MADE = ROOT / "docs" / "pictures" / "made"
OF_README = ROOT / "docs" / "pictures" / "words.png"


def shown_pictures(page: str) -> list[str]:
    """The names of the pictures that a page has made."""
    return re.findall(r"\]\(pictures/made/([\w.-]+)\)", (ROOT / "docs" / page).read_text(encoding="utf-8"))


def commands(page: str) -> list[str]:
    """What is typed on a page, as far as its last picture."""
    scripts = [step.command[-1] for step in steps((ROOT / "docs" / page).read_text(encoding="utf-8"))]
    scripts = [script for script in scripts if "pip install" not in script and not script.startswith("import ")]
    last = max(i for i, script in enumerate(scripts) if "wordvec plot" in script)
    return scripts[: last + 1]


def run(scripts: list[str], folder: Path) -> None:
    (folder / "sample_data").symlink_to(ROOT / "sample_data")
    (folder / "wordvec").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m wordvec_cli "$@"\n')
    (folder / "wordvec").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    for script in scripts:
        subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script], cwd=folder, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def main() -> None:
    if sys.argv[1:] == ["readme"]:
        train, words = commands("look.md")[:2]
        with tempfile.TemporaryDirectory() as name:
            run([train, words.replace("words.svg", "words.png --dpi 150")], Path(name))
            shutil.copy(Path(name) / "words.png", OF_README)
        return
    MADE.mkdir(exist_ok=True)
    for page in PAGES:
        with tempfile.TemporaryDirectory() as name:
            run(commands(page), Path(name))
            for picture in shown_pictures(page):
                shutil.copy(Path(name) / picture, MADE / picture)
    with tempfile.TemporaryDirectory() as name:
        screenshots.take(MADE, Path(name))


if __name__ == "__main__":
    main()
