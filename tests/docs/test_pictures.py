"""The pictures of the pages are what the commands above them draw."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from tests.docs import screenshots
from tests.docs.pictures import OF_README, PAGES, commands, shown_pictures
from tests.docs.test_docs import ROOT
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

PLOTS = [line for script in commands("look.md") for line in script.splitlines() if line.startswith("wordvec plot")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of the words that the page names, drawn at random, in the place of those that it trains."""
    path = tmp_path_factory.mktemp("look")
    words = dict.fromkeys([*re.findall(r"[a-z]+", " ".join(PLOTS)), "conflict", "france", "labor", "silver"])
    names = [word.encode() for word in words]
    for seed, name in enumerate(("vectors", "scored", "first", "last")):
        matrix = np.random.default_rng(seed).normal(size=(len(names), 8)).astype(np.float32)
        metadata = {"losses": "[2, 1]", "scores": '[{"mine": 0.5}, {"mine": 0.7}]'}
        save(
            str(path / f"{name}.safetensors"),
            Vocabulary.from_words(names, range(999, 999 - len(names), -1)),
            matrix,
            metadata,
        )
    (path / "mine.tsv").write_text("war\tarmy\t9\ngold\tsilver\t8\nwar\tschools\t1\n")
    return path


@pytest.mark.parametrize("page", PAGES)
def test_each_picture_of_a_page_is_drawn_by_a_command_above_it(page: str) -> None:
    drawn = re.findall(r" -o ([\w.-]+\.svg)", "\n".join(commands(page)))
    assert sorted(shown_pictures(page)) == sorted(drawn)


@pytest.mark.parametrize("line", PLOTS)
def test_the_commands_of_the_page_draw(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    arguments = shlex.split(line)[1:]
    if arguments[1] in ("evaluate", "compare"):
        arguments += ["--set", "mine.tsv"]
    result = run_here(*arguments)
    assert result.returncode == 0, result.stderr
    assert (folder / arguments[arguments.index("-o") + 1]).read_bytes().startswith(b"<?xml")


def test_the_readme_shows_a_picture_that_is_there() -> None:
    assert f"]({OF_README.relative_to(ROOT).as_posix()})" in (ROOT / "README.md").read_text()
    assert OF_README.read_bytes().startswith(b"\x89PNG")


def test_the_pictures_of_the_map_are_those_that_are_taken() -> None:
    assert sorted(shown_pictures(screenshots.PAGE)) == sorted(screenshots.SCREENSHOTS)
