"""``python -m muster_runner --pipes DIR``: a runner that is controlled by the pipes ``commands`` and ``events`` in DIR.

With RDMA there are also ``side-channel-out`` and ``side-channel-in``.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from muster_runner.runner import Runner


def _seconds_since_start() -> float:
    """Returns the time since the process started: wall-clock time on Linux, else CPU time."""
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
    if runner.termination.holds_rdma:
        # Only mlx's destructors at exit release RDMA protection domains. Those of a process that is killed, or exits as
        # below, stay allocated until the machine restarts.
        runner.release()
        sys.exit(code)
    # Skips mlx's destructors, which can take long.
    os._exit(code)


if __name__ == "__main__":
    main()
