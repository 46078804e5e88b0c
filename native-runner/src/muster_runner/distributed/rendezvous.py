"""Waits until all ranks of a ring are reachable, before mlx connects them.

mlx holds the GIL while it waits for a neighbour: a runner could send no heartbeat and receive no shutdown, and mlx does
not report which rank is missing. So the ranks first meet here, without a time limit: each listens on its address for
mlx, connects to the next rank, and continues once a token has gone round the ring twice. The connections are kept for
the group's messages (``control.py``).
"""

import json
import select
import socket
import time
from collections.abc import Callable, Sequence

from muster_runner.failures import PeerLost

POLL_SECONDS = 0.1
# The highest rank is the first that mlx lets connect; mlx retries only after a whole second if the peer is not
# listening yet.
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
    """Reads ``count`` bytes, or fewer if the connection ends. Raises OSError once its time limit is over for all of
    them."""
    data, limit = b"", connection.gettimeout()
    deadline = None if limit is None else time.monotonic() + limit
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
        if deadline is not None:
            connection.settimeout(max(0.0, deadline - time.monotonic()))
    return data


class _Listener:
    """Accepts the connection of the previous rank."""

    def __init__(self, address: tuple[str, int], expected: bytes):
        self._expected = expected
        try:
            self._socket = socket.create_server(address, family=_family(address), backlog=8)
        except OSError as error:
            raise PeerLost(f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}") from error

    def accept(self, seconds: float) -> socket.socket | None:
        """Returns the connection of the previous rank, if it comes in time. Other connections are closed."""
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


def _connect(address: tuple[str, int], hello: bytes) -> socket.socket | None:
    try:
        connection = socket.create_connection(address, timeout=1.0)
        connection.sendall(hello)
        connection.settimeout(None)
        return connection
    except OSError:
        return None


def rendezvous(
    hosts: Sequence[str | None], rank: int, check: Callable[[], None]
) -> tuple[socket.socket, socket.socket]:
    """Returns the connections to the next rank and from the previous one, once all ranks are connected in a ring.
    ``hosts``: by rank, "ip:port". ``check`` is called repeatedly and may raise to abort. Raises PeerLost."""
    size = len(hosts)
    next_rank = (rank + 1) % size
    target = _address(hosts[next_rank], next_rank)
    listener = _Listener(_address(hosts[rank], rank), expected=_hello((rank - 1) % size, size))
    from_previous: socket.socket | None = None
    to_next: socket.socket | None = None
    try:
        while from_previous is None or to_next is None:
            check()
            to_next = to_next or _connect(target, _hello(rank, size))
            from_previous = from_previous or listener.accept(POLL_SECONDS)
            if from_previous is not None and to_next is None:
                time.sleep(POLL_SECONDS)
        for lap in (b"1", b"2"):
            if rank == 0:
                to_next.sendall(lap)
            while not select.select([from_previous], [], [], POLL_SECONDS)[0]:
                check()
            if _read(from_previous, 1) != lap:
                raise PeerLost("another rank went away while all were waiting for each other")
            if rank != 0:
                to_next.sendall(lap)
    except BaseException as error:
        for connection in (to_next, from_previous):
            if connection is not None:
                connection.close()
        if isinstance(error, OSError):
            raise PeerLost(f"another rank went away while all were waiting for each other: {error}") from error
        raise
    finally:
        listener.close()
    if rank == size - 1:
        time.sleep(HEAD_START_SECONDS)
    return to_next, from_previous
