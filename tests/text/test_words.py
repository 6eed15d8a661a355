"""Words back to back, in byte order."""

import itertools
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wordvec_cli.kernels import text as text_kernels
from wordvec_cli.text.words import PADDING, back_to_back, byte_order, rises


@given(st.lists(st.binary(max_size=40)))
def test_byte_order_is_the_order_of_bytes(words: list[bytes]) -> None:
    order = byte_order(*back_to_back(words))
    assert [words[i] for i in order] == sorted(words)


def test_byte_order_of_words_with_long_common_beginnings() -> None:
    shuffled = random.Random(1)
    words = [b"a" * n + end for n in range(70) for end in (b"", b"\x00", b"\x00\x00", b"b", b"\xff")]
    words += [b"http://www.example.org/a/long/path/" + b"%d" % n for n in range(3000)]
    words = list(set(words))
    shuffled.shuffle(words)
    assert [words[i] for i in byte_order(*back_to_back(words))] == sorted(words)


def test_words_are_padded_as_the_kernels_need_it() -> None:
    assert PADDING >= text_kernels.PADDING


@given(
    st.lists(
        st.binary(max_size=40) | st.binary(max_size=9).map(lambda end: b"http://www.example.org/a/long/path" + end)
    )
)
def test_a_byte_order_is_told_from_every_other_order(words: list[bytes]) -> None:
    text, offsets = back_to_back(words)
    as_they_come, sorted_ones = np.arange(len(words)), byte_order(text, offsets)
    assert rises(text, offsets, as_they_come) == all(a < b for a, b in itertools.pairwise(words))
    assert rises(text, offsets, sorted_ones) == (len(set(words)) == len(words))
