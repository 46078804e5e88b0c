"""Grammars of OpenAI's Harmony format: reasoning, calls and the final answer are messages with headers.

See https://github.com/openai/harmony/blob/main/docs/format.md, and for the syntax of grammars
https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from muster_runner.output.call_grammars import callable_tools, required_tools
from muster_runner.output.grammars import ANY_OBJECT, JSON_OPTIONS, expressible
from muster_runner.protocol import (
    ChatPrompt,
    GenerationRequest,
    GrammarFormat,
    JsonFormat,
    JsonSchemaFormat,
    Tool,
)


def harmony_grammar(request: GenerationRequest, marks: Mapping[str, int]) -> str | None:
    """Returns the grammar of an answer, from the header in which the prompt ends; None if it is not constrained.

    ``marks``: token ids of the format's marks by text. Reasoning comes first and is not constrained.
    """
    prompt = request.prompt
    if not isinstance(prompt, ChatPrompt):
        return None
    mark = {text: f"<[{number}]>" for text, number in marks.items()}
    if tools := required_tools(prompt):
        return _lines(mark, [_call(mark, at, tool) for at, tool in enumerate(tools)])
    if request.format is not None:
        return _lines(mark, [_final(mark, f"held\nheld: {_format(request.format)}")])
    tools = callable_tools(prompt)
    if any(tool.strict for tool in tools):
        return _lines(mark, [_final(mark, "TEXT"), *(_call(mark, at, tool) for at, tool in enumerate(tools))])
    return None


def _lines(mark: Mapping[str, str], answers: Sequence[str]) -> str:
    """Builds the grammar. ``answers``: alternative rules for what follows the reasoning."""
    names = " | ".join(rule.partition(":")[0] for rule in answers)
    return "\n".join(
        [
            f"start: thought* ({names})",
            f'thought: {mark["<|channel|>"]} ("analysis" | "commentary") {mark["<|message|>"]} TEXT '
            f'{mark["<|end|>"]} {mark["<|start|>"]} "assistant"',
            "TEXT: /(.|\\n)*/",
            *answers,
            "",
        ]
    )


def _final(mark: Mapping[str, str], content: str) -> str:
    return f'final: {mark["<|channel|>"]} "final" {mark["<|message|>"]} {content}'


def _call(mark: Mapping[str, str], at: int, tool: Tool) -> str:
    header = json.dumps(f"commentary to=functions.{tool.name} ")
    return (
        f'call_{at}: {mark["<|channel|>"]} {header} {mark["<|constrain|>"]} "json" {mark["<|message|>"]} '
        f"{_json(tool.parameters or ANY_OBJECT, lenient=not tool.strict)}"
    )


def _format(form: JsonFormat | JsonSchemaFormat | GrammarFormat) -> str:
    match form:
        case JsonFormat():
            return _json(ANY_OBJECT, lenient=False)
        case JsonSchemaFormat(schema=schema, lenient=lenient):
            return _json(schema, lenient=lenient)
        case GrammarFormat(syntax="regex", source=source):
            # An unescaped slash would end the terminal.
            return "/" + source.replace("\\/", "/").replace("/", "\\/") + "/"
        case GrammarFormat(source=source):
            return f"%lark {{\n{source}\n}}"


def _json(schema: dict[str, Any], *, lenient: bool) -> str:
    kept = expressible(schema) if lenient else schema
    return "%json " + json.dumps({"x-guidance": {**JSON_OPTIONS, "lenient": lenient}, **kept})
