"""The all-gather in which ranks tell one another how RDMA reaches them, through two named pipes and the supervisor.

A round: ``uint32`` little-endian byte count and this rank's bytes into ``side-channel-out``; then ``uint32``
little-endian total and the bytes of every rank, in rank order, out of ``side-channel-in``. mlx asks for a handful of
rounds while it makes a group, and never again.

The pipes are waited for in short turns and not in a read: whatever ends a wait ends it at once, be it a shutdown or a
pipe that is closed at the other end.
"""

import errno
import os
import select
import stat
import struct
from collections.abc import Callable
from pathlib import Path

from muster_runner.failures import SideChannelBroken

WAIT_SECONDS = 0.1
MAX_ROUND_BYTES = 64 * 1024

_HEADER = struct.Struct("<I")


def _opened(path: Path, flags: int) -> int:
    """Never waits for the other end: the supervisor holds it open before a runner starts, or has gone."""
    try:
        fd = os.open(path, flags | os.O_NONBLOCK)
    except OSError as error:
        why = "nobody is at its other end" if error.errno == errno.ENXIO else error.strerror
        raise SideChannelBroken(f"{path.name} cannot be opened: {why}") from error
    if not stat.S_ISFIFO(os.fstat(fd).st_mode):
        os.close(fd)
        raise SideChannelBroken(f"{path.name} is no named pipe")
    return fd


class SideChannel:
    """One rank's ends of it. ``folder`` holds the pipes, ``size`` is the number of ranks. ``check`` is called while
    others are waited for, and may raise to give up. Raises SideChannelBroken."""

    def __init__(self, folder: Path, size: int, check: Callable[[], None]):
        self._size = size
        self._check = check
        self._out = _opened(folder / "side-channel-out", os.O_WRONLY)
        try:
            self._in = _opened(folder / "side-channel-in", os.O_RDONLY)
        except SideChannelBroken:
            os.close(self._out)
            raise

    def all_gather(self, src: bytes, n_bytes: int) -> bytes:
        """The ``n_bytes`` of every rank, in rank order; ``src`` are this one's. Raises SideChannelBroken, and whatever
        ``check`` does."""
        if len(src) != n_bytes or n_bytes > MAX_ROUND_BYTES:
            raise SideChannelBroken(f"a round of {n_bytes} bytes cannot be asked for with {len(src)} bytes")
        self._write(_HEADER.pack(n_bytes) + src)
        (total,) = _HEADER.unpack(self._read(_HEADER.size))
        if total != self._size * n_bytes:
            raise SideChannelBroken(f"a round brought {total} bytes, not {n_bytes} from each of {self._size} ranks")
        return self._read(total)

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._check()
            if not select.select([], [self._out], [], WAIT_SECONDS)[1]:
                continue
            try:
                view = view[os.write(self._out, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as error:
                raise SideChannelBroken("side-channel-out was closed at its other end") from error

    def _read(self, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            self._check()
            if not select.select([self._in], [], [], WAIT_SECONDS)[0]:
                continue
            try:
                chunk = os.read(self._in, missing)
            except BlockingIOError:
                continue
            if not chunk:
                raise SideChannelBroken("side-channel-in was closed at its other end")
            parts.append(chunk)
            missing -= len(chunk)
        return b"".join(parts)
