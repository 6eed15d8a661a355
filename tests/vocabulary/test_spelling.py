import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.spelling import one_edit_away, other_forms
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ALPHABET = "abé東"


def is_one_edit_away(word: str, other: str) -> bool:
    """Tries every edit; with every character."""
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        edits = [before + after[1:], before + after[1:2] + after[:1] + after[2:]]
        edits += [before + c + rest for c in ALPHABET for rest in (after, after[1:])]
        if other in edits and other != word:
            return True
    return False


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    rng = np.random.default_rng(5)
    words = {"".join(rng.choice(list(ALPHABET), rng.integers(1, 6))) for _ in range(400)}
    return Vocabulary.from_words([word.encode() for word in sorted(words, key=hash_of)] + [b"caf\xe9", b"\xff"])


def hash_of(word: str) -> int:
    """An order of no meaning that is the same every time."""
    return sum((i + 7) * ord(c) * 2654435761 for i, c in enumerate(word)) % 1009


@pytest.mark.parametrize("word", ["aab", "éa東b", "ab", "東", "bbbbb", "ababab", "éé", "xyz", "a東xb"])
def test_words_one_edit_away_are_those_of_trying_everything(vocabulary: Vocabulary, word: str) -> None:
    others = [other for other in vocabulary if is_one_edit_away(word, other.decode("utf-8", "surrogateescape"))]
    expected = others if len(word) > 1 else []
    assert one_edit_away(vocabulary, word.encode(), 1000) == expected
    assert one_edit_away(vocabulary, word.encode(), 2) == expected[:2]


def test_broken_utf8_is_told_by_its_bytes(vocabulary: Vocabulary) -> None:
    assert one_edit_away(vocabulary, b"caf\xe8", 3) == [b"caf\xe9"]
    assert one_edit_away(vocabulary, b"", 3) == []


def test_other_cases_and_unicode_forms_are_found() -> None:
    vocabulary = Vocabulary.from_words([b"Paris", "caf\u00e9".encode(), b"paris", b"\xff"])
    assert other_forms(vocabulary, b"PARIS") == [b"paris", b"Paris"]
    assert other_forms(vocabulary, "Cafe\u0301".encode()) == ["caf\u00e9".encode()]
    assert other_forms(vocabulary, b"\xfe") == []


@pytest.mark.parametrize("command", ["lookup", "similar"])
def test_a_likely_spelling_is_told(command: str, tmp_path: object) -> None:
    path = f"{tmp_path}/v.safetensors"
    save(path, Vocabulary.from_words([b"freedom", b"king"]), np.ones((2, 2), np.float32), {})
    result = run_here(command, path, "freedmo", "quite-another")
    assert result.stderr == b"'freedmo' is missing; there is 'freedom'\n'quite-another' is missing\n"
    assert result.returncode == 3
