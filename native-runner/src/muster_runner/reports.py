"""The events that a runner sends to its supervisor."""

from collections.abc import Callable
from typing import Any, Protocol

from muster_runner.failures import shortened


class Loaded(Protocol):
    """A model in memory."""

    @property
    def context_length(self) -> int: ...
    @property
    def weight_bytes(self) -> int: ...


class Reports:
    """Sends events. ``send``: writes an event. Thread-safe if ``send`` is."""

    def __init__(self, send: Callable[..., Any]):
        self._send = send
        self._status: str | None = None

    def status(self, status: str) -> None:
        """Sends the status if it has changed."""
        if status != self._status:
            self._status = status
            self._send(type="status", status=status)

    def repeat_status(self) -> None:
        """Sends the current status again, for a new supervisor."""
        if self._status is not None:
            self._send(type="status", status=self._status)

    def layers(self, done: int, layers: int) -> None:
        self._status = "Loading"
        self._send(type="status", status="Loading", layersLoaded=done, layers=layers)

    def loaded(self, model: Loaded, batch_size: int, times: dict[str, float], prompt_cache: str | None = None) -> None:
        """``times``: seconds by phase. ``prompt_cache``: the model's folder in the disk cache."""
        more = {} if prompt_cache is None else {"promptCache": prompt_cache}
        self._send(
            type="loaded",
            contextLength=model.context_length,
            memoryBytes=model.weight_bytes,
            batchSize=batch_size,
            timings=times,
            **more,
        )

    def wake(self, epoch: int) -> None:
        """Asks the supervisor to wake the other ranks."""
        self._send(type="wake", epoch=epoch)

    def finished(self, task_id: str, reason: str, prompt_tokens: int) -> None:
        """Ends a request that never reached the engine."""
        usage = {"promptTokens": prompt_tokens, "cachedTokens": 0, "completionTokens": 0}
        self._send(type="finished", taskId=task_id, reason=reason, usage=usage)

    def rejected(self, task_id: str, code: str, message: str) -> None:
        self._send(type="rejected", taskId=task_id, code=code, message=shortened(message))

    def failed(self, message: str, code: str) -> None:
        self._send(type="failed", errorMessage=shortened(message), code=code)
