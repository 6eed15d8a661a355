"""`wordvec align`, the command."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("align")
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(60, 8))
    for name in ("a", "b", "c"):
        turn = np.linalg.qr(rng.normal(size=(8, 8)))[0]
        words = Vocabulary.from_words([b"w%d" % i for i in range(60)])
        save(str(path / f"{name}.safetensors"), words, (rows @ turn).astype(np.float32), {})
    (path / "pairs.tsv").write_text("".join(f"w{i}\tw{i}\n" for i in range(30)))
    (path / "test.tsv").write_text("".join(f"w{i}\tw{i}\n" for i in range(30, 60)))
    save(str(path / "thin.safetensors"), Vocabulary.from_words([b"w1"]), np.ones((1, 5), np.float32), {})
    return path


def test_two_files_are_aligned_and_the_fit_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    options = ["--dictionary", "pairs.tsv", "--refine", "1", "--test", "test.tsv", "--format", "json"]
    result = run_here("align", "a.safetensors", "b.safetensors", "-o", "out.safetensors", *options)
    assert result.returncode == 0, result.stderr
    by_cosine, by_csls = json.loads(result.stdout)
    assert (by_cosine["method"], by_csls["method"], by_cosine["used"], by_cosine["p1"]) == ("cosine", "csls", 30, 1.0)
    assert by_cosine["after"] == pytest.approx(1, abs=1e-5)
    out = load("out.safetensors")
    np.testing.assert_allclose(out.matrix, load("b.safetensors").matrix, atol=1e-5)
    (step,) = json.loads(out.metadata["transformed"])
    assert (step["step"], step["pairs"], step["refined"]) == ("align", 60, 1)
    assert step["to"] == load("b.safetensors").metadata["checksum"]


@pytest.mark.parametrize("space", ["first", "chain", "mean"])
def test_many_files_go_into_a_folder(space: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    files = [f"{name}.safetensors" for name in "abc"]
    result = run_here("align", *files, "--to", space, "-o", f"to-{space}", "--format", "tsv")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 1 + (3 if space == "mean" else 2)
    matrices = [load(f"to-{space}/{name}").matrix for name in files]
    for matrix in matrices:
        np.testing.assert_allclose(matrix, matrices[0], atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["a.safetensors", "-o", "o.safetensors"], 2, "give SOURCE and TARGET"),
        (["a.safetensors", "b.safetensors", "-o", "-"], 2, "name a file for the vectors"),
        (["a.safetensors", "--to", "mean", "-o", "f"], 2, "name another"),
        (["a.safetensors", "b.safetensors", "--to", "mean", "-o", "f", "--test", "test.tsv"], 2, "are for two files"),
        (["a.safetensors", "a.safetensors", "--to", "mean", "-o", "f"], 1, "would have one name"),
        (["a.safetensors", "b.safetensors", "--to", "mean", "-o", "."], 1, "is read by this command"),
        (["a.safetensors", "b.safetensors", "-o", "b.safetensors"], 1, "is read by this command"),
        (["a.safetensors", "thin.safetensors", "-o", "o.safetensors"], 1, "have 8 and 5 numbers"),
        (
            ["a.safetensors", "b.safetensors", "-o", "o.safetensors", "--anchors", "x", "--dictionary", "y"],
            2, "exclude each other",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_aligned_is_told(
    arguments: list[str], status: int, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    result = run_here("align", *arguments)
    assert result.returncode == status
    assert message in result.stderr.decode()
