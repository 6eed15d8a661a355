"""Where pretrained vectors are kept: the folder that the platform has for what can be made again.

vectors/NAME.safetensors   vectors, as a native file
downloads/                 what is being downloaded, and archives that hold more than was asked for
checksums.json             the SHA-256 of each file that was downloaded, by its address
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import replacing, writable
from wordvec_cli.storage.remote import is_remote, is_web
from wordvec_cli.user_cache import user_cache

if TYPE_CHECKING:
    from wordvec_cli.pretrained.registry import Pretrained

CHECKSUMS = "checksums.json"


def folder() -> Path:
    """Raises: InputError if there is none"""
    if path := user_cache():
        return path
    raise InputError("there is no home folder to keep pretrained vectors in; set HOME, or XDG_CACHE_HOME")


def made(name: str) -> Path:
    """A folder of the cache, there now. Raises: InputError, OutputError"""
    path = folder() / name
    with writable(str(path)):
        path.mkdir(parents=True, exist_ok=True)
    return path


def vectors_path(pretrained: "Pretrained") -> Path:
    return _kept(pretrained.name)


def _kept(name: str) -> Path:
    return folder() / "vectors" / f"{name}.safetensors"


def resolved(path: str) -> str:
    """The file that a name or an address stands for in the cache; a path of any other kind as it is.

    Raises: InputError if it is such a name, and the vectors have not been got
    """
    if os.path.exists(path):
        return path
    if os.sep not in path and (kept := _kept(path)).exists():  # soon: without the registry
        return str(kept)
    from wordvec_cli.pretrained.registry import found, registry

    if is_remote(path):
        if not is_web(path):
            return path
        kept = vectors_path(found(path))
        return str(kept) if kept.exists() else path
    if path not in registry():
        return path
    raise InputError(f"{path}: these pretrained vectors are not here yet; wordvec get {path} downloads them")


# ---------------------------------------------------------------- checksums


def known_checksum(url: str) -> str | None:
    """The SHA-256 of what was downloaded from an address the first time."""
    value = _checksums().get(url)
    return value if isinstance(value, str) else None


def keep_checksum(url: str, sha256: str) -> None:
    """Raises: OutputError"""
    checksums = _checksums() | {url: sha256}
    made(".")
    with replacing(str(folder() / CHECKSUMS)) as file:
        file.write(json.dumps(checksums, indent=2, sort_keys=True).encode() + b"\n")


def _checksums() -> dict[str, object]:
    with suppress(OSError, ValueError):
        checksums = json.loads((folder() / CHECKSUMS).read_bytes())
        return checksums if isinstance(checksums, dict) else {}
    return {}
