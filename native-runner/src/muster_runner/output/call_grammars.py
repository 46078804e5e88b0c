"""Grammars of tool calls: required calls, and calls of strict tools, whose arguments must match their schema."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from muster_runner.output.answer_format import ToolFormat
from muster_runner.output.grammars import ANY_OBJECT, JSON_OPTIONS, json_grammar
from muster_runner.protocol import ChatPrompt, Tool

_CLOSING = json.dumps("}\n")


def call_grammar(prompt: ChatPrompt, form: ToolFormat | None, special: Mapping[str, int]) -> str | None:
    """Returns the grammar of an answer's calls, if they are constrained. ``special``: special token ids by text."""
    if tools := required_tools(prompt):
        return json_grammar(call_schema(tools), lenient=not any(tool.strict for tool in tools))
    if not any(tool.strict for tool in callable_tools(prompt)):
        return None
    if form is None:
        return _bare_calls(prompt.tools)
    return _marked_calls(prompt.tools, form, special)


def begins_with_call(prompt: ChatPrompt, form: ToolFormat | None) -> bool:
    """Whether in the grammar of ``call_grammar`` a brace at the start of an answer begins a call."""
    strict = any(tool.strict for tool in callable_tools(prompt))
    return bool(required_tools(prompt)) or (form is None and strict)


def callable_tools(prompt: ChatPrompt) -> list[Tool]:
    """Lists the tools that an answer may call."""
    hidden = prompt.tool_choice is not None and prompt.tool_choice.kind == "none"
    return [] if hidden else required_tools(prompt) or list(prompt.tools)


def required_tools(prompt: ChatPrompt) -> list[Tool]:
    """Lists the tools of which one must be called; empty if the model may also answer with text."""
    match prompt.tool_choice:
        case None:
            return []
        case choice if choice.kind == "required":
            return list(prompt.tools)
        case choice:
            return [tool for tool in prompt.tools if tool.name == choice.name]


def call_schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """Returns the JSON Schema of a bare call of one of the tools (see tool_calls.parse_bare_calls)."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "name": {"const": tool.name},
                    "arguments": _rebased(tool.parameters or ANY_OBJECT, f"#/anyOf/{at}/properties/arguments"),
                },
                "required": ["name", "arguments"],
                "additionalProperties": False,
            }
            for at, tool in enumerate(tools)
        ]
    }


def _rebased(schema: Any, place: str) -> Any:
    """Rebases the internal references of a schema that is embedded in another one at the JSON pointer ``place``."""
    if isinstance(schema, list):
        return [_rebased(entry, place) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: place + value[1:]
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _rebased(value, place)
        for key, value in schema.items()
    }


def _parameters(tool: Tool) -> dict[str, Any]:
    """Returns the schema of the arguments; any object if the tool is not strict."""
    schema = tool.parameters if tool.strict and tool.parameters else ANY_OBJECT
    return {"x-guidance": JSON_OPTIONS, **schema}


def _marked_calls(tools: Sequence[Tool], form: ToolFormat, special: Mapping[str, int]) -> str:
    """Returns a grammar of text in which every call after the start mark matches its tool. Calls are JSON, which is
    parsed between the marks of any family (see tool_calls.parse_calls).

    A mark that is a special token is written as its id; before any other mark the text is matched lazily.
    See https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
    """
    mark = {text: f"<[{special[text]}]>" if text in special else json.dumps(text) for text in (form.start, form.end)}
    begun = f"TEXT {mark[form.start]}" if form.start in special else "lazily"
    end = mark[form.end] if form.end else ""
    lines = [
        "start: (" + " | ".join(f"call_{at}" for at in range(len(tools))) + ")* TEXT",
        "TEXT: /(.|\\n)*/",
        *([] if form.start in special else [f"lazily[lazy]: TEXT {mark[form.start]}"]),
        *(
            f"call_{at}: {begun} {json.dumps(_call_start(tool))} %json {json.dumps(_parameters(tool))} {_CLOSING} {end}"
            for at, tool in enumerate(tools)
        ),
    ]
    return "\n".join(lines) + "\n"


def _call_start(tool: Tool) -> str:
    return f'\n{{"name": {json.dumps(tool.name)}, "arguments": '


def _bare_calls(tools: Sequence[Tool]) -> str:
    """Returns a grammar of a call as bare JSON, or of text that does not begin like one."""
    from llguidance import LLMatcher

    schema = call_schema([Tool(name=tool.name, parameters=_parameters(tool)) for tool in tools])
    call = json.dumps({"x-guidance": JSON_OPTIONS, **schema})
    return LLMatcher.grammar_from_lark(f"start: text | call\ntext: /[^{{`\\[\\s](.|\\n)*/\ncall: %json {call}\n")
