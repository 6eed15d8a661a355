"""Judging and comparing vectors as a library: several sets, and what is noted of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import judge, read_sets
from wordvec_cli.evaluation.bootstrap import Resampling
from wordvec_cli.evaluation.comparison import ChangeOptions, compare
from wordvec_cli.evaluation.predictions import predictions
from wordvec_cli.evaluation.protocol import PROTOCOLS, Judging
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [f"w{i}".encode() for i in range(6)]
PLAIN = Judging("wordvec", PROTOCOLS["wordvec"], None)


def vectors(seed: int) -> Embeddings:
    matrix = np.random.default_rng(seed).normal(size=(len(WORDS), 4)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(WORDS), matrix, {})


@pytest.fixture
def sets(tmp_path: Path) -> list[str]:
    (tmp_path / "ours.tsv").write_text("one\ttwo\tscore\nw0\tw1\t3\nw2\tw3\t1\nw4\tw5\t2\n")
    (tmp_path / "theirs.txt").write_text("liebe hass 1\nkatze hund 2\n")
    (tmp_path / "four.txt").write_text("w0 w1 w2 w3\nw0 w1 w2 unheard-of\n")
    return [str(tmp_path / name) for name in ("ours.tsv", "theirs.txt", "four.txt")]


def test_sets_are_read_and_judged_and_what_a_user_should_know_is_noted(sets: list[str]) -> None:
    notes: list[str] = []
    found = judge(vectors(1), read_sets(sets, notes.append), PLAIN, notes.append)
    assert [(score.name, score.n_used, score.n_total) for _, score in found] == [("ours", 3, 3), ("four", 1, 2)]
    title, theirs = notes
    assert title == f"{sets[0]}:1: 'one\\ttwo\\tscore' names the columns and is not scored"
    assert theirs.startswith("theirs: none of its 2 questions has all its words among the 6 words")
    rows = [row for outcomes, _ in found for row in predictions(outcomes, vectors(1).vocabulary)]
    *pairs, answered, unknown = [row[-1] for row in rows]
    assert (pairs, unknown) == (["used"] * 3, "unknown")
    assert answered in ("right", "wrong")


def test_sets_that_all_suit_no_vectors_are_an_error(sets: list[str]) -> None:
    with pytest.raises(InputError, match="theirs: none of its 2 questions"):
        judge(vectors(1), read_sets(sets[1:2]), PLAIN)


def test_two_vector_files_are_compared_by_one_call(sets: list[str]) -> None:
    notes: list[str] = []
    both = vectors(1), vectors(2)
    judging = PLAIN._replace(resampling=Resampling(100))
    options = ChangeOptions(k=2, words=[b"w1", b"elsewhere", b"w3"], n_top=1)
    found = compare(both, read_sets(sets[:2]), judging, options, notes.append)
    ((eval_set, difference),) = found.differences
    assert (eval_set.name, difference.value) == ("ours", difference.second.value - difference.first.value)
    assert [change.word_id for change in found.changes] == [1, 3]
    assert (found.n_missing, len(found.most_changed), found.chance_overlap) == (1, 1, 2 / 5)
    assert len(notes) == 1


def test_judging_from_the_library_imports_neither_click_nor_gensim() -> None:
    code = "import sys, wordvec_cli.evaluation.comparison; print({'click', 'tqdm', 'gensim', 'numba'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"
