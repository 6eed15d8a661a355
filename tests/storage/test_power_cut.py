"""Power cuts: a copy of a file system's image has what was flushed to the device, and nothing of what was not.

The image is mounted so that nothing is flushed but what the command asks for: no commit of the journal by the clock,
and none of the flushing at a rename by which ext4 helps programs that forget it.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import COMMAND, run_here

OPTIONS = ["--vector-size", "20", "--epochs", "6", "--threads", "1", "--checkpoint-every", "1e-9"]
MODELS = {"word2vec": ["--sample", "0"], "glove": ["--model", "glove"]}
Cut = Callable[[], Path]


def on_host(*command: str | Path) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", b"").decode(errors="replace").strip() or error
        pytest.skip(f"POWER CUTS ARE NOT TESTED here, as file systems cannot be mounted ({command[0]}: {reason})")


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Callable[[Path], Path]]:
    """Mounts an image until the end of the test."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def mount(image: Path) -> Path:
            folder = tmp_path / f"disk{next(numbers)}"
            folder.mkdir()
            on_host("mount", "-o", "loop,commit=3600,noauto_da_alloc", image, folder)
            stack.callback(subprocess.run, ["umount", "--lazy", folder], check=True)  # mapped files are still open
            return folder

        yield mount


@pytest.fixture
def disk(tmp_path: Path, mounts: Callable[[Path], Path]) -> Path:
    if os.geteuid() != 0:
        pytest.skip("POWER CUTS ARE NOT TESTED: only root can mount a file system")
    with (tmp_path / "image").open("wb") as image:
        image.truncate(40_000_000)
    on_host("mkfs.ext4", "-q", "-F", tmp_path / "image")
    folder = mounts(tmp_path / "image")
    os.sync()
    return folder


@pytest.fixture
def cut_power(disk: Path, tmp_path: Path, mounts: Callable[[Path], Path]) -> Cut:
    """Gives the folder of the disk as it is after a power cut now."""

    def cut() -> Path:
        shutil.copyfile(tmp_path / "image", tmp_path / "image after the cut")
        return mounts(tmp_path / "image after the cut")

    return cut


def train_until(stage: str, *arguments: str | Path) -> None:
    """Train, and kill the command when it reports a stage; what it has not flushed stays in the machine's memory."""
    with subprocess.Popen([*COMMAND, "train", *arguments, "--progress", "json"], stderr=subprocess.PIPE) as process:
        assert process.stderr
        for line in process.stderr:
            if json.loads(line).get("stage") == stage:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(params=MODELS, scope="module")
def unbroken(request: pytest.FixtureRequest, corpus_file: Path) -> tuple[list[str | Path], bytes]:
    """A model's command without an output, and what it writes if nothing happens."""
    command = [corpus_file, *OPTIONS, *MODELS[request.param]]
    output = corpus_file.with_name(f"{request.param}-unbroken.safetensors")
    assert run_here("train", *command, "-o", output).returncode == 0
    return command, output.read_bytes()


def test_a_power_cut_after_a_checkpoint_is_announced_costs_nothing_of_it(
    unbroken: tuple[list[str | Path], bytes], disk: Path, cut_power: Cut
) -> None:
    command, expected = unbroken
    train_until("checkpoint", *command, "-o", disk / "v.safetensors")
    output = cut_power() / "v.safetensors"
    result = run_here("train", *command, "-o", output, "--resume")
    assert result.returncode == 0, result.stderr
    assert b"resuming in epoch" in result.stderr
    assert output.read_bytes() == expected


@pytest.mark.parametrize("stage", ["encoding", "training"])
def test_a_power_cut_at_any_time_leaves_what_can_be_resumed_or_is_refused_in_one_line(
    unbroken: tuple[list[str | Path], bytes], disk: Path, cut_power: Cut, stage: str
) -> None:
    command, expected = unbroken
    train_until(stage, *command, "-o", disk / "v.safetensors")
    output = cut_power() / "v.safetensors"
    result = run_here("train", *command, "-o", output, "--resume")
    if result.returncode == 0:
        assert output.read_bytes() == expected
    else:
        assert result.returncode == 1
        assert not output.exists()
        assert result.stderr.decode().splitlines()[-1].startswith(f"Error: {output}.checkpoint")


def test_a_power_cut_after_a_command_has_ended_costs_nothing_of_its_output(
    vector_file: Path, corpus_file: Path, disk: Path, cut_power: Cut
) -> None:
    (disk / "old.vec").write_bytes(b"1 1\nold 1\n")
    os.sync()
    for command in (
        ["build-vocab", corpus_file, "-o", disk / "vocab.tsv"],
        ["train", corpus_file, "-o", disk / "v.safetensors", *OPTIONS],
        ["export", vector_file, disk / "old.vec"],
        ["export", vector_file, disk / "v.npy"],
        ["export", vector_file, disk / "v.vec.gz"],
    ):
        assert run_here(*command).returncode == 0
    names = [path.name for path in disk.iterdir() if path.is_file()]
    after = cut_power()
    assert [name for name in names if (after / name).read_bytes() != (disk / name).read_bytes()] == []
    assert {"vocab.tsv", "vocab.tsv.json", "v.safetensors", "old.vec", "v.npy", "v.vec.gz"} <= set(names)
