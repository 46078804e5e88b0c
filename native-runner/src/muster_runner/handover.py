"""A runner without a supervisor: an ending node leaves it to the next one on the same data folder.

1. ``begin`` is called by the main thread, between steps: the runner gives up the terminal of the node that ends, keeps
   its commands pipe open, says ``handedOver`` and nothing after it.
2. ``adopt`` gives it a new supervisor, once, and only one that knows the token.
3. If nobody adopts it in time, ``expired`` is called.
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
    """What is printed goes into a file from now on. The terminal's end sends SIGHUP, which is to do nothing."""
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
    """Thread-safe; ``begin`` belongs to the main thread, for only it may set what a signal does."""

    def __init__(self, folder: Path, events: EventWriter, heartbeat: Heartbeat, expired: Callable[[], None]):
        self._folder, self._events, self._heartbeat, self._expired = folder, events, heartbeat, expired
        self._lock = threading.Lock()
        self._token: str | None = None
        self._commands: int | None = None
        self._deadline: threading.Timer | None = None

    def begin(self, token: str, seconds: float) -> None:
        _leave_terminal(self._folder)
        with self._lock:
            # With a writing end of its own the pipe does not end with the node.
            self._commands = os.open(self._folder / "commands", os.O_WRONLY | os.O_NONBLOCK)
            self._token = token
            self._heartbeat.hold()
            self._deadline = threading.Timer(seconds, self._expire)
            self._deadline.daemon = True
            self._deadline.start()
            self._events.send_last(type="handedOver")

    def adopt(self, token: str, supervisor: int, hello: dict[str, Any]) -> bool:
        """Whether this runner has a supervisor again: the process ``supervisor``, which is told ``hello`` first."""
        with self._lock:
            if self._token is None or not hmac.compare_digest(self._token.encode(), token.encode()):
                return False
            self._token = None
            if self._deadline is not None:
                self._deadline.cancel()
            self._heartbeat.resume(supervisor)
            self._events.resume(hello)
            if self._commands is not None:
                # From now on the pipe ends with the new node.
                os.close(self._commands)
                self._commands = None
            return True

    def _expire(self) -> None:
        with self._lock:
            if self._token is None:
                return
        self._expired()
