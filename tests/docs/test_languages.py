"""The package that docs/languages.md shows is one: pip installs it, and its tokenizer is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.docs.test_docs import ROOT

FILES = dict(
    re.findall(r"^```\w+ ([\w.]+)\n(.*?)^```$", (ROOT / "docs" / "languages.md").read_text(), re.DOTALL | re.MULTILINE)
)


def test_the_package_of_the_page_adds_its_tokenizer(tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    for name, content in FILES.items():
        (source / name).write_text(content)
    assert len([line for content in FILES.values() for line in content.splitlines() if line]) <= 22
    pip = "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--target", str(installed)
    subprocess.run([sys.executable, "-m", *pip, str(source)], check=True, capture_output=True)
    (tmp_path / "text.txt").write_text("Mọi con người sinh ra đều được tự do\n")
    command = "build-vocab", "text.txt", "--tokenizer", "vietnamese", "--lowercase", "--min-count", "1", "-o", "v.tsv"
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{installed}"}
    subprocess.run([sys.executable, "-m", "wordvec_cli", *command], check=True, cwd=tmp_path, env=environment)
    words = [line.split("\t")[0] for line in (tmp_path / "v.tsv").read_text().splitlines()]
    assert sorted(words) == sorted(["mọi", "con_người", "sinh", "ra", "đều", "được", "tự_do"])
    assert '"version": "wordvec-vietnamese 1.0"' in (tmp_path / "v.tsv.json").read_text()
