"""Calls written as functions with named arguments: streamed as JSON, with the values of mlx-lm's own parsers."""

import json
from typing import Any

import pytest
from answer_channels import Characters, assert_breaks_well, calls_in, deltas_of, family, marked, pieces_of, tokens_of

from muster_runner.output.channels import channels
from muster_runner.output.function_forms import FUNCTION_FORMS
from muster_runner.output.tool_calls import parse_calls
from muster_runner.protocol import Tool

TOOLS = [Tool(name="write"), Tool(name="clock")]
KINDS = list(FUNCTION_FORMS)

Arguments = list[tuple[str, Any]]

CALLS: list[Arguments] = [
    [],
    [("text", "Paris")],
    [("text", 'with "quotes", a \\ and\ttabs, (brackets), {braces}')],
    [("text", "two\nlines")],
    [("text", "")],
    [("text", "null")],
    [("text", "😀 é")],
    [("text", "a <| b <esc c")],
    [("count", 42), ("text", "after a number")],
    [("loud", True), ("ratio", -0.5), ("nothing", None)],
]
NESTED: Arguments = [("where", {"city": "Pa, (r}is", "at": [1, 2.5]}), ("list", ["a", "b"]), ("text", "x")]
LONG = "def f(x):\n    return x\n" * 20


def value_of(kind: str, value: Any) -> str:
    delimiter = FUNCTION_FORMS[kind].delimiters[-1]
    match value:
        case str() if kind == "pythonic":
            return repr(value)
        case str():
            return f"{delimiter}{value}{delimiter}"
        case list():
            return f"[{','.join(value_of(kind, one) for one in value)}]"
        case dict() if kind == "pythonic":
            return f"{{{', '.join(f'{key!r}: {value_of(kind, one)}' for key, one in value.items())}}}"
        case dict():
            return f"{{{','.join(f'{key}:{value_of(kind, one)}' for key, one in value.items())}}}"
        case _:
            return repr(value) if kind == "pythonic" else json.dumps(value)


def written(kind: str, arguments: Arguments, tool: str = "write") -> str:
    """The text of a call between the family's marks."""
    sign = "=" if kind == "pythonic" else ":"
    inner = ",".join(f"{key}{sign}{value_of(kind, value)}" for key, value in arguments)
    return f"[{tool}({inner})]" if kind == "pythonic" else f"call:{tool}{{{inner}}}"


def calls_of(kind: str, text: str) -> list[tuple[str, Any]]:
    deltas, _ = deltas_of(family(kind), marked(kind, text), TOOLS)
    return [(name, json.loads(arguments)) for name, arguments in calls_in(deltas)]


@pytest.mark.parametrize("arguments", CALLS, ids=lambda arguments: repr(arguments)[:40])
@pytest.mark.parametrize("kind", KINDS)
def test_a_streamed_call_has_the_arguments_that_the_familys_parser_reads(kind: str, arguments: Arguments) -> None:
    form = family(kind)
    assert form.tool is not None
    if kind == "function_gemma" and any("}" in str(value) for _, value in arguments):
        # The family's own parser ends the call at any brace.
        whole = json.dumps(dict(arguments))
    else:
        parsed = parse_calls(written(kind, arguments), form.tool.parse, TOOLS)
        assert parsed is not None
        whole = parsed[0].arguments
    assert json.loads(whole) == dict(arguments)
    assert calls_of(kind, written(kind, arguments)) == [("write", dict(arguments))]


@pytest.mark.parametrize("kind", ["pythonic", "gemma4"])
def test_lists_and_objects_come_as_they_are(kind: str) -> None:
    assert calls_of(kind, written(kind, NESTED)) == [("write", dict(NESTED))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_an_argument_is_streamed(kind: str) -> None:
    deltas, _ = deltas_of(family(kind), marked(kind, written(kind, [("count", 1), ("text", LONG)])), TOOLS)
    ((_, arguments),) = calls_in(deltas)
    assert json.loads(arguments) == {"count": 1, "text": LONG}
    assert len(pieces_of(deltas)) > len(LONG) // 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_ends_anywhere_is_an_object_and_one_that_is_cut_is_its_prefix(kind: str) -> None:
    text = written(kind, [("text", 'a "b"\nc \\'), ("where", [1, [2]]), ("count", 2)])
    assert_breaks_well(kind, text, TOOLS)


@pytest.mark.parametrize("kind", KINDS)
def test_how_the_text_is_divided_into_tokens_changes_nothing(kind: str) -> None:
    class Pieces(Characters):
        """A text stream whose tokens are the numbers of pieces."""

        def __init__(self, pieces: list[str]):
            self.pieces = pieces

        def add(self, token: int) -> str:
            return self.pieces[token]

    form = family(kind)
    assert form.tool is not None
    text = written(kind, [("text", "a\\b \U0001f600 'c'"), ("count", [1, 2])])
    (start,) = tokens_of(form, form.tool.start)
    for size in (2, 3, 5, 7, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        out = channels(form, Pieces(pieces), TOOLS, thinking=False)
        deltas = [delta for token in [start, *range(len(pieces))] for delta in out.add(token)] + out.end(cut=False)
        ((_, arguments),) = calls_in(deltas)
        assert json.loads(arguments) == {"text": "a\\b \U0001f600 'c'", "count": [1, 2]}


@pytest.mark.parametrize("kind", KINDS)
def test_several_calls_between_the_same_marks_are_several(kind: str) -> None:
    first, second = written(kind, [("text", "a")]), written(kind, [], "clock")
    if kind == "pythonic":
        assert calls_of(kind, f"{first[:-1]}, {second[1:]}") == [("write", {"text": "a"}), ("clock", {})]
    if kind == "gemma4":
        assert calls_of(kind, first + second) == [("write", {"text": "a"}), ("clock", {})]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (r'[write(text="\x41\u00e9\U0001F600\101\n")]', {"text": "Aé😀A\n"}),
        (r'[write(text="\ud83d\ude00 \ud83d x")]', {"text": "😀 \ufffd x"}),
        (r'[write(text="C:\Windows")]', {"text": r"C:\Windows"}),
        ('[write(text="""a "b"\nc""", count=1)]', {"text": 'a "b"\nc', "count": 1}),
        ("[write(text='it''s', count = 2 )]", {"text": "its", "count": 2}),
        ('[write("Paris", count=1)]', {"count": 1}),
        ("[write(a=true, b=None, c=(1, 2), d=much)]", {"a": True, "b": None, "c": [1, 2], "d": "much"}),
        ("[write(a=NaN, b=1)]", {"a": "NaN", "b": 1}),
    ],
)
def test_values_are_read_as_python_reads_them_and_what_is_no_value_is_text(
    text: str, arguments: dict[str, Any]
) -> None:
    assert calls_of("pythonic", text) == [("write", arguments)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_in_json_is_read_in_these_families_too(kind: str) -> None:
    assert calls_of(kind, '{"name": "write", "arguments": {"text": "a"}}') == [("write", {"text": "a"})]
