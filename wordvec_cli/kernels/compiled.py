"""Where compiled kernels are kept: in the user's cache, in a folder named by all that they are made of.

numba looks for changes only in the file of the function that it loads, though what it compiled holds functions of other
files too. With a folder for each state of all files, no stale code is ever found. The first process after an upgrade of
an installation removes what the installation had before; one that is gone leaves a folder that goes after a month.
"""

import atexit
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

import numba
from numba.core import caching
from numba.core.registry import cpu_target

from wordvec_cli.user_cache import user_cache

PREFIX = "kernels-"
COMPLETE = "complete"  # a file in the folder: that all kernels are there, and for which processor
INSTALLATION = "installation"  # a file in the folder: of which installation the kernels are
SECONDS_UNUSED = 30 * 24 * 3600  # after which the folder of another installation goes

_config = cast(Any, numba.config)


class Helper(Protocol):
    """Another process that compiles kernels."""

    def wait_for(self, name: str) -> bool: ...

    def is_at_work(self) -> bool: ...


class FilesNamedByKey(caching.IndexDataCacheFile):
    """The compiled code of one kernel, in a file for each of its signatures, which an index names.

    numba numbers these files. Where two processes compile a kernel for different arguments at once, both take the same
    number, and the index can name the code of one for the arguments of the other. Named by what they are compiled for,
    such files stay apart, and at worst the index lacks one, which is then compiled again.
    """

    helper: ClassVar[Helper | None] = None  # which may be at work on what is not here yet
    are_fixed: ClassVar[bool] = False  # in an image, for example

    def load(self, key: Any) -> Any:
        data = super().load(key)
        if data is None and self.helper and self.helper.wait_for(self._index_name.partition("-")[0]):
            return super().load(key)
        return data

    def save(self, key: Any, data: Any) -> None:
        if self.are_fixed:
            return
        overloads = self._load_index()
        overloads[key] = name = self._data_name(int(hashlib.sha256(repr(key).encode()).hexdigest()[:12], 16))
        self._save_data(name, data)  # first: no index names a file that is not there yet
        self._save_index(overloads)


def settle() -> bool:
    """Tell numba where compiled code is kept; False if that is a folder which goes with this process.

    NUMBA_CACHE_DIR wins over the user's cache; after both come numba's own choices, the package's folder among them.
    """
    caching.IndexDataCacheFile = FilesNamedByKey  # type: ignore[misc]
    # numba does so before it compiles, if variables have changed since it was imported, and forgets what we set.
    _config.reload_config()
    given = _config.CACHE_DIR
    base = Path(given) if given else user_cache()
    own = base / f"{PREFIX}{fingerprint()}" if base else None
    if own and _can_keep(str(own)):
        mark_used(own)
        return True
    if own and _is_complete(own):
        _config.CACHE_DIR = str(own)
        FilesNamedByKey.are_fixed = True
        cast(Any, caching)._CacheLocator.ensure_cache_path = lambda _: None  # numba's test that it can be written
        return True
    if _can_keep(given):
        return True
    folder = tempfile.mkdtemp(prefix="wordvec-kernels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _config.CACHE_DIR = folder
    return False


def not_kept(names: Iterable[str]) -> list[str]:
    """Those of the kernels, "module.name", for which there is no compiled code at all."""
    kept = {file.name.partition("-")[0] for file in Path(_config.CACHE_DIR).glob("*/*.nbi")}
    return [name for name in names if name not in kept]


def fingerprint(folder: Path = Path(__file__).parent) -> str:
    """A hash of all kernel sources, and of the compiler's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(folder.glob("*.py")):
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def is_shared() -> bool:
    """Whether what another process compiles will be found here."""
    return bool(_config.CACHE_DIR) and Path(_config.CACHE_DIR).name.startswith(PREFIX)


def mark_complete() -> Path:
    """Note that all kernels are there, for this processor: they then serve where nobody can write, too."""
    own = Path(_config.CACHE_DIR)
    (own / COMPLETE).write_text(_processor())
    return own


def _is_complete(own: Path) -> bool:
    try:
        return (own / COMPLETE).read_text() == _processor()
    except OSError:
        return False


def _processor() -> str:
    """What numba compiles for, in its own words; code for something else is not used."""
    return repr(cpu_target.target_context.codegen().magic_tuple())


def _can_keep(folder: str) -> bool:
    """Set numba's folder (empty: its own choice); False if it cannot be written."""
    _config.CACHE_DIR = folder
    try:
        numba.njit(cache=True)(_probe)
    except RuntimeError:
        return False
    return True


def _probe() -> None:
    """Stands for every kernel: numba decides by the source's folder where compiled code is kept."""


def mark_used(own: Path, installation: Path = Path(__file__).parent) -> None:
    """Make the folder young and the installation's; remove those that it had before, and those unused for long."""
    with suppress(OSError):  # of another process that does the same
        os.utime(own)
        (own / INSTALLATION).write_text(str(installation))
        for folder in _outdated_beside(own, installation):
            shutil.rmtree(folder, ignore_errors=True)


def _outdated_beside(own: Path, installation: Path) -> Iterator[Path]:
    oldest = time.time() - SECONDS_UNUSED
    for folder in own.parent.glob(f"{PREFIX}*"):
        if folder != own and (_installation_of(folder) == str(installation) or folder.stat().st_mtime < oldest):
            yield folder


def _installation_of(folder: Path) -> str | None:
    try:
        return (folder / INSTALLATION).read_text()
    except (OSError, UnicodeDecodeError):
        return None
