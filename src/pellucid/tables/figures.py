"""Numbers as people read them: without a power of ten where their digits fit a line."""

from math import floor, log10

__all__ = ["in_full", "to_places", "with_error"]

MOST_PLACES = 9
"""From here on a decimal fraction is written with a power of ten."""

LONGEST = 1e15
"""From here on a number has more digits than a float64 keeps."""


def in_full(value: float, digits: int = 6) -> str:
    """Return a number with so many digits that count, large ones written out.

    Examples
    --------
    >>> in_full(1000500.0, 10), in_full(2345.6, 2), in_full(0.000012345, 2), in_full(1e300)
    ('1000500', '2300', '1.2e-05', '1e+300')
    """
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < LONGEST else text


def to_places(value: float, places: int, large: float) -> str:
    """Return a number to so many decimal places; from a size on, of three digits.

    Examples
    --------
    >>> to_places(0.98765, 3, large=1000), to_places(-2243535.56, 3, large=1000)
    ('0.988', '-2.24e+06')
    """
    return f"{value:.{places}f}" if abs(value) < large else f"{value:.3g}"


def with_error(value: float, error: float) -> str:
    """Return a number and its error, of which two digits count, to the same place.

    Examples
    --------
    >>> with_error(7568.3, 2345.6), with_error(0.01234567, 0.00456), with_error(0.5, 0.0)
    ('7600 ± 2300', '0.0123 ± 0.0046', '0.5 ± 0')
    """
    places = 1 - floor(log10(error)) if error > 0 else MOST_PLACES
    if not 0 <= places < MOST_PLACES:
        return f"{in_full(round(value, places), 4)} ± {in_full(error, 2)}"
    return f"{value:.{places}f} ± {error:.{places}f}"
