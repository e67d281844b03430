"""How fast the workbench draws, and how little it holds training up.

Starts a server, opens the page in headless Chromium, presses play, and says for networks [4, 2] and [8] × 6:

- epochs a second of the engine alone, in one call; with a server but no page; with the page; and epochs a second of the
  training thread's own processor time, which tells the cost of the workbench on a machine where others work, too;
- frames a second that the page draws meanwhile;
- first paint, in milliseconds;
- how many times TensorFlow Playground's whole-page rate (14 ms an epoch) that is.

Run it in a checkout whose page is built: ``python benchmarks/workbench/measure.py``. Needs chromium and node.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pellucid.engines import get_engine
from pellucid.training.jobs import Watch
from pellucid.workbench.dataset import build
from pellucid.workbench.jobs import first_job
from pellucid.workbench.opening import Served
from pellucid.workbench.session import Session
from pellucid.workbench.settings import Settings, read_settings

PLAYGROUND = 0.014
PAGE = Path(__file__).with_name("page.mjs")


def spiral(widths: list[int]) -> Settings:
    """Return the spiral of 500 points, half of which train, in batches of ten."""
    return read_settings(
        {
            "data": {"source": "spiral", "size": 500, "train_share": 0.5},
            "network": {"layers": [{"width": width} for width in widths]},
            "stop": {"epochs": 10**9},  # none of these networks gets so far
        }
    )


def engine_alone(settings: Settings, seconds: float) -> tuple[float, float]:
    """Epochs a second, and a second of processor time, of one call of the engine."""
    dataset, engine = build(settings), get_engine("auto", 1)
    job = first_job(settings, dataset)
    job.epochs = 10**9
    began, worked = time.perf_counter(), time.thread_time()
    (run,) = engine.train([job], Watch(time_limit=seconds))
    epochs = len(run.history.loss)
    return epochs / (time.perf_counter() - began), epochs / (time.thread_time() - worked)


def without_page(settings: Settings, seconds: float) -> float:
    """Epochs a second in the session's thread, nobody looking."""

    async def measure() -> float:
        session = Session("benchmark", settings)
        session.trainer.speed = None
        await session.command(session.trainer.play)
        began, first = time.perf_counter(), session.run.epoch
        await asyncio.sleep(seconds)
        rate = (session.run.epoch - first) / (time.perf_counter() - began)
        session.close()
        session.trainer.join()
        return rate

    return asyncio.run(measure())


def with_page(settings: Settings, seconds: float, chromium: str) -> dict[str, Any]:
    """Epochs and frames a second with a page that looks, and its first paint."""
    sessions: list[Session] = []

    def make(name: str) -> Session:
        sessions.append(Session(name, settings))
        return sessions[-1]

    with tempfile.TemporaryDirectory() as profile, Served(make, open_page=False) as served:
        command = ["node", str(PAGE), served.url, chromium, profile, str(seconds + 3)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:  # noqa: S603 - our own script
            assert page.stdout is not None
            paint = json.loads(page.stdout.readline())
            session = sessions[-1]
            session.loop.call_soon_threadsafe(session.trainer.set_speed, None)
            session.trainer.submit(session.trainer.play)
            time.sleep(1)
            clock = time.pthread_getcpuclockid(session.trainer.ident or 0)
            began, first, frames = time.perf_counter(), session.run.epoch, session.frames.number
            worked = time.clock_gettime(clock)
            time.sleep(seconds)
            spent = time.perf_counter() - began
            found = {
                "epochs": (session.run.epoch - first) / spent,
                "worked": (session.run.epoch - first) / (time.clock_gettime(clock) - worked),
                "frames": (session.frames.number - frames) / spent,
                **paint,
            }
            drawn = json.loads(page.stdout.readline())
    return found | drawn


def main() -> None:
    """Measure in turns and say the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sys.setswitchinterval(0.0005)  # as the command does
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    for widths in ([4, 2], [8] * 6):
        settings = spiral(widths)
        alone, nobody, looked = [], [], []
        for _ in range(options.rounds):
            alone.append(engine_alone(settings, options.seconds))
            nobody.append(without_page(settings, options.seconds))
            looked.append(with_page(settings, options.seconds, chromium))
        rates = [statistics.median(each) for each in ([a for a, _ in alone], nobody, [p["epochs"] for p in looked])]
        worked = [statistics.median(each) for each in ([cpu for _, cpu in alone], [p["worked"] for p in looked])]
        print(f"{widths}: {rates[0]:,.0f} epochs/s alone, {rates[1]:,.0f} in the session, {rates[2]:,.0f} with a page")
        print(f"  {rates[0] / rates[2]:.2f} times slower with a page; {rates[2] * PLAYGROUND:,.0f} × Playground's rate")
        print(f"  a second of the training thread's processor time: {worked[0]:,.0f} epochs alone, {worked[1]:,.0f}")
        for name in ("frames", "drawn", "first_paint_ms", "first_frame_ms"):
            print(f"  {name}: {statistics.median(page[name] for page in looked):,.1f}")


if __name__ == "__main__":
    main()
