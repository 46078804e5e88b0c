"""Streams a tool call while it is written, if its name precedes its arguments and these are JSON."""

import re
from collections.abc import Callable

from muster_runner.output.deltas import Delta, arguments_delta, call_delta
from muster_runner.output.json_text import JsonText
from muster_runner.output.tool_calls import ToolCall, new_call_id

# {"name": "get_weather", "arguments": {…}}, as in most families, optionally with a type or an id before the name.
_NAMED = re.compile(r'\s*\{\s*(?:"(?:type|id)"\s*:\s*"[^"\\]{0,200}"\s*,\s*)*"name"\s*:\s*"([^"\\]{1,200})"\s*(?=[,}])')
_BEFORE_ARGUMENTS = re.compile(r',\s*"(?:arguments|parameters|args|input)"\s*:\s*(?=\{)')
# Mistral's get_weather[ARGS]{…}
_HEADED = re.compile(r"\s*([\w.-]{1,200})\s*\[ARGS\]\s*(?=\{)")

# Parses the text of one or several calls; None if that fails.
Read = Callable[[str], list[ToolCall] | None]


class CallStream:
    """The stream of one call. ``index``: its number; ``read``: parses calls in other forms, once complete.

    Sent deltas cannot be revoked: if the JSON breaks later, it is completed to valid JSON.
    """

    def __init__(self, index: int, read: Read):
        self._index, self._read = index, read
        self._arguments: JsonText | None = None
        # The text before the arguments begin; afterwards the text that follows them.
        self._text = ""

    @property
    def text(self) -> str:
        """The whole text of a call of which nothing was sent."""
        return self._text

    @property
    def in_string(self) -> bool:
        """Whether the text is within a string of the arguments."""
        return self._arguments is not None and self._arguments.in_string

    @property
    def is_whole(self) -> bool:
        """Whether the arguments have ended."""
        return self._arguments is not None and self._arguments.done

    def add(self, text: str) -> list[Delta]:
        if self._arguments is not None:
            arguments, rest = self._arguments.add(text)
            self._text += rest
            return arguments_delta(self._index, arguments)
        self._text += text
        begun = _parse_start(self._text)
        if begun is None:
            return []
        name, at = begun
        self._arguments = JsonText()
        arguments, self._text = self._arguments.add(self._text[at:])
        return [call_delta(self._index, ToolCall(new_call_id(), name, arguments))]

    def end(self, *, cut: bool) -> tuple[list[Delta], int] | None:
        """Returns the last deltas and the total number of calls; None if it is not a call.

        ``cut``: by the token limit. Cut arguments are not completed: the finish reason explains them.
        """
        if self._arguments is not None:
            arguments = [] if cut else arguments_delta(self._index, self._arguments.completion())
            others = self._others() if self.is_whole else []
            return arguments + _call_deltas(self._index + 1, others), 1 + len(others)
        if (calls := self._read(self._text)) is not None:
            return _call_deltas(self._index, calls), len(calls)
        if cut and (named := _NAMED.match(self._text)) is not None:
            return _call_deltas(self._index, [ToolCall(new_call_id(), named.group(1), "")]), 1
        return None

    def _others(self) -> list[ToolCall]:
        """Parses further calls after the first one."""
        rest = self._text.partition("}")[2]
        return (self._read(rest.strip(" \t\r\n,;]")) or []) if "{" in rest else []


def _parse_start(text: str) -> tuple[str, int] | None:
    """Returns a call's name and the position where its arguments begin."""
    if (headed := _HEADED.match(text)) is not None:
        return headed.group(1), headed.end()
    if (named := _NAMED.match(text)) is None:
        return None
    before = _BEFORE_ARGUMENTS.match(text, named.end())
    return None if before is None else (named.group(1), before.end())


def _call_deltas(index: int, calls: list[ToolCall]) -> list[Delta]:
    return [call_delta(index + at, call) for at, call in enumerate(calls)]
