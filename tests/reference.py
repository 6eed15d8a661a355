"""Plain and slow definitions that the fast code is held to."""

import codecs
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from wordvec_cli.text.tokenizer import Tokenizer

# ---------------------------------------------------------------- text


def lines_of(files: Iterable[bytes]) -> list[bytes]:
    """The lines of a corpus: a byte order mark is dropped, a file's end ends a line."""
    lines = []
    for content in files:
        parts = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
        lines += parts[:-1] if parts[-1] == b"" else parts
    return lines


def counted(lines: Iterable[bytes], tokenizer: Tokenizer) -> Counter[bytes]:
    return Counter(token for line in lines for token in tokenizer.tokens(line))


def ranked(counts: Mapping[bytes, int], min_count: int = 1) -> list[tuple[bytes, int]]:
    """By descending count, equal counts in byte order."""
    kept = [(word, count) for word, count in counts.items() if count >= min_count]
    return sorted(kept, key=lambda entry: (-entry[1], entry[0]))


def encoded(lines: Iterable[bytes], tokenizer: Tokenizer, words: Sequence[bytes]) -> list[list[int]]:
    ids = {word: id for id, word in enumerate(words)}
    return [[ids.get(token, -1) for token in tokenizer.tokens(line)] for line in lines]


# Pieces that have broken tokenizers, and hypothesis glues together.
NASTY_PIECES = [
    *(b" ", b"\t", b"\n", b"\r\n", b"\r", b"\v", b"\f", b"\x1c", b"\x1f", b"\x00", b"\x7f"),
    *(
        b"a",
        b"The",
        b"the",
        b"don't",
        b"'",
        b"3.14",
        b"1,000",
        b".",
        b",",
        b"_x",
        b"</s>",
        b"a-b",
        b"(x)",
        b"ABCDEFGHIJ",
    ),
    *(
        piece.encode()
        for piece in ("東京", "l\u2019état", "e\u0301", "é", "हिन्दी", "می\u200cخواهم", "ΟΔΟΣ", "Ö", "ﬁ", "½")  # noqa: RUF001
    ),
    *(
        piece.encode()
        for piece in ("\u0085", "\u00a0", "\u3000", "\u2028", "\ufeff", "\u00a8", "👩\u200d🚀", "❤\ufe0f", "İ")
    ),
    *(piece.encode() for piece in ("\u0301", "٣.٤", "\u1e9e")),
    *(b"\xff", b"caf\xe9", b"\xe6\x9d", b"\xed\xa0\x80", b"\xf0\x9f"),
]
