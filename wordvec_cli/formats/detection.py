"""Which format a file has: by its first bytes, and a folder by the files in it."""

import os
from collections.abc import Mapping

from wordvec_cli.errors import InputError
from wordvec_cli.formats.known import FORMATS, NATIVE
from wordvec_cli.formats.wrapping import archive_format, decompressed_file
from wordvec_cli.storage.file_kinds import START_BYTES as KIND_BYTES
from wordvec_cli.storage.file_kinds import file_kind, text_kind
from wordvec_cli.storage.files import readable
from wordvec_cli.vectors.native import START_BYTES, kind_by_header, known_by_header

MOST_START_BYTES = 1 << 26  # of a file whose first row is long, to tell what it is
_TEXTS = ("glove", "word2vec")
_MAGIC: Mapping[str, bytes] = {
    "parquet": b"PAR1",
    "arrow": b"ARROW1\x00",
    "sqlite": b"SQLite format 3\x00",
    "fifu": b"FiFu",
    "hdf5": b"\x89HDF\r\n\x1a\n",
    "npy": b"\x93NUMPY",
    "npz": b"PK\x03\x04",  # one that holds something else has been opened before
}


def detected(path: str, vocabulary: str | None) -> str:
    """The name of the format of a file, by its first bytes. Raises: InputError"""
    if os.path.isdir(path):
        from wordvec_cli.formats.folders import format_of_folder

        return format_of_folder(path)
    with decompressed_file(path) as source, readable(path):
        start = more = source.read(START_BYTES)
        if not start:
            raise InputError(f"{path}: is empty; make or copy it again")
        while not (name := _known_by(start)) and more and _ends_in_first_row(start):
            start += (more := source.read(len(start)))
    if name is None:
        raise InputError(f"{path}: {_unknown(start, vocabulary)}")
    if name == "npz":
        name = archive_format(path) or name
    if name in _TEXTS and (kind := text_kind(start)):
        raise InputError(
            f"{path}: looks like {kind.name}, not word vectors; {kind.remedy}, or add --from {name} if they are vectors"
        )
    return name


def _known_by(start: bytes) -> str | None:
    if (is_own := known_by_header(start)) is not None:
        return NATIVE if is_own and kind_by_header(start) != "matrix" else "safetensors"
    for name, beginning in _MAGIC.items():
        if start.startswith(beginning):
            return name
    for name, each in FORMATS.items():
        if each.has_look and each.load_module().looks_like(start):
            return name
    if file_kind(start[:KIND_BYTES]):
        return None
    from wordvec_cli.formats import text_head

    if text_head.looks_like(start):
        return "word2vec" if text_head.has_header(start) else "glove"
    return None


def _ends_in_first_row(start: bytes) -> bool:
    """Whether it takes more of a file to see its first row, which may be long."""
    first, line_end, rest = start.partition(b"\n")
    row = rest if line_end and len(first.split()) == 2 else start
    return len(start) < MOST_START_BYTES and b"\n" not in row


def _unknown(start: bytes, vocabulary: str | None) -> str:
    """What is to be said of a file that is in none of the formats."""
    if kind := file_kind(start[:KIND_BYTES]) or text_kind(start):
        return f"is {kind.name}, not a vector file; {kind.remedy}"
    if vocabulary:
        return (
            "is not a vector file wordvec recognises; GloVe's own binary output is read with --from glove-binary, "
            "other numbers as .npy (numpy.save)"
        )
    return "is not a vector file wordvec recognises; if it is one, name its format with --from"
