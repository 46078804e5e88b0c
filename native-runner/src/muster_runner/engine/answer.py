"""The answer to a request: turns tokens into content, and decides when it ends."""

import time
from collections import deque
from collections.abc import Set
from typing import Any

from muster_runner.cache.restoring import NOTHING_RESTORED
from muster_runner.engine.intake import Prepared
from muster_runner.output.channels import Channels
from muster_runner.output.deltas import Delta, text_delta
from muster_runner.output.stop_strings import StopStrings
from muster_runner.protocol import ChatPrompt
from muster_runner.sampling.logprobs import Logprobs


class _HeldTokens:
    """Tokens whose text was not sent yet, with their log probabilities: text and log probabilities are sent
    together."""

    def __init__(self) -> None:
        self._tokens: deque[tuple[int, dict[str, Any] | None]] = deque()
        self._decoded = 0

    def add(self, entry: dict[str, Any] | None, text: str) -> None:
        """``text``: completed by this token; empty if the token ends within a character."""
        self._tokens.append((self._decoded, entry))
        self._decoded += len(text)

    def take_first(self, characters: int) -> list[dict[str, Any] | None]:
        """Removes and returns the entries whose text starts within the first ``characters`` of all text."""
        out = []
        while self._tokens and self._tokens[0][0] < characters:
            out.append(self._tokens.popleft()[1])
        return out

    def take_all(self) -> list[dict[str, Any] | None]:
        """Removes and returns all entries, including incomplete characters."""
        out = [entry for _, entry in self._tokens]
        self._tokens.clear()
        return out


class Answer:
    """Turns tokens into content deltas and log probabilities, and ends at stop strings, end tokens and limits."""

    def __init__(self, prepared: Prepared, channels: Channels, eos: Set[int], logprobs: Logprobs):
        # Only what it needs: the request may have pictures of hundreds of megabytes.
        request = prepared.request
        self.task_id = request.task_id
        self.cached_tokens = 0
        self.restored = NOTHING_RESTORED
        self._draft_tokens = self._accepted_tokens = 0
        self.reason: str | None = None
        self._prompt_tokens, self._limit, self._received = len(prepared.tokens), prepared.limit, prepared.received
        self._alternatives = request.logprobs
        self._channels = channels
        self._eos = eos
        self._logprobs = logprobs
        self._one_call = isinstance(request.prompt, ChatPrompt) and request.prompt.single_tool_call
        self._stops = StopStrings(request.stop)
        self._held = _HeldTokens()
        self._generated_tokens = 0
        self._sent_tokens = 0
        self._reasoning_tokens = 0
        self._sent_characters = 0
        self._first_token: float | None = None

    def add(self, token: int, logprobs: Any) -> dict[str, Any] | None:
        """Returns the item of a ``tokens`` frame to send after this token; sets ``reason`` if it was the last.

        Only tokens of the sent content are counted and get log probabilities: not those of a stop string, nor the end
        token. ``logprobs``: of the whole vocabulary, evaluated only if requested.
        """
        if self._first_token is None:
            self._first_token = time.monotonic()
        deltas: list[Delta] = []
        if token in self._eos:
            self.reason = "stop"
        else:
            self._generated_tokens += 1
            deltas = self._channels.add(token)
            self._reasoning_tokens += self._channels.reasoning
            entry = None if self._channels.reasoning else self._entry(token, logprobs)
            self._held.add(entry, _text_of(deltas))
            if self._generated_tokens >= self._limit:
                self.reason = "length"
        if self.reason is not None:
            deltas = deltas + self._channels.end(cut=self.reason == "length")
        content = self._apply_stops(deltas)
        if self._stops.matched is not None or (self._one_call and self._channels.calls > 0):
            self.reason = "stop"
        elif self.reason is not None:
            content += text_delta("text", self._stops.flush())
        return self._item(content)

    def _apply_stops(self, deltas: list[Delta]) -> list[Delta]:
        """Applies stop strings to new content."""
        content: list[Delta] = []
        for delta in deltas:
            if delta["channel"] == "text":
                content += text_delta("text", self._stops.add(delta["text"]))
            elif self._stops.matched is None:
                content += [*text_delta("text", self._stops.flush()), delta]
        return content

    def _item(self, content: list[Delta]) -> dict[str, Any] | None:
        self._sent_characters += len(_text_of(content))
        has_other_channels = any(delta["channel"] != "text" for delta in content)
        complete = self.reason is not None and self._stops.matched is None
        entries = (
            self._held.take_all() if complete or has_other_channels else self._held.take_first(self._sent_characters)
        )
        self._sent_tokens += len(entries)
        if not content and not entries:
            return None
        item: dict[str, Any] = {"taskId": self.task_id, "content": content, "tokens": len(entries)}
        # Calls and reasoning get no log probabilities: clients align them with the text.
        if not has_other_channels and (with_logprobs := [entry for entry in entries if entry is not None]):
            item["logprobs"] = with_logprobs
        return item

    def _entry(self, token: int, logprobs: Any) -> dict[str, Any] | None:
        alternatives = self._alternatives
        return None if alternatives is None else self._logprobs.entry(token, logprobs, alternatives)

    def count_drafts(self, drafted: int, accepted: int) -> None:
        """Counts draft tokens of speculative decoding that were verified, and those of them that were accepted."""
        self._draft_tokens += drafted
        self._accepted_tokens += accepted

    def finished(self, reason: str) -> dict[str, Any]:
        """Builds the ``finished`` frame."""
        usage = {
            "promptTokens": self._prompt_tokens,
            "cachedTokens": self.cached_tokens,
            "completionTokens": self._sent_tokens,
        }
        optional = {
            "reasoningTokens": self._reasoning_tokens,
            "diskTokens": self.restored.disk,
            "peerTokens": self.restored.peer,
            "draftTokens": self._draft_tokens,
            "acceptedDraftTokens": self._accepted_tokens,
        }
        usage |= {name: count for name, count in optional.items() if count > 0}
        called = reason == "stop" and self._channels.calls > 0
        frame: dict[str, Any] = {
            "type": "finished",
            "taskId": self.task_id,
            "reason": "toolCalls" if called else reason,
            "usage": usage,
        }
        if self._stops.matched is not None:
            frame["stopSequence"] = self._stops.matched
        if self._first_token is not None:
            elapsed = time.monotonic() - self._first_token
            rate = (self._generated_tokens - 1) / elapsed if self._generated_tokens > 1 and elapsed > 0 else 0.0
            frame["timings"] = {"firstToken": self._first_token - self._received, "tokensPerSecond": rate}
        return frame


def _text_of(content: list[Delta]) -> str:
    return "".join(delta["text"] for delta in content if delta["channel"] == "text")
