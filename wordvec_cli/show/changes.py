"""The picture of `wordvec plot change`: the words that changed most, from what to what, and by which period."""

import itertools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.queries.change import ChangeRules
from wordvec_cli.queries.changes import ChangedWord, ChangeTable
from wordvec_cli.show.chosen import check_room, label
from wordvec_cli.show.picture import COLOURS, LINE, PALE, Picture, name_rows
from wordvec_cli.text.decoding import as_text

WIDTH, PANEL = 6.8, 3.4  # in inches: of the words, and of the course over periods
ROW, ROOM = 0.21, 0.9
MARGIN = 0.6  # above and below the rows, in rows
MOST_NAMED = 3  # neighbours lost, and won
MOST_LINES = 7  # words whose course is drawn
LEAST_DISTANCE = 0.045  # between names at the ends of lines, as a share of the panel


def change_picture(found: ChangeTable, files: Sequence[str], rules: ChangeRules) -> Picture:
    """Words by how far they changed, with the neighbours lost and won; of more than two periods, also their courses.

    Raises: InputError if there is no word
    """
    if not found.lines:
        raise InputError("no word can be compared, so there is nothing to draw")
    names = [label(line.word) for line in found.lines]
    periods = [os.path.splitext(os.path.basename(os.path.normpath(path)))[0] for path in files]
    titles = found.titles[1 : 1 + len(found.lines[0].figures)]
    columns = dict(zip(titles, np.array([line.figures for line in found.lines]).T, strict=True))

    def paint(figure: Any) -> Sequence[str]:
        check_room(len(names))
        has_course = len(files) > 2
        panels = figure.subplots(1, 1 + has_course, squeeze=False, width_ratios=[1, 0.75][: 1 + has_course])[0]
        _paint_words(panels[0], names, found.lines, columns, rules.measure)
        if has_course:
            _paint_courses(panels[1], names, columns, periods, rules.measure)
        return []

    rows = [
        (as_text(line.word), *(None if np.isnan(value) else value for value in line.figures), *map(_joined, line.moved))
        for line in found.lines
    ]
    size = (WIDTH + PANEL * (len(files) > 2), max(2.2, ROOM + ROW * len(names)))
    texts = [*names, *(label(word) for line in found.lines for word in (*line.moved.lost, *line.moved.won)), "→"]
    facts = {"periods": list(files), "measure": rules.measure, "words": found.n_words}
    return Picture("change", facts, ("word", *titles, "lost", "won"), rows, size, paint, texts)


def _joined(words: Sequence[bytes]) -> str:
    return " ".join(map(as_text, words))


def _paint_words(
    axes: Any, names: Sequence[str], lines: Sequence[ChangedWord], columns: dict[str, Any], measure: str
) -> None:
    change = 1 - columns[measure]
    axes.hlines(range(len(names)), 0, change, color=LINE, lw=1, zorder=1)
    if f"{measure}_low" in columns:
        low, high = 1 - columns[f"{measure}_high"], 1 - columns[f"{measure}_low"]
        axes.hlines(range(len(names)), low, high, color=COLOURS[0], lw=1.6, alpha=0.5, zorder=2)
    is_sure = columns["matched"] > 0.95 if "matched" in columns else np.zeros(len(names), bool)
    axes.scatter(change, range(len(names)), s=20, c=np.where(is_sure, COLOURS[0], PALE), lw=0, zorder=3)
    for height, line in enumerate(lines):
        lost, won = (", ".join(map(label, words[:MOST_NAMED])) for words in line.moved)
        axes.text(
            1.02, height, f"{lost or '-'}  →  {won or '-'}", transform=axes.get_yaxis_transform(), va="center",
            fontsize=7.5, color="#555555", clip_on=False,
        )  # fmt: skip
    name_rows(axes, names, MARGIN)
    axes.set_xlim(left=min(0.0, float(np.nanmin(change))))
    axes.set_title("neighbours lost  →  won", loc="right", fontsize=7.5, color="#555555", x=1.02, ha="left")
    what = "1 - share of neighbours kept" if measure == "overlap" else "1 - cosine after the rotation"
    told = f"{what}\nblue: changed more than 95 of 100 words like it in frequency"
    axes.set_xlabel(told, loc="left", fontsize=7.5)


def _paint_courses(
    axes: Any, names: Sequence[str], columns: dict[str, Any], periods: Sequence[str], measure: str
) -> None:
    """The change of the first words from the first period on."""
    courses = np.array([np.zeros(len(names)), *(1 - columns[f"{measure}_{i}"] for i in range(2, len(periods) + 1))]).T
    ends = []
    for number, course in enumerate(courses[:MOST_LINES]):
        axes.plot(range(len(periods)), course, "o-", color=COLOURS[number], ms=3, lw=1.3)
        ends.append(float(course[-1]))
    top = float(np.nanmax(courses[:MOST_LINES]))
    for number, height in enumerate(apart(ends, LEAST_DISTANCE * max(top, 1e-9))):
        axes.text(len(periods) - 0.93, height, names[number], va="center", fontsize=7.5, color=COLOURS[number])
    axes.set_xticks(range(len(periods)), periods, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.2, len(periods) - 0.2)
    axes.set_title("change since the first")
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def apart(heights: Sequence[float], distance: float) -> list[float]:
    """The heights, those moved down that are too near to one above."""
    moved = list(heights)
    order = sorted(range(len(heights)), key=lambda number: -heights[number])
    for above, below in itertools.pairwise(order):
        moved[below] = min(moved[below], moved[above] - distance)
    return moved
