"""The tables that commands print, separated by tabs or commas, or as JSON; and the options that say how."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from wordvec_cli.cli.options import Decorator, combined
from wordvec_cli.cli.output import is_for_terminal
from wordvec_cli.cli.visible import visible_cell
from wordvec_cli.storage.files import STANDARD_STREAM
from wordvec_cli.text import json_text
from wordvec_cli.text.csv_text import csv_cell
from wordvec_cli.text.decoding import as_bytes, is_utf8

REPLACEMENT = "\ufffd".encode()

safe_option = click.option(
    "--spreadsheet-safe", "is_safe", is_flag=True,
    help="csv: put ' before a text that a spreadsheet would run as a formula (one that starts with =, +, - or @).",
)  # fmt: skip
_header_option = click.option("--header", "has_header", is_flag=True, help="tsv: print a line of column titles first.")


class Table:
    """How a table is printed.

    layout      tsv, csv, json, or one that only its command has
    has_header  whether a line of titles comes first
    is_safe     whether cells that a spreadsheet would run as a formula are marked as text
    end         ends each line
    is_shown    whether it goes to a screen: control characters are made visible
    has_lost    whether a cell of csv had bytes that are not valid UTF-8, which became U+FFFD
    """

    def __init__(  # by hand: a look-up need not wait for a dataclass to be made
        self, layout: str, has_header: bool = False, is_safe: bool = False, end: bytes = b"\n", is_shown: bool = False
    ) -> None:
        self.layout, self.has_header, self.is_safe = layout, has_header, is_safe
        self.end, self.is_shown = end, is_shown
        self.has_lost = False

    @property
    def is_json(self) -> bool:
        return self.layout == "json"

    @property
    def is_csv(self) -> bool:
        return self.layout == "csv"

    def head(self, titles: Iterable[str]) -> list[bytes]:
        """The line of titles, if the table has one."""
        return [self.row(map(str.encode, titles))] if self.has_header else []

    def row(self, cells: Iterable[bytes]) -> bytes:
        if self.is_csv:
            return b",".join([self.csv_cell(cell) for cell in cells]) + self.end
        if self.is_shown:
            cells = map(visible_cell, cells)
        return b"\t".join(cells) + self.end

    def csv_cell(self, cell: bytes) -> bytes:
        written = csv_cell(cell, self.is_safe)
        if REPLACEMENT in written and not self.has_lost:
            self.has_lost = not is_utf8(cell)
        return written

    def text_row(self, cells: Iterable[str]) -> bytes:
        """A row of texts, in which lone surrogates stand for bytes that are not valid UTF-8."""
        return self.row(as_bytes(cell) for cell in cells)

    def titled(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
        """Rows below their titles, with None for an empty cell; as JSON an object for each."""
        if not self.is_json:
            yield self.text_row(titles)
        for row in rows:
            if self.is_json:
                yield self.record(dict(zip(titles, row, strict=True)))
            else:
                yield self.text_row("" if cell is None else str(cell) for cell in row)

    def record(self, fields: Any) -> bytes:
        return json_text.written(fields).encode() + self.end


def format_option(layouts: Sequence[str], help: str) -> Decorator:
    """How results are printed, as the argument `layout`; the first is the default."""
    return click.option(
        "--format", "layout", type=click.Choice(layouts), default=layouts[0], show_default=True, help=help
    )


def table_options(
    help: str, layouts: Sequence[str] = ("tsv", "csv", "json"), has_header_option: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of how a table is printed, as one argument: `table`, a Table.

    help               of --format
    layouts            the first is the default
    has_header_option  whether there is --header, which a table of tabs needs to have titles
    """
    options = [
        format_option(layouts, help),
        *([_header_option] if has_header_option else []),
        safe_option,
    ]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_table(*, layout: str, is_safe: bool, has_header: bool = False, **others: Any) -> Any:
            if is_safe and layout != "csv":
                raise click.UsageError("--spreadsheet-safe: needs --format csv; add that, or leave it out")
            if has_header and layout != "tsv":
                raise click.UsageError(f"--header: needs --format tsv, not {layout}; leave it out")
            end = b"\0" if others.get("is_null") else b"\n"
            is_titled = has_header or layout == "csv"
            table = Table(layout, is_titled, is_safe, end, is_for_terminal(STANDARD_STREAM))
            status = function(table=table, **others)
            if table.has_lost:
                click.get_current_context().obj.note(
                    "csv is UTF-8: bytes that are not valid UTF-8 became U+FFFD; --format json keeps them"
                )
            return status

        return combined(*options)(with_table)

    return decorate
