"""What a rank does, whatever its place: the first or only one answers requests, the others repeat its steps."""

from typing import Any, Protocol

from muster_runner.embedding.engine import PreparedTexts
from muster_runner.engine.intake import Prepared
from muster_runner.failures import Failure
from muster_runner.protocol import Cancel, Wake

RankOrder = Prepared | PreparedTexts | Cancel | Wake


class Rank(Protocol):
    """One thread calls the methods; another may read the counters."""

    @property
    def steps(self) -> int:
        """The number of steps so far."""
        ...

    @property
    def active(self) -> int:
        """The number of unfinished requests."""
        ...

    @property
    def has_work(self) -> bool: ...

    def take(self, order: RankOrder) -> None:
        """Takes an order, between two calls of ``work``.

        Raises Rejected for a request that cannot be answered, and Failure for an order that is not for this rank.
        """
        ...

    def work(self) -> None:
        """Takes a step, or several if orders cannot matter between them. Raises PeerLost and Disagreement."""
        ...

    def rest(self) -> None:
        """Called when there is no work, before the rank waits for an order. Raises PeerLost and Disagreement."""
        ...


class RequestEngine(Protocol):
    """Computes requests in steps."""

    @property
    def steps(self) -> int: ...

    @property
    def active(self) -> int: ...

    def add(self, prepared: Any) -> None:
        """Queues a request for the next step. Raises Rejected."""
        ...

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step. Unknown ids are ignored."""
        ...

    def step(self) -> None: ...


class AnsweringRank:
    """The rank that takes requests; here the only one of its instance."""

    def __init__(self, engine: RequestEngine):
        self._engine = engine

    @property
    def steps(self) -> int:
        return self._engine.steps

    @property
    def active(self) -> int:
        return self._engine.active

    @property
    def has_work(self) -> bool:
        return self._engine.active > 0

    def take(self, order: RankOrder) -> None:
        match order:
            case Cancel(task_id=task_id):
                self._engine.cancel(task_id)
            case Wake():
                raise Failure("rank 0 wakes the other ranks, and is never woken", "protocol")
            case prepared:
                self._engine.add(prepared)

    def work(self) -> None:
        self._engine.step()

    def rest(self) -> None:
        """There are no other ranks to release."""
