"""One training step against scikit-learn and PyTorch: forward, backward, Adam; turn by turn, medians.

    python benchmarks/native/steps.py [--dtype float32] [--rounds 7] [--threads 1] [--only 0 1]

What is measured is in `pellucid.bench`, as for `pellucid bench`; here are more rounds, and the ratios to the native
engine. The last column counts three products for every layer (6 · rows · weights), also the one of the first layer
that nobody computes: speeds of training are often told so.
"""

import argparse

from pellucid.bench import CASES, Result, contenders_here, measure, pinned


def line(result: Result) -> str:
    """Tell one network's figures in a line."""
    native = result.seconds["native"]
    parts = [f"native {native * 1e6:9.1f} us"]
    for name, seconds in result.seconds.items():
        if name != "native":
            parts.append(f"{name} {seconds * 1e6:9.1f} us ({seconds / native:6.2f}x)")
    three_products = 6 * result.case.batch * sum(inputs * outputs for inputs, outputs in result.case.layers)
    parts.append(f"{result.gflops('native'):6.1f} of {result.peak:5.1f} GFLOP/s: {result.share('native'):4.0%}")
    parts.append(f"{three_products / native / result.peak / 1e9:4.0%} with three products a layer")
    return f"{result.case.name:24} {result.dtype} x{result.threads}  " + "  ".join(parts)


def main() -> None:
    """Run the contest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32", choices=["bfloat16", "float32", "float64"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--seconds", type=float, default=0.5, help="of one turn, at least: setting a training up counts"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--only", type=int, nargs="*", default=range(len(CASES)), help="numbers of the networks, from 0"
    )
    parser.add_argument("--contenders", nargs="*", choices=contenders_here())
    arguments = parser.parse_args()
    possible = contenders_here(arguments.dtype)
    chosen = possible if arguments.contenders is None else arguments.contenders
    names = ["native", *(name for name in chosen if name != "native" and name in possible)]
    options = {"threads": arguments.threads, "rounds": arguments.rounds, "seconds": arguments.seconds}
    with pinned(arguments.threads):
        for index in arguments.only:
            print(line(measure(CASES[index], names, dtype=arguments.dtype, **options)), flush=True)


if __name__ == "__main__":
    main()
