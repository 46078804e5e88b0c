"""``python -m muster_runner --pipes DIR``: a runner behind the pipes ``commands`` and ``events`` in DIR.

Where the model is shared out over RDMA there are also ``side-channel-out`` and ``side-channel-in``.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from muster_runner.runner import Runner


def _seconds_since_start() -> float:
    """How long Python itself took to start: by the clock where the system tells, else by the processor time used."""
    try:
        fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, IndexError, ValueError):
        return time.process_time()


def main() -> NoReturn:
    parser = argparse.ArgumentParser(prog="muster_runner", description=__doc__)
    parser.add_argument("--pipes", type=Path, required=True, help="folder with the named pipes commands and events")
    arguments = parser.parse_args()
    for name in ("commands", "events"):
        if not (arguments.pipes / name).is_fifo():
            parser.error(f"{arguments.pipes / name} is no named pipe")
    runner = Runner(arguments.pipes, max(0.0, _seconds_since_start()))
    code = runner.run()
    sys.stderr.flush()
    if runner.holds_rdma:
        # mlx keeps its groups until the process ends, and only its own tearing down gives protection domains back: what
        # a process that is killed, or leaves as below, still has of them is lost until the machine restarts.
        runner.release()
        sys.exit(code)
    # Leaves without tearing mlx down: that can take longer than anybody should wait for a runner to end.
    os._exit(code)


if __name__ == "__main__":
    main()
