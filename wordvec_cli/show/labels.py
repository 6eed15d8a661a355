"""Labels beside points: none lies over another, nor over a point if there is any other place for it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

# Where a label may stand, in the order of preference: to the right and above first, as on maps.
DIRECTIONS = np.radians([0, 35, 90, 145, 180, 325, 270, 215, 60, 120, 300, 240])
GAPS = (1.5, 4.0, 8.0, 13.0, 19.0, 27.0, 37.0, 49.0, 63.0)  # between a point and its label
NEAR = 8.0  # beyond this gap a line leads from the point to its label
COST_OF_POINT, COST_OF_NEAR_POINT, COST_OF_DIRECTION, COST_OF_LINE = 40.0, 4.0, 0.4, 6.0
COST_OF_CROSSING = 12.0  # of another label, by a line
NEAR_POINT = 4.0  # a point so near to another's label seems to be what it names
PADDING = 1.0
N_ROUNDS = 3


class Placed(NamedTuple):
    """The middles of labels, (n, 2); whether each found a place; and whether a line leads to it."""

    middles: "Numbers"
    is_placed: "NDArray[np.bool_]"
    has_line: "NDArray[np.bool_]"


def place_labels(
    points: "Numbers", sizes: "Numbers", area: tuple[float, float], radii: "Numbers", order: "Numbers | None" = None
) -> Placed:
    """Places for the labels of points, all in one unit (pixels).

    points, sizes  (n, 2), and of the labels (width, height)
    area           the width and height that labels must not leave, from (0, 0)
    radii          (n,) of the points
    order          the labels in the order in which they choose; None: those with the most points around them first
    """
    middles, is_placed = points.copy(), np.zeros(len(points), bool)
    gaps = np.zeros(len(points))
    boxes = np.full((len(points), 4), np.inf)  # of labels; of one without a place, beyond everything
    dots = np.hstack((points - radii[:, None], points + radii[:, None]))
    first = _most_crowded_first(points, sizes) if order is None else order.astype(int)
    for i in [*first.tolist()] * N_ROUNDS:  # later rounds know where the others are
        boxes[i] = np.inf
        reach = sizes[i] + radii[i] + GAPS[-1] + NEAR_POINT
        around = np.concatenate((points[i] - reach, points[i] + reach))[None]
        is_near = _overlap(around, dots)[0]
        is_other = is_near & (np.arange(len(points)) != i)
        near = _Surroundings(boxes[_overlap(around, boxes)[0]], dots[is_near], dots[is_other], area)
        found = _best_place(points[i], sizes[i], float(radii[i]), near)
        is_placed[i] = found is not None
        if found is not None:
            middles[i], gaps[i] = found
            boxes[i] = _boxes(middles[i][None], sizes[i])[0]
    return Placed(middles, is_placed, is_placed & (gaps > NEAR))


class _Surroundings(NamedTuple):
    """What is near a label, as boxes: other labels, all points, and points but its own; and the size of the picture."""

    labels: "Numbers"
    points: "Numbers"
    others: "Numbers"
    area: tuple[float, float]


def _best_place(
    point: "Numbers", size: "Numbers", radius: float, near: _Surroundings
) -> "tuple[Numbers, float] | None":
    """The middle of a label in its best place, and its gap; None: there is none."""
    places, costs, gaps = _candidates(point, size, radius)
    found = _boxes(places, size)
    is_inside = (np.minimum(found[:, :2], np.array(near.area) - found[:, 2:]) >= 0).all(axis=1)
    is_free = np.flatnonzero(is_inside & ~_overlap(found, near.labels).any(axis=1))
    if not len(is_free):
        return None
    places, costs, gaps, found = places[is_free], costs[is_free], gaps[is_free], found[is_free]
    costs = costs + COST_OF_POINT * _overlap(found, near.points).sum(axis=1)
    costs += COST_OF_NEAR_POINT * _overlap(found, near.others + NEAR_POINT * np.array([-1, -1, 1, 1])).sum(axis=1)
    costs += COST_OF_CROSSING * (gaps > NEAR) * _crossed(point, places, near.labels)
    best = int(np.argmin(costs))
    return places[best], float(gaps[best])


def _boxes(middles: "Numbers", size: "Numbers") -> "Numbers":
    """The boxes (left, bottom, right, top) of labels, (n, 4)."""
    return np.hstack((middles - size / 2 - PADDING, middles + size / 2 + PADDING))


def _candidates(point: "Numbers", size: "Numbers", radius: float) -> "tuple[Numbers, Numbers, Numbers]":
    """Middles (m, 2) that a label may have, what each costs, and its gap, both (m,)."""
    directions = np.column_stack((np.cos(DIRECTIONS), np.sin(DIRECTIONS)))
    sides = np.clip(1.6 * directions, -1, 1) * size / 2  # so that no corner of a wide label lies over its point
    places = np.concatenate([point + sides + directions * (radius + gap) for gap in GAPS])
    gaps = np.repeat(np.array(GAPS), len(DIRECTIONS))
    costs = gaps + COST_OF_DIRECTION * np.tile(np.arange(len(DIRECTIONS)), len(GAPS)) + COST_OF_LINE * (gaps > NEAR)
    return places, costs, gaps


def _overlap(first: "Numbers", second: "Numbers") -> "NDArray[np.bool_]":
    """Whether each of m boxes (left, bottom, right, top) overlaps each of n, (m, n)."""
    is_apart = (first[:, None, :2] >= second[None, :, 2:]) | (first[:, None, 2:] <= second[None, :, :2])
    return np.asarray(~is_apart.any(axis=2))


def _crossed(point: "Numbers", places: "Numbers", boxes: "Numbers") -> "NDArray[np.int64]":
    """How many boxes the lines from a point to places cross, as far as some points of them tell, (m,)."""
    shares = np.linspace(0.15, 0.85, 6)[:, None, None]
    on_lines = (point + shares * (places - point)).reshape(-1, 2)
    is_in = _overlap(np.hstack((on_lines, on_lines)), boxes).reshape(len(shares), len(places), -1)
    return np.asarray(is_in.any(axis=0).sum(axis=1))


def _most_crowded_first(points: "Numbers", sizes: "Numbers") -> "NDArray[np.int64]":
    reach = np.median(sizes, axis=0) if len(sizes) else np.zeros(2)
    around = (np.abs(points[:, None] - points[None]) < reach).all(axis=2).sum(axis=1)
    return np.argsort(-around, kind="stable")
