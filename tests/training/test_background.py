"""Checkpoints that are written while training goes on: what they hold, and what becomes of their errors."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from wordvec_cli.errors import OutputError
from wordvec_cli.training import checkpoint
from wordvec_cli.training.background import Background
from wordvec_cli.training.checkpoint import Checkpoint
from wordvec_cli.training.session import State

OPTIONS = ["--vector-size", "20", "--epochs", "6", "--sample", "0", "--threads", "1", "--checkpoint-every", "1e-9"]

# Trains on a disk that is full when the third checkpoint or snapshot is to take its place.
TRAIN_ON_A_DISK_THAT_FILLS_UP = """
import errno, os, sys
from wordvec_cli.cli import run

n_left, replace = 3, os.replace

def full(source, target):
    global n_left
    n_left -= str(target).endswith(("state.safetensors", "snapshot.safetensors"))
    if n_left <= 0:
        raise OSError(errno.ENOSPC, "No space left on device")
    replace(source, target)

os.replace = full
sys.exit(run(["train", *sys.argv[1:]]))
"""


@contextmanager
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside the block nothing comes to be on the disk."""
    goes_on, fsync = threading.Event(), os.fsync

    def wait(descriptor: int) -> None:
        assert goes_on.wait(60)
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", wait)
        try:
            yield
        finally:
            goes_on.set()


def restored(folder: Path) -> tuple[State | None, list[list[float]]]:
    """By another process, as it were."""
    matrix = np.zeros((2, 3), np.float32)
    return Checkpoint(folder, 60).restore_checkpoint({"vectors": matrix}), matrix.tolist()


def test_a_checkpoint_holds_what_was_when_it_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, matrix = Checkpoint(tmp_path, 60), np.ones((2, 3), np.float32)
    with slow_disk(monkeypatch):
        kept.save_checkpoint(State(epoch=1), {"vectors": matrix})
        matrix[:] = 2  # training goes on
        assert kept.newly_kept(wait=False) is None
        assert restored(tmp_path) == (None, [[0, 0, 0]] * 2)
    assert kept.newly_kept(wait=True) == State(epoch=1)
    assert kept.newly_kept(wait=True) is None
    assert restored(tmp_path) == (State(epoch=1), [[1, 1, 1]] * 2)


def test_large_parameters_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MOST_COPIED_BYTES", 23)
    monkeypatch.setattr(Background, "begin", None)
    kept = Checkpoint(tmp_path, 60)
    kept.save_checkpoint(State(epoch=1), {"vectors": np.ones((2, 3), np.float32)})
    assert kept.newly_kept(wait=False) == State(epoch=1)
    assert restored(tmp_path) == (State(epoch=1), [[1, 1, 1]] * 2)


def test_an_error_while_it_is_written_is_told_and_the_one_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kept, matrix = Checkpoint(tmp_path, 60), np.ones((2, 3), np.float32)
    kept.save_checkpoint(State(epoch=1), {"vectors": matrix})
    assert kept.newly_kept(wait=True) == State(epoch=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        kept.save_checkpoint(State(epoch=2), {"vectors": 2 * matrix})
        with pytest.raises(OutputError, match=r"state\.safetensors: no space left on device; free some space"):
            kept.newly_kept(wait=True)
    assert restored(tmp_path) == (State(epoch=1), [[1, 1, 1]] * 2)
    assert os.listdir(tmp_path) == ["state.safetensors"]


def test_a_run_whose_disk_fills_up_says_so_and_is_resumed_to_the_same_bytes(
    wordvec: Run, corpus_file: Path, tmp_path: Path
) -> None:
    corpus, unbroken, broken = (tmp_path / name for name in ("corpus", "unbroken.safetensors", "broken.safetensors"))
    corpus.write_bytes(corpus_file.read_bytes() * 8)
    assert wordvec("train", corpus, "-o", unbroken, *OPTIONS).returncode == 0
    command = [corpus, "-o", broken, *OPTIONS]
    script = [sys.executable, "-c", TRAIN_ON_A_DISK_THAT_FILLS_UP, *command, "--quiet"]
    result = subprocess.run(script, capture_output=True, check=False, timeout=120)
    assert result.returncode == 1, result.stderr
    assert b"no space left on device; free some space" in result.stderr.splitlines()[-1]
    result = wordvec("train", *command, "--resume")
    assert b"resuming in epoch" in result.stderr
    assert broken.read_bytes() == unbroken.read_bytes()
