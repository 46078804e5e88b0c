"""What one request has been given so far."""

import time
from collections.abc import Set
from typing import Any

from muster_runner.intake import Prepared
from muster_runner.logprobs import Logprobs
from muster_runner.text import StopStrings
from muster_runner.text_stream import TextStream


def _written(text: str) -> list[dict[str, str]]:
    """Text as the content of a frame's item."""
    return [{"channel": "text", "text": text}] if text else []


class Answer:
    """Makes text of tokens, and knows when enough is enough."""

    def __init__(self, prepared: Prepared, stream: TextStream, eos: Set[int], logprobs: Logprobs):
        self.task_id = prepared.request.task_id
        self.cached_tokens = 0
        self.reason: str | None = None
        self._prepared = prepared
        self._stream = stream
        self._eos = eos
        self._logprobs = logprobs
        self._stops = StopStrings(prepared.request.stop)
        self._completion_tokens = 0
        self._first_token: float | None = None

    def add(self, token: int, logprobs: Any) -> dict[str, Any] | None:
        """The token's part of a ``tokens`` frame, if any; ``reason`` is set when it was the last.

        ``logprobs``: the log probability of every entry of the vocabulary, computed only where it is wanted.
        """
        if self._first_token is None:
            self._first_token = time.monotonic()
        item: dict[str, Any] = {"taskId": self.task_id}
        if token in self._eos:
            # The end-of-text token is no text, and no client counts it.
            self.reason = "stop"
            text = self._stops.flush()
            return {**item, "content": _written(text), "tokens": 0} if text else None
        self._completion_tokens += 1
        text = self._stops.add(self._stream.add(token))
        if self._stops.matched is not None:
            self.reason = "stop"
        elif self._completion_tokens >= self._prepared.limit:
            self.reason = "length"
            text += self._stops.flush()
        item |= {"content": _written(text), "tokens": 1}
        if (alternatives := self._prepared.request.logprobs) is not None:
            item["logprobs"] = [self._logprobs.entry(token, logprobs, alternatives)]
        return item

    def finished(self, reason: str) -> dict[str, Any]:
        """The ``finished`` frame."""
        frame: dict[str, Any] = {
            "type": "finished",
            "taskId": self.task_id,
            "reason": reason,
            "usage": {
                "promptTokens": len(self._prepared.tokens),
                "cachedTokens": self.cached_tokens,
                "completionTokens": self._completion_tokens,
            },
        }
        if self._stops.matched is not None:
            frame["stopSequence"] = self._stops.matched
        if self._first_token is not None:
            elapsed = time.monotonic() - self._first_token
            rate = (self._completion_tokens - 1) / elapsed if self._completion_tokens > 1 and elapsed > 0 else 0.0
            frame["timings"] = {"firstToken": self._first_token - self._prepared.received, "tokensPerSecond": rate}
        return frame
