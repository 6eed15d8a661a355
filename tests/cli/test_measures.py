"""The commands `associate` and `axis`: their tables, and what they say to bad input."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["rose", "tulip", "lily", "wasp", "flea", "moth", "love", "peace", "joy", "death", "grief", "pain"]
SETS = ["--x", "rose,tulip,Lily", "--y", "wasp,flea,moth", "--a", "love,peace,joy", "--b", "death,grief,pain"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flowers and pleasant words point one way, insects and unpleasant ones another, with noise that each file has."""
    path = tmp_path_factory.mktemp("models")
    sides = np.repeat([[1.0, 0], [0, 1], [1, 0], [0, 1]], 3, axis=0)
    for i in range(4):
        matrix = np.hstack([sides, np.zeros((12, 3))]) + np.random.default_rng(i).normal(0, 0.3, (12, 5))
        words = Vocabulary.from_words([word.encode() for word in WORDS])
        save(str(path / f"m{i}.safetensors"), words, matrix.astype(np.float32), {})
    return path


def rows(stdout: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stdout.decode()), delimiter="\t"))


def test_a_test_prints_its_figures_below_titles(folder: Path) -> None:
    (row,) = rows(run_here("associate", folder / "m0.safetensors", *SETS).stdout)
    assert (row["measure"], row["partitions"], row["exact"], row["ddof"], row["models"]) == (
        "weat",
        "20",
        "true",
        "1",
        "1",
    )
    assert float(row["p_one_sided"]) == 0.05
    assert float(row["p_two_sided"]) == 0.1
    assert float(row["value"]) > 1
    assert row["sd"] == row["agree"] == ""
    assert [row[f"n_{name}"] for name in "XYAB"] == ["3"] * 4


def test_a_folder_gives_intervals_and_the_share_of_models_that_agree(folder: Path) -> None:
    found = json.loads(run_here("associate", folder, *SETS, "--format", "json", "--measure", "weat").stdout)
    (test,) = found["tests"]
    assert test["models"] == 4
    assert test["agree"] == 1.0
    assert test["low"] < test["value"] < test["high"]
    each = [json.loads(run_here("associate", path, *SETS, "--format", "json").stdout)["tests"][0]["value"]
            for path in sorted(folder.glob("*.safetensors"))]  # fmt: skip
    assert test["value"] == pytest.approx(np.mean(each), abs=1e-12)


def test_all_measures_stand_in_one_table(folder: Path) -> None:
    measures = ["weat", "sc-weat", "rnd", "rnsb", "ect", "mac"]
    options = [text for name in measures for text in ("--measure", name)]
    found = rows(run_here("associate", folder, *SETS, *options).stdout)
    assert [row["measure"] for row in found] == ["weat", *["sc-weat"] * 3, "rnd", "rnsb", "ect", "mac"]
    assert [row["word"] for row in found[1:4]] == ["rose", "tulip", "lily"]
    assert all(row["value"] for row in found)


def test_words_that_lie_on_an_axis_print_a_tidy_table(folder: Path) -> None:
    result = run_here("axis", folder, "rose", "Wasp", "--pair", "love", "death", "--pair", "peace", "grief")
    rose, wasp = rows(result.stdout)
    assert (rose["axis"], rose["word"], rose["n_pairs"], rose["models"]) == ("axis", "rose", "2", "4")
    assert float(rose["projection"]) > 0.3 > -0.3 > float(wasp["projection"])
    assert float(rose["low"]) < float(rose["projection"]) < float(rose["high"])
    assert float(rose["pairs_low"]) < float(rose["projection"]) < float(rose["pairs_high"])


def test_a_pair_the_wrong_way_round_is_named_and_a_missing_word_too(folder: Path) -> None:
    pairs = [
        text
        for pair in (("love", "death"), ("peace", "grief"), ("rose", "moth"), ("pain", "joy"))
        for text in ("--pair", *pair)
    ]
    result = run_here("axis", folder, "rose", "absent", *pairs, "--format", "json")
    missing, turned = result.stderr.decode().splitlines()
    assert missing == "'absent' is missing"
    assert turned.startswith("axis: 'pain' and 'joy' point the other way than the rest (cosine -0.")
    assert result.returncode == 3
    assert [each["word"] for each in json.loads(result.stdout)["words"]] == ["rose"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["associate"],
        ["associate", "--sets", "weat", *SETS],
        ["associate", *SETS, "--only", "one"],
        ["axis", "rose"],
        ["axis", "rose", "--pair", "love", "death", "--axis", "one"],
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(folder: Path, arguments: list[str]) -> None:
    name, *others = arguments
    assert run_here(name, folder, *others).returncode == 2


def test_standard_tests_whose_words_are_missing_are_refused(folder: Path) -> None:
    result = run_here("associate", folder, "--sets", "weat", "--only", "flowers-insects")
    assert result.returncode == 1
    assert b"flowers-insects: X: 22 of 25 words are missing" in result.stderr
