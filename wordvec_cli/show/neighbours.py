"""The picture of `wordvec plot neighbours`: one word as a star, several as a graph of words and their neighbours."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.show.chosen import Neighbourhoods, check_room
from wordvec_cli.show.layouts import pca
from wordvec_cli.show.picture import COLOURS, LINE, Picture
from wordvec_cli.show.scatter import Dots, label_dots
from wordvec_cli.show.words import bare_axes
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

SIZE = (6.4, 5.2)
STAR_SIZE = (6.0, 5.4)
MOST_WORDS = 1000
N_STEPS = 200  # of a graph's layout
NEAREST_RADIUS = 0.35  # of a star, whose farthest word is at 1


def neighbours_picture(near: Neighbourhoods) -> Picture:
    """Raises: InputError if there are no neighbours"""
    if not near.edges:
        raise InputError("there are no other words, so there are no neighbours to draw")
    check_room(len(near.chosen.words), MOST_WORDS)
    places = star(near) if near.n_asked == 1 else graph(near)
    chosen = near.chosen
    is_asked = [number < near.n_asked for number in range(len(chosen.words))]
    groups = near.owners if 1 < near.n_asked <= len(COLOURS) else [0] * len(chosen.words)
    areas = [46.0 if asked else 18.0 for asked in is_asked]
    dots = Dots(places, chosen.labels, groups, is_asked, areas)

    def paint(figure: Any) -> list[str]:
        axes = bare_axes(figure)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if near.n_asked == 1:
            _paint_rings(axes, near)
        _paint_edges(axes, near, places)
        axes.scatter(*places.T, s=areas, c=dots.colours(), lw=0, zorder=3)
        axes.margins(0.12)
        axes.set_aspect("equal", adjustable="datalim")
        return label_dots(figure, axes, dots)

    rows = [
        (chosen.names[first], chosen.names[second], cosine, float(places[second, 0]), float(places[second, 1]))
        for first, second, cosine in near.edges
    ]
    facts: dict[str, Any] = {"asked": [
        {"word": name, "x": round(float(x), 6), "y": round(float(y), 6)}
        for name, (x, y) in zip(chosen.names[: near.n_asked], places, strict=False)
    ]}  # fmt: skip
    size = STAR_SIZE if near.n_asked == 1 else SIZE
    return Picture("neighbours", facts, ("query", "word", "cosine", "x", "y"), rows, size, paint, chosen.labels)


# ---------------------------------------------------------------- places


def star(near: Neighbourhoods) -> "Numbers":
    """The word in the middle, the others around it: nearer ones nearer, and each beside those that it is like.

    How far a word is from the middle is its 1 - cosine, scaled so that the farthest is at 1; see `_radius`.
    """
    cosines = np.array([cosine for *_, cosine in near.edges])
    flat = pca(near.chosen.rows[1:]).places
    order = np.argsort(np.arctan2(flat[:, 1], flat[:, 0]), kind="stable")
    angles = np.empty(len(order))
    angles[order] = np.pi / 2 - 2 * np.pi * np.arange(len(order)) / len(order)
    radii = _radius(cosines, cosines)
    around = radii[:, None] * np.column_stack((np.cos(angles), np.sin(angles)))
    return np.asarray(np.concatenate((np.zeros((1, 2)), around)))


def _radius(cosines: "Numbers", of_all: "Numbers") -> "Numbers":
    """How far from the middle words are: the nearest at NEAREST_RADIUS, the farthest at 1, by their cosines."""
    highest, lowest = float(of_all.max()), float(of_all.min())
    if highest - lowest < 1e-9:
        return np.ones(len(cosines))
    return NEAREST_RADIUS + (1 - NEAREST_RADIUS) * (highest - cosines) / (highest - lowest)


def graph(near: Neighbourhoods) -> "Numbers":
    """Places whose distances are as near as can be to 1 - cosine, from those of PCA on.

    Source: de Leeuw 1977; the majorisation of stress (SMACOF), its Guttman transform with weights 1 / distance^2
    """
    rows = unit_rows(near.chosen.rows)
    wanted = np.maximum(1 - rows @ rows.T, 0.05)
    weights = 1 / wanted**2
    np.fill_diagonal(weights, 0)
    places = pca(near.chosen.rows).places
    places = places + 1e-3 * np.column_stack((np.cos(np.arange(len(rows))), np.sin(np.arange(len(rows)))))
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    for _ in range(N_STEPS):
        distances = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
        ratios = -weights * wanted / np.maximum(distances, 1e-9)
        np.fill_diagonal(ratios, 0)
        np.fill_diagonal(ratios, -ratios.sum(axis=1))
        places = inverse @ (ratios @ places)
    return np.asarray(places)


# ---------------------------------------------------------------- painting


def _paint_edges(axes: Any, near: Neighbourhoods, places: "Numbers") -> None:
    cosines = [cosine for *_, cosine in near.edges]
    low, high = min(cosines), max(cosines)
    for first, second, cosine in near.edges:
        strength = (cosine - low) / (high - low) if high > low else 1.0
        colour = COLOURS[first % len(COLOURS)] if 1 < near.n_asked <= len(COLOURS) else COLOURS[0]
        width, alpha = 0.6 + 1.4 * strength, 0.25 + 0.3 * strength
        axes.plot(*places[[first, second]].T, color=colour, lw=width, alpha=alpha, zorder=2)


def _paint_rings(axes: Any, near: Neighbourhoods) -> None:
    """Circles at round cosines, with these, so that distances can be read."""
    from matplotlib.patches import Circle

    cosines = np.array([cosine for *_, cosine in near.edges])
    for value in _round_values(float(cosines.min()), float(cosines.max())):
        radius = float(_radius(np.array([value]), cosines)[0])
        axes.add_patch(Circle((0, 0), radius, fill=False, color=LINE, lw=0.7, zorder=1))
        axes.text(
            0, -radius, f"{value:.2g}", fontsize=6.5, color="#777777", ha="center", va="center", zorder=1.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip


def _round_values(low: float, high: float) -> list[float]:
    """Two to five round numbers within a range."""
    for step in (0.2, 0.1, 0.05, 0.02, 0.01, 0.005):
        values = [round(number * step, 6) for number in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
        if len(values) >= 2:
            return values
    return []
