"""The output parsers of each family: text, reasoning and tool calls."""

import json
import sys

import pytest
from answer_channels import (
    ARGUMENTS,
    PARIS,
    TOOLS,
    Characters,
    calls_in,
    deltas_of,
    family,
    numbered,
    pieces_of,
    sorted_out,
)

from muster_runner.output import tool_calls
from muster_runner.output.answer_format import HARMONY_MARKS, TOOL_PARSERS, AnswerFormat
from muster_runner.output.channels import channels
from muster_runner.output.tool_calls import LimitedPattern, tool_parser
from muster_runner.protocol import Tool

KIMI = (
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>%s"
    "<|tool_call_end|><|tool_calls_section_end|>"
)

FAMILIES = [
    ("json_tools", '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'),
    ("json_tools", '<tool_call>{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}</tool_call>'),
    (
        "qwen3_coder",
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>",
    ),
    ("glm47", "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>"),
    ("mistral", '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}'),
    ("mistral", '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}]'),
    (
        "minimax_m2",
        '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Paris</parameter>\n</invoke>\n'
        "</minimax:tool_call>",
    ),
    (
        "longcat",
        "<longcat_tool_call>get_weather\n<longcat_arg_key>city</longcat_arg_key>\n"
        "<longcat_arg_value>Paris</longcat_arg_value>\n</longcat_tool_call>",
    ),
    ("kimi_k2", KIMI % '{"city": "Paris"}'),
    ("pythonic", '<|tool_call_start|>[get_weather(city="Paris")]<|tool_call_end|>'),
]


@pytest.mark.parametrize("own_tokens", [True, False], ids=["marks as tokens", "marks as text"])
@pytest.mark.parametrize(("kind", "call"), FAMILIES)
def test_calls_of_every_family_are_found_after_reasoning_and_text(kind: str, call: str, own_tokens: bool) -> None:
    form = family(kind, own_tokens=own_tokens)
    found = sorted_out(form, f"<think>\nWhich city?\n</think>\n\nI look. {call}")
    assert found == {"text": "I look. ", "reasoning": "Which city?\n", "calls": [PARIS]}


def test_several_calls_are_numbered_in_their_order() -> None:
    call = '<tool_call>{"name": "get_weather", "arguments": {"city": "%s"}}</tool_call>'
    found = sorted_out(family("json_tools"), call % "Paris" + "\n" + call % "Rome")
    assert found["calls"] == [PARIS, ("get_weather", {"city": "Rome"})]
    assert found["text"] == ""


def test_reasoning_opened_by_the_prompt_starts_at_the_first_token() -> None:
    found = sorted_out(family(None), "hm</think>Yes", prompt_end="<|assistant|><think>\n")
    assert found == {"text": "Yes", "reasoning": "hm", "calls": []}


def test_a_mark_that_is_a_token_of_its_own_may_be_written_about() -> None:
    out = channels(family(None), Characters(), [], thinking=False)
    spelled = [delta for letter in "see <think>" for delta in out.add(ord(letter))]
    assert "".join(delta["text"] for delta in spelled) == "see <think>"


@pytest.mark.parametrize("text", ["1 < 2, <th", "a <tool", "<"])
def test_text_that_only_begins_like_a_mark_is_not_lost(text: str) -> None:
    assert sorted_out(family("json_tools", own_tokens=False), text)["text"] == text


@pytest.mark.parametrize("broken", ["{broken", '["get_weather"]', '{"arguments": {}}', "{}"])
def test_an_unparsable_call_is_shown_as_text(broken: str) -> None:
    text = f"<tool_call>{broken}</tool_call>"
    assert sorted_out(family("json_tools"), text) == {"text": text, "reasoning": "", "calls": []}


def test_a_call_that_is_cut_off_is_no_call() -> None:
    found = sorted_out(family("json_tools"), '<tool_call>{"name": "get_wea')
    assert found == {"text": '<tool_call>{"name": "get_wea', "reasoning": "", "calls": []}


STREAMED = [
    (family("json_tools"), '<tool_call>\n{"name": "get_weather", "arguments": %s}\n</tool_call>', False),
    (family("mistral"), "[TOOL_CALLS]get_weather[ARGS]%s", False),
    (family("kimi_k2"), KIMI, False),
    (family(None), '{"name": "get_weather", "arguments": %s}', False),
    (family("json_tools"), '\n[{"type": "function", "name": "get_weather", "parameters": %s, "id": "a"}]', False),
    (family(None), '{"name": "get_weather", "arguments": %s}', True),
    (family("qwen3_coder"), '{"type": "function", "name": "get_weather", "parameters": %s}', True),
]


@pytest.mark.parametrize(("form", "around", "held"), STREAMED)
def test_arguments_are_streamed(form: AnswerFormat, around: str, held: bool) -> None:
    deltas, out = deltas_of(form, around % ARGUMENTS, held=held)
    assert calls_in(deltas) == [("get_weather", ARGUMENTS)]
    assert out.calls == 1
    assert len(pieces_of(deltas)) > len(ARGUMENTS) // 2


@pytest.mark.parametrize(("form", "around", "held"), STREAMED)
@pytest.mark.parametrize("length", range(1, len(ARGUMENTS)))
def test_a_call_cut_at_any_position_gives_a_prefix_of_that_call(
    form: AnswerFormat, around: str, held: bool, length: int
) -> None:
    written = around.partition("%s")[0] + ARGUMENTS[:length]
    deltas, _ = deltas_of(form, written, held=held, cut=True)
    ((name, arguments),) = calls_in(deltas)
    assert name == "get_weather" and ARGUMENTS.startswith(arguments)


@pytest.mark.parametrize("length", range(1, len(ARGUMENTS)))
def test_a_call_that_breaks_at_any_position_is_completed(length: int) -> None:
    text = f'<tool_call>{{"name": "get_weather", "arguments": {ARGUMENTS[:length]}</tool_call> Done.'
    deltas, _ = deltas_of(family("json_tools"), text)
    ((_, arguments),) = calls_in(deltas)
    assert isinstance(json.loads(arguments), dict)
    assert "".join(delta["text"] for delta in deltas if delta["channel"] == "text") == "Done."


def test_a_required_call_cut_within_its_name_is_a_call_if_only_one_tool_exists() -> None:
    deltas, _ = deltas_of(family("json_tools"), '{"na', held=True, cut=True)
    assert calls_in(deltas) == [("get_weather", "")]
    others = [*TOOLS, Tool(name="clock")]
    assert deltas_of(family("json_tools"), '{"na', others, held=True, cut=True)[0] == []
    deltas, _ = deltas_of(family("json_tools"), '{"name": "clock", "ar', others, held=True, cut=True)
    assert calls_in(deltas) == [("clock", "")]


def test_a_mark_within_an_argument_of_a_constrained_call_is_text() -> None:
    written = '{"name": "get_weather", "arguments": {"city": "<tool_call> </tool_call> <think>"}}'
    deltas, _ = deltas_of(family("json_tools"), written, held=True)
    assert calls_in(deltas) == [("get_weather", '{"city": "<tool_call> </tool_call> <think>"}')]


def test_a_constrained_call_after_reasoning_is_a_call() -> None:
    for own_tokens in (True, False):
        form = family("json_tools", own_tokens=own_tokens)
        text = 'hm</think>\n{"name": "get_weather", "arguments": {}}'
        deltas, _ = deltas_of(form, text, prompt_end="<think>\n", held=True)
        assert "".join(delta["text"] for delta in deltas if delta["channel"] == "reasoning") == "hm"
        assert calls_in(deltas) == [("get_weather", "{}")]


def test_two_calls_between_the_same_marks_are_two() -> None:
    call = '{"name": "get_weather", "arguments": {"city": "%s"}}'
    text = f"<tool_call>{call % 'Paris'}\n{call % 'Rome'}</tool_call>"
    assert sorted_out(family("json_tools"), text)["calls"] == [PARIS, ("get_weather", {"city": "Rome"})]
    mistral = '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]get_weather[ARGS]{"city": "Rome"}'
    assert sorted_out(family("mistral"), mistral)["calls"] == [PARIS, ("get_weather", {"city": "Rome"})]
    end = "<|tool_calls_section_end|>"
    first, second = (KIMI % f'{{"city": "{city}"}}' for city in ("Paris", "Rome"))
    kimi = first.removesuffix(end) + second.removeprefix("<|tool_calls_section_begin|>")
    assert sorted_out(family("kimi_k2"), kimi)["calls"] == [PARIS, ("get_weather", {"city": "Rome"})]


HARMONY = AnswerFormat(think=None, tool=None, harmony=True, tokens=numbered(*HARMONY_MARKS))


def test_harmony_channels_become_reasoning_calls_and_text() -> None:
    found = sorted_out(
        HARMONY,
        "<|channel|>analysis<|message|>Need the weather.<|end|>"
        "<|start|>assistant<|channel|>commentary<|message|>I look.<|end|>"
        "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
        '{"city": "Paris"}<|call|>',
    )
    assert found == {"text": "I look.", "reasoning": "Need the weather.", "calls": [PARIS]}


def test_harmonys_final_channel_is_the_answer() -> None:
    text = "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>Paris.<|return|>"
    assert sorted_out(HARMONY, text) == {"text": "Paris.", "reasoning": "Easy.", "calls": []}


def test_harmony_arguments_are_streamed_and_completed_if_they_break() -> None:
    head = "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>"
    deltas, _ = deltas_of(HARMONY, f"{head}{ARGUMENTS}<|call|>", [])
    assert calls_in(deltas) == [("get_weather", ARGUMENTS)]
    assert len(pieces_of(deltas)) > len(ARGUMENTS) // 2
    deltas, _ = deltas_of(HARMONY, f'{head}{{"city": "Pa<|call|>', [])
    assert calls_in(deltas) == [("get_weather", '{"city": "Pa"}')]
    deltas, _ = deltas_of(HARMONY, f'{head}{{"city": "Pa', [], cut=True)
    assert calls_in(deltas) == [("get_weather", '{"city": "Pa')]


def test_a_harmony_call_without_json_arguments_is_text() -> None:
    code = "<|channel|>analysis to=python <|message|>print(1)<|call|>"
    assert sorted_out(HARMONY, code, []) == {"text": "print(1)", "reasoning": "", "calls": []}


@pytest.mark.parametrize("kind", sorted({kind for _, kind in TOOL_PARSERS}))
def test_no_pattern_of_a_familys_parser_searches_without_a_limit(kind: str) -> None:
    """All requests wait for the parser, and a client can have a model write what takes a pattern very long."""
    *_, parse = tool_parser(kind)
    globals_of = vars(sys.modules[parse.__module__])
    patterns = [value for name, value in globals_of.items() if name.endswith("_regex")]
    assert bool(patterns) == (kind != "json_tools")
    assert {type(pattern) for pattern in patterns} <= {LimitedPattern}


@pytest.mark.parametrize("kind", ["gemma4", "pythonic"])
def test_a_call_that_cannot_be_read_in_time_is_text(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_calls, "MATCH_SECONDS", 1e-9)
    form = family(kind)
    assert form.tool is not None
    broken = "get " + {"gemma4": "call:a{", "pythonic": "[a("}[kind] * 10_000
    deltas, said = deltas_of(form, f"{form.tool.start}{broken}{form.tool.end}after")
    assert (said.calls, deltas[-1]["channel"]) == (0, "text")
    assert "".join(delta["text"] for delta in deltas) == f"{form.tool.start}{broken}{form.tool.end}after"
