"""IdLines of ids, cut and filled up, against plain loops."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import reference_sequences as reference
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer import padding as padding_module
from wordvec_cli.layer.padding import (
    DTYPES,
    IdLines,
    PaddedRows,
    Padding,
    RowIds,
    chosen_length,
    converted,
    ranges_of_lines,
)
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.sequences.word_ids import Sequences

lines_of_ids = st.lists(st.lists(st.integers(-1, 5), max_size=7), max_size=20)
sides = st.sampled_from(["pre", "post"])


def sequences_of(lines: list[list[int]]) -> Sequences:
    ids = np.array([id for line in lines for id in line], np.int32)
    offsets = np.cumsum([0, *map(len, lines)])
    return Sequences(ids, offsets, int((ids >= 0).sum()), None, "")


def as_lists(lines: IdLines) -> list[list[int]]:
    return [lines.ids[start:end].tolist() for start, end in pairwise(lines.offsets.tolist())]


# ---------------------------------------------------------------- lines


@given(
    lines_of_ids, st.sampled_from(["pad,unk", "unk,pad", "pad", "none", "pad,x,unk"]), st.booleans(), st.integers(1, 9)
)
def test_words_come_after_the_special_rows(
    lines: list[list[int]], specials: str, skips_unknown: bool, n_at_once: int
) -> None:
    rule = Specials.parse(specials)
    skips_unknown = skips_unknown or "unk" not in specials
    row_ids = RowIds(sequences_of(lines), rule, skips_unknown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(padding_module, "IDS_PER_BLOCK", n_at_once)
        parts = list(row_ids)
    tokens = [[b"%d" % id for id in line] for line in lines]
    expected = reference.row_ids(tokens, [b"%d" % id for id in range(6)], rule.names, skips_unknown)
    assert [line for part in parts for line in as_lists(part)] == expected
    assert [part.first for part in parts] == np.cumsum([0, *(len(part.lengths) for part in parts)])[:-1].tolist()
    assert (row_ids.n_lines, row_ids.n_ids) == (len(expected), sum(map(len, expected)))
    assert row_ids.length_counts == Counter(map(len, expected))


def test_unknown_words_are_kept_only_if_they_have_a_row() -> None:
    with pytest.raises(OptionError, match="--missing keep: needs a row for unknown words, which --specials pad lacks"):
        RowIds(sequences_of([]), Specials(("pad",)))


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12))
@example([], 1)
@example([50], 1)
def test_ranges_hold_whole_lines_in_their_order(lengths: list[int], n_ids: int) -> None:
    offsets = np.cumsum([0, *lengths])
    ranges = list(ranges_of_lines(offsets, n_ids))
    assert [line for first, last in ranges for line in range(first, last)] == list(range(len(lengths)))
    for first, last in ranges:
        assert first < last
        assert last == first + 1 or (sum(lengths[first:last]) <= n_ids and last - first <= n_ids)


# ---------------------------------------------------------------- rows of one length


@given(lines_of_ids, st.integers(1, 9), st.integers(-3, 9), sides, sides, st.integers(1, 20))
def test_rows_are_those_of_a_plain_loop(
    lines: list[list[int]], length: int, value: int, padding: str, truncating: str, n_at_once: int
) -> None:
    row_ids = RowIds(sequences_of(lines), Specials())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(padding_module, "IDS_PER_BLOCK", n_at_once)
        parts = [rows for some in row_ids for rows in Padding(length, value, padding, truncating).rows(some)]
    words = [[id + 2 if id >= 0 else 1 for id in line] for line in lines]
    ids, is_word = reference.padded(words, length, padding, truncating, value)
    assert np.array_equal(np.concatenate([np.empty((0, length)), *(part.ids for part in parts)]), ids)
    assert np.array_equal(np.concatenate([np.empty((0, length), bool), *(part.is_word for part in parts)]), is_word)
    assert [n for part in parts for n in part.lengths.tolist()] == [min(len(line), length) for line in lines]
    assert [part.first for part in parts] == np.cumsum([0, *(len(part.ids) for part in parts)])[:-1].tolist()


@pytest.mark.parametrize(("sides", "option"), [(("both", "pre"), "--padding"), (("pre", "left"), "--truncating")])
def test_a_side_is_pre_or_post(sides: tuple[str, str], option: str) -> None:
    with pytest.raises(OptionError, match=f"^{option}: .* is not one of pre, post"):
        Padding(3, 0, *sides)


# ---------------------------------------------------------------- the length

percents = st.one_of(st.integers(1, 100).map(str), st.decimals("0.1", 100, places=1).map(str))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=300), percents)
@example(list(range(1, 101)), "7")  # 7 / 100 * 100 is 7.000000000000001
@example(list(range(1, 101)), "29")
@example(list(range(1, 1001)), "99.9")
def test_a_percentile_is_the_nearest_rank(lengths: list[int], percent: str) -> None:
    assert chosen_length(f"p{percent}", Counter(lengths)) == reference.percentile(lengths, percent)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=300), st.sampled_from(["12.5", "25", "50", "75", "100"]))
def test_a_percentile_is_that_of_numpy(lengths: list[int], percent: str) -> None:
    expected = np.percentile(lengths, float(percent), method="inverted_cdf")
    assert chosen_length(f"p{percent}", Counter(lengths)) == expected


def test_the_99th_percentile_of_many_lines_is_that_of_numpy() -> None:
    lengths = np.random.default_rng(1).poisson(30, 9999) + 1
    for percent in (90, 95, 99, 99.9):
        expected = np.percentile(lengths, percent, method="inverted_cdf")
        assert chosen_length(f"p{percent}", Counter(lengths.tolist())) == expected


def test_a_length_is_a_number_or_the_longest_lines() -> None:
    assert chosen_length("max", Counter({0: 5, 7: 1})) == 7
    assert chosen_length("7", Counter({0: 5})) == 7


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "", "all", "p", "p0", "p100.1", "p-5", "p1e1", "P99", "99p", "1_0", " 3"]
)
def test_another_length_is_an_error(text: str) -> None:
    with pytest.raises(
        OptionError, match=rf"^--length {re.escape(text)}: must be a number from 1, max, or a percentage"
    ):
        chosen_length(text, Counter({3: 1}))


@pytest.mark.parametrize("text", ["max", "p50"])
def test_lines_without_words_have_no_length(text: str) -> None:
    with pytest.raises(InputError, match=f"--length {text}: is 0, because too many lines hold no words; name a number"):
        chosen_length(text, Counter({0: 3, 2: 2} if text == "p50" else {0: 3}))


# ---------------------------------------------------------------- types


@pytest.mark.parametrize("dtype", DTYPES)
def test_ids_are_converted_if_they_fit(dtype: str) -> None:
    limits = np.iinfo(dtype)
    ids = np.array([[limits.min, limits.max]])
    assert converted(padded_rows(ids), dtype).tolist() == ids.tolist()
    assert converted(padded_rows(ids), dtype).dtype == dtype
    assert converted(padded_rows(np.empty((0, 3), np.int64)), dtype).shape == (0, 3)


def padded_rows(ids: np.ndarray) -> PaddedRows:
    """From line 11 on."""
    return PaddedRows(ids, np.ones_like(ids, bool), np.full(len(ids), 2), 10)


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype != "int64"])
@pytest.mark.parametrize("side", ["min", "max"])
def test_an_id_that_does_not_fit_is_named_with_its_line(dtype: str, side: str) -> None:
    wrong = int(getattr(np.iinfo(dtype), side)) + (1 if side == "max" else -1)
    with pytest.raises(InputError, match=rf"^--dtype {dtype}: line 12: id {wrong} does not fit; choose a larger type"):
        converted(padded_rows(np.array([[0, 0], [0, wrong], [wrong, 0]])), dtype)
    with pytest.raises(InputError, match=rf"^--dtype {dtype}: line 13: id {wrong} does not fit"):
        converted(IdLines(np.array([0, wrong]), np.array([0, 1, 1, 2]), 10), dtype)
