"""Numbers of bytes as people write them: 200MB, 1.5GB, 4096."""

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
REMEDY = "write it like 200MB or 1.5GB"


def parsed_size(text: str) -> int | None:
    """The number of bytes; None if it is not a size."""
    match = _SIZE.fullmatch(text)
    return None if match is None else int(float(match[1]) * _UNITS[match[2].lower()])
