"""Training from Python: the same bytes as the command, from files and from lines, with stops and without an output."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Cancelled, Progress
from wordvec_cli.text.source import Source
from wordvec_cli.text.spooled_lines import spooled_lines
from wordvec_cli.training.order import OPTIONS, Order, settled
from wordvec_cli.training.run import estimate, run
from wordvec_cli.vectors.native import load

MODELS = [
    {"model": "skipgram", "epochs": 2},
    {"model": "glove", "epochs": 3, "unknown_vector": True, "window": 4},
]
SMALL = {"vector_size": 8, "threads": 1, "sample": 0.0}


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


def options_of(model: dict[str, Any]) -> dict[str, Any]:
    small = {name: value for name, value in SMALL.items() if model["model"] != "glove" or name != "sample"}
    return {**small, **model}


def arguments_of(options: dict[str, Any]) -> list[str]:
    arguments = []
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return arguments


def as_paths(corpus: Path, folder: Path) -> str:
    return str(corpus)


def as_lines(corpus: Path, folder: Path) -> Source:
    return spooled_lines(corpus.read_text().splitlines(), folder)


def as_tokens(corpus: Path, folder: Path) -> Source:
    return spooled_lines([line.split() for line in corpus.read_bytes().splitlines()], folder)


@pytest.mark.parametrize("corpus_of", [as_paths, as_lines, as_tokens])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["model"])
def test_python_trains_to_the_bytes_of_the_command(
    wordvec: Run, corpus_file: Path, tmp_path: Path, model: dict[str, Any], corpus_of: Callable[[Path, Path], Any]
) -> None:
    here, there = tmp_path / "here.safetensors", tmp_path / "there.safetensors"
    options = options_of(model)
    result = wordvec("train", corpus_file, "-o", there, *arguments_of(options))
    assert result.returncode == 0, result.stderr
    run(settled({"corpus": corpus_of(corpus_file, tmp_path), "output": here, **options}))
    assert here.read_bytes() == there.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here.safetensors", "there.safetensors"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["model"])
def test_without_an_output_there_are_vectors_and_no_files(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"corpus": corpus_file, "tmp_dir": tmp_path, **options_of(model)}
    result = run(settled(options))
    assert list(tmp_path.iterdir()) == []
    vectors = result.embeddings()
    run(settled({**options, "output": tmp_path / "v.safetensors"}))
    written = load("v.safetensors")
    assert list(vectors.vocabulary) == list(written.vocabulary)
    np.testing.assert_array_equal(vectors.matrix, written.matrix)
    assert result.metadata.items() <= written.metadata.items()
    assert (vectors.unknown is None) == (written.unknown is None)
    assert len(result.losses) == model["epochs"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["model"])
def test_a_run_that_is_asked_to_stop_goes_on_to_the_same_bytes(
    corpus_file: Path, tmp_path: Path, model: dict[str, Any]
) -> None:
    unbroken, broken = tmp_path / "unbroken.safetensors", tmp_path / "broken.safetensors"
    options = {"corpus": corpus_file, **options_of(model)}
    run(settled({**options, "output": unbroken}))
    answers = iter([False, False])
    with pytest.raises(Cancelled):
        run(settled({**options, "output": broken}), should_stop=lambda: next(answers, True))
    assert (tmp_path / "broken.safetensors.checkpoint").is_dir()
    notes: list[str] = []
    run(settled({**options, "output": broken, "resume": True}), note=notes.append)
    assert broken.read_bytes() == unbroken.read_bytes()
    assert any(note.startswith("resuming in epoch ") for note in notes)


def test_a_run_of_lines_goes_on_with_the_same_lines_only(corpus_file: Path, tmp_path: Path) -> None:
    lines = corpus_file.read_text().splitlines()
    output = tmp_path / "v.safetensors"
    options = {"output": output, **SMALL}
    with pytest.raises(Cancelled):
        run(settled({"corpus": spooled_lines(lines, tmp_path), **options}), should_stop=lambda: True)
    other = settled({"corpus": spooled_lines(lines[1:], tmp_path), **options, "resume": True})
    with pytest.raises(InputError, match="whose text has changed; give the options of that run"):
        run(other)
    run(replace(other, corpus=(spooled_lines(lines, tmp_path),)))
    assert output.exists()


def test_an_estimate_knows_what_the_run_then_takes(corpus_file: Path, tmp_path: Path) -> None:
    order = settled({"corpus": corpus_file, "output": tmp_path / "v.safetensors", **SMALL})
    found = estimate(order)
    assert list(tmp_path.iterdir()) == []
    assert found.obstacle is None
    assert found.seconds is not None
    assert found.n_words == len(run(order).vocabulary)
    assert found.file_bytes == pytest.approx((tmp_path / "v.safetensors").stat().st_size, rel=0.5)


def test_progress_and_notes_come_as_values(corpus_file: Path) -> None:
    reports: list[Progress] = []
    notes: list[str] = []
    run(settled({"corpus": corpus_file, "epochs": 5, **SMALL}), reports.append, notes.append)
    assert [report.done for report in reports if report.stage == "epoch"] == [1, 2, 3, 4, 5]
    assert any(note.startswith("kept ") for note in notes)


def test_training_imports_neither_the_command_line_nor_a_bar(corpus_file: Path) -> None:
    code = (
        "import sys; from wordvec_cli.training.order import settled; from wordvec_cli.training.run import run; "
        "run(settled({'corpus': sys.argv[1], 'vector_size': 4, 'epochs': 1})); "
        "print([name for name in sys.modules if name.split('.')[0] in ('click', 'tqdm') or '.cli' in name])"
    )
    result = subprocess.run([sys.executable, "-c", code, corpus_file], capture_output=True, check=True)
    assert result.stdout == b"[]\n"


# ---------------------------------------------------------------- orders


def order_of(**options: Any) -> Order:
    return settled({"corpus": "corpus.txt", **options})


def test_numbers_of_numpy_are_numbers() -> None:
    order = order_of(vector_size=np.int64(7), learning_rate=np.float32(0.5), min_count=np.int32(2))
    assert (order.config.vector_size, order.config.learning_rate, order.min_count) == (7, 0.5, 2)
    assert type(order.config.vector_size) is int


def test_what_is_none_is_not_given() -> None:
    assert order_of(**dict.fromkeys(OPTIONS - {"corpus"})) == order_of()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vector_size": "100"}, "--vector-size '100': must be a whole number"),
        ({"vector_size": 1.5}, "--vector-size 1.5: must be a whole number"),
        ({"window": True}, "--window True: must be a whole number"),
        ({"deterministic": 1}, "--deterministic 1: must be true or false"),
        ({"sample": "none"}, "--sample 'none': must be a number"),
        ({"model": "word2vec"}, "--model word2vec: must be one of skipgram, cbow, glove"),
        ({"x_max": 5}, "--x-max: is not for --model skipgram; leave it out"),
        ({"engine": "fast"}, "--engine fast: must be one of wordvec, gensim"),
        ({"preset": "spacy"}, "--preset spacy: must be one of word2vec, gensim"),
        ({"min_count": 0}, "--min-count 0: must be at least 1"),
        ({"threads": 0}, "--threads 0: must be at least 1"),
        ({"checkpoint_every": float("nan")}, "--checkpoint-every nan: must be a number of minutes"),
        ({"early_stopping": 2}, "--early-stopping: needs a score to act on; add --eval-set FILE"),
        ({"resume": True}, "--resume: there is no file to write"),
        ({"output": "vectors"}, "vectors: its name does not say the format"),
        ({"pairs": "pairs.bin"}, "--pairs: takes the place of a corpus; leave the corpus out"),
        ({"corpus": ()}, "nothing to train on; name a corpus"),
    ],
)
def test_an_order_that_cannot_be_names_the_option(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as raised:
        order_of(**options)
    assert str(raised.value).startswith(message)


def test_an_option_that_does_not_exist_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="no option windows"):
        order_of(windows=3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["new york", "city"], "line 2: the token 'new york' is empty or holds white space"),
        (["a", ""], "line 2: the token '' is empty or holds white space"),
        (["a", 1], "line 2: 1 is neither a text nor a list of tokens"),
        ("\ud800", "line 2: cannot be written as UTF-8"),
    ],
)
def test_a_line_that_is_not_words_is_named(tmp_path: Path, line: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        spooled_lines(["a", line], tmp_path)
    assert str(raised.value).startswith(message)


def test_each_text_is_one_line(tmp_path: Path) -> None:
    source = spooled_lines(["a b\n", "c\nd", "", b"\xff", "\udcff", ["e", b"f"]], tmp_path)
    with source.opened() as file:
        assert file.read() == b"a b\nc d\n\n\xff\n\xff\ne f\n"
