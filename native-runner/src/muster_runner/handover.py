"""Handover of a running runner from a node that ends to the next node on the same data folder.

1. ``begin`` (main thread, between steps): the runner detaches from the node's terminal, keeps its commands pipe open
   and sends ``handedOver``; later events are held back.
2. ``adopt``: a new supervisor takes over, once, if it presents the token.
3. Without adoption before the deadline, ``expired`` is called.
"""

import hmac
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster_runner.heartbeat import Heartbeat
from muster_runner.pipes import EventWriter

CONSOLE = "console.log"


def _leave_terminal(folder: Path) -> None:
    """Redirects output into a file, and ignores SIGHUP, which the terminal sends when it closes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    console = os.open(folder / CONSOLE, flags, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, targets in ((nothing, (0,)), (console, (1, 2))):
        for target in targets:
            os.dup2(source, target)
        os.close(source)


class Handover:
    """Thread-safe, except ``begin``: only the main thread may set signal handlers."""

    def __init__(self, folder: Path, events: EventWriter, heartbeat: Heartbeat, expired: Callable[[], None]):
        self._folder, self._events, self._heartbeat, self._expired = folder, events, heartbeat, expired
        self._lock = threading.Lock()
        self._token: str | None = None
        self._commands: int | None = None
        self._deadline: threading.Timer | None = None

    def begin(self, token: str, seconds: float) -> None:
        _leave_terminal(self._folder)
        with self._lock:
            # A write end of its own keeps the pipe open after the node has closed its end.
            self._commands = os.open(self._folder / "commands", os.O_WRONLY | os.O_NONBLOCK)
            self._token = token
            self._heartbeat.suspend()
            self._deadline = threading.Timer(seconds, self._expire)
            self._deadline.daemon = True
            self._deadline.start()
            self._events.send_last(type="handedOver")

    def adopt(self, token: str, supervisor: int, hello: dict[str, Any]) -> bool:
        """Accepts the process ``supervisor`` as the new supervisor if the token matches, and sends it ``hello`` first.

        Returns whether it was accepted.
        """
        with self._lock:
            if self._token is None or not hmac.compare_digest(self._token.encode(), token.encode()):
                return False
            self._token = None
            if self._deadline is not None:
                self._deadline.cancel()
            self._heartbeat.resume(supervisor)
            self._events.resume(hello)
            if self._commands is not None:
                # The pipe now ends when the new node closes it.
                os.close(self._commands)
                self._commands = None
            return True

    def _expire(self) -> None:
        with self._lock:
            if self._token is None:
                return
        self._expired()
