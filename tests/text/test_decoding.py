"""Bytes as text, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec_cli.text.decoding import as_bytes, as_text, bytes_of_json, in_valid_utf8, is_utf8, quoted, shown


@given(st.binary())
def test_text_stands_for_its_bytes(word: bytes) -> None:
    assert as_bytes(as_text(word)) == word
    assert as_bytes(word) == word
    assert is_utf8(word) == (shown(word).encode() == word)
    assert is_utf8(in_valid_utf8(word))
    assert (in_valid_utf8(word) == word) == is_utf8(word)


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_has_bytes(text: str) -> None:
    assert isinstance(bytes_of_json(text), bytes)
    try:
        word = as_bytes(text)
    except UnicodeEncodeError:
        assert any("\ud800" <= character <= "\udfff" for character in text)
    else:
        assert bytes_of_json(text) == word


@pytest.mark.parametrize(
    ("text", "word"), [("\udcff", b"\xff"), ("\ud800", b"\xed\xa0\x80"), ("\udcff\ud800", b"\xed\xb3\xbf\xed\xa0\x80")]
)
def test_a_surrogate_that_stands_for_no_byte_is_written_as_one(text: str, word: bytes) -> None:
    assert bytes_of_json(text) == word


def test_a_word_in_an_error_is_in_quotes_and_shows_its_bytes() -> None:
    assert quoted(b"caf\xc3\xa9") == "'café'"
    assert quoted(b"a\n\xff") == r"'a\n\\xff'"


def test_the_last_character_may_be_cut() -> None:
    assert is_utf8(b"a\xc3", is_whole=False)
    assert not is_utf8(b"a\xc3")
    assert not is_utf8(b"\xc3a", is_whole=False)
