"""Folders of trainings: samples against a plain twin, the same bytes however they are made, and what is refused."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, stop_at_checkpoint
from wordvec_cli.errors import InputError
from wordvec_cli.parallel import usable_cpus
from wordvec_cli.sequences.samples import bootstrap, write_sample
from wordvec_cli.sequences.word_ids import Sequences, encode
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary

OPTIONS = ["--vector-size", "8", "--epochs", "3"]
N = 3
NAMES = [f"bootstrap-{i:03}.safetensors" for i in range(1, N + 1)]


def encoded(path: Path, lines: list[bytes]) -> tuple[Sequences, Vocabulary]:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c"])
    return encode(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary), vocabulary


def made(corpus: Path, output: Path, *options: str) -> list[bytes]:
    """The content of the files of a folder of bootstraps."""
    result = run_here("train", corpus, "-o", output, *OPTIONS, "--bootstrap", str(N), *options)
    assert result.returncode == 0, result.stderr
    assert sorted(os.listdir(output)) == NAMES
    return [(output / name).read_bytes() for name in NAMES]


@pytest.fixture(scope="module")
def bootstraps(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bootstraps") / "models"
    made(corpus_file, folder, "--threads", "1")
    return folder


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in NAMES]


def test_a_sample_has_each_line_as_often_as_it_was_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = [b" ".join(rng.choice([b"a", b"b", b"c", b"x"], rng.integers(0, 5))) for _ in range(200)]
    sequences, _ = encoded(tmp_path / "c.txt", lines)
    times = bootstrap(len(lines), 7)
    drawn = [line for line, n in zip(lines, times, strict=True) for _ in range(n)]
    expected, _ = encoded(tmp_path / "drawn.txt", drawn)
    sample = write_sample(sequences, times, tmp_path)
    assert sample.ids.tolist() == expected.ids.tolist()
    assert sample.offsets.tolist() == expected.offsets.tolist()
    assert (sample.n_known, sample.statistics.n_tokens) == (expected.n_known, expected.statistics.n_tokens)


def test_lines_are_drawn_with_replacement_by_seed() -> None:
    times = bootstrap(100_000, 1)
    assert times.sum() == 100_000
    assert times.tolist() == bootstrap(100_000, 1).tolist() != bootstrap(100_000, 2).tolist()
    for n in range(5):  # Poisson's shares, as for any large number of lines
        assert np.mean(times == n) == pytest.approx(np.exp(-1) / np.prod(range(1, n + 1)), abs=0.005)
    with pytest.raises(InputError, match="--bootstrap: the corpus has 1 line"):
        bootstrap(1, 1)


def test_a_bootstrap_is_the_training_on_the_lines_that_were_drawn(
    corpus_file: Path, bootstraps: Path, tmp_path: Path
) -> None:
    run_here("build-vocab", corpus_file, "-o", tmp_path / "v.tsv", "--min-count", "5")
    lines = corpus_file.read_bytes().splitlines(keepends=True)
    times = bootstrap(len(lines), 2)
    (tmp_path / "drawn.txt").write_bytes(b"".join(line * n for line, n in zip(lines, times.tolist(), strict=True)))
    alone = tmp_path / "alone.safetensors"
    more = ["--vocab", tmp_path / "v.tsv", "--seed", "2", "--threads", "1"]
    assert run_here("train", tmp_path / "drawn.txt", "-o", alone, *OPTIONS, *more).returncode == 0
    found, expected = load(str(bootstraps / NAMES[1])), load(str(alone))
    assert found.matrix.tobytes() == expected.matrix.tobytes()
    assert (found.metadata["seed"], found.metadata["bootstrap"]) == ("2", "lines")
    assert found.metadata["vocabulary_fingerprint"] == expected.metadata["vocabulary_fingerprint"]


def test_bootstraps_are_the_same_bytes_with_other_threads(corpus_file: Path, bootstraps: Path, tmp_path: Path) -> None:
    assert made(corpus_file, tmp_path / "models", "--threads", "3") == contents(bootstraps)


@pytest.mark.parametrize("model", [["--deterministic"], ["--model", "glove", "--window", "3"]], ids=" ".join)
def test_what_takes_all_threads_for_each_training_gives_the_same_bytes_too(
    corpus_file: Path, tmp_path: Path, model: list[str]
) -> None:
    first = made(corpus_file, tmp_path / "one", *model, "--threads", "1")
    assert made(corpus_file, tmp_path / "many", *model, "--threads", "4") == first
    assert len(set(first)) == N


def test_seeds_are_the_trainings_that_one_makes_one_by_one(corpus_file: Path, tmp_path: Path) -> None:
    folder, alone = tmp_path / "models", tmp_path / "alone.safetensors"
    assert run_here("train", corpus_file, "-o", folder, *OPTIONS, "--seeds", "2", "--seed", "5").returncode == 0
    assert sorted(os.listdir(folder)) == ["seed-005.safetensors", "seed-006.safetensors"]
    assert run_here("train", corpus_file, "-o", alone, *OPTIONS, "--seed", "6", "--threads", "1").returncode == 0
    assert (folder / "seed-006.safetensors").read_bytes() == alone.read_bytes()
    assert not (tmp_path / "models.checkpoint").exists()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_folder_that_is_killed_and_resumed_again_and_again_ends_in_the_same_bytes(
    corpus_file: Path, bootstraps: Path, tmp_path: Path, threads: str
) -> None:
    folder = tmp_path / "models"
    command = ["train", corpus_file, "-o", folder, *OPTIONS, "--bootstrap", str(N), "--threads", threads, "--resume"]
    for number, nth in ((signal.SIGKILL, 2), (signal.SIGINT, 3)):
        assert stop_at_checkpoint(*command, number=number, nth=nth) == (130 if number == signal.SIGINT else -number)
        result = run_here("similar", folder, "monday")
        assert result.returncode == 1
        assert b"its trainings have not ended; finish them with --resume" in result.stderr
    assert run_here(*command[:-1]).stderr.count(b"add --resume to go on with it") == 1
    assert run_here(*command).returncode == 0
    assert contents(folder) == contents(bootstraps)
    assert sorted(os.listdir(tmp_path)) == ["models"]


def test_more_bootstraps_are_added_to_those_that_are_there(corpus_file: Path, bootstraps: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    command = ["train", corpus_file, "-o", folder, *OPTIONS, "--threads", "2"]
    assert run_here(*command, "--bootstrap", "2").returncode == 0
    refused = run_here(*command, "--bootstrap", "3")
    assert refused.returncode == 1
    assert b"holds bootstrap-001.safetensors already" in refused.stderr
    other = run_here(*command, "--bootstrap", "3", "--resume", "--window", "2")
    assert b"bootstrap-001.safetensors: is of another training" in other.stderr
    assert run_here(*command, "--bootstrap", "3", "--resume").returncode == 0
    assert contents(folder) == contents(bootstraps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lowercase"], "the tokenizer's lowercase not given, not true; the words); give the options of that one"),
        (["--min-count", "2"], "(--min-count 1, not 2; "),
        (["--max-vocab", "20"], "(--max-vocab not given, not 20; the words); "),
        (["--min-count", "2", "--window", "2"], "(--window 5, not 2; --min-count 1, not 2; "),
    ],
)
def test_a_file_with_other_words_is_of_another_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    lines = [" ".join(f"{'Ww'[n % 2]}{n // 2}" for n in rng.zipf(1.3, 12) % 60) for _ in range(100)]
    Path("c.txt").write_text("\n".join(["only here", *lines]))
    command = ["train", "c.txt", "-o", "m", *OPTIONS, "--threads", "1", "--min-count", "1"]
    assert run_here(*command, "--seeds", "2").returncode == 0
    refused = run_here(*command, "--seeds", "3", "--resume", *options)
    assert refused.returncode == 1
    told = refused.stderr.decode()
    assert "m/seed-001.safetensors: is of another training (" in told
    assert message in told
    assert sorted(os.listdir("m")) == ["seed-001.safetensors", "seed-002.safetensors"]
    assert run_here(*command, "--seeds", "3", "--resume").returncode == 0


def test_a_file_made_with_another_vocabulary_is_of_another_training(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_here("build-vocab", corpus_file, "-o", "a.tsv")
    run_here("build-vocab", corpus_file, "--max-vocab", "5", "-o", "b.tsv")
    command = ["train", corpus_file, "-o", "m", *OPTIONS, "--threads", "1", "--resume"]
    assert run_here(*command, "--seeds", "2", "--vocab", "a.tsv").returncode == 0
    refused = run_here(*command, "--seeds", "3", "--vocab", "b.tsv")
    assert b"m/seed-001.safetensors: is of another training (the words); " in refused.stderr
    assert run_here(*command, "--seeds", "3", "--vocab", "a.tsv").returncode == 0


def test_another_number_or_kind_of_trainings_is_refused_on_resuming(corpus_file: Path, tmp_path: Path) -> None:
    command = ["train", corpus_file, "-o", tmp_path / "models", *OPTIONS, "--threads", "1"]
    assert stop_at_checkpoint(*command, "--bootstrap", "3", number=signal.SIGKILL, nth=1) == -signal.SIGKILL
    result = run_here(*command, "--bootstrap", "4", "--resume")
    assert b'cannot be resumed with the trainings {"bootstrap": 4} (was {"bootstrap": 3})' in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "v.safetensors", "--bootstrap", "2"], "-o v.safetensors names a file; name a folder"),
        (["-o", "-", "--seeds", "2"], "--seeds: writes a folder of vector files; name it with --output"),
        (["-o", "m", "--seeds", "2", "--bootstrap", "2"], "--bootstrap and --seeds exclude each other"),
        (["-o", "m", "--seeds", "2", "--engine", "gensim"], "--seeds: is not for --engine gensim"),
        (["-o", "m", "--seeds", "2", "--to", "glove"], "--to glove: "),
        (["-o", "strange", "--seeds", "2"], "strange: holds notes.txt already"),
        (["-o", "strange", "--seeds", "2", "--resume"], "strange/notes.txt: is not of these trainings"),
        (["-o", "m", "--seeds", "2", "--min-count", "9999"], "lower --min-count"),
    ],
)
def test_what_cannot_be_a_folder_of_trainings_is_refused_and_leaves_nothing(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "notes.txt").touch()
    result = run_here("train", corpus_file, *OPTIONS, *options)
    assert result.returncode in (1, 2)
    assert message in result.stderr.decode()
    assert os.listdir(tmp_path) == ["strange"]


@pytest.mark.parametrize(("output", "left"), [("mine", ["mine"]), ("mine/a/b", ["mine"]), ("a/b/c/", ["mine"])])
def test_what_fails_takes_away_the_folders_that_it_made_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, left: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    result = run_here("train", "nothere.txt", "-o", output, *OPTIONS, "--seeds", "2")
    assert result.returncode == 1
    assert b"nothere.txt" in result.stderr
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == left


def test_a_dry_run_tells_what_all_trainings_take(corpus_file: Path, bootstraps: Path, tmp_path: Path) -> None:
    command = ["train", corpus_file, "-o", tmp_path / "m", *OPTIONS, "--bootstrap", str(N), "--dry-run"]
    result = run_here(*command, "--threads", str(min(2, usable_cpus())))
    found = {line.split(b"\t")[0].decode(): line.split(b"\t")[1] for line in result.stdout.splitlines()}
    sizes = [os.path.getsize(bootstraps / name) for name in NAMES]
    assert int(found["file_bytes"]) == pytest.approx(sum(sizes), rel=0.5)
    assert os.listdir(tmp_path) == []


def test_progress_counts_the_trainings(corpus_file: Path, tmp_path: Path) -> None:
    result = run_here("train", corpus_file, "-o", tmp_path / "m", *OPTIONS, "--seeds", "2", "--progress", "json")
    records = [json.loads(line) for line in result.stderr.splitlines()]
    ended = [each for each in records if each.get("unit") == "trainings"]
    assert [(each["done"], each["total"]) for each in ended] == [(1, 2), (2, 2)]
    assert {each["stage"] for each in ended} == {"seed-001.safetensors", "seed-002.safetensors"}
