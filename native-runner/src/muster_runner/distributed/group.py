"""The communication group of a model's ranks.

``join_ring`` and ``join_jaccl`` create a ``Group``; the rest of the runner uses only that. All collectives run on the
engine thread's default stream: on two streams their bytes would interleave.
"""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.distributed.control import Control
from muster_runner.distributed.rendezvous import rendezvous
from muster_runner.failures import PeerLost

# For ranks that this one never connects to: the ring only requires a valid address.
UNUSED_ADDRESS = "127.0.0.1:9"


class Group:
    """All ranks of one model. Every rank must call ``sum``, ``broadcast`` and ``all_gather`` in the same order.
    ``control``: connections for messages beside the collectives, which a ring has and RDMA has not."""

    def __init__(self, raw: mx.distributed.Group, control: Control | None = None):
        self.raw = raw
        self.control = control
        self.rank = raw.rank()
        self.size = raw.size()

    def sum(self, values: Sequence[int]) -> list[int]:
        """All-reduce: returns the element-wise sums of int32 ``values``, of equal length on all ranks. Raises
        PeerLost."""
        return self._sum(mx.array(values, dtype=mx.int32)).tolist()

    def broadcast(self, data: bytes | None, size: int) -> bytes:
        """Returns on all ranks the ``data`` of ``size`` bytes of one rank; the others pass None. Raises PeerLost."""
        contribution = mx.zeros((size,), dtype=mx.uint8) if data is None else mx.array(memoryview(data))
        return bytes(memoryview(self._sum(contribution)))

    def all_gather(self, values: Sequence[int]) -> list[list[int]]:
        """Returns every rank's ``values`` (int32, of equal length on all ranks), by rank. Raises PeerLost."""
        count = len(values)
        row = [0] * (count * self.size)
        row[count * self.rank : count * (self.rank + 1)] = values
        flat = self.sum(row)
        return [flat[count * rank : count * (rank + 1)] for rank in range(self.size)]

    def send(self, values: mx.array, rank: int) -> mx.array:
        """Sends ``values`` to a neighbour, lazily: when the returned array is evaluated."""
        return mx.distributed.send(values, rank, group=self.raw)

    def receive(self, shape: tuple[int, ...], dtype: mx.Dtype, rank: int) -> mx.array:
        """Receives an array from a neighbour, lazily."""
        return mx.distributed.recv(shape, dtype, rank, group=self.raw)

    def _sum(self, values: mx.array) -> mx.array:
        total = mx.distributed.all_sum(values, group=self.raw)
        mx.eval(total)
        return total


def join_ring(hosts: Sequence[str | None], rank: int, folder: Path, check: Callable[[], None]) -> Group:
    """Waits for all ranks and joins the ring. ``hosts``: by rank, "ip:port"; its own entry is where this rank listens.
    ``folder``: the host file is written there temporarily. ``check`` is called while waiting and may raise to abort.
    Raises PeerLost."""
    to_next, from_previous = rendezvous(hosts, rank, check)
    control = Control(to_next, from_previous, is_last=rank == len(hosts) - 1)
    handle, name = tempfile.mkstemp(dir=folder, prefix="ring-", suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump([[host or UNUSED_ADDRESS] for host in hosts], file)
        os.environ |= {"MLX_HOSTFILE": name, "MLX_RANK": str(rank)}
        try:
            # Strict: otherwise a failure silently returns a group of one.
            raw: Any = mx.distributed.init(strict=True, backend="ring")
        except (RuntimeError, ValueError) as error:
            control.close()
            raise PeerLost(f"rank {rank} cannot join the ring: {error}") from error
    finally:
        os.unlink(name)
    return Group(raw, control)
