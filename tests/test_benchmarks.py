"""The benchmarks run: their options exist, those of commands that they start too, and short sections come to an end."""

import ast
import logging
import lzma
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import BENCHMARKS, parser
from benchmarks.arguments import Arguments
from benchmarks.table import SAMPLE
from tests.cli.test_options import commands
from tests.docs.test_shown_commands import PAGES, blocks, spans

pytestmark = pytest.mark.xdist_group("benchmarks")  # whose imports take a second

FOLDER = Path(__file__).parent.parent / "benchmarks"
FILES = sorted(FOLDER.glob("*.py"))
OF_OTHERS = {"--bind", "--directory"}  # of Python's http.server

# What sections are given, the constants that make them small, and how many tables they print. Peers that take long to
# be imported are left out.
SMALL: dict[str, tuple[dict[str, Any], dict[str, object], int]] = {
    "text": ({}, {}, 4),
    "formats": ({}, {"formats.MADE_WORDS": 300, "formats.N_WORDS": 1000}, 1),
    "layer": (
        {},
        {"formats.MADE_WORDS": 300, "layer.N_EMBEDDED_BYTES": 1_000_000, "layer.plain_encode": lambda *_: None},
        3,
    ),
    "training": ({"only": "CBOW, dimension"}, {}, 3),
    "replicas": ({"rule": ["by direction"], "replicas": "1,2", "rounds": "2"}, {}, 1),
    "large-files": ({"only": "many", "rows": 300}, {"large_files.N_MANY": 50}, 1),
    "arrow-files": ({}, {"arrow_files.N_WORDS": 300}, 1),
}


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmarks") / "text.txt"
    with lzma.open(SAMPLE) as sample:
        path.write_bytes(sample.read(200_000).rpartition(b"\n")[0] + b"\n")
    return path


def test_the_command_line_has_the_options_of_the_sections_and_no_others() -> None:
    assert vars(parser().parse_args([])).keys() == asdict(Arguments()).keys()
    assert parser().parse_args([], Arguments()) == Arguments()
    given = parser().parse_args(["text", "--runs", "1", "--rate", "0.1", "--eval-set", "a", "--quality"], Arguments())
    assert given == Arguments(names=["text"], runs=1, rate=0.1, eval_set=["a"], quality=True)


def options_in(strings: Iterable[str]) -> set[str]:
    return {word for string in strings for word in string.split() if re.fullmatch("--[a-z][a-z-]*", word)}


def declared_in(path: Path) -> set[str]:
    """The options of a file's own command line."""
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("add_argument")]
    return {argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_benchmarks_that_a_page_shows_are_there_with_their_options(page: Path) -> None:
    for line in (*blocks(page), *spans(page)):
        for module, words in re.findall(r"python -m benchmarks(\.\w+)?([^;#`]*)", line):
            if module:
                assert options_in([words]) <= declared_in(FOLDER / f"{module[1:]}.py"), line
            elif "--help" not in words:
                assert set(parser().parse_args(words.split(), Arguments()).names) <= set(BENCHMARKS), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_command_that_is_started_has_the_options_that_it_is_given(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = strings | {path.stem}  # of classify.py, whose strings say train
    started = [command for name, command in commands().items() if named.issuperset(name.split())]
    parameters = [parameter for command in started for parameter in command.params]
    known = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
    given = options_in(string for string in strings if string.startswith("--"))
    assert given <= known | declared_in(path) | OF_OTHERS


@pytest.mark.skipif(sys.platform == "win32", reason="a file cannot be removed there while it is mapped")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # gensim's reader of text leaves it open
@pytest.mark.parametrize("name", SMALL)
def test_a_section_runs(
    name: str, text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")  # which the sections set, for the rest of the process
    monkeypatch.setattr(logging, "disable", lambda _: None)
    given, constants, n_tables = SMALL[name]
    for place, value in constants.items():
        monkeypatch.setattr(f"benchmarks.{place}", value)
    BENCHMARKS[name](Arguments(corpus=str(text), runs=1, **given))
    tables = capsys.readouterr().out.split("\n\n| ")[1:]
    assert len(tables) == n_tables
    assert all(len(table.strip().splitlines()) > 2 for table in tables)
