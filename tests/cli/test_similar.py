import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def known_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """east, north-east and north of the plane, and a word that points nowhere."""
    matrix = np.array([[1, 0], [1, 1], [0, 2], [0, 0]], dtype=np.float32)
    path = tmp_path_factory.mktemp("known") / "known.safetensors"
    save(str(path), Vocabulary.from_words([b"east", b"both", b"north", b"nowhere"], None), matrix, {})
    return path


def test_neighbours_come_best_first_with_their_cosine(wordvec: Run, known_file: Path) -> None:
    result = wordvec("similar", known_file, "east", "north", "-k", "2")
    assert result.stdout == (
        b"east\tboth\t0.707107\neast\tnorth\t0.000000\nnorth\tboth\t0.707107\nnorth\teast\t0.000000\n"
    )


def test_json_has_one_object_for_each_query(wordvec: Run, known_file: Path) -> None:
    result = wordvec("similar", known_file, "-k", "1", "--format", "json", stdin=b"east\nnorth\n")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"query": "east", "neighbours": [{"word": "both", "cosine": 0.707107}]},
        {"query": "north", "neighbours": [{"word": "both", "cosine": 0.707107}]},
    ]


def test_missing_words_are_named_and_the_others_answered(wordvec: Run, known_file: Path) -> None:
    result = wordvec("similar", known_file, "East", "nowhere", "north", "-k", "1")
    assert result.returncode == 3
    assert result.stdout == b"north\tboth\t0.707107\n"
    missing, zeros = result.stderr.decode().splitlines()
    assert missing == "'East' is missing; there is 'east'"
    assert "zeros" in zeros


def test_a_batch_of_missing_words_only_does_not_stop_the_next(wordvec: Run, known_file: Path) -> None:
    result = wordvec("similar", known_file, "absent", "-k", "1")
    assert (result.returncode, result.stdout, result.stderr) == (3, b"", b"'absent' is missing\n")


def test_thousands_of_queries_from_a_pipe_come_back_in_order(wordvec: Run, vector_file: Path) -> None:
    words = list(load(str(vector_file)).vocabulary) * 100
    result = wordvec("similar", vector_file, "-k", "1", stdin=b"\n".join(words))
    assert [line.split(b"\t")[0] for line in result.stdout.splitlines()] == words


def csls(rows: np.ndarray) -> np.ndarray:
    """Of each row with each other, by the formula, with the 10 nearest."""
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    near = np.sort(cosines, axis=1)[:, -10:].mean(axis=1)
    return 2 * cosines - near[:, None] - near


def test_csls_is_what_its_formula_says_among_the_words_that_may_be_answers(tmp_path: Path) -> None:
    rows = (np.random.default_rng(3).normal(size=(200, 6)) + 0.5).astype(np.float32)
    path = str(tmp_path / "v.safetensors")
    save(path, Vocabulary.from_words([b"w%d" % i for i in range(200)]), rows, {})
    for n, options in ((200, []), (80, ["--restrict-vocab", "80"])):
        result = run_here("similar", path, "w3", "w7", "--metric", "csls", "-k", "4", *options)
        found = [line.split("\t") for line in result.stdout.decode().splitlines()]
        scores = csls(rows[:n].astype(np.float64))
        right = [(f"w{i}", f"w{j}", scores[i, j]) for i in (3, 7) for j in np.argsort(-scores[i])[:4]]
        assert [(query, word) for query, word, _ in found] == [(query, word) for query, word, _ in right]
        assert [float(value) for *_, value in found] == pytest.approx([value for *_, value in right], abs=2e-6)
    assert run_here("similarity", path, "w1", "w2", "--metric", "csls").returncode == 2
