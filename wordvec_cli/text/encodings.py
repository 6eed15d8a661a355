"""Texts in other encodings than UTF-8: which one it is, and the stream that makes UTF-8 of it."""

import codecs
import io
from typing import Any, BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import is_utf8
from wordvec_cli.text.file_options import AUTO

READ_BYTES = 1 << 18
SAMPLE_BYTES = 1 << 16  # that an encoding is guessed from
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark its own begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class InUtf8(io.RawIOBase):
    """A text in another encoding, read as UTF-8; a mark at its start is left out.

    name  of the file, for errors
    """

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._name = name
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._n_bytes = 0
        self._rest = memoryview(b"")
        self._at_end = False
        self._is_first = True

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        """Raises: InputError for bytes that are not of the encoding"""
        while not self._rest and not self._at_end:
            self._rest = memoryview(self._next())
        n = min(len(self._rest), len(target))
        target[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n

    def _next(self) -> bytes:
        piece = self._stream.read(READ_BYTES)
        self._at_end = not piece
        try:
            text = self._decoder.decode(piece, final=self._at_end)
        except UnicodeDecodeError as error:
            place = max(0, self._n_bytes - len(error.object) + len(piece) + error.start)
            raise InputError(
                f"{self._name}: is not {self._encoding} (at byte {place + 1}: {error.reason}); "
                "name another with --encoding, or auto"
            ) from None
        except UnicodeError as error:  # of all at once, as of UTF-16 without its mark
            raise InputError(
                f"{self._name}: is not {self._encoding} ({error}); name another with --encoding, as utf-16-le, or auto"
            ) from None
        self._n_bytes += len(piece)
        if self._is_first and text:
            text, self._is_first = text.removeprefix("\ufeff"), False
        return text.encode("utf-8", "surrogatepass")


def guessed(stream: BinaryIO, name: str) -> str:
    """The encoding of a text: by its mark, as UTF-8 if it is that, else as charset-normalizer guesses.

    Raises: InputError if nothing is plausible, or that package is missing
    """
    sample = _sample(stream)
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    if is_utf8(sample, is_whole=False) and b"\0" not in sample:
        return "utf-8"
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise InputError(
            f"{name}: is not UTF-8, and --encoding auto needs charset-normalizer; "
            "install it (pip install 'wordvec-cli[encodings]'), or name the encoding"
        ) from None
    best = from_bytes(sample).best()
    if best is None:
        raise InputError(f"{name}: no encoding fits; name it with --encoding")
    return str(best.encoding)


def _sample(stream: BinaryIO) -> bytes:
    """A part of the text that shows its encoding: its start, or where it first leaves ASCII."""
    start = stream.read(SAMPLE_BYTES)
    piece = start
    while piece and piece.isascii() and b"\0" not in piece:
        piece = stream.read(SAMPLE_BYTES)
    if not piece or piece is start:
        return start
    return piece + stream.read(SAMPLE_BYTES)


def is_wanted(encoding: str | None) -> bool:
    """Whether there is anything to do."""
    return encoding is not None and (encoding == AUTO or codecs.lookup(encoding).name != "utf-8")
