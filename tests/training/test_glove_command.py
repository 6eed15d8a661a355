"""`wordvec train --model glove`, from a corpus and from pairs. Most of it runs in this process, which is quicker."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from tests.conftest import TOPICS, Run
from wordvec_cli.cli import run as run_command
from wordvec_cli.cli.commands import train
from wordvec_cli.sequences.pairs_file import read_pairs
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.glove import GloveConfig
from wordvec_cli.training.models import configured
from wordvec_cli.training.presets import PRESETS
from wordvec_cli.training.session import State
from wordvec_cli.vectors.embeddings import recorded
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Here = Callable[..., Any]
GLOVE = ["--model", "glove", "--vector-size", "10", "--x-max", "10"]
SMALL = [*GLOVE, "--epochs", "2", "--threads", "1"]
MANY_WORDS = 400


@pytest.fixture
def wordvec_here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Run `wordvec` with these arguments in this process; what it printed, if the exit status is as expected."""

    def run(*arguments: str | Path, status: int = 0) -> Any:
        found = run_command([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        assert found == status, printed.err
        return printed

    return run


@pytest.fixture(scope="module")
def mixed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with the topics of `corpus_file`, where a word in ten is of the other one.

    GloVe learns from pairs that occur only: topics that share no line may have any vectors beside each other.
    """
    rng = random.Random(1)
    lines = []
    for _ in range(500):
        for own, other in (TOPICS, TOPICS[::-1]):
            lines.append(" ".join(rng.choice(own if rng.random() < 0.9 else other) for _ in range(8)))
    path = tmp_path_factory.mktemp("mixed") / "mixed.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def many_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of some hundred words, the first of them far more frequent than the last, which no limit drops."""
    rng = random.Random(2)
    words = [f"word{i}" for i in range(MANY_WORDS)]
    lines = [words[i : i + 8] for i in range(0, MANY_WORDS, 8)] * 5
    lines += [rng.choices(words, [1 / (i + 1) for i in range(MANY_WORDS)], k=10) for _ in range(2000)]
    path = tmp_path_factory.mktemp("many") / "many.txt"
    path.write_text("".join(" ".join(line) + "\n" for line in lines))
    return path


@pytest.fixture
def vocab(wordvec_here: Here, many_file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "vocab.tsv"
    wordvec_here("build-vocab", many_file, "-o", path)
    return path


@pytest.fixture
def pairs(wordvec_here: Here, many_file: Path, vocab: Path, tmp_path: Path) -> Path:
    path = tmp_path / "pairs.safetensors"
    wordvec_here("cooccur", many_file, "--vocab", vocab, "--window", "5", "--left-only", "-o", path)
    return path


OF_PAIRS = ["--window", "5", "--left-only"]  # as `pairs` were counted


def configuration(path: Path) -> dict[str, Any]:
    return recorded(load(str(path)).metadata, "configuration")


def losses(path: Path) -> list[float]:
    return list(json.loads(load(str(path)).metadata["losses"]))


# ---------------------------------------------------------------- what is learnt, and what the file says


@pytest.mark.parametrize("combine", ["word", "sum", "concat"])
def test_words_of_one_topic_become_neighbours(
    wordvec_here: Here, mixed_file: Path, tmp_path: Path, combine: str
) -> None:
    output = tmp_path / "v.safetensors"
    wordvec_here("train", mixed_file, "-o", output, *GLOVE, "--combine", combine, "--epochs", "15")
    for topic in TOPICS:
        printed = wordvec_here("similar", output, *topic, "-k", "8")
        rows = [line.split("\t") for line in printed.out.splitlines()]
        assert len(rows) == 8 * len(topic)
        for query, neighbour, cosine in rows:
            assert neighbour in set(topic) - {query}
            assert float(cosine) > 0.5


def test_the_command_writes_one_file_that_says_how_it_was_made(
    wordvec_here: Here, mixed_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "v.safetensors"
    printed = wordvec_here("train", mixed_file, "-o", output, *SMALL, "--threads", "2")
    assert printed.out == ""
    assert "share the matrices" not in printed.err
    assert os.listdir(tmp_path) == ["v.safetensors"]
    assert configuration(output) == {
        "model": "glove", "vector_size": 10, "window": 15, "symmetric": True, "distance_weighting": True,
        "unknown": "skip", "x_max": 10.0, "weight_exponent": 0.75, "gradient_clip": 100.0, "combine": "sum",
        "unknown_vector": False, "epochs": 2, "learning_rate": 0.05, "seed": 1, "deterministic": True,
        "min_count": 5, "max_vocab": None,
    }  # fmt: skip
    trained = load(str(output))
    assert sorted(trained.vocabulary) == sorted(set(mixed_file.read_bytes().split()))
    assert trained.matrix.shape == (18, 10)
    assert trained.metadata["reproducible"] == "yes"
    assert trained.metadata["seed"] == "1"
    assert json.loads(trained.metadata["tokenizer"]) == {"kind": "whitespace"}
    assert trained.metadata["corpus_fingerprint"] == hashlib.sha256(mixed_file.read_bytes()).hexdigest()
    first, second = losses(output)
    assert second < first


def test_vectors_can_go_to_standard_output(wordvec: Run, wordvec_here: Here, mixed_file: Path, tmp_path: Path) -> None:
    result = wordvec("train", mixed_file, "-o", "-", *SMALL, "--quiet", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")
    assert os.listdir(tmp_path) == []
    wordvec_here("train", mixed_file, "-o", tmp_path / "v.safetensors", *SMALL)
    assert result.stdout == (tmp_path / "v.safetensors").read_bytes()


def test_options_of_the_command_are_the_fields_of_the_configuration_and_tell_their_defaults() -> None:
    options = {parameter.name: parameter for parameter in train.command.params if isinstance(parameter, click.Option)}
    for field in fields(GloveConfig):
        text = options[field.name].help or ""
        default = asdict(GloveConfig())[field.name]
        if isinstance(default, float):
            default = f"{default:g}"
        shown = {"symmetric": "symmetric", "distance_weighting": "distance-weighting"}.get(field.name, str(default))
        if field.name not in ("deterministic", "unknown_vector", "model"):  # flags, and the choice
            assert f"[default: {shown}" in text or f"glove: {shown}" in text


def test_the_same_bytes_whatever_the_number_of_threads(wordvec_here: Here, many_file: Path, tmp_path: Path) -> None:
    contents = []
    for threads in ("1", "3"):
        output = tmp_path / f"{threads}.safetensors"
        wordvec_here("train", many_file, "-o", output, *SMALL, "--save-context", "--threads", threads)
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]
    assert load(str(output)).metadata["reproducible"] == "yes"
    wordvec_here("train", many_file, "-o", output, *SMALL, "--save-context", "--seed", "2")
    assert output.read_bytes() != contents[0]


def test_a_rate_that_is_far_too_high_is_an_error_that_leaves_nothing(
    wordvec_here: Here, mixed_file: Path, tmp_path: Path
) -> None:
    high = ["--learning-rate", "1e6", "--gradient-clip", "1e30"]
    printed = wordvec_here("train", mixed_file, "-o", tmp_path / "v.safetensors", *SMALL, *high, status=1)
    lines = printed.err.splitlines()
    assert sum("epoch 1 diverged; starting again at " in line for line in lines) == 3
    assert lines[-1].startswith("Error: training diverged in epoch 1 even at an eighth of the learning rate")
    assert os.listdir(tmp_path) == []


def test_a_corpus_without_pairs_is_an_error_that_leaves_nothing(wordvec_here: Here, tmp_path: Path) -> None:
    corpus, output = tmp_path / "corpus.txt", tmp_path / "out" / "v.safetensors"
    corpus.write_text("alone\n" * 20)
    output.parent.mkdir()
    printed = wordvec_here("train", corpus, "-o", output, *SMALL, status=1)
    assert "no line of the corpus has two words of the vocabulary" in printed.err
    assert os.listdir(output.parent) == []


# ---------------------------------------------------------------- pairs that were counted before


def test_a_corpus_and_the_pairs_counted_from_it_give_the_same_vectors(
    wordvec_here: Here, many_file: Path, vocab: Path, pairs: Path, tmp_path: Path
) -> None:
    by_text, by_vocab, by_pairs, by_records = (tmp_path / f"{i}.safetensors" for i in range(4))
    records = tmp_path / "pairs.bin"
    wordvec_here("cooccur", many_file, "--vocab", vocab, *OF_PAIRS, "-o", records)
    wordvec_here("train", many_file, "-o", by_text, *SMALL, *OF_PAIRS)
    wordvec_here("train", many_file, "--vocab", vocab, "-o", by_vocab, *SMALL, *OF_PAIRS)
    wordvec_here("train", "--pairs", pairs, "-o", by_pairs, *SMALL)
    wordvec_here("train", "--pairs", records, "--vocab", vocab, "-o", by_records, *SMALL)
    expected = load(str(by_text))
    assert len(expected.vocabulary) == MANY_WORDS
    for path in (by_vocab, by_pairs, by_records):
        found = load(str(path))
        assert list(found.vocabulary) == list(expected.vocabulary)
        assert list(found.vocabulary.counts or ()) == list(expected.vocabulary.counts or ())
        np.testing.assert_array_equal(found.matrix, expected.matrix)
        assert losses(path) == losses(by_text)
        assert found.metadata["reproducible"] == "yes"
    left = {path.name for path in (by_text, by_vocab, by_pairs, by_records, pairs, records, vocab)}
    assert set(os.listdir(tmp_path)) == left | {"vocab.tsv.json"} & set(os.listdir(tmp_path))


def test_vectors_say_of_their_pairs_what_the_file_of_pairs_says(
    wordvec_here: Here, many_file: Path, vocab: Path, pairs: Path, tmp_path: Path
) -> None:
    output, records = tmp_path / "v.safetensors", tmp_path / "pairs.bin"
    of_pairs = {"window": 5, "symmetric": False, "distance_weighting": True, "unknown": "skip"}
    wordvec_here("train", "--pairs", pairs, "-o", output, *SMALL)
    known = configuration(output)
    assert known.items() >= of_pairs.items()
    assert known["min_count"] is None
    metadata = load(str(output)).metadata
    assert metadata["corpus_fingerprint"] == read_pairs(str(pairs)).corpus_fingerprint
    assert json.loads(metadata["tokenizer"]) == {"kind": "whitespace"}
    wordvec_here("cooccur", many_file, "--vocab", vocab, *OF_PAIRS, "-o", records)
    wordvec_here("train", "--pairs", records, "--vocab", vocab, "-o", output, *SMALL)
    assert configuration(output) == {name: known[name] for name in known if name not in of_pairs}
    assert "corpus_fingerprint" not in load(str(output)).metadata


def test_records_need_the_vocabulary_that_they_were_counted_with(
    wordvec_here: Here, many_file: Path, vocab: Path, pairs: Path, tmp_path: Path
) -> None:
    records, fewer = tmp_path / "pairs.bin", tmp_path / "fewer.tsv"
    output = tmp_path / "out" / "v.safetensors"
    output.parent.mkdir()
    wordvec_here("cooccur", many_file, "--vocab", vocab, "-o", records)
    printed = wordvec_here("train", "--pairs", records, "-o", output, *SMALL, status=1)
    assert f"{records}: is not a safetensors file of pairs" in printed.err
    fewer.write_text("".join(vocab.read_text().splitlines(keepends=True)[:50]))
    printed = wordvec_here("train", "--pairs", records, "--vocab", fewer, "-o", output, *SMALL, status=1)
    error = printed.err.splitlines()[-1]
    assert error.startswith(f"Error: {records}: pair ")
    assert "the vocabulary has 50 words" in error and "check that the pairs were counted with this vocabulary" in error
    printed = wordvec_here("train", "--pairs", pairs, "--vocab", fewer, "-o", output, *SMALL, status=1)
    assert f"{pairs}: holds pairs of another vocabulary than --vocab" in printed.err
    assert os.listdir(output.parent) == []
    wordvec_here("train", "--pairs", pairs, "--vocab", vocab, "-o", output, *SMALL)


# ---------------------------------------------------------------- what becomes of a word's two vectors


def test_word_and_context_vectors_are_published_as_asked_for(
    wordvec_here: Here, many_file: Path, tmp_path: Path
) -> None:
    published = {}
    for combine in ("word", "sum", "concat"):
        output = tmp_path / f"{combine}.safetensors"
        kept = [] if combine == "concat" else ["--save-context"]
        wordvec_here("train", many_file, "-o", output, *SMALL, "--combine", combine, *kept)
        published[combine] = load(str(output))
    word, context = published["word"].matrix, published["word"].context
    assert context is not None
    assert not np.isclose(word, context).all()
    np.testing.assert_array_equal(published["sum"].context, context)
    np.testing.assert_array_equal(published["sum"].matrix, word + context)
    np.testing.assert_array_equal(published["concat"].matrix, np.hstack([word, context]))
    assert published["concat"].context is None
    assert published["concat"].dim == 20


@pytest.mark.parametrize("combine", ["word", "sum", "concat"])
@pytest.mark.parametrize("has_context", [True, False])
def test_what_is_published_starts_from_other_vectors(
    wordvec_here: Here, mixed_file: Path, tmp_path: Path, combine: str, has_context: bool
) -> None:
    """At a rate of nearly zero vectors stay where they start."""
    output, given = tmp_path / "v.safetensors", tmp_path / "given.safetensors"
    words = Vocabulary.from_words([b"red", b"blue", b"elsewhere"])
    vectors, context = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    save(str(given), words, vectors, {"checksum": "x"}, {"context": context} if has_context else {})
    still = ["--model", "glove", "--learning-rate", "1e-12", "--epochs", "1", "--combine", combine]
    kept = [] if combine == "concat" else ["--save-context"]
    printed = wordvec_here("train", mixed_file, "-o", output, "--init", given, *still, *kept)
    assert "from --init: 2 of 18 words; the others start at random" in printed.err
    trained = load(str(output))
    assert trained.dim == 4
    for word, row in (("red", 0), ("blue", 1)):
        np.testing.assert_allclose(trained.vector(word), vectors[row], atol=1e-5)
        if has_context and trained.context is not None:
            word_id = trained.vocabulary.find(word.encode())
            np.testing.assert_allclose(trained.context[word_id], context[row], atol=1e-5)
    size = 2 if combine == "concat" else 4
    assert np.abs(trained.vector("monday")).max() <= (2 if combine == "sum" else 1) * 0.5 / size


@pytest.mark.parametrize("combine", ["sum", "concat"])
def test_the_vector_of_unknown_words_is_the_mean_of_the_rarest(
    wordvec_here: Here, many_file: Path, tmp_path: Path, combine: str
) -> None:
    from safetensors.numpy import load_file

    output, without = tmp_path / "v.safetensors", tmp_path / "without.safetensors"
    wordvec_here("train", many_file, "-o", output, *SMALL, "--combine", combine, "--unknown-vector")
    tensors = load_file(output)
    assert tensors["unknown"].shape == (1, tensors["vectors"].shape[1])
    counts = Counter(many_file.read_text().split())
    # equal counts are in byte order, of which the last come first among the rarest
    by_rarity = sorted(counts, key=lambda word: (-counts[word], word.encode()))[::-1]
    rarest = np.array([load(str(output)).vector(word) for word in by_rarity[:100]])
    np.testing.assert_allclose(tensors["unknown"][0], rarest.mean(axis=0, dtype=float), rtol=1e-5, atol=1e-8)
    assert configuration(output)["unknown_vector"] is True
    wordvec_here("train", many_file, "-o", without, *SMALL, "--combine", combine)
    assert "unknown" not in load_file(without)
    np.testing.assert_array_equal(load_file(without)["vectors"], tensors["vectors"])


def test_unk_is_a_word_like_others(wordvec_here: Here, tmp_path: Path) -> None:
    """glove.c fails where its vocabulary has the word <unk>."""
    corpus, output = tmp_path / "corpus.txt", tmp_path / "v.safetensors"
    rng = random.Random(3)
    words = ["<unk>", "unk", "a", "b", "c"]
    corpus.write_text("".join(" ".join(rng.choices(words, k=6)) + "\n" for _ in range(100)))
    wordvec_here("train", corpus, "-o", output, *SMALL, "--unknown-vector")
    trained, counts = load(str(output)), Counter(corpus.read_text().split())
    assert sorted(trained.vocabulary) == sorted(word.encode() for word in words)
    assert trained.vocabulary.counts is not None
    for word in words:
        assert trained.vocabulary.counts[trained.vocabulary.find(word.encode())] == counts[word]
    assert trained.unknown is not None
    vectors = [*trained.matrix.tolist(), list(trained.unknown)]
    assert len(set(map(tuple, vectors))) == len(words) + 1
    printed = wordvec_here("similar", output, "<unk>", "-k", "9")
    assert {line.split("\t")[1] for line in printed.out.splitlines()} == {"unk", "a", "b", "c"}


# ---------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--model", "glove", "--negative", "5"], "--negative: is not for --model glove; leave it out"),
        (["--model", "glove", "--sample", "0"], "--sample: is not for --model glove"),
        (["--model", "glove", "--loss", "negative-sampling"], "--loss: is not for --model glove"),
        (["--model", "glove", "--cbow-sum"], "--cbow-mean: is not for --model glove"),
        (["--model", "glove", "--fixed-window"], "--fixed-window: is not for --model glove"),
        (["--model", "glove", "--min-learning-rate", "0"], "--min-learning-rate: is not for --model glove"),
        (["--model", "glove", "--engine", "gensim"], "--engine gensim: gensim does not train GloVe; leave it out"),
        (["--model", "glove", "--combine", "concat", "--save-context"], "--save-context: --combine concat publishes"),
        (["--model", "glove", "--x-max", "nan"], "--x-max nan: must be a positive number"),
        (["--model", "glove", "--early-stopping", "2"], "--early-stopping: needs a score to act on"),
        (["--x-max", "10"], "--x-max: is not for --model skipgram; leave it out"),
        (["--model", "cbow", "--weight-exponent", "1"], "--weight-exponent: is not for --model cbow"),
        (["--model", "skipgram", "--gradient-clip", "1"], "--gradient-clip: is not for --model skipgram"),
        (["--model", "skipgram", "--combine", "sum"], "--combine: is not for --model skipgram"),
        (["--model", "skipgram", "--unknown-vector"], "--unknown-vector: is not for --model skipgram"),
        (["--model", "skipgram", "--symmetric"], "--symmetric: is not for --model skipgram"),
        (["--model", "skipgram", "--left-only"], "--symmetric: is not for --model skipgram"),
        (["--model", "skipgram", "--flat-weighting"], "--distance-weighting: is not for --model skipgram"),
        (["--model", "skipgram", "--unknown", "gap"], "--unknown: is not for --model skipgram"),
        (["--preset", "glove-2014", "--model", "skipgram"], "--model skipgram: --preset glove-2014 is for glove"),
        (["--preset", "glove-2024", "--model", "cbow"], "--model cbow: --preset glove-2024 is for glove"),
        (["--preset", "word2vec", "--model", "glove"], "--model glove: --preset word2vec is for "),
        (["--preset", "gensim", "--model", "glove"], "--model glove: --preset gensim is for cbow"),
        (["--preset", "glove-2014", "--negative", "5"], "--negative: is not for --model glove"),
        (["--like", "VECTORS", "--model", "glove"], "is for skipgram; leave one of them out"),
        (["--model", "glove", "--pairs", "PAIRS"], "--pairs: takes the place of a corpus; leave the corpus out"),
    ],
)
def test_options_of_another_model_are_usage_errors(
    wordvec_here: Here, corpus_file: Path, vector_file: Path, tmp_path: Path, options: list[str], text: str
) -> None:
    options = [str(vector_file) if option == "VECTORS" else option for option in options]
    printed = wordvec_here("train", corpus_file, "-o", tmp_path / "v.safetensors", *options, status=2)
    assert text in printed.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--window", "5"], "--window: was settled when the pairs were counted; leave it out"),
        (["--left-only"], "--symmetric: was settled when the pairs were counted"),
        (["--distance-weighting"], "--distance-weighting: was settled when the pairs were counted"),
        (["--unknown", "skip"], "--unknown: was settled when the pairs were counted"),
        (["--min-count", "5"], "--min-count: was settled when the pairs were counted"),
        (["--max-vocab", "9"], "--max-vocab: was settled when the pairs were counted"),
        (["--lowercase"], "--pairs: no text is read; leave the options of the tokenizer out"),
        (["--tokenizer", "words"], "--pairs: no text is read; leave the options of the tokenizer out"),
        (["--model", "skipgram"], "--pairs: works with --model glove only; add that, or leave --pairs out"),
        (["--negative", "5"], "--negative: is not for --model glove"),
    ],
)
def test_what_was_settled_when_pairs_were_counted_is_no_option_any_more(
    wordvec_here: Here, pairs: Path, tmp_path: Path, options: list[str], text: str
) -> None:
    before = os.listdir(tmp_path)
    command = ["train", "--pairs", pairs, "-o", tmp_path / "v.safetensors", "--model", "glove"]
    assert text in wordvec_here(*command, *options, status=2).err
    assert os.listdir(tmp_path) == before


def test_pairs_do_not_make_the_default_model_glove(wordvec_here: Here, pairs: Path, tmp_path: Path) -> None:
    printed = wordvec_here("train", "--pairs", pairs, "-o", tmp_path / "v.safetensors", status=2)
    assert "--pairs: works with --model glove only; add that, or leave --pairs out" in printed.err
    wordvec_here("train", "--pairs", pairs, "-o", tmp_path / "v.safetensors", "--preset", "glove-2014", "--epochs", "1")


def test_without_a_corpus_and_without_pairs_there_is_nothing_to_do(wordvec_here: Here, tmp_path: Path) -> None:
    printed = wordvec_here("train", "-o", tmp_path / "v.safetensors", "--model", "glove", status=2)
    assert "CORPUS: is missing; name files or folders, or - for standard input" in printed.err


OF_C = {
    "model": "glove", "vector_size": 50, "window": 15, "symmetric": True, "distance_weighting": True,
    "unknown": "skip", "x_max": 100.0, "weight_exponent": 0.75, "gradient_clip": 100.0, "combine": "sum",
    "unknown_vector": True, "learning_rate": 0.05, "seed": 1, "deterministic": True, "max_vocab": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["glove-2014"], OF_C | {"min_count": 1}),
        (["glove-2014", "--x-max", "7"], OF_C | {"min_count": 1, "x_max": 7.0}),
        (["glove-2024"], OF_C | {"vector_size": 300, "window": 10, "x_max": 10.0, "min_count": 20}),
        (["glove-2024", "--vector-size", "50"], OF_C | {"window": 10, "x_max": 10.0, "min_count": 20}),
    ],
)
def test_presets_are_the_defaults_of_the_c_programs(
    wordvec_here: Here, mixed_file: Path, tmp_path: Path, options: list[str], expected: dict[str, object]
) -> None:
    """vocab_count.c, cooccur.c and glove.c; and Training_README.md for the vectors of 2024."""
    output = tmp_path / "v.safetensors"
    if options[-2:] == ["--vector-size", "50"]:
        expected = expected | {"learning_rate": 0.075}
    wordvec_here("train", mixed_file, "-o", output, "--epochs", "1", "--preset", *options)
    assert configuration(output) == expected | {"epochs": 1}


def test_presets_tell_how_many_epochs() -> None:
    """glove.c: 25. The vectors of 2024: 50 or 100, by the rule of the paper (section 4.2), 100 from 300 dimensions."""
    given: list[tuple[str, dict[str, Any], int]] = [
        ("glove-2014", {}, 25), ("glove-2024", {}, 100), ("glove-2024", {"vector_size": 200}, 50),
        ("glove-2024", {"epochs": 3}, 3),
    ]  # fmt: skip
    for preset, options, epochs in given:
        assert configured(options, PRESETS[preset](options)).epochs == epochs


def test_like_trains_again_to_the_same_bytes(wordvec_here: Here, many_file: Path, pairs: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.safetensors", tmp_path / "again.safetensors"
    options = ["--min-count", "9", "--flat-weighting", "--unknown", "gap", "--seed", "5", "--combine", "word"]
    wordvec_here("train", many_file, "-o", first, *SMALL, *options, "--lowercase", "--unknown-vector")
    wordvec_here("train", many_file, "-o", again, "--like", first)
    assert again.read_bytes() == first.read_bytes()
    wordvec_here("train", many_file, "-o", again, "--like", first, "--x-max", "3")
    assert configuration(again) == configuration(first) | {"x_max": 3.0}
    wordvec_here("train", "--pairs", pairs, "-o", first, *SMALL)
    wordvec_here("train", "--pairs", pairs, "-o", again, "--like", first)
    assert again.read_bytes() == first.read_bytes()
    printed = wordvec_here("train", many_file, "-o", again, "--like", first, "--model", "cbow", status=2)
    assert f"--model cbow: {first} is for glove; leave one of them out" in printed.err


# ---------------------------------------------------------------- scores


def test_each_epoch_is_scored(wordvec_here: Here, mixed_file: Path, tmp_path: Path) -> None:
    """After the last epoch the score is that of the file, by gensim's own evaluation."""
    from gensim.models import KeyedVectors

    word_pairs, output = tmp_path / "topics.tsv", tmp_path / "v.safetensors"
    rows = [("monday", "friday", 9), ("red", "green", 8), ("plan", "meet", 7), ("red", "monday", 1), ("dye", "call", 2)]
    word_pairs.write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in rows))
    options = ["--combine", "concat", "--epochs", "3", "--eval-set", word_pairs, "--progress", "json"]
    printed = wordvec_here("train", mixed_file, "-o", output, *GLOVE, *options)
    epochs = [line for line in map(json.loads, printed.err.splitlines()) if line.get("stage") == "epoch"]
    assert [epoch["done"] for epoch in epochs] == [1, 2, 3]
    assert [epoch["loss"] for epoch in epochs] == losses(output)
    trained = load(str(output))
    assert json.loads(trained.metadata["scores"]) == [{"topics": epoch["topics"]} for epoch in epochs]
    vectors = KeyedVectors(20)
    vectors.add_vectors([word.decode() for word in trained.vocabulary], trained.matrix)
    assert epochs[-1]["topics"] == pytest.approx(vectors.evaluate_word_pairs(str(word_pairs))[1].statistic, abs=1e-6)
    assert epochs[-1]["pairs_per_second_and_thread"] > 0


def test_early_stopping_stops_and_gives_the_best_epoch(wordvec_here: Here, mixed_file: Path, tmp_path: Path) -> None:
    word_pairs, output, shorter = tmp_path / "topics.tsv", tmp_path / "v.safetensors", tmp_path / "shorter.safetensors"
    word_pairs.write_text("monday\tfriday\t9\nred\tmonday\t1\n")  # soon right, and then no score is higher than 1
    stopping = ["--epochs", "50", "--eval-set", word_pairs, "--early-stopping", "2"]
    printed = wordvec_here("train", mixed_file, "-o", output, *GLOVE, *stopping)
    best = int(load(str(output)).metadata["best_epoch"])
    assert len(losses(output)) == best + 2 < 50
    assert f"the vectors are those of epoch {best}" in printed.err
    wordvec_here("train", mixed_file, "-o", shorter, *GLOVE, "--epochs", str(best))
    np.testing.assert_array_equal(load(str(output)).matrix, load(str(shorter)).matrix)


# ---------------------------------------------------------------- runs that are stopped


OFTEN = ["--checkpoint-every", "1e-9"]  # after each round of tiles

# Trains, and is killed when it has written its nth checkpoint, but for giving it its name.
TRAIN_AND_DIE = """
import os, signal, sys
from wordvec_cli.cli import run

n_left, replace = int(sys.argv[1]), os.replace

def replace_or_die(source, target):
    global n_left
    n_left -= str(target).endswith("state.safetensors")
    if not n_left:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

os.replace = replace_or_die
run(["train", *sys.argv[2:]])
"""


@pytest.fixture
def stopped_here(wordvec_here: Here, monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run `wordvec train` in this process, with a Ctrl-C at the first checkpoint after so many epochs and rounds.

    There is one at the end of each epoch at the latest, as a thread may have gone on when one is due.
    """

    def run(epoch: int, n_rounds: int, *arguments: str | Path) -> None:
        save_checkpoint = Checkpoint.save_checkpoint

        def save_and_stop(self: Checkpoint, state: State, parameters: Any) -> None:
            save_checkpoint(self, state, parameters)
            if (state.epoch, state.block) >= (epoch, n_rounds):
                signal.raise_signal(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(Checkpoint, "save_checkpoint", save_and_stop)
            printed = wordvec_here("train", *arguments, *OFTEN, status=130)
        assert "interrupted; the same command with --resume goes on" in printed.err

    return run


def test_a_run_that_is_killed_and_resumed_ends_in_the_same_bytes(
    wordvec_here: Here, many_file: Path, tmp_path: Path
) -> None:
    unbroken, broken = tmp_path / "unbroken.safetensors", tmp_path / "broken.safetensors"
    options = [*GLOVE, "--epochs", "4", "--unknown-vector", "--save-context"]
    wordvec_here("train", many_file, "-o", unbroken, *options, "--threads", "1")
    command = [many_file, "-o", broken, *options, "--resume"]
    for nth in ("2", "3"):
        script = [sys.executable, "-c", TRAIN_AND_DIE, nth, *command, *OFTEN, "--threads", "1"]
        died = subprocess.run(script, capture_output=True, check=False, timeout=60)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert not broken.exists()
    printed = wordvec_here("train", *command, "--threads", "3")
    assert "resuming in epoch " in printed.err
    assert broken.read_bytes() == unbroken.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["broken.safetensors", "unbroken.safetensors"]


@pytest.mark.parametrize(("epoch", "n_rounds"), [(0, 1), (0, 16), (1, 1), (2, 9)])
def test_a_run_that_is_stopped_and_resumed_ends_in_the_same_bytes(
    wordvec_here: Here, stopped_here: Here, mixed_file: Path, tmp_path: Path, epoch: int, n_rounds: int
) -> None:
    """Sixteen rounds are an epoch."""
    unbroken, broken = tmp_path / "unbroken.safetensors", tmp_path / "broken.safetensors"
    wordvec_here("train", mixed_file, "-o", unbroken, *GLOVE, "--epochs", "4")
    stopped_here(epoch, n_rounds, mixed_file, "-o", broken, *GLOVE, "--epochs", "4")
    wordvec_here("train", mixed_file, "-o", broken, *GLOVE, "--epochs", "4", "--resume")
    assert broken.read_bytes() == unbroken.read_bytes()
    assert losses(broken) == losses(unbroken)


def test_a_run_from_pairs_goes_on_with_these_pairs_and_options_only(
    wordvec_here: Here, stopped_here: Here, many_file: Path, vocab: Path, pairs: Path, tmp_path: Path
) -> None:
    unbroken, broken, others = (tmp_path / f"{name}.safetensors" for name in ("unbroken", "broken", "others"))
    wordvec_here("train", "--pairs", pairs, "-o", unbroken, *SMALL)
    command = ["-o", broken, *SMALL]
    stopped_here(0, 5, "--pairs", pairs, *command)
    printed = wordvec_here("train", "--pairs", pairs, *command, status=1)
    assert "add --resume to go on with it, or remove the folder to start afresh" in printed.err
    command.append("--resume")
    printed = wordvec_here("train", "--pairs", pairs, *command, "--x-max", "11", "--combine", "word", status=1)
    assert 'cannot be resumed with --x-max 11.0 (was 10.0), --combine "word" (was "sum")' in printed.err
    wordvec_here("cooccur", many_file, "--vocab", vocab, *OF_PAIRS, "--flat-weighting", "-o", others)
    printed = wordvec_here("train", "--pairs", others, *command, status=1)
    assert "--distance-weighting false (was true), --pairs " in printed.err
    printed = wordvec_here("train", many_file, *OF_PAIRS, *command, status=1)
    assert "--pairs not given (was " in printed.err
    pairs.rename(tmp_path / "moved.safetensors")
    wordvec_here("train", "--pairs", tmp_path / "moved.safetensors", *command)
    assert broken.read_bytes() == unbroken.read_bytes()


def test_a_run_from_records_goes_on_with_the_same_file_only(
    wordvec_here: Here, stopped_here: Here, many_file: Path, vocab: Path, tmp_path: Path
) -> None:
    """They hold no checksum; their size and time stand for them."""
    unbroken, broken, records = tmp_path / "unbroken.safetensors", tmp_path / "v.safetensors", tmp_path / "pairs.bin"
    wordvec_here("cooccur", many_file, "--vocab", vocab, "-o", records)
    of_records = ["--pairs", records, "--vocab", vocab, *SMALL]
    wordvec_here("train", *of_records, "-o", unbroken)
    stopped_here(0, 3, *of_records, "-o", broken)
    status, content = records.stat(), records.read_bytes()
    records.write_bytes(content[: len(content) // 32 * 16])
    printed = wordvec_here("train", *of_records, "-o", broken, "--resume", status=1)
    assert f"cannot be resumed with --pairs {records}, whose size or time has changed" in printed.err
    records.write_bytes(content)
    os.utime(records, ns=(status.st_atime_ns, status.st_mtime_ns))
    wordvec_here("train", *of_records, "-o", broken, "--resume")
    assert broken.read_bytes() == unbroken.read_bytes()


# ---------------------------------------------------------------- what it will take


def figures(printed: Any) -> dict[str, float]:
    rows = [line.split("\t") for line in printed.out.splitlines()]
    return {name: float(value) for name, value, _ in rows}


@pytest.mark.parametrize("options", [["--save-context"], ["--combine", "concat", "--unknown-vector"]], ids=" ".join)
def test_a_dry_run_tells_what_training_takes(
    wordvec_here: Here, many_file: Path, pairs: Path, tmp_path: Path, options: list[str]
) -> None:
    output = tmp_path / "v.safetensors"
    before = sorted(os.listdir(tmp_path))
    dry_run = ["-o", output, *SMALL, *options, "--epochs", "1000", "--dry-run"]  # or it would take 0.0 seconds
    of_text = figures(wordvec_here("train", many_file, *OF_PAIRS, *dry_run))
    of_pairs = figures(wordvec_here("train", "--pairs", pairs, *dry_run))
    assert sorted(os.listdir(tmp_path)) == before
    assert list(of_text) == ["tokens", "words", "pairs", "memory_bytes", "disk_bytes", "file_bytes", "seconds"]
    assert list(of_pairs) == list(of_text)[1:]
    n_pairs = len(read_pairs(str(pairs)).pairs)
    assert of_text["tokens"] == len(many_file.read_text().split())
    assert of_text["words"] == of_pairs["words"] == MANY_WORDS
    assert of_text["pairs"] == pytest.approx(n_pairs, rel=0.25)
    assert of_pairs["pairs"] == n_pairs
    wordvec_here("train", "--pairs", pairs, "-o", output, *SMALL, *options)
    for told in (of_text, of_pairs):
        assert told["file_bytes"] == pytest.approx(output.stat().st_size, rel=0.05)
        assert told["disk_bytes"] > told["file_bytes"]
        assert told["memory_bytes"] > 0
        assert told["seconds"] > 0
