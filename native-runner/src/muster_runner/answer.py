"""What one request has been given so far."""

import time
from collections import deque
from collections.abc import Set
from typing import Any

from muster_runner.intake import Prepared
from muster_runner.logprobs import Logprobs
from muster_runner.text import StopStrings
from muster_runner.text_stream import TextStream


def _written(text: str) -> list[dict[str, str]]:
    """Text as the content of a frame's item."""
    return [{"channel": "text", "text": text}] if text else []


class _HeldTokens:
    """Tokens whose text has not been given yet, with their log probabilities: both go out together, or neither does."""

    def __init__(self) -> None:
        self._tokens: deque[tuple[int, dict[str, Any] | None]] = deque()
        self._decoded = 0

    def add(self, entry: dict[str, Any] | None, text: str) -> None:
        """``text`` came with this token; that of one which is part of a character comes with a later one."""
        self._tokens.append((self._decoded, entry))
        self._decoded += len(text)

    def given(self, characters: int) -> list[dict[str, Any] | None]:
        """Takes those out whose text begins within the first ``characters`` of all text."""
        out = []
        while self._tokens and self._tokens[0][0] < characters:
            out.append(self._tokens.popleft()[1])
        return out

    def rest(self) -> list[dict[str, Any] | None]:
        """Takes all of them out, also those that never became a whole character."""
        out = [entry for _, entry in self._tokens]
        self._tokens.clear()
        return out


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
        self._held = _HeldTokens()
        self._generated_tokens = 0
        self._given_tokens = 0
        self._given_characters = 0
        self._first_token: float | None = None

    def add(self, token: int, logprobs: Any) -> dict[str, Any] | None:
        """What may be given after the token, as its part of a ``tokens`` frame; ``reason`` is set when it was the last.

        Only tokens that are part of the given text are counted and have their log probabilities told: neither a stop
        string's nor the one that ends the text. ``logprobs``: the log probability of every entry of the vocabulary,
        computed only where it is wanted.
        """
        if self._first_token is None:
            self._first_token = time.monotonic()
        text = ""
        if token in self._eos:
            self.reason = "stop"
        else:
            self._generated_tokens += 1
            decoded = self._stream.add(token)
            self._held.add(self._entry(token, logprobs), decoded)
            text = self._stops.add(decoded)
            if self._stops.matched is not None:
                self.reason = "stop"
            elif self._generated_tokens >= self._prepared.limit:
                self.reason = "length"
        complete = self.reason is not None and self._stops.matched is None
        if complete:
            text += self._stops.flush()
        self._given_characters += len(text)
        entries = self._held.rest() if complete else self._held.given(self._given_characters)
        self._given_tokens += len(entries)
        if not text and not entries:
            return None
        item: dict[str, Any] = {"taskId": self.task_id, "content": _written(text), "tokens": len(entries)}
        if told := [entry for entry in entries if entry is not None]:
            item["logprobs"] = told
        return item

    def _entry(self, token: int, logprobs: Any) -> dict[str, Any] | None:
        alternatives = self._prepared.request.logprobs
        return None if alternatives is None else self._logprobs.entry(token, logprobs, alternatives)

    def finished(self, reason: str) -> dict[str, Any]:
        """The ``finished`` frame."""
        frame: dict[str, Any] = {
            "type": "finished",
            "taskId": self.task_id,
            "reason": reason,
            "usage": {
                "promptTokens": len(self._prepared.tokens),
                "cachedTokens": self.cached_tokens,
                "completionTokens": self._given_tokens,
            },
        }
        if self._stops.matched is not None:
            frame["stopSequence"] = self._stops.matched
        if self._first_token is not None:
            elapsed = time.monotonic() - self._first_token
            rate = (self._generated_tokens - 1) / elapsed if self._generated_tokens > 1 and elapsed > 0 else 0.0
            frame["timings"] = {"firstToken": self._first_token - self._prepared.received, "tokensPerSecond": rate}
        return frame
