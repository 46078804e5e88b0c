"""How a runner ends: at a shutdown, when its supervisor is gone, or when nobody reads its events."""

import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

# Time limit for a running computation after a shutdown.
SHUTDOWN_SECONDS = 1.5
# After losing another rank, how long to wait for a shutdown: all ranks are shut down, but not at the same moment.
FAREWELL_SECONDS = 0.3
# Time limit of an orderly end of a runner with RDMA that has lost its supervisor.
RDMA_SHUTDOWN_SECONDS = 10.0


class Termination:
    """Ends the process, even if the engine's thread is blocked in a collective. Thread-safe.

    ``stop``: makes the engine's thread end. ``farewell``: sends the last events.
    """

    def __init__(self, stop: Callable[[], None], farewell: Callable[[], None]):
        self._stop, self._farewell = stop, farewell
        self._shutting_down = threading.Event()
        self._abandoned = threading.Event()
        # Whether the runner uses RDMA, whose resources are only released by an orderly end of the process.
        self.holds_rdma = False

    @property
    def has_begun(self) -> bool:
        return self._shutting_down.is_set()

    def begin(self) -> None:
        """Shuts down."""
        self._shutting_down.set()
        self._stop()
        # With RDMA the supervisor decides how long it may take: a killed process leaks protection domains.
        if not self.holds_rdma:
            self._exit_after(SHUTDOWN_SECONDS)

    def follows(self) -> bool:
        """Whether a shutdown arrives within FAREWELL_SECONDS."""
        return self._shutting_down.wait(FAREWELL_SECONDS)

    def supervisor_gone(self) -> None:
        if not self.holds_rdma:
            os._exit(0)
        if not self._abandoned.is_set():
            self._abandoned.set()
            self.begin()
            self._exit_after(RDMA_SHUTDOWN_SECONDS)

    def events_unread(self, unread: int) -> NoReturn:
        print(f"nobody reads this runner's events: {unread} bytes wait", file=sys.stderr, flush=True)
        os._exit(1)

    def _exit_after(self, seconds: float) -> None:
        def end() -> NoReturn:
            self._farewell()
            os._exit(0)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
