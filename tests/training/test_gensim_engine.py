"""`--engine gensim`: the same words, sentences and files by gensim's trainer."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import COMMAND, TOPICS, Run, run_here
from wordvec_cli import cli
from wordvec_cli.errors import DivergedError
from wordvec_cli.progress import Cancelled
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import gensim_engine, gensim_text
from wordvec_cli.training.gensim_engine import GensimTrainer
from wordvec_cli.training.session import Session
from wordvec_cli.training.word2vec_config import Word2VecConfig
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


BY_GENSIM = ["--engine", "gensim", "--threads", "1"]
SMALL = [*BY_GENSIM, "--vector-size", "8", "--epochs", "2", "--sample", "0"]
KINDS: list[dict[str, Any]] = [
    {"model": "skipgram"},
    {"model": "cbow"},
    {"model": "cbow", "cbow_mean": False, "cbow_gradient": "mean"},
    {"model": "skipgram", "loss": "hierarchical-softmax"},
    {"model": "cbow", "loss": "hierarchical-softmax"},
]


def encoded(path: Path, words: dict[str, int]) -> tuple[Sequences, Vocabulary]:
    vocabulary = Vocabulary.from_words([word.encode() for word in words], words.values())
    return encode(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary), vocabulary


def n_words_trained(trainer: GensimTrainer) -> int:
    """As gensim says itself, over all epochs."""
    events = [event["msg"] for event in trainer.model.lifecycle_events if event["event"] == "train"]
    return int(re.search(r"\((\d+) effective words\)", events[-1])[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def counted_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A corpus whose 60 words have counts of their own, and which gensim reads as it is read for it.

    That is, its four batches end after 9 999 words and a line of two that are not in the vocabulary.
    """
    counts = {f"word{i}": 960 - 10 * i for i in range(60)} | {"word60": 39_996 - 39_900}
    tokens = [word for word, count in counts.items() for _ in range(count)]
    random.Random(1).shuffle(tokens)
    lines = [" ".join(tokens[i : i + 9]) for i in range(0, len(tokens), 9)]
    path = tmp_path_factory.mktemp("counted") / "corpus.txt"
    path.write_text("".join("\n".join([*lines[i : i + 1111], "rare rare\n"]) for i in range(0, len(lines), 1111)))
    return path, counts


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_vectors_are_those_that_gensim_makes_of_the_text_itself(
    counted_file: tuple[Path, dict[str, int]], kind: dict[str, Any]
) -> None:
    """To the bit: gensim draws the first vectors by the rank of a word, not by a hash of it, and no two ranks tie."""
    from gensim.models import Word2Vec

    path, counts = counted_file
    config = Word2VecConfig(
        **kind, vector_size=12, window=3, sample=0.01, epochs=2, seed=3, learning_rate=0.04, min_learning_rate=0.001,
        fixed_window=kind["model"] == "cbow",
        **({} if "loss" in kind else {"negative": 4, "noise_exponent": 0.6}),
    )  # fmt: skip
    trained = gensim_engine.train(GensimTrainer(*encoded(path, counts), config))
    model = Word2Vec(
        corpus_file=str(path), vector_size=12, window=3, sample=0.01, epochs=2, seed=3, alpha=0.04, min_alpha=0.001,
        min_count=9, workers=1, sg=int(kind["model"] == "skipgram"), hs=int("loss" in kind),
        negative=0 if "loss" in kind else 4, ns_exponent=0.6, cbow_mean=int(kind.get("cbow_mean", True)),
        shrink_windows=kind["model"] != "cbow",
    )  # fmt: skip
    np.testing.assert_array_equal(trained.matrix, model.wv[list(counts)])
    if trained.context is not None:
        np.testing.assert_array_equal(trained.context, model.syn1neg)
    assert trained.state.losses == ()


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
def test_words_of_one_topic_become_neighbours(
    wordvec: Run, corpus_file: Path, tmp_path: Path, model: str, loss: str
) -> None:
    path = tmp_path / "v.safetensors"
    options = ["--vector-size", "20", "--epochs", "20", "--sample", "0", "--model", model, "--loss", loss]
    assert wordvec("train", corpus_file, "-o", path, *BY_GENSIM, *options).returncode == 0
    for topic in TOPICS:
        lines = wordvec("similar", path, *topic, "-k", "8").stdout.decode().splitlines()
        neighbours = [line.split("\t")[1] for line in lines]
        assert len(neighbours) == 8 * len(topic)
        assert set(neighbours) <= {*topic, "the"}  # which is in both


def test_the_file_is_as_ours_but_for_the_engine_and_the_losses(
    wordvec: Run, corpus_file: Path, vector_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "v.safetensors"
    result = wordvec(
        "train", corpus_file, "-o", path, *BY_GENSIM, "--vector-size", "20", "--epochs", "20", "--sample", "0",
        "--save-context",
    )  # fmt: skip
    assert result.returncode == 0
    assert b"loss" not in result.stderr
    ours, gensims = load(str(vector_file)), load(str(path))
    assert list(gensims.vocabulary) == list(ours.vocabulary)
    assert list(gensims.vocabulary.counts or []) == list(ours.vocabulary.counts or [])
    assert gensims.metadata.keys() == ours.metadata.keys() - {"losses"} | {"engine"}
    same = ours.metadata.keys() - {"losses", "checksum"}
    assert {name: gensims.metadata[name] for name in same} == {name: ours.metadata[name] for name in same}
    assert re.fullmatch(r"gensim 4\.\d+\.\d+", gensims.metadata["engine"])
    assert gensims.metadata["reproducible"] == "yes"
    assert gensims.context is not None and gensims.context.shape == gensims.matrix.shape
    assert os.listdir(tmp_path) == ["v.safetensors"]


@pytest.mark.parametrize("options", [[], ["--model", "cbow"], ["--loss", "hierarchical-softmax"]])
def test_one_thread_gives_the_same_bytes_in_every_process(
    wordvec: Run, corpus_file: Path, tmp_path: Path, options: list[str]
) -> None:
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.safetensors"
        result = wordvec(
            "train",
            corpus_file,
            "-o",
            path,
            *SMALL,
            *options,
            environment={"PYTHONHASHSEED": seed, "MALLOC_PERTURB_": seed},
        )
        assert result.returncode == 0
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_one_thread_gives_the_same_numbers_in_one_process(
    counted_file: tuple[Path, dict[str, int]], kind: dict[str, Any]
) -> None:
    """Where gensim draws neither noise nor words to drop, it leaves its random numbers unseeded by itself."""
    path, counts = counted_file
    config = Word2VecConfig(**kind, vector_size=4, sample=0, epochs=2)
    first, *others = [gensim_engine.train(GensimTrainer(*encoded(path, counts), config)).matrix for _ in range(6)]
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--resume"], "--resume"),
        (["--early-stopping", "2", "--eval-set", "pairs.tsv"], "--early-stopping"),
        (["--checkpoint-every", "10"], "--checkpoint-every"),
        (["--deterministic", "--threads", "2"], "--deterministic: gensim is deterministic on one thread only"),
        (
            ["--model", "cbow", "--cbow-gradient", "mean"],
            "--cbow-gradient mean: gensim cannot do that",
        ),
        (
            ["--model", "cbow", "--cbow-sum", "--cbow-gradient", "sum"],
            "--cbow-gradient sum: gensim cannot do that",
        ),
        (["--seed", str(2**32)], "--seed 4294967296"),
        (["--learning-rate", "1e38"], "--learning-rate 1e+38"),
    ],
)
def test_what_gensim_does_not_have_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], text: str
) -> None:
    arguments = ["train", "no-such-corpus", "-o", str(tmp_path / "v.safetensors"), "--engine", "gensim", *options]
    assert cli.run(arguments) == 2
    assert capsys.readouterr().err.startswith(f"Error: {text}")
    assert os.listdir(tmp_path) == []


def test_options_that_gensim_has_no_choice_of_take_its_meaning(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    assert wordvec("train", corpus_file, "-o", path, *SMALL, "--model", "cbow", "--cbow-sum").returncode == 0
    assert json.loads(load(str(path)).metadata["configuration"])["cbow_gradient"] == "mean"
    assert wordvec("train", corpus_file, "-o", path, *SMALL, "--deterministic").returncode == 0


def test_words_and_paths_may_be_any_bytes(wordvec: Run, tmp_path: Path) -> None:
    words = [b"caf\xe9", b"x" * 100_000, "東京".encode(), b"\x00", b"plain"]
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    result = wordvec("train", "-", "-o", folder / "v.safetensors", *SMALL, stdin=(b" ".join(words) + b"\n") * 20)
    assert result.returncode == 0, result.stderr
    vectors = load(str(folder / "v.safetensors"))
    assert sorted(vectors.vocabulary) == sorted(words)
    assert np.isfinite(vectors.matrix).all()


def test_a_line_that_is_too_long_for_gensim_is_trained_on_whole(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text("a b unknown c d " * 6_250 + "\nunknown\n\na unknown b\n")
    config = Word2VecConfig(vector_size=4, sample=0, epochs=3)
    trainer = GensimTrainer(*encoded(path, {"a": 9, "b": 8, "c": 7, "d": 6}), config)
    gensim_engine.train(trainer)
    assert n_words_trained(trainer) == 3 * (25_000 + 2)


@pytest.mark.parametrize("tokens_per_chunk", [1, 2, 7, 1000])
def test_gensim_reads_the_known_words_of_every_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tokens_per_chunk: int
) -> None:
    monkeypatch.setattr(gensim_text, "TOKENS_PER_CHUNK", tokens_per_chunk)
    monkeypatch.setattr(gensim_text, "WORDS_PER_BLOCK", 3)
    monkeypatch.setattr(gensim_text, "GENSIMS_BATCH", 5)
    rng = random.Random(1)
    lines = [rng.choices(["0", "1", "10", "?"], k=rng.choice([0, 1, 2, 6, 7])) for _ in range(50)]
    path = tmp_path / "corpus.txt"
    path.write_text("".join(" ".join(line) + "\n" for line in [["?"], [], *lines]))
    sequences, _ = encoded(path, {str(i): 1 for i in range(11)})
    text = gensim_text.write_text(sequences, 11, 2, tmp_path)
    known = [[f"{int(word):02d}" for word in line if word != "?"] for line in lines]
    sentences = [" ".join(line[i : i + 3]) for line in known for i in range(0, len(line), 3)]
    blocks = [text.path.read_text()[i : i + 15].splitlines() for i in range(0, text.path.stat().st_size, 15)]
    assert [line for block in blocks for line in block[:-1]] == sentences
    assert all(re.fullmatch("(__ ){1,4}__", block[-1]) and len(" ".join(block)) == 14 for block in blocks)
    assert len(blocks) % 2 == 0
    assert (text.n_lines, text.total_words) == (len(sentences) + len(blocks), 5 * len(blocks) - 2)
    assert list(gensim_text.names_of_words(11))[10] == "10"


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("words_per_line", [1, 9, 7_000])
def test_threads_read_every_word_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, n_threads: int, words_per_line: int
) -> None:
    """gensim by itself leaves out what its batches of lines have beyond 10 000 words, and reads some words twice."""
    monkeypatch.setattr(gensim_engine, "WORDS_PER_THREAD", 10_000)
    path = tmp_path / "corpus.txt"
    path.write_text(("a " * (words_per_line - 1) + "b\n") * (50_000 // words_per_line) + "a b\n")
    sequences, vocabulary = encoded(path, {"a": 9, "b": 8})
    trainer = GensimTrainer(sequences, vocabulary, Word2VecConfig(vector_size=4, sample=0, epochs=2))
    assert gensim_engine.train(trainer, Session(n_threads)).state.n_threads == n_threads
    assert n_words_trained(trainer) == 2 * sequences.n_known


def test_few_words_are_for_one_thread(counted_file: tuple[Path, dict[str, int]]) -> None:
    path, counts = counted_file
    trainer = GensimTrainer(*encoded(path, counts), Word2VecConfig(vector_size=4, epochs=1))
    assert gensim_engine.train(trainer, Session(n_threads=2)).state.n_threads == 1


def test_epochs_are_scored_and_reported(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("monday\ttuesday\t9\nred\tblue\t8\nmonday\tred\t1\nplan\tmix\t0\n")
    result = wordvec(
        "train", corpus_file, "-o", tmp_path / "v.safetensors", *SMALL, "--eval-set", pairs, "--progress", "json"
    )
    epochs = [line for line in map(json.loads, result.stderr.splitlines()) if line.get("stage") == "epoch"]
    assert [line["done"] for line in epochs] == [1, 2]
    for line in epochs:
        assert line["words_per_second"] == line["words_per_second_and_thread"] > 0
        assert "loss" not in line
        assert -1 <= next(value for name, value in line.items() if "pairs" in name) <= 1


def test_training_starts_from_other_vectors(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    wordvec("train", corpus_file, "-o", first, *SMALL, "--save-context")
    wordvec("train", corpus_file, "-o", second, *SMALL, "--save-context", "--init", first, "--learning-rate", "1e-9")
    start, end = load(str(first)), load(str(second))
    np.testing.assert_allclose(end.matrix, start.matrix, atol=1e-5)
    np.testing.assert_allclose(end.context, start.context, atol=1e-5)
    assert end.metadata["init"] == start.metadata["checksum"]


@pytest.mark.parametrize("options", [[], ["--loss", "hierarchical-softmax"]])
@pytest.mark.parametrize("text", [b"alone\n" * 20, b"one\ntwo\n" * 20])
def test_a_corpus_without_pairs_is_told_as_ever(wordvec: Run, tmp_path: Path, text: bytes, options: list[str]) -> None:
    result = wordvec("train", "-", "-o", tmp_path / "v.safetensors", *SMALL, *options, stdin=text)
    assert result.returncode == 1
    has_no_tree = bool(options) and b"one" not in text.split()
    reason = (
        b"--loss hierarchical-softmax: a tree needs two words"
        if has_no_tree
        else b"no line of the corpus has two words"
    )
    assert b"Error: " + reason in result.stderr
    assert os.listdir(tmp_path) == []


def test_a_corpus_that_sampling_leaves_nothing_of_is_told_as_ever(wordvec: Run, tmp_path: Path) -> None:
    result = wordvec(
        "train", "-", "-o", tmp_path / "v.safetensors", *BY_GENSIM, "--sample", "1e-18", stdin=b"a b\n" * 20
    )
    assert result.returncode == 1
    assert b"Error: --sample 1e-18 left no two words on any line" in result.stderr


def test_numbers_that_are_not_finite_are_told_and_not_given(tmp_path: Path) -> None:
    """They get in by the row of a word that is not in the corpus: where gensim itself meets one, it crashes."""
    path = tmp_path / "corpus.txt"
    path.write_text("a b c\n" * 20)
    trainer = GensimTrainer(*encoded(path, {"a": 9, "b": 8, "c": 7, "absent": 6}), Word2VecConfig(vector_size=4))

    def spoil() -> dict[str, float]:
        trainer.matrix[3, 0] = np.nan
        return {}

    with pytest.raises(DivergedError, match="in epoch 2; lower --learning-rate"):
        gensim_engine.train(trainer, Session(score=spoil))


def test_vectors_to_start_from_are_finite(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    from wordvec_cli.vectors.native import save

    matrix = np.full((1, 8), np.inf, np.float32)
    save(str(tmp_path / "inf.safetensors"), Vocabulary.from_words([b"monday"], [1]), matrix, {})
    output = tmp_path / "v.safetensors"
    result = wordvec("train", corpus_file, "-o", output, *SMALL, "--init", tmp_path / "inf.safetensors")
    assert result.returncode == 1
    assert b"Error: --init: some of its numbers are not finite" in result.stderr
    assert not output.exists()


def test_a_cancelled_training_leaves_no_thread_and_no_file(
    counted_file: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    path, counts = counted_file
    trainer = GensimTrainer(*encoded(path, counts), Word2VecConfig(epochs=1_000_000), folder=tmp_path)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        gensim_engine.train(trainer, Session(is_cancelled=lambda: True))
    assert threading.active_count() == before
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("copies", [1, 200])
def test_a_signal_ends_it_and_leaves_the_old_output_alone(
    corpus_file: Path, tmp_path: Path, number: signal.Signals, status: int, copies: int
) -> None:
    """In the midst of an epoch that takes far longer than is waited here, too."""
    corpus, output = tmp_path / "corpus.txt", tmp_path / "out" / "v.safetensors"
    corpus.write_bytes(corpus_file.read_bytes() * copies)
    output.parent.mkdir()
    output.write_bytes(b"old")
    with subprocess.Popen(
        [*COMMAND, "train", corpus, "-o", output, *BY_GENSIM, "--epochs", "1000000", "--progress", "json",
         "--sample", "0", "--vector-size", str(5 * copies)], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr
        for line in map(json.loads, process.stderr):
            if line.get("stage") == "writing for gensim" and line["done"] == line["total"]:
                break
        time.sleep(1)  # it is training now
        process.send_signal(number)
        _, errors = process.communicate(timeout=15)
    assert process.returncode == status
    others = [line for line in map(json.loads, errors.splitlines()) if line.get("stage") not in ("training", "epoch")]
    assert others == ([{"error": "interrupted"}] if number == signal.SIGINT else [])
    assert output.read_bytes() == b"old"
    assert os.listdir(output.parent) == ["v.safetensors"]


def test_our_own_trainer_does_not_import_gensim(corpus_file: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from wordvec_cli.cli import run; "
        f"print(run(['train', {str(corpus_file)!r}, '-o', {str(tmp_path / 'v.safetensors')!r}, '--quiet']), "
        "'gensim' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"0 False\n"
