"""Files at addresses: https:// and hf:// by Python's own means, s3://, gs:// and others where fsspec is installed.

What is at an address is read once, to a nameless file, and is whole or an error. No address is asked that nobody named.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import COPY_BYTES, readable, writable

HUGGING_FACE = "hf://"
WEB = ("https://", "http://", HUGGING_FACE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://")
_HF_KINDS = ("datasets", "spaces")


def is_remote(path: str) -> bool:
    return _SCHEME.match(path) is not None


def is_web(path: str) -> bool:
    """Whether a web server is asked for it, for which nothing is to be installed."""
    return path.startswith(WEB)


def web_address(address: str) -> str:
    """What to ask a web server for.

    hf://OWNER/REPOSITORY[@REVISION]/FILE, and hf://datasets/..., is a file of Hugging Face, or of HF_ENDPOINT
    Raises: InputError if it is another kind of address
    """
    if not address.startswith(HUGGING_FACE):
        if not is_web(address):
            raise InputError(f"{address}: is not an address of a web server; write https:// or hf://")
        return address
    parts = address.removeprefix(HUGGING_FACE).split("/")
    kind = f"{parts.pop(0)}/" if parts[0] in _HF_KINDS else ""
    if len(parts) < 3 or not all(parts):
        raise InputError(f"{address}: does not name a file; write hf://OWNER/REPOSITORY/FILE")
    repository, _, revision = parts[1].partition("@")
    endpoint = (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
    return f"{endpoint}/{kind}{parts[0]}/{repository}/resolve/{revision or 'main'}/{'/'.join(parts[2:])}"


def spooled(address: str, folder: Path | None = None) -> BinaryIO:
    """What is at an address, in a nameless file at its start.

    folder  of that file; None: the system's for temporary ones
    Raises: InputError, OutputError
    """
    import tempfile

    from wordvec_cli.storage.spool import temporary_file

    file = temporary_file(folder or Path(tempfile.gettempdir()))
    try:
        write_to(address, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def write_to(address: str, file: BinaryIO) -> None:
    """Write what is at an address to an open file. Raises: InputError, OutputError"""
    if is_web(address):
        from wordvec_cli.storage.download import UNWATCHED, fetch

        fetch(web_address(address), file, UNWATCHED)
        return
    import shutil

    with readable(address), understood(address):
        files, path = fsspec().core.url_to_fs(address)
        size = files.size(path)
        with files.open(path, "rb") as source, writable(address):
            shutil.copyfileobj(source, file, COPY_BYTES)
        if size is not None and file.tell() != size:
            raise InputError(f"{address}: ended after {file.tell()} of {size} bytes; try again")


def remote_files(address: str) -> list[tuple[str, int]]:
    """The address and size of the file, or of the files below a folder, in byte order. Raises: InputError"""
    with readable(address), understood(address):
        files, folder = fsspec().core.url_to_fs(address)
        names = sorted(files.find(folder)) or [folder]
        return [(files.unstrip_protocol(name), int(files.size(name) or 0)) for name in names]


@contextmanager
def understood(address: str) -> Iterator[None]:
    """The many errors of other people's storage as an InputError."""
    try:
        yield
    except (InputError, OSError):
        raise
    except ImportError as error:  # of the client of a service, that fsspec asks for
        raise InputError(f"{address}: {error}") from error
    except Exception as error:
        raise InputError(f"{address}: {error}; check the address, and whether it may be read") from error


def fsspec() -> Any:
    """The package of the extra. Raises: InputError if it is not installed"""
    try:
        import fsspec as package
    except ImportError as error:
        raise InputError(
            "addresses as s3:// need fsspec, which is not installed; pip install 'wordvec-cli[remote]', and s3fs for "
            "s3://, gcsfs for gs://"
        ) from error
    return package
