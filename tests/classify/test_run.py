"""Text classification as a library: what the commands do, without them."""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.classify.test_classify import FAST, TOPICS, labelled_lines, write
from tests.conftest import run_here
from wordvec_cli.classify import model
from wordvec_cli.classify.line_files import LineFiles
from wordvec_cli.classify.lines import LabelLayout
from wordvec_cli.classify.prediction import Predictor, predict
from wordvec_cli.classify.run import ClassifierOrder, config_of, run
from wordvec_cli.classify.scoring import score_files
from wordvec_cli.errors import OptionError
from wordvec_cli.vectors import native

GIVEN = {"vector_size": 10, "epochs": 5, "learning_rate": 0.5, "word_ngrams": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run")
    write(path / "train.txt", labelled_lines(300, 1))
    write(path / "test.txt", [*labelled_lines(50, 2), "no label", "__label__new red"])
    assert run_here("classify", "train", path / "train.txt", "-o", path / "model", *FAST).returncode == 0
    return path


def test_the_library_writes_the_bytes_of_the_command(folder: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    stages = set()
    order = ClassifierOrder([str(folder / "train.txt")], str(tmp_path / "model"), config=config_of(GIVEN))
    run(order, lambda progress: stages.add(progress.stage.split()[0]), notes.append)
    assert (tmp_path / "model").read_bytes() == (folder / "model").read_bytes()
    assert notes == ["300 lines, 23 words, 3 labels"]
    assert "reading" in stages


def test_without_an_output_the_classifier_is_the_same_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    order = ClassifierOrder([str(folder / "train.txt")], config=config_of(GIVEN), tmp_dir=str(tmp_path))
    trained = run(order)
    assert list(tmp_path.iterdir()) == []
    stored = native.load(str(folder / "model"))
    assert trained.words.matrix.tobytes() == stored.matrix.tobytes()
    assert trained.words.metadata.items() <= stored.metadata.items()
    model.save(str(tmp_path / "saved"), trained, trained.words.metadata)
    assert (tmp_path / "saved").read_bytes() == (folder / "model").read_bytes()


def test_texts_get_the_labels_that_the_command_gives_to_lines(folder: Path) -> None:
    texts = [b"red green", b"__label__food monday", b"two\nlines", b""]
    lines = b"".join(text.replace(b"\n", b" ") + b"\n" for text in texts)
    (folder / "lines").write_bytes(lines)
    printed = run_here("classify", "predict", folder / "model", folder / "lines", "-k", "2").stdout.splitlines()
    found = predict(model.load(str(folder / "model")), texts, 2)
    assert [b"\t".join(b"%b\t%.6f" % each for each in answer) for answer in found] == printed


def test_files_are_scored_and_what_is_left_out_is_noted(folder: Path) -> None:
    notes: list[str] = []
    predictor = Predictor(model.load(str(folder / "model")))
    scores = score_files(predictor, LineFiles([str(folder / "test.txt")], LabelLayout()), 1, 0.0, notes.append)
    assert (scores.n_lines, scores.of_label(b"new").n_true) == (51, 1)
    assert scores.overall.precision > 0.9
    assert notes == [
        "left out: 1 line without a label",
        "not known to the model, and counted as not found: 1 label (new), on 1 line",
    ]


def test_vectors_to_start_from_decide_the_size_and_only_they_can_be_frozen(folder: Path) -> None:
    start = native.load(str(folder / "model"))
    assert config_of({"vector_size": None, "freeze": True}, start).vector_size == 10
    with pytest.raises(OptionError, match="--freeze: keeps the vectors of --init"):
        config_of({"freeze": True})


def test_training_from_the_library_imports_neither_click_nor_a_progress_bar() -> None:
    code = (
        "import sys, wordvec_cli.classify.run, wordvec_cli.classify.scoring; print({'click', 'tqdm'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"


def test_two_threads_that_work_on_copies_learn_what_one_does(tmp_path: Path) -> None:
    """Three in ten lines have a label drawn blindly: a loss near zero would be another with each order of updates."""
    rng, lines = random.Random(5), labelled_lines(6000, 4)
    for i in rng.sample(range(len(lines)), 1800):
        lines[i] = " ".join([f"__label__{rng.choice(list(TOPICS))}", *lines[i].split()[1:]])
    write(tmp_path / "train.txt", lines)
    losses = {}
    for n_threads in (1, 2):
        order = ClassifierOrder(
            [str(tmp_path / "train.txt")], config=config_of({**GIVEN, "epochs": 2}), n_threads=n_threads
        )
        losses[n_threads] = json.loads(run(order).words.metadata["losses"])
    assert losses[2] == pytest.approx(losses[1], rel=0.1)
    # a fifth of the labels is wrong, in two ways: no predictor of a line's label does better
    least = -0.8 * math.log(0.8) - 0.2 * math.log(0.1)
    assert losses[1][1] == pytest.approx(least, rel=0.05)
