"""Streams a tool call while it is written, if its name precedes its arguments: JSON, parameters between tags, or the
named arguments of a function."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from muster_runner.output.deltas import Delta, arguments_delta, call_delta
from muster_runner.output.function_arguments import FunctionArguments
from muster_runner.output.function_forms import FunctionForm
from muster_runner.output.json_text import JsonText
from muster_runner.output.parameter_arguments import ParameterArguments
from muster_runner.output.parameter_forms import ParameterForm
from muster_runner.output.tool_calls import ToolCall, new_call_id
from muster_runner.protocol import Tool

# {"name": "get_weather", "arguments": {…}}, as in most families, optionally with a type or an id before the name.
_NAMED = re.compile(r'\s*\{\s*(?:"(?:type|id)"\s*:\s*"[^"\\]{0,200}"\s*,\s*)*"name"\s*:\s*"([^"\\]{1,200})"\s*(?=[,}])')
_BEFORE_ARGUMENTS = re.compile(r',\s*"(?:arguments|parameters|args|input)"\s*:\s*(?=\{)')
# Mistral's get_weather[ARGS]{…}, and Kimi's functions.get_weather:0<|tool_call_argument_begin|>{…}
_HEADED = (
    re.compile(r"\s*([\w.-]{1,200})\s*\[ARGS\]\s*(?=\{)"),
    re.compile(
        r"\s*(?:<\|tool_call_begin\|>\s*)?(?:functions\.)?([\w.-]{1,200}):\d+\s*<\|tool_call_argument_begin\|>\s*(?=\{)"
    ),
)

CallForm = ParameterForm | FunctionForm

# Parses the text of one or several calls; None if that fails.
Read = Callable[[str], list[ToolCall] | None]


class Arguments(Protocol):
    """Parses the arguments of one call incrementally, to the text of a JSON object."""

    @property
    def done(self) -> bool: ...
    @property
    def in_string(self) -> bool: ...
    def add(self, text: str) -> tuple[str, str]: ...
    def completion(self) -> str: ...
    def others(self, rest: str) -> str: ...


class CallStream:
    """The stream of one call. ``index``: its number; ``read``: parses calls in other forms, once complete; ``form``:
    the family's form with tags or functions, if it has one; tags are read by the schemas of ``tools``.

    Sent deltas cannot be revoked: if the arguments break later, they are completed to valid JSON.
    """

    def __init__(self, index: int, read: Read, form: CallForm | None = None, tools: Sequence[Tool] = ()):
        self._index, self._read, self._form, self._tools = index, read, form, tools
        self._arguments: Arguments | None = None
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
        begun = self._begun()
        if begun is None:
            return []
        name, at, self._arguments = begun
        arguments, self._text = self._arguments.add(self._text[at:])
        return [call_delta(self._index, ToolCall(new_call_id(), name, arguments))]

    def end(self, *, cut: bool) -> tuple[list[Delta], int] | None:
        """Returns the last deltas and the total number of calls; None if it is not a call.

        ``cut``: by the token limit. Cut arguments are not completed: the finish reason explains them.
        """
        if self._arguments is not None:
            arguments = [] if cut else arguments_delta(self._index, self._arguments.completion())
            rest = self._arguments.others(self._text) if self.is_whole else ""
            others = (self._read(rest) if rest else None) or []
            return arguments + _call_deltas(self._index + 1, others), 1 + len(others)
        # Parsers of forms with tags take any text for a call, even part of a name.
        unnamed = cut and self._form is not None and not self._text.lstrip().startswith(("{", "["))
        if not unnamed and (calls := self._read(self._text)) is not None:
            return _call_deltas(self._index, calls), len(calls)
        if cut and (named := _NAMED.match(self._text)) is not None:
            return _call_deltas(self._index, [ToolCall(new_call_id(), named.group(1), "")]), 1
        return None

    def _begun(self) -> tuple[str, int, Arguments] | None:
        """Returns the call's name, the position where its arguments begin, and their parser."""
        if (start := parse_start(self._text)) is not None:
            return *start, JsonText()
        opened = self._form.opened.match(self._text) if self._form is not None else None
        if self._form is None or opened is None:
            return None
        name = opened.group(1)
        convert = self._converter(self._form, name)
        if isinstance(self._form, FunctionForm):
            return name, opened.end(), FunctionArguments(self._form, convert)
        schemas = next((_schemas_of(tool) for tool in self._tools if tool.name == name), {})
        return name, opened.end(), ParameterArguments(self._form, schemas, convert)

    def _converter(self, form: CallForm, tool: str) -> Callable[[str, str], Any]:
        def convert(key: str, value: str) -> Any:
            calls = self._read(form.example.format(tool=tool, key=key, value=value))
            arguments = json.loads(calls[0].arguments) if calls else {}
            if key not in arguments:
                raise ValueError(f"{key} has no value of its type")
            return arguments[key]

        return convert


def _schemas_of(tool: Tool) -> dict[str, Any]:
    properties = (tool.parameters or {}).get("properties")
    return properties if isinstance(properties, dict) else {}


def parse_start(text: str) -> tuple[str, int] | None:
    """Returns a call's name and the position where its arguments begin."""
    if (headed := next(filter(None, (form.match(text) for form in _HEADED)), None)) is not None:
        return headed.group(1), headed.end()
    if (named := _NAMED.match(text)) is None:
        return None
    before = _BEFORE_ARGUMENTS.match(text, named.end())
    return None if before is None else (named.group(1), before.end())


def _call_deltas(index: int, calls: list[ToolCall]) -> list[Delta]:
    return [call_delta(index + at, call) for at, call in enumerate(calls)]
