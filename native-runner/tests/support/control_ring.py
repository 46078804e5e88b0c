"""Groups of ranks with control connections, all in one process."""

import socket
from types import SimpleNamespace
from typing import Any

from muster_runner.distributed.control import Control


def ring(size: int) -> list[Any]:
    """The groups of ranks that are connected in a ring."""
    pairs = [_connected() for _ in range(size)]
    return [
        SimpleNamespace(rank=at, size=size, control=Control(pairs[at][0], pairs[at - 1][1], is_last=at == size - 1))
        for at in range(size)
    ]


def _connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = socket.create_connection(server.getsockname())
        return one, server.accept()[0]
