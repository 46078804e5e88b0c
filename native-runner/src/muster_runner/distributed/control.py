"""The control connections of a ring, by which rank 0 tells the other ranks before each step what changes.

They are TCP connections beside mlx's own. A message takes one hop to each rank, and rank 0 waits for none. A collective
sum takes two hops, at which all ranks wait for one another: between the steps of a pipeline of two that was a third of
a token's time on a busy machine.

A message goes round the ring once. Each follower passes it on before it acts on it, and the last one acknowledges it to
rank 0, with the combined report of all followers. Rank 0 is at most ``MAX_AHEAD`` messages ahead, so that an idle step,
such as one that waits for a disk, does not flood the others.
"""

import select
import socket
import struct

from muster_runner.distributed.report import Report, combined
from muster_runner.failures import Disagreement, PeerLost

MAX_AHEAD = 2

# Rank 0's mark; restores that are done on every rank; the combined report of the ranks so far; bytes that follow.
_HEADER = struct.Struct("<IIII")
# Linux tells the end of the other side's messages by a flag of its own, macOS by POLLHUP.
_ENDED = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
# The combined report of the followers.
_ACKNOWLEDGEMENT = struct.Struct("<I")


class Control:
    """One rank's connections. ``is_last``: its next rank is rank 0. For the engine's thread, except ``is_cut``."""

    def __init__(self, to_next: socket.socket, from_previous: socket.socket, is_last: bool):
        to_next.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._to_next, self._from_previous, self._is_last = to_next, from_previous, is_last
        self._unacknowledged = 0
        self._followers = Report(0)

    def lead(self, mark: int, restored: int, body: bytes) -> Report:
        """Sends a message, as rank 0. ``restored``: restores done here. Returns how many are known to be done on every
        rank, which the followers are told too, and whether a follower's machine is known to be short of memory. Raises
        PeerLost."""
        while self._unacknowledged >= MAX_AHEAD or (self._unacknowledged > 0 and self._has_arrived()):
            (report,) = _ACKNOWLEDGEMENT.unpack(self._receive(_ACKNOWLEDGEMENT.size))
            self._followers = Report.unpack(report)
            self._unacknowledged -= 1
        known = combined([Report(restored), self._followers])
        self._send(_HEADER.pack(mark, known.restored, Report(restored).pack(), len(body)) + body)
        self._unacknowledged += 1
        return known

    def follow(self, mark: int, own: Report) -> tuple[int, bytes]:
        """Receives a message, as another rank, and adds this rank's report. Returns how many restores are done on every
        rank, and the body.

        Raises Disagreement if rank 0 has another mark, and PeerLost.
        """
        leading, everywhere, so_far, size = _HEADER.unpack(self._receive(_HEADER.size))
        body = self._receive(size)
        report = combined([Report.unpack(so_far), own]).pack()
        if self._is_last:
            self._send(_ACKNOWLEDGEMENT.pack(report))
        else:
            self._send(_HEADER.pack(leading, everywhere, report, size) + body)
        if leading != mark:
            raise Disagreement(f"the ranks of this model are out of step: {[leading, mark]}")
        return everywhere, body

    def is_cut(self) -> bool:
        """Whether a connection has ended at its other end, even if messages before that end are still unread."""
        ends = select.poll()
        for connection in (self._to_next, self._from_previous):
            ends.register(connection, _ENDED)
        return any(happened & _ENDED for _, happened in ends.poll(0))

    def close(self) -> None:
        self._to_next.close()
        self._from_previous.close()

    def _has_arrived(self) -> bool:
        return bool(select.select([self._from_previous], [], [], 0)[0])

    def _send(self, data: bytes) -> None:
        try:
            self._to_next.sendall(data)
        except OSError as error:
            raise PeerLost(f"the connection to another rank was lost: {error}") from error

    def _receive(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            try:
                part = self._from_previous.recv(missing)
            except OSError as error:
                raise PeerLost(f"the connection to another rank was lost: {error}") from error
            if not part:
                raise PeerLost("the connection to another rank was lost: it was closed at the other end")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
