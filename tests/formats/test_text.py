"""Vectors as text: every number is Python's, words are any bytes, and whatever is odd is told, never silently wrong."""

import io
import random
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference_text
from wordvec_cli.errors import InputError
from wordvec_cli.formats import format_for, open_vectors, text, text_head, write_vectors
from wordvec_cli.formats.reading import NOT_FINITE, Oddities, ReadOptions, WriteOptions, collected
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

GOOD = b"good 1 2 3\nfine 4 5 6\nbest 7 8 9\n"
Pairs = list[tuple[bytes, list[int]]]


def read(content: bytes, options: ReadOptions | None = None) -> tuple[Embeddings, list[str]]:
    """The vectors in a text file, and what is odd about it."""
    options, oddities = options or ReadOptions(), Oddities()
    source = io.BytesIO(content)
    found = collected("v.txt", text.rows("v.txt", source, options, oddities), options, oddities)
    return found, list(oddities.lines())


def bits(numbers: "list[np.float32] | np.ndarray") -> list[int]:
    """The numbers so that -0 is not 0 and nan is nan."""
    return np.array(numbers, np.float32).view(np.uint32).tolist()


def told(what: str, n: int, first: int) -> str:
    """How an oddity that comes n times is told."""
    return f"{what}: {n}, the first on line {first}"


def pairs(embeddings: Embeddings) -> Pairs:
    return list(zip(embeddings.vocabulary, [bits(row) for row in embeddings.matrix], strict=True))


def expected(content: bytes, dim: int) -> Pairs:
    """What the oracle reads, the first of several rows of one word."""
    found: dict[bytes, list[int]] = {}
    for word, numbers in reference_text.rows(content, dim):
        found.setdefault(word, bits(numbers))
    return list(found.items())


def vectors(words: list[bytes], matrix: "np.ndarray | list[list[float]]") -> Embeddings:
    return from_matrix(Vocabulary.from_words(words), np.array(matrix, np.float32), {})


# ---------------------------------------------------------------- numbers


def between(low: int) -> Fraction:
    """Half-way between the positive float32 with these bits and the next one."""
    first, second = (
        Fraction(2) ** 128 if each == 0x7F800000 else Fraction(float(np.uint32(each).view(np.float32)))
        for each in (low, low + 1)
    )
    return (first + second) / 2


def exact_decimal(value: Fraction, nudge: int = 0) -> str:
    """All digits of a fraction whose denominator is a power of 2; nudge: of one more digit after them."""
    n_places = value.denominator.bit_length() - 1
    digits = value.numerator * 5**n_places
    return f"{digits * 10 + nudge}e-{n_places + 1}" if nudge else f"{digits}e-{n_places}"


def in_point_form(text: str) -> str:
    """12e-3 as 0.012."""
    digits, _, exponent = text.partition("e-")
    n_places = int(exponent)
    digits = digits.zfill(n_places + 1)
    return f"{digits[: len(digits) - n_places]}.{digits[len(digits) - n_places :]}"


# From 128 to 8192: half-way between them lie numbers of 15 to 19 digits, more than float64 holds, fewer than uint64.
WITH_MOST_DIGITS = (0x43000000, 0x46000000)
FLOAT32_BITS = st.integers(0, 0x7F7FFFFF) | st.integers(0x3F000000, 0x41000000) | st.integers(0x4B000000, 0x52000000)
FLOATS = st.floats(width=32) | st.floats() | FLOAT32_BITS.map(lambda b: float(np.uint32(b).view(np.float32)))
DIGITS = st.text("0123456789", min_size=1, max_size=40)
EXPONENTS = (
    st.integers(-400, 400) | st.integers(-50, 50) | st.sampled_from([22, -22, 23, -23, 300, -300, 301, 99999999])
)
HALVES = (FLOAT32_BITS | st.integers(*WITH_MOST_DIGITS)).map(between)
NUMBERS = st.one_of(
    FLOATS.map(repr),
    st.builds(lambda value, n, form: f"%.{n}{form}" % value, FLOATS, st.integers(1, 40), st.sampled_from("geEfG")),
    st.builds(lambda sign, digits: sign + digits, st.sampled_from(["", "+", "-", "-000", "+0"]), DIGITS),
    st.builds(
        lambda sign, whole, part, mark, exponent: f"{sign}{whole}.{part}{mark}{exponent}",
        st.sampled_from(["", "+", "-", "00000000000000000000"]), DIGITS, DIGITS, st.sampled_from(["e", "E"]), EXPONENTS,
    ),
    st.builds(exact_decimal, HALVES, st.sampled_from([0, 1, -1])),
    st.builds(exact_decimal, HALVES, st.sampled_from([0, 1, -1])).map(in_point_form),
    st.builds(lambda half, n: f"{float(half):.{n}e}", HALVES, st.integers(6, 40)),
    st.sampled_from([
        "nan", "NaN", "-nan", "inf", "-inf", "+inf", "INF", "Infinity", "-infinity", "1e5", "1E5", "1e+5", "1e-5",
        ".5", "5.", "-.5", "-0", "-0.0", "+0", "0e999", ".5e1", "5.e1", "1e-45", "7e-46", "7.1e-46", "1.4e-45",
        "1.17549435e-38", "3.4028235e38", "3.4028236e38", "3.5e38", "1e400", "-1e400", "1e-400", "9007199254740993",
        "18446744073709551615", "9999999999999999999", "00000000000000000000.5",
        "0.00000000000000000000000000000000000001",
    ]),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_every_number_is_the_float32_that_numpy_makes_of_its_text(numbers: list[str]) -> None:
    lines = [f"w{i} {number} 0.5 -{number.lstrip('+-')}\n".encode() for i, number in enumerate(numbers)]
    content = GOOD + b"".join(lines)
    found, notes = read(content)
    assert pairs(found) == expected(content, 3)
    assert len(found.vocabulary) == 3 + len(numbers)  # none was left out
    assert [note for note in notes if not note.startswith(NOT_FINITE)] == []


@pytest.mark.parametrize("form", ["%.6g", "%.9g", "%.12g", "%.17g", "%.6f", "%.8e", "%.16e", "%.25e"])
def test_thousands_of_numbers_as_the_tools_print_them_are_right(form: str) -> None:
    rng = np.random.default_rng(1)
    values = (rng.standard_normal((500, 20)) * 10.0 ** rng.integers(-12, 12, (500, 20))).tolist()
    content = b"".join(b"w%d %b\n" % (i, " ".join(form % v for v in row).encode()) for i, row in enumerate(values))
    found, notes = read(content)
    fields = [line.split()[1:] for line in content.splitlines()]
    np.testing.assert_array_equal(found.matrix, np.array([[np.float32(float(f)) for f in row] for row in fields]))
    assert notes == []


@pytest.mark.parametrize("nudge", [0, 1, -1])
@pytest.mark.parametrize("form", [str, in_point_form], ids=["exponent", "point"])
def test_numbers_half_way_between_two_float32_go_to_the_even_one(nudge: int, form: Callable[[str], str]) -> None:
    rng = random.Random(1)
    lows = [rng.randrange(*WITH_MOST_DIGITS) for _ in range(1000)] + [rng.randrange(0x7F800000) for _ in range(300)]
    lows += [*range(5), 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x4B7FFFFF]
    lines = [f"w{i} {form(exact_decimal(between(low), nudge))}\n".encode() for i, low in enumerate(lows)]
    found, _ = read(b"".join(lines))
    # float64 holds such a half-way exactly, and forgets the nudge, which is beyond its digits wherever there are many.
    assert pairs(found) == expected(b"".join(lines), 1)
    if not nudge:
        assert [row[0] for _, row in pairs(found)] == [low + low % 2 for low in lows]


NO_NUMBERS = [
    "1_000", "0x10", "--1", "1e", ".", "\u0661", "\uff11", "+-1", "-+1", "e5", ".e5", "1e+", "1.2.3", "1,5", "1e5.0",
    "-", "+", "infx", "in", "nann", "nan0", "infinit", "1f", "1L", "True", "None", "1-2", "1+2", "1e5e5", "0b1",
    "\x00", "1\x00", "\u221e", "\xbd", "1\xa0", "#",
]  # fmt: skip


@pytest.mark.parametrize("field", NO_NUMBERS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_with_a_value_that_is_no_number_is_left_out_and_told(field: str, place: int) -> None:
    values = ["1", "2", "3"]
    values[place] = field
    content = GOOD + f"bad {' '.join(values)}\n".encode() + b"last 1 1 1\n"
    found, notes = read(content)
    assert list(found.vocabulary) == [b"good", b"fine", b"best", b"last"]
    assert pairs(found) == expected(content, 3)
    assert notes == [told(text.NO_NUMBER, 1, 4)]


def test_lines_that_are_no_rows_are_counted_with_the_number_of_the_first() -> None:
    content = b"9 3\n" + GOOD + b"a 1 x 3\n\na 1\nb 1 2 0x1\r\n \t\r\nlast 1 1 1\nc 1  2\n"
    found, notes = read(content)
    assert list(found.vocabulary) == [b"good", b"fine", b"best", b"last"]
    assert sorted(notes) == [
        told(text.EMPTY, 2, 6),
        told(text.NO_NUMBER, 2, 5),
        told(text.WRONG_WIDTH, 2, 7),
        "the header says 9 rows, there are 4",
    ]


def test_rows_that_are_not_finite_are_kept_and_told() -> None:
    found, notes = read(b"a 1 2\nb nan 2\nc 1 -inf\nd 1e39 0\n")
    np.testing.assert_array_equal(found.matrix, np.float32([[1, 2], [np.nan, 2], [1, -np.inf], [np.inf, 0]]))
    assert notes == ["rows with numbers that are not finite: 3, the first on line 2"]


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("header", "notes"),
    [
        (b"", []),
        (b"3 3\n", []),
        (b" 3\t3 \r\n", []),
        (b"2 3\n", ["the header says 2 rows, there are 3"]),
        (b"4 3\n", ["the header says 4 rows, there are 3"]),
        (b"3 4\n", ["the header says dimension 4, the rows have 3"]),
        (b"0 0\n", ["the header says dimension 0, the rows have 3", "the header says 0 rows, there are 3"]),
        (
            b"99999999999 300\n",
            ["the header says dimension 300, the rows have 3", "the header says 99999999999 rows, there are 3"],
        ),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
def test_the_header_is_a_hint_and_the_rows_decide(header: bytes, notes: list[str], mark: bytes) -> None:
    tracemalloc.start()
    found, all_notes = read(mark + header + GOOD)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pairs(found) == expected(GOOD, 3)
    assert all_notes == (["begins with a byte order mark"] if mark else []) + notes
    assert most < 50_000_000  # whatever the header promises


def test_a_header_that_promises_too_many_rows_of_the_right_length_takes_no_memory_for_them() -> None:
    line = b"w" + b" 0.25" * 300 + b"\n"
    tracemalloc.start()
    found, notes = read(b"99999999999 300\n" + line)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.matrix.tolist(), notes) == ([[0.25] * 300], ["the header says 99999999999 rows, there are 1"])
    assert most < 100_000_000


@pytest.mark.parametrize("rest", [b"\nb" + b" 0" * 20_000 + b"\n", b"\n" * 100_000], ids=["rows", "empty lines"])
def test_long_rows_take_memory_by_the_size_of_the_file(rest: bytes) -> None:
    tracemalloc.start()
    found, _ = read(b"a" + b" 0" * 20_000 + rest)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.dim == 20_000
    assert most < 50_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"3 3\n", b"3 3", b"0 3\n", b"99999999999 300\n", b"", b"\n", b"\n\n\n", b" \t\r\n", b"\xef\xbb\xbf", b"word\n",
        b"some words\nand others\n", b"2 3\nfoo\nbar\n", b"2 0\nfoo\nbar\n", b"1 2\n<html>\n<p>\n", b"a b c\n" * 300,
    ],
)  # fmt: skip
def test_a_file_without_rows_is_an_error_that_names_it(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^v\.txt: "):
        read(content)


def test_a_first_word_longer_than_a_piece_of_the_line_does_not_hide_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(text_head, "PIECE_BYTES", 8)
    word = b"w" * 100
    for rows in (word + b" 1 2 3\n", word + b"  1  2\t3", b"a 1 2 3\n" + word + b" 1 2 3\n"):
        found, _ = read(rows)
        assert found.dim == 3
        assert word in list(found.vocabulary)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("head_bytes", [1 << 20, 40])
def test_a_header_that_counts_its_rows_is_right_though_all_words_end_with_numbers(
    monkeypatch: pytest.MonkeyPatch, head_bytes: int, end: bytes
) -> None:
    """As gensim writes doc2vec's tags; with the smaller head the rows cannot be counted, and whole numbers tell."""
    monkeypatch.setattr(text_head, "HEAD_BYTES", head_bytes)
    rows = [b"doc %d %d.25 -0.5" % (i, i) for i in range(20)]
    found, notes = read(end.join([b"20 2", *rows, b""]))
    assert list(found.vocabulary) == [b"doc %d" % i for i in range(20)]
    assert found.matrix.tolist() == [[i + 0.25, -0.5] for i in range(20)]
    assert notes == [told(text.BLANKS, 20, 2)]


def test_a_header_of_a_smaller_dimension_that_does_not_count_the_rows_is_wrong() -> None:
    found, notes = read(b"9 2\n" + GOOD)
    assert pairs(found) == expected(GOOD, 3)
    assert notes == ["the header says dimension 2, the rows have 3", "the header says 9 rows, there are 3"]


@pytest.mark.parametrize("title", [b"", b"word", b"Unnamed: 0", b"INDEX"])
def test_the_titles_of_pandas_columns_are_left_out_and_told(title: bytes) -> None:
    """What DataFrame.to_csv(sep="\\t") writes above columns without names of their own."""
    found, notes = read(title + b"\t0\t1\t2\nthe\t0.1\t0.2\t0.3\nof\t1\t2\t3\nbad\tx\t1\t1\n")
    assert list(found.vocabulary) == [b"the", b"of"]
    assert notes == ["its first line has the titles of columns, left out", told(text.NO_NUMBER, 1, 4)]
    found, notes = read(b"a\t0\t1\t2\nb\t3\t4\t5\n")
    assert (list(found.vocabulary), notes) == ([b"a", b"b"], [])


def test_a_header_above_empty_lines_takes_no_memory_for_the_rows_that_it_tells() -> None:
    with pytest.raises(InputError, match=r"^v\.txt: has a header and no vectors after it"):
        read(b"3 99999999999\n" + b"\n" * 300)


def test_vectors_of_one_number_may_begin_with_a_word_that_is_a_number() -> None:
    found, notes = read(b"2009 5\nking 1\nqueen 2\n")
    assert (list(found.vocabulary), found.matrix.tolist(), notes) == ([b"2009", b"king", b"queen"], [[5], [1], [2]], [])
    found, notes = read(b"2 1\nking 1\n2009 2\n")
    assert (list(found.vocabulary), found.matrix.tolist(), notes) == ([b"king", b"2009"], [[1], [2]], [])


def test_numbers_are_words_too() -> None:
    content = b"2009 0.1 0.2\n-1 0.3 0.4\n1e5 0.5 0.6\nnan 0.7 0.8\n0.1 0.2 0.3\n"
    found, notes = read(content)
    assert (pairs(found), notes) == (expected(content, 2), [])
    assert list(found.vocabulary) == [b"2009", b"-1", b"1e5", b"nan", b"0.1"]
    found, notes = read(b"5 2\n" + content)
    assert (pairs(found), notes) == (expected(content, 2), [])


# ---------------------------------------------------------------- words

WORDS = [
    b"plain", b"New York", b". . .", b"a b  c d", b"route 66", b"no\xc2\xa0break", b"\xc2\x85", b"a\xe2\x80\xa8b",
    b"\xe3\x80\x80", "東京".encode(), b"", b"a\x00b", b"\x00", b"a\x0bb\x0cc", b"\xef\xbb\xbf", b"x" * 100_000,
    b"caf\xe9", b"\xff\xfe", b"x\ry", b"tab\there", b"-", b"#", b'"', b"<unk>", b"</s>", b"1_000", b"\x1f\x8b",
]  # fmt: skip
SEPARATORS = {"blank": b" ", "tab": b"\t", "double": b"  ", "mixed": b" \t "}
ENDS = {"lf": b"\n", "crlf": b"\r\n", "blank": b" \n", "blanks": b" \t \r\n"}


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("values", [("0.5", "-1"), ("0.5", "0.1000000014901161193847656250")], ids=["short", "long"])
def test_words_are_any_bytes_and_are_followed_by_any_blanks(
    separator: bytes, end: bytes, values: tuple[str, str]
) -> None:
    """`long` numbers are those that the kernel leaves to Python, which must not change the words."""
    numbers = [value.encode() for value in values]
    content = b"".join(separator.join([word, *numbers]) + end for word in [b"first", *WORDS])
    found, notes = read(content)
    assert list(found.vocabulary) == [b"first", *WORDS]
    assert pairs(found) == expected(content, 2)
    assert notes == [
        "words with blanks in them: 5, the first on line 3",
        "words that are not valid UTF-8: 3, the first on line 18",
    ]
    again, notes = read(b"%d 2%b" % (len(WORDS) + 1, end) + content)
    assert pairs(again) == pairs(found)
    assert notes == [
        "words with blanks in them: 5, the first on line 4",
        "words that are not valid UTF-8: 3, the first on line 19",
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_word() -> None:
    for header in (b"", b"2 2\n"):
        found, notes = read(b"\xef\xbb\xbf" + header + b"a 1 2\nb 3 4\n")
        assert (list(found.vocabulary), notes) == ([b"a", b"b"], ["begins with a byte order mark"])


BROKEN = b"a 1 2\ncaf\xe9 3 4\nb\xff 5 6\nb\xfe 7 8\nc\xc3\xa9 9 10\n"


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("keep", [b"a", b"caf\xe9", b"b\xff", b"b\xfe", b"c\xc3\xa9"]),
        ("replace", [b"a", b"caf\xef\xbf\xbd", b"b\xef\xbf\xbd", b"c\xc3\xa9"]),
        ("skip", [b"a", b"c\xc3\xa9"]),
    ],
)
def test_words_that_are_not_utf8_are_kept_replaced_or_skipped(choice: str, words: list[bytes]) -> None:
    found, notes = read(BROKEN, ReadOptions(invalid_utf8=choice))
    numbers = {b"a": [1, 2], b"caf\xe9": [3, 4], b"b\xff": [5, 6], b"b\xfe": [7, 8], b"c\xc3\xa9": [9, 10]}
    numbers |= {b"caf\xef\xbf\xbd": [3, 4], b"b\xef\xbf\xbd": [5, 6]}
    assert list(found.vocabulary) == words
    assert found.matrix.tolist() == [numbers[word] for word in words]
    assert notes[0] == "words that are not valid UTF-8: 3, the first on line 2"
    assert notes[1:] == (["repeated words: 1, the first on line 4"] if choice == "replace" else [])


def test_a_word_that_is_not_utf8_is_an_error_on_demand_that_tells_its_line() -> None:
    with pytest.raises(InputError, match=r"^v\.txt: line 2: the word is not valid UTF-8"):
        read(BROKEN, ReadOptions(invalid_utf8="error"))


# ---------------------------------------------------------------- duplicates

AGAIN = b"a 1 16777216\nb 5 6\na 0 1\nc 7 8\na 2 1\nc 1 0\n"


@pytest.mark.parametrize(
    ("choice", "words", "matrix"),
    [
        ("first", [b"a", b"b", b"c"], [[1, 16777216], [5, 6], [7, 8]]),
        ("last", [b"b", b"a", b"c"], [[5, 6], [2, 1], [1, 0]]),
        # 16777216 + 1 is 16777216 in float32; a third of 16777218 is not that of 16777216.
        ("mean", [b"a", b"b", b"c"], [[1, 5592406], [5, 6], [4, 4]]),
    ],
)
def test_the_first_last_or_mean_of_the_rows_of_a_word_is_kept(
    choice: str, words: list[bytes], matrix: list[list[float]]
) -> None:
    found, notes = read(AGAIN, ReadOptions(duplicates=choice))
    assert (list(found.vocabulary), found.matrix.tolist()) == (words, matrix)
    assert notes == ["repeated words: 3, the first on line 3"]


def test_a_word_that_comes_again_is_an_error_on_demand_that_tells_its_line() -> None:
    with pytest.raises(InputError, match=r"^v\.txt: line 4: 'a' is repeated"):
        read(b"3 2\n" + b"b 5 6\na 1 2\na 3 4\nb 1 1\n", ReadOptions(duplicates="error"))


def test_the_mean_is_taken_in_float64_and_rounded_once() -> None:
    rng = np.random.default_rng(1)
    matrix = (rng.standard_normal((300, 7)) * 10.0 ** rng.integers(-5, 5, (300, 7))).astype(np.float32)
    words = [b"w%d" % (i % 40) for i in range(300)]
    content = b"".join(
        b"%b %b\n" % (w, " ".join(map(repr, r)).encode()) for w, r in zip(words, matrix.tolist(), strict=True)
    )
    found, _ = read(content, ReadOptions(duplicates="mean"))
    means = [matrix[i::40].astype(np.float64).sum(axis=0) / len(matrix[i::40]) for i in range(40)]
    np.testing.assert_array_equal(found.matrix, np.array(means).astype(np.float32))


def test_the_mean_of_numbers_that_are_not_finite_is_none_without_a_warning() -> None:
    found, _ = read(b"a inf 1\na -inf 2\n", ReadOptions(duplicates="mean"))
    np.testing.assert_array_equal(found.matrix, np.float32([[np.nan, 1.5]]))


# ---------------------------------------------------------------- what is damaged


@pytest.mark.parametrize(
    "content",
    [
        b"good 1 2 3\nfine 4 5 6\nbad 7 8 9 10\n",
        b"3 3\ngood 1 2 3\nfine 4 5 6\nbad 7 8 9 10\n",
        b"good 1 2 3\nbad 4\n",
        b"good 1 2 3\nfine 4 5 6\nbad 7 8 9 10\nshort 1 2\n",
    ],
)
def test_a_line_with_more_or_fewer_numbers_is_never_taken_without_a_word(content: bytes) -> None:
    """Such a line may be a word that ends with a number, as `route 66`, or a damaged one: that must be told."""
    try:
        _, notes = read(content)
    except InputError:
        return
    assert notes


def test_lines_with_fewer_numbers_are_left_out() -> None:
    found, notes = read(GOOD + b"short 1 2\nlone\nlast 1 2 3\n")
    assert list(found.vocabulary) == [b"good", b"fine", b"best", b"last"]
    assert notes == [told(text.WRONG_WIDTH, 2, 4)]


def test_a_last_line_without_an_end_is_read_and_told() -> None:
    found, notes = read(GOOD + b"last 1 2 3.5")
    assert found.vector("last").tolist() == [1, 2, 3.5]
    assert notes == ["the last line has no end; the file may be cut short"]


@pytest.mark.parametrize("header", [b"", b"3 3\n"], ids=["bare", "header"])
def test_a_file_that_is_cut_anywhere_has_fewer_rows_or_says_so(header: bytes) -> None:
    content = header + b"a 12.5 -0.25 1e5\nNew York 34 5.0 678\n\xe6\x9d\xb1 0.1 0.2 0.3\n"
    whole = expected(content.removeprefix(header), 3)
    for n_bytes in range(len(content)):
        try:
            found, notes = read(content[:n_bytes])
        except InputError:
            continue
        if not notes:
            assert not header  # which would tell that rows are missing
            assert pairs(found) == whole[: len(found.vocabulary)]
            assert content[:n_bytes].endswith(b"\n")


PIECES = [
    b"a", b"b c", b"1", b"0.1", b"-2e3", b"1.00000000000000000000001", b"nan", b" ", b" ", b" ", b"\t", b"  ", b"\n",
    b"\n", b"\n", b"\r\n", b"3 2\n", b"2 1\n", b"\xff", b"\xc2\xa0", b"\x00", b"a 1 2\n", b"b 1 2\n", b"c  3 4\n", b".",
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_nothing_but_an_error_or_what_the_oracle_reads_comes_of_any_lines(content: bytes) -> None:
    try:
        found, _ = read(content)
    except InputError:
        return
    without_first = content[content.find(b"\n") + 1 :]
    assert pairs(found) in (expected(content, found.dim), expected(without_first, found.dim))


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_random_bytes_are_an_error_or_rows(content: bytes) -> None:
    for start in (b"", b"2 2\n", b"a 1 2\n"):
        try:
            found, _ = read(start + content)
        except InputError:
            continue
        assert found.matrix.shape == (len(found.vocabulary), found.dim)


# ---------------------------------------------------------------- blocks and threads


def nasty_file() -> bytes:
    """Rows of all kinds, numbers of which the kernel is unsure, and lines that are none."""
    rng = random.Random(1)
    lines = []
    for i in range(150):
        numbers = [f"{rng.gauss(0, 1):.{rng.choice([3, 6, 30])}g}" for _ in range(4)]
        if i % 7 == 3:
            numbers[i % 4] = exact_decimal(between(0x3F800000 + i), i % 3 - 1)
        if i % 11 == 5:
            numbers[i % 4] = rng.choice(["nan", "inf", "1_0", "x", ""])
        word = rng.choice([f"w{i}", f"New York {i}", f"東{i}", f"w{i % 9}", "x" * (i * 3 % 500) + str(i)])
        lines.append(f"{word} {' '.join(numbers)}{rng.choice([chr(10), ' ' + chr(10), chr(13) + chr(10)])}")
        if i % 13 == 6:
            lines.append(rng.choice(["\n", "\r\n", "lone\n", "few 1 2\n"]))
    return "".join(lines).encode() + b"last 1 2 3 4"


@pytest.fixture(scope="module")
def nasty() -> bytes:
    return nasty_file()


def notes_of(content: bytes, dim: int) -> set[str]:
    """What the oracle leaves out."""
    problems = set()
    lines = reference_text.lines(content, dim)
    for what, words in (
        (reference_text.WRONG_WIDTH, text.WRONG_WIDTH),
        (reference_text.NO_NUMBER, text.NO_NUMBER),
        (reference_text.EMPTY, text.EMPTY),
    ):
        places = [i + 1 for i, line in enumerate(lines) if line.problem == what]
        problems.add(told(words, len(places), places[0]))
    return problems


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1000, 1 << 23])
@pytest.mark.parametrize("rows_of_unsure", [1, 2, 4096])
def test_blocks_threads_and_unsure_numbers_do_not_change_what_is_read(
    monkeypatch: pytest.MonkeyPatch, nasty: bytes, n_threads: int, block_bytes: int, rows_of_unsure: int
) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(text, "ROWS_OF_UNSURE", rows_of_unsure)
    monkeypatch.setattr(text_head, "HEAD_BYTES", 2000)  # less than the file has, or else it is all one block
    found, notes = read(nasty, ReadOptions(n_threads=n_threads))
    assert found.dim == 4
    assert pairs(found) == expected(nasty, 4)
    assert notes_of(nasty, 4) <= set(notes)
    assert "the last line has no end; the file may be cut short" in notes


def test_the_first_rows_are_read_whatever_follows() -> None:
    for limit, words in ((1, [b"good"]), (2, [b"good", b"fine"]), (99, [b"good", b"fine", b"best"])):
        found, _ = read(GOOD, ReadOptions(limit=limit))
        assert (list(found.vocabulary), pairs(found)) == (words, expected(GOOD, 3)[: len(words)])


@pytest.mark.parametrize("block_bytes", [10, 100])
def test_words_that_are_in_the_last_blocks_alone_are_found(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(text_head, "HEAD_BYTES", 50)
    content = b"".join(b"w%d 1 2 3\n" % i for i in range(100)) + GOOD
    for wanted in ([b"best"], [b"w98", b"fine"], [b"w0", b"best"]):
        found, _ = read(content, ReadOptions(words=frozenset(wanted)))
        assert list(found.vocabulary) == wanted
        assert pairs(found) == [row for row in expected(content, 3) if row[0] in wanted]


def test_the_first_block_may_have_no_row_at_all() -> None:
    found, _ = read(b"a 1 2 x\nb 1 2 3")
    assert pairs(found) == [(b"b", bits([np.float32(1), np.float32(2), np.float32(3)]))]


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("header", [b"", b"1 1000\n"])
def test_a_line_longer_than_many_blocks_is_read_whole(
    monkeypatch: pytest.MonkeyPatch, header: bytes, end: bytes
) -> None:
    for module, name in ((text, "BLOCK_BYTES"), (text_head, "HEAD_BYTES"), (text_head, "PIECE_BYTES")):
        monkeypatch.setattr(module, name, 64)
    numbers = [0.25 * i for i in range(1000)]
    content = header + b"word " + b" ".join(b"%a" % number for number in numbers) + end
    found, notes = read(content)
    assert (list(found.vocabulary), found.matrix.tolist()) == ([b"word"], [numbers])
    assert notes == ([] if end else ["the last line has no end; the file may be cut short"])


def test_only_the_words_that_are_wanted_are_kept_in_the_order_of_the_file() -> None:
    wanted = frozenset([b"best", b"good", b"absent", b"New York"])
    content = b"".join(b"w%d 1 2 3\n" % i for i in range(500)) + GOOD + b"New York 1 1 1\n"
    found, _ = read(content, ReadOptions(words=wanted))
    assert list(found.vocabulary) == [b"good", b"best", b"New York"]
    found, _ = read(content, ReadOptions(words=wanted, limit=2))
    assert list(found.vocabulary) == [b"good", b"best"]
    with pytest.raises(InputError, match="holds no vectors of these words"):
        read(content, ReadOptions(words=frozenset([b"absent"])))


# ---------------------------------------------------------------- writing


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "v.txt")


WRITABLE = [b"the", "東京".encode(), b"no\xc2\xa0break", b"2009", b"a\xe2\x80\xa8b", b"</s>", b"x" * 1000]
RNG = np.random.default_rng(1)
MATRIX = (RNG.standard_normal((len(WRITABLE), 5)) * 10.0 ** RNG.integers(-30, 30, (len(WRITABLE), 5))).astype("f4")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves its file open
@pytest.mark.parametrize(("write", "no_header"), [(text.write_glove, True), (text.write_word2vec, False)])
def test_gensim_reads_what_is_written_exactly(
    path: str, write: Callable[[str, Embeddings, WriteOptions], list[str]], no_header: bool
) -> None:
    assert write(path, vectors(WRITABLE, MATRIX), WriteOptions()) == []
    reread = KeyedVectors.load_word2vec_format(path, no_header=no_header)
    assert reread.index_to_key == [word.decode() for word in WRITABLE]
    np.testing.assert_array_equal(reread.vectors, MATRIX)
    found, notes = read(Path(path).read_bytes())
    assert (pairs(found), notes) == (pairs(vectors(WRITABLE, MATRIX)), [])


@pytest.mark.parametrize("write_header", [True, False])
def test_what_gensim_writes_is_read_exactly(path: str, write_header: bool) -> None:
    theirs = KeyedVectors(5)
    theirs.add_vectors([word.decode() for word in WRITABLE], MATRIX)
    theirs.save_word2vec_format(path, binary=False, write_header=write_header)
    found, notes = read(Path(path).read_bytes())
    assert (pairs(found), notes) == (pairs(vectors(WRITABLE, MATRIX)), [])


def test_decimals_are_those_of_printf(path: str) -> None:
    some = vectors([b"a", b"b"], [[0.125, -1 / 3], [1e10, 2e-9]])
    assert text.write_word2vec(path, some, WriteOptions(decimals=4)) == []
    assert Path(path).read_bytes() == b"2 2\na 0.1250 -0.3333\nb 10000000000.0000 0.0000\n"
    text.write_glove(path, some, WriteOptions(decimals=0))
    assert Path(path).read_bytes() == b"a 0 -0\nb 10000000000 0\n"


def test_the_vector_of_unknown_words_is_the_last_line_of_a_glove_file_unless_there_is_such_a_word(path: str) -> None:
    unknown = np.float32([0.5, 1.5]).data.cast("B").cast("f")
    plain, taken = vectors([b"a"], [[1, 2]]), vectors([b"a", b"<unk>"], [[1, 2], [3, 4]])
    assert text.write_glove(path, plain, WriteOptions()) == []
    assert Path(path).read_bytes() == b"a 1 2\n"
    with_unknown = Embeddings(plain.vocabulary, plain.values, 2, unknown=unknown)
    assert text.write_glove(path, with_unknown, WriteOptions()) == []
    assert Path(path).read_bytes() == b"a 1 2\n<unk> 0.5 1.5\n"
    assert text.write_word2vec(path, with_unknown, WriteOptions()) == ["the vector of unknown words"]
    assert Path(path).read_bytes() == b"1 2\na 1 2\n"
    with_both = Embeddings(taken.vocabulary, taken.values, 2, unknown=unknown)
    assert text.write_glove(path, with_both, WriteOptions()) == ["the vector of unknown words"]
    assert Path(path).read_bytes() == b"a 1 2\n<unk> 3 4\n"


@pytest.mark.parametrize("write", [text.write_glove, text.write_word2vec])
@pytest.mark.parametrize("word", [b"two\nlines", b"\n", b"end\n"])
def test_a_word_with_a_line_end_is_an_error_and_the_old_file_stays(
    path: str, write: Callable[[str, Embeddings, WriteOptions], list[str]], word: bytes
) -> None:
    Path(path).write_bytes(b"old")
    with pytest.raises(InputError, match=r"v\.txt: the word .* has a line end, which text cannot hold"):
        write(path, vectors([b"a", word], [[1], [2]]), WriteOptions())
    assert Path(path).read_bytes() == b"old"


def test_words_with_blanks_are_written_told_and_read_back(path: str) -> None:
    words = [b"New York", b"a\tb", b"", b". . .", b"plain"]
    some = vectors(words, np.arange(10).reshape(5, 2))
    assert text.write_word2vec(path, some, WriteOptions()) == ["blanks inside words, which 4 have, in many tools"]
    found, _ = read(Path(path).read_bytes())
    assert pairs(found) == pairs(some)


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.tsv"])
def test_words_that_end_with_blanks_and_would_be_read_as_others_are_told(tmp_path: Path, name: str) -> None:
    words = [b"a", b"a ", b"b  ", b" c", b"d e"]
    path = str(tmp_path / name)
    notes = write_vectors(path, vectors(words, np.eye(5)), format_for(path), WriteOptions())
    assert "the blanks at the ends of 2 words, which are then read as other words" in notes
    notes = write_vectors(path, vectors([b"a", b" c", b"d e"], np.eye(3)), format_for(path), WriteOptions())
    assert not any("ends" in note for note in notes)
    if name != "v.tsv":
        assert list(open_vectors(path, ReadOptions()).vocabulary) == [b"a", b" c", b"d e"]


@pytest.mark.parametrize("name", ["v.txt", "v.vec"])
def test_the_empty_word_alone_is_written(tmp_path: Path, name: str) -> None:
    write_vectors(str(tmp_path / name), vectors([b""], [[0.5]]), format_for(name), WriteOptions())
    assert (tmp_path / name).read_bytes().endswith(b" 0.5\n")


@pytest.mark.parametrize(("n_words", "form"), [(3, b"doc %d"), (5000, b"doc %d"), (3, b"doc %d.5")])
def test_words_that_end_with_numbers_come_back_with_a_header_and_are_told_without(
    tmp_path: Path, n_words: int, form: bytes
) -> None:
    matrix = np.full((n_words, 30), 0.015625, np.float32)
    made = vectors([form % i for i in range(n_words)], matrix)
    told_dim = "its dimension, which is read wrong as most words end with numbers; write a .vec or .npz"
    assert told_dim in write_vectors(str(tmp_path / "v.txt"), made, format_for("v.txt"), WriteOptions())
    assert told_dim not in write_vectors(str(tmp_path / "v.vec"), made, format_for("v.vec"), WriteOptions())
    found = open_vectors(str(tmp_path / "v.vec"), ReadOptions())
    assert (list(found.vocabulary), found.dim) == (list(made.vocabulary), 30)


def test_what_text_has_no_room_for_is_told(path: str) -> None:
    matrix = np.float32([[1, 2]])
    full = from_matrix(Vocabulary.from_words([b"a"], [7]), matrix, {"seed": "1"})
    full = Embeddings(full.vocabulary, full.values, 2, full.metadata, context_values=full.values)
    assert text.write_word2vec(path, full, WriteOptions()) == ["counts", "context vectors", "how the vectors were made"]


def test_more_rows_than_a_chunk_are_written_in_order(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "ROWS_PER_CHUNK", 3)
    matrix = [[i, i + 0.5] for i in range(10)]
    text.write_glove(path, vectors([b"w%d" % i for i in range(10)], matrix), WriteOptions())
    assert Path(path).read_bytes() == b"".join(b"w%d %d %d%b\n" % (i, i, i, b".5") for i in range(10))
