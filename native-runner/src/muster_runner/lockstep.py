"""What the ranks tell one another before each step, so that all of them compute the same.

Rank 0 decides: it hears the requests, samples, and knows when an answer ends. Before a step it says which requests
join, are cancelled, and have ended; every rank does the same with them, in the same order. A word that goes round
before says how many bytes follow, and what each rank takes the state to be: ranks out of step end at once, with an
error, instead of waiting for one another for ever.
"""

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np

from muster_runner.errors import GroupError


@dataclass
class Orders:
    """``join``: task ids with their prompts' tokens. ``end``: task ids whose answers are complete."""

    join: list[tuple[str, list[int]]] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)
    end: list[str] = field(default_factory=list)

    def encoded(self) -> bytes:
        if not (self.join or self.cancel or self.end):
            return b""
        return json.dumps([self.join, self.cancel, self.end], separators=(",", ":")).encode()

    @staticmethod
    def decoded(data: bytes) -> "Orders":
        join, cancel, end = json.loads(data)
        return Orders([(task, tokens) for task, tokens in join], cancel, end)


class Lockstep:
    """One rank's end of the exchange."""

    def __init__(self, group: Any):
        self._group = group
        self.rank: int = group.rank()
        self._size: int = group.size()
        self._turn = 0

    def exchange(self, orders: Orders | None, live: list[str]) -> Orders:
        """Rank 0 gives its orders, the others None; all get the same back. ``live``: the requests this rank has.
        Raises GroupError where the ranks do not agree on those."""
        self._turn += 1
        data = orders.encoded() if orders is not None else b""
        word = np.zeros(1 + self._size, np.int32)
        word[0] = len(data)
        word[1 + self.rank] = zlib.crc32(json.dumps([self._turn, live]).encode()) >> 1
        length, *digests = self._sum(word).tolist()
        if len(set(digests)) > 1:
            raise GroupError(f"the ranks are out of step at turn {self._turn}")
        if not length:
            return Orders()
        payload = np.frombuffer(data, np.uint8) if orders is not None else np.zeros(length, np.uint8)
        return Orders.decoded(self._sum(payload).tobytes())

    def tokens(self, drawn: mx.array) -> mx.array:
        """The tokens (batch,) that rank 0 drew, on every rank; what the others give only says what to wait for."""
        mine = drawn if self.rank == 0 else mx.depends(mx.zeros(drawn.shape, drawn.dtype), drawn)
        return mx.distributed.all_sum(mine, group=self._group)

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.array(mx.distributed.all_sum(mx.array(values), group=self._group))
