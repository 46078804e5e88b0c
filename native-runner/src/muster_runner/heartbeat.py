"""Sends a heartbeat once a second, from a thread that computations do not delay."""

import os
import threading
from collections.abc import Callable

INTERVAL_SECONDS = 1.0


class Heartbeat:
    """Sends heartbeats from ``start`` to ``stop``; checks from construction on that the supervisor lives.

    The supervisor is the parent process, until ``resume`` names another. ``orphaned`` is called when it has died.
    Usually the end of the commands pipe shows that sooner; this also works if another process keeps the pipe open.
    """

    def __init__(
        self, send: Callable[..., None], progress: Callable[[], tuple[int, int]], orphaned: Callable[[], None]
    ):
        self._send = send
        self._progress = progress
        self._orphaned = orphaned
        self._parent = os.getppid()
        self._supervisor: int | None = None
        self._suspended = threading.Event()
        self._beating = threading.Event()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def start(self) -> None:
        self._beating.set()

    def suspend(self) -> None:
        """Suspends heartbeats and checks until ``resume``: there is no supervisor."""
        self._suspended.set()

    def resume(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._suspended.clear()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL_SECONDS):
            if self._suspended.is_set():
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
