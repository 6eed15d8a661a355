"""Bars of `similar --bars`."""

from pathlib import Path

import pytest

from tests.conftest import run_here
from wordvec_cli.show.bars import WIDTH, bar, columns


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "█" * WIDTH), (0.5, "█" * (WIDTH // 2)), (0.0, ""), (-0.4, ""), (7.0, "█" * WIDTH), (1 / WIDTH / 8, "▏")],
)
def test_a_bar_is_as_long_as_its_similarity(value: float, expected: str) -> None:
    assert bar(value) == expected


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert [columns(text) for text in ("abc", "東京", "e\u0301")] == [3, 4, 1]


def test_bars_stand_below_each_other(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("king 1 0\nqueen 0.8 0.6\n東京 0.6 0.8\n")
    result = run_here("similar", tmp_path / "v.txt", "king", "--bars")
    assert result.stdout.decode().splitlines() == [
        f"king  queen   0.800000  {bar(0.8)}",
        f"king  東京    0.600000  {bar(0.6)}",
    ]
    result = run_here("similar", tmp_path / "v.txt", "king", "--bars", "--format", "json")
    assert result.returncode == 2
    assert b"--bars" in result.stderr
