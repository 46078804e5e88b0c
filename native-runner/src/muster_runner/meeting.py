"""Waits until all ranks of a ring are there, before mlx connects them.

mlx does not let any other thread of Python run while it waits for a neighbour, so a runner could neither say that it
lives nor be told to end; nor does it say who is missing. Here ranks wait as long as it takes: each listens where it
will listen for mlx, knocks at the next rank's door, and goes on when word has gone round twice that everybody stands.
"""

import json
import select
import socket
import time
from collections.abc import Callable, Sequence

from muster_runner.failures import PeerLost

KNOCK_SECONDS = 0.1
# The highest rank is the first to connect for mlx, which waits a whole second when nobody listens yet.
HEAD_START_SECONDS = 0.1
HELLO_BYTES = 64


def _address(host: str | None, rank: int) -> tuple[str, int]:
    ip, _, port = (host or "").rpartition(":")
    if not ip or not port.isdigit():
        raise PeerLost(f"the ring names no address for rank {rank}, but {host!r}")
    return ip.strip("[]"), int(port)


def _hello(rank: int, size: int) -> bytes:
    return json.dumps({"muster": "ring", "rank": rank, "size": size}).encode().ljust(HELLO_BYTES)


def _read(connection: socket.socket, count: int) -> bytes:
    """``count`` bytes, or fewer where the connection ends."""
    data = b""
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
    return data


class _Door:
    """Where the rank before knocks."""

    def __init__(self, address: tuple[str, int], expected: bytes):
        self._expected = expected
        try:
            self._socket = socket.create_server(address, family=_family(address), backlog=8)
        except OSError as error:
            raise PeerLost(f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}") from error

    def opened(self, seconds: float) -> socket.socket | None:
        """A connection of the right rank, if it comes in this time. Anybody else is turned away."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return None
        connection, _ = self._socket.accept()
        connection.settimeout(1.0)
        try:
            if _read(connection, HELLO_BYTES) == self._expected:
                connection.settimeout(None)
                return connection
        except OSError:
            pass
        connection.close()
        return None

    def close(self) -> None:
        self._socket.close()


def _family(address: tuple[str, int]) -> int:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _knock(address: tuple[str, int], hello: bytes) -> socket.socket | None:
    try:
        connection = socket.create_connection(address, timeout=1.0)
        connection.sendall(hello)
        connection.settimeout(None)
        return connection
    except OSError:
        return None


def meet(hosts: Sequence[str | None], rank: int, check: Callable[[], None]) -> None:
    """Returns on every rank once all ranks have come. ``hosts``: by rank, "ip:port". ``check`` is called all the time
    and may raise, to give up. Raises PeerLost."""
    size = len(hosts)
    following = (rank + 1) % size
    target = _address(hosts[following], following)
    door = _Door(_address(hosts[rank], rank), expected=_hello((rank - 1) % size, size))
    left: socket.socket | None = None
    right: socket.socket | None = None
    try:
        while left is None or right is None:
            check()
            right = right or _knock(target, _hello(rank, size))
            left = left or door.opened(KNOCK_SECONDS)
            if left is not None and right is None:
                time.sleep(KNOCK_SECONDS)
        for word in (b"1", b"2"):
            if rank == 0:
                right.sendall(word)
            while not select.select([left], [], [], KNOCK_SECONDS)[0]:
                check()
            if _read(left, 1) != word:
                raise PeerLost("another rank went away while all were waiting for each other")
            if rank != 0:
                right.sendall(word)
    except OSError as error:
        raise PeerLost(f"another rank went away while all were waiting for each other: {error}") from error
    finally:
        door.close()
        for connection in (right, left):
            if connection is not None:
                connection.close()
    if rank == size - 1:
        time.sleep(HEAD_START_SECONDS)
