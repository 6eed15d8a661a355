"""What training says about itself: alarms that sound when they should and stay silent else, and small corpora."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.sequences.word_ids import encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import loop, speed
from wordvec_cli.training.frequencies import trained_counts
from wordvec_cli.training.session import ALONE, State
from wordvec_cli.training.word2vec import Word2VecTrainer
from wordvec_cli.training.word2vec_config import HIERARCHICAL_SOFTMAX, Word2VecConfig
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary

from tests.conftest import run_here  # isort: skip

TOY = (
    "the cat sat on the mat\nthe dog sat on the rug\na cat and a dog met\nthe mat is on the rug\na dog is a pet\n"
    "my cat is my pet\n"
)
LOSSES = pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
ALARM = "untrained vectors"


def written(folder: Path, text: str) -> Path:
    path = folder / "text.txt"
    path.write_text(text)
    return path


def trained(corpus: Path, *options: str) -> tuple[int, str]:
    result = run_here("train", corpus, "-o", corpus.with_name("v.safetensors"), "--threads", "1", *options)
    return result.returncode, result.stderr.decode()


def trainer_of(folder: Path, text: str, counts: dict[bytes, int], **options: object) -> Word2VecTrainer:
    vocabulary = Vocabulary.from_words(list(counts), list(counts.values()))
    sequences = encode(Corpus.open([str(written(folder, text))], Tokenizer(), folder), vocabulary)
    trainer = Word2VecTrainer(sequences, vocabulary, Word2VecConfig(**options))  # type: ignore[arg-type]
    trainer.load_kernel(1)
    return trainer


# ---------------------------------------------------------------- the loss of untrained vectors


def test_of_a_tree_it_is_that_of_the_words_that_are_trained_not_of_the_vocabulary(tmp_path: Path) -> None:
    """Huffman codes of 4, 2, 1, 1 have 1, 2, 3, 3 bits; only the long ones occur, and `a` on lines without pairs."""
    trainer = trainer_of(
        tmp_path, "c d\n" * 9 + "a\n" * 99, {b"a": 4, b"b": 2, b"c": 1, b"d": 1}, loss=HIERARCHICAL_SOFTMAX, sample=0
    )
    assert trainer.untrained_loss == pytest.approx(3 * math.log(2), rel=1e-12)
    assert trainer.exploded_loss == pytest.approx(30 * math.log(2), rel=1e-12)


@pytest.mark.parametrize("sample", [0, 0.1])
def test_of_a_tree_it_is_what_training_begins_with(sample: float, tmp_path: Path) -> None:
    text = "".join(f"{'a ' * (i % 3 + 1)}{'b ' * (i % 2)}c d{' e' * (i % 5)}\n" for i in range(3000))
    words = text.split()
    trainer = trainer_of(
        tmp_path, text, {word.encode(): words.count(word) for word in "abcde"},
        loss=HIERARCHICAL_SOFTMAX, sample=sample, learning_rate=1e-9, epochs=1,
    )  # fmt: skip
    assert loop.run(trainer, ALONE).losses[0] == pytest.approx(trainer.untrained_loss, rel=0.03)


def test_of_noise_words_those_that_are_the_word_to_predict_are_left_out(tmp_path: Path) -> None:
    """Of two words that are equally frequent, every second noise word is the one to predict."""
    trainer = trainer_of(tmp_path, "a b\n" * 9, {b"a": 9, b"b": 9}, negative=4, sample=0)
    assert trainer.untrained_loss == pytest.approx((1 + 4 / 2) * math.log(2), rel=1e-12)


def test_words_are_counted_as_often_as_others_stand_near_them(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c"], [1, 1, 1])
    text = written(tmp_path, "a b\na\na b c\n\n" + "c x " * 50 + "\n")
    sequences = encode(Corpus.open([str(text)], Tokenizer(), tmp_path), vocabulary)
    counts = trained_counts(sequences, np.ones(3, np.uint32), window=5)
    assert counts.tolist() == [1 + 2, 1 + 2, 2 + 50 * 10]


# ---------------------------------------------------------------- alarms


@LOSSES
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_an_ordinary_training_raises_no_alarm(model: str, loss: str, corpus_file: Path) -> None:
    status, errors = trained(corpus_file, "--model", model, "--loss", loss, "--sample", "0", "--vector-size", "10")
    assert (status, ALARM in errors) == (0, False)


@LOSSES
def test_text_of_one_field_with_a_general_vocabulary_raises_no_alarm(
    loss: str, corpus_file: Path, tmp_path: Path
) -> None:
    """The vocabulary has the corpus's words as its rarest, with codes far longer than the mean."""
    words = sorted(set(corpus_file.read_text().split()))
    general = [(f"w{i}", 10_000 // (i + 1)) for i in range(500)]
    vocabulary = tmp_path / "general.tsv"
    vocabulary.write_text("".join(f"{word}\t{count}\n" for word, count in [*general, *((word, 1) for word in words)]))
    result = run_here(
        "train", corpus_file, "--vocab", vocabulary, "-o", tmp_path / "v.safetensors", "--loss", loss, "--sample", "0",
        "--vector-size", "10", "--threads", "1", "--epochs", "3",
    )  # fmt: skip
    assert result.returncode == 0
    assert ALARM.encode() not in result.stderr


@LOSSES
@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_a_training_that_learns_nothing_says_so(model: str, loss: str, corpus_file: Path) -> None:
    status, errors = trained(
        corpus_file, "--model", model, "--loss", loss, "--learning-rate", "1e-8", "--epochs", "1", "--sample", "0",
        "--vector-size", "10",
    )  # fmt: skip
    assert status == 0
    assert "next to nothing was learnt; raise --epochs, or --learning-rate" in errors.splitlines()[-1]


@LOSSES
def test_a_training_that_does_harm_says_so(loss: str, tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, "a b c\n" * 999, {b"a": 9, b"b": 9, b"c": 9}, loss=loss)
    assert trainer.complaint([1.2 * trainer.untrained_loss]).endswith(
        "training made the vectors worse; lower --learning-rate or --window"
    )
    assert not trainer.complaint([2 * trainer.untrained_loss, 0.9 * trainer.untrained_loss])


@pytest.mark.parametrize("rate", ["1000", "1e9"])
def test_a_rate_that_is_far_too_high_is_told(rate: str, corpus_file: Path) -> None:
    status, errors = trained(corpus_file, "--learning-rate", rate, "--sample", "0", "--epochs", "2")
    assert status == 0  # a step of ours is bounded, so that this does not leave the finite numbers
    assert errors.splitlines()[-1].endswith("training made the vectors worse; lower --learning-rate or --window")


def test_glove_with_one_pair_raises_no_alarm(tmp_path: Path) -> None:
    assert ALARM not in trained(written(tmp_path, "a b\n" * 9), "--model", "glove", "--vector-size", "5")[1]


# ---------------------------------------------------------------- refusals say what is true


def test_a_tree_of_one_word_is_refused_before_any_epoch(tmp_path: Path) -> None:
    options = "--min-count", "1", "--sample", "0", "--loss", "hierarchical-softmax"
    status, errors = trained(written(tmp_path, "a a a\n"), *options)
    assert status == 1
    assert "epoch 1/" not in errors
    assert "a tree needs two words, and the vocabulary has one" in errors.splitlines()[-1]


@pytest.mark.parametrize("engine", ["wordvec", "gensim"])
def test_no_pairs_are_blamed_on_what_is_to_blame(engine: str, tmp_path: Path) -> None:
    options = "--engine", engine, "--min-count", "1"
    _, errors = trained(written(tmp_path, "a\nb\na\n"), *options, "--sample", "0")
    assert errors.splitlines()[-1].startswith("Error: no line of the corpus has two words of the vocabulary")
    _, errors = trained(written(tmp_path, "a b\n"), *options, "--sample", "1e-12")
    assert errors.splitlines()[-1].startswith("Error: --sample 1e-12 left no two words on any line")


# ---------------------------------------------------------------- small corpora


def test_an_epoch_without_pairs_says_so_and_has_no_loss(tmp_path: Path) -> None:
    corpus = written(tmp_path, TOY)
    status, errors = trained(corpus, "--min-count", "1", "--epochs", "20")
    assert status == 0
    assert "epoch 1/20: no pairs, " in errors
    assert "loss 0," not in errors
    losses = json.loads(load(corpus.with_name("v.safetensors")).metadata["losses"])
    assert losses[0] is None
    assert 0 not in losses
    _, errors = trained(corpus, "--min-count", "1", "--epochs", "20", "--progress", "json")
    records = [json.loads(line) for line in errors.splitlines()]
    assert next(each for each in records if each.get("stage") == "epoch")["loss"] is None


def test_a_small_corpus_is_told_what_the_defaults_do_to_it(tmp_path: Path) -> None:
    _, errors = trained(written(tmp_path, TOY), "--epochs", "5")
    (advice,) = [line for line in errors.splitlines() if "are few to train on" in line]
    assert advice.startswith("34 words are few to train on: --sample 0.001 drops ")
    assert advice.endswith("% of the words in each epoch, 5 epochs are not enough; better: --sample 0 --epochs 1000")


def test_who_follows_the_advice_gets_vectors_and_no_more_advice(tmp_path: Path) -> None:
    corpus = written(tmp_path, TOY)
    status, errors = trained(corpus, "--min-count", "1", "--sample", "0", "--epochs", "1000", "--vector-size", "20")
    assert status == 0
    assert "are few to train on" not in errors
    assert ALARM not in errors
    assert json.loads(load(corpus.with_name("v.safetensors")).metadata["losses"])[-1] < 2.5


def test_a_corpus_of_ordinary_size_gets_no_advice(tmp_path: Path) -> None:
    corpus = written(tmp_path, "a b c d e\n" * 4000)
    assert "are few to train on" not in trained(corpus, "--epochs", "1", "--vector-size", "4")[1]


# ---------------------------------------------------------------- classifiers


def classified(folder: Path, text: str, *options: str) -> str:
    result = run_here(
        "classify", "train", written(folder, text), "-o", folder / "m.safetensors", "--threads", "1", *options
    )
    assert result.returncode == 0
    return result.stderr.decode()


FIVE_LINES = (
    "__label__a one two\n__label__b three four\n__label__a two five\n__label__b four six\n__label__a one five\n"
)


@pytest.mark.parametrize("loss", ["softmax", "hierarchical-softmax", "one-vs-all"])
def test_a_classifier_that_learns_nothing_says_so_and_one_that_learns_does_not(loss: str, tmp_path: Path) -> None:
    too_little = "--loss", loss, "--epochs", "5", "--learning-rate", "0.1"
    assert "next to nothing was learnt; raise --epochs" in classified(tmp_path, FIVE_LINES, *too_little)
    enough = "--loss", loss, "--epochs", "200", "--learning-rate", "0.5"
    assert "next to nothing" not in classified(tmp_path, FIVE_LINES, *enough)


def test_a_classifier_that_learns_only_how_frequent_labels_are_says_so(tmp_path: Path) -> None:
    """19 lines of 20 are of one label, all of one word: guessing has -(.95 ln .95 + .05 ln .05) = 0.1985."""
    lines = ["__label__a word\n"] * 19 + ["__label__b word\n"]
    errors = classified(tmp_path, "".join(lines), "--epochs", "50")
    assert "guessing labels by their frequency has 0.1985: next to nothing was learnt" in errors


# ---------------------------------------------------------------- speed


def test_the_rate_is_the_recent_one_while_it_trains_and_the_epochs_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Steady:
        n_epochs, n_blocks, unit, units_per_epoch = 2, 10, "words", 1000

    clock = [0.0]
    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock[0])
    speeds = speed.Speed(Steady(), State(), 1)  # type: ignore[arg-type]
    for block in range(1, 11):  # 100 words a second
        clock[0] += 1
        progress = speeds.block(State(block=block))
    assert progress.stats["words_per_second"] == pytest.approx(100)
    assert speeds.epoch(State(epoch=1, losses=(1.0,)), {}).stats["words_per_second"] == pytest.approx(100)
    for block in range(1, 11):  # 20 words a second
        clock[0] += 5
        progress = speeds.block(State(epoch=1, block=block))
    assert progress.stats["words_per_second"] == pytest.approx(20)
    assert speeds.epoch(State(epoch=2, losses=(1.0, 1.0)), {}).stats["words_per_second"] == pytest.approx(20)


# ---------------------------------------------------------------- presets and vectors to start from


@pytest.fixture(scope="module")
def gensims_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gensim.models import KeyedVectors

    path = tmp_path_factory.mktemp("gensim") / "w.kv"
    vectors = KeyedVectors(4)
    vectors.add_vectors(["one", "two"], np.eye(2, 4, dtype=np.float32))
    vectors.save(str(path))
    return path


@pytest.mark.parametrize("command", [("train", "--min-count", "1", "--sample", "0"), ("classify", "train")])
def test_training_starts_from_gensims_file_as_its_refusal_says(
    command: tuple[str, ...], gensims_file: Path, tmp_path: Path
) -> None:
    corpus = written(tmp_path, FIVE_LINES)
    arguments = *command, corpus, "-o", tmp_path / "v.safetensors", "--threads", "1", "--init", gensims_file
    refused = run_here(*arguments)
    assert refused.returncode != 0
    assert b"add --allow-pickle" in refused.stderr
    result = run_here(*arguments, "--allow-pickle", "--from", "gensim")
    assert result.returncode == 0
    assert b"from --init: " in result.stderr
    assert load(tmp_path / "v.safetensors").dim == 4


@pytest.mark.parametrize("option", [("--allow-pickle",), ("--from", "gensim")])
def test_how_to_read_the_file_of_init_is_refused_without_one(option: tuple[str, ...], tmp_path: Path) -> None:
    status, errors = trained(written(tmp_path, TOY), *option)
    assert status == 2
    assert f"{option[0]}: says how the file of --init is read" in errors
