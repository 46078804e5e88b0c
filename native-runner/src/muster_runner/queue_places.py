"""Tells requests that wait for memory how many wait before them."""

from collections.abc import Callable, Iterable

from muster_runner.request import Request

# Of a task: how many are ahead of it, and how many tokens its prompt has.
Queued = Callable[[str, int, int], None]


def nobody(_task_id: str, _ahead: int, _total: int) -> None:
    """Where nobody is to be told."""


def tell_places(prompts: Iterable[Request], queued: Queued) -> None:
    """``prompts``: in the order of their turns. One is told only where its place has changed; one that has begun to
    answer and waits again is not told any more."""
    waiting = (request for request in prompts if not request.has_begun and not request.answering)
    for ahead, request in enumerate(waiting):
        if request.ahead != ahead:
            request.ahead = ahead
            queued(request.task_id, ahead, len(request.tokens))
