"""Lockstep of a model's ranks: they exchange a small message before each step.

Rank 0 contributes the tokens that it sampled in the previous step, and the size of the orders that follow. Every rank
contributes a checksum of its progress, and how many of its reads from the disk cache are done. Control flow is decided
on rank 0 alone and broadcast, never computed on two ranks. When no request is live all ranks stop stepping and block on
their pipes.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from muster_runner.distributed.group import Group
from muster_runner.engine.schedule import COMPLETION_BATCH
from muster_runner.failures import Disagreement

# A decision of rank 0: ("join", task, [prompt tokens, checkpoint positions]), ("leave", tasks, whether all computed
# values were finite), ("resize", "", bytes of the memory budget), ("draft", "", draft tokens for the next step, by
# task) or ("take", "", number of accepted tokens of the last step, by sequence).
Order = tuple[str, Any, Any]


@dataclass(frozen=True)
class StepMessage:
    """The message before a step. ``mark``: a uint32 checksum that must be equal on all ranks. ``restored``: disk-cache
    restores done on this rank; in the combined message, done on all ranks."""

    mark: int
    restored: int
    tokens: list[int] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)


def exchange(group: Group, message: StepMessage) -> StepMessage:
    """Exchanges messages; returns rank 0's ``tokens`` and ``orders``, and the minimum of ``restored``.

    Raises Disagreement if the marks differ, and PeerLost.
    """
    data = json.dumps(message.orders, separators=(",", ":")).encode() if message.orders else b""
    own = [0] * (2 * group.size)
    # Shifted into the positive range of int32, so that the sum cannot overflow.
    own[2 * group.rank : 2 * group.rank + 2] = [message.mark >> 1, message.restored]
    size, *combined = group.sum([len(data), *own, *message.tokens, *[0] * (COMPLETION_BATCH - len(message.tokens))])
    marks, restored, tokens = combined[: len(own) : 2], combined[1 : len(own) : 2], combined[len(own) :]
    if len(set(marks)) > 1:
        raise Disagreement(f"the ranks of this model are out of step: {marks}")
    orders = json.loads(group.broadcast(data or None, size)) if size else []
    return StepMessage(message.mark, min(restored), tokens, orders)
