"""The files in a tar (compressed or not) or a zip, unpacked one after the other into one nameless file.

Nothing is ever written under a name of the archive; one whose names lead out of it, that holds links or devices, or
that would unpack to a multiple of its size is refused nevertheless: it was not made to be a corpus.
"""

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.storage.file_kinds import START_BYTES, FileKind, file_kind
from wordvec_cli.storage.files import decompressed, shown_size, writable
from wordvec_cli.storage.spool import close_with, temporary_file

TAR, ZIP = "a tar archive", "a zip archive"  # the names of their kinds
COPY_BYTES = 1 << 20
MOST_MEMBERS = 100_000
MOST_TIMES, FEWEST_BYTES = 250, 1 << 30  # of its own size, what an archive may unpack to, or bytes in any case
END_BYTES = 512  # of zeros, at the end of each tar
_LEADS_OUT = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:")
# What `file_kind` needs to tell documents from other zips: the header of a zip's first file, 30 bytes, before its name.
_ZIP_START, _OFFICE = b"PK\x03\x04" + bytes(26), "[Content_Types].xml"


class Member(NamedTuple):
    """A file of an archive, and where its bytes are in the file that it is unpacked to."""

    name: str
    first: int
    size: int


class Unpacked:
    """What an archive held, in a nameless file."""

    def __init__(self, folder: Path) -> None:
        self.file = temporary_file(folder)
        close_with(self, self.file)
        self.members: list[Member] = []

    def opened(self, member: Member) -> BinaryIO:
        return io.BufferedReader(_Stretch(self, member))


class _Stretch(io.RawIOBase):
    """The bytes of one member."""

    def __init__(self, unpacked: Unpacked, member: Member) -> None:
        self._unpacked, self._member, self._position = unpacked, member, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._member.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, target: Any) -> int:
        wanted = memoryview(target)[: max(0, self._member.size - self._position)]
        self._unpacked.file.seek(self._member.first + self._position)
        content = self._unpacked.file.read(len(wanted))
        wanted[: len(content)] = content
        self._position += len(content)
        return len(content)


def is_archive(kind: FileKind) -> bool:
    return kind.name in (TAR, ZIP)


def unpacked(raw: BinaryIO, kind: FileKind, name: str, folder: Path, is_wanted: Callable[[str], bool]) -> Unpacked:
    """The files of an archive, in byte order of their names.

    raw        at its start
    name       of the archive, for errors
    is_wanted  by the path in the archive
    Raises: InputError for what cannot be read, or is refused; OutputError (a full disk)
    """
    size = raw.seek(0, os.SEEK_END)
    raw.seek(0)
    found = _Unpacking(name, max(FEWEST_BYTES, MOST_TIMES * size), Unpacked(folder), is_wanted)
    with _understood(name):
        (found.take_zip if kind.name == ZIP else found.take_tar)(raw)
    found.unpacked.file.flush()
    found.unpacked.members.sort(key=lambda member: os.fsencode(member.name))
    return found.unpacked


def document(raw: BinaryIO) -> FileKind | None:
    """What a zip is that is not an archive of files: an Office or OpenDocument file, whatever stands first in it."""
    import zipfile

    try:
        with zipfile.ZipFile(raw) as archive:
            names = set(archive.namelist())
            if _OFFICE in names:
                return file_kind(_ZIP_START + _OFFICE.encode())
            if "mimetype" in names:
                return file_kind(_ZIP_START + b"mimetype" + archive.read("mimetype")[:START_BYTES])
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        pass
    finally:
        raw.seek(0)
    return None


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """The errors of archives that are broken, as InputErrors."""
    import tarfile
    import zipfile

    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, ValueError) as error:
        raise InputError(f"{name}: the archive is broken or cut short ({error}); copy it again") from error
    except (NotImplementedError, RuntimeError) as error:  # encrypted, or packed by a method that Python lacks
        raise InputError(f"{name}: {error}; unpack it and name its files") from error


class _Unpacking:
    """An archive as it is unpacked."""

    def __init__(self, name: str, most_bytes: int, unpacked: Unpacked, is_wanted: Callable[[str], bool]) -> None:
        self._name, self._left, self._most_bytes = name, most_bytes, most_bytes
        self._is_wanted = is_wanted
        self._n_members = 0
        self.unpacked = unpacked

    def take_tar(self, raw: BinaryIO) -> None:
        import tarfile

        stream = decompressed(raw)
        if stream is raw:
            raw.seek(max(0, raw.seek(0, os.SEEK_END) - END_BYTES))
            if raw.read().strip(b"\0"):
                raise tarfile.ReadError("its end is missing")
            raw.seek(0)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isdir():
                    continue
                if not member.isreg():
                    self._refuse(f"holds {member.name}, a link or device")
                content = archive.extractfile(member)
                assert content is not None
                self._take(member.name, content)
        while stream.read(COPY_BYTES):  # to the end, where what was compressed is checked
            pass

    def take_zip(self, raw: BinaryIO) -> None:
        import stat
        import zipfile

        with zipfile.ZipFile(raw) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                mode = member.external_attr >> 16
                if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                    self._refuse(f"holds {member.filename}, a link or device")
                with archive.open(member) as content:
                    self._take(member.filename, content)

    def _take(self, path: str, content: IO[bytes]) -> None:
        if _LEADS_OUT.search(path):
            self._refuse(f"holds {path}, a path that leads out of it")
        self._n_members += 1
        if self._n_members > MOST_MEMBERS:
            self._refuse(f"holds more than {MOST_MEMBERS} files")
        if not self._is_wanted(path.removeprefix("./")):
            return
        file = self.unpacked.file
        first = file.tell()
        with writable("temporary files"):
            while piece := content.read(COPY_BYTES):
                self._left -= len(piece)
                if self._left < 0:
                    self._refuse(f"unpacks to more than {shown_size(self._most_bytes)}, {MOST_TIMES} times its size")
                file.write(piece)
        self.unpacked.members.append(Member(path.removeprefix("./"), first, file.tell() - first))

    def _refuse(self, reason: str) -> None:
        raise InputError(f"{self._name}: {reason}; unpack it yourself if you trust it, and name its files")
