"""Words and lines are bytes, which need not be valid UTF-8: how they become text, and bytes again.

On the path of a look-up: the standard library alone.
"""

import codecs


def as_text(word: bytes) -> str:
    """A word for a program: a byte that is not valid UTF-8 becomes a lone surrogate, from which `as_bytes` knows it."""
    return word.decode("utf-8", "surrogateescape")


def as_bytes(text: str | bytes) -> bytes:
    """The bytes of a word. Raises: UnicodeEncodeError if it holds surrogates that stand for no byte"""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def bytes_of_json(text: str) -> bytes:
    """As `as_bytes`, of text in which JSON may have written surrogates of any kind: each as UTF-8 would have it."""
    try:
        return as_bytes(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def shown(word: bytes) -> str:
    """A word for a person's eyes: bytes that are not valid UTF-8 are replaced by U+FFFD."""
    return word.decode("utf-8", "replace")


def quoted(word: bytes) -> str:
    r"""A word for an error, in quotes: bytes that are not valid UTF-8 are shown as \xff."""
    return repr(word.decode("utf-8", "backslashreplace"))


def in_valid_utf8(text: bytes) -> bytes:
    """Text with U+FFFD for the bytes that are not valid UTF-8."""
    return text.decode("utf-8", "replace").encode()


def is_utf8(text: bytes | bytearray | memoryview, is_whole: bool = True) -> bool:
    """is_whole  False: the last character may be cut"""
    try:
        codecs.utf_8_decode(text, "strict", is_whole)
    except UnicodeDecodeError:
        return False
    return True
