"""Files of ours whose tables of words are damaged: a line that says so, and never a crash or an answer all the same."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import run_here
from tests.damage import with_metadata, with_values
from wordvec_cli.errors import InputError
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs_file import PairsFile, write_pairs
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", b"of", b"and", b"peace", b"war", b"year"]
LINES = b"the war of the year and the peace of war\n" * 30
Change = Callable[[Any], Any]


def put(place: int, value: int) -> Change:
    def change(values: Any) -> Any:
        values[place] = value
        return values

    return change


def swap(first: int, second: int) -> Change:
    def change(values: Any) -> Any:
        values[[first, second]] = values[[second, first]]
        return values

    return change


DAMAGE: dict[str, dict[str, Change]] = {
    "an offset far beyond the text": {"words.offsets": put(3, 1 << 40)},
    "a negative offset": {"words.offsets": put(3, -5)},
    "offsets that fall": {"words.offsets": swap(2, 3)},
    "a first offset that is not 0": {"words.offsets": put(0, 1)},
    "a last offset before the end": {"words.offsets": put(-1, 15)},
    "an order with a number too high": {"words.order": put(2, 6)},
    "an order with a negative number": {"words.order": put(2, -1)},
    "an order that is none": {"words.order": swap(0, 4)},
    "a word that stands twice": {
        "words.text": lambda _: np.frombuffer(b"theofthepeacewaryear", "u1"),
        "words.order": lambda _: np.array([1, 3, 0, 2, 4, 5]),
    },
    "a word that is another": {"words.text": lambda _: np.frombuffer(b"theofandpeaceahayear", "u1")},
    "a count below 0": {"counts": put(1, -1)},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    vocabulary = Vocabulary.from_words(WORDS, range(60, 0, -10))
    matrix = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    save(str(tmp_path / "whole.safetensors"), vocabulary, matrix, {})
    ids = np.array([0, 1, 2, 3], np.int32)
    pairs = PairsFile(Pairs(ids, ids[::-1].copy(), np.ones(4)), vocabulary)
    write_pairs(str(tmp_path / "whole-pairs.safetensors"), pairs, "safetensors")
    (tmp_path / "text.txt").write_bytes(LINES)
    (tmp_path / "labelled.txt").write_bytes(b"__label__a war of the year\n__label__b peace and the year\n" * 20)
    (tmp_path / "words.txt").write_bytes(b"".join(word + b"\n" for word in WORDS))
    (tmp_path / "vocab.tsv").write_bytes(b"".join(word + b"\t10\n" for word in WORDS))
    return tmp_path


COMMANDS = {
    "train": ["train", "text.txt", "--init", "v.safetensors", "--vector-size", "4", "-o", "o.safetensors"],
    "matrix": ["matrix", "--vocab", "vocab.tsv", "--vectors", "v.safetensors", "-o", "o.npy"],
    "classify": ["classify", "train", "labelled.txt", "--init", "v.safetensors", "-o", "o.safetensors"],
    "export": ["export", "v.safetensors", "o.vec"],
    "export of some": ["export", "v.safetensors", "o.vec", "--words", "words.txt"],
    "pack": ["export", "v.safetensors", "o.npz"],
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_no_pass_over_all_words_begins_with_damaged_tables(
    folder: Path, command: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with_values(Path("whole.safetensors"), Path("v.safetensors"), DAMAGE[damage])
    result = run_here(*COMMANDS[command])
    error = result.stderr.decode().splitlines()[-1]
    assert result.returncode == 1
    assert error.startswith("Error: v.safetensors: ")
    assert "the file is damaged" in error
    assert not list(folder.glob("o.*"))


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name != "a count below 0"])
def test_pairs_with_damaged_words_are_not_trained_on(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with_values(Path("whole-pairs.safetensors"), Path("p.safetensors"), DAMAGE[damage])
    result = run_here("train", "--model", "glove", "--pairs", "p.safetensors", "-o", "o.safetensors")
    assert result.returncode == 1
    assert result.stderr.decode().splitlines()[-1].startswith("Error: p.safetensors: ")
    assert not list(folder.glob("o.*"))


@pytest.mark.parametrize("number", [-1, -(1 << 62), 1 << 62])
@pytest.mark.parametrize("table", ["words.offsets", "words.order"])
def test_a_look_up_that_meets_a_bad_number_is_an_error_and_no_other_word(
    folder: Path, table: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    every_number = {table: lambda numbers: np.full(len(numbers), number)}
    with_values(Path("whole.safetensors"), Path("v.safetensors"), every_number)
    result = run_here("lookup", "v.safetensors", "peace")
    assert result.returncode == 1
    assert result.stdout == b""
    assert result.stderr.startswith(b"Error: v.safetensors: has no word ")


def test_words_are_found_where_only_others_are_damaged(folder: Path) -> None:
    """A look-up reads what it needs, and no more."""
    path = with_values(folder / "whole.safetensors", folder / "v.safetensors", {"counts": put(1, -1)})
    vectors = load(str(path))
    assert vectors.vocabulary.find(b"peace") == 3
    with pytest.raises(InputError, match="has counts below 0"):
        _ = vectors.vocabulary.counts


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", "x"), ("epochs", 0), ("epochs", float("inf")), ("window", 1.5), ("learning_rate", []), ("loss", "odd"),
     ("model", {}), ("sample", float("nan")), ("deterministic", 7), ("max_vocab", -1)],
)  # fmt: skip
def test_options_that_a_file_records_have_the_limits_of_the_command_line(
    vector_file: Path, tmp_path: Path, corpus_file: Path, name: str, value: object
) -> None:
    told = json.loads(load(str(vector_file)).metadata["configuration"]) | {name: value}
    damaged = with_metadata(vector_file, tmp_path / "v.safetensors", {"configuration": json.dumps(told)})
    result = run_here("train", corpus_file, "--like", damaged, "-o", tmp_path / "o.safetensors")
    said = f"says that it was trained with --{name.replace('_', '-')} {value!r}, which cannot be"
    assert result.returncode == 1
    assert result.stderr.decode().startswith(f"Error: {damaged}: {said}")
