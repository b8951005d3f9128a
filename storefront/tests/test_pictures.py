import math
import random

import pytest
from kitloop_storefront.pictures import CURVE_HEIGHT, CURVE_WIDTH, curve, ring


def test_the_ring_is_filled_from_the_top() -> None:
    slices = ring([0.5, 0.3, 0.1])
    assert math.isclose(sum(one.length for one in slices), 100, abs_tol=0.01)
    assert slices[0].offset == 25
    assert [round(one.offset, 1) for one in slices] == [25.0, -30.6, -63.9]
    assert [one.colour for one in slices] == [1, 2, 3]


@pytest.mark.parametrize("shares", [[], [0.0], [0, 0]])
def test_nothing_to_show_is_no_ring(shares: list[float]) -> None:
    assert ring(shares) == ()


def test_the_person_stands_on_the_outline() -> None:
    edges, counts = [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 4.0, 4.0, 1.0]
    top = curve(edges, counts, 2.0)
    assert top is not None
    assert top.x == CURVE_WIDTH / 2
    assert top.y < 0.5
    left = curve(edges, counts, -9.0)
    right = curve(edges, counts, 9.0)
    assert left is not None
    assert right is not None
    assert (left.x, left.label_anchor, right.x, right.label_anchor) == (0.0, "start", CURVE_WIDTH, "end")


def test_a_few_people_leave_no_teeth_and_many_keep_their_shape() -> None:
    edges = [float(number) for number in range(41)]
    few = curve(edges, [float(number % 2) * 5 for number in range(40)], 20.5)
    two_humps = [1e6 * (abs(number - 10) < 3 or abs(number - 30) < 3) for number in range(40)]
    many = curve(edges, two_humps, 20.5)
    assert few is not None
    assert many is not None
    assert few.y < 0.1 * CURVE_HEIGHT  # flat: every second bin empty was chance
    assert many.y > 0.8 * CURVE_HEIGHT  # the valley between two real humps stays


def test_the_outline_stays_inside_the_picture_and_between_its_neighbours() -> None:
    rng = random.Random(3)
    for _ in range(200):
        bins = rng.randint(1, 40)
        edges = [float(number) for number in range(bins + 1)]
        counts = [float(rng.randint(0, 9)) for _ in range(bins)] or [1.0]
        drawn = curve(edges, counts, rng.uniform(-1, bins + 1))
        if sum(counts) == 0:
            assert drawn is None
            continue
        assert drawn is not None
        assert 0 <= drawn.y <= CURVE_HEIGHT
        heights = [float(number) for number in drawn.line.replace("M", " ").replace("C", " ").split()][1::2]
        assert all(-0.05 <= height <= CURVE_HEIGHT + 0.05 for height in heights)


def test_all_people_in_one_of_a_thousand_bins_is_still_a_curve() -> None:
    counts = [0.0] * 1000
    counts[503] = 200.0
    drawn = curve([float(number) for number in range(1001)], counts, 503.5)
    assert drawn is not None
    assert drawn.y < 0.2 * CURVE_HEIGHT


def test_the_range_and_the_line_stand_where_their_people_are() -> None:
    drawn = curve([0.0, 1.0, 2.0, 3.0, 4.0], [10, 40, 40, 10], 2.0, bounds=(10, 50), threshold=90)
    assert drawn is not None
    assert (drawn.span_x, drawn.span_width, drawn.threshold_x) == (
        CURVE_WIDTH / 4,
        CURVE_WIDTH / 4,
        CURVE_WIDTH * 3 / 4,
    )
    outside = curve([0.0, 1.0, 2.0, 3.0, 4.0], [10, 40, 40, 10], 3.5, bounds=(10, 50))
    assert outside is not None
    assert (outside.span_x, outside.span_width) == (
        CURVE_WIDTH / 4,
        outside.x - CURVE_WIDTH / 4,
    )  # the person stays inside
    assert outside.threshold_x is None
