"""Reports their place in the queue to requests that wait for memory."""

from collections.abc import Callable, Iterable

from muster_runner.engine.request import Request

# (task, requests ahead of it, tokens of its prompt)
Queued = Callable[[str, int, int], None]


def ignore_place(_task_id: str, _ahead: int, _total: int) -> None:
    """Ignores the report."""


def report_places(prompts: Iterable[Request], queued: Queued) -> None:
    """Reports changed places. ``prompts``: in queue order. Preempted requests that have begun to answer get no
    report."""
    waiting = (request for request in prompts if not request.has_begun and not request.answering)
    for ahead, request in enumerate(waiting):
        if request.ahead != ahead:
            request.ahead = ahead
            queued(request.task_id, ahead, len(request.tokens))
