import json
import os
import re
import subprocess
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from tests.conftest import COMMAND, TOPICS, Run
from wordvec_cli.cli import train
from wordvec_cli.embeddings import load
from wordvec_cli.errors import OptionError
from wordvec_cli.training.word2vec import Word2VecConfig

SMALL = ["--vector-size", "8", "--epochs", "2", "--threads", "1"]


def test_words_of_one_topic_become_neighbours(wordvec: Run, vector_file: Path) -> None:
    for topic in TOPICS:
        result = wordvec("similar", vector_file, *topic, "-k", "8")
        rows = [line.split("\t") for line in result.stdout.decode().splitlines()]
        assert [query for query, _, _ in rows] == [word for word in topic for _ in range(8)]
        assert {neighbour for _, neighbour, _ in rows} == set(topic)
        assert all(float(cosine) > 0.5 for _, _, cosine in rows)


def test_options_of_the_command_are_the_fields_of_the_configuration_and_tell_their_defaults() -> None:
    options = {parameter.name: parameter for parameter in train.command.params if isinstance(parameter, click.Option)}
    configured = {"skipgram": asdict(Word2VecConfig()), "cbow": asdict(Word2VecConfig(model="cbow"))}
    for field in fields(Word2VecConfig):
        option = options[field.name]
        default = configured["skipgram"][field.name]
        default = configured["cbow"][field.name] if default is None else default
        if field.name == "min_learning_rate":
            assert default == pytest.approx(1e-4 * configured["skipgram"]["learning_rate"])
        elif field.name != "deterministic":  # a flag
            shown = {"fixed_window": "shrinking", "cbow_mean": "mean"}.get(field.name, str(default))
            assert f"[default: {shown}" in (option.help or "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "glove"), ("loss", "softmax"), ("vector_size", 0), ("window", 0), ("negative", 0), ("sample", -1),
        ("epochs", 0), ("learning_rate", 0), ("learning_rate", float("nan")), ("min_learning_rate", 1),
        ("min_learning_rate", -1), ("seed", -1), ("noise_exponent", float("nan")), ("cbow_gradient", "half"),
        ("cbow_mean", True),
    ],
)  # fmt: skip
def test_a_configuration_checks_itself_and_names_the_option(field: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"^--{field.replace('_', '-')}"):
        Word2VecConfig(**{field: value})


@pytest.mark.parametrize("field", ["negative", "noise_exponent"])
def test_an_option_of_another_loss_is_refused(field: str) -> None:
    with pytest.raises(OptionError, match="belongs to negative-sampling; leave it out"):
        Word2VecConfig(loss="hierarchical-softmax", **{field: 1})


def test_one_thread_gives_the_same_bytes_from_a_file_a_pipe_and_a_compressed_file(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    import lzma

    text = corpus_file.read_bytes()
    (tmp_path / "corpus.xz").write_bytes(lzma.compress(text))
    files: list[tuple[str | Path, bytes | None]] = [(corpus_file, None)] * 2 + [(tmp_path / "corpus.xz", None)]
    sources = [*files, ("-", text), ("-", lzma.compress(text))]
    outputs = []
    for i, (source, stdin) in enumerate(sources):
        path = tmp_path / f"{i}.safetensors"
        result = wordvec("train", source, "-o", path, *SMALL, stdin=stdin)
        assert result.returncode == 0, result.stderr
        outputs.append(path.read_bytes())
    assert outputs == outputs[:1] * len(sources)
    assert wordvec("train", corpus_file, "-o", tmp_path / "s", *SMALL, "--seed", "2").returncode == 2
    wordvec("train", corpus_file, "-o", tmp_path / "s.safetensors", *SMALL, "--seed", "2")
    assert (tmp_path / "s.safetensors").read_bytes() != outputs[0]


def test_a_corpus_in_one_line_trains_on_two_threads(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    text = corpus_file.read_bytes().replace(b"\n", b" ") * 50
    result = wordvec("train", "-", "-o", tmp_path / "v.safetensors", "--vector-size", "8", "--threads", "2", stdin=text)
    assert result.returncode == 0
    assert f"{len(text.split())} tokens in 1 lines" in result.stderr.decode()


def test_the_file_says_how_it_was_made(wordvec: Run, vector_file: Path, corpus_file: Path) -> None:
    import hashlib

    facts = json.loads(wordvec("info", vector_file, "--format", "json").stdout)
    assert facts["dimension"] == 20
    assert facts["words"] == len(set(corpus_file.read_text().split()))
    assert facts["configuration"] == {
        "model": "skipgram", "loss": "negative-sampling", "vector_size": 20, "window": 5, "fixed_window": False,
        "negative": 5, "noise_exponent": 0.75, "sample": 0.0, "epochs": 20, "learning_rate": 0.05,
        "min_learning_rate": 5e-6, "seed": 1, "deterministic": False, "min_count": 5, "max_vocab": None,
    }  # fmt: skip
    assert facts["seed"] == "1"
    assert facts["tokenizer"] == {"kind": "whitespace"}
    assert facts["corpus_fingerprint"] == hashlib.sha256(corpus_file.read_bytes()).hexdigest()
    lines = wordvec("info", vector_file).stdout.decode().splitlines()
    assert "configuration.window\t5" in lines


def test_counts_are_kept_with_the_vectors(vector_file: Path, corpus_file: Path) -> None:
    words = corpus_file.read_bytes().split()
    vocabulary = load(str(vector_file)).vocabulary
    assert vocabulary.counts is not None
    for word in (b"monday", b"the"):
        word_id = vocabulary.find(word)
        assert word_id is not None
        assert vocabulary.counts[word_id] == words.count(word)


def test_a_vocabulary_file_gives_the_same_bytes_as_counting(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    assert wordvec("build-vocab", corpus_file, "-o", tmp_path / "vocab.tsv").returncode == 0
    wordvec("train", corpus_file, "-o", tmp_path / "counted.safetensors", *SMALL)
    wordvec("train", corpus_file, "-o", tmp_path / "given.safetensors", "--vocab", tmp_path / "vocab.tsv", *SMALL)
    np.testing.assert_array_equal(
        load(str(tmp_path / "given.safetensors")).matrix, load(str(tmp_path / "counted.safetensors")).matrix
    )


def test_a_vocabulary_brings_its_tokenizer_and_refuses_another(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    vocab, vectors = tmp_path / "vocab.tsv", tmp_path / "v.safetensors"
    wordvec("build-vocab", corpus_file, "--tokenizer", "words", "--lowercase", "-o", vocab)
    assert wordvec("train", corpus_file, "--vocab", vocab, "-o", vectors, *SMALL).returncode == 0
    facts = json.loads(wordvec("info", vectors, "--format", "json").stdout)
    assert facts["tokenizer"] == {"kind": "words", "lowercase": True}
    result = wordvec("train", corpus_file, "--vocab", vocab, "-o", vectors, "--tokenizer", "whitespace", *SMALL)
    assert result.returncode == 1
    assert b"was built with the tokenizer words, lowercase" in result.stderr


def test_limits_given_with_a_vocabulary_cut_it(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("monday 9\nred 8\nblue 1\nthe 3\n")
    vectors = tmp_path / "v.safetensors"
    wordvec("train", corpus_file, "--vocab", tmp_path / "vocab.txt", "--min-count", "2", "-o", vectors, *SMALL)
    assert list(load(str(vectors)).vocabulary) == [b"monday", b"red", b"the"]


def test_the_mean_loss_starts_where_arithmetic_says(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    """All output vectors are zero at first: each of 1 + 5 terms costs log 2, and a tiny rate keeps it so."""
    result = wordvec(
        "train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL, "--sample", "0", "--learning-rate", "1e-9"
    )
    loss = float(re.search(rb"epoch 1/2: loss ([\d.]+)", result.stderr)[1])  # type: ignore[index]
    # A noise word that is the centre itself does not count, so that a few terms are missing.
    assert 5 * np.log(2) < loss <= 6 * np.log(2) + 1e-3


def test_progress_as_json_is_json_on_every_line(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL, "--progress", "json")
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    epochs = [line for line in lines if line.get("stage") == "epoch"]
    assert [line["done"] for line in epochs] == [1, 2]
    assert epochs[1]["loss"] < epochs[0]["loss"]
    failed = wordvec("train", tmp_path / "none", "-o", tmp_path / "v.safetensors", "--progress", "json")
    assert "error" in json.loads(failed.stderr)


def test_quiet_is_quiet_and_no_bar_is_drawn_into_a_file(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    assert wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL, "--quiet").stderr == b""
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL)
    assert b"\r" not in result.stderr
    assert result.stdout == b""


def test_vectors_can_go_to_standard_output(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    result = wordvec("train", corpus_file, "-o", "-", *SMALL, cwd=tmp_path)
    wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL)
    assert result.stdout == (tmp_path / "v.safetensors").read_bytes()
    assert os.listdir(tmp_path) == ["v.safetensors"]


def test_training_leaves_nothing_but_its_output(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    wordvec("train", "-", "-o", tmp_path / "v.safetensors", *SMALL, stdin=corpus_file.read_bytes())
    assert os.listdir(tmp_path) == ["v.safetensors"]


def test_the_bar_shows_on_a_terminal(corpus_file: Path, tmp_path: Path) -> None:
    """Standard error is a pseudo-terminal here."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    termios = pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    with subprocess.Popen(
        [*COMMAND, "train", corpus_file, "-o", tmp_path / "v.safetensors", "--vector-size", "8", "--epochs", "300"],
        stderr=theirs, stdin=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:
            pass  # the other end is closed
    os.close(ours)
    assert process.returncode == 0
    assert b"training" in shown
    assert b"%|" in shown
    assert b"words/s" in shown
    assert b"loss" in shown
