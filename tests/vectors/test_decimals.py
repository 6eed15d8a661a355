"""Oracle: numpy's own shortest float32 representation, and reading the text back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordvec_cli.vectors.decimals import shortest, shortest_rows

NASTY = [0.0, -0.0, 1.0, -1.0, 0.1, 1e-5, 1e-4, 9.9999999e-5, 123456.0, 1e9, 123456789.0, 16777216.0, 999999.9]
EXTREME = [1e-45, 1.1754944e-38, 3.4028235e38, -3.4028235e38, float("inf"), float("-inf")]


def digits(text: str) -> str:
    return text.lstrip("-").split("e")[0].replace(".", "").strip("0")


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_every_value_reads_back_as_the_same_float32(values: list[float]) -> None:
    back = np.array([np.float32(text) for text in shortest(values)])
    assert back.tobytes() == np.array(values, dtype=np.float32).tobytes()


@given(st.floats(width=32, min_value=-1e6, max_value=1e6))
def test_no_decimal_with_fewer_digits_reads_back(value: float) -> None:
    oracle = np.format_float_scientific(np.float32(value), unique=True)
    assert len(digits(shortest([value])[0])) == len(digits(oracle))


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_the_native_formatter_writes_what_the_plain_one_writes(values: list[float]) -> None:
    [line] = shortest_rows(np.array([values], dtype=np.float32), b"\t")
    assert line.decode().split("\t") == shortest(values)


@pytest.mark.parametrize("value", NASTY + EXTREME)
def test_both_formatters_agree_on_nasty_values(value: float) -> None:
    value = float(np.float32(value))
    assert shortest_rows(np.array([[value]], dtype=np.float32), b" ") == [shortest([value])[0].encode()]


def test_values_are_written_as_percent_g_writes_them() -> None:
    values = np.array([[0.1, 1, -2.5, 1e-5, 100000, 1e9]], dtype=np.float32)
    assert shortest_rows(values, b" ") == [b"0.1 1 -2.5 1e-05 1e+05 1e+09"]
