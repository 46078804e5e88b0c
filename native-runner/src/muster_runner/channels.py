"""Sorts what a model writes into text, reasoning and tool calls.

Marks such as ``<think>`` change the channel. Where a mark is a token of its own it is known by that token alone; other
marks are found in the text, which is held back while it may yet become one.
"""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from muster_runner.answer_format import AnswerFormat
from muster_runner.protocol import Tool
from muster_runner.text_stream import TextStream
from muster_runner.tool_calls import (
    ToolCall,
    may_become_bare_call,
    new_call_id,
    parse_bare_calls,
    parse_calls,
)

# One entry of a frame's ``content``.
Delta = dict[str, Any]


class Channels(Protocol):
    """One answer on its way. ``reasoning``: whether the latest token was part of a thought; ``calls``: how many tool
    calls are complete."""

    reasoning: bool
    calls: int

    def add(self, token: int) -> list[Delta]: ...
    def end(self) -> list[Delta]:
        """What was held back, once no token follows."""
        ...


def opens_thought(form: AnswerFormat, prompt_end: str) -> bool:
    """Whether a prompt that ends like this has begun the model's thought, as some templates do."""
    return form.think is not None and prompt_end.rstrip().endswith(form.think[0])


def channels(form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], thinking: bool) -> Channels:
    """``tools``: those that may be called; ``thinking``: whether the answer begins within a thought."""
    return HarmonyChannels(form, stream) if form.harmony else MarkedChannels(form, stream, tools, thinking)


def text_delta(channel: str, text: str) -> list[Delta]:
    return [{"channel": channel, "text": text}] if text else []


def call_delta(index: int, call: ToolCall) -> Delta:
    return {"channel": "toolCall", "index": index, "id": call.id, "name": call.name, "arguments": call.arguments}


class MarkFinder:
    """Splits text at marks: gives pieces, each with whether it is a mark. Holds back what may become one."""

    def __init__(self, marks: Sequence[str]):
        self._marks = sorted(marks, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._marks))) if self._marks else None
        self._held = ""

    def add(self, text: str) -> list[tuple[str, bool]]:
        if self._pattern is None:
            return [(text, False)] if text else []
        text = self._held + text
        pieces: list[tuple[str, bool]] = []
        at = 0
        for found in self._pattern.finditer(text):
            pieces += [(text[at : found.start()], False), (found.group(), True)]
            at = found.end()
        hold = self._beginning_at_end_of(text[at:])
        self._held = text[len(text) - hold :] if hold else ""
        pieces.append((text[at : len(text) - hold], False))
        return [piece for piece in pieces if piece[0]]

    def flush(self) -> list[tuple[str, bool]]:
        held, self._held = self._held, ""
        return [(held, False)] if held else []

    def _beginning_at_end_of(self, text: str) -> int:
        longest = min(len(text), len(self._marks[0]) - 1)
        return next(
            (
                length
                for length in range(longest, 0, -1)
                if any(mark.startswith(text[-length:]) for mark in self._marks)
            ),
            0,
        )


class MarkedChannels:
    """For families that write thoughts and calls between marks, and for those that have none."""

    def __init__(self, form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], thinking: bool):
        self._form, self._stream, self._tools = form, stream, tools
        self._finder = MarkFinder(form.spelled)
        self.reasoning = thinking
        self.calls = 0
        # The text since a call's mark; None outside of one.
        self._call: str | None = None
        # The whole answer so far, while it may be a call without marks.
        self._bare: str | None = "" if tools else None
        # White space around thoughts and calls means nothing.
        self._trim = thinking

    def add(self, token: int) -> list[Delta]:
        mark = self._form.tokens.get(token)
        pieces = self._finder.add(self._stream.add(token)) if mark is None else [*self._finder.flush(), (mark, True)]
        return [delta for text, is_mark in pieces for delta in (self._mark(text) if is_mark else self._write(text))]

    def end(self) -> list[Delta]:
        deltas = [delta for text, _ in self._finder.flush() for delta in self._write(text)]
        if self._call is not None:
            return deltas + self._close_call("")
        if self._bare is not None:
            return deltas + self._settle_bare()
        return deltas

    def _mark(self, mark: str) -> list[Delta]:
        think, tool = self._form.think, self._form.tool
        if self._call is not None:
            if tool is not None and mark == tool.end:
                return self._close_call(mark)
            self._call += mark
            return []
        if tool is not None and mark == tool.start and self._tools:
            deltas = self._show_bare()
            self.reasoning, self._call = False, ""
            return deltas
        if think is not None and mark in think:
            deltas = self._show_bare() if self._bare else []
            self.reasoning, self._trim = mark == think[0], True
            return deltas
        return self._write(mark)

    def _write(self, text: str) -> list[Delta]:
        if self._call is not None:
            self._call += text
            return []
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        if self.reasoning:
            return text_delta("reasoning", text)
        if self._bare is not None:
            self._bare += text
            return [] if may_become_bare_call(self._bare) else self._show_bare()
        return text_delta("text", text)

    def _show_bare(self) -> list[Delta]:
        """What was held back is no call without marks, and so is nothing after it."""
        held, self._bare = self._bare, None
        return text_delta("text", held or "")

    def _settle_bare(self) -> list[Delta]:
        calls = parse_bare_calls(self._bare or "", self._tools)
        if calls is None:
            return self._show_bare()
        self._bare = None
        return self._give(calls)

    def _close_call(self, end: str) -> list[Delta]:
        text, self._call, self._trim = self._call or "", None, True
        tool = self._form.tool
        calls = parse_calls(text, tool.parse, self._tools) if tool is not None else None
        if calls is None:
            # Not to be read as a call: better seen than lost.
            return text_delta("text", f"{tool.start if tool else ''}{text}{end}")
        return self._give(calls)

    def _give(self, calls: Sequence[ToolCall]) -> list[Delta]:
        deltas = [call_delta(self.calls + at, call) for at, call in enumerate(calls)]
        self.calls += len(calls)
        return deltas


_RECIPIENT = re.compile(r"to=(?:functions\.)?([\w.-]+)")
_CHANNEL = re.compile(r"\b(analysis|commentary|final)\b")


class HarmonyChannels:
    """For gpt-oss: each message has a header with a channel and, for a call, whom it is to.

    See https://github.com/openai/harmony/blob/main/docs/format.md
    """

    def __init__(self, form: AnswerFormat, stream: TextStream):
        self._form, self._stream = form, stream
        self.reasoning = False
        self.calls = 0
        # The header while one is written (the prompt ends in the first one), else None.
        self._header: str | None = ""
        self._recipient: str | None = None
        self._arguments = ""

    def add(self, token: int) -> list[Delta]:
        match self._form.tokens.get(token):
            case None:
                return self._write(self._stream.add(token))
            case "<|message|>":
                return self._begin()
            case "<|end|>" | "<|call|>" | "<|return|>":
                deltas = self.end()
                self._header = ""
                return deltas
            case mark:
                # <|start|>, <|channel|> and <|constrain|> stand between the words of a header.
                deltas = self.end() if self._header is None else []
                self._header = "" if mark == "<|start|>" else (self._header or "") + " "
                return deltas

    def end(self) -> list[Delta]:
        name, self._recipient = self._recipient, None
        text, self._arguments = self._arguments.strip(), ""
        if name is None:
            return []
        calls = parse_calls(text, lambda body, _tools: {"name": name, "arguments": body}, [])
        if calls is None:
            return text_delta("text", text)
        self.calls += 1
        return [call_delta(self.calls - 1, ToolCall(new_call_id(), name, calls[0].arguments))]

    def _begin(self) -> list[Delta]:
        header, self._header = self._header or "", None
        recipient, channel = _RECIPIENT.search(header), _CHANNEL.search(header)
        self._recipient = recipient.group(1) if recipient else None
        self.reasoning = self._recipient is None and channel is not None and channel.group() == "analysis"
        return []

    def _write(self, text: str) -> list[Delta]:
        if self._header is not None:
            self._header += text
            return []
        if self._recipient is not None:
            self._arguments += text
            return []
        return text_delta("reasoning" if self.reasoning else "text", text)
