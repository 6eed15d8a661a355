"""Commands read options, call the library and print: no long function among them, and the library does the same."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_here
from wordvec_cli import cli
from wordvec_cli.formats.export import ExportOrder, export
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.progress import silent
from wordvec_cli.sequences.count_pairs import PairsOrder, write_counted_pairs
from wordvec_cli.sequences.pairs import PairOptions
from wordvec_cli.text.phrase_files import PhrasesOrder, write_joined
from wordvec_cli.text.phrase_options import PhraseOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.build import VocabularyOrder, build_vocabulary
from wordvec_cli.vocabulary.counting import CountOptions

LONGEST = 40
MODULES = sorted(Path(cli.__file__).parent.rglob("*.py"))
Note = Callable[..., None]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_function_of_the_command_line_is_long(path: Path) -> None:
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    long = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def build(note: Note) -> None:
    build_vocabulary(VocabularyOrder(("c.txt",), "out.tsv", "tsv", Tokenizer(), CountOptions(1)), silent, note)


def count(note: Note) -> None:
    write_counted_pairs(PairsOrder(("c.txt",), "v.tsv", "out.bin", PairOptions(2)), silent, note)


def join(note: Note) -> None:
    write_joined(PhrasesOrder(("c.txt",), "out.txt", PhraseOptions(min_count=1, threshold=0.1)), silent, note)


def write(note: Note) -> None:
    export(load("v.safetensors"), ExportOrder("out.csv", None, WriteOptions(decimals=2)), note)


@pytest.mark.parametrize(
    ("call", "command"),
    [
        (build, "build-vocab c.txt -o {0}.tsv --min-count 1"),
        (count, "cooccur c.txt --vocab v.tsv -o {0}.bin --window 2"),
        (join, "phrases c.txt -o {0}.txt --min-count 1 --phrase-threshold 0.1"),
        (write, "export v.safetensors {0}.csv --decimals 2"),
    ],
)
def test_the_library_writes_and_notes_what_the_command_does(
    call: Callable[[Note], None], command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.txt").write_text("new york is new york\nthe sea is blue\n")
    Path("v.tsv").write_text("new\nyork\nis\nthe\n")
    Path("v.txt").write_text("new 1 2\nyork 3 4.125\n")
    assert run_here("export", "v.txt", "v.safetensors").returncode == 0
    notes: list[str] = []
    call(lambda text, **_: notes.append(text))
    result = run_here(*command.format("own").split())
    assert result.returncode == 0, result.stderr
    assert result.stderr.decode().replace("own.", "out.").splitlines() == notes
    written = next(path for path in tmp_path.glob("out.*") if path.suffix != ".json")
    assert written.read_bytes() == written.with_stem("own").read_bytes()
