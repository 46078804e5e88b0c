"""Calls whose arguments are parameters between tags: streamed as JSON, with the values of mlx-lm's own parsers."""

import json
from typing import Any

import pytest
from answer_channels import assert_breaks_well, calls_in, deltas_of, family, marked, pieces_of

from muster_runner.output.parameter_forms import PARAMETER_FORMS
from muster_runner.output.tool_calls import parse_calls
from muster_runner.protocol import Tool

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "where": {"type": "object"},
        "loud": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    },
}
TOOLS = [Tool(name="write", parameters=SCHEMA), Tool(name="clock")]
KINDS = list(PARAMETER_FORMS)

Parameters = list[tuple[str, str]]

CALLS: list[Parameters] = [
    [],
    [("text", "Paris")],
    [("text", '\nseveral\nlines, with "quotes", a \\ and\ttabs\n')],
    [("text", "\n\n  indented\n\n")],
    [("text", "<p>tags </p> and </param, </arg_valu and <parameter")],
    [("text", "")],
    [("text", "\n")],
    [("text", "null")],
    [("text", "Null")],
    [("text", "nullable")],
    [("text", "😀 é")],
    [("text", "42")],
    [("count", "42"), ("text", "after a number")],
    [("where", '{"city": "Paris", "at": [1, 2.5, null]}'), ("loud", "true"), ("kind", "a"), ("count", "-7")],
    [("either", "3"), ("either", "three")],
    [("undeclared", "3"), ("text", "x")],
]


def written(kind: str, parameters: Parameters, tool: str = "write") -> str:
    """The text of a call between the family's marks."""
    match kind:
        case "qwen3_coder":
            inner = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters)
            return f"\n<function={tool}>\n{inner}</function>\n"
        case "minimax_m2":
            inner = "".join(f'<parameter name="{key}">{value}</parameter>\n' for key, value in parameters)
            return f'\n<invoke name="{tool}">\n{inner}</invoke>\n'
        case _:
            prefix = "longcat_" if kind == "longcat" else ""
            inner = "".join(
                f"<{prefix}arg_key>{key}</{prefix}arg_key>\n<{prefix}arg_value>{value}</{prefix}arg_value>\n"
                for key, value in parameters
            )
            return f"{tool}\n{inner}"


@pytest.mark.parametrize("parameters", CALLS, ids=lambda parameters: repr(parameters)[:40])
@pytest.mark.parametrize("kind", KINDS)
def test_a_streamed_call_has_the_arguments_that_the_familys_parser_reads(kind: str, parameters: Parameters) -> None:
    if not parameters and kind == "longcat":
        # The family's own parser needs a parameter.
        parameters = [("text", "x")]
    text = written(kind, parameters)
    form = family(kind)
    assert form.tool is not None
    whole = parse_calls(text, form.tool.parse, TOOLS)
    assert whole is not None
    deltas, out = deltas_of(form, marked(kind, text), TOOLS)
    ((name, arguments),) = calls_in(deltas)
    assert (name, json.loads(arguments), out.calls) == ("write", json.loads(whole[0].arguments), 1)
    assert all(delta["channel"] == "toolCall" for delta in deltas)


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_a_parameter_is_streamed(kind: str) -> None:
    long = "def f(x):\n    return x\n" * 20
    deltas, _ = deltas_of(family(kind), marked(kind, written(kind, [("count", "1"), ("text", long)])), TOOLS)
    ((_, arguments),) = calls_in(deltas)
    assert json.loads(arguments)["text"].strip() == long.strip()
    assert len(pieces_of(deltas)) > len(long) // 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_ends_anywhere_is_an_object_and_one_that_is_cut_is_its_prefix(kind: str) -> None:
    text = written(kind, [("text", 'a "b"\nc'), ("where", '{"d": [1]}'), ("count", "2")])
    assert_breaks_well(kind, text, TOOLS)


@pytest.mark.parametrize("kind", ["qwen3_coder", "minimax_m2"])
def test_several_calls_between_the_same_marks_are_several(kind: str) -> None:
    text = written(kind, [("text", "a")]) + written(kind, [], "clock")
    assert calls_in(deltas_of(family(kind), marked(kind, text), TOOLS)[0]) == [
        ("write", '{"text": "a"}'),
        ("clock", "{}"),
    ]


def test_a_value_that_its_type_does_not_allow_is_kept_as_text() -> None:
    deltas, _ = deltas_of(
        family("qwen3_coder"), marked("qwen3_coder", written("qwen3_coder", [("count", "many")])), TOOLS
    )
    assert calls_in(deltas) == [("write", '{"count": "many"}')]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_in_json_is_read_in_these_families_too(kind: str) -> None:
    deltas, _ = deltas_of(family(kind), marked(kind, '{"name": "write", "arguments": {"text": "a"}}'), TOOLS)
    assert calls_in(deltas) == [("write", '{"text": "a"}')]
