"""Results on standard output, and words that are asked for."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.visible import visible_lines
from wordvec_cli.storage.files import STANDARD_STREAM, writable
from wordvec_cli.storage.streams import STANDARD_OUTPUT, standard_output
from wordvec_cli.text.lines import STANDARD_INPUT, lines_of_descriptor

if TYPE_CHECKING:
    pass


def is_for_terminal(output: str) -> bool:
    """Whether a result would go to a screen, where nothing binary should go."""
    return output == STANDARD_STREAM and sys.stdout is not None and sys.stdout.isatty()


def check_not_for_terminal(output: str, layout: str, what: str) -> None:
    """Raises: click.UsageError if something binary would go to a screen, where text could go as well"""
    if layout not in {"text", "jsonl"} and is_for_terminal(output):
        raise click.UsageError(
            f"-o -: {what} are binary; use -o FILE, redirect the output, or print them with --to text"
        )


def write_stdout(parts: Iterable[bytes | memoryview]) -> None:
    """Write and flush, so that a program at the other end of a pipe gets its answer at once.

    What holds control characters is shown, not sent, if a screen is at the other end; a pipe or a file gets all bytes.
    """
    if is_for_terminal(STANDARD_STREAM):
        parts = visible_lines(parts)
    with writable(STANDARD_OUTPUT):
        file = standard_output()
        for part in parts:
            file.write(part)
        file.flush()


def asked(
    arguments: Sequence[str], terminal: Terminal, is_null: bool = False, what: str = "words"
) -> Iterator[list[bytes]]:
    """The words of the command line, or the lines of standard input as they come in.

    is_null, what  as for `lines_of_stdin`
    """
    if arguments:
        yield [os.fsencode(argument) for argument in arguments]
    else:
        yield from lines_of_stdin(terminal, what, is_null)


def tell_awaited(what: str, terminal: Terminal) -> None:
    """Say what is to be typed, where standard input is a terminal."""
    if os.isatty(STANDARD_INPUT):
        terminal.note(f"type {what}, one a line; Ctrl-D ends")


def lines_of_stdin(terminal: Terminal, what: str, is_null: bool = False) -> Iterator[list[bytes]]:
    """The lines of standard input as they come in.

    what     is typed, one a line, if standard input is a terminal
    is_null  as for `lines_of_descriptor`
    """
    tell_awaited(what, terminal)
    yield from lines_of_descriptor(STANDARD_INPUT, "standard input", is_null)


def fields_of(line: bytes) -> list[bytes]:
    """The words of a line: between tabs if there are any, else between blanks."""
    return line.split(b"\t") if b"\t" in line else line.split()
