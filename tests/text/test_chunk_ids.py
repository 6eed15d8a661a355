"""Text as ids of tokens, against the tokenizer's definition; forgetting changes nothing."""

import itertools

import numpy as np
import pytest

from wordvec_cli.text.chunk_ids import ChunkIds
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.word_table import WordTable, padded
from wordvec_cli.text.words import back_to_back

LINES = [b"It's 1,5 Grad; #x", b"", b"#y \xc3\x84rger #x x", b"ice-cream \xff ICE", b"#"]


def ids_of(table, text, offsets):
    table.add(text, offsets, np.zeros(len(offsets) - 1, np.int64))
    return table.find(text, offsets)


@pytest.mark.parametrize("max_bytes", [float("inf"), 1])
def test_ids_are_those_of_the_tokens_of_each_line(max_bytes: float) -> None:
    tokenizer, table = Tokenizer("words", lowercase=True), WordTable()
    chunk_ids = ChunkIds(tokenizer, lambda *words: ids_of(table, *words), max_bytes=max_bytes)
    for lines in (LINES, LINES[::-1], [b"new words", *LINES]):
        text = b"".join(line + b"\n" for line in lines)
        ids, ends = chunk_ids.of_text(padded(text), len(text))
        expected = [tokenizer.tokens(line) for line in lines]
        assert ends.tolist() == np.cumsum([len(tokens) for tokens in expected]).tolist()
        assert ids.tolist() == table.find(*back_to_back([token for tokens in expected for token in tokens])).tolist()


def test_chunks_that_are_not_split_stand_for_the_ids_that_they_are_given() -> None:
    def find_whole(text, offsets):
        chunks = [bytes(text[first:last]) for first, last in itertools.pairwise(offsets)]
        places = [place for place, chunk in enumerate(chunks) if chunk.startswith(b"#") and len(chunk) > 1]
        return np.array(places, np.int64), np.array([-ord(chunks[place][1:]) for place in places], np.int32)

    tokenizer, table = Tokenizer("words"), WordTable()
    chunk_ids = ChunkIds(tokenizer, lambda *words: ids_of(table, *words), find_whole)
    text = b"a #x b\n#y #y\n# a-b\n"
    ids, ends = chunk_ids.of_text(padded(text), len(text))
    a, b, hash_sign, hyphen = table.find(*back_to_back([b"a", b"b", b"#", b"-"])).tolist()
    assert ids.tolist() == [a, -ord("x"), b, -ord("y"), -ord("y"), hash_sign, a, hyphen, b]
    assert ends.tolist() == [3, 5, 9]
    assert chunk_ids.size_bytes > 0
