"""Files that take the places of others, whole and all at once, or not at all."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, NamedTuple

from wordvec_cli.storage.claims import Claim, claim


class _Output(NamedTuple):
    """A file that is to take a place.

    path  of the place, as the user knows it; its target is that without symbolic links
    """

    path: str
    target: str
    claimed: Claim


class Outputs:
    """Files that are written under other names until all are whole."""

    def __init__(self) -> None:
        self._files: list[_Output] = []
        self._stale: list[str] = []

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        """A file for `path`, to write in the block. Raises: OSError"""
        target = os.path.realpath(path)
        output = _Output(path, target, claim(*os.path.split(target)))
        self._files.append(output)
        try:
            file = output.claimed.file
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.chmod(output.claimed.path, _mode_for(target))
        except BaseException:
            self._files.remove(output)
            output.claimed.give_up()
            raise

    def remove(self, path: str) -> None:
        """Let an old file go, if there is one, that would say of a new one what was true of another."""
        self._stale.append(path)

    @property
    def shown(self) -> str:
        return ", ".join(each.path for each in self._files)

    def publish(self) -> None:
        """Let all take their places; before that the old ones of those after the first go. Raises: OSError"""
        targets = [each.target for each in self._files]
        old = targets[1:] + [os.path.abspath(path) for path in self._stale if os.path.isfile(path)]
        with ExitStack() as opened:
            folders = [_Folder(opened, path) for path in {os.path.dirname(path) for path in targets + old}]
            if old:
                _remove(old, folders)
            while self._files:
                self._files[0].claimed.rename(self._files[0].target)
                del self._files[0]
            for folder in folders:
                folder.sync()

    def give_up(self) -> None:
        for each in self._files:
            each.claimed.give_up()


def _remove(paths: Iterable[str], folders: "Sequence[_Folder]") -> None:
    for folder in folders:
        folder.lock()
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(path)
    for folder in folders:
        folder.sync()


class _Folder:
    """A folder whose entries change, open as far as the system and its permissions let folders be opened."""

    def __init__(self, opened: ExitStack, path: str) -> None:
        self._descriptor = None
        with suppress(OSError):  # on Windows, and if it may be written but not read
            self._descriptor = os.open(path, os.O_RDONLY)
            opened.callback(os.close, self._descriptor)

    def lock(self) -> None:
        """Let nobody else exchange several files here at the same time; where that cannot be, it is not prevented."""
        with suppress(ImportError, OSError):
            import fcntl

            if self._descriptor is not None:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def sync(self) -> None:
        if self._descriptor is not None:
            os.fsync(self._descriptor)


def _mode_for(target: str) -> int:
    """The mode of the file that is replaced, or what the umask leaves of a new one's."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(os.stat(target).st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
