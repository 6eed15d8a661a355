"""Runs that are killed or stopped, and go on: with one thread to the same bytes as one that was never stopped."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import COMMAND, Run, assert_kills_leave_no_trace, run_here, stop_at_checkpoint
from tests.damage import with_metadata
from wordvec_cli.errors import InputError
from wordvec_cli.kernels.glove import PAIR
from wordvec_cli.sequences.pair_arrays import Pairs
from wordvec_cli.sequences.pairs import Room
from wordvec_cli.sequences.word_ids import encode
from wordvec_cli.storage import safetensors as store
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.training.session import State
from wordvec_cli.training.tiles import Weighting, lay_out
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MODELS = [
    ["--model", "skipgram"],
    ["--model", "cbow"],
    ["--loss", "hierarchical-softmax"],
    ["--model", "cbow", "--loss", "hierarchical-softmax", "--fixed-window"],
    ["--subwords", "3-6"],
    ["--subwords", "2-4", "--buckets", "50", "--model", "cbow"],
    ["--subwords", "3-6", "--loss", "hierarchical-softmax"],
]
OPTIONS = ["--vector-size", "20", "--epochs", "12", "--sample", "0", "--threads", "1"]


@pytest.fixture(scope="module")
def long_corpus(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some blocks long, so that there are steps to stop at within an epoch."""
    path = tmp_path_factory.mktemp("long") / "corpus.txt"
    path.write_bytes(corpus_file.read_bytes() * 8)
    return path


def start(*arguments: str | Path, stdin: Path | None = None) -> "subprocess.Popen[bytes]":
    with open(stdin or os.devnull, "rb") as source:
        return subprocess.Popen(
            [*COMMAND, "train", *arguments, "--progress", "json"],
            stdin=source, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=" ".join)
def test_a_run_that_is_killed_and_resumed_again_and_again_ends_in_the_same_bytes(
    long_corpus: Path, tmp_path: Path, model: list[str]
) -> None:
    assert_kills_leave_no_trace("train", long_corpus, *OPTIONS, *model, folder=tmp_path, at_checkpoints=(2, 1, 3))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_from_a_pipe_that_is_stopped_goes_on_without_its_corpus(
    wordvec: Run, long_corpus: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    unbroken, broken = tmp_path / "unbroken.safetensors", tmp_path / "broken.safetensors"
    wordvec("train", "-", "-o", unbroken, *OPTIONS, stdin=long_corpus.read_bytes())
    command = ["train", "-", "-o", broken, *OPTIONS]
    assert stop_at_checkpoint(*command, number=number, nth=3, stdin=long_corpus) == status
    result = wordvec("train", "-", "-o", broken, *OPTIONS, "--resume")
    assert result.returncode == 0, result.stderr
    assert broken.read_bytes() == unbroken.read_bytes()


@pytest.fixture(scope="module")
def stopped(long_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint of a run that was stopped."""
    folder = tmp_path_factory.mktemp("stopped")
    command = ["train", long_corpus, "-o", folder / "v.safetensors", *OPTIONS]
    assert stop_at_checkpoint(*command, number=signal.SIGINT, nth=2) == 130
    return folder


@pytest.fixture
def output(stopped: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped, tmp_path / "copy")
    return tmp_path / "copy" / "v.safetensors"


def test_a_checkpoint_without_resume_is_an_error_that_names_both_ways_out(
    wordvec: Run, long_corpus: Path, output: Path
) -> None:
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS)
    assert result.returncode == 1
    error = result.stderr.decode()
    assert f"{output}.checkpoint: holds the checkpoint of a run that has not ended" in error
    assert "add --resume to go on with it, or remove the folder to start afresh" in error


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--window", "3"], "--window 3 (was 5)"),
        (["--epochs", "7", "--seed", "2"], "--epochs 7 (was 12), --seed 2 (was 1)"),
        (["--model", "cbow"], '--model "cbow" (was "skipgram"), --cbow-mean true (was not given), --cbow-gradient'),
        (["--min-count", "6"], "--min-count 6 (was 5)"),
        (["--lowercase"], 'the tokenizer {"kind": "whitespace", "lowercase": true} (was {"kind": "whitespace"})'),
        (["--deterministic"], "--deterministic true (was false)"),
    ],
)  # fmt: skip
def test_another_configuration_is_refused_and_the_differences_are_listed(
    wordvec: Run, long_corpus: Path, output: Path, options: list[str], text: str
) -> None:
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, *options, "--resume")
    assert result.returncode == 1
    assert f"cannot be resumed with {text}" in result.stderr.decode()
    assert wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume").returncode == 0


def test_a_mistake_when_resuming_does_not_cost_the_run(
    wordvec: Run, long_corpus: Path, output: Path, tmp_path: Path
) -> None:
    (tmp_path / "pairs.tsv").write_text("unheard\tof\t3\n")
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume", "--eval-set", tmp_path / "pairs.tsv")
    assert result.returncode == 1
    assert b"none of its 1 questions has all its words" in result.stderr
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    assert result.returncode == 0
    assert b"resuming in epoch" in result.stderr


def test_another_corpus_is_refused_and_the_same_one_elsewhere_is_not(
    wordvec: Run, corpus_file: Path, long_corpus: Path, output: Path, tmp_path: Path
) -> None:
    result = wordvec("train", corpus_file, "-o", output, *OPTIONS, "--resume")
    assert result.returncode == 1
    assert f"the corpus {corpus_file}, whose text has changed" in result.stderr.decode()
    shutil.copy(long_corpus, tmp_path / "moved.txt")
    assert wordvec("train", tmp_path / "moved.txt", "-o", output, *OPTIONS, "--resume").returncode == 0


def test_another_vocabulary_is_refused(wordvec: Run, long_corpus: Path, output: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.tsv").write_text("monday\t9\nred\t8\n")
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--vocab", tmp_path / "vocab.tsv", "--resume")
    assert result.returncode == 1
    assert "--vocab" in result.stderr.decode() and "(was not given)" in result.stderr.decode()


def test_resume_without_a_checkpoint_starts(wordvec: Run, corpus_file: Path, tmp_path: Path) -> None:
    result = wordvec("train", corpus_file, "-o", tmp_path / "v.safetensors", *OPTIONS, "--resume")
    assert result.returncode == 0
    assert b"holds no checkpoint; training starts at the beginning" in result.stderr


def test_resume_says_nothing_of_checkpoints_before_the_corpus_is_found(wordvec: Run, tmp_path: Path) -> None:
    result = wordvec("train", "--resume", "x", "-o", "y.safetensors", *OPTIONS, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, b"Error: x: no such file or directory\n")


def test_a_run_that_is_killed_before_its_first_checkpoint_goes_on_from_its_last_quarter(
    wordvec: Run, long_corpus: Path, tmp_path: Path
) -> None:
    """With six epochs there are snapshots after one, three and four."""
    unbroken, broken = tmp_path / "unbroken.safetensors", tmp_path / "broken.safetensors"
    wordvec("train", long_corpus, "-o", unbroken, *OPTIONS)
    process = start(long_corpus, "-o", broken, *OPTIONS)
    assert process.stderr
    with process:
        records = map(json.loads, process.stderr)
        assert any(record.get("stage") == "epoch" and record["done"] == 4 for record in records)
        process.kill()
    result = wordvec("train", long_corpus, "-o", broken, *OPTIONS, "--resume")
    assert b"resuming in epoch 4" in result.stderr or b"resuming in epoch 5" in result.stderr
    assert broken.read_bytes() == unbroken.read_bytes()


def test_a_run_that_is_killed_at_once_starts_on_the_corpus_that_it_has(long_corpus: Path, tmp_path: Path) -> None:
    command = ["-", "-o", tmp_path / "v.safetensors", *OPTIONS, "--epochs", "1000000"]
    process = start(*command, stdin=long_corpus)
    assert process.stderr
    with process:
        assert any(json.loads(line).get("stage") == "training" for line in process.stderr)
        process.kill()
    process = start(*command, "--resume")
    assert process.stderr
    with process:
        notes = [json.loads(process.stderr.readline()).get("note", "") for _ in range(2)]
        process.kill()
    assert "standard input is not read" in notes[0]
    assert "the run had no checkpoint yet; training starts at the beginning" in notes[1]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_closed_terminal_leaves_a_checkpoint(long_corpus: Path, tmp_path: Path) -> None:
    command = ["train", long_corpus, "-o", tmp_path / "v.safetensors", *OPTIONS]
    assert stop_at_checkpoint(*command, number=signal.SIGHUP, nth=2) == 129
    assert (tmp_path / "v.safetensors.checkpoint" / "state.safetensors").exists()


def test_two_signals_at_once_are_one(long_corpus: Path, tmp_path: Path) -> None:
    process = start(long_corpus, "-o", tmp_path / "v.safetensors", *OPTIONS, "--epochs", "1000000")
    assert process.stderr
    with process:
        assert any(json.loads(line).get("stage") == "training" for line in process.stderr)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    assert process.returncode == 130
    assert (tmp_path / "v.safetensors.checkpoint" / "state.safetensors").exists()


def test_resume_needs_an_output_that_is_a_file(wordvec: Run, corpus_file: Path) -> None:
    result = wordvec("train", corpus_file, "-o", "-", *OPTIONS, "--resume")
    assert result.returncode == 2
    assert b"--resume: -o - keeps no checkpoints; name a file" in result.stderr


def test_two_commands_cannot_work_on_one_output(wordvec: Run, long_corpus: Path, tmp_path: Path) -> None:
    output = tmp_path / "v.safetensors"
    process = start(long_corpus, "-o", output, *OPTIONS, "--epochs", "1000000")
    assert process.stderr
    with process:
        assert any(json.loads(line).get("stage") == "training" for line in process.stderr)
        result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume")
        process.kill()
    assert result.returncode == 1
    assert b"another wordvec train is at work on this output" in result.stderr
    assert (tmp_path / "v.safetensors.checkpoint" / "run.safetensors").exists()


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_a_damaged_checkpoint_is_one_line(wordvec: Run, long_corpus: Path, output: Path, damage: str) -> None:
    state = output.parent / "v.safetensors.checkpoint" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-10] if damage == "cut" else b"")
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    assert result.returncode == 1
    assert str(state) in result.stderr.decode().splitlines()[-1]
    assert b"Traceback" not in result.stderr


def changed_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGE = {
    "cut in half": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "empty": lambda content: b"",
    "one bit": changed_byte,
    "gone": None,
}


def damage_file(path: Path, damage: str) -> None:
    if DAMAGE[damage] is None:
        path.unlink()
    else:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))


def assert_not_resumed(path: Path, result: "subprocess.CompletedProcess[bytes]", advice: str) -> None:
    error = result.stderr.decode().splitlines()[-1]
    assert result.returncode == 1
    assert error == f"Error: {path}: is damaged, as a power cut or a full disk may leave it; {advice}"
    assert not path.parent.with_suffix("").exists()


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["ids", "offsets", "sequences.json"])
def test_a_corpus_of_ids_that_is_not_what_was_written_is_not_trained_on(
    long_corpus: Path, output: Path, name: str, damage: str
) -> None:
    folder = output.parent / "v.safetensors.checkpoint"
    damage_file(folder / name, damage)
    result = run_here("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    assert_not_resumed(folder / name, result, f"remove the folder {folder} to start afresh")


@pytest.mark.parametrize("damage", ["cut in half", "zeros", "empty", "one bit"])
@pytest.mark.parametrize("name", ["run", "state"])
def test_a_state_that_is_not_what_was_written_is_not_gone_on_from(
    long_corpus: Path, output: Path, name: str, damage: str
) -> None:
    folder = output.parent / "v.safetensors.checkpoint"
    damage_file(folder / f"{name}.safetensors", damage)
    result = run_here("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    afresh = f"the folder {folder} to start afresh"
    advice = (
        f"remove this file to go on from what else is there, or {afresh}" if name == "state" else f"remove {afresh}"
    )
    assert_not_resumed(folder / f"{name}.safetensors", result, advice)


@pytest.mark.parametrize(
    "changed",
    [
        {"block": 10**6},
        {"epoch": 10**9},
        {"loss": 3},
        {"losses": None},
        {"losses": ["x"]},
        {"n_threads": "x"},
        {"n_halvings": 1.5},
    ],
)
def test_a_state_that_says_something_else_is_not_gone_on_from(
    long_corpus: Path, output: Path, changed: dict[str, object]
) -> None:
    state = output.parent / "v.safetensors.checkpoint" / "state.safetensors"
    table = json.loads(store.open_file(str(state)).metadata["state"]) | changed
    with_metadata(state, state, {"state": json.dumps(table)})
    result = run_here("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    assert (result.returncode, b"state.safetensors: is damaged" in result.stderr) == (1, True)


def test_without_the_damaged_state_training_goes_on_from_what_else_is_there(long_corpus: Path, output: Path) -> None:
    """As the message advises."""
    (output.parent / "v.safetensors.checkpoint" / "state.safetensors").unlink()
    assert run_here("train", long_corpus, "-o", output, *OPTIONS, "--resume").returncode == 0
    assert output.exists()


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["pairs", "tile-sizes", "pairs.json"])
def test_pairs_that_are_not_what_was_written_are_not_trained_on(tmp_path: Path, name: str, damage: str) -> None:
    ids = np.arange(20, dtype=np.int32)
    pairs = Pairs(ids, ids[::-1].copy(), np.ones(20))
    tiles = lay_out(pairs, 20, Weighting(), Room(tmp_path, 10**8, 1))
    kept = Checkpoint(tmp_path, 60)
    run = PreparedRun(tiles, Vocabulary.from_words([b"w%d" % i for i in range(20)]), {"model": "glove"}, [], None)
    kept.begin(run)
    assert Checkpoint(tmp_path, 60).prepared_run().inputs == {"model": "glove"}
    damage_file(tmp_path / name, damage)
    with pytest.raises(InputError, match="is damaged, as a power cut") as caught:
        Checkpoint(tmp_path, 60).prepared_run()
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


def assert_not_opened(folder: Path, run: PreparedRun, name: str) -> None:
    """What lies in a folder is refused, though its fingerprints are those of what it holds."""
    Checkpoint(folder, 60).begin(run)
    with pytest.raises(InputError, match=f"^{folder / name}: is damaged, as a power cut"):
        Checkpoint(folder, 60).prepared_run()


def changed_numbers(path: Path, dtype: type, changed: Callable[[np.ndarray], np.ndarray]) -> None:
    path.write_bytes(changed(np.fromfile(path, dtype)).astype(dtype).tobytes())


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("ids", lambda ids: np.append(ids[:-1], 3)),  # of words 0, 1 and 2
        ("ids", lambda ids: np.append(ids[:-1], -2)),  # -1 is a word that is not known
        ("ids", lambda ids: np.append(ids[:-1], -1)),  # one known word less than there were
        ("ids", lambda ids: ids[:-1]),
        ("ids", lambda ids: ids[:0]),
        ("offsets", lambda offsets: offsets[:0]),
        ("offsets", lambda offsets: offsets[::-1]),
        ("offsets", lambda offsets: offsets + 1),
        ("offsets", lambda offsets: np.array([0, 9, 4])),
        ("offsets", lambda offsets: np.array([0, -9, 4])),
    ],
)
def test_ids_out_of_range_are_not_trained_on_whatever_their_fingerprint(
    tmp_path: Path, name: str, changed: Callable[[np.ndarray], np.ndarray]
) -> None:
    (tmp_path / "corpus.txt").write_text("a b\nzz c\n")
    vocabulary = Vocabulary.from_words([b"a", b"b", b"c"])
    material = encode(Corpus.open([str(tmp_path / "corpus.txt")], Tokenizer(), tmp_path), vocabulary, folder=tmp_path)
    run = PreparedRun(material, vocabulary, {"model": "skipgram"}, [], None)
    Checkpoint(tmp_path, 60).begin(run)
    assert Checkpoint(tmp_path, 60).prepared_run().sequences.ids.tolist() == [0, 1, -1, 2]
    changed_numbers(tmp_path / name, np.int32 if name == "ids" else np.int64, changed)
    assert_not_opened(tmp_path, run, "ids")


def with_place(pairs: np.ndarray, place: int) -> np.ndarray:
    pairs[0]["place"] = place
    return pairs


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("pairs", lambda pairs: with_place(pairs, 2 << 16)),  # word 0 + 2 * 16 of 20
        ("pairs", lambda pairs: with_place(pairs, 2)),
        ("pairs", lambda pairs: with_place(pairs, 0xFFFFFFFF)),
        ("pairs", lambda pairs: pairs[1:]),
        ("tile-sizes", lambda sizes: sizes[:-1]),
        ("tile-sizes", lambda sizes: np.append(sizes, 0)),
        ("tile-sizes", lambda sizes: np.append([-1, sizes[0] + sizes[1] + 1], sizes[2:])),
        ("pairs.json", {"n_words": 21}),
        ("pairs.json", {"n_blocks": 4}),
    ],
)
def test_pairs_out_of_range_are_not_trained_on_whatever_their_fingerprint(
    tmp_path: Path, name: str, changed: Any
) -> None:
    ids = np.arange(20, dtype=np.int32)
    tiles = lay_out(Pairs(ids, ids[::-1].copy(), np.ones(20)), 20, Weighting(), Room(tmp_path, 10**8, 1))
    run = PreparedRun(tiles, Vocabulary.from_words([b"w%d" % i for i in range(20)]), {"model": "glove"}, [], None)
    if name == "pairs.json":
        (tmp_path / name).write_text(json.dumps(json.loads((tmp_path / name).read_text()) | changed))
    else:
        changed_numbers(tmp_path / name, PAIR if name == "pairs" else np.int64, changed)
    assert_not_opened(tmp_path, run, "pairs")


@pytest.mark.parametrize("name", ["snapshot", "best"])
def test_what_training_may_go_back_to_is_not_what_it_was(tmp_path: Path, name: str) -> None:
    matrix = np.ones((3, 2), np.float32)
    kept = Checkpoint(tmp_path, 60)
    kept.save(name, State(epoch=1), {"vectors": matrix})
    kept.close()
    assert Checkpoint(tmp_path, 60).restore(name, {"vectors": matrix}) == State(epoch=1)
    with pytest.raises(InputError, match="is damaged"):
        Checkpoint(tmp_path, 60).restore(name, {"vectors": np.ones((2, 2), np.float32)})
    damage_file(tmp_path / f"{name}.safetensors", "one bit")
    with pytest.raises(InputError, match=f"{name}.safetensors: is damaged"):
        Checkpoint(tmp_path, 60).restore(name, {"vectors": matrix})


def test_a_resumed_run_may_use_more_threads_and_then_says_so(wordvec: Run, long_corpus: Path, output: Path) -> None:
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--threads", "2", "--resume")
    assert result.returncode == 0
    assert load(str(output)).metadata["reproducible"] == "no: 2 threads without --deterministic"


def test_vectors_that_cannot_be_written_are_kept_and_written_by_resume(
    wordvec: Run, long_corpus: Path, tmp_path: Path
) -> None:
    """A folder takes the output's place while it trains."""
    unbroken, output = tmp_path / "unbroken.safetensors", tmp_path / "v.safetensors"
    wordvec("train", long_corpus, "-o", unbroken, *OPTIONS)
    process = start(long_corpus, "-o", output, *OPTIONS)
    assert process.stderr
    with process:
        assert any(json.loads(line).get("stage") == "training" for line in process.stderr)
        output.mkdir()
        error = json.loads(process.stderr.read().splitlines()[-1])["error"]
    assert process.returncode == 1
    assert f"{output}: is a directory; the same command with --resume then writes what has been trained" in error
    output.rmdir()
    result = wordvec("train", long_corpus, "-o", output, *OPTIONS, "--resume")
    assert result.returncode == 0
    assert b"resuming" not in result.stderr
    assert output.read_bytes() == unbroken.read_bytes()
