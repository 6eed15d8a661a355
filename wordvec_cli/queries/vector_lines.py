"""Vectors that come down a pipe, one a line: numbers, or a word and its numbers, or JSON."""

import binascii
import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.queries.questions import Question
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.lines import number
from wordvec_cli.vectors.embeddings import Embeddings

# `nan` and `inf` do not look like numbers here, as they may be words.
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
LARGEST, SMALLEST = 3.4028235e38, 1.4e-45  # float32 numbers above 0
LONGEST = 1e18  # the length of a vector whose products with others still fit float32
LOWEST_COSINE = 0.5  # between a word's vectors in two files of one training
AS_JSON = "pipe it as JSON (wordvec lookup --format json)"


class Mismatch(NamedTuple):
    """A word whose vector in a pipe points elsewhere than that in a file."""

    word: bytes
    cosine: float


class VectorQuestions:
    """Makes questions of lines that hold vectors; `note` is called once if they seem to be from another training.

    The first word that both have decides that.
    """

    def __init__(self, embeddings: Embeddings, metric: str, note: Callable[[Mismatch], None] | None = None) -> None:
        self._embeddings, self._metric, self._note = embeddings, metric, note
        self._is_checked = note is None

    def question(self, line: bytes) -> Question:
        """The question of a line; one without a word has no name yet. Raises: InputError, which does not say where"""
        word, vector = parsed_vector(line, self._embeddings.dim, is_length_bounded=self._metric != "cosine")
        if word is not None and not self._is_checked:
            self._check(word, vector)
        return Question([] if word is None else [word], [vector], [1.0])

    def _check(self, word: bytes, vector: Sequence[float]) -> None:
        word_id = self._embeddings.vocabulary.find(word)
        if word_id is None:
            return
        self._is_checked = True
        from wordvec_cli.queries.similarity import similarities

        cosine = float(similarities("cosine", [vector], [self._embeddings.row(word_id)])[0])
        if cosine < LOWEST_COSINE and self._note:
            self._note(Mismatch(word, cosine))


def parsed_vector(line: bytes, dim: int, is_length_bounded: bool = False) -> tuple[bytes | None, list[float]]:
    """The word of a line, if it has one, and its `dim` numbers.

    A word may hold blanks. A word that could be a number is refused: the line may as well hold too many numbers.
    is_length_bounded  whether the vector's length counts, and not its direction alone
    Raises: InputError, which does not say where
    """
    is_json = line.startswith(b'{"') and line.rstrip().endswith(b"}")
    word, vector = _of_json(line, dim) if is_json else _of_fields(line, dim)
    if not all(map(math.isfinite, vector)):
        raise InputError("holds a number that is not finite")
    greatest = max(map(abs, vector))
    if greatest > LARGEST or 0 < greatest < SMALLEST:
        raise InputError(f"{greatest:g} does not fit float32, as the numbers of vectors must; scale the vector")
    if is_length_bounded and math.hypot(*vector) > LONGEST:
        raise InputError(f"a vector of length {math.hypot(*vector):.2g} is too long for this --metric; scale it")
    return word, vector


def _of_json(line: bytes, dim: int) -> tuple[bytes | None, list[float]]:
    try:
        fields = json.loads(line)
        word, numbers = fields.get("word"), fields["vector"]
        exact = binascii.a2b_base64(fields["bytes"]) if "bytes" in fields else None
        vector = [math.nan if each is None else _of_element(each) for each in numbers]
        name = word.encode("utf-8", "replace") if exact is None and word is not None else exact
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError('is not a vector in JSON: {"word": ..., "vector": [...]}') from None
    if len(vector) != dim:
        raise _other_width(len(vector), dim)
    return name, vector


def _of_element(element: Any) -> float:
    return number(element) if isinstance(element, str) else float(element)


def _of_fields(line: bytes, dim: int) -> tuple[bytes | None, list[float]]:
    line = line.rstrip(b"\r")
    fields = line.split(b"\t") if b"\t" in line else line.rsplit(None, dim)
    if b"\t" in line:
        fields = [b"\t".join(fields[:-dim]), *fields[-dim:]] if len(fields) > dim else fields
    name = fields.pop(0) if len(fields) > dim else b""
    if len(fields) < dim or _ends_in_number(name) or (not name and not _is_number(fields[0])):
        raise _wrong(line.split(), dim)
    return name or None, _numbers(fields)


def _ends_in_number(name: bytes) -> bool:
    return bool(name.split() and _NUMBER.fullmatch(name.split()[-1]))


def _is_number(field: bytes) -> bool:
    try:
        number(field)
    except ValueError:
        return False
    return True


def _numbers(fields: Sequence[bytes]) -> list[float]:
    try:
        return [number(digits) for digits in fields]
    except ValueError:
        wrong = shown(next(field for field in fields if not _is_number(field)))
        raise InputError(f"is not a vector ({wrong!r} is not a number)") from None


def _wrong(fields: Sequence[bytes], dim: int) -> InputError:
    """The error of a line that has too many or too few numbers, or something else among them."""
    for field in fields[1:][-dim:]:
        _numbers([field])
    n_numbers = 0
    while n_numbers < len(fields) and _NUMBER.fullmatch(fields[-1 - n_numbers]):
        n_numbers += 1
    return _other_width(n_numbers, dim)


def _other_width(n_numbers: int, dim: int) -> InputError:
    advice = f"; if a number is a word, or ends one, {AS_JSON}" if n_numbers > dim else ""
    return InputError(f"{counted(n_numbers, 'number')} where the vectors have {dim}{advice}")
