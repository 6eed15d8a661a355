"""Cells of comma-separated tables that any program reads right: UTF-8, quoted where they must be (RFC 4180)."""

import re

from wordvec_cli.text.decoding import in_valid_utf8, is_utf8

# Patterns are compiled where they are needed: a cold look-up waits for none of them.
_MUST_BE_QUOTED = rb'[,"\n\r]'
_NUMBER = rb"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
# What a spreadsheet takes for the start of a formula, in the wide forms of East Asian keyboards too.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_STARTS = tuple(start.encode() for start in _FORMULA_STARTS)


def csv_cell(cell: bytes, is_safe: bool = False) -> bytes:
    """A cell as it is written: bytes that are not valid UTF-8 are replaced by U+FFFD.

    is_safe  whether a text that a spreadsheet would run as a formula gets a `'` before it
    """
    if not is_utf8(cell):
        cell = in_valid_utf8(cell)
    if is_safe and cell.startswith(_STARTS) and not re.fullmatch(_NUMBER, cell):
        cell = b"'" + cell
    if re.search(_MUST_BE_QUOTED, cell):
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell
