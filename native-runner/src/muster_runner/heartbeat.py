"""Says once a second that this process lives, from a thread that no computation holds up."""

import os
import threading
from collections.abc import Callable

INTERVAL_SECONDS = 1.0


class Heartbeat:
    """Beats from ``start`` to ``stop``; looks for its supervisor from the beginning.

    The supervisor is the parent, until ``resume`` names another process. ``orphaned`` is called when it has died. The
    end of the commands pipe says the same, sooner, unless some other process has come to hold that pipe.
    """

    def __init__(
        self, send: Callable[..., None], progress: Callable[[], tuple[int, int]], orphaned: Callable[[], None]
    ):
        self._send = send
        self._progress = progress
        self._orphaned = orphaned
        self._parent = os.getppid()
        self._supervisor: int | None = None
        self._held = threading.Event()
        self._beating = threading.Event()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def start(self) -> None:
        self._beating.set()

    def hold(self) -> None:
        """There is no supervisor until ``resume``."""
        self._held.set()

    def resume(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._held.clear()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL_SECONDS):
            if self._held.is_set():
                continue
            if self._is_orphan():
                self._orphaned()
            if self._beating.is_set():
                steps, active = self._progress()
                self._send(type="heartbeat", steps=steps, active=active)

    def _is_orphan(self) -> bool:
        if self._supervisor is None:
            return os.getppid() != self._parent
        try:
            os.kill(self._supervisor, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return False
