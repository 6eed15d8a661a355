"""Safetensors files with other numbers or another header, as a bad disk, a bad program or a bad person leaves them."""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {"I64": "<i8", "I32": "<i4", "I8": "i1", "U8": "u1", "F32": "<f4", "F64": "<f8"}


def with_values(path: Path, target: Path, changes: Mapping[str, Callable[[Any], Any]]) -> Path:
    """A copy in which each tensor that is named has the values that a function makes of its own."""
    content = bytearray(path.read_bytes())
    n_header = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + n_header])
    for name, change in changes.items():
        start, end = (8 + n_header + offset for offset in header[name]["data_offsets"])
        dtype = DTYPES[header[name]["dtype"]]
        content[start:end] = np.asarray(change(np.frombuffer(content[start:end], dtype).copy()), dtype).tobytes()
    target.write_bytes(content)
    return target


def with_metadata(path: Path, target: Path, changes: Mapping[str, str]) -> Path:
    """A copy whose metadata says something else; its tensors are the same."""
    content = path.read_bytes()
    n_header = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + n_header])
    header["__metadata__"] |= changes
    text = json.dumps(header).encode()
    target.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + n_header :])
    return target
