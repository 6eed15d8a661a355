"""FILE.json beside FILE: what a file in a foreign layout cannot say of itself, and of which content it is said."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from wordvec_cli.errors import InputError, OptionError, WordvecError
from wordvec_cli.storage.files import STANDARD_STREAM, check_not_input, check_output, is_stream, readable, replacing

READ_BYTES = 1 << 20
WORDS_SUFFIX = ".words"
SECTIONS = ("sequences", "matrix", "term_matrix", "vocabulary")  # in which the fingerprint of a file itself may stand


def sidecar_path(path: str) -> str:
    return _beside(path, ".json")


def words_path(path: str) -> str:
    """Where the words of the rows of a matrix are that cannot hold them: a word a line."""
    return _beside(path, WORDS_SUFFIX)


def _beside(path: str, suffix: str) -> str:
    """What belongs to a file stands beside the file itself, whatever links lead there; else beside the link."""
    if os.path.islink(path):
        real = os.path.realpath(path) + suffix
        if os.path.exists(real) or not os.path.exists(path + suffix):
            return real
    return path + suffix


class HashedFile:
    """A file that is written, and the SHA-256 of what has been written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, content: bytes | memoryview) -> int:
        self._digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()

    @property
    def fingerprint(self) -> str:
        return self._digest.hexdigest()


def write_sidecar(path: str, content: Mapping[str, Any]) -> None:
    """Write what is to be said of `path`, unless that is standard output or a device. Raises: OutputError"""
    if not is_stream(path):
        with replacing(sidecar_path(path)) as file:
            file.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")


def read_sidecar(path: str, made_by: str) -> dict[str, Any] | None:
    """What FILE.json says; None if there is none.

    made_by  the command that writes such a file, for errors
    Raises: InputError
    """
    sidecar = sidecar_path(path)
    if path == STANDARD_STREAM or not Path(sidecar).is_file():
        return None
    with readable(sidecar):
        text = Path(sidecar).read_bytes()
    with understood(sidecar, made_by):
        content = json.loads(text)
        if not isinstance(content, dict):
            raise TypeError
    return content


_BESIDE = (sidecar_path, words_path)


def check_outputs(outputs: Sequence[str], *inputs: str | None) -> None:
    """Find out before the work that an output, or its sidecar, would take the place of an input or of another output.

    An array takes the place of FILE.words too: those of an older one go.
    Raises: OutputError, OptionError
    """
    taken: set[str] = set()
    if outputs.count(STANDARD_STREAM) > 1:
        raise OptionError("-: standard output is named for two outputs; give each but one a file")
    for path in outputs:
        check_output(path)
        if not is_stream(path):
            check_output(sidecar_path(path))
        for each in (path, sidecar_path(path), words_path(path)):
            check_not_input(each, *inputs, *(beside(path) for path in inputs if path for beside in _BESIDE))
            if path != STANDARD_STREAM and os.path.realpath(each) in taken:
                raise OptionError(f"{each}: is named for two outputs; give each a file of its own")
            taken.add(os.path.realpath(each))


@contextmanager
def understood(sidecar: str, made_by: str) -> Iterator[None]:
    """Turn whatever is wrong with the content of a sidecar into an InputError."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, WordvecError) as error:
        raise InputError(f"{sidecar}: is not what wordvec {made_by} writes; remove it or make it again") from error


def said_of(path: str, section: str, made_by: str) -> tuple[dict[str, Any] | None, str | None]:
    """What FILE.json says of a file as it is now; None, and what cannot be checked therefore, if it says nothing of it.

    section  where the file's own fingerprint stands
    Raises: InputError
    """
    sidecar = sidecar_path(path)
    content = read_sidecar(path, made_by)
    if content is None:
        return None, f"{path} has no {sidecar}, so a mismatch of vocabularies cannot be detected"
    fingerprint = fingerprint_of(path)
    with understood(sidecar, made_by):
        if content.get(section, {}).get("fingerprint") == fingerprint:
            return content, None
        others = [name for name in SECTIONS if content.get(name, {}).get("fingerprint") == fingerprint]
    if others:
        raise InputError(
            f"{path}: is a file of {others[0]}, as {sidecar} says; name what wordvec {made_by} has written"
        )
    return None, f"{sidecar}: does not belong to {path} as it is now; it is not used"


def unrecorded(path: str) -> str:
    """What to say of a pipe, or of another tool's file, in which nothing says how it was made."""
    return f"{path} has no record of its vocabulary, so a mismatch cannot be detected"


def fingerprint_of(path: str) -> str:
    """SHA-256 (hexadecimal) of a file's bytes. Raises: InputError"""
    digest = hashlib.sha256()
    with readable(path), open(path, "rb") as file:
        while content := file.read(READ_BYTES):
            digest.update(content)
    return digest.hexdigest()
