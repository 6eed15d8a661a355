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

from tests.conftest import COMMAND, TOPICS, Run, run_here
from wordvec_cli.cli.commands import train
from wordvec_cli.errors import OptionError
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SMALL = ["--vector-size", "8", "--epochs", "2", "--threads", "1"]


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


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
            by_words = {"fixed_window": "shrinking", "cbow_mean": "mean", "epochs": "5 to 40"}
            by_words |= {"subwords": "none", "buckets": "2000000"}
            shown = by_words.get(field.name, str(default))
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
    with pytest.raises(OptionError, match="belongs to --loss negative-sampling; leave it out"):
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
    assert f"{len(text.split())} tokens in 1 line" in result.stderr.decode()


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


def configuration(path: Path) -> dict[str, Any]:
    return recorded(load(str(path)).metadata, "configuration")


@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
@pytest.mark.parametrize("model", [["skipgram"], ["cbow"], ["cbow", "--cbow-sum"], ["cbow", "--cbow-gradient", "mean"]])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_every_model_finds_the_topics(
    wordvec: Run, corpus_file: Path, tmp_path: Path, model: list[str], loss: str, threads: str
) -> None:
    output = tmp_path / "v.safetensors"
    options = ["--vector-size", "20", "--epochs", "20", "--sample", "0", "--threads", threads]
    result = wordvec("train", corpus_file, "-o", output, *options, "--model", *model, "--loss", loss)
    assert result.returncode == 0, result.stderr
    for topic in TOPICS:
        rows = wordvec("similar", output, topic[0], "-k", "8").stdout.decode().splitlines()
        assert {row.split("\t")[1] for row in rows} == set(topic) - {topic[0]}
    assert configuration(output)["model"] == model[0]
    assert ("negative" in configuration(output)) == (loss == "negative-sampling")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--loss", "hierarchical-softmax", "--negative", "5"], "--negative: belongs to --loss negative-sampling"),
        (["--cbow-sum"], "--cbow-mean, --cbow-sum: belongs to --model cbow; leave it out"),
        (["--cbow-gradient", "mean"], "--cbow-gradient: belongs to --model cbow"),
        (["--min-learning-rate", "0.1"], "--min-learning-rate 0.1: must be from 0 to the learning rate, 0.05"),
        (["--noise-exponent", "nan"], "--noise-exponent nan: must be a number"),
        (["--loss", "hierarchical-softmax", "--save-context"], "--save-context: hierarchical-softmax has no"),
        (["--early-stopping", "2"], "--early-stopping: needs a score to act on; add --eval-set FILE"),
        (["--preset", "gensim", "--like", "x"], "--preset and --like exclude each other"),
        (["--preset", "spacy"], "--preset"),
        (["--checkpoint-every", "0"], "--checkpoint-every"),
        (["--hs", "1"], "here it is --loss hierarchical-softmax"),
        (["-cbow", "1"], "here it is --model cbow"),
        (["--ns_exponent=0.5"], "here it is --noise-exponent"),
        (["-alpha", "0.1"], "here it is --learning-rate"),
        (["-ws", "3"], "here it is --window"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(
    wordvec: Run, corpus_file: Path, tmp_path: Path, options: list[str], text: str
) -> None:
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *options)
    assert result.returncode == 2
    assert text in result.stderr.decode()
    assert os.listdir(tmp_path) == []


def test_presets_are_the_defaults_of_the_tools(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    """word2vec.c: 0.05 for cbow, else 0.025; gensim's signature; fastText's args.cc and the power in loss.cc."""
    output = tmp_path / "v.safetensors"
    expected: list[tuple[list[str], dict[str, object]]] = [
        (["word2vec"], {"model": "cbow", "learning_rate": 0.05, "min_learning_rate": 5e-6, "sample": 1e-3}),
        (["word2vec", "--model", "skipgram"], {"learning_rate": 0.025, "negative": 5}),
        (["gensim"], {"model": "cbow", "learning_rate": 0.025, "min_learning_rate": 1e-4, "cbow_gradient": "sum"}),
        (["gensim", "--cbow-sum"], {"cbow_mean": False, "cbow_gradient": "mean"}),
        (["gensim", "--loss", "hierarchical-softmax"], {"loss": "hierarchical-softmax"}),
        (["fasttext"], {"model": "skipgram", "sample": 1e-4, "noise_exponent": 0.5, "min_learning_rate": 0.0}),
        (["fasttext", "--sample", "0.01"], {"sample": 0.01}),
    ]
    for options, some in expected:
        result = wordvec("train", corpus_file, "-o", output, "--preset", *options)
        assert result.returncode == 0, result.stderr
        assert configuration(output).items() >= some.items()


def test_like_trains_again_to_the_same_bytes(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    first, again, other = (tmp_path / f"{name}.safetensors" for name in ("first", "again", "other"))
    options = ["--model", "cbow", "--min-count", "3", "--window", "3", "--lowercase", "--seed", "5"]
    wordvec("train", corpus_file, "-o", first, "--threads", "1", *options)
    wordvec("train", corpus_file, "-o", again, "--threads", "1", "--like", first)
    assert again.read_bytes() == first.read_bytes()
    result = wordvec(
        "train", corpus_file, "-o", other, "--like", first, "--window", "4", "--loss", "hierarchical-softmax"
    )
    assert result.returncode == 0, result.stderr
    expected = configuration(first) | {"window": 4, "loss": "hierarchical-softmax"}
    assert configuration(other) == {
        name: expected[name] for name in expected if name not in ("negative", "noise_exponent")
    }


def test_like_needs_vectors_that_say_how_they_were_made(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_words([b"a"])
    save(str(tmp_path / "bare.safetensors"), vocabulary, np.ones((1, 2), np.float32), {})
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", "--like", tmp_path / "bare.safetensors")
    assert result.returncode == 1
    assert b"bare.safetensors: does not say how it was trained" in result.stderr


def test_vectors_to_start_from_that_hold_none_of_the_words_are_an_error(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    given, output = tmp_path / "given.txt", tmp_path / "v.safetensors"
    given.write_text("autre 1 2\nlangue 3 4\n")
    result = wordvec("train", corpus_file, "-o", output, "--init", given, "--epochs", "1", "--quiet")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr == (b"Error: --init: has none of the words to train on; check its language and its case\n")
    assert sorted(os.listdir(tmp_path)) == ["given.txt"]


def test_words_start_from_other_vectors(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    """At a rate of nearly zero vectors stay where they start."""
    output, given = tmp_path / "v.safetensors", tmp_path / "given.safetensors"
    words = Vocabulary.from_words([b"red", b"blue", b"elsewhere"])
    vectors, context = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    save(str(given), words, vectors, {"checksum": "x"}, {"context": context})
    still = ["--learning-rate", "1e-12", "--epochs", "1", "--save-context", "--threads", "1"]
    result = wordvec("train", corpus_file, "-o", output, "--init", given, *still)
    assert b"from --init: 2 of 19 words; the others start at random" in result.stderr
    trained = load(str(output))
    assert trained.context is not None
    for word, row in (("red", 0), ("blue", 1)):
        word_id = trained.vocabulary.find(word.encode())
        np.testing.assert_allclose(trained.matrix[word_id], vectors[row], atol=1e-6)
        np.testing.assert_allclose(trained.context[word_id], context[row], atol=1e-6)
    assert np.abs(trained.vector("monday")).max() <= 0.5 / 4
    assert np.abs(trained.context[trained.vocabulary.find(b"monday")]).max() < 1e-6
    result = wordvec("train", corpus_file, "-o", output, "--init", given, "--vector-size", "5")
    assert result.returncode == 2
    assert b"--vector-size 5: the vectors of --init have 4 numbers" in result.stderr


def test_context_vectors_are_kept_on_demand(wordvec: Run, corpus_file: Path, vector_file: Path, tmp_path: Path) -> None:
    assert load(str(vector_file)).context is None
    output = tmp_path / "v.safetensors"
    wordvec("train", corpus_file, "-o", output, *SMALL, "--save-context")
    vectors = load(str(output))
    assert vectors.context is not None
    assert vectors.context.shape == vectors.matrix.shape
    assert not np.array_equal(vectors.context, vectors.matrix)
    from safetensors.numpy import load_file

    np.testing.assert_array_equal(load_file(output)["context"], vectors.context)
    np.testing.assert_array_equal(load_file(output)["vectors"], vectors.matrix)


def test_each_epoch_is_scored(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    """After the last epoch the score is that of the file, by gensim's own evaluation."""
    from gensim.models import KeyedVectors

    pairs, output = tmp_path / "topics.tsv", tmp_path / "v.safetensors"
    rows = [("monday", "friday", 9), ("red", "green", 8), ("plan", "meet", 7), ("red", "monday", 1), ("dye", "call", 2)]
    pairs.write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in rows))
    options = ["--vector-size", "8", "--epochs", "3", "--sample", "0", "--eval-set", pairs, "--progress", "json"]
    result = wordvec("train", corpus_file, "-o", output, *options)
    epochs = [line for line in map(json.loads, result.stderr.splitlines()) if line.get("stage") == "epoch"]
    assert [epoch["done"] for epoch in epochs] == [1, 2, 3]
    trained = load(str(output))
    vectors = KeyedVectors(8)
    vectors.add_vectors([word.decode() for word in trained.vocabulary], trained.matrix)
    assert epochs[-1]["topics"] == pytest.approx(vectors.evaluate_word_pairs(str(pairs))[1].statistic, abs=1e-6)
    assert epochs[-1]["words_per_second_and_thread"] > 0


def test_early_stopping_stops_and_says_which_epoch_it_gives(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    pairs, output = tmp_path / "topics.tsv", tmp_path / "v.safetensors"
    pairs.write_text("monday\tfriday\t9\nred\tmonday\t1\n")  # soon right, and then no score is higher than 1
    options = ["--sample", "0", "--epochs", "50", "--eval-set", pairs, "--early-stopping", "2", "--threads", "1"]
    result = wordvec("train", corpus_file, "-o", output, *options)
    assert result.returncode == 0, result.stderr
    losses = json.loads(load(str(output)).metadata["losses"])
    best = int(load(str(output)).metadata["best_epoch"])
    assert len(losses) == best + 2 < 50
    assert f"the vectors are those of epoch {best}" in result.stderr.decode()


def test_a_set_without_a_known_word_is_an_error_before_training(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "pairs.tsv").write_text("unheard\tof\t3\n")
    output = tmp_path / "out" / "v.safetensors"
    output.parent.mkdir()
    result = wordvec("train", corpus_file, "-o", output, *SMALL, "--eval-set", tmp_path / "pairs.tsv")
    assert result.returncode == 1
    assert b"none of its 1 questions has all its words" in result.stderr
    assert b"share the matrices" not in result.stderr
    assert os.listdir(output.parent) == []


def test_a_set_of_which_few_words_are_known_is_told_before_training(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("monday\tfriday\t9\nred\tmonday\t1\n" + "".join(f"liebe\thass{i}\t{i}\n" for i in range(38)))
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL, "--eval-set", pairs)
    assert result.returncode == 0
    assert result.stderr.count(b"pairs: the vectors have the words of only 5.0% of its questions") == 1


def test_training_that_explodes_halves_its_rate_and_then_gives_up(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    given, output = tmp_path / "given.safetensors", tmp_path / "v.safetensors"
    words = Vocabulary.from_words([b"red", b"blue"])
    huge = np.full((2, 4), 1e30, np.float32)
    save(str(given), words, huge, {"checksum": "x"}, {"context": huge})
    result = wordvec("train", corpus_file, "-o", output, "--init", given, "--sample", "0", "--epochs", "2")
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert sum("epoch 1 diverged; starting again at " in line for line in lines) == 3
    assert "training diverged in epoch 1 even at an eighth of the learning rate" in lines[-1]
    assert os.listdir(tmp_path) == ["given.safetensors"]


@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_a_deterministic_run_gives_the_same_bytes_whatever_the_number_of_threads(
    wordvec: Run, corpus_file: Path, tmp_path: Path, model: str, loss: str
) -> None:
    contents = set()
    for threads in ("1", "2", "3", "7"):
        output = tmp_path / f"{threads}.safetensors"
        options = [*SMALL[:-2], "--threads", threads, "--model", model, "--loss", loss, "--deterministic"]
        result = wordvec("train", corpus_file, "-o", output, *options)
        assert result.returncode == 0, result.stderr
        assert b"will differ" not in result.stderr
        assert load(str(output)).metadata["reproducible"] == "yes"
        contents.add(output.read_bytes())
    assert len(contents) == 1
