"""The rule of special rows, the sidecars that record it, and the help of the commands that follow it."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_encode import done
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement
from wordvec_cli.storage.sidecar import (
    HashedFile,
    fingerprint_of,
    read_sidecar,
    sidecar_path,
    words_path,
    write_sidecar,
)
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rule_of(*words: bytes, specials: str = "pad,unk", counts: list[int] | None = None) -> RowRule:
    return RowRule.of(Vocabulary.from_words(list(words), counts), Specials.parse(specials))


# ---------------------------------------------------------------- the rule


@pytest.mark.parametrize(
    ("text", "padding", "unknown"),
    [
        ("pad,unk", 0, 1),
        ("unk,pad", 1, 0),
        ("pad", 0, None),
        ("unk", None, 0),
        ("x,pad,y,unk", 1, 3),
        ("x,y", None, None),
    ],
)
def test_special_rows_are_numbered_in_their_order(text: str, padding: int | None, unknown: int | None) -> None:
    specials = Specials.parse(text)
    assert (specials.padding, specials.unknown) == (padding, unknown)
    assert str(specials) == text
    assert specials.n_rows == len(text.split(","))
    assert rule_of(b"a", b"b", specials=text).n_rows == 2 + specials.n_rows


def test_no_special_rows_are_a_rule_too() -> None:
    none = Specials.parse("none")
    assert (none.padding, none.unknown, none.n_rows, str(none)) == (None, None, 0, "none")
    assert rule_of(b"a", specials="none").n_rows == 1
    assert none != Specials()
    assert (none or Specials()) == none


def test_by_default_padding_is_0_and_an_unknown_word_1() -> None:
    assert (Specials().padding, Specials().unknown) == (0, 1)


@pytest.mark.parametrize("text", ["", ",", "pad,", "pad,pad", "pad, unk", "pad,u nk", " pad", "pad\t"])
def test_names_that_are_none_are_an_error(text: str) -> None:
    with pytest.raises(OptionError, match=f"^--specials {re.escape(text)}: must be none, or different names"):
        Specials.parse(text)


@pytest.mark.parametrize("specials", ["pad,unk", "none", "東京,pad"])
def test_a_rule_is_what_its_metadata_says(specials: str) -> None:
    rule = rule_of(b"a", b"\xff", specials=specials, counts=[3, 1])
    assert RowRule.from_metadata(json.loads(json.dumps(rule.to_metadata()))) == rule


@pytest.mark.parametrize(
    "wrong",
    [
        {"specials": None}, {"specials": [1]}, {"specials": ["pad", "pad"]}, {"specials": "pad"}, {"vocabulary": {}},
        {"vocabulary": {"n_words": "many", "fingerprint": "x"}}, {"vocabulary": []},
        {"vocabulary": {"n_words": float("inf"), "fingerprint": "x"}},
        {"vocabulary": {"n_words": -1, "fingerprint": "x"}},
    ],
)  # fmt: skip
def test_metadata_that_hold_no_rule_are_an_error(wrong: dict[str, object]) -> None:
    metadata = rule_of(b"a").to_metadata() | wrong
    with pytest.raises((KeyError, TypeError, ValueError, OptionError)):
        RowRule.from_metadata(metadata)


def test_rules_agree_or_it_is_said_how_they_differ() -> None:
    rule = rule_of(b"a", b"b")
    check_agreement("s", rule, "m", rule_of(b"a", b"b"))
    with pytest.raises(InputError, match=r"^s: has the special rows pad,unk and m none; make one of them again with"):
        check_agreement("s", rule, "m", rule_of(b"a", b"b", specials="none"))
    with pytest.raises(InputError, match=r"^s: was made with another vocabulary than m \(2 and 1 words\); make one of"):
        check_agreement("s", rule, "m", rule_of(b"a"))
    for other in (rule_of(b"b", b"a"), rule_of(b"a", b"c"), rule_of(b"a", b"b", counts=[2, 1])):
        with pytest.raises(InputError, match=r"^s: was made with another vocabulary than m; make one of them again"):
            check_agreement("s", rule, "m", other)


# ---------------------------------------------------------------- sidecars


def test_a_sidecar_says_what_was_written() -> None:
    Path("f").write_bytes(b"content")
    write_sidecar("f", {"name": "東京", "n": 3})
    assert read_sidecar("f", "encode") == {"name": "東京", "n": 3}
    assert "東京".encode() in Path("f.json").read_bytes()
    assert sorted(os.listdir()) == ["f", sidecar_path("f")]


def test_what_is_no_file_has_no_sidecar() -> None:
    for path in ("-", "/dev/null"):
        write_sidecar(path, {})
        assert read_sidecar(path, "encode") is None
    assert os.listdir() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"null", b"\xff{}", b"[" * 100_000])
def test_a_broken_sidecar_is_one_line(content: bytes) -> None:
    Path("f").write_bytes(b"content")
    Path("f.json").write_bytes(content)
    with pytest.raises(InputError, match=r"^f\.json: is not what wordvec encode writes; remove it or make it again$"):
        read_sidecar("f", "encode")


def test_the_fingerprint_of_what_is_written_is_that_of_the_file() -> None:
    rows = np.arange(1_000_000)
    with open("f", "wb") as output:
        file = HashedFile(output)
        assert file.write(b"start") == 5
        assert file.write(rows.data.cast("B")) == rows.nbytes
        file.flush()
    expected = subprocess.run(["sha256sum", "f"], capture_output=True, check=True).stdout.split()[0].decode()
    assert file.fingerprint == fingerprint_of("f") == expected


# ---------------------------------------------------------------- help


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the help speaks of."""
    Path("corpus.txt").write_text("the cat sat\n\non the mat the end\nto be or not to be\n" * 3)
    Path("glove.6B.50d.txt").write_text("".join(f"{word} 0.5 {i}\n" for i, word in enumerate(["the", "cat", "mat"])))
    done("build-vocab", "corpus.txt", "-o", "vocab.tsv", "--min-count", "1")
    done("train", "corpus.txt", "-o", "vectors.safetensors", "--min-count", "1", "--sample", "0", "--threads", "1")
    done("matrix", "--vocab", "vocab.tsv", "--vectors", "vectors.safetensors", "-o", "matrix.npy")
    done("encode", "corpus.txt", "--vocab", "vocab.tsv", "-o", "sequences.npy")
    Path("wordvec").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m wordvec_cli "$@"\n')
    Path("wordvec").chmod(0o755)


@pytest.mark.parametrize(("command", "n_lines"), [("encode", 5), ("decode", 2), ("matrix", 4), ("embed", 4)])
@pytest.mark.usefixtures("files")
def test_every_example_of_the_help_runs(command: str, n_lines: int) -> None:
    help_text = done(command, "--help").stdout.decode()
    examples = re.findall(
        rf"^ +((?:.*\| )?wordvec {command} .*)$", help_text.partition("\nInput and output:")[0], re.MULTILINE
    )
    assert len(examples) == n_lines
    for example in examples:
        if re.search("[|<>]", example):
            line = f"set -o pipefail; PATH=.:$PATH; {example}"
            subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=60)
        else:
            done(*shlex.split(example)[1:])


def test_a_link_leads_to_what_stands_beside_the_file() -> None:
    Path("kept").mkdir()
    Path("corpus.txt").write_text("The war, the peace\n" * 3)
    done("build-vocab", "corpus.txt", "-o", "kept/v.tsv", "--tokenizer", "words", "--lowercase", "--min-count", "1")
    Path("link.tsv").symlink_to("kept/v.tsv")
    assert (sidecar_path("link.tsv"), words_path("link.tsv")) == tuple(
        os.path.realpath("kept/v.tsv") + ending for ending in (".json", ".words")
    )
    encoded = ("encode", "corpus.txt", "--to", "text", "-o", "-", "--vocab")
    assert done(*encoded, "link.tsv").stdout == done(*encoded, "kept/v.tsv").stdout
    Path("beside").mkdir()  # where both are links, and what they lead to has other names
    Path("kept/v.tsv").rename("kept/blob1")
    Path("kept/v.tsv.json").rename("kept/blob2")
    Path("beside/v.tsv").symlink_to("../kept/blob1")
    Path("beside/v.tsv.json").symlink_to("../kept/blob2")
    assert sidecar_path("beside/v.tsv") == "beside/v.tsv.json"
