"""The picture of `wordvec plot heatmap`: the cosine of each word with each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.show.chosen import Chosen, check_room
from wordvec_cli.show.picture import Picture
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

CELL, ROOM = 0.36, 1.6  # in inches: of a word, and for names and scale
SMALLEST_CELL, LARGEST = 0.12, 12.0
MOST_WITH_NUMBERS = 16
LITTLE_BELOW_0 = -0.1  # the least cosine, down to which one colour is enough


def heatmap_picture(chosen: Chosen) -> Picture:
    rows = unit_rows(chosen.rows)
    cosines = np.clip(rows @ rows.T, -1, 1)
    n_words = len(chosen.words)
    table = [
        (first, second, float(cosine))
        for first, row in zip(chosen.names, cosines, strict=True)
        for second, cosine in zip(chosen.names, row, strict=True)
    ]
    cell = CELL if n_words <= MOST_WITH_NUMBERS else max(SMALLEST_CELL, min(CELL, LARGEST / n_words))
    side = cell * n_words + ROOM
    size = (side + 0.5, side)

    def paint(figure: Any) -> list[str]:
        check_room(n_words)
        axes = figure.add_subplot()
        image = paint_table(axes, cosines, chosen.labels, colours_of(cosines))
        bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=22, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("cosine")
        if n_words <= MOST_WITH_NUMBERS:
            write_numbers(axes, image, cosines, "{:.2f}")
        return []

    return Picture("heatmap", {}, ("a", "b", "cosine"), table, size, paint, chosen.labels)


class Colours(NamedTuple):
    """Which colours stand for numbers from `low` to `high`."""

    low: float
    high: float
    name: str


def colours_of(cosines: "Numbers") -> Colours:
    """The colours of cosines: a word's cosine with itself says nothing, and takes none of it."""
    others = cosines[~np.eye(len(cosines), dtype=bool)]
    low, high = (float(others.min()), float(others.max())) if len(others) else (0.0, 1.0)
    if low < LITTLE_BELOW_0:
        reach = max(-low, high)
        return Colours(-reach, reach, "RdBu_r")
    return Colours(min(low, 0.0), max(high, 0.1), "Blues")


def paint_table(axes: Any, values: "Numbers", labels: Sequence[str], colours: Colours) -> Any:
    """A square table of colours with names on both sides."""
    image = axes.imshow(values, vmin=colours.low, vmax=colours.high, cmap=colours.name, interpolation="nearest")
    size = 8 if len(labels) <= 40 else 5
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor", fontsize=size)
    axes.set_yticks(range(len(labels)), labels, fontsize=size)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=1)
    axes.tick_params(which="minor", length=0)
    return image


def write_numbers(axes: Any, image: Any, values: "NDArray[Any]", form: str, size: float = 7) -> None:
    """The numbers of a table in its cells, dark on light and light on dark; 1.00 without its zeros."""
    for (row, column), value in np.ndenumerate(values):
        red, green, blue, _ = image.cmap(image.norm(value))
        is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
        text = form.format(round(float(value), 6) + 0.0).replace("-0.00", "0.00")
        axes.text(
            column, row, text, ha="center", va="center", fontsize=size, color="white" if is_dark else "#222222"
        )  # fmt: skip
