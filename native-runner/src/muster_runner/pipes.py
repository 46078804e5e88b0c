"""The two named pipes of a runner: commands in, events out.

A frame is a ``uint32`` little-endian byte count and that many bytes of UTF-8 JSON. Each direction has its own thread:
neither a slow reader nor a long computation blocks the other direction.
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
# Limit of the queue of unread events. Beyond it the supervisor is presumed dead; queueing more would only use memory.
MAX_UNREAD_BYTES = 64 * 1024 * 1024

_HEADER = struct.Struct("<I")
# Reused, because it runs for every token.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class FrameError(Exception):
    """The other end sent an invalid frame; the message says why."""


def encode(frame: dict[str, Any]) -> bytes:
    """Encodes one frame."""
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
    """Reads the next frame; None at the end of the pipe. Raises FrameError."""
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
        # Invalid UTF-8 damages a text, but not the frame.
        frame = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame is not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise FrameError("a frame is not a JSON object")
    return frame


class EventWriter:
    """Writes frames in the order of ``send``, which never blocks.

    A frame is written directly while the pipe has room, which saves a thread switch per token. The rest is queued for a
    thread that blocks until the supervisor reads. Both callbacks are expected to end the process: ``closed`` (the read
    end is closed) and ``unread`` (more than MAX_UNREAD_BYTES are queued; gets the count).
    """

    def __init__(self, path: str, closed: Callable[[], None], unread: Callable[[int], NoReturn]):
        self._closed, self._on_unread = closed, unread
        self._queue: deque[bytes] = deque()
        # Frames sent during a handover; None while a supervisor reads.
        self._held: list[bytes] | None = None
        self._unread = 0
        self._changed = threading.Condition()
        try:
            self._nonblocking_fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            closed()
        self._blocking_fd = os.open(path, os.O_WRONLY)
        threading.Thread(target=self._write_queue, name="events", daemon=True).start()

    def send(self, **frame: Any) -> None:
        data = encode(frame)
        with self._changed:
            if self._held is None:
                self._write_or_queue(data)
            else:
                self._held.append(data)

    def send_last(self, **frame: Any) -> None:
        """Sends a frame, and holds back later frames until ``resume``."""
        with self._changed:
            self._write_or_queue(encode(frame))
            self._held = []

    def resume(self, first: dict[str, Any]) -> None:
        """Sends ``first`` to the new supervisor, then the frames that were held back."""
        with self._changed:
            held, self._held = self._held or [], None
            for data in (encode(first), *held):
                self._write_or_queue(data)

    def _write_or_queue(self, data: bytes) -> None:
        if not self._queue:
            data = data[self._write_directly(data) :]
        if data:
            self._queue.append(data)
            self._unread += len(data)
            self._changed.notify_all()
        if self._unread > MAX_UNREAD_BYTES:
            self._on_unread(self._unread)

    def flush(self, timeout: float = 5.0) -> None:
        """Waits until the queue is written, for at most ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._queue, timeout)

    def _write_directly(self, data: bytes) -> int:
        try:
            return os.write(self._nonblocking_fd, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            self._closed()
            return len(data)

    def _write_queue(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue)
                # Stays in the queue until written, so that new frames cannot overtake it.
                data = self._queue[0]
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._blocking_fd, view) :]
            except BrokenPipeError:
                self._closed()
            with self._changed:
                self._queue.popleft()
                self._unread -= len(data)
                self._changed.notify_all()


def read_commands(
    path: str, handle: Callable[[dict[str, Any]], None], ended: Callable[[Exception | None], None]
) -> None:
    """Reads commands in a thread until the pipe ends or an error occurs (also in ``handle``); then calls ``ended``."""

    def run() -> None:
        # Does not wait for a writer: if the node has died meanwhile there will never be one.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(fd, True)
        try:
            while (frame := read_frame(fd)) is not None:
                handle(frame)
        except Exception as error:
            # Without this thread the process would receive no commands and never end.
            ended(error)
        else:
            ended(None)

    threading.Thread(target=run, name="commands", daemon=True).start()
