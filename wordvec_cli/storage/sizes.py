"""Numbers of bytes as people write them: 200MB, 1.5GB, 4096."""

import re

# Compiled when it is first used: few commands are given sizes, and all wait for this module.
_SIZE = r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?"
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
REMEDY = "write it like 200MB or 1.5GB"


def parsed_size(text: str) -> int | None:
    """The number of bytes; None if it is not a size."""
    match = re.fullmatch(_SIZE, text, re.IGNORECASE)
    return None if match is None else int(float(match[1]) * _UNITS[match[2].lower()])
