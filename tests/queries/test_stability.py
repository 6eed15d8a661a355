"""Which words keep their neighbours over trainings: against a plain twin, and what the command prints."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, start
from tests.queries.test_change import neighbours_of
from wordvec_cli.queries import stability
from wordvec_cli.queries.models import Models, models_of
from wordvec_cli.queries.stability import bands, least_stable_count, shares_that_stay
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, N_MODELS = 400, 4
COUNTS = [2000 // (i + 1) for i in range(N_WORDS)]


def matrices() -> list[np.ndarray]:
    """Trainings that agree the less on a word, the rarer it is."""
    truth = np.random.default_rng(0).normal(size=(N_WORDS, 8))
    noise = 0.02 + 3 * np.linspace(0, 1, N_WORDS)[:, None] ** 4
    return [
        (truth + noise * np.random.default_rng(i + 1).normal(size=truth.shape)).astype(np.float32)
        for i in range(N_MODELS)
    ]


def words() -> list[bytes]:
    return [b"w%d" % i for i in range(N_WORDS)]


@pytest.fixture(scope="module")
def models() -> Models:
    vocabulary = Vocabulary.from_words(words(), COUNTS)
    vectors = [from_matrix(vocabulary, matrix, {}) for matrix in matrices()]
    return models_of([f"m{i}" for i in range(N_MODELS)], vectors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stable")
    for i, matrix in enumerate(matrices()):
        save(str(path / f"m{i}.safetensors"), Vocabulary.from_words(words(), COUNTS), matrix, {})
    return path


@pytest.mark.parametrize("n_bytes", [1, 1 << 27])
def test_the_share_that_stays_is_the_mean_over_pairs_of_models(
    models: Models, n_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stability, "BYTES_AT_ONCE", n_bytes)
    ids = np.array([0, 3, 50, 399])
    expected = []
    for word in ids.tolist():
        sets = [neighbours_of(matrix, word, 7) for matrix in matrices()]
        expected.append(np.mean([len(a & b) / 7 for a, b in combinations(sets, 2)]))
    assert shares_that_stay(models, ids, 7) == pytest.approx(expected)


def test_bands_are_of_counts_and_say_from_which_on_words_are_stable(models: Models) -> None:
    found = bands(models, 10)
    assert [(band.least, band.most) for band in found[:3]] == [(2000, 4999), (1000, 1999), (500, 999)]
    assert sum(band.n_words for band in found) == N_WORDS
    assert all(band.n_asked == min(band.n_words, 200) for band in found)
    overlaps = [band.overlap for band in found]
    assert overlaps[-1] < 0.5 < overlaps[0]
    least = least_stable_count(found)
    assert least == [band.least for band, overlap in zip(found, overlaps, strict=True) if overlap >= 0.5][-1]
    assert bands(models, 10) == found
    everything = shares_that_stay(models, np.flatnonzero(np.array(COUNTS) >= 100), 10)
    frequent = [band for band in found if band.least >= 100]
    assert np.average(
        [band.overlap for band in frequent], weights=[band.n_words for band in frequent]
    ) == pytest.approx(everything.mean())


def test_the_command_prints_bands_or_words(folder: Path) -> None:
    result = run_here("stability", folder)
    titles, *lines = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert titles == ["least_count", "most_count", "words", "asked", "overlap", "stable", "models"]
    assert lines[0][:4] == ["2000", "4999", "1", "1"]
    assert b"times and more keep half of their 10 neighbours" in result.stderr
    result = run_here("stability", folder, "w0", "absent", "w399", "--format", "json")
    first, last = map(json.loads, result.stdout.splitlines())
    assert (first["word"], first["count"], first["verdict"], first["models"]) == ("w0", 2000, "stable", N_MODELS)
    assert (last["word"], last["verdict"]) == ("w399", "unstable")
    assert (result.returncode, result.stderr) == (3, b"'absent' is missing\n")
    assert start("stability", folder, "-", "--format", "json", stdin=b"w0\n").stdout.splitlines() == [
        json.dumps(first, separators=(", ", ": ")).encode()
    ]
    assert len(run_here("stability", folder, "--each").stdout.splitlines()) == N_WORDS + 1


def test_what_has_no_stability_is_refused(folder: Path, tmp_path: Path) -> None:
    one = folder / "m0.safetensors"
    assert run_here("stability", one).returncode == 2
    assert b"-k 400: there are 400 words" in run_here("stability", folder, "-k", "400").stderr
    matrix = np.full((N_WORDS, 8), np.inf, np.float32)
    save(str(tmp_path / "bad.safetensors"), Vocabulary.from_words(words(), COUNTS), matrix, {})
    result = run_here("stability", one, "--also", tmp_path / "bad.safetensors")
    assert result.returncode == 1
    assert b"bad.safetensors: the vector of 'w0' holds numbers that are not finite" in result.stderr
