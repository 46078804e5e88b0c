"""Says once a second that this process lives, from a thread that no computation holds up."""

import os
import threading
from collections.abc import Callable

INTERVAL_SECONDS = 1.0


class Heartbeat:
    """Beats from ``start`` to ``stop``; looks for its parent from the beginning.

    ``orphaned`` is called when the parent has died. The end of the commands pipe says the same, sooner, unless some
    other process has come to hold that pipe.
    """

    def __init__(
        self, send: Callable[..., None], progress: Callable[[], tuple[int, int]], orphaned: Callable[[], None]
    ):
        self._send = send
        self._progress = progress
        self._orphaned = orphaned
        self._parent = os.getppid()
        self._beating = threading.Event()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def start(self) -> None:
        self._beating.set()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL_SECONDS):
            if os.getppid() != self._parent:
                self._orphaned()
            if self._beating.is_set():
                steps, active = self._progress()
                self._send(type="heartbeat", steps=steps, active=active)
