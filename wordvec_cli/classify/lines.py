"""Lines taken apart into labels and text: in fastText's notation, or in named columns of a table."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text.decoding import as_bytes, as_text, bytes_of_json, in_valid_utf8, shown
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import invalid_utf8_message

LabelledLine = tuple[list[bytes], bytes]  # the labels of a line, and its text without line ends


@dataclass(frozen=True)
class LabelLayout:
    """Where a line has its labels and its text.

    label_prefix  words that begin with it, and are longer, are labels; None for tables
    text_column, label_column  for tables: lines of tab-separated cells below a line of column names, or JSON objects

    Raises: OptionError
    """

    label_prefix: bytes | None = b"__label__"
    text_column: str | None = None
    label_column: str | None = None

    def __post_init__(self) -> None:
        if self.label_prefix is not None and self.label_prefix.split() != [self.label_prefix]:
            raise OptionError("--label-prefix: must be one or more characters without white space")
        if self.label_column is not None and self.text_column is None:
            raise OptionError("--label-column: needs --text-column too; name the column that holds the text")

    @property
    def columns(self) -> tuple[str, ...]:
        """Of a table."""
        return tuple(name for name in (self.text_column, self.label_column) if name is not None)

    def files(self, files: FileOptions) -> FileOptions:
        """How the files of such lines are read."""
        return replace(files, text_columns=self.columns, as_tsv=True)


class LineParser:
    """Takes lines apart, one after the other.

    layout        where labels and text are; of a table, the first line tells whether it is JSON or has column names
    name          of the file, for errors
    invalid_utf8  as in Tokenizer, but a skipped line becomes empty; "keep" where the corpus has applied it already
    """

    def __init__(self, layout: LabelLayout, name: str, invalid_utf8: str = "keep") -> None:
        self._layout = layout
        self._name = name
        self._invalid_utf8 = invalid_utf8
        self._n_lines = 0
        self._header: bytes | None = None
        self._places: list[int] = []
        self._n_columns = 0
        self._is_json = False
        if layout.label_prefix is not None:
            self._label = re.compile(rb"(?<![^ \t\r\v\f])" + re.escape(layout.label_prefix) + rb"([^ \t\r\v\f]+)")

    def parse(self, lines: Sequence[bytes]) -> list[LabelledLine]:
        """The labels and the text of each line that is not a header. Raises: InputError that names the line"""
        return [parsed for line in lines if (parsed := self._parsed(line)) is not None]

    def parse_each(self, lines: Sequence[bytes], tell: Callable[[str], None]) -> list[LabelledLine | None]:
        """As `parse`, but a line that cannot be read is passed to `tell` as a message, and is None.

        Raises: InputError if the names of columns cannot be read
        """
        parsed: list[LabelledLine | None] = []
        for line in lines:
            try:
                if (labelled := self._parsed(line)) is not None:
                    parsed.append(labelled)
            except InputError as error:
                if self._lacks_columns:
                    raise
                tell(str(error))
                parsed.append(None)
        return parsed

    @property
    def _lacks_columns(self) -> bool:
        return self._layout.text_column is not None and not self._is_json and not self._places

    def _parsed(self, line: bytes) -> LabelledLine | None:
        """The labels and the text of the next line; None for a header."""
        self._n_lines += 1
        line = self._treated(line)
        return self._of_words(line) if self._layout.text_column is None else self._of_columns(line.removesuffix(b"\r"))

    def _treated(self, line: bytes) -> bytes:
        if self._invalid_utf8 == "keep":
            return line
        try:
            line.decode()
        except UnicodeDecodeError as error:
            if self._invalid_utf8 == "error":
                raise self._error(invalid_utf8_message(error)) from None
            return in_valid_utf8(line) if self._invalid_utf8 == "replace" else b""
        return line

    def _of_words(self, line: bytes) -> LabelledLine:
        if self._layout.label_prefix is None:
            return [], line
        return self._label.findall(line), self._label.sub(b"", line)

    def _of_columns(self, line: bytes) -> LabelledLine | None:
        if self._n_lines == 1:
            self._is_json = line.lstrip().startswith(b"{")
            if not self._is_json:
                self._header = line
                self._places = self._places_of(line)
        if self._is_json:
            return self._of_json(line)
        if line == self._header:  # again where several files are read
            return None
        cells = line.split(b"\t")
        if not line:
            return [], b""
        is_unreadable = not line.strip(b"\t") and len(cells) == self._n_columns + 1 == len(self._places) + 1
        if is_unreadable:  # what `Columns.unreadable` makes of a row of another table, whose cells are not known here
            raise self._error("has more or fewer cells than the line of column names")
        if len(cells) != self._n_columns:
            raise self._error(
                f"has {len(cells)} cells, but the line of column names has {self._n_columns}; put a tab between cells"
            )
        text, *labels = (cells[place] for place in self._places)
        return [label for label in labels if label], text

    def _places_of(self, header: bytes) -> list[int]:
        names = header.split(b"\t")
        self._n_columns = len(names)
        for name in self._layout.columns:
            if as_bytes(name) not in names:
                there_are = ", ".join(map(shown, names))
                raise self._error(f"no column is named {name!r}; the columns, with tabs between them, are: {there_are}")
            if (n := names.count(as_bytes(name))) > 1:
                raise self._error(f"{n} columns are named {name!r}; give each a name of its own")
        return [names.index(as_bytes(name)) for name in self._layout.columns]

    def _of_json(self, line: bytes) -> LabelledLine:
        if not line.strip():
            return [], b""
        try:
            cells = json.loads(as_text(line))
        except ValueError as error:
            reason = getattr(error, "msg", error)  # without the number of a line, which would be that within this one
            raise self._error(f"is not JSON ({reason}); write one object per line") from None
        if not isinstance(cells, dict):
            raise self._error("is not a JSON object; write one per line")
        text = self._cell(cells, self._layout.text_column)
        if not isinstance(text, str):
            raise self._error(f"{self._layout.text_column!r} is not a text; give a string")
        labels = [] if self._layout.label_column is None else self._labels(self._cell(cells, self._layout.label_column))
        return labels, bytes_of_json(text).replace(b"\n", b" ")

    def _cell(self, cells: dict[str, Any], name: str | None) -> Any:
        if name not in cells:
            raise self._error(f"has no {name!r}; its keys are: {', '.join(cells)}")
        return cells[name]

    def _labels(self, cell: object) -> list[bytes]:
        """A label or a list of labels; whole numbers as they are written; null is no label."""
        labels = []
        for label in cell if isinstance(cell, list) else [cell]:
            if isinstance(label, dict | list | float):
                raise self._error(f"{self._layout.label_column!r} is not a label; give a string or a list of strings")
            if label is not None and label != "":
                labels.append(bytes_of_json(label if isinstance(label, str) else json.dumps(label)))
        if any(re.search(rb"[\t\n\r]", label) for label in labels):
            raise self._error("a label holds a tab or a line end; replace it")
        return labels

    def _error(self, what: str) -> InputError:
        return InputError(f"{self._name}:{self._n_lines}: {what}")
