"""Formulas are read, never run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import DataError
from pellucid.workbench.formulas import FUNCTIONS, parse

COLUMNS = np.array([[1.0, -2.0], [0.5, 3.0], [-1.5, 0.0]])


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("x1 + x2 * 2", lambda x, y: x + y * 2),
        ("(x1 + x2) * 2", lambda x, y: (x + y) * 2),
        ("-x1^2", lambda x, y: -(x**2)),
        ("2^-x1", lambda x, y: 2**-x),
        ("2^3^x1", lambda x, y: 2 ** (3**x)),
        ("x1 ** 2", lambda x, y: x**2),
        ("x1 - x2 - 1", lambda x, y: x - y - 1),
        ("x1 / 2 / 2", lambda x, y: x / 2 / 2),
        ("sin(x1) * cos(pi * x2)", lambda x, y: np.sin(x) * np.cos(np.pi * y)),
        ("max(x1, abs(x2)) + 1e-1", lambda x, y: np.maximum(x, abs(y)) + 0.1),
        ("my_column + 'odd (name)'", lambda x, y: x + y),
        ("3", lambda x, y: np.full(len(x), 3.0)),
    ],
)
def test_formulas_mean_what_they_say(text: str, like) -> None:  # type: ignore[no-untyped-def]
    found = parse(text, ("my_column", "odd (name)"))(COLUMNS)
    np.testing.assert_allclose(found, like(COLUMNS[:, 0], COLUMNS[:, 1]), rtol=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x1 +",
        "x3",
        "sin x1",
        "sin(x1",
        "sin(x1, x2)",
        "open('/etc/passwd')",
        "__import__('os').system('true')",
        "x1.__class__",
        "[x1]",
        "lambda: 0",
        "x1; x2",
        "x1 if x2 else 0",
        "(" * 1000,
        "-" * 150 + "x1",
        "1" * 300,
        "x1 = 2",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse(text, ("a", "b"))


@given(st.text(alphabet="x12 +-*/^()., 'sincoexpéπ_", max_size=60))
def test_any_text_is_a_formula_or_an_error(text: str) -> None:
    try:
        found = parse(text, ("a", "b"))(COLUMNS)
    except DataError:
        return
    assert found.shape == (3,)


def test_every_function_has_its_arguments() -> None:
    for name, (count, _) in FUNCTIONS.items():
        assert np.isfinite(parse(f"{name}({', '.join(['x1'] * count)})", ("a",))(np.ones((2, 1)))).all()
