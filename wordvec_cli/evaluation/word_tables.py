"""Files of word lists that measures are made of: TOML or JSON, one table or several with names."""

import json
import os
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from wordvec_cli.errors import InputError
from wordvec_cli.text.lines import read_text

ABOUT = "about"  # a text for people, that a file or a table may have


def read_tables(path: str, keys: Collection[str]) -> Mapping[str, Any]:
    """The tables of a file by name; a file that has one of the keys itself is one table, with the file's name.

    Raises: InputError
    """
    text = read_text(path)
    try:
        is_json = text.lstrip().startswith(b"{")
        parsed = json.loads(text, object_pairs_hook=_once_each) if is_json else tomllib.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is neither TOML nor JSON ({error}); mend it") from None
    if any(key in parsed for key in keys):
        return {os.path.splitext(os.path.basename(path))[0]: parsed}
    return {name: table for name, table in parsed.items() if name != ABOUT}


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, as TOML has it: no key comes twice. Raises: ValueError"""
    found = dict(members)
    if len(found) < len(members):
        keys = [key for key, _ in members]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)!r} comes twice")
    return found
