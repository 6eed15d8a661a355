"""How the files of a corpus are read: which of a folder, in which encoding, and which columns of a table."""

import fnmatch
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wordvec_cli.errors import OptionError

TEXT, PARQUET, AUTO = "text", "parquet", "auto"
# The formats of tables, by the endings of their names; a compression's ending may follow.
ENDINGS = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": PARQUET,
}  # fmt: skip
CORPUS_FORMATS = (TEXT, "csv", "tsv", "jsonl", PARQUET)
_TEXTS = ("tsv", "jsonl")  # tables whose rows are lines
_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True)
class FileOptions:
    """How the files of a corpus are read.

    format        of all files, one of CORPUS_FORMATS; None: as the name of each tells
    text_columns  of tables: the columns whose cells make a line, joined by a blank
    encoding      of texts, CSV and TSV: a codec, or "auto"; None: UTF-8, or as --invalid-utf8 says
    include, exclude  patterns of the names of files in folders, or with a / of their paths there
    as_tsv        for who takes TSV and JSON lines apart himself: those are text, and what is made of other tables is
                  TSV below a line of names, where a row that cannot be read is `unreadable`

    Raises: OptionError
    """

    format: str | None = None
    text_columns: tuple[str, ...] = ()
    encoding: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    as_tsv: bool = False

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in CORPUS_FORMATS:
            raise OptionError(f"--corpus-format: {self.format!r} is not one of {', '.join(CORPUS_FORMATS)}")
        if len({*self.text_columns}) < len(self.text_columns):
            raise OptionError("--text-column: names a column twice; name each once")
        if self.text_columns and self.format == TEXT:
            raise OptionError("--text-column: text has no columns; leave it or --corpus-format out")
        if self.encoding not in {None, AUTO}:
            _check_encoding(self.encoding)

    def format_of(self, name: str) -> str:
        """The format of a file, as the options or else its name say."""
        found = self.format or self._format_by_name(name)
        return TEXT if self.as_tsv and found in _TEXTS else found

    @staticmethod
    def _format_by_name(name: str) -> str:
        stem, ending = os.path.splitext(name.lower())
        if ending in _COMPRESSIONS:
            ending = os.path.splitext(stem)[1]
        return ENDINGS.get(ending, TEXT)

    def takes(self, path: str) -> bool:
        """Whether a file of a folder, by its path there, is read."""
        is_included = not self.include or any(_matches(path, pattern) for pattern in self.include)
        return is_included and not any(_matches(path, pattern) for pattern in self.exclude)

    def to_metadata(self) -> Mapping[str, Any]:
        """What decides the text, where that is not the default: for JSON, by the names of the options."""
        facts = {
            "corpus_format": self.format, "text_column": list(self.text_columns), "encoding": self.encoding,
            "include": list(self.include), "exclude": list(self.exclude),
        }  # fmt: skip
        return {name: fact for name, fact in facts.items() if fact}


AS_NAMED = FileOptions()
RECORDED = ("corpus_format", "text_column", "encoding", "include", "exclude")  # the names of `to_metadata`


def _matches(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)


def _check_encoding(name: str | None) -> None:
    """Raises: OptionError if no codec of texts is called so"""
    import codecs

    try:
        if codecs.lookup(str(name))._is_text_encoding:
            return
    except LookupError:
        pass
    raise OptionError(f"--encoding: {name!r} is not an encoding that Python knows; try latin-1, cp1252, utf-16 or auto")
