"""Print the polynomial coefficients of kernels/elementary.hpp (needs mpmath).

Each is the polynomial through Chebyshev points of the interval that the kernel reduces its argument to; the error
printed is the largest relative error found on a fine grid, computed with 60 digits.
"""

import argparse
import sys

import mpmath as mp

mp.mp.dps = 60


def expm1_tail(r):
    """(exp(r) - 1 - r) / r², for |r| <= ln(2) / 2."""
    return mp.mpf(1) / 2 if abs(r) < 1e-20 else (mp.expm1(r) - r) / r**2


def atanh_tail(s2):
    """(atanh(s) / s - 1) / s² as a function of s², for s <= 3 - 2√2."""
    if s2 == 0:
        return mp.mpf(1) / 3
    s = mp.sqrt(s2)
    return (mp.atanh(s) / s - 1) / s2


def scaled_erfc(t):
    """(1 + 2x) exp(x²) erfc(x) as a function of t = (x - 4) / (x + 4), for x >= 0 (Shepherd & Laframboise, 1981)."""
    if t == 1:
        return 2 / mp.sqrt(mp.pi)
    x = 4 * (1 + t) / (1 - t)
    if x > 60:
        series = sum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k if k else mp.mpf(1) for k in range(25))
        return (1 + 2 * x) * series / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


FUNCTIONS = {
    "expm1_tail": (expm1_tail, -mp.log(2) / 2 * mp.mpf("1.01"), mp.log(2) / 2 * mp.mpf("1.01")),
    "atanh_tail": (atanh_tail, mp.mpf(0), (3 - 2 * mp.sqrt(2)) ** 2 * mp.mpf("1.01")),
    "scaled_erfc": (scaled_erfc, mp.mpf(-1), mp.mpf(1)),
}


def fit(function, low, high, degree):
    """Coefficients, constant first, of the polynomial through the Chebyshev points."""
    points = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / (degree + 1)) for k in range(degree + 1)]
    points = [(low + high) / 2 + (high - low) / 2 * point for point in points]
    matrix = mp.matrix(degree + 1, degree + 1)
    for i, point in enumerate(points):
        for j in range(degree + 1):
            matrix[i, j] = point**j
    return list(mp.lu_solve(matrix, mp.matrix([function(point) for point in points])))


def error(function, low, high, coefficients):
    """Largest relative error on a grid."""
    grid = [low + (high - low) * k / 400 for k in range(401)]
    return max(abs(mp.polyval(coefficients[::-1], x) / function(x) - 1) for x in grid)


def main():
    """Print one fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", choices=FUNCTIONS)
    parser.add_argument("degree", type=int)
    arguments = parser.parse_args()
    function, low, high = FUNCTIONS[arguments.function]
    coefficients = fit(function, low, high, arguments.degree)
    write = sys.stdout.write
    write(f"// relative error {mp.nstr(error(function, low, high, coefficients), 3)}\n")
    for coefficient in coefficients:
        write(f"    {float(coefficient)!r},\n")


if __name__ == "__main__":
    main()
