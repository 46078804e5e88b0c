"""Parses tool calls, in the format of the model's family or as bare JSON."""

import importlib
import json
import re
import secrets
import string
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from muster_runner.output.json_text import JsonText
from muster_runner.protocol import Tool

# (text between the marks, tools in OpenAI's format) -> one call or several. Raises arbitrary exceptions.
Parse = Callable[[str, list[dict[str, Any]]], Any]

_ID_CHARACTERS = string.ascii_letters + string.digits
# Mistral's templates require ids of exactly this form; others accept it.
ID_LENGTH = 9

# Keys that models use for the parts of a call in bare JSON.
NAME_KEYS = ("name", "function")
ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")
# Limit of each search in a call: parsers run between two steps, so all requests wait for them. Some of mlx-lm's
# patterns take time that grows with the square of the text, and a client can have a model write any text.
MATCH_SECONDS = 0.25
_SEARCHES = frozenset({"search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"})
_FENCE = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


@dataclass(frozen=True)
class ToolCall:
    """``arguments``: the text of a JSON object."""

    id: str
    name: str
    arguments: str


def new_call_id() -> str:
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(ID_LENGTH))


class LimitedPattern:
    """A compiled pattern of the package ``regex`` whose searches raise TimeoutError after MATCH_SECONDS."""

    def __init__(self, pattern: Any):
        self._pattern = pattern

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._pattern, name)
        return partial(method, timeout=MATCH_SECONDS) if name in _SEARCHES else method


def tool_parser(kind: str) -> tuple[str, str, Parse]:
    """Returns the start mark, the end mark and the parser of a family's calls, from mlx-lm's ``tool_parsers``, whose
    patterns get a time limit."""
    module = importlib.import_module(f"mlx_lm.tool_parsers.{kind}")
    for name, value in list(vars(module).items()):
        # Those of ``re`` have no time limits; mlx-lm's parsers use none.
        if (regex := sys.modules.get("regex")) is not None and isinstance(value, regex.Pattern):
            setattr(module, name, LimitedPattern(value))
    return module.tool_call_start, module.tool_call_end, module.parse_tool_call


def as_openai(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Converts tools to OpenAI's format, which templates and parsers expect."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description or "",
                "parameters": tool.parameters or {"type": "object", "properties": {}},
            },
        }
        for tool in tools
    ]


def parse_calls(text: str, parse: Parse, tools: Sequence[Tool]) -> list[ToolCall] | None:
    """Parses the calls in the text between a family's marks; None if there is none."""
    for attempt in (parse, _parse_json):
        try:
            result = attempt(text, as_openai(tools))
            found = [_call(entry) for entry in (result if isinstance(result, list) else [result])]
        except Exception:  # mlx-lm's parsers raise arbitrary exceptions for malformed calls
            continue
        if found:
            return found
    return None


def parse_bare_calls(text: str, tools: Sequence[Tool]) -> list[ToolCall] | None:
    """Parses an answer without marks that consists only of calls of declared tools; None if it does not."""
    fenced = _FENCE.match(text.strip())
    try:
        result = _parse_json(fenced.group(1) if fenced else text, [])
        found = [_call(entry) for entry in (result if isinstance(result, list) else [result])]
    except (ValueError, RecursionError):
        return None
    known = {tool.name for tool in tools}
    return found if found and all(call.name in known for call in found) else None


def _parse_json(text: str, _tools: list[dict[str, Any]]) -> Any:
    """Parses one call, a list of calls, or several in sequence. Raises ValueError."""
    decoder = json.JSONDecoder(strict=False)
    found: list[Any] = []
    at, text = 0, text.strip()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found += value if isinstance(value, list) else [value]
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return found


def _call(value: Any) -> ToolCall:
    """Converts a parsed value to a call. Raises ValueError if it is not one."""
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value | value["function"]
    if not isinstance(value, dict):
        raise ValueError("a call is an object")
    name = next((value[key] for key in NAME_KEYS if isinstance(value.get(key), str)), None)
    arguments = next((value[key] for key in ARGUMENT_KEYS if key in value), {})
    if isinstance(arguments, str):
        arguments = json.loads(arguments or "{}", strict=False)
    if not name or not isinstance(arguments, dict):
        raise ValueError("a call has a name, and its arguments are an object")
    return ToolCall(new_call_id(), name, _text_of(arguments))


def _text_of(arguments: dict[str, Any]) -> str:
    """Encodes arguments as JSON. Raises ValueError if they are nested too deeply."""
    text = json.dumps(arguments, ensure_ascii=False, allow_nan=False)
    # A lone surrogate cannot be encoded in UTF-8.
    value = JsonText()
    encoded, _ = value.add(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    if not value.done:
        raise ValueError("a call's arguments are nested too deeply")
    return encoded
