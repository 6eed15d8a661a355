"""The plain definition of vectors as text: bytes to words and numbers, line by line, with Python's own `float`."""

import re
from typing import NamedTuple

import numpy as np

WRONG_WIDTH, NO_NUMBER, EMPTY = "another number of values", "no number", "empty"


class Line(NamedTuple):
    """What a line holds: a word and its numbers, or why it is no row."""

    word: bytes
    numbers: "list[np.float32] | None"
    problem: str | None = None


def lines(content: bytes, dim: int) -> list[Line]:
    """Every line, without a header: they end at a line feed only, and the numbers are the last `dim` fields."""
    every = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [line(each, dim) for each in (every if every[-1] else every[:-1])]


def line(content: bytes, dim: int) -> Line:
    stripped = content.rstrip(b" \t\r")
    if not stripped:
        return Line(b"", None, EMPTY)
    match = re.fullmatch(rb"(.*?)((?:[ \t]+[^ \t]+){%d})" % dim, stripped, re.DOTALL)
    if not match:
        return Line(b"", None, WRONG_WIDTH)
    numbers = [number(field) for field in re.findall(rb"[^ \t]+", match[2])]
    if None in numbers:
        return Line(match[1], None, NO_NUMBER)
    return Line(match[1], numbers)


def number(field: bytes) -> "np.float32 | None":
    """The float32 next to a decimal number; None if it is none. Python's 1_000 is none."""
    try:
        with np.errstate(over="ignore"):
            return None if b"_" in field else np.float32(float(field.decode("ascii")))
    except ValueError:
        return None


def rows(content: bytes, dim: int) -> list[tuple[bytes, list[np.float32]]]:
    """The words and their vectors, in the file's order; what is no row is left out."""
    return [(each.word, each.numbers) for each in lines(content, dim) if each.numbers is not None]
