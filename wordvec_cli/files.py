"""Reading any compression, replacing a file as a whole, and the checks that come before long work.

This module is on every command's path: what only some need (gzip, tempfile, pathlib ...) is imported where it is used.
"""

import errno
import importlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from wordvec_cli.errors import InputError, OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STANDARD_STREAM = "-"
COPY_BYTES = 1 << 20


# ---------------------------------------------------------------- reading


def _zstd() -> ModuleType:
    """The standard library's zstd, or its backport where Python is older than 3.14."""
    for name in _ZSTD_MODULES:
        with suppress(ImportError):
            return importlib.import_module(name)
    raise ImportError("zstd data needs the package backports.zstd; install it: pip install backports.zstd")


_ZSTD_MODULES = ("compression.zstd", "backports.zstd")
# How the first bytes look (a regular expression), and what opens a file that starts with them.
_DECOMPRESSORS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    rb"\x1f\x8b\x08": lambda raw: importlib.import_module("gzip").GzipFile(fileobj=raw),
    # The block size, then the digits of pi before a block or of its square root at the end: text may start with BZh.
    rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)": lambda raw: importlib.import_module("bz2").BZ2File(raw),
    rb"\xfd7zXZ\x00": lambda raw: importlib.import_module("lzma").LZMAFile(raw),
    rb"\x28\xb5\x2f\xfd": lambda raw: cast(BinaryIO, _zstd().ZstdFile(raw)),
}
# What compresses into an open file, by the ending of its name.
COMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda raw: cast(BinaryIO, importlib.import_module("gzip").GzipFile("", "wb", fileobj=raw, mtime=0)),
    ".bz2": lambda raw: cast(BinaryIO, importlib.import_module("bz2").BZ2File(raw, "wb")),
    ".xz": lambda raw: cast(BinaryIO, importlib.import_module("lzma").LZMAFile(raw, "wb")),
    ".zst": lambda raw: cast(BinaryIO, _zstd().ZstdFile(raw, "wb")),
}
_ERRORS_OF_BROKEN_DATA = {
    "gzip": "BadGzipFile",
    "zlib": "error",
    "lzma": "LZMAError",
    "zipfile": "BadZipFile",
    **dict.fromkeys(_ZSTD_MODULES, "ZstdError"),
}
_LONGEST_MAGIC = len(b"BZh91AY&SY")


def is_compressed(start: bytes) -> bool:
    """Whether what begins so is gzip, bzip2, xz or zstd."""
    return any(re.match(beginning, start) for beginning in _DECOMPRESSORS)


def decompressed(raw: BinaryIO) -> BinaryIO:
    """`raw` (seekable, at its start) as the bytes it holds: gzip, bzip2, xz and zstd are told by their first bytes."""
    first_bytes = raw.read(_LONGEST_MAGIC)
    raw.seek(0)
    for beginning, open_compressed in _DECOMPRESSORS.items():
        if re.match(beginning, first_bytes):
            return open_compressed(raw)
    return raw


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn what can go wrong while reading `path` into an InputError that names it."""
    try:
        yield
    except _errors_of_broken_data() as error:
        raise InputError(f"{path}: the compressed data is broken or cut short ({error})") from error
    except (ImportError, OSError) as error:
        raise InputError(f"{path}: {_reason(error)}") from error


def _errors_of_broken_data() -> tuple[type[Exception], ...]:
    """What the decompressors that are in use raise."""
    loaded = [(sys.modules[module], name) for module, name in _ERRORS_OF_BROKEN_DATA.items() if module in sys.modules]
    return (EOFError, *(getattr(module, name) for module, name in loaded))


def spool(stream: BinaryIO, folder: "Path") -> BinaryIO:
    """`stream`, copied to a nameless file in `folder`, which vanishes with the process, however that ends."""
    read = getattr(stream, "read1", stream.read)  # what there is: to fill a buffer, one Ctrl-D more would be awaited
    copy = temporary_file(folder)
    with writable(f"{folder} (temporary files)"):
        while content := read(COPY_BYTES):
            copy.write(content)
        copy.flush()
    copy.seek(0)
    return copy


def temporary_file(folder: "Path") -> BinaryIO:
    """A nameless file in `folder`: even `kill -9` leaves nothing of it."""
    import tempfile

    try:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot hold temporary files ({_reason(error)}); name another folder with --tmp-dir"
        ) from error


def mapped(file: BinaryIO, dtype: Any) -> "NDArray[Any]":
    """The whole of an open file as a read-only array, mapped; the map outlives the file object."""
    import mmap

    import numpy as np

    if not os.fstat(file.fileno()).st_size:
        return np.empty(0, dtype)
    return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype)


def close_with(owner: object, file: BinaryIO) -> None:
    """Close a nameless file when its owner goes; what could not be written by then has been told before."""
    import weakref

    def close() -> None:
        with suppress(OSError):
            file.close()

    weakref.finalize(owner, close)


# ---------------------------------------------------------------- writing


@contextmanager
def writable(where: str) -> Iterator[None]:
    """Turn a failed write into an OutputError that names `where`; a closed pipe stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        advice = {errno.ENOSPC: "; free some space", errno.EDQUOT: "; free some space", errno.EFBIG: ""}
        raise OutputError(f"{where}: {_reason(error)}{advice.get(error.errno or 0, '')}") from error


def standard_output() -> BinaryIO:
    """Raises: OutputError if the command was started with its standard output closed."""
    if sys.stdout is None:
        raise OutputError("standard output: is closed; open it or name a file")
    return sys.stdout.buffer


def check_output(path: str) -> None:
    """Find out before hours of work that `path` cannot be written. Raises: OutputError."""
    from pathlib import Path

    if path == STANDARD_STREAM:
        return
    if not path or os.path.isdir(path):
        raise OutputError(f"{path or repr('')}: is no file; name a file to write")
    folder = Path(os.path.realpath(path)).parent
    is_device = os.path.exists(path) and not os.path.isfile(path)
    if not is_device and not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; make it first")
    if not os.access(path if is_device else folder, os.W_OK):
        raise OutputError(f"{path}: no permission to write there")


def check_not_input(output: str, *inputs: str | None) -> None:
    """Raises: OutputError if an input would be replaced by the output"""
    for path in inputs:
        if path and os.path.isfile(output) and os.path.exists(path) and os.path.samefile(path, output):
            raise OutputError(f"{output}: is read by this command; name another output")


def check_free_space(folder: "Path | str", n_bytes: int, purpose: str) -> None:
    """Raises: OutputError if the disk of `folder` has less than `n_bytes` free."""
    import shutil

    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        needed, there = shown_size(n_bytes), shown_size(free)
        raise OutputError(f"{purpose}: needs {needed} and the disk of {folder} has {there} left; free some space")


def check_room(sizes: Mapping[str, int]) -> None:
    """Find out before outputs are written that a disk cannot hold them.

    sizes  of the outputs in bytes, by their paths; a pipe or a device needs no room
    Raises: OutputError
    """
    needed: dict[int, int] = {}
    for path, n_bytes in sizes.items():
        if path == STANDARD_STREAM or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        folder = output_folder(path)
        disk = os.stat(folder).st_dev
        needed[disk] = needed.get(disk, 0) + n_bytes
        check_free_space(folder, needed[disk], path)


def are_on_one_disk(first: "Path | str", second: "Path | str") -> bool:
    return os.stat(first).st_dev == os.stat(second).st_dev


def shown_size(n_bytes: float) -> str:
    """A number of bytes for people: 76.4 kB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.4g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.4g} TB"


def output_folder(path: str) -> "Path":
    """Where the spools of a command that writes `path` go by default: beside it, as /tmp may be memory."""
    import tempfile
    from pathlib import Path

    folder = Path.cwd() if path == STANDARD_STREAM else Path(os.path.realpath(path)).parent
    return folder if os.access(folder, os.W_OK) and folder != Path("/dev") else Path(tempfile.gettempdir())


@contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` at the end of the block, whole, or not at all.

    `-` is standard output; a target that is no regular file (a device, a FIFO) is written straight through.
    Raises: OutputError
    """
    import tempfile
    from pathlib import Path

    if path == STANDARD_STREAM:
        with writable("standard output"):
            file = standard_output()
            yield file
            file.flush()
        return
    target = Path(os.path.realpath(path))
    with writable(path):
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as file:  # by its own name: /dev/stdout may lead to a pipe that has no other
                yield file
            return
        descriptor, temporary_name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary_name, _mode_for(target))
            os.replace(temporary_name, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary_name)
            raise
        _sync_folder(target.parent)


def _mode_for(target: "Path") -> int:
    """The mode of the file that is replaced, or what the umask leaves of a new one's."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(target.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_folder(folder: "Path") -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError | ImportError) -> str:
    return str(error) if isinstance(error, ImportError) else (error.strerror or str(error)).lower()
