"""JSON as it is printed: valid, whatever words and numbers hold; on the standard library alone.

JSON has no number for nan and inf: they are null. It has no bytes that are not valid UTF-8: a text that holds some has
U+FFFD in their place, and its exact bytes stand beside it in base64: in `bytes` beside the first field of an object, in
`NAME_bytes` beside another, `NAME`. Such a text in a list is an object itself: {"text": ..., "bytes": ...}.
"""

import json
import math
import re
from typing import Any

from wordvec_cli.text.decoding import bytes_of_json, shown

# Half of a pair of surrogates without the other: what bytes that are not valid UTF-8 became (surrogateescape).
_LONE_SURROGATE = r"(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f]|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])"


def written(value: Any, indent: int | None = None) -> str:
    """A value as JSON; broken bytes in its texts are lone surrogates (surrogateescape)."""
    try:
        text = json.dumps(value, indent=indent, allow_nan=False)
    except ValueError:
        text = json.dumps(_valid(value), indent=indent, allow_nan=False)
    if "\\ud" in text and re.search(_LONE_SURROGATE, text):
        text = json.dumps(_valid(value), indent=indent, allow_nan=False)
    return text


def members(**fields: Any) -> bytes:
    """The fields of an object without its braces, for one who writes the rest of it another way."""
    return written(fields)[1:-1].encode()


def _valid(value: Any) -> Any:
    """As it is printed: with null, U+FFFD and base64 where JSON needs them."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case str():
            return {"text": _replaced(value), "bytes": _base64(value)} if _is_broken(value) else value
        case dict():
            return _valid_object(value)
        case list() | tuple():
            return [_valid(each) for each in value]
    return value


def _valid_object(fields: dict[str, Any]) -> dict[str, Any]:
    valid: dict[str, Any] = {}
    for place, (name, value) in enumerate(fields.items()):
        shown = _replaced(name)
        if isinstance(value, str) and _is_broken(value):
            valid |= {shown: _replaced(value), "bytes" if place == 0 else f"{shown}_bytes": _base64(value)}
        else:
            valid[shown] = _valid(value)
    return valid


def _is_broken(text: str) -> bool:
    return re.search("[\ud800-\udfff]", text) is not None


def _replaced(text: str) -> str:
    return shown(bytes_of_json(text))


def _base64(text: str) -> str:
    import binascii  # for few words only

    return binascii.b2a_base64(bytes_of_json(text), newline=False).decode()
