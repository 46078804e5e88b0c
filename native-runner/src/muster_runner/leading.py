"""Rank 0 of several: it decides, and has the others do the same."""

from collections.abc import Callable

from muster_runner.engine import Engine
from muster_runner.group import Group
from muster_runner.lockstep import Order, Word, exchange


class Leader:
    """Rank 0's engine, whose every step the others take too. ``wake``: has them told that an epoch begins."""

    def __init__(self, engine: Engine, group: Group, wake: Callable[[int], None]):
        self._engine, self._group, self._wake = engine, group, wake
        self._orders: list[Order] = []
        self._together = False
        self._epoch = 0
        engine.tell = self._orders.append

    def step(self) -> None:
        """Tells what has changed since the last step and takes the next. Raises PeerLost and Disagreement."""
        self._engine.step(self._say())

    def rest(self) -> None:
        """With nothing live: lets the others go to sleep."""
        if self._together or self._orders:
            self._say()
        self._together = False

    def _say(self) -> int:
        """Returns how many restores are done on every rank."""
        if not self._together:
            self._epoch += 1
            self._wake(self._epoch)
            self._together = True
        self._engine.guess()
        own = Word(self._engine.mark, self._engine.restored, self._engine.drawn, self._orders)
        restored = exchange(self._group, own).restored
        self._orders.clear()
        return restored
