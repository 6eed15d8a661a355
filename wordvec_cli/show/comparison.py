"""The picture of `wordvec plot compare`: how scores differ, and which words moved farthest from their neighbours."""

from collections.abc import Sequence
from typing import Any

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.comparison import Comparison, Difference
from wordvec_cli.evaluation.neighbour_changes import Change
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.show.chosen import check_room, label
from wordvec_cli.show.picture import COLOURS, PALE, Picture, name_rows
from wordvec_cli.text.decoding import as_text

WIDTH = 7.4  # in inches
ROW, ROOM = 0.2, 1.1
MARGIN = 0.6  # above and below the rows, in rows


def comparison_picture(comparison: Comparison, paths: tuple[str, str]) -> Picture:
    """Two panels: the differences of scores, B - A, with intervals; and the words that moved farthest.

    Raises: InputError if the files have neither a set nor a word in common
    """
    differences, changes = comparison.differences, comparison.most_changed
    if not differences and not changes:
        raise InputError("no set can be asked of both files, and no word is in both, so there is nothing to draw")
    words = comparison.words([each.word_id for each in changes])
    rows: list[tuple[str | float | None, ...]] = [
        ("score", each.name, found.value, *(found.interval or (None, None))) for each, found in differences
    ]
    rows += [("moved", as_text(word), each.moved, None, None) for word, each in zip(words, changes, strict=True)]
    labels = list(map(label, words))

    def paint(figure: Any) -> Sequence[str]:
        check_room(len(labels))
        panels = iter(figure.subplots(1, bool(differences) + bool(changes), squeeze=False)[0])
        if differences:
            _paint_differences(next(panels), differences)
        if changes:
            _paint_changes(next(panels), labels, changes)
        figure.supxlabel(_caption(comparison, paths), x=0.01, ha="left", fontsize=7.5, color="#666666")
        return []

    facts = {"A": paths[0], "B": paths[1], "k": comparison.k, "overlap": comparison.overlap}
    facts["overlap_by_chance"] = comparison.chance_overlap
    height = ROOM + ROW * max(len(changes), 2 * len(differences), 4)
    width = WIDTH if differences and changes else WIDTH * 0.6
    titles = ("figure", "of", "value", "low", "high")
    return Picture("compare", facts, titles, rows, (width, height), paint, [*labels, *paths])


def _caption(comparison: Comparison, paths: tuple[str, str]) -> str:
    text = f"A: {paths[0]}   B: {paths[1]}"
    if comparison.overlap is not None:
        text += f"\nof its {comparison.k} nearest neighbours a word keeps {comparison.overlap:.0%}"
        text += f" (by chance {comparison.chance_overlap:.1%})"
    return text


def _paint_differences(axes: Any, differences: Sequence[tuple[EvalSet, Difference]]) -> None:
    axes.axvline(0, color=PALE, lw=0.8, zorder=1)
    for height, (_, found) in enumerate(differences):
        is_clear = found.interval is not None and (found.interval[0] > 0 or found.interval[1] < 0)
        colour = COLOURS[0] if is_clear else PALE
        if found.interval is not None:
            axes.plot(found.interval, [height] * 2, color=colour, lw=1.4, alpha=0.7, zorder=2)
        axes.plot([found.value], [height], "o", color=colour, ms=5, zorder=3)
    name_rows(axes, [each.name for each, _ in differences], MARGIN)
    axes.set_title("score of B, less that of A")


def _paint_changes(axes: Any, labels: Sequence[str], changes: Sequence[Change]) -> None:
    moved = [each.moved for each in changes]
    axes.hlines(range(len(moved)), 0, moved, color=COLOURS[1], lw=1.2, alpha=0.7, zorder=2)
    axes.plot(moved, range(len(moved)), "o", color=COLOURS[1], ms=4, zorder=3)
    name_rows(axes, labels, MARGIN)
    axes.set_xlim(left=min(0.0, *moved))
    axes.set_title("words that moved farthest")
