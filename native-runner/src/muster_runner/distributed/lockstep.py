"""Lockstep of a model's ranks: rank 0 tells the others before each step what changes.

A message has the tokens that rank 0 sampled in the step before, the requests that join and leave (``orders``), and a
checksum of progress (``mark``), which must be equal on all ranks. The other ranks tell rank 0 in return what it decides
by (``report.py``). Control flow is decided on rank 0 alone and broadcast, never computed on two ranks. When no request
is live all ranks stop stepping and block on their pipes.

In a ring messages go by connections of their own (``control.py``). Over RDMA there are none, and messages go by a
collective.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from muster_runner.distributed.group import Group
from muster_runner.distributed.report import Report, combined
from muster_runner.engine.schedule import COMPLETION_BATCH
from muster_runner.failures import Disagreement

# A decision of rank 0: ("join", task, [prompt tokens, checkpoint positions]), ("leave", tasks, whether all computed
# values were finite), ("resize", "", bytes of the memory budget), ("draft", "", draft tokens for the next step, by
# task) or ("take", "", number of accepted tokens of the last step, by sequence).
Order = tuple[str, Any, Any]


@dataclass(frozen=True)
class StepMessage:
    """The message before a step. ``mark``: a uint32 checksum that must be equal on all ranks. ``restored``: disk-cache
    restores done on this rank; in the combined message, done on all ranks. ``tokens``: those sampled in the step
    before, in joining order. ``short``: whether this rank's machine is short of memory; in the message that rank 0
    gets, whether that of another rank is."""

    mark: int
    restored: int
    tokens: list[int] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    short: bool = False


def exchange(group: Group, message: StepMessage) -> StepMessage:
    """Passes rank 0's message on; returns its ``tokens`` and ``orders``, the restores that are done on every rank, and
    on rank 0 whether another rank's machine is short of memory.

    Raises Disagreement if the marks differ, and PeerLost.
    """
    if group.control is None:
        return _gathered(group, message)
    if group.rank == 0:
        news = [message.tokens, message.orders] if message.tokens or message.orders else None
        known = group.control.lead(message.mark, message.restored, _encoded(news))
        return StepMessage(message.mark, known.restored, message.tokens, message.orders, known.short)
    restored, body = group.control.follow(message.mark, Report(message.restored, message.short))
    tokens, orders = json.loads(body) if body else ([], [])
    return StepMessage(message.mark, restored, tokens, orders)


def _gathered(group: Group, message: StepMessage) -> StepMessage:
    """Exchanges messages by a collective: all contribute their marks and reports, rank 0 the rest."""
    data = _encoded(message.orders)
    own = [0] * (2 * group.size)
    # Shifted into the positive range of int32, so that the sum cannot overflow.
    report = Report(message.restored, message.short and group.rank > 0)
    own[2 * group.rank : 2 * group.rank + 2] = [message.mark >> 1, report.pack()]
    size, *numbers = group.sum([len(data), *own, *message.tokens, *[0] * (COMPLETION_BATCH - len(message.tokens))])
    marks, reports, tokens = numbers[: len(own) : 2], numbers[1 : len(own) : 2], numbers[len(own) :]
    if len(set(marks)) > 1:
        raise Disagreement(f"the ranks of this model are out of step: {marks}")
    orders = json.loads(group.broadcast(data or None, size)) if size else []
    known = combined(Report.unpack(number) for number in reports)
    return StepMessage(message.mark, known.restored, tokens, orders, known.short)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() if value else b""
