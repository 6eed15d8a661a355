"""A large text goes through as numbers of words; what comes out is what comes out word by word."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wordvec_cli.text import phrases
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.phrase_options import Figures, LearntPass, LearntPhrases, PhraseOptions
from wordvec_cli.text.tokenizer import Tokenizer

ALWAYS, NEVER = -1, 1 << 62  # bytes of text beyond which its words are numbered
LOW = {"min_count": 1, "threshold": 0.1, "join_punctuation": True}
Outcome = tuple[LearntPhrases, bytes]


def outcome(
    folder: Path, text: bytes, small_bytes: int, block_bytes: int, given: PhraseOptions | LearntPhrases
) -> Outcome:
    """The phrases of a text (or those given) and the text with them joined, read in such blocks."""
    (folder / "corpus.txt").write_bytes(text)
    tokenizer = given.tokenizer if isinstance(given, LearntPhrases) else Tokenizer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "SMALL_BYTES", small_bytes)
        patch.setattr(Corpus.blocks, "__defaults__", (block_bytes,))
        corpus = Corpus.open([str(folder / "corpus.txt")], tokenizer, folder)
        learnt = given if isinstance(given, LearntPhrases) else phrases.learn(corpus, given)
        return learnt, b"".join(phrases.join(corpus, learnt))


def babble(n_words: int, seed: int = 1) -> bytes:
    """Few words, so that pairs overlap and run over blocks; blank lines, blanks beside line ends, and any bytes."""
    rng = random.Random(seed)
    words = [b"a", b"b", b"a_b", b"_", b"b_a", b"\xff", b"\n", b" \n", b"\n\n ", b"\t", "東京".encode()]
    return b" ".join(rng.choices(words, k=n_words))


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1 << 21])
@pytest.mark.parametrize("options", [{}, {"n_passes": 3}, {"delimiter": b"a"}, {"scoring": "npmi", "threshold": -0.5}])
def test_a_text_gives_the_same_by_numbers_and_word_by_word(
    tmp_path: Path, block_bytes: int, options: dict[str, object]
) -> None:
    wanted = PhraseOptions(**(LOW | options))
    expected = outcome(tmp_path, babble(500), NEVER, 1 << 21, wanted)
    assert len(expected[0].passes[0].phrases) > 5
    assert outcome(tmp_path, babble(500), ALWAYS, block_bytes, wanted) == expected


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab_ \n", max_size=60).map(str.encode), st.integers(1, 9), st.integers(1, 3))
def test_any_text_gives_the_same(tmp_path: Path, text: bytes, block_bytes: int, n_passes: int) -> None:
    wanted = PhraseOptions(**(LOW | {"n_passes": n_passes}))
    expected = outcome(tmp_path, text, NEVER, 1 << 21, wanted)
    assert outcome(tmp_path, text, ALWAYS, block_bytes, wanted) == expected


@pytest.mark.parametrize("limit", [5, 30, 100])
def test_where_rare_pairs_must_be_dropped_they_are(tmp_path: Path, limit: int) -> None:
    wanted = PhraseOptions(**(LOW | {"max_candidates": limit, "n_passes": 2}))
    text = babble(500)
    assert outcome(tmp_path, text, ALWAYS, 64, wanted) == outcome(tmp_path, text, NEVER, 64, wanted)


def test_a_pass_that_may_just_hold_all_pairs_drops_none(tmp_path: Path) -> None:
    text = b"a b c\nb a\n" * 10  # a, b, c; a b, b c, b a
    for limit, n_dropped in ((6, 0), (5, None)):
        learnt, _ = outcome(tmp_path, text, ALWAYS, 8, PhraseOptions(**(LOW | {"max_candidates": limit})))
        assert learnt.passes[0].n_candidates <= 6
        assert n_dropped is None or (learnt.passes[0].n_dropped, learnt.passes[0].n_candidates) == (0, 6)


@pytest.mark.parametrize("tokenizer", [Tokenizer("words", lowercase=True), Tokenizer(lowercase=True)])
@pytest.mark.parametrize("block_bytes", [7, 1 << 21])
def test_phrases_of_a_file_are_joined_the_same_whatever_makes_the_words(
    tmp_path: Path, tokenizer: Tokenizer, block_bytes: int
) -> None:
    figures = Figures(1, 1.0)
    found = {(b"new", b"york"): figures, (b"a", b"b", b"c"): figures, (b"not", b"there"): figures}
    passes = (LearntPass(found), LearntPass({(b"new_york", b"times"): figures}), LearntPass({}))
    learnt = LearntPhrases(PhraseOptions(n_passes=3), tokenizer, passes)
    text = b"New York, New York Times!\nthe new\nYork a b c new york\ttimes " * 3
    expected = outcome(tmp_path, text, NEVER, 1 << 21, learnt)
    assert b"new_york_times" in expected[1]
    assert outcome(tmp_path, text, ALWAYS, block_bytes, learnt) == expected


def test_a_text_in_one_line_or_without_words_comes_out_the_same(tmp_path: Path) -> None:
    for text in (b"", b"\n", b" ", b"a", b"\n\n\n", babble(300).replace(b"\n", b" ")):
        for block_bytes in (1, 16):
            expected = outcome(tmp_path, text, NEVER, 1 << 21, PhraseOptions(**LOW))
            assert outcome(tmp_path, text, ALWAYS, block_bytes, PhraseOptions(**LOW)) == expected
