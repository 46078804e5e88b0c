"""Watches the connections of a ring from a thread of its own, while the engine's thread may wait in a collective.

mlx lets a collective fail when a connection is lost, but not always: when a process ends between two of its messages,
the threads of mlx at the other end can wait for one another for ever. The control connections, which end with it, tell.
"""

import threading
from collections.abc import Callable

from muster_runner.distributed.control import Control

INTERVAL_SECONDS = 1.0
# Checks in a row before the watch speaks: the error of a collective comes at once, and says more.
CHECKS = 2


def watch(control: Control, is_busy: Callable[[], bool], lost: Callable[[], None]) -> None:
    """Calls ``lost`` in a thread when a rank next to this one has gone while this one ``is_busy``. In an idle rank the
    next step notices it."""

    def run() -> None:
        wait, checks = threading.Event(), 0
        while checks < CHECKS:
            wait.wait(INTERVAL_SECONDS)
            checks = checks + 1 if is_busy() and control.is_cut() else 0
        lost()

    threading.Thread(target=run, name="other ranks", daemon=True).start()
