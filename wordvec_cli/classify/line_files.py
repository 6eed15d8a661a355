"""Lines of files and of standard input, and what takes them apart."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wordvec_cli.classify.lines import LabelLayout, LineParser
from wordvec_cli.storage.files import STANDARD_STREAM, readable
from wordvec_cli.storage.remote import is_remote
from wordvec_cli.text.corpus_files import lines_of_source
from wordvec_cli.text.file_options import AS_NAMED, TEXT, FileOptions
from wordvec_cli.text.lines import STANDARD_INPUT, lines_of_descriptor, lines_of_file


class LineFiles(NamedTuple):
    """Files of lines, compressed or not; no path, or -, is standard input.

    layout   where a line has its labels
    options  how the files are read
    """

    paths: Sequence[str]
    layout: LabelLayout
    options: FileOptions = AS_NAMED

    @property
    def name(self) -> str:
        return ", ".join(self.paths) or "standard input"


def check_files(paths: Sequence[str]) -> None:
    """Raises: InputError if one cannot be read"""
    for path in paths:
        if path != STANDARD_STREAM and not is_remote(path):
            with readable(path), open(path, "rb"):
                pass


def lines_of_files(files: LineFiles, invalid_utf8: str) -> Iterator[tuple[LineParser, list[bytes]]]:
    """The lines of files, some at a time, each time with the parser for them.

    Lines of standard input come as they are written, so that a program gets its answer at once.
    """
    for path in files.paths or (STANDARD_STREAM,):
        is_stream = path == STANDARD_STREAM
        name = "standard input" if is_stream else path
        parser = LineParser(files.layout, name, invalid_utf8)
        for lines in _lines(path, name, files.layout.files(files.options)):
            yield parser, lines


def _lines(path: str, name: str, options: FileOptions) -> Iterator[list[bytes]]:
    if options.format_of(path) != TEXT or options.encoding is not None:
        return lines_of_source(path, Path(tempfile.gettempdir()), options)
    return lines_of_descriptor(STANDARD_INPUT, name) if path == STANDARD_STREAM else lines_of_file(path)
