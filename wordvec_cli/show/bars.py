"""Similarities as bars of characters, for a terminal."""

import unicodedata
from collections.abc import Sequence

WIDTH = 24  # in characters, of a bar for the similarity 1
BLOCK, PARTS = "█", " ▏▎▍▌▋▊▉"  # a whole character, and its eighths


def bar_lines(question: str, answers: Sequence[tuple[str, str, float]]) -> list[str]:
    """A line for each answer: the question, the answer, its figure and a bar, below each other.

    answers  words, figures as they are printed, and similarities, of which 1 makes a whole bar
    """
    widest = max((columns(word) for word, *_ in answers), default=0)
    return [f"{question}  {word}{' ' * (widest - columns(word))}  {figure:>9}  {bar(value)}".rstrip()
            for word, figure, value in answers]  # fmt: skip


def bar(value: float) -> str:
    """A bar as long as a similarity from 0 to 1; of one below 0, none."""
    eighths = round(8 * WIDTH * min(max(value, 0.0), 1.0))
    return (BLOCK * (eighths // 8) + PARTS[eighths % 8]).rstrip()


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, marks above others none."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )
