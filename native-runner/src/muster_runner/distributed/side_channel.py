"""The all-gather by which ranks exchange their RDMA connection data, over two named pipes and the supervisors.

A round: write a ``uint32`` little-endian byte count and this rank's bytes to ``side-channel-out``; then read a
``uint32`` little-endian total and the bytes of all ranks, in rank order, from ``side-channel-in``. mlx needs a few
rounds while it creates a group, and none later.

The pipes are polled with a short timeout instead of a blocking read, so that a shutdown or the closing of a pipe ends
the wait at once.
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
    """Opens a pipe without waiting for the other end: the supervisor has it open before a runner starts, or is gone."""
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
    """One rank's end of the side channel. ``folder``: of the pipes. ``size``: number of ranks. ``check`` is called
    while waiting and may raise to abort. Raises SideChannelBroken."""

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
        """Sends ``src`` and returns the ``n_bytes`` of every rank, in rank order. Raises SideChannelBroken, and what
        ``check`` raises."""
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
