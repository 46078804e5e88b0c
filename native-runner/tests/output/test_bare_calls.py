"""Calls that a model writes as bare JSON, without the marks of its family."""

import json

import pytest
from answer_channels import ARGUMENTS, PARIS, TOOLS, Characters, calls_in, deltas_of, family, sorted_out

from muster_runner.output.bare_calls import BareCalls
from muster_runner.output.channels import channels
from muster_runner.output.tool_calls import parse_bare_calls


@pytest.mark.parametrize(
    "bare",
    [
        '{"name": "get_weather", "arguments": {"city": "Paris"}}',
        '```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```',
        '[{"name": "get_weather", "parameters": {"city": "Paris"}}]',
        '{"type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}',
    ],
)
@pytest.mark.parametrize("kind", [None, "json_tools"])
def test_a_call_without_marks_is_a_call(kind: str | None, bare: str) -> None:
    assert sorted_out(family(kind), bare) == {"text": "", "reasoning": "", "calls": [PARIS]}


@pytest.mark.parametrize(
    "text",
    ['{"name": "rm_rf", "arguments": {}}', '{"answer": 42}', "[1, 2]", "Hello", "```python\nx\n```", '{"name": "get_w'],
)
def test_json_that_calls_no_declared_tool_is_text(text: str) -> None:
    assert sorted_out(family("json_tools"), text) == {"text": text, "reasoning": "", "calls": []}


def test_without_tools_json_is_never_held_back() -> None:
    out = channels(family("json_tools"), Characters(), [], thinking=False)
    assert out.add(ord("{")) == [{"channel": "text", "text": "{"}]


def test_only_what_may_become_a_call_is_held_back() -> None:
    call = '```json\n[{"name": "get_weather", "arguments": {}}]\n```'
    bare = BareCalls(["get_weather"])
    assert all(bare.add(char) for char in call)
    assert parse_bare_calls(call, TOOLS) is not None


@pytest.mark.parametrize(
    ("held", "released"),
    [
        ("", "H"),
        ("```", "p"),
        ("```json\n", "4"),
        ("[", "1"),
        ('{"', "c"),
        ('{"name', "s"),
        ('{"name": "', "A"),
        ('{"name": "get_', "t"),
        ('{"name": "get_weather', "s"),
        ('{"name": ', "["),
        ('{"id": ', "7"),
        ('{"id": "a7", "', "b"),
        ('{"type": "', "o"),
        ('{"input": ', "["),
        ('{"input": "', "W"),
        ('{"parameters": {"city": "Paris"}, "', "c"),
        ('{"function": {"name": "get_', "t"),
        ('{"name": "get_weather"}', " T"),
        ('```json\n{"name": "get_weather", "arguments": {"city": "}"}}\n```', " T"),
    ],
)
def test_text_that_begins_like_a_call_is_released_where_it_cannot_be_one_any_more(held: str, released: str) -> None:
    form = family("json_tools")
    out = channels(form, Characters(), TOOLS, thinking=False)
    assert [delta for char in held for delta in out.add(ord(char))] == []
    told = [delta for char in released for delta in out.add(ord(char))]
    assert told == [{"channel": "text", "text": held + released}]


@pytest.mark.parametrize("kind", [None, "json_tools"])
def test_several_calls_without_marks_are_streamed_one_after_the_other_and_text_after_them_is_text(
    kind: str | None,
) -> None:
    calls = [f'{{"name": "get_weather", "arguments": {{"city": "{city}"}}}}' for city in ("Paris", "Rome")]
    expected = [("get_weather", '{"city": "Paris"}'), ("get_weather", '{"city": "Rome"}')]
    for text, says in [
        ("\n".join(calls), ""),
        (f"[{', '.join(calls)}]", ""),
        ("; ".join(calls) + " So be it.", " So be it."),
        ("".join(calls) + '{"answer": 1}', '{"answer": 1}'),
    ]:
        deltas, out = deltas_of(family(kind), text)
        assert calls_in(deltas) == expected and out.calls == 2
        assert "".join(delta["text"] for delta in deltas if delta["channel"] == "text") == says


@pytest.mark.parametrize("length", range(1, len(ARGUMENTS)))
def test_a_call_without_marks_that_breaks_at_any_position_is_completed(length: int) -> None:
    text = f'{{"name": "get_weather", "arguments": {ARGUMENTS[:length]}'
    deltas, _ = deltas_of(family("json_tools"), text)
    ((_, arguments),) = calls_in(deltas)
    assert isinstance(json.loads(arguments), dict)


def test_a_mark_within_an_argument_of_a_call_without_marks_is_text_and_one_after_it_is_a_mark() -> None:
    call = '{"name": "get_weather", "arguments": {"city": "%s"}}'
    found = sorted_out(family("json_tools"), call % "<tool_call></think>")
    assert found["calls"] == [("get_weather", {"city": "<tool_call></think>"})]
    found = sorted_out(family("json_tools"), f"{call % 'Paris'}\n<tool_call>{call % 'Rome'}</tool_call>")
    assert found == {"text": "", "reasoning": "", "calls": [PARIS, ("get_weather", {"city": "Rome"})]}
