"""Exports for the Embedding Projector, read as its data-provider.ts reads them (the oracles below)."""

import json
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats import projector
from wordvec_cli.formats.projector import companion, write
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

# What JavaScript's trim takes away.
WHITE_SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
WHITE_SPACE += "\u202f\u205f\u3000\ufeff"
NASTY = [b"the", "東京".encode(), b"caf\xe9", b"a\x00b", b"new york", b"no\xc2\xa0break", b"1", b"null", b'"']
BLANK = ["", " ", *(character for character in WHITE_SPACE[2:] if character != " "), "\ufeff \ufeff"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(words: list[bytes], counts: list[int] | None = None, dim: int = 3) -> Embeddings:
    matrix = np.random.default_rng(1).standard_normal((len(words), dim)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(words, counts), matrix, {})


def lines_of(path: str) -> list[str]:
    lines = Path(path).read_bytes().decode("utf-8", "surrogateescape").split("\n")
    return [line for line in lines if line.strip(WHITE_SPACE)]


def points(path: str) -> np.ndarray:
    return np.array([line.strip(WHITE_SPACE).split("\t") for line in lines_of(path)], np.float32)


def metadata(path: str) -> list[dict[str, str]]:
    first, *others = lines_of(path)
    names = first.split("\t") if "\t" in first else ["label"]
    rows = others if "\t" in first else [first, *others]
    return [dict(zip(names, row.split("\t"), strict=True)) for row in rows]


def test_words_stand_alone_without_a_header() -> None:
    embeddings = vectors(NASTY)
    assert write("v.tensors.tsv", embeddings, WriteOptions()) == []
    assert sorted(path.name for path in Path().iterdir()) == ["v.config.json", "v.metadata.tsv", "v.tensors.tsv"]
    np.testing.assert_array_equal(points("v.tensors.tsv"), embeddings.matrix)
    assert [row["label"].encode("utf-8", "surrogateescape") for row in metadata("v.metadata.tsv")] == NASTY


def test_counts_come_below_a_header() -> None:
    embeddings = vectors(NASTY, [9, 8, 7, 6, 5, 4, 3, 2, 1])
    assert write("v.tsv", embeddings, WriteOptions()) == []
    rows = metadata("v_metadata.tsv")
    assert [row["word"].encode("utf-8", "surrogateescape") for row in rows] == NASTY
    assert [int(row["count"]) for row in rows] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    np.testing.assert_array_equal(points("v.tsv"), embeddings.matrix)


def test_the_configuration_names_both_files() -> None:
    Path("a").mkdir()
    write("a/v.tsv", vectors(NASTY), WriteOptions())
    [tensor] = json.loads(Path("a/v_config.json").read_bytes())["embeddings"]
    assert tensor["tensorShape"] == [9, 3]
    assert (Path("a") / tensor["tensorPath"]).is_file() and (Path("a") / tensor["metadataPath"]).is_file()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x.tensors.tsv", "x.metadata.tsv"),
        ("a/x_tensors.tsv", "a/x_metadata.tsv"),
        ("tensors.tsv", "metadata.tsv"),
        ("x.tsv", "x_metadata.tsv"),
        ("a.b/x", "a.b/x_metadata.tsv"),
    ],
)
def test_the_words_lie_beside_the_numbers(path: str, expected: str) -> None:
    assert companion(path, "metadata.tsv") == expected


@pytest.mark.parametrize("blank", BLANK)
def test_a_word_of_white_space_does_not_move_the_others(blank: str) -> None:
    words = [b"first", blank.encode(), b"last"]
    notes = write("v.tsv", vectors(words), WriteOptions())
    codes = "empty" if not blank else " ".join(f"U+{ord(character):04X}" for character in blank)
    assert [row["label"] for row in metadata("v_metadata.tsv")] == ["first", f"({codes})", "last"]
    assert notes == ["1 words of white space alone, which are shown by their codes, as (U+0020)"]


@pytest.mark.parametrize(("word", "what"), [("a\tb", "tab"), ("a\nb", "line end")])
def test_a_word_that_would_break_the_table_is_named(word: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        write("v.tsv", vectors([b"good", word.encode()]), WriteOptions())
    assert str(caught.value).startswith(f"v.tsv: the word {word!r} has a {what}, ")
    assert list(Path().iterdir()) == []


def test_what_the_projector_cannot_show_is_refused_or_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="two numbers or more; these have 1"):
        write("v.tsv", vectors(NASTY, dim=1), WriteOptions())
    for path in ("-", "/dev/null"):
        with pytest.raises(InputError, match=f"^{path}: .* name a file to write"):
            write(path, vectors(NASTY), WriteOptions())
    whole = vectors(NASTY, list(range(9)))
    monkeypatch.setattr(projector, "MOST_ROWS", 5)
    embeddings = Embeddings(whole.vocabulary, whole.values, 3, {"seed": "1"}, whole.values, whole.values[:3])
    notes = write("v.tsv", embeddings, WriteOptions())
    assert {"context vectors", "the vector of unknown words"} < set(notes)
    assert "counts" not in notes
    assert notes[-1] == "the last 4 rows, as the projector shows 5 only"


@pytest.mark.parametrize("dim", [2, 40])
def test_a_full_disk_leaves_the_old_files_and_nothing_else(dim: int, file_size_limit: None) -> None:
    """With vectors of two numbers it is the words that are too long."""
    for name in ("v.tsv", "v_metadata.tsv", "v_config.json"):
        Path(name).write_bytes(b"old")
    words = [b"%0*d" % (5 if dim == 40 else 500, i) for i in range(5000)]
    with pytest.raises(OutputError, match=f"^{'v_metadata' if dim == 2 else 'v'}.tsv: file too large"):
        write("v.tsv", vectors(words, dim=dim), WriteOptions())
    assert sorted(path.name for path in Path().iterdir()) == ["v.tsv", "v_config.json", "v_metadata.tsv"]
    assert all(path.read_bytes() == b"old" for path in Path().iterdir())
