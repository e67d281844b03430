import numpy as np
import pytest

from pellucid.bench import CASES
from pellucid.errors import PellucidError
from pellucid.plotting import Roofline
from pellucid.plotting.roofline import RooflinePoint

ENGINES = ("native", "textbook", "scikit-learn", "torch")


def display(dtype="float32", peak=100.0, bandwidth=20.0):
    points = [
        RooflinePoint(case.name, engine, case.intensity(dtype), peak * (0.8 - 0.15 * e) * (0.01 if c == 0 else 1))
        for c, case in enumerate(CASES)
        for e, engine in enumerate(ENGINES)
    ]
    return Roofline(points, peak=peak, bandwidth=bandwidth).plot()


def test_the_roof_is_the_lesser_of_memory_and_peak():
    x, y = display().roof_.get_data()
    np.testing.assert_allclose(y, np.minimum(100.0, 20.0 * np.asarray(x)))
    assert x[1] == 5.0


def test_every_point_is_drawn_where_it_was_measured():
    shown = display()
    assert list(shown.points_) == list(ENGINES)
    assert len({line.get_marker() for line in shown.points_.values()}) == 4
    for engine, line in shown.points_.items():
        own = [(point.intensity, point.gflops) for point in shown.points if point.engine == engine]
        np.testing.assert_array_equal(np.transpose(line.get_data()), own)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("peak", [10.0, 5000.0])
def test_no_text_covers_another_or_leaves_the_picture(dtype, peak):
    shown = display(dtype, peak)
    shown.figure_.canvas.draw()
    boxes = [text.get_window_extent() for text in shown.ax_.texts]
    assert len(boxes) == 2 + len(CASES)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    left, bottom, right, top = shown.ax_.get_window_extent().extents
    assert all(box.x0 >= left and box.y0 >= bottom and box.x1 <= right and box.y1 <= top for box in boxes)


def test_a_scale_has_several_numbers_also_within_a_decade():
    points = [RooflinePoint("a", "native", 20.0, 15.0), RooflinePoint("b", "native", 35.0, 51.0)]
    ax = Roofline(points, peak=116.0, bandwidth=18.8).plot().ax_
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == pytest.approx([5, 10, 20, 50])


def test_nothing_to_show():
    with pytest.raises(PellucidError, match="at least one point"):
        Roofline([], peak=1.0, bandwidth=1.0)
