"""Vector files of all kinds: reading and writing them.

A format is a row of the table in `known.py` and a module, imported when the format is used. What a file is, its content
decides (`detection.py`); where that cannot tell (a matrix without words), its name does.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, cast

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.formats.detection import detected
from wordvec_cli.formats.known import (
    FORMATS,
    NATIVE,
    Format,
    check_output_files,
    format_for,
    readable_formats,
    writable_formats,
)
from wordvec_cli.formats.wrapping import bounded, decompressed_file, file_and_matrix, packed_file, plain_file, shown_as
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import (
    COMPRESSORS,
    COPY_BYTES,
    STANDARD_STREAM,
    is_stream,
    output_folder,
    readable,
    replacing,
    writable,
)
from wordvec_cli.storage.remote import is_remote, write_to
from wordvec_cli.storage.streams import standard_input
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import CLASSIFIER, is_native, load

if TYPE_CHECKING:
    from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions

__all__ = [
    "FORMATS", "NATIVE", "Format", "check_output_files", "format_for", "open_vectors", "readable_formats",
    "writable_formats", "write_vectors",
]  # fmt: skip

# ---------------------------------------------------------------- reading


def open_vectors(
    path: str,
    options: "ReadOptions | None" = None,
    told: str | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Embeddings:
    """The vectors of any file that can be read.

    A native file is mapped, and neither it nor numpy is read; of others all rows that are wanted are in memory.

    options  None: all rows, as they are
    told     the format; None: the content decides
    note     receives what is odd about the file
    Raises: InputError, OptionError
    """
    if told not in (None, *readable_formats()):
        raise OptionError(f"--from {told}: must be one of {', '.join(readable_formats())}")
    path, matrix = file_and_matrix(path)
    if is_remote(path) and not os.path.exists(path):
        return _open_remote(path, options, told, note)
    if is_stream(path) and not os.path.isdir(path):
        return _open_stream(path, options, told, note)
    name = told or detected(path, options.vocabulary if options else None)
    if matrix is not None and not FORMATS[name].is_named:
        raise InputError(f"{path}: is {name}, which holds one matrix; leave #{matrix} out")
    if name == NATIVE and options is None and is_native(path):
        return load(path)
    from wordvec_cli.formats import reading

    options = options or reading.ReadOptions()
    options = options if matrix is None else replace(options, matrix=matrix)
    oddities = reading.Oddities()
    vectors = _read(path, name, options, oddities)
    if name != NATIVE:
        vectors = replace(vectors, metadata={**vectors.metadata, "converted_from": name})
    lines = list(oddities.lines())
    if options.strict and lines:
        raise InputError(f"{path}: {lines[0]}; leave --strict out to read it all the same")
    for line in lines:
        note(f"{path}: {line}")
    return vectors


def _open_stream(path: str, options: "ReadOptions | None", told: str | None, note: Callable[[str], None]) -> Embeddings:
    """As `open_vectors`, of what comes only once: a pipe is copied to a file for the time being."""
    import shutil

    shown = "standard input" if path == STANDARD_STREAM else path
    with temporary_folder() as folder:
        copy = os.path.join(folder, "vectors")
        with readable(shown), _stream(path) as source, writable(folder), open(copy, "wb") as target:
            bound = options.max_bytes if options else None
            shutil.copyfileobj(bounded(shown, source, bound), target, COPY_BYTES)
        with shown_as(shown, copy):
            return open_vectors(copy, options, told, lambda text: note(text.replace(copy, shown)))


def _open_remote(
    address: str, options: "ReadOptions | None", told: str | None, note: Callable[[str], None]
) -> Embeddings:
    """As `open_vectors`, of what lies at an address: it is copied to a file of that name for the time being."""
    with temporary_folder() as folder:
        copy = os.path.join(folder, os.path.basename(address.partition("?")[0].rstrip("/")) or "vectors")
        with writable(folder), open(copy, "w+b") as target:
            write_to(address, target)
        with shown_as(address, copy):
            return open_vectors(copy, options, told, lambda text: note(text.replace(copy, address)))


def _stream(path: str) -> BinaryIO:
    return standard_input() if path == STANDARD_STREAM else open(path, "rb")


def _read(path: str, name: str, options: "ReadOptions", oddities: "Oddities") -> Embeddings:
    from wordvec_cli.formats import reading

    if name == NATIVE:
        with plain_file(path, options.max_bytes) as plain:
            return reading.chosen(path, load(plain), options)
    module, reader = FORMATS[name].load_module(), FORMATS[name].reader
    if reader == "rows":
        with decompressed_file(path, options.max_bytes) as source:
            rows = module.rows(path, source, options, oddities)
            return reading.collected(path, rows, options, oddities)
    assert reader is not None
    is_left_packed = name.startswith("gensim") and module.decompresses(path)
    with packed_file(path, options.max_bytes) if is_left_packed else plain_file(path, options.max_bytes) as plain:
        found: Embeddings = getattr(module, reader)(plain, options, oddities)  # the words and rows that are wanted
        return found


# ---------------------------------------------------------------- writing


def write_vectors(path: str, embeddings: Embeddings, format: Format, options: "WriteOptions") -> list[str]:
    """Write a file of a format, compressed if its name ends so; what the format has no room for.

    Raises: InputError if it cannot hold a word, OutputError
    """
    notes = _written(path, embeddings, format, options)
    return [*notes, "labels, output layer and n-grams of a classifier"] if CLASSIFIER in embeddings.metadata else notes


def _written(path: str, embeddings: Embeddings, format: Format, options: "WriteOptions") -> list[str]:
    assert format.writer is not None
    write = getattr(format.load_module(), format.writer)
    ending = os.path.splitext(path)[1].lower()
    if ending not in COMPRESSORS:
        notes: list[str] = write(path, embeddings, options)
        return notes
    import shutil

    folder = output_folder(path)
    with writable(str(folder)), temporary_folder(folder) as room:
        plain = os.path.join(room, os.path.basename(path)[: -len(ending)])
        with shown_as(path, plain):
            notes = write(plain, embeddings, options)
        if len(os.listdir(room)) > 1:
            raise OptionError(f"{path}: this format is several files, which are not compressed; leave {ending} out")
        with (
            open(plain, "rb") as source,
            replacing(path) as target,
            COMPRESSORS[ending](cast(BinaryIO, target)) as compressed,
        ):
            shutil.copyfileobj(source, compressed, COPY_BYTES)
    return notes
