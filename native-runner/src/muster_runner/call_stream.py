"""A tool call told while it is written, where its name stands before its arguments and these are JSON."""

import re
from collections.abc import Callable

from muster_runner.deltas import Delta, arguments_delta, call_delta
from muster_runner.json_text import JsonText
from muster_runner.tool_calls import ToolCall, new_call_id

# {"name": "get_weather", "arguments": {…}}, as most families write it, with a type or an id before the name.
_NAMED = re.compile(r'\s*\{\s*(?:"(?:type|id)"\s*:\s*"[^"\\]{0,200}"\s*,\s*)*"name"\s*:\s*"([^"\\]{1,200})"\s*(?=[,}])')
_BEFORE_ARGUMENTS = re.compile(r',\s*"(?:arguments|parameters|args|input)"\s*:\s*(?=\{)')
# Mistral's get_weather[ARGS]{…}
_HEADED = re.compile(r"\s*([\w.-]{1,200})\s*\[ARGS\]\s*(?=\{)")

# The text of a call, or of several -> the calls in it; None where none can be read.
Read = Callable[[str], list[ToolCall] | None]


class CallStream:
    """What one call is told by, from its first character on.

    ``index``: the number of the call; ``read``: reads what is written in any other form, once it is whole. What was
    told of a call stays told: one that then breaks is completed.
    """

    def __init__(self, index: int, read: Read):
        self._index, self._read = index, read
        self._arguments: JsonText | None = None
        # All that was added, until the arguments begin; then what follows them.
        self._text = ""

    @property
    def text(self) -> str:
        """All of a call of which nothing has been told."""
        return self._text

    @property
    def in_string(self) -> bool:
        """Whether a string in the arguments is open."""
        return self._arguments is not None and self._arguments.in_string

    @property
    def is_whole(self) -> bool:
        """Whether the arguments have ended."""
        return self._arguments is not None and self._arguments.done

    def add(self, text: str) -> list[Delta]:
        if self._arguments is not None:
            told, rest = self._arguments.add(text)
            self._text += rest
            return arguments_delta(self._index, told)
        self._text += text
        begun = _begun(self._text)
        if begun is None:
            return []
        name, at = begun
        self._arguments = JsonText()
        told, self._text = self._arguments.add(self._text[at:])
        return [call_delta(self._index, ToolCall(new_call_id(), name, told))]

    def end(self, *, cut: bool) -> tuple[list[Delta], int] | None:
        """The last deltas, and how many calls there were in all; None where it was no call.

        ``cut``: by the limit of tokens. Arguments that are cut stay as they are: the answer's reason says why.
        """
        if self._arguments is not None:
            told = [] if cut else arguments_delta(self._index, self._arguments.completion())
            others = self._others() if self.is_whole else []
            return told + _told(self._index + 1, others), 1 + len(others)
        if (calls := self._read(self._text)) is not None:
            return _told(self._index, calls), len(calls)
        if cut and (named := _NAMED.match(self._text)) is not None:
            return _told(self._index, [ToolCall(new_call_id(), named.group(1), "")]), 1
        return None

    def _others(self) -> list[ToolCall]:
        """Further calls after the object of the first one."""
        rest = self._text.partition("}")[2]
        return (self._read(rest.strip(" \t\r\n,;]")) or []) if "{" in rest else []


def _begun(text: str) -> tuple[str, int] | None:
    """A call's name, and where its arguments begin."""
    if (headed := _HEADED.match(text)) is not None:
        return headed.group(1), headed.end()
    if (named := _NAMED.match(text)) is None:
        return None
    before = _BEFORE_ARGUMENTS.match(text, named.end())
    return None if before is None else (named.group(1), before.end())


def _told(index: int, calls: list[ToolCall]) -> list[Delta]:
    return [call_delta(index + at, call) for at, call in enumerate(calls)]
