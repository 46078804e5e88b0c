"""The two named pipes of a runner.

A frame is a ``uint32`` little-endian byte count and that many bytes of UTF-8 JSON. Each pipe has a thread of its
own, so that neither a slow reader at the other end nor a long computation here ever blocks the other direction.
"""

import json
import os
import queue
import struct
import threading
from collections.abc import Callable
from typing import Any

MAX_FRAME_BYTES = 64 * 1024 * 1024
# What may wait for the supervisor to read. Past that nobody is reading any more, and waiting would only eat memory.
MAX_UNREAD_BYTES = 64 * 1024 * 1024

_HEADER = struct.Struct("<I")


class FrameError(Exception):
    """The other end sent something that is no frame; the message says what."""


def encode(frame: dict[str, Any]) -> bytes:
    """The bytes of one frame."""
    body = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
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
        frame = json.loads(body)
    except ValueError as error:
        raise FrameError(f"a frame is not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise FrameError("a frame is not a JSON object")
    return frame


class EventWriter:
    """Writes frames in the order they were sent, from a thread of its own; ``send`` never waits."""

    def __init__(self, path: str, abandoned: Callable[[], None]):
        self._path = path
        self._abandoned = abandoned
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._unread = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def send(self, **frame: Any) -> None:
        data = encode(frame)
        with self._lock:
            self._unread += len(data)
            full = self._unread > MAX_UNREAD_BYTES
        if full:
            self._abandoned()
        self._frames.put(data)

    def close(self, timeout: float = 5.0) -> None:
        """Waits until all is written, or for ``timeout`` seconds."""
        self._frames.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        fd = os.open(self._path, os.O_WRONLY)
        while (data := self._frames.get()) is not None:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
            except BrokenPipeError:
                self._abandoned()
                return
            with self._lock:
                self._unread -= len(data)
        os.close(fd)


def read_commands(
    path: str, handle: Callable[[dict[str, Any]], None], ended: Callable[[FrameError | None], None]
) -> None:
    """Reads commands in a thread until the pipe ends or breaks, then says so once."""

    def run() -> None:
        # Opened without waiting for a writer: where the app has died meanwhile there is none and never will be.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(fd, True)
        try:
            while (frame := read_frame(fd)) is not None:
                handle(frame)
        except FrameError as error:
            ended(error)
        else:
            ended(None)

    threading.Thread(target=run, name="commands", daemon=True).start()
