"""The examples in the help of the commands that ask vectors: each runs as it stands, on small files."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_options import commands
from tests.docs.test_readme import ROOT, folder, shell
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

__all__ = ["folder"]
ASKING = ["lookup", "similar", "analogy", "similarity", "odd-one-out"]
WORDS = ["man", "king", "woman", "queen", "prince", "breakfast", "cereal", "dinner", "lunch"]


def examples(command: str) -> list[str]:
    return [line.strip() for line in (commands()[command].help or "").splitlines() if "wordvec " in line]


@pytest.fixture(scope="module")
def room(folder: Path) -> Path:
    vocabulary = Vocabulary.from_words([word.encode() for word in WORDS])
    for name, seed in (("vectors", 1), ("common", 1), ("other", 2)):
        matrix = np.random.default_rng(seed).normal(size=(len(WORDS), 8)).astype(np.float32)
        save(str(folder / f"{name}.safetensors"), vocabulary, matrix, {})
    (folder / "words.tsv").write_text("king\t5\nqueen\t4\n")
    (folder / "words.txt").write_text("king\nqueen\n")
    (folder / "pairs.tsv").write_text("king\tqueen\t8.5\nman\twoman\t8.3\n")
    (folder / "questions.txt").write_text("man king woman\nking man queen\n")
    return folder


@pytest.mark.parametrize("example", [each for command in ASKING for each in examples(command)])
def test_an_example_runs_and_answers(example: str, room: Path) -> None:
    printed = shell(example, room)
    assert printed or ">" in example


def test_the_page_of_queries_shows_what_runs(room: Path) -> None:
    """Its commands name the files of the examples."""
    page = (ROOT / "docs" / "queries.md").read_text()
    lines = re.findall(r"^    ((?:\S+=\S+ )?(?:wordvec|cut|printf|head) .*wordvec .*|wordvec .*)$", page, re.MULTILINE)
    assert lines
    for line in lines:
        shell(line, room)
