"""Tokenizers as people would expect them, and their fast path held to the plain one."""

import itertools
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import NASTY_PIECES
from wordvec_cli.errors import InputError
from wordvec_cli.text.chunk_pieces import split_chunks
from wordvec_cli.text.splitters import SPLITTERS
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.words import back_to_back

texts = st.lists(st.one_of(st.sampled_from(NASTY_PIECES), st.binary(max_size=20)), max_size=60).map(b"".join)


def tokens(text: str | bytes, *options: object, **others: object) -> list[str]:
    line = text.encode() if isinstance(text, str) else text
    return [token.decode("utf-8", "surrogateescape") for token in Tokenizer(*options, **others).tokens(line)]


def test_whitespace_splits_at_the_six_ascii_bytes_only() -> None:
    text = "a\u00a0b c\u3000d\te\x1cf\x00g\r\v\fh\u0085i"
    assert tokens(text) == ["a\u00a0b", "c\u3000d", "e\x1cf\x00g", "h\u0085i"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's don't, 'quoted'.", ["It's", "don't", ",", "'", "quoted", "'", "."]),
        ("l\u2019état", ["l\u2019état"]),
        ("pi=3.14, 1,000. 3.x v.3", ["pi", "=", "3.14", ",", "1,000", ".", "3", ".", "x", "v", ".", "3"]),
        ("हिन्दी ภาษาที่ می\u200cخواهم", ["हिन्दी", "ภาษาที่", "می\u200cخواهم"]),  # noqa: RUF001
        ("東京\u3000大阪\u0085x\x1cy", ["東京", "大阪", "x", "y"]),
        ("e\u0301té ❤\ufe0f!", ["e\u0301té", "❤\ufe0f", "!"]),
        ("a\x00b_c--d", ["a", "\x00", "b_c", "-", "-", "d"]),
        ("", []),
    ],
)
def test_words_are_what_people_call_words(text: str, expected: list[str]) -> None:
    assert tokens(text, "words") == expected


def test_a_latin_1_word_is_not_cut() -> None:
    assert Tokenizer("words").tokens(b"un caf\xe9, oui") == [b"un", b"caf\xe9", b",", b"oui"]


def test_a_pattern_takes_whole_matches_or_its_only_group() -> None:
    assert tokens("new york, paris", "pattern", "new york|[a-z]+") == ["new york", "paris"]
    assert tokens("#a b #c", "pattern", r"#(\w)") == ["a", "c"]
    assert tokens("#a b #c", "pattern", r"(#)(\w)") == ["#a", "#c"]
    assert tokens("a1b", "pattern", r"\d*") == ["1"]
    assert tokens(b"a b\r", "pattern", ".+") == ["a b"]


def test_lowercasing_and_normalising_come_before_splitting() -> None:
    assert tokens("ΟΔΟΣ ΟΔΟΣ", lowercase=True) == ["οδος", "οδος"]
    assert tokens("cafe\u0301 ﬁn", normalise="NFKC") == ["café", "fin"]
    assert tokens("A\u00a8B", normalise="NFKC") == ["A", "\u0308B"]
    assert all(unicodedata.is_normalized("NFC", word) for word in tokens("İ ẞ Å", lowercase=True, normalise="NFC"))


def test_invalid_utf8_is_kept_replaced_skipped_or_an_error() -> None:
    line = b"ok \xe6\x9d x"
    assert Tokenizer().tokens(line) == [b"ok", b"\xe6\x9d", b"x"]
    assert Tokenizer(invalid_utf8="replace").tokens(line) == [b"ok", "\ufffd".encode(), b"x"]
    assert Tokenizer(invalid_utf8="skip").tokens(line) == []
    with pytest.raises(InputError, match="0xe6 at byte 4"):
        Tokenizer(invalid_utf8="error").tokens(line)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "word"}, f"--tokenizer: 'word' is not one of {', '.join(SPLITTERS)}, pattern"),
        ({"normalise": "nfc"}, "--normalise"),
        ({"invalid_utf8": "ignore"}, "--invalid-utf8"),
        ({"kind": "pattern"}, "--token-pattern"),
        ({"pattern": "x"}, "--token-pattern"),
        ({"kind": "pattern", "pattern": "ab(c"}, r"--token-pattern: .* at character 3"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Tokenizer(**options)


@pytest.mark.parametrize("tokenizer", [Tokenizer(), Tokenizer("pattern", "x", True, "NFC", "skip")])
def test_metadata_bring_a_tokenizer_back(tokenizer: Tokenizer) -> None:
    assert Tokenizer.from_metadata(tokenizer.to_metadata()) == tokenizer


@pytest.mark.parametrize("metadata", [None, [], {"kind": "bpe"}, {"kind": "words", "stemmer": True}])
def test_foreign_metadata_are_an_input_error(metadata: object) -> None:
    with pytest.raises(InputError):
        Tokenizer.from_metadata(metadata)


def test_a_description_names_what_differs_from_the_default() -> None:
    assert Tokenizer().describe() == "whitespace"
    assert Tokenizer("words", None, True, "NFC", "skip").describe() == "words, lowercase, NFC, invalid UTF-8: skip"


def test_no_combining_mark_of_unicode_is_forgotten() -> None:
    marks = "".join(map(chr, range(sys.maxunicode + 1)))
    marks = "".join(character for character in marks if unicodedata.category(character)[0] == "M")
    assert tokens(marks, "words") == [marks]


# ---------------------------------------------------------------- the fast path

TOKENIZERS = [
    Tokenizer(kind, lowercase=lowercase, normalise=normalise)
    for kind in ("whitespace", "words")
    for lowercase in (False, True)
    for normalise in (None, "NFC", "NFKC")
]


def check_split(tokenizer: Tokenizer, chunks: list[bytes]) -> None:
    found: dict[int, list[bytes]] = {}
    for pieces in split_chunks(tokenizer, *back_to_back(chunks)):
        text, ends = bytes(pieces.text), pieces.offsets.tolist()
        words = iter([text[start:end] for start, end in itertools.pairwise(ends)])
        for chunk, n_pieces in zip(pieces.chunks.tolist(), pieces.n_pieces.tolist(), strict=True):
            found.setdefault(chunk, []).extend(next(words) for _ in range(n_pieces))
        assert next(words, None) is None
    assert found == {i: tokenizer.tokens(chunk) for i, chunk in enumerate(chunks)}


@given(texts, st.sampled_from(TOKENIZERS))
def test_chunks_are_cut_as_the_tokenizer_does(text: bytes, tokenizer: Tokenizer) -> None:
    check_split(tokenizer, text.split())


@given(texts, st.sampled_from(TOKENIZERS))
def test_the_tokens_of_a_line_are_those_of_its_chunks(line: bytes, tokenizer: Tokenizer) -> None:
    assert [token for chunk in line.split() for token in tokenizer.tokens(chunk)] == tokenizer.tokens(line)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=Tokenizer.describe)
def test_every_pair_and_triple_of_ascii_kinds_is_cut_as_the_tokenizer_does(tokenizer: Tokenizer) -> None:
    characters = "aZ_09',.-\x00\x1c\x1f\x7f"
    chunks = {a + b + c + d for a in characters for b in characters for c in characters for d in ("", *characters)}
    check_split(
        tokenizer, [*(bytes([byte]) for byte in range(256) if not bytes([byte]).isspace()), *map(str.encode, chunks)]
    )
