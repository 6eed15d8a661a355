"""Measures over trainings in Python: the same as the commands'."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli.errors import InputError, OptionError

OPTIONS = {"vector_size": 8, "epochs": 2, "threads": 1}


@pytest.fixture(scope="module")
def folder(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "models"
    paths = wordvec_cli.train_folder(corpus_file, path, bootstrap=2, **OPTIONS)
    assert [Path(each).name for each in paths] == ["bootstrap-001.safetensors", "bootstrap-002.safetensors"]
    return path


def of_command(*arguments: str | Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in run_here(*arguments, "--format", "json").stdout.splitlines()]


def test_a_test_of_change_is_that_of_the_command(folder: Path, corpus_file: Path) -> None:
    first, second = map(str, sorted(folder.iterdir()))
    corpora, options = [corpus_file, corpus_file], ["-k", "3", "--min-count", "5", "--most", "4", "--threads", "2"]
    found = wordvec_cli.change(first, second, k=3, min_count=5, most=4, permute=2, corpora=corpora, threads=1)
    texts = [text for path in corpora for text in ("--corpus", path)]
    expected = of_command("change", first, second, *options, "--permute", "2", *texts)
    for name in ("word", "p_value", "p_adjusted"):
        assert [each[name] for each in found] == pytest.approx([each[name] for each in expected], abs=1e-6)
    with pytest.raises(OptionError, match="corpora: give one for each of the 2 periods; 1 given"):
        wordvec_cli.change(first, second, permute=2, corpora=corpora[:1])
    with pytest.raises(OptionError, match="permute: name the first period by its path"):
        wordvec_cli.change(wordvec_cli.load(first), second, permute=2, corpora=corpora)
    with pytest.raises(OptionError, match="permute"):
        wordvec_cli.change(first, second, corpora=corpora)


def test_a_folder_of_which_one_file_is_foreign_is_refused_by_its_name(folder: Path, tmp_path: Path) -> None:
    foreign = wordvec_cli.Vectors.from_arrays(["fremd", "red", "wort"], np.eye(3, OPTIONS["vector_size"]))
    foreign.save(tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match=r"foreign\.safetensors: shares only 1 of 3 words"):
        wordvec_cli.change([folder, tmp_path / "foreign.safetensors"], folder, k=3, min_count=5)


def test_a_folder_of_trainings_is_that_of_the_command(corpus_file: Path, folder: Path, tmp_path: Path) -> None:
    options = ["--vector-size", "8", "--epochs", "2", "--threads", "1", "--bootstrap", "2"]
    assert run_here("train", corpus_file, "-o", tmp_path / "m", *options).returncode == 0
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "m" / path.name).read_bytes()
    with pytest.raises(OptionError, match="bootstrap, seeds, by: give one of them, or bootstrap and by"):
        wordvec_cli.train_folder(corpus_file, tmp_path / "n")
    with pytest.raises(InputError, match=r"holds bootstrap-001\.safetensors already"):
        wordvec_cli.train_folder(corpus_file, folder, seeds=2, **OPTIONS)


def test_change_and_stability_are_those_of_the_commands(folder: Path) -> None:
    paths = sorted(folder.iterdir())
    found = wordvec_cli.change(*paths, k=3, min_count=5, most=4)
    expected = of_command("change", *paths, "-k", "3", "--min-count", "5", "--most", "4")
    assert [each["word"] for each in found] == [each["word"] for each in expected]
    for mine, theirs in zip(found, expected, strict=True):
        assert list(mine) == list(theirs)
        assert mine["overlap"] == pytest.approx(theirs["overlap"], abs=1e-6)
        assert (mine["lost"], mine["won"]) == (theirs["lost"], theirs["won"])
    vectors = [wordvec_cli.load(path) for path in paths]
    for models in (folder, paths, vectors):
        (red,) = wordvec_cli.stability(models, ["red"])
        assert red["overlap"] == pytest.approx(of_command("stability", folder, "red")[0]["overlap"])
    assert [each["overlap"] for each in wordvec_cli.stability(folder)] == pytest.approx(
        [each["overlap"] for each in of_command("stability", folder)], abs=1e-6
    )
    with pytest.raises(KeyError, match="absent"):
        wordvec_cli.stability(folder, ["absent"])
    with pytest.raises(OptionError, match="give the vectors of two periods"):
        wordvec_cli.change(folder)


def test_clusters_contexts_and_induced_vectors_are_those_of_the_commands(
    corpus_file: Path, vector_file: Path, tmp_path: Path
) -> None:
    expected = of_command("cluster", vector_file, "--into", "2")
    found = wordvec_cli.clusters(vector_file, 2)
    assert [(each["cluster"], each["word"]) for each in found] == [(each["cluster"], each["word"]) for each in expected]
    places = of_command("contexts", corpus_file, "red", "--typical-by", vector_file, "--most", "0", "--window", "2")
    mine = wordvec_cli.contexts(corpus_file, "red", typical_by=wordvec_cli.load(vector_file), window=2)
    assert [each["line"] for each in mine] == [each["line"] for each in places]
    assert [" ".join(each["left"]) for each in mine] == [each["left"] for each in places]
    with pytest.raises(InputError, match="too few to learn a map"):
        wordvec_cli.induce(vector_file, corpus_file, ["red"])
    small = wordvec_cli.train(corpus_file, vector_size=4, epochs=3, threads=1)
    small.save(tmp_path / "v.safetensors")
    made = wordvec_cli.induce(small, corpus_file, ["red"])
    run_here("induce", tmp_path / "v.safetensors", corpus_file, "--word", "red", "-o", tmp_path / "m.safetensors")
    np.testing.assert_allclose(made["red"], wordvec_cli.load(tmp_path / "m.safetensors")["red"], rtol=1e-5)


@pytest.fixture(scope="module")
def table(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of two sides, in books that are of both."""
    path = tmp_path_factory.mktemp("table") / "t.jsonl"
    lines = enumerate(corpus_file.read_text().splitlines())
    rows = [{"text": line, "side": "ab"[i // 2 % 2], "book": i // 5} for i, line in lines]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"by": "side"}, ["--by", "side"]),
        ({"by": "side", "bootstrap": 2}, ["--by", "side", "--bootstrap", "2"]),
        ({"bootstrap": 2, "document_column": "book"}, ["--bootstrap", "2", "--document-column", "book"]),
    ],
)
def test_trainings_by_a_column_are_those_of_the_command(
    table: Path, given: dict[str, Any], options: list[str], tmp_path: Path
) -> None:
    paths = wordvec_cli.train_folder(table, tmp_path / "m", text_column="text", **given, **OPTIONS)
    others = ["--text-column", "text", "--vector-size", "8", "--epochs", "2", "--threads", "1"]
    result = run_here("train", table, "-o", tmp_path / "n", *options, *others)
    assert result.returncode == 0, result.stderr
    assert sorted(map(Path, paths)) == sorted((tmp_path / "m").rglob("*.safetensors"))
    for path in map(Path, paths):
        assert path.read_bytes() == (tmp_path / "n" / path.relative_to(tmp_path / "m")).read_bytes()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"by": "side", "seeds": 2}, "^bootstrap, seeds, by: give one of them, or bootstrap and by"),
        (
            {"by": "side", "document_column": "book"},
            "^document_column: says what bootstrap draws; add bootstrap N",
        ),
        ({"by": 3}, "^by 3: must be a text"),
        ({"seeds": 2, "document_column": "book"}, "^document_column: says what bootstrap draws"),
    ],
)
def test_kinds_of_trainings_that_exclude_each_other_are_refused(
    table: Path, given: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=message):
        wordvec_cli.train_folder(table, tmp_path / "m", text_column="text", **given, **OPTIONS)


def test_groups_of_a_table_are_those_of_the_command(table: Path, tmp_path: Path) -> None:
    small = wordvec_cli.train(table, text_column="text", vector_size=4, epochs=3, threads=1)
    small.save(tmp_path / "v.safetensors")
    told: dict[str, Any] = {"text_column": "text", "by": "side", "against": "b", "document_column": "book"}
    found = wordvec_cli.induce_table(small, table, "red", **told, shuffles=99, seed=2)
    options = ["--text-column", "text", "--by", "side", "--against", "b", "--document-column", "book"]
    given = [tmp_path / "v.safetensors", table, "--word", "red", *options, "--shuffles", "99", "--seed", "2"]
    for mine, theirs in zip(found, of_command("induce", *given), strict=True):
        assert list(mine) == list(theirs)
        assert {name: value for name, value in mine.items() if not isinstance(value, float)} == {
            name: theirs[name] for name, value in mine.items() if not isinstance(value, float)
        }
        for name in ("distance", "debiased", "se", "low", "high", "p_value"):
            assert mine[name] == (None if theirs[name] is None else pytest.approx(theirs[name], rel=1e-4))
    made = wordvec_cli.induce(small, table, ["red"], **told)
    assert list(made.index_to_key) == ["red@a", "red@b"]
    difference = made["red@a"].astype(float) - made["red@b"]
    assert found[0]["distance"] == pytest.approx(difference @ difference, rel=1e-4)
    texts = wordvec_cli.induce_table(small, table, ["red"], text_column="text")
    assert [(each["text"], each["distance"]) for each in texts] == [(str(table), None)]
    with pytest.raises(OptionError, match=r"^against: is a value of the column that by names; add by COLUMN"):
        wordvec_cli.induce(small, table, ["red"], text_column="text", against="a")
    with pytest.raises(InputError, match="so there are no vectors"):
        wordvec_cli.induce(small, table, ["absent"], text_column="text")


def test_contexts_of_tables_and_of_other_tokenizers_are_found(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text\n1,The red house.\n2,RED!\n")
    found = wordvec_cli.contexts(tmp_path / "t.csv", "red", text_column="text", tokenizer="words", lowercase=True)
    assert [(each["line"], *each["left"], each["word"], *each["right"]) for each in found] == [
        (1, "the", "red", "house", "."),
        (2, "red", "!"),
    ]
