import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
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
