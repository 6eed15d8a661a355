"""Vocabularies: numbering, finding and pruning words."""

import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vocabulary.test_counting import entries
from wordvec_cli.errors import InputError
from wordvec_cli.vectors import native
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@given(st.sets(st.binary(min_size=1, max_size=20), max_size=60), st.lists(st.binary(max_size=20)))
def test_words_are_found_and_others_are_not(words: set[bytes], others: list[bytes]) -> None:
    known = list(words)
    vocabulary = Vocabulary.from_words(known)
    assert list(vocabulary) == known
    assert [vocabulary.find(word) for word in known] == list(range(len(known)))
    assert all(vocabulary.find(word) is None for word in others if word not in words)


def test_find_needs_no_numpy_on_memory_views() -> None:
    code = (
        "import sys; from array import array; from wordvec_cli.vocabulary.vocabulary import Vocabulary; "
        "v = Vocabulary(memoryview(b'thea'), memoryview(array('q', [0, 3, 4])), memoryview(array('q', [1, 0]))); "
        "print(v.find(b'the'), v.find(b'a'), v.find(b'b'), list(v), len(v), 'numpy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert printed == "0 1 None [b'the', b'a'] 2 False\n"


def test_a_fingerprint_does_not_depend_on_how_the_arrays_are_kept() -> None:
    words, counts = [b"the", b"a"], [3, 2]
    vocabulary = Vocabulary.from_words(words, counts)
    mapped = Vocabulary(memoryview(b"thea"), array("q", [0, 3, 4]), array("q", [1, 0]), array("q", counts))
    assert mapped.fingerprint() == vocabulary.fingerprint()
    others = [Vocabulary.from_words([b"th", b"ea"], counts), Vocabulary.from_words(words, [3, 1])]
    assert vocabulary.fingerprint() not in {other.fingerprint() for other in [*others, Vocabulary.from_words(words)]}


def test_a_repeated_word_is_named() -> None:
    with pytest.raises(InputError, match="'b' is repeated"):
        Vocabulary.from_words([b"a", b"b", b"c", b"b"])


def test_pruning_keeps_the_most_frequent_words_in_their_order() -> None:
    vocabulary = Vocabulary.from_words([b"rare", b"often", b"b", b"a"], [1, 9, 5, 5])
    assert entries(vocabulary.prune(2)) == [(b"often", 9), (b"b", 5), (b"a", 5)]
    pruned = vocabulary.prune(1, 2)
    assert entries(pruned) == [(b"often", 9), (b"b", 5)]
    assert [pruned.find(word) for word in (b"rare", b"often", b"b", b"a")] == [None, 0, 1, None]
    with pytest.raises(InputError, match="--min-count 10"):
        vocabulary.prune(10)
    with pytest.raises(InputError, match="no counts"):
        Vocabulary.from_words([b"a"]).prune(2)


@pytest.mark.parametrize("counts", [None, [3, 1, 2]])
def test_all_methods_work_on_the_maps_of_a_file(counts: list[int] | None, tmp_path: Path) -> None:
    words = [b"the", "東京".encode(), b"a"]
    vocabulary = Vocabulary.from_words(words, counts)
    path = str(tmp_path / "vectors.safetensors")
    native.save(path, vocabulary, np.zeros((3, 2), np.float32), {})
    mapped = native.load(path).vocabulary
    assert {type(array) for array in (mapped.text, mapped.offsets, mapped.order)} == {memoryview}
    assert mapped.fingerprint() == vocabulary.fingerprint()
    assert list(mapped) == [mapped.word(id) for id in range(len(mapped))] == words
    assert [mapped.find(word) for word in words] == [0, 1, 2]
    if counts:
        assert entries(mapped) == list(zip(words, counts, strict=True))
        assert entries(mapped.prune(1, 2)) == [(b"the", 3), (b"a", 2)]
        assert mapped.prune(1).fingerprint() == vocabulary.fingerprint()
