"""The examples of CONTRIBUTING.md work as they stand: one file and one table row each."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import run_here
from tests.docs.test_docs import ROOT
from wordvec_cli import cli, formats
from wordvec_cli.text import splitters

BLOCKS = dict(
    re.findall(r"^```python (.+?)\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL | re.MULTILINE)
)


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of a block, as if it stood in the file that the block names."""
    made = ModuleType(f"wordvec_cli.{name.removesuffix('.py').replace('/', '.')}")
    exec(BLOCKS[name], made.__dict__)
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def add_row(table: str, home: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in eval("{" + BLOCKS[f"row of {table}"] + "}", home.__dict__).items():
        monkeypatch.setitem(getattr(home, table), name, value)


def printed(*arguments: str | Path) -> str:
    result = run_here(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout.decode()


def test_a_format(vector_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module("formats/bars.py", monkeypatch)
    add_row("FORMATS", formats, monkeypatch)
    printed("export", vector_file, tmp_path / "v.bars")
    assert (tmp_path / "v.bars").read_text().startswith("the|")
    words = ["monday", "red"]
    expected = printed("lookup", vector_file, *words)
    assert printed("lookup", tmp_path / "v.bars", *words) == expected
    assert printed("lookup", tmp_path / "v.bars", "--from", "bars", *words) == expected
    assert printed("info", tmp_path / "v.bars").count("\tbars\n")
    printed("export", vector_file, tmp_path / "short.bars", "--decimals", "2", "--limit", "1")
    assert re.fullmatch(r"the(\|-?\d+\.\d\d)+\n", (tmp_path / "short.bars").read_text())


def test_a_format_neither_loses_nor_invents_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = module("formats/bars.py", monkeypatch)
    add_row("FORMATS", formats, monkeypatch)
    (tmp_path / "v").write_bytes(b"a|1|2\nb|x|2\na|3|4\nc|5\n\nd|6|7\r\n")
    result = run_here("export", tmp_path / "v", tmp_path / "v.txt", "--duplicates", "last")
    assert (tmp_path / "v.txt").read_text() == "a 3 4\nd 6 7\n"
    assert b"lines that are not a word and 2 numbers, left out: 3, the first on line 2" in result.stderr
    assert run_here("export", tmp_path / "v", tmp_path / "v.txt", "--strict").returncode == 1
    (tmp_path / "glove.txt").write_bytes(b"|||| 0.5 1\na|1 2 3\n")
    printed("export", tmp_path / "glove.txt", tmp_path / "glove.vec")
    refused = run_here("export", tmp_path / "glove.txt", tmp_path / "w.bars")
    assert refused.returncode == 1 and b"cannot hold the word '||||'" in refused.stderr
    assert not (tmp_path / "w.bars").exists()
    for other in (b"a|1.2.3|4\n", b"|1|2\n", b"a|\n", b"a|1|two\n", b"a 1 2\n"):
        assert not bars.looks_like(other)


def test_a_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exec(BLOCKS["text/splitters.py"], splitters.__dict__)
    add_row("SPLITTERS", splitters, monkeypatch)
    from wordvec_cli.text.tokenizer import Tokenizer

    assert Tokenizer("letters").tokens(b"a1 bc\n") == [b"a", b"b", b"c"]


def test_a_command(vector_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module("cli/commands/longest.py", monkeypatch)
    add_row("COMMANDS", cli, monkeypatch)
    assert printed("longest", vector_file) == "wednesday\n"
