"""What the output parsers find in an answer, for their tests."""

import json
from typing import Any

from muster_runner.output.answer_format import AnswerFormat, tool_format
from muster_runner.output.channels import Channels, channels, opens_thought
from muster_runner.output.deltas import Delta
from muster_runner.output.mark_finder import MarkFinder
from muster_runner.protocol import Tool

TOOLS = [Tool(name="get_weather", parameters={"type": "object", "properties": {"city": {"type": "string"}}})]
THINK = ("<think>", "</think>")
PARIS = ("get_weather", {"city": "Paris"})
ARGUMENTS = '{"city": "Par\\"is", "n": [1.5e3, -2, true, null, {"a": []}], "é": "\\ud83d\\ude00"}'


class Characters:
    """A text stream whose tokens are characters; marks are numbered from a million on."""

    def add(self, token: int) -> str:
        return chr(token)


def numbered(*marks: str) -> dict[int, str]:
    return {1_000_000 + at: mark for at, mark in enumerate(marks)}


def family(kind: str | None, think: tuple[str, str] | None = THINK, own_tokens: bool = True) -> AnswerFormat:
    tool = tool_format(kind) if kind else None
    marks = [*(think or ()), *((tool.start, tool.end) if tool else ())]
    return AnswerFormat(think, tool, harmony=False, tokens=numbered(*filter(None, marks)) if own_tokens else {})


def tokens_of(form: AnswerFormat, text: str) -> list[int]:
    numbers = {mark: number for number, mark in form.tokens.items()}
    finder = MarkFinder(list(numbers))
    pieces = [*finder.add(text), *finder.flush()]
    return [number for piece, is_mark in pieces for number in ([numbers[piece]] if is_mark else map(ord, piece))]


def deltas_of(
    form: AnswerFormat,
    text: str,
    tools: list[Tool] = TOOLS,
    prompt_end: str = "",
    *,
    held: bool = False,
    cut: bool = False,
) -> tuple[list[Delta], Channels]:
    thinking = opens_thought(form, prompt_end)
    out = channels(form, Characters(), tools, thinking=thinking, held=held)
    return [delta for token in tokens_of(form, text) for delta in out.add(token)] + out.end(cut=cut), out


def calls_in(deltas: list[Delta]) -> list[tuple[str, str]]:
    """The name and the arguments of each call: the first delta of one has its id and name, and no other has."""
    calls: list[tuple[str, str]] = []
    for delta in deltas:
        if delta["channel"] != "toolCall":
            continue
        if "id" in delta:
            assert delta["index"] == len(calls) and delta["id"]
            calls.append((delta["name"], ""))
        assert delta["index"] == len(calls) - 1
        calls[-1] = (calls[-1][0], calls[-1][1] + delta["arguments"])
    return calls


def sorted_out(form: AnswerFormat, text: str, tools: list[Tool] = TOOLS, prompt_end: str = "") -> dict[str, Any]:
    deltas, out = deltas_of(form, text, tools, prompt_end)
    calls = [(name, json.loads(arguments)) for name, arguments in calls_in(deltas)]
    assert len(calls) == out.calls

    def said(channel: str) -> str:
        return "".join(delta["text"] for delta in deltas if delta["channel"] == channel)

    return {"text": said("text"), "reasoning": said("reasoning"), "calls": calls}


def pieces_of(deltas: list[Delta]) -> list[str]:
    return [delta["arguments"] for delta in deltas if delta["channel"] == "toolCall"]


def marked(kind: str, text: str) -> str:
    """The text of a call between the family's marks."""
    tool = family(kind).tool
    assert tool is not None
    return f"{tool.start}{text}{tool.end}"


def assert_breaks_well(kind: str, text: str, tools: list[Tool]) -> None:
    """A call that ends at any position has an object as its arguments; one that is cut there has a prefix of them."""
    form = family(kind)
    assert form.tool is not None
    ((_, whole),) = calls_in(deltas_of(form, marked(kind, text), tools)[0])
    seen = 0
    for length in range(1, len(text)):
        ended = calls_in(deltas_of(form, form.tool.start + text[:length] + form.tool.end, tools)[0])
        assert all(isinstance(json.loads(arguments), dict) for _, arguments in ended)
        cut = calls_in(deltas_of(form, form.tool.start + text[:length], tools, cut=True)[0])
        assert all(whole.startswith(arguments) for _, arguments in cut)
        seen += len(cut)
    assert seen > len(text) // 2
