"""Whether a long run grows the workbench's memory: the server's, and that of the page.

Starts `pellucid workbench` as a person does, opens the page in headless Chromium, plays the spiral at full speed, and
says once in a while how many epochs are done, the server's resident memory, the page's JavaScript heap after a garbage
collection, and how many nodes and listeners its document has. At 30 epochs a second a day has 2.6 million epochs; at
full speed some minutes have as many.

Run it in a checkout whose page is built: ``python benchmarks/workbench/memory.py --minutes 10``. Needs chromium, node
and Linux.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMAND = ["-c", "from pellucid.cli import main; main()", "workbench", "--no-open", "--port", "0"]
PAGE = Path(__file__).with_name("memory.mjs")
ROW = "{minutes:7.1f} {epochs:12,.0f} {server:11,.1f} {heap:11,.2f} {nodes:7,d} {listeners:9,d}"


def resident(process: int) -> float:
    """Return a process's memory in MiB, as Linux tells."""
    (line,) = [each for each in Path(f"/proc/{process}/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Play, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--samples", type=int, default=10)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    print("minutes       epochs  server MiB    page MiB   nodes listeners")
    with (
        tempfile.TemporaryDirectory() as profile,
        subprocess.Popen([sys.executable, *COMMAND], stdout=subprocess.PIPE, text=True) as server,  # noqa: S603 - ours
    ):
        assert server.stdout is not None
        page = ["node", str(PAGE), server.stdout.readline().strip(), chromium, profile]
        page += [str(options.minutes), str(options.samples)]
        with subprocess.Popen(page, stdout=subprocess.PIPE, text=True) as looking:  # noqa: S603 - our own script
            assert looking.stdout is not None
            for line in looking.stdout:
                print(ROW.format(server=resident(server.pid), **json.loads(line)), flush=True)
        server.terminate()


if __name__ == "__main__":
    main()
