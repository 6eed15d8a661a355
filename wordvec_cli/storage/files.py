"""Reading any compression, replacing a file as a whole, and the checks that come before long work.

This module is on every command's path: what only some need (gzip, tempfile, pathlib ...) is imported where it is used.
"""

import errno
import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.storage.streams import STANDARD_OUTPUT, standard_output, whole

if TYPE_CHECKING:
    from pathlib import Path

    from wordvec_cli.storage.outputs import Outputs

STANDARD_STREAM = "-"
COPY_BYTES = 1 << 20
_of_this_thread = threading.local()  # `outputs`, while a block of `together` is open


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
        raise InputError(f"{path}: the compressed data is broken or cut short ({error}); copy it again") from error
    except (ImportError, OSError) as error:
        raise InputError(f"{path}: {reason(error)}") from error


def _errors_of_broken_data() -> tuple[type[Exception], ...]:
    """What the decompressors that are in use raise."""
    loaded = [(sys.modules[module], name) for module, name in _ERRORS_OF_BROKEN_DATA.items() if module in sys.modules]
    return (EOFError, *(getattr(module, name) for module, name in loaded))


# ---------------------------------------------------------------- writing


@contextmanager
def writable(where: str) -> Iterator[None]:
    """Turn a failed write into an OutputError that names `where`; a reader of standard output that left is no failure.

    Raises: OutputError, BrokenPipeError
    """
    try:
        yield
    except BrokenPipeError as error:
        if where == STANDARD_OUTPUT:
            raise
        raise OutputError(f"{where}: its reader left before all was written; start both again") from error
    except OSError as error:
        raise OutputError(f"{where}: {failure(error)}") from error


def failure(error: OSError) -> str:
    """What went wrong with a write, and what to do about it."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return reason(error) + ("; free some space" if is_full else "")


def is_stream(path: str) -> bool:
    """Whether what is written to `path` goes straight through: to standard output, a device or a pipe."""
    return path == STANDARD_STREAM or (os.path.exists(path) and not os.path.isfile(path))


def check_output(path: str) -> None:
    """Find out before hours of work that `path` cannot be written. Raises: OutputError."""
    from pathlib import Path

    if path == STANDARD_STREAM:
        standard_output()
        return
    if not path or os.path.isdir(path):
        raise OutputError(f"{path or repr('')}: is not a file; name a file to write")
    folder = Path(os.path.realpath(path)).parent
    if not is_stream(path) and not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; make it first")
    _check_name(path)
    if not os.access(path if is_stream(path) else folder, os.W_OK):
        raise OutputError(f"{path}: no permission to write there")


def check_output_folder(path: str, replaced: frozenset[str]) -> None:
    """As `check_output`, of a folder of files, which may be there already. Raises: OutputError

    replaced  the names of files that may be in it
    """
    if os.path.isdir(path):
        if others := set(os.listdir(path)) - replaced:
            raise OutputError(f"{path}: is a folder that holds {min(others)}; name another, which is made")
        if not os.access(path, os.W_OK):
            raise OutputError(f"{path}: no permission to write there")
        return
    if path == STANDARD_STREAM or os.path.exists(path):
        raise OutputError(f"{path}: is not a folder, as this format is; name one to write")
    check_output(path.rstrip("/" + os.sep))


def _check_name(path: str) -> None:
    """Raises: OutputError if no file can be called so"""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"{path}: {reason(error)}; choose another name") from None


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
        if is_stream(path):
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

    folder = Path.cwd() if is_stream(path) else Path(os.path.realpath(path)).parent
    return folder if os.access(folder, os.W_OK) and folder != Path("/dev") else Path(tempfile.gettempdir())


def spool_folder(tmp_dir: str | None, output: str | None) -> "Path":
    """Where temporary files go: into the folder that was asked for, beside the output, or else to the system's."""
    import tempfile
    from pathlib import Path

    if tmp_dir or output is None:
        return Path(tmp_dir or tempfile.gettempdir())
    return output_folder(output)


@contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` at the end of the block, whole, or not at all.

    `-` is standard output; a target that is not a regular file (a device, a FIFO) is written straight through.
    Raises: OutputError
    """
    file: IO[bytes]
    with ExitStack() as opened:
        if path == STANDARD_STREAM:
            opened.enter_context(writable(STANDARD_OUTPUT))
            file = standard_output()
        elif is_stream(path):  # by its own name: /dev/stdout may lead to a pipe that has no other
            opened.enter_context(writable(STANDARD_OUTPUT if _is_standard_output(path) else path))
            file = whole(opened.enter_context(open(path, "wb", buffering=0)), path)
        else:
            outputs = opened.enter_context(together())
            opened.enter_context(writable(path))
            file = opened.enter_context(outputs.opened(path))
        yield file
        file.flush()


def _is_standard_output(path: str) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(1))
    return False


@contextmanager
def together() -> "Iterator[Outputs]":
    """All files that are replaced inside the block take their places at its end, or none does.

    The first is what the others belong to: words, or FILE.json. If the process is killed while they take their
    places, one is missing: a new one never stands beside an old one.
    Raises: OutputError
    """
    if outer := getattr(_of_this_thread, "outputs", None):
        yield outer
        return
    from wordvec_cli.storage.outputs import Outputs

    outputs = _of_this_thread.outputs = Outputs()
    try:
        yield outputs
        with writable(outputs.shown):
            outputs.publish()
    finally:
        _of_this_thread.outputs = None
        outputs.give_up()


def reason(error: OSError | ImportError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EBADF:  # as a standard stream that was closed at the start
        return "is closed; open it or name a file"
    return str(error) if isinstance(error, ImportError) else (error.strerror or str(error)).lower()
