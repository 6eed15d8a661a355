"""The pictures of trainings, scores, comparisons and matrices show what the other commands print."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.show.changes import apart
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"king", b"queen", b"man", b"woman", b"poor", b"rich", b"doctor", b"nurse"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("judged")
    said = {
        "losses": "[2.5, null, 2.0]",
        "scores": '[{"pairs": 0.5}, {"pairs": null}, {"pairs": 0.75}]',
        "best_epoch": "3",
    }
    for seed, metadata in (
        (1, said),
        (2, {"losses": "[3.0]"}),
        (3, {}),
        (4, {"losses": '["x"]'}),
        (5, {"losses": "3"}),
    ):
        matrix = np.random.default_rng(seed).normal(size=(len(WORDS), 6)).astype(np.float32)
        save(str(path / f"v{seed}.safetensors"), Vocabulary.from_words(WORDS), matrix, metadata)
    (path / "pairs.tsv").write_text("king\tqueen\t9\nman\twoman\t8\npoor\trich\t2\ndoctor\tnurse\t7\nking\tpoor\t1\n")
    return path


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def as_json(*arguments: str) -> dict:
    result = run_here(*arguments, "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_training_is_drawn_from_the_record_of_the_file() -> None:
    found = as_json("plot", "training", "v1.safetensors", "v2.safetensors")
    points = [(each["vectors"][:2], each["epoch"], each["figure"], each["value"]) for each in found["points"]]
    assert points == [
        ("v1", 1, "loss", 2.5), ("v1", 2, "loss", None), ("v1", 3, "loss", 2.0),
        ("v1", 1, "pairs", 0.5), ("v1", 2, "pairs", None), ("v1", 3, "pairs", 0.75), ("v2", 1, "loss", 3.0),
    ]  # fmt: skip
    assert found["best_epoch"] == {"v1.safetensors": 3}
    assert run_here("plot", "training", "v1.safetensors", "v2.safetensors", "-o", "t.svg").returncode == 0


@pytest.mark.parametrize(("name", "message"), [("v3", "no record"), ("v4", "damaged"), ("v5", "damaged")])
def test_a_file_without_a_record_of_its_training_is_refused(name: str, message: str) -> None:
    result = run_here("plot", "training", f"{name}.safetensors", "-o", "x.png")
    assert result.returncode == 1
    assert message in result.stderr.decode()


def test_scores_are_those_of_evaluate() -> None:
    found = as_json("plot", "evaluate", "v1.safetensors", "v2.safetensors", "--set", "pairs.tsv")
    for point, name in zip(found["points"], ("v1.safetensors", "v2.safetensors"), strict=True):
        (score,) = as_json("evaluate", name, "pairs.tsv")["scores"]
        assert (point["vectors"], point["score"]) == (name, score["score"])
        assert [point["low"], point["high"]] == score["interval"]
    arguments = ["v1.safetensors", "v2.safetensors", "--set", "pairs.tsv", "--bootstrap", "0", "-o", "e.pdf"]
    assert run_here("plot", "evaluate", *arguments).returncode == 0


def test_a_comparison_is_that_of_compare() -> None:
    found = as_json("plot", "compare", "v1.safetensors", "v2.safetensors", "--set", "pairs.tsv", "-k", "3")
    expected = as_json("compare", "v1.safetensors", "v2.safetensors", "pairs.tsv", "-k", "3")
    assert "moved" in json.dumps(expected)
    moved = [(each["of"], each["value"]) for each in found["points"] if each["figure"] == "moved"]
    assert [value for _, value in moved] == sorted((value for _, value in moved), reverse=True)
    assert all(f'"{word}"' in json.dumps(expected) and str(value) in json.dumps(expected) for word, value in moved)
    (score,) = [each for each in found["points"] if each["figure"] == "score"]
    first, second = (
        as_json("evaluate", name, "pairs.tsv")["scores"][0]["score"] for name in ("v1.safetensors", "v2.safetensors")
    )
    assert score["value"] == pytest.approx(second - first, abs=2e-6)
    result = run_here(
        "plot", "compare", "v1.safetensors", "v2.safetensors", "--set", "pairs.tsv", "-k", "3", "-o", "c.png"
    )
    assert result.returncode == 0, result.stderr


def test_a_matrix_and_what_is_looked_up_in_it_are_drawn() -> None:
    Path("vocab.tsv").write_text("cat\t2\ndog\t1\n")
    Path("pets.txt").write_text("cat 4 5.5\ndog 4 12\n")
    for command in (
        "matrix --vocab vocab.tsv --vectors pets.txt --missing mean -o pets.npy",
        "encode lines.txt --vocab vocab.tsv -o ids.npy",
    ):
        Path("lines.txt").write_text("dog cat\ncat\n")
        assert run_here(*command.split()).returncode == 0
    options = ["--matrix", "pets.npy", "--sequences", "ids.npy", "--vocab", "vocab.tsv"]
    found = as_json("plot", "matrix", *options)
    table = {(each["table"], each["name"], each["column"]): each["value"] for each in found["points"]}
    assert table["E", "2  cat", 1] == 5.5
    assert table["E", "0  <pad>", 0] == 0
    assert table["E", "1  <unk>", 1] == 8.75
    assert table["Y", "line 1, 1:  3  dog", 1] == 12
    assert found["E"] == [4, 2]
    assert run_here("plot", "matrix", *options, "-o", "m.svg").returncode == 0
    own = as_json("plot", "matrix", "--matrix", "v1.safetensors")
    assert own["points"][0]["name"] == "0  king"


def test_a_matrix_with_numbers_that_are_not_finite_is_refused() -> None:
    matrix = np.full((4, 2), np.nan, np.float32)
    np.save("nan.npy", matrix)
    result = run_here("plot", "matrix", "--matrix", "nan.npy", "-o", "x.png")
    assert result.returncode == 1
    assert b"not finite" in result.stderr


def test_changes_are_those_of_change() -> None:
    rng = np.random.default_rng(0)
    words = [b"w%d" % number for number in range(60)]
    first = rng.normal(size=(60, 5)).astype(np.float32)
    for number in (1, 2, 3):
        rows = (first + 0.2 * number * rng.normal(size=first.shape)).astype(np.float32)
        save(f"period{number}.safetensors", Vocabulary.from_words(words, range(600, 0, -10)), rows, {})
    files = ["period1.safetensors", "period2.safetensors", "period3.safetensors"]
    asked = ["-k", "5", "--min-count", "100"]
    for periods in (files[:2], files):
        lines = run_here("change", *periods, *asked, "--format", "json").stdout.splitlines()
        expected = [json.loads(line) for line in lines][:4]
        found = as_json("plot", "change", *periods, *asked, "--most", "4")
        for point, line in zip(found["points"], expected, strict=True):
            assert point == line | {"lost": " ".join(line["lost"]), "won": " ".join(line["won"])}
        assert found["words"] == len(lines)
        assert run_here("plot", "change", *periods, *asked, "-o", "change.svg").returncode == 0


def test_names_at_the_ends_of_lines_are_moved_apart() -> None:
    assert apart([1.0, 0.99, 0.2, 0.98], 0.1) == pytest.approx([1.0, 0.9, 0.2, 0.8])
