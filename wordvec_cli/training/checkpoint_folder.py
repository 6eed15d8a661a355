"""The folder of an output's checkpoint: where it is, and that one command at a time works on it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from wordvec_cli.errors import DivergedError, InputError
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import is_stream, writable
from wordvec_cli.training.checkpoint import Checkpoint

SUFFIX = ".checkpoint"
LOCK_FILE = "lock"


def keeps(output: str | None) -> bool:
    """Whether a checkpoint can stand beside the output, a file or a folder of trainings."""
    return output is not None and (os.path.isdir(output) or not is_stream(output))


def folder_of(output: str) -> Path:
    target = Path(os.path.realpath(output))
    return target.with_name(target.name + SUFFIX)


def resumable(output: str | None) -> Path | None:
    """The folder from which a run that has ended too early can go on; None if there is none."""
    if output is None or not keeps(output):
        return None
    folder = folder_of(output)
    return folder if Checkpoint(folder, None).holds_run else None


@contextmanager
def opened(output: str | None, spool_folder: Path, minutes: float) -> Iterator[Checkpoint]:
    """The checkpoint of an output, locked; for one that is not a file a temporary folder that keeps nothing.

    Raises: InputError if another command works on the same output, OutputError
    """
    if output is not None and keeps(output):
        with locked(folder_of(output), minutes) as checkpoint:
            yield checkpoint
        return
    with ExitStack() as room:
        with writable(str(spool_folder)):
            name = room.enter_context(temporary_folder(spool_folder))
        checkpoint = Checkpoint(Path(name), None)
        room.callback(checkpoint.close)
        yield checkpoint


@contextmanager
def ended_with_it(checkpoint: Checkpoint, is_resumed: bool) -> Iterator[None]:
    """While a run trains: its checkpoint ends with it, also where it diverges or the input is bad.

    Not in those two cases if it is resumed: then what has been trained stays, as the error may be in an option of
    this call. After a signal it always stays.
    """
    try:
        yield
    except (DivergedError, InputError):
        if not is_resumed:
            checkpoint.end()
        raise
    checkpoint.end()


@contextmanager
def locked(folder: Path, minutes: float) -> Iterator[Checkpoint]:
    """The checkpoint in a folder, which is made, and removed again if it then holds no run.

    Raises: InputError if another command works on it, OutputError
    """
    with writable(str(folder)):
        folder.mkdir(exist_ok=True)
        lock_file = (folder / LOCK_FILE).open("ab")
    checkpoint = Checkpoint(folder, minutes * 60)
    with lock_file:
        if not _lock(lock_file):
            raise InputError(f"{folder}: another wordvec train is at work on this output; wait for it, or stop it")
        try:
            yield checkpoint
        finally:
            checkpoint.close()  # the folder is ours as long as something is written there
            if not checkpoint.holds_run:
                shutil.rmtree(folder, ignore_errors=True)


def _lock(file: BinaryIO) -> bool:
    """Lock an open file until it is closed, however the process ends; whether that was possible."""
    try:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
