"""Options that several commands have."""

from pellucid.cli.failures import check

__all__ = ["parse_widths"]


def parse_widths(hidden: str) -> tuple[int, ...]:
    """Read the widths of hidden layers; an empty text is no hidden layer.

    Examples
    --------
    >>> parse_widths("128, 64")
    (128, 64)
    """
    parts = [part.strip() for part in hidden.split(",")] if hidden.strip() else []
    valid = all(part.isascii() and part.isdigit() and 0 < int(part) <= 1_000_000 for part in parts)
    check("--hidden", "widths of at least 1 with commas between them, such as 128,64", repr(hidden), valid)
    return tuple(int(part) for part in parts)
