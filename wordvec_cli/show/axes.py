"""The picture of `wordvec plot axes`: where words lie between opposites, on one axis or two."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.axes import Axis, Projection
from wordvec_cli.show.chosen import check_room, label
from wordvec_cli.show.picture import COLOURS, INK, LINE, PALE, Picture
from wordvec_cli.show.scatter import Dots, paint_dots
from wordvec_cli.text.decoding import as_text

SIZE = (6.0, 5.0)
MOST_NAMED = 4  # words of an end
HEIGHT_OF_WORD = 0.2  # in inches, of a picture of one axis


def axes_picture(x: Axis, y: Axis | None) -> Picture:
    """Words by their cosines with one axis, below each other, or with two, in a plane. Raises: InputError"""
    if not x.projections:
        raise InputError("none of the words is known, so there is nothing to draw; choose others")
    return axis_picture([x]) if y is None else _plane(x, y)


def ends(axis: Axis) -> tuple[str, str]:
    """What an axis is called at its lower and its upper end."""
    upper = [pair[0] for pair in axis.words.pairs] or list(axis.words.positive)
    lower = [pair[1] for pair in axis.words.pairs] or list(axis.words.negative)
    return ", ".join(map(label, lower)), ", ".join(map(label, upper))


def _columns(name: str, each: Projection) -> dict[str, float | None]:
    low, high = _interval(each) or (None, None)
    return {name: each.over_models.mean, f"{name}_low": low, f"{name}_high": high}


def _interval(each: Projection) -> tuple[float, float] | None:
    """The interval over models, or of a single one by leaving pairs out, if there is one."""
    low, high = each.over_models.low, each.over_models.high
    if np.isnan(low):
        low, high = each.over_pairs
    return None if np.isnan(low) else (low, high)


def _table(parts: dict[str, Axis]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Titles and rows: words, and their projections with their intervals."""
    first = next(iter(parts.values()))
    rows, titles = [], ["word"]
    for number, each in enumerate(first.projections):
        cells: dict[str, Any] = {"word": as_text(each.word)}
        for name, axis in parts.items():
            cells |= _columns(name, axis.projections[number])
        titles = list(cells)
        rows.append(tuple(cells.values()))
    return titles, rows


def _means(axis: Axis) -> list[float]:
    return [each.over_models.mean for each in axis.projections]


def _plane(x: Axis, y: Axis) -> Picture:
    labels = [label(each.word) for each in x.projections]
    dots = Dots(np.column_stack((_means(x), _means(y))), labels)
    names = {"x": ends(x), "y": ends(y)}

    def paint(figure: Any) -> list[str]:
        axes = figure.add_subplot()
        axes.axhline(0, color=LINE, lw=0.7, zorder=1)
        axes.axvline(0, color=LINE, lw=0.7, zorder=1)
        axes.set_xlabel(_arrows(names["x"]))
        axes.set_ylabel(_arrows(names["y"]))
        for place, *both in zip(dots.places, x.projections, y.projections, strict=True):
            _whiskers(axes, place, *map(_interval, both))
        return paint_dots(figure, axes, dots, is_square=False)

    titles, rows = _table({"x": x, "y": y})
    texts = [*labels, *names["x"], *names["y"], "←→"]
    return Picture("axes", {name: list(each) for name, each in names.items()}, titles, rows, SIZE, paint, texts)


def _arrows(ends: Sequence[str]) -> str:
    return f"←  {ends[0]}          {ends[1]}  →"


def _whiskers(axes: Any, place: Any, across: tuple[float, float] | None, up: tuple[float, float] | None) -> None:
    """Intervals as far as there are cosines."""
    style = {"color": PALE, "lw": 0.6, "alpha": 0.6, "zorder": 2}
    if across is not None:
        axes.plot(np.clip(across, -1, 1), [place[1]] * 2, **style)
    if up is not None:
        axes.plot([place[0]] * 2, np.clip(up, -1, 1), **style)


def axis_picture(found: Sequence[Axis]) -> Picture:
    """Words below each other by their cosines with axes, beside each other, in the order of the first.

    Raises: InputError if there is no word
    """
    if not found or not found[0].projections:
        raise InputError("none of the words is known, so there is nothing to draw; choose others")
    order = np.argsort(_means(found[0]), kind="stable").tolist()
    labels = [label(found[0].projections[number].word) for number in order]

    def paint(figure: Any) -> Sequence[str]:
        check_room(len(labels))
        panels = figure.subplots(1, len(found), squeeze=False, sharey=True)[0]
        for axis, axes in zip(found, panels, strict=True):
            _paint_line(axes, axis, [axis.projections[number] for number in order])
            if len(found) > 1:
                axes.set_title(axis.words.name)
        panels[0].set_yticks(range(len(labels)), labels)
        panels[0].set_ylim(-0.7, len(labels) - 0.3)
        return []

    rows = [
        (axis.words.name, as_text(each.word), *_columns("projection", each).values())
        for axis in found
        for each in axis.projections
    ]
    names = {axis.words.name: list(ends(axis)) for axis in found}
    size = (SIZE[0] if len(found) == 1 else 1.2 + 3.4 * len(found), max(1.6, 0.9 + HEIGHT_OF_WORD * len(labels)))
    texts = [*labels, *names, *(end for both in names.values() for end in both), "←→"]
    titles = ("axis", "word", "projection", "low", "high")
    return Picture("axis", {"axes": names}, titles, rows, size, paint, texts)


def _paint_line(axes: Any, axis: Axis, found: Sequence[Projection]) -> None:
    axes.axvline(0, color=LINE, lw=0.7, zorder=1)
    for height, each in enumerate(found):
        if (interval := _interval(each)) is not None:
            axes.plot(interval, [height] * 2, color=COLOURS[0], lw=1, alpha=0.5, zorder=2)
    axes.scatter([each.over_models.mean for each in found], range(len(found)), s=18, c=COLOURS[0], lw=0, zorder=3)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y")
    axes.set_xlabel(_arrows(tuple(map(_shortened, ends(axis)))), color=INK)


def _shortened(words: str) -> str:
    """The words of an end, if they are many only the first."""
    first = words.split(", ")
    return ", ".join(first[:MOST_NAMED]) + (" ..." if len(first) > MOST_NAMED else "")
