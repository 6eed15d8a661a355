"""`wordvec transform`, the command: files in and out, scores before and after, advice, errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vectors.subwords import ngram_buckets
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [f"w{i}" for i in range(60)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("transform")
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(len(WORDS), 8)) + 3
    save(str(path / "v.safetensors"), Vocabulary.from_words(map(str.encode, WORDS)), rows.astype(np.float32), {})
    for name, seed in (("one", 1), ("two", 2)):
        rng = np.random.default_rng(seed)
        pairs = {tuple(rng.choice(60, 2, replace=False)) for _ in range(80)}
        lines = [f"w{a}\tw{b}\t{(rows[a] - 3) @ (rows[b] - 3) + rng.normal():.3f}\n" for a, b in sorted(pairs)]
        (path / f"{name}.tsv").write_text("".join(lines))
    return path


def test_a_file_goes_through_the_steps(folder: Path) -> None:
    result = run_here("transform", folder / "v.safetensors", folder / "out.safetensors", "centre", "pca:3", "normalise")
    assert (result.returncode, result.stdout) == (0, b"")
    assert result.stderr.decode() == "60 vectors of 3 numbers\n"
    vectors = load(str(folder / "out.safetensors"))
    np.testing.assert_allclose(np.linalg.norm(vectors.matrix, axis=1), 1, rtol=1e-6)
    facts = json.loads(run_here("info", folder / "out.safetensors", "--format", "json").stdout)
    assert facts["transformed"] == [{"step": "centre"}, {"size": 3, "step": "pca"}, {"step": "normalise"}]
    assert run_here("verify", folder / "out.safetensors").returncode == 0


def test_files_of_other_kinds_are_read_and_written(folder: Path) -> None:
    assert run_here("export", folder / "v.safetensors", folder / "v.txt").returncode == 0
    assert run_here("transform", folder / "v.txt", folder / "out.vec", "scale:2").returncode == 0
    assert run_here("transform", folder / "v.safetensors", folder / "right.safetensors", "scale:2").returncode == 0
    assert run_here("export", folder / "out.vec", folder / "back.safetensors").returncode == 0
    right, found = (load(str(folder / f"{name}.safetensors")).matrix for name in ("right", "back"))
    np.testing.assert_array_equal(found, right)
    assert sorted(path.name for path in folder.glob(".*")) == []


def test_scores_before_and_after_are_those_of_compare(folder: Path) -> None:
    sets = [folder / "one.tsv", folder / "two.tsv"]
    options = [each for path in sets for each in ("--eval-set", path)]
    result = run_here(
        "transform",
        folder / "v.safetensors",
        folder / "c.safetensors",
        "centre",
        "abtt:1",
        "--format",
        "json",
        *options,
    )
    assert result.returncode == 0, result.stderr
    scores = json.loads(result.stdout)["scores"]
    assert [(each["step"], each["set"]) for each in scores] == [
        (step, name) for step in ("centre", "abtt:1") for name in ("one", "two", "mean")
    ]
    run_here("transform", folder / "v.safetensors", folder / "first.safetensors", "centre")
    steps = {"centre": ("v", "first"), "abtt:1": ("first", "c")}
    for step, names in steps.items():
        files = [folder / f"{name}.safetensors" for name in names]
        compared = json.loads(run_here("compare", *files, *sets, "--first-words", "1", "--format", "json").stdout)
        of_step = [each for each in scores if each["step"] == step]
        for mine, theirs in zip(of_step, compared["scores"], strict=False):
            for name, other in (("before", "A"), ("after", "B"), ("interval", "interval"), ("p_value", "p_value")):
                assert mine[name] == pytest.approx(theirs[other], abs=1e-6)
        mean = of_step[-1]
        assert mean["after"] == pytest.approx(np.mean([each["after"] for each in of_step[:-1]]), abs=1e-6)
        assert mean["interval"][0] < mean["difference"] < mean["interval"][1]


def test_advice_tries_the_usual_steps_and_writes_nothing(folder: Path) -> None:
    before = sorted(folder.iterdir())
    result = run_here(
        "transform", folder / "v.safetensors", "--advise", "--eval-set", folder / "one.tsv", "--bootstrap", "200",
        "--format", "tsv",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    titles, *rows = (line.split("\t") for line in result.stdout.decode().splitlines())
    table = {row[0]: dict(zip(titles, row, strict=True)) for row in rows}
    assert list(table) == [
        "centre",
        "normalise centre",
        "abtt:1",
        "abtt:2",
        "abtt:3",
        "abtt:5",
        "whiten:0.25",
        "whiten",
        "pca:4",
    ]
    for row in table.values():
        low, high = float(row["low"]), float(row["high"])
        assert row["verdict"] == ("helped" if low > 0 else "hurt" if high < 0 else "unclear")
    assert table["centre"]["verdict"] == "helped"  # scores were made of centred vectors
    assert sorted(folder.iterdir()) == before
    assert "9 steps were tried" in result.stderr.decode()


def test_advice_can_be_asked_of_some_steps(folder: Path) -> None:
    arguments = ["--advise", "centre", "scale:2", "--eval-set", folder / "one.tsv", "--bootstrap", "100"]
    lines = run_here("transform", folder / "v.safetensors", *arguments).stdout.decode().splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["centre", "scale:2"]
    assert lines[3].split()[-1] == "unclear"  # cosines are the same


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["v.safetensors"], 2, "OUTPUT: is missing"),
        (["v.safetensors", "o.safetensors"], 2, "STEP: is missing"),
        (["v.safetensors", "o.safetensors", "center"], 2, "center: no such step; did you mean centre?"),
        (["v.safetensors", "o.safetensors", "abtt:8"], 2, "would leave nothing"),
        (["v.safetensors", "v.safetensors", "centre"], 1, "is read by this command"),
        (["v.safetensors", "one.tsv", "select:one.tsv"], 1, "is read by this command"),
        (["v.safetensors", "o.xyz", "centre"], 2, "its name does not say the format"),
        (["v.safetensors", "o.safetensors", "concat:nothing.safetensors"], 1, "no such file"),
        (["v.safetensors", "--advise"], 2, "needs sets to try"),
        (["v.safetensors", "o.safetensors", "centre", "--case", "fold"], 2, "options of scoring need sets"),
        (["v.safetensors", "-", "centre", "--to", "native", "--eval-set", "one.tsv"], 2, "is for the scores"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str], status: int, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = run_here("transform", *arguments)
    assert result.returncode == status
    assert message in result.stderr.decode()
    assert not (folder / "o.safetensors").exists()


def test_vectors_with_ngrams_still_make_those_of_unknown_words(corpus_file: Path, tmp_path: Path) -> None:
    """Of an unknown word all of whose n-grams have rows: the map of its vector, as the map keeps means."""
    path = tmp_path / "s.safetensors"
    options = ["--subwords", "2-3", "--vector-size", "10", "--epochs", "1", "--min-count", "1", "--threads", "1"]
    assert run_here("train", corpus_file, "-o", path, *options).returncode == 0
    out = tmp_path / "out.safetensors"
    result = run_here("transform", path, out, "centre", "pca:4")
    assert result.stderr.decode() == "19 vectors of 4 numbers\n"
    before, after = load(str(path)), load(str(out))
    assert after.subwords is not None
    words = after.subwords.vocabulary_vectors(after.vocabulary)
    np.testing.assert_allclose(words, after.matrix, atol=1e-5)
    coordinates = np.linalg.lstsq(
        np.column_stack([before.matrix, np.ones(len(before.matrix))]), after.matrix, rcond=None
    )[0]
    for word in (b"mon", b"tuesday"[:4]):  # all of whose n-grams but those of its end are those of known words
        first, second = before.compose(word), after.compose(word)
        assert first is not None and second is not None
        buckets = list(ngram_buckets(word, 2, 3, before.subwords.n_buckets)) if before.subwords else []
        share = sum(bucket in after.subwords.buckets for bucket in buckets) / len(buckets)
        right = np.append(first, share) @ coordinates
        np.testing.assert_allclose(second, right, atol=1e-3)
