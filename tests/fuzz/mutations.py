"""The ways to damage a file: blindly, as text, by its numbers, and by its structure."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import math
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from wordvec_cli.storage.safetensors import CHECKSUM_KEY, NO_CHECKSUM

EXTREMES = (
    0, -1, 1, 2, 3, 255, 2**15, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64, 10**6,
    10**9, 10**25,
)  # fmt: skip
REALS = (math.nan, math.inf, -math.inf, 1e308, -1e300, 1e-46, 0.5)
VALUES: tuple[Any, ...] = (
    *EXTREMES, *REALS, "", "x", "inf", "-1", "\x1b[31m\n", "é" * 300, None, True, False, [], {}, [[]], [-1], {"a": 1},
)  # fmt: skip
TEXT_NUMBERS = (*map(str, (*EXTREMES, *REALS)), "1.5", "-0", "1e999", "0x10", "１", "1_000", "", "12a")  # noqa: RUF001
INSERTED = (b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\n\n", b"\0", b"\t", b" ", b"\xff\xfe", b"\x1b[2J", b"\xe9", b'"')
INTEGERS = {"I64": "<q", "I32": "<i", "I16": "<h", "I8": "<b", "U8": "<B", "U16": "<H", "U32": "<I", "U64": "<Q"}


class Damage(NamedTuple):
    """A damaged file.

    breaks_checksum  its bytes are others than those that its own checksum was made of
    is_truncation    all that was done to it is that its end is missing, and more than a line end with it
    """

    content: bytes
    told: str
    breaks_checksum: bool = False
    is_truncation: bool = False

    def is_forged(self, content: bytes) -> bool:
        """Whether more than its header is other than what was written, and its checksum was made to hold."""
        is_of_header = all(name.startswith(("edit the header", "edit metadata")) for name in self.told.split(", "))
        return self.content != content and not self.breaks_checksum and not is_of_header


Mutation = Callable[[random.Random, bytes], bytes]


def damaged(rng: random.Random, content: bytes) -> Damage:
    """The content with one to three things done to it."""
    told, new = [], content
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        name, mutate = rng.choice([*_ways(new).items()])
        new = mutate(rng, new)
        told.append(name)
    has_sum = CHECKSUM_KEY in content[:100_000] and content[8:9] == b"{"
    breaks = has_sum and new != content and not _sum_holds(new)
    is_truncation = told == ["truncate"] and content[len(new) :] not in (b"", b"\n")  # without it JSON is whole
    return Damage(new, ", ".join(told), breaks, is_truncation)


def _ways(content: bytes) -> Mapping[str, Mutation]:
    """What can be done to such a file; what knows its structure is worth as much as all the rest."""
    ways = dict(_BLIND)
    if content[8:9] == b"{":
        ways |= _SAFETENSORS
    elif content[:1] in (b"{", b"["):
        ways |= {"edit JSON": edit_json_text, "edit JSON more": edit_json_text}
    elif content[:6] == b"\x93NUMPY":
        ways |= {"edit the .npy header": edit_npy_header}
    for beginning, inside in _WRAPPED.items():
        if content.startswith(beginning):
            ways |= dict.fromkeys((f"inside {i}" for i in range(6)), inside)
    if content and content.count(0) < len(content) // 50:
        ways |= _TEXT
    return ways


# ---------------------------------------------------------------- blind


def flip_bits(rng: random.Random, content: bytes) -> bytes:
    new = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8)) if new else 0):
        new[_place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(new)


def set_bytes(rng: random.Random, content: bytes) -> bytes:
    begin, end = _block(rng, content, 16)
    return content[:begin] + bytes([rng.choice((0, 1, 127, 128, 255))]) * (end - begin) + content[end:]


def truncate(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.choice((_place(rng, content), max(0, len(content) - rng.randrange(1, 40))))]


def remove_block(rng: random.Random, content: bytes) -> bytes:
    begin, end = _block(rng, content)
    return content[:begin] + content[end:]


def duplicate_block(rng: random.Random, content: bytes) -> bytes:
    begin, end = _block(rng, content)
    return content[:end] + content[begin:]


def swap_blocks(rng: random.Random, content: bytes) -> bytes:
    a, b, c, d = sorted(_place(rng, content) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def overwrite_number(rng: random.Random, content: bytes) -> bytes:
    """An extreme where a binary number may stand, in the first bytes as often as anywhere."""
    code = rng.choice(("<i", "<q", "<f", "<d", ">i"))
    size = struct.calcsize(code)
    if len(content) < size:
        return content
    at = rng.choice((_place(rng, content), rng.randrange(min(len(content), 100))))
    at = min(at - at % rng.choice((1, size)), len(content) - size)
    return content[:at] + _packed(rng, code) + content[at + size :]


def insert(rng: random.Random, content: bytes) -> bytes:
    at = rng.choice((0, _place(rng, content), len(content)))
    return content[:at] + rng.choice(INSERTED) + content[at:]


def _place(rng: random.Random, content: bytes) -> int:
    return rng.randrange(len(content)) if content else 0


def _block(rng: random.Random, content: bytes, longest: int = 1 << 62) -> tuple[int, int]:
    begin = _place(rng, content)
    return begin, min(begin + min(rng.choice((1, 4, 8, 64, 1000)), longest), len(content))


def _packed(rng: random.Random, code: str) -> bytes:
    if code[-1] == "f":
        return struct.pack(code, rng.choice((math.nan, math.inf, 3e38, 1e-45, -1.0)))
    if code[-1] == "d":
        return struct.pack(code, rng.choice(REALS))
    n_bits = 8 * struct.calcsize(code)
    lowest = 0 if code[-1].isupper() else -(2 ** (n_bits - 1))
    highest = lowest + 2**n_bits - 1
    return struct.pack(code, rng.choice([each for each in (*EXTREMES, lowest, highest) if lowest <= each <= highest]))


_BLIND: Mapping[str, Mutation] = {
    "flip bits": flip_bits, "set bytes": set_bytes, "truncate": truncate, "remove a block": remove_block,
    "duplicate a block": duplicate_block, "swap blocks": swap_blocks, "overwrite a number": overwrite_number,
    "insert": insert,
}  # fmt: skip

# ---------------------------------------------------------------- text


def change_number(rng: random.Random, content: bytes) -> bytes:
    """Another number for one of the first line, or of any."""
    end = rng.choice((content.find(b"\n") + 1 or len(content), len(content)))
    numbers = [*re.finditer(rb"-?\d[\d.e+-]*", content[:end])]
    if not numbers:
        return content
    found = rng.choice(numbers)
    return content[: found.start()] + rng.choice(TEXT_NUMBERS).encode() + content[found.end() :]


def change_lines(rng: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    at, other = (rng.randrange(len(lines)) for _ in range(2))
    match rng.randrange(4):
        case 0:
            del lines[at : at + rng.choice((1, 1, 5))]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = lines[at].replace(*rng.choice(_SEPARATORS))
    return b"".join(lines)


_SEPARATORS = ((b"\t", b" "), (b" ", b"\t"), (b"\t", b","), (b" ", b"  "), (b"\n", b"\r\n"), (b"\n", b""), (b" ", b""))
_TEXT: Mapping[str, Mutation] = {"change a number": change_number, "change lines": change_lines}

# ---------------------------------------------------------------- structure


def edit_json_text(rng: random.Random, content: bytes) -> bytes:
    try:
        table = json.loads(content)
    except (ValueError, RecursionError):
        return content
    return json.dumps(edited_json(rng, table), ensure_ascii=False).encode("utf-8", "surrogatepass")


def edited_json(rng: random.Random, value: Any) -> Any:
    """The value with another value, or nothing, in one place of it; JSON in strings is looked into."""
    if isinstance(value, str) and value[:1] in ("{", "[") and rng.random() < 0.8:
        with contextlib.suppress(ValueError, RecursionError):
            return json.dumps(edited_json(rng, json.loads(value)))
    if not isinstance(value, dict | list) or not value or rng.random() < 0.1:
        return rng.choice(VALUES)
    new = value.copy()
    key = rng.choice([*value]) if isinstance(value, dict) else rng.randrange(len(value))
    if rng.random() < 0.2:
        del new[key]
    else:
        new[key] = edited_json(rng, value[key])
    return new


def edit_header(rng: random.Random, content: bytes) -> bytes:
    """The JSON header of a safetensors file edited, and its checksum made again."""
    header, tensors = _parts(content)
    return with_checksum(_joined(edited_json(rng, header), tensors)) if header else content


def edit_metadata(rng: random.Random, content: bytes) -> bytes:
    header, tensors = _parts(content)
    if not header or "__metadata__" not in header:
        return content
    new = header | {"__metadata__": edited_json(rng, header["__metadata__"])}
    return with_checksum(_joined(new, tensors))


def edit_integers(rng: random.Random, content: bytes) -> bytes:
    """Another value, or that of a neighbour, in a tensor of whole numbers; and the checksum made again."""
    header, tensors = _parts(content)
    whole = [entry for name, entry in (header or {}).items() if name != "__metadata__" and _is_whole(entry)]
    if not whole:
        return content
    entry, new = rng.choice(whole), bytearray(tensors)
    code, (begin, end) = INTEGERS[entry["dtype"]], entry["data_offsets"]
    size = struct.calcsize(code)
    for _ in range(rng.choice((1, 1, 2, 20))):
        at, other = (begin + size * rng.randrange((end - begin) // size) for _ in range(2))
        new[at : at + size] = rng.choice((_packed(rng, code), new[other : other + size]))
    return with_checksum(_joined(header, bytes(new)))


def _is_whole(entry: Any) -> bool:
    try:
        begin, end = entry["data_offsets"]
        return entry["dtype"] in INTEGERS and 0 <= begin < end
    except (KeyError, TypeError, ValueError):
        return False


def _parts(content: bytes) -> tuple[Any, bytes]:
    length = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    try:
        header = json.loads(content[8 : 8 + min(length, len(content))])
    except (ValueError, RecursionError):
        return None, b""
    return (header if isinstance(header, dict) else None), content[8 + length :]


def _joined(header: Any, tensors: bytes) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    return struct.pack("<Q", len(text)) + text + tensors


def with_checksum(content: bytes) -> bytes:
    """The file with the checksum that it should have, if it has one."""
    start = content.find(CHECKSUM_KEY) + len(CHECKSUM_KEY)
    end = start + len(NO_CHECKSUM)
    if start < len(CHECKSUM_KEY) or content[end : end + 1] != b'"':
        return content
    digest = sha256(content[:start] + NO_CHECKSUM.encode() + content[end:]).hexdigest()
    return content[:start] + digest.encode() + content[end:]


def _sum_holds(content: bytes) -> bool:
    return with_checksum(content) == content


def edit_npy_header(rng: random.Random, content: bytes) -> bytes:
    """Another shape, type or order in the header of an array."""
    end = content.find(b"\n") + 1
    header = content[10:end]
    numbers = [*re.finditer(rb"\d+|'[<|>]..'|True|False|\(|\)", header)]
    if not numbers:
        return content
    found = rng.choice(numbers)
    value = rng.choice((*map(str, EXTREMES), "'<f8'", "'|O'", "'<i2'", "'|S3'", "True", "()", "(", "[1]", "1e9"))
    new = (header[: found.start()] + value.encode() + header[found.end() :].rstrip()).ljust(len(header) - 1) + b"\n"
    return content[:8] + struct.pack("<H", len(new) & 0xFFFF) + new + content[end:]


_SAFETENSORS: Mapping[str, Mutation] = {
    "edit the header": edit_header, "edit metadata": edit_metadata, "edit metadata more": edit_metadata,
    "edit metadata most": edit_metadata, "edit integers": edit_integers, "edit integers more": edit_integers,
    "edit integers most": edit_integers,
}  # fmt: skip

# ---------------------------------------------------------------- in a wrapping


def _inside(unwrap: Callable[[bytes], bytes], wrap: Callable[[bytes], bytes]) -> Mutation:
    """Damage within what is compressed; what cannot be unwrapped any more stays as it is."""

    def mutate(rng: random.Random, content: bytes) -> bytes:
        try:
            return wrap(damaged(rng, unwrap(content)).content)
        except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
            return content

    return mutate


def _inside_zip(rng: random.Random, content: bytes) -> bytes:
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(packed, "w") as new:
            names = archive.namelist()
            chosen = rng.choice(names) if names else ""
            for name in names:
                member = archive.read(name)
                new.writestr(name, damaged(rng, member).content if name == chosen else member)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        return content
    return packed.getvalue()


_WRAPPED: Mapping[bytes, Mutation] = {
    b"\x1f\x8b": _inside(gzip.decompress, lambda content: gzip.compress(content, 1, mtime=0)),
    b"BZh": _inside(bz2.decompress, bz2.compress),
    b"\xfd7zXZ": _inside(lzma.decompress, lambda content: lzma.compress(content, preset=0)),
    b"PK\x03\x04": _inside_zip,
}
