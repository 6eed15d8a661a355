"""The files of a corpus: those named, those found in folders, and copies of pipes; what is not text is left out."""

import io
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, cast

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.storage import remote
from wordvec_cli.storage.archives import ZIP, document, is_archive, unpacked
from wordvec_cli.storage.file_kinds import FileKind
from wordvec_cli.storage.files import STANDARD_STREAM, decompressed, readable
from wordvec_cli.storage.spool import close_with, spool_stream
from wordvec_cli.storage.streams import standard_input
from wordvec_cli.text.encodings import guessed, is_wanted
from wordvec_cli.text.file_options import AS_NAMED, AUTO, PARQUET, TEXT, FileOptions
from wordvec_cli.text.lines import lines_of_open
from wordvec_cli.text.source import OfArchive, Source
from wordvec_cli.text.tables.columns import Columns, listed
from wordvec_cli.text.tables.reading import columns_of


class _ColumnNotNamedError(InputError):
    """A table whose column of text is not named; `format` is the table's."""

    def __init__(self, message: str, format: str) -> None:
        super().__init__(message)
        self.format = format


def lines_of_source(path: str, spool_folder: Path, files: FileOptions) -> Iterator[list[bytes]]:
    """The lines of one file as a corpus has them, some at a time. Raises: InputError"""
    for source in find_sources([path], spool_folder, files)[0]:
        with readable(source.name), source.opened() as raw:
            yield from lines_of_open(io.BufferedReader(cast(io.RawIOBase, source.text_of(raw))), source.name)


class LeftOut(NamedTuple):
    """A file of a folder that is not text, and what it is."""

    name: str
    kind: FileKind


def find_sources(
    paths: Iterable[str | Source], spool_folder: Path, files: FileOptions = AS_NAMED
) -> tuple[list[Source], list[LeftOut]]:
    """The files that paths stand for, each opened once to see that it can be read; and those that are not text.

    Raises: InputError, also for a named file that is not text, or a table whose columns are not named; OutputError (a
    full disk)
    """
    sources: list[Source] = []
    left_out: list[LeftOut] = []
    for path in paths:
        if isinstance(path, Source):
            sources.append(path)
        elif path != STANDARD_STREAM and os.path.isdir(path):
            texts, others = _files_of_folder(path, files, spool_folder)
            sources += texts
            left_out += others
        else:
            for name in _names_at(path):
                texts, others = _named(name, spool_folder, files)
                sources += texts
                left_out += others
    return sources, left_out


def _names_at(path: str) -> list[str]:
    """The path, or the addresses below one of a folder."""
    is_listed = remote.is_remote(path) and not remote.is_web(path) and not os.path.exists(path)
    return [name for name, _ in remote.remote_files(path)] if is_listed else [path]


def _named(path: str, spool_folder: Path, files: FileOptions) -> tuple[list[Source], list[LeftOut]]:
    found = _opened(path, spool_folder)
    try:
        source, kind = _told(found, files)
        if kind and is_archive(kind):
            found_there = _of_archive(source, kind, spool_folder, files)
            if found.copy is not None:
                found.copy.close()
            return found_there
        if kind:
            raise InputError(f"{source.name}: is {kind.name}; {kind.remedy}")
    except BaseException:
        if found.copy is not None:
            found.copy.close()
        raise
    if source.copy is not None:
        close_with(source, source.copy)
    return [source], []


def _of_archive(
    archive: Source, kind: FileKind, spool_folder: Path, files: FileOptions
) -> tuple[list[Source], list[LeftOut]]:
    """The files of an archive, as those of a folder are. Raises: InputError, OutputError"""
    with readable(archive.name), archive.opened() as raw:
        found = unpacked(raw, kind, archive.name, spool_folder, files.takes)
    if not found.members:
        raise InputError(f"{archive.name}: the archive holds no files that are to be read; name another one")
    members = (
        OfArchive(f"{archive.name}/{each.name}", each.size, found.file, unpacked=found, member=each)
        for each in found.members
    )
    texts, left_out = told_each(members, files)
    if not texts:
        _refuse_no_texts(archive.name, "archive", left_out[0])
    return texts, left_out


def told_each(
    sources: Iterable[Source], files: FileOptions, spool_folder: Path | None = None
) -> tuple[list[Source], list[LeftOut]]:
    """The sources with how they are read, and those that are not text. Raises: InputError

    spool_folder  where archives are unpacked; None: they are not
    """
    texts: list[Source] = []
    left_out: list[LeftOut] = []
    for each in sources:
        try:
            source, kind = _told(each, files)
        except _ColumnNotNamedError as error:
            raise InputError(f"{error}, or leave such files out with --exclude '*.{error.format}*'") from error
        if kind and is_archive(kind) and spool_folder is not None:
            some, others = _of_archive(source, kind, spool_folder, files)
            texts += some
            left_out += others
        elif kind:
            left_out.append(LeftOut(source.name, kind))
        else:
            texts.append(source)
    return texts, left_out


def _told(source: Source, files: FileOptions) -> tuple[Source, FileKind | None]:
    """The source with how it is read; or what it is, if that is not text. Raises: InputError"""
    source = replace(source, format=files.format_of(source.name))
    if source.format != PARQUET and is_wanted(files.encoding):
        source = _with_encoding(source, str(files.encoding))
    if kind := source.kind_of_no_text():
        if kind.name == ZIP:
            with readable(source.name), source.opened() as raw:
                kind = document(raw) or kind
        return source, _with_option(kind)
    if source.format != TEXT:
        return _with_columns(source, files), None
    if files.text_columns and not files.as_tsv:
        return source, FileKind("not a table by its name", "name its kind with --corpus-format csv, tsv or jsonl")
    return source, None


def _with_option(kind: FileKind) -> FileKind:
    """With the option by which a corpus can be read nevertheless, if there is one."""
    if kind.name.startswith("text in UTF-"):
        return kind._replace(remedy=f"read it so with --encoding auto, or {kind.remedy}")
    if kind.name == "a Parquet file":
        return kind._replace(remedy="read it with --corpus-format parquet and --text-column NAME")
    return kind


def _with_encoding(source: Source, encoding: str) -> Source:
    if encoding == AUTO:
        with readable(source.name), source.opened() as raw:
            encoding = guessed(decompressed(raw), source.name)
    return replace(source, encoding=encoding) if is_wanted(encoding) else source


def with_column(source: Source, name: str) -> Source:
    """A table of which another column is read. Raises: InputError if it is no table, or has no such column"""
    if source.format == TEXT:
        raise InputError(f"{source.name}: is not read as a table, so it has no column {name!r}; name tables alone")
    return _with_columns(source, FileOptions(text_columns=(name,)))


def _with_columns(source: Source, files: FileOptions) -> Source:
    """Raises: InputError if the columns are not named, or not there"""
    with readable(source.name), source.opened() as raw:
        there = columns_of(source.decoded(raw), source.name, source.format)
    columns = Columns(source.name, files.text_columns, files.as_tsv)
    if not files.text_columns:
        raise _ColumnNotNamedError(
            f"{source.name}: is a table; name the column of its text with --text-column (columns: {listed(there)}), "
            "or read it as it is with --corpus-format text",
            source.format,
        )
    if source.format != "jsonl" or not there:  # an object may lack what others have
        columns.check(there)
    elif missing := [name for name in columns.names if not _is_path_among(name, there)]:
        Columns(source.name, tuple(missing)).check(there)
    return replace(source, columns=columns)


def _is_path_among(name: str, there: Iterable[str]) -> bool:
    """Whether a dotted path is there, or leads to some that are."""
    return any(path == name or path.startswith(f"{name}.") for path in there)


def _opened(path: str, spool_folder: Path) -> Source:
    if path == STANDARD_STREAM:
        return _spooled("standard input", standard_input(), spool_folder)
    if remote.is_remote(path) and not os.path.exists(path):
        return _copied(path, remote.spooled(path, spool_folder))
    with readable(path):
        if stat.S_ISREG(os.stat(path).st_mode):
            return _file(path)
        with open(path, "rb") as pipe:
            return _spooled(path, pipe, spool_folder)


def _spooled(name: str, stream: BinaryIO, folder: Path) -> Source:
    with readable(name):
        copy = spool_stream(stream, folder)
    return _copied(name, copy)


def _copied(name: str, copy: BinaryIO) -> Source:
    return Source(name, os.fstat(copy.fileno()).st_size, copy)


def _file(path: str) -> Source:
    with readable(path), open(path, "rb") as file:
        return Source(path, os.fstat(file.fileno()).st_size)


def _files_of_folder(folder: str, options: FileOptions, spool_folder: Path) -> tuple[list[Source], list[LeftOut]]:
    """In byte order of their relative paths."""
    with readable(folder):
        paths = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=_raise) for name in names]
        files = [path for path in paths if path.is_file()]
    if not files:
        raise InputError(f"{folder}: the folder holds no files; name files or another folder")
    chosen = [path for path in files if options.takes(path.relative_to(folder).as_posix())]
    if not chosen:
        raise InputError(f"{folder}: none of its {counted(len(files), 'file')} is left by --include and --exclude")
    in_order = sorted(chosen, key=lambda path: os.fsencode(path.relative_to(folder)))
    texts, left_out = told_each((_file(str(path)) for path in in_order), options, spool_folder)
    if not texts:
        _refuse_no_texts(folder, "folder", left_out[0])
    return texts, left_out


def _refuse_no_texts(name: str, kind: str, first: LeftOut) -> NoReturn:
    raise InputError(f"{name}: the {kind} holds no text; {first.name} is {first.kind.name}; {first.kind.remedy}")


def _raise(error: OSError) -> None:
    raise error
