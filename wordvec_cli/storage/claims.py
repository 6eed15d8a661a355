"""Names for the time being beside an output, `.NAME.wordvec.part`, each locked by the living process that uses it.

One whose lock can be taken has lost its process (`kill -9`, a power cut): it goes when a name for the same output is
claimed again. Where files cannot be locked, none is taken for left.
"""

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

N_SHARED = 8  # names for one output that are looked through; beyond this many writers at once they are random
LONGEST_NAME = 100  # in bytes; the name of an output may fill all that the file system allows
ROOM = "wordvec"
ENDING = f".{ROOM}.part"


class Claim(NamedTuple):
    """A new file under a name that is ours until the file gets another name, or is given up.

    file  open for writing, and locked until it is closed
    """

    path: str
    file: BinaryIO

    def rename(self, target: str) -> None:
        """Raises: OSError"""
        if os.name == "nt":  # where an open file cannot be renamed or removed
            self.file.close()
        os.replace(self.path, target)
        self.file.close()

    def give_up(self) -> None:
        """Remove the file, if it still has this name."""
        if os.name == "nt":
            self._close()
        try:
            with suppress(OSError):
                os.unlink(self.path)
        finally:
            self._close()

    def _close(self) -> None:
        with suppress(OSError):  # what could not be written has been told
            self.file.close()


def claim(folder: str, name: str) -> Claim:
    """A file in `folder` for what will be called `name`; what killed processes left there under such names is removed.

    Raises: OSError
    """
    shared = [os.path.join(folder, each) for each in _shared_names(name)]
    for path in shared:
        _remove_left(path)
    others = (f"{shared[0].removesuffix(ENDING)}.{os.urandom(8).hex()}{ENDING}" for _ in itertools.count())
    return next(filter(None, map(_created, itertools.chain(shared, others))))


def _shared_names(name: str) -> Iterator[str]:
    if len(os.fsencode(name)) > LONGEST_NAME:
        import hashlib

        name = f"{ROOM}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}"
    yield f".{name}{ENDING}"  # which nobody else gives a file of theirs: what is left under it is removed
    yield from (f".{name}.{number}{ENDING}" for number in range(1, N_SHARED))


def _created(path: str) -> Claim | None:
    """None if the name is taken."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        return None
    # Between the two calls another process may have taken it for one that was left.
    if lock(descriptor) is False or not _is_at(descriptor, path):
        os.close(descriptor)
        return None
    return Claim(path, os.fdopen(descriptor, "wb"))


def _remove_left(path: str) -> None:
    """Remove a claim of ours whose process is gone, and its folder."""
    import shutil

    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:  # there is none, or it is another user's
        return
    try:
        if _is_ours(descriptor) and lock(descriptor) and _is_at(descriptor, path):
            shutil.rmtree(_room_of(path), ignore_errors=True)
            with suppress(OSError):
                os.unlink(path)
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    its = os.fstat(descriptor)
    return stat.S_ISREG(its.st_mode) and (not hasattr(os, "geteuid") or its.st_uid == os.geteuid())


def _is_at(descriptor: int, path: str) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def lock(descriptor: int) -> bool | None:
    """Lock an open file until it is closed, however the process ends; whether that was possible.

    None if files cannot be locked: on Windows, and in some file systems
    """
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


@contextmanager
def temporary_folder(folder: "Path | str | None" = None) -> Iterator[str]:
    """A folder in `folder` that goes at the end of the block; one of a killed process goes when the next is made.

    folder  None: the system's for temporary files
    Raises: OSError
    """
    import shutil
    import tempfile

    claimed = claim(str(folder or tempfile.gettempdir()), ROOM)
    room = _room_of(claimed.path)
    try:
        shutil.rmtree(room, ignore_errors=True)
        os.mkdir(room, 0o700)
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        claimed.give_up()


def _room_of(path: str) -> str:
    return f"{path}.files"
