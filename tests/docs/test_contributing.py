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


def test_a_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exec(BLOCKS["text/splitters.py"], splitters.__dict__)
    add_row("SPLITTERS", splitters, monkeypatch)
    from wordvec_cli.text.tokenizer import Tokenizer

    assert Tokenizer("letters").tokens(b"a1 bc\n") == [b"a", b"b", b"c"]


def test_a_command(vector_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module("cli/commands/longest.py", monkeypatch)
    add_row("COMMANDS", cli, monkeypatch)
    assert printed("longest", vector_file) == "wednesday\n"
