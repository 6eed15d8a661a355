"""Words as points with labels, that do not overlap, in a figure of matplotlib."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.messages import counted
from wordvec_cli.show.labels import place_labels
from wordvec_cli.show.picture import COLOURS, PALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

MOST_LABELS = 400  # which are more than a page has room for
SMALL = 16.0  # the area of a dot, in square points
MARGIN = 0.08  # of the range, around the points


class Dots(NamedTuple):
    """Points with labels.

    places   (n, 2)
    groups   for each the number of its colour; None: all have one
    is_main  whether its label is bold; None: none is
    areas    of the dots, in square points; None: all are small
    """

    places: "Numbers"
    labels: Sequence[str]
    groups: Sequence[int] | None = None
    is_main: Sequence[bool] | None = None
    areas: Sequence[float] | None = None

    def colours(self) -> list[str]:
        return [COLOURS[group % len(COLOURS)] for group in self.groups or [0] * len(self.labels)]


def paint_dots(figure: Any, axes: Any, dots: Dots, is_square: bool = True) -> list[str]:
    """Paint points and their labels; what is to be told, where some labels found no room.

    is_square  whether both axes have one unit
    """
    axes.scatter(dots.places[:, 0], dots.places[:, 1], s=dots.areas or SMALL, c=dots.colours(), linewidths=0, zorder=3)
    axes.margins(MARGIN)
    if is_square:
        axes.set_aspect("equal", adjustable="datalim")
    return label_dots(figure, axes, dots)


def label_dots(figure: Any, axes: Any, dots: Dots) -> list[str]:
    """Label points; what is to be told, where some labels found no room."""
    few = Dots(
        dots.places[:MOST_LABELS], dots.labels[:MOST_LABELS], None, dots.is_main and dots.is_main[:MOST_LABELS],
        dots.areas and dots.areas[:MOST_LABELS],
    )  # fmt: skip
    texts = _texts(axes, few)
    figure.draw_without_rendering()  # so that axes have their final place
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    points = axes.transData.transform(few.places) - [frame.x0, frame.y0]
    boxes = [text.get_window_extent(renderer) for text in texts]
    sizes = np.array([[box.width, box.height] for box in boxes]).reshape(-1, 2)
    placed = place_labels(points, sizes, (frame.width, frame.height), _radii(figure, few))
    back = axes.transData.inverted()
    middles = back.transform(placed.middles + np.array([frame.x0, frame.y0]))
    for i, text in enumerate(texts):
        text.set_position(middles[i])
        text.set_visible(bool(placed.is_placed[i]))
        if placed.has_line[i]:
            _lead(axes, few.places[i], middles[i], text)
    n_left = len(dots.labels) - int(placed.is_placed.sum())
    return [f"{counted(n_left, 'label')} left out for want of room; a larger --size has more"] if n_left else []


def _radii(figure: Any, dots: Dots) -> "Numbers":
    """Of dots, in pixels."""
    areas = np.array(dots.areas or [SMALL] * len(dots.labels))
    return np.asarray(np.sqrt(areas / np.pi) * figure.dpi / 72)


def _texts(axes: Any, dots: Dots) -> list[Any]:
    """The labels, not yet in their places, on white, so that lines below them do no harm.

    (A rim of white around the letters would look the same, and make an SVG several times as large.)
    """
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8}
    is_main = dots.is_main or [False] * len(dots.labels)
    return [
        axes.text(
            *place, label, ha="center", va="center", zorder=4, fontsize=8, bbox=ground,
            fontweight="bold" if bold else "normal",
        )
        for place, label, bold in zip(dots.places, dots.labels, is_main, strict=True)
    ]  # fmt: skip


def _lead(axes: Any, point: "Numbers", middle: "Numbers", text: Any) -> None:
    axes.annotate("", point, middle, zorder=2, arrowprops={"arrowstyle": "-", "color": PALE, "lw": 0.5, "patchA": text})
