"""Where the ranks of one model meet, and what they tell each other.

``join_ring`` and ``join_jaccl`` are the ways in; the rest of the runner knows only ``Group``. All collectives run on
the engine thread's default stream: on two streams their bytes would get mixed up.
"""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.failures import PeerLost
from muster_runner.meeting import meet

# In the place of a rank that this one never connects to; the ring only wants something that reads as an address.
NOBODY = "127.0.0.1:9"


class Group:
    """All ranks of one model. All call ``sum``, ``share`` and ``each`` in the same order."""

    def __init__(self, raw: mx.distributed.Group):
        self.raw = raw
        self.rank = raw.rank()
        self.size = raw.size()

    def sum(self, values: Sequence[int]) -> list[int]:
        """The sums, place by place, of int32 ``values``; as many on every rank. Raises PeerLost."""
        return self._sum(mx.array(values, dtype=mx.int32)).tolist()

    def share(self, data: bytes | None, size: int) -> bytes:
        """``data`` of the one rank that gives any, of ``size`` bytes, for all. Raises PeerLost."""
        mine = mx.zeros((size,), dtype=mx.uint8) if data is None else mx.array(memoryview(data))
        return bytes(memoryview(self._sum(mine)))

    def each(self, values: Sequence[int]) -> list[list[int]]:
        """Every rank's ``values`` (int32, as many on every rank), by rank. Raises PeerLost."""
        count = len(values)
        row = [0] * (count * self.size)
        row[count * self.rank : count * (self.rank + 1)] = values
        every = self.sum(row)
        return [every[count * rank : count * (rank + 1)] for rank in range(self.size)]

    def send(self, values: mx.array, rank: int) -> mx.array:
        """``values`` on their way to a neighbour, once somebody evaluates what this gives back."""
        return mx.distributed.send(values, rank, group=self.raw)

    def receive(self, shape: tuple[int, ...], dtype: mx.Dtype, rank: int) -> mx.array:
        """What a neighbour sends, lazily."""
        return mx.distributed.recv(shape, dtype, rank, group=self.raw)

    def _sum(self, values: mx.array) -> mx.array:
        with_all = mx.distributed.all_sum(values, group=self.raw)
        mx.eval(with_all)
        return with_all


def join_ring(hosts: Sequence[str | None], rank: int, folder: Path, check: Callable[[], None]) -> Group:
    """Waits for the neighbours and gives the group back. ``hosts``: by rank, "ip:port"; the own one is where this rank
    listens. ``folder``: where the file with them may be written for a moment. ``check`` is called while the others are
    waited for, and may raise to give up. Raises PeerLost."""
    meet(hosts, rank, check)
    handle, name = tempfile.mkstemp(dir=folder, prefix="ring-", suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump([[host or NOBODY] for host in hosts], file)
        os.environ |= {"MLX_HOSTFILE": name, "MLX_RANK": str(rank)}
        try:
            # Strict, for without it a group that does not come about is silently a group of one.
            raw: Any = mx.distributed.init(strict=True, backend="ring")
        except (RuntimeError, ValueError) as error:
            raise PeerLost(f"rank {rank} cannot join the ring: {error}") from error
    finally:
        os.unlink(name)
    return Group(raw)
