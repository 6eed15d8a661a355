"""Words of a vocabulary that may be meant by one that is not among them; on the standard library alone."""

import bisect
from collections.abc import Iterator
from contextlib import suppress

from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.vocabulary.vocabulary import Vocabulary

MOST_CHARACTERS = 256  # that are tried at one place: the ones that follow there in the vocabulary
AFTER_ALL = b"\xff" * 8  # what no word in UTF-8 goes on with


def other_forms(vocabulary: Vocabulary, word: bytes) -> list[bytes]:
    """Other cases and Unicode forms of a word that are words, each once, without the word itself."""
    import unicodedata

    text = as_text(word)
    cases = [text, text.lower(), text.capitalize(), text.upper(), text.casefold(), text.title()]
    forms = [
        form for case in cases for form in (case, *(unicodedata.normalize(f, case) for f in ("NFC", "NFD", "NFKC")))
    ]
    encoded = dict.fromkeys(as_bytes(form) for form in forms)
    return [form for form in encoded if form != word and vocabulary.find(form) is not None]


def one_edit_away(vocabulary: Vocabulary, word: bytes, n: int) -> list[bytes]:
    """Up to `n` words that one character inserted, left out, replaced or exchanged with the next makes of a word.

    Those with the lowest ids, which are the most frequent in most files. The sorted vocabulary is read as a tree: at
    each place only characters are tried that a word goes on with there (MOST_CHARACTERS at most), so that a
    vocabulary of millions takes hundreds of bisections, some milliseconds.
    """
    text = as_text(word)
    if len(text) < 2:
        return []  # any word of one character would do
    found = {id: edited for edited in set(_edits(vocabulary, text)) if (id := vocabulary.find(edited)) is not None}
    return [found[id] for id in sorted(found) if found[id] != word][:n]


def _edits(vocabulary: Vocabulary, text: str) -> Iterator[bytes]:
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        if after:
            yield as_bytes(before + after[1:])
        if len(after) > 1:
            yield as_bytes(before + after[1] + after[0] + after[2:])
        for character in _characters_after(vocabulary, as_bytes(before)):
            yield as_bytes(before) + character + as_bytes(after)
            if after:
                yield as_bytes(before) + character + as_bytes(after[1:])


def _characters_after(vocabulary: Vocabulary, prefix: bytes) -> Iterator[bytes]:
    """The characters that words go on with after `prefix`, in byte order, no more than MOST_CHARACTERS."""
    place = _first_not_below(vocabulary, prefix)
    for _ in range(MOST_CHARACTERS):
        if place == len(vocabulary):
            return
        word = vocabulary.word_at(place)
        if not word.startswith(prefix):
            return
        if word == prefix:
            place += 1
            continue
        character = _first_character(word[len(prefix) :])
        yield character
        place = _first_not_below(vocabulary, prefix + character + AFTER_ALL, place)


def _first_not_below(vocabulary: Vocabulary, text: bytes, low: int = 0) -> int:
    """The first place in the byte order, from `low` on, of a word that does not come before `text`."""
    return bisect.bisect_left(range(len(vocabulary)), text, low, key=vocabulary.word_at)


def _first_character(rest: bytes) -> bytes:
    """The bytes of the first character; one byte where they are not valid UTF-8."""
    for n_bytes in range(1, 5):
        with suppress(UnicodeDecodeError):
            rest[:n_bytes].decode()
            return rest[:n_bytes]
    return rest[:1]
