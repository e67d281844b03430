"""What the columns of an encoded table are: numbers, values passed as they are, codes of categories, in this order."""

from dataclasses import dataclass

__all__ = ["Inputs"]


@dataclass(frozen=True)
class Inputs:
    """What the columns of an encoded table are.

    Parameters
    ----------
    names : tuple of str
        Name of each input.
    sources : tuple of str
        Column of the raw table that each input comes from.
    numeric : int
        How many of the first inputs are scaled numbers.
    passed : int
        How many of those that follow are passed as they are: one-hot levels, yes and no, marks of missing cells.
    levels : tuple of int
        For each of the last inputs, the number of a category's levels. Its values are codes 0 .. levels - 1, or -1: no
        level.

    Examples
    --------
    >>> Inputs(("size", "size is missing", "town"), ("size", "size", "town"), numeric=1, passed=1, levels=(40,)).width
    3
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    numeric: int
    passed: int
    levels: tuple[int, ...]

    @property
    def of_numbers(self) -> tuple[bool, ...]:
        """For each of the last inputs, whether its levels are the values of a number that is an input, too."""
        numbers = set(self.sources[: self.numeric])
        return tuple(source in numbers for source in self.sources[self.numeric + self.passed :])

    @property
    def width(self) -> int:
        """Number of inputs."""
        return self.numeric + self.passed + len(self.levels)
