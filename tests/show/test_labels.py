"""Labels lie over no other label, and stay in the picture."""

import itertools

import numpy as np
import pytest

from wordvec_cli.show.labels import Placed, place_labels

AREA = (600.0, 400.0)


def crossing(placed: Placed, sizes: np.ndarray) -> int:
    """How many pairs of placed labels overlap: by one pair after the other."""
    boxes = [
        (*(middle - size / 2), *(middle + size / 2))
        for middle, size, there in zip(placed.middles, sizes, placed.is_placed, strict=True)
        if there
    ]
    return sum(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        for one, other in itertools.combinations(boxes, 2)
    )


@pytest.mark.parametrize("n_points", [1, 2, 60, 250])
def test_no_two_labels_overlap_and_none_leaves_the_picture(n_points: int) -> None:
    rng = np.random.default_rng(n_points)
    points = rng.uniform(5, (595, 395), (n_points, 2))
    sizes = np.column_stack((rng.uniform(20, 90, n_points), np.full(n_points, 11.0)))
    placed = place_labels(points, sizes, AREA, np.full(n_points, 3.0))
    assert crossing(placed, sizes) == 0
    there = placed.is_placed
    assert (placed.middles[there] - sizes[there] / 2 >= 0).all()
    assert (placed.middles[there] + sizes[there] / 2 <= AREA).all()
    assert there.mean() > (0.95 if n_points <= 60 else 0.5)


def test_points_in_one_place_get_labels_around_it_and_lines_to_the_far_ones() -> None:
    points, sizes = np.full((9, 2), 200.0), np.full((9, 2), (40.0, 11.0))
    placed = place_labels(points, sizes, AREA, np.full(9, 3.0))
    assert placed.is_placed.all()
    assert crossing(placed, sizes) == 0
    assert placed.has_line.any()


def test_a_lone_label_stands_to_the_right_of_its_point_and_not_over_it() -> None:
    placed = place_labels(np.array([[100.0, 100.0]]), np.array([[50.0, 10.0]]), AREA, np.array([3.0]))
    (x, y), *_ = placed.middles
    assert x - 25 > 103
    assert y == 100
    assert not placed.has_line[0]


def test_a_label_for_which_there_is_no_room_is_left_out() -> None:
    placed = place_labels(np.array([[50.0, 50.0]]), np.array([[120.0, 10.0]]), (100.0, 100.0), np.array([3.0]))
    assert not placed.is_placed.any()
