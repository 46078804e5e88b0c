"""The two named pipes of a runner.

A frame is a ``uint32`` little-endian byte count and that many bytes of UTF-8 JSON. Neither a slow reader at the other
end nor a long computation here ever blocks the other direction.
"""

import errno
import json
import os
import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

MAX_FRAME_BYTES = 64 * 1024 * 1024
# What may wait for the supervisor to read. Past that nobody is reading any more, and waiting would only eat memory.
MAX_UNREAD_BYTES = 64 * 1024 * 1024

_HEADER = struct.Struct("<I")
# Made once: this is on every token's way.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class FrameError(Exception):
    """The other end sent something that is no frame; the message says what."""


def encode(frame: dict[str, Any]) -> bytes:
    """The bytes of one frame."""
    body = _ENCODER.encode(frame).encode("utf-8", "replace")
    return _HEADER.pack(len(body)) + body


def _read_exactly(fd: int, count: int) -> bytes | None:
    parts, missing = [], count
    while missing:
        chunk = os.read(fd, min(missing, 1 << 20))
        if not chunk:
            return None
        parts.append(chunk)
        missing -= len(chunk)
    return b"".join(parts)


def read_frame(fd: int) -> dict[str, Any] | None:
    """The next frame, or None at the end of the pipe. Raises FrameError."""
    header = _read_exactly(fd, _HEADER.size)
    if header is None:
        return None
    (size,) = _HEADER.unpack(header)
    if size > MAX_FRAME_BYTES:
        raise FrameError(f"a frame of {size} bytes is over the limit of {MAX_FRAME_BYTES}")
    body = _read_exactly(fd, size)
    if body is None:
        return None
    try:
        # What is no UTF-8 spoils a text, not the frame.
        frame = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame is not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise FrameError("a frame is not a JSON object")
    return frame


class EventWriter:
    """Writes frames in the order they were sent; ``send`` never waits.

    A frame goes straight into the pipe while there is room, which saves every token a change of threads. What does
    not fit waits for a thread that goes on when the supervisor reads again. Two things are to end the process:
    ``closed`` says that nobody holds the other end any more, ``unread`` that more than MAX_UNREAD_BYTES wait (and how
    many).
    """

    def __init__(self, path: str, closed: Callable[[], None], unread: Callable[[int], NoReturn]):
        self._closed, self._unread_too_long = closed, unread
        self._waiting: deque[bytes] = deque()
        # What is sent while nobody is there to read it; None while somebody is.
        self._held: list[bytes] | None = None
        self._unread = 0
        self._changed = threading.Condition()
        try:
            self._now = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            closed()
        self._later = os.open(path, os.O_WRONLY)
        threading.Thread(target=self._write_waiting, name="events", daemon=True).start()

    def send(self, **frame: Any) -> None:
        data = encode(frame)
        with self._changed:
            if self._held is None:
                self._put(data)
            else:
                self._held.append(data)

    def send_last(self, **frame: Any) -> None:
        """Sends a frame, and holds back all that are sent after it until ``resume``."""
        with self._changed:
            self._put(encode(frame))
            self._held = []

    def resume(self, first: dict[str, Any]) -> None:
        """Somebody reads again: sends ``first``, then what was held back."""
        with self._changed:
            held, self._held = self._held or [], None
            for data in (encode(first), *held):
                self._put(data)

    def _put(self, data: bytes) -> None:
        if not self._waiting:
            data = data[self._write_now(data) :]
        if data:
            self._waiting.append(data)
            self._unread += len(data)
            self._changed.notify_all()
        if self._unread > MAX_UNREAD_BYTES:
            self._unread_too_long(self._unread)

    def flush(self, timeout: float = 5.0) -> None:
        """Waits until all is written, or for ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, timeout)

    def _write_now(self, data: bytes) -> int:
        try:
            return os.write(self._now, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            self._closed()
            return len(data)

    def _write_waiting(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                # Stays first in the line until it is written: what is sent meanwhile must not overtake it.
                data = self._waiting[0]
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._later, view) :]
            except BrokenPipeError:
                self._closed()
            with self._changed:
                self._waiting.popleft()
                self._unread -= len(data)
                self._changed.notify_all()


def read_commands(
    path: str, handle: Callable[[dict[str, Any]], None], ended: Callable[[Exception | None], None]
) -> None:
    """Reads commands in a thread until the pipe ends or ``handle`` or the pipe fails, then says so once."""

    def run() -> None:
        # Opened without waiting for a writer: where the app has died meanwhile there is none and never will be.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(fd, True)
        try:
            while (frame := read_frame(fd)) is not None:
                handle(frame)
        except Exception as error:
            # Without this thread the process would hear nothing any more, and never end.
            ended(error)
        else:
            ended(None)

    threading.Thread(target=run, name="commands", daemon=True).start()
