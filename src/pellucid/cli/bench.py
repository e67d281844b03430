"""`pellucid bench`: how fast networks train here, by Pellucid and by its peers, beside the machine's limits."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.console import print_table
from pellucid.cli.failures import check

if TYPE_CHECKING:
    from pellucid.bench import Case, Result
    from pellucid.engines.native import Bandwidth

__all__ = ["bench"]

DTYPES = {"float32": ("float32",), "float64": ("float64",), "both": ("float32", "float64")}


def bench(
    threads: Annotated[int, typer.Option(help="Threads of each contender.")] = 1,
    dtype: Annotated[str, typer.Option(help="float32, float64 or both.")] = "float32",
    networks: Annotated[
        str, typer.Option(help="Which, by their numbers with commas between, such as 1,3.", show_default="all five")
    ] = "1,2,3,4,5",
    contenders: Annotated[
        str | None,
        typer.Option(help="Of native, textbook, scikit-learn and torch, with commas between.", show_default="all here"),
    ] = None,
    rounds: Annotated[int, typer.Option(help="Turns of each contender; their median counts.")] = 5,
    seconds: Annotated[float, typer.Option(help="Least duration of a turn.")] = 0.1,
    out: Annotated[Path, typer.Option(help="Folder for the roofline picture and the figures.")] = Path(
        "pellucid-bench"
    ),
) -> None:
    """Measure how fast networks train here, side by side, and how near that is to what this machine can do.

    Takes about half a minute. Each contender trains the same networks in turns, held to as many processors as it has
    threads; medians are shown. scikit-learn and PyTorch take part if they are installed.
    """
    from pellucid.bench import CASES, pinned, usable_processors
    from pellucid.engines.native import memory_bandwidth, unavailable
    from pellucid.errors import PellucidError

    check("--threads", f"from 1 to {usable_processors()}", threads, 1 <= threads <= usable_processors())
    check("--dtype", "float32, float64 or both", repr(dtype), dtype in DTYPES)
    check("--rounds", "at least 1", rounds, rounds >= 1)
    check("--seconds", "a number of at least 0", seconds, 0 <= seconds < float("inf"))
    cases = [CASES[number - 1] for number in _numbers(networks, len(CASES))]
    names = _contenders(contenders)
    missing = unavailable()
    if missing:
        raise PellucidError(missing)
    _make_folder(out)

    machine = _machine()
    with pinned(threads) as is_pinned:
        _say_machine(machine, threads, is_pinned)
        bandwidth = memory_bandwidth(threads=threads)
        results = _measure_all(cases, names, DTYPES[dtype], threads, rounds, seconds)
    _say_limits(results, bandwidth)
    for each in DTYPES[dtype]:
        _say_results(each, [result for result in results if result.dtype == each])
    _write(machine, results, bandwidth, out)


def _numbers(networks: str, count: int) -> list[int]:
    """Read numbers of networks; each is measured once."""
    parts = [part.strip() for part in networks.split(",")]
    valid = all(part.isascii() and part.isdigit() and 1 <= int(part) <= count for part in parts)
    check("--networks", f"numbers from 1 to {count} with commas between them, such as 1,3", repr(networks), valid)
    return sorted({int(part) for part in parts})


def _contenders(wanted: str | None) -> list[str]:
    from pellucid.bench import contenders_here

    here = contenders_here()
    if wanted is None:
        return here
    names = [name.strip() for name in wanted.split(",")]
    check("--contenders", f"names of those installed here ({', '.join(here)})", repr(wanted), set(names) <= set(here))
    return [name for name in here if name in names]


def _make_folder(out: Path) -> None:
    """Make the folder before any work is done."""
    from pellucid.errors import DataError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the folder '{out}' cannot be made: {error.strerror or error}. Name another one.") from error


def _machine() -> dict[str, Any]:
    """Ask what the figures depend on, before anything is pinned."""
    from pellucid.bench import processor_name, usable_processors
    from pellucid.engines.native import instruction_set

    return {
        "processor": processor_name(),
        "instruction_set": instruction_set(),
        "processors": usable_processors(),
    }


def _say_machine(machine: dict[str, Any], threads: int, is_pinned: bool) -> None:
    held = f"held to {_counted(threads, 'processor')}" if is_pinned else "free to run on any processor"
    print(f"Processor: {machine['processor']}, {_counted(machine['processors'], 'core')} available")
    print(f"Instruction set: {machine['instruction_set']}")
    print(f"{_counted(threads, 'thread')} for each contender, {held}\n", flush=True)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")


def _measure_all(
    cases: "list[Case]", names: list[str], dtypes: tuple[str, ...], threads: int, rounds: int, seconds: float
) -> "list[Result]":
    """Measure, under a bar that tells the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from pellucid.bench import measure

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
    console = Console(stderr=True)
    results = []
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        costs = {case.name: _likely_seconds(case, seconds) for case in cases}
        turns = len(dtypes) * (rounds + 1) * len(names)
        task = bar.add_task("", total=sum(costs.values()) * turns)
        for case in cases:
            for dtype in dtypes:

                def on_turn(name: str, case: "Case" = case) -> None:
                    bar.update(task, description=f"{case.name}: {name}")
                    bar.advance(task, 0 if name == "peak" else costs[case.name])

                results.append(
                    measure(case, names, dtype=dtype, threads=threads, rounds=rounds, seconds=seconds, on_turn=on_turn)
                )
    return results


def _likely_seconds(case: "Case", seconds: float) -> float:
    """Guess how long a turn takes, for the bar: no machine is known yet."""
    return max(seconds, case.batches * case.flops / 50e9)


def _say_limits(results: "list[Result]", bandwidth: "Bandwidth") -> None:
    """Tell what the machine can do at most."""
    for dtype, peak in _peaks(results).items():
        print(f"Peak of multiply-adds, {dtype}: {peak:.1f} GFLOP/s")
    print(f"Memory: {bandwidth.read:.1f} GB/s reading, {bandwidth.triad:.1f} GB/s reading and writing (triad)")


def _peaks(results: "list[Result]") -> dict[str, float]:
    """Median of each dtype's peaks."""
    from statistics import median

    return {
        dtype: median(result.peak for result in results if result.dtype == dtype)
        for dtype in dict.fromkeys(result.dtype for result in results)
    }


def _say_results(dtype: str, results: "list[Result]") -> None:
    print(f"\nOne training step in {dtype}: forward, backward, Adam\n")
    rows = []
    for result in results:
        first, *_ = result.seconds
        for name, seconds in result.seconds.items():
            rows.append(
                (
                    result.case.name if name == first else "",
                    name,
                    f"{seconds * 1e6:>11,.1f}",
                    f"{result.gflops(name):7.2f}",
                    f"{result.share(name):11.1%}",
                    f"{seconds / result.seconds[first]:7.2f} ×",
                )
            )
    titles = ("network @ rows a step", "trained by", "  µs a step", "GFLOP/s", "of the peak")
    print_table((*titles, f"  times {next(iter(results[0].seconds))}"), rows)


def _write(machine: dict[str, Any], results: "list[Result]", bandwidth: "Bandwidth", out: Path) -> None:
    """Write pictures and figures, and say where."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from pellucid.plotting import Roofline
    from pellucid.plotting.roofline import RooflinePoint

    print()
    for dtype, peak in _peaks(results).items():
        own = [result for result in results if result.dtype == dtype]
        points = [
            RooflinePoint(result.case.name, name, result.case.intensity(dtype), result.gflops(name))
            for result in own
            for name in result.seconds
        ]
        where = f"{machine['processor']} ({machine['instruction_set']})"
        title = f"Training steps on {where}, {dtype}, {_counted(own[0].threads, 'thread')}"
        display = Roofline(points, peak=peak, bandwidth=max(bandwidth), title=title).plot()
        for ending in ("png", "svg"):
            display.figure_.savefig(out / f"roofline-{dtype}.{ending}", dpi=150)
        plt.close(display.figure_)
        print(f"{out / f'roofline-{dtype}.png'} and .svg   how near each comes to the machine's limits")
    (out / "figures.json").write_text(
        json.dumps(machine | _figures(results, bandwidth), indent=2) + "\n", encoding="utf-8"
    )
    print(f"{out / 'figures.json'}   all figures")


def _figures(results: "list[Result]", bandwidth: "Bandwidth") -> dict[str, Any]:
    """Everything that was measured, for programs."""
    from pellucid import __version__

    return {
        "pellucid": __version__,
        "bandwidth_gb_per_second": bandwidth._asdict(),
        "results": [
            {
                "widths": result.case.widths,
                "batch": result.case.batch,
                "dtype": result.dtype,
                "threads": result.threads,
                "flops": result.case.flops,
                "bytes": result.case.bytes(result.dtype),
                "peak_gflops": result.peak,
                "seconds_per_step": result.seconds,
            }
            for result in results
        ],
    }
