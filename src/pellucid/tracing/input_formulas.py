"""Before the first layer, line by line: what becomes of the inputs, and the gradients of what is learned there."""

from typing import TYPE_CHECKING

from pellucid.tracing.backward_formulas import over_rows, sum_of_deltas
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.notation import DIGITS, Formula, number, product, subscript

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["feature_delta_formulas", "scale_formula", "scale_gradient_formula"]


def scale_formula(inputs: InputsTrace, row: int, feature: int, digits: int = DIGITS) -> Formula:
    """Write a scaled feature of one row."""
    assert inputs.scale is not None  # noqa: S101 - not called otherwise
    mark, factors = subscript(feature), (inputs.unscaled[row, feature], inputs.scale[feature])
    numbers = product(*factors, digits=digits)
    return Formula(
        f"f{mark}", f"{inputs.letter}{mark}·scale{mark}", numbers, number(inputs.features[row, feature], digits)
    )


def feature_delta_formulas(
    trace: "Trace", inputs: InputsTrace, row: int, feature: int, digits: int = DIGITS
) -> list[Formula]:
    """Write how one row's loss changes with a feature that the first layer sees, and with it before the scale."""
    assert inputs.d_features is not None and inputs.d_unscaled is not None  # noqa: S101, PT018 - types
    first, mark, d = trace.layers[0], subscript(feature), inputs.d_features[row, feature]
    symbols, numbers = sum_of_deltas(first, row, feature, digits)
    if first.factor != 1:
        symbols, numbers = f"({symbols}) / √(inputs)", f"({numbers}) / √({inputs.width})"
    formulas = [Formula(f"∂ℓ/∂{first.input_letter}{mark}", symbols, numbers, number(d, digits))]
    if inputs.scale is not None and inputs.letter != "x":
        numbers = product(d, inputs.scale[feature], digits=digits)
        result = number(inputs.d_unscaled[row, feature], digits)
        formulas.append(Formula(f"∂ℓ/∂{inputs.letter}{mark}", f"∂ℓ/∂f{mark}·scale{mark}", numbers, result))
    return formulas


def scale_gradient_formula(trace: "Trace", inputs: InputsTrace, feature: int, digits: int = DIGITS) -> Formula:
    """Write ∂L/∂scale of one feature."""
    assert inputs.d_features is not None and inputs.d_scale is not None  # noqa: S101, PT018 - types
    mark = subscript(feature)
    return over_rows(
        trace,
        f"∂L/∂scale{mark}",
        f"{inputs.letter}{mark}·∂ℓ/∂f{mark}",
        inputs.d_features[:, feature],
        inputs.d_scale[feature],
        digits,
        times=inputs.unscaled[:, feature],
    )
