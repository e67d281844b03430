"""What limits a sweep of 100,000 jobs on 1,000 workers: a simulation of its schedule.

    python benchmarks/tuning/schedule.py [--jobs 100000] [--workers 1000] [--dispatch 0.001] [--data 0.5]

One scheduler hands out batches, one after another, each in `dispatch` seconds: as `pellucid.tuning` cuts them, and of
one size. A worker fetches the data once, from any of those that have them (`data` seconds), then trains its batch.
Jobs' times vary, half of them by more than a third. Printed are the time from first to last, how busy the workers were,
and what binds: the scheduler (batches · dispatch), the spreading of the data, or the work.
"""

import argparse
import heapq
from math import ceil, log2

import numpy as np

from pellucid.tuning.waves import batches_of


def simulate(jobs: np.ndarray, workers: int, cut: list[slice], dispatch: float, data: float) -> tuple[float, float]:
    """Return when the last batch ends, and the workers' share of that time spent training."""
    batches = [float(jobs[batch].sum()) for batch in cut]
    # data spread as a tree: in every `data` seconds as many workers more have them as had them before
    free = [(data * ceil(log2(worker + 2)), worker) for worker in range(workers)]
    heapq.heapify(free)
    scheduler = end = 0.0
    for seconds in batches:
        ready, worker = heapq.heappop(free)
        scheduler += dispatch
        done = max(ready, scheduler) + seconds
        end = max(end, done)
        heapq.heappush(free, (done, worker))
    return end, float(jobs.sum()) / (end * workers)


def main() -> None:
    """Simulate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--dispatch", type=float, default=0.001)
    parser.add_argument("--data", type=float, default=0.5)
    given = parser.parse_args()
    random = np.random.default_rng(0)
    cuts = {f"of {size}": [slice(first, first + size) for first in range(0, given.jobs, size)] for size in (1, 12, 64)}
    guided = batches_of(given.jobs, given.workers)
    cuts[f"of {guided[0].stop} to {guided[-2].stop - guided[-2].start}"] = guided
    print(f"{given.jobs} jobs, {given.workers} workers")
    for seconds in (0.01, 0.1, 1.0, 10.0):
        jobs = seconds * np.exp(random.normal(size=given.jobs) / 2)
        for name, cut in cuts.items():
            end, busy = simulate(jobs, given.workers, cut, given.dispatch, given.data)
            bound = {
                "the scheduler": len(cut) * given.dispatch,
                "spreading the data": given.data * ceil(log2(given.workers + 1)),
                "the work": float(jobs.sum()) / given.workers,
            }
            what = max(bound, key=lambda name: bound[name])
            print(f"jobs of {seconds:g} s in batches {name}: {end:8.1f} s, workers {busy:4.0%} busy; most: {what}")


if __name__ == "__main__":
    main()
