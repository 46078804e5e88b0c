"""The leader, rank 0 of several: runs the engine and makes the other ranks repeat its steps."""

from collections.abc import Callable

from muster_runner.distributed.group import Group
from muster_runner.distributed.lockstep import Order, StepMessage, exchange
from muster_runner.engine.engine import Engine
from muster_runner.rank import AnsweringRank


class Leader(AnsweringRank):
    """Rank 0's engine in lockstep with the others. ``wake(epoch)`` wakes them for a new epoch (a period with live
    requests)."""

    def __init__(self, engine: Engine, group: Group, wake: Callable[[int], None]):
        super().__init__(engine)
        self._leading, self._group, self._wake = engine, group, wake
        self._orders: list[Order] = []
        self._in_epoch = False
        self._epoch = 0
        self._others_short = False
        engine.on_order = self._orders.append

    def work(self) -> None:
        """Broadcasts the changes since the last step, then takes the next."""
        self._leading.step_prepared(self._exchange())

    def rest(self) -> None:
        """Ends the epoch, so that the other ranks block on their pipes."""
        if self._in_epoch or self._orders:
            self._exchange()
        self._in_epoch = False

    def _exchange(self) -> int:
        """Exchanges the message of a step. Returns how many restores are done on every rank."""
        if not self._in_epoch:
            self._epoch += 1
            self._wake(self._epoch)
            self._in_epoch = True
        self._leading.prepare(self._others_short)
        own = StepMessage(self._leading.mark, self._leading.restored, self._leading.drawn, self._orders)
        message = exchange(self._group, own)
        self._others_short = message.short
        self._orders.clear()
        return message.restored
