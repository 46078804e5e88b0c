"""Conversations as clients send them, with strict templates like those of real models."""

from typing import Any

import msgspec
import pytest

from muster_runner.protocol import ChatPrompt
from muster_runner.tokenization.chat_template import ChatTemplate, TemplateError
from muster_runner.tokenization.conversation import render_conversation, template_messages

LENIENT = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
SYSTEM_FIRST = (
    "{% for m in messages %}{% if m.role == 'system' and not loop.first %}"
    "{{ raise_exception('System message must be at the beginning') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}{% endfor %}"
)
# As Gemma's and Mistral's first ones: no system, and user and assistant in turn.
IN_TURN = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}{% endfor %}"
)


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "text": text}]}


def rendered(source: str, *messages: dict[str, Any], **more: Any) -> str:
    prompt = msgspec.convert({"kind": "chat", "messages": list(messages), **more}, type=ChatPrompt)
    return render_conversation(prompt, ChatTemplate(lambda: source, {}).render, source=source)


CALL = {
    "role": "assistant",
    "parts": [{"type": "toolCall", "id": "c1", "name": "clock", "arguments": '{"zone": "UTC"}'}],
}
RESULT = {"role": "tool", "parts": [{"type": "toolResult", "id": "c1", "content": [{"type": "text", "text": "12:00"}]}]}


@pytest.mark.parametrize(
    ("source", "messages", "text"),
    [
        (LENIENT, [said("user", "a"), said("system", "s"), said("user", "b")], "[user]a[system]s[user]b[assistant]"),
        (SYSTEM_FIRST, [said("user", "a"), said("system", "s"), said("user", "b")], "[system]s[user]a[user]b"),
        (SYSTEM_FIRST, [said("system", "s"), said("system", "t"), said("user", "a")], "[system]s\n\nt[user]a"),
        (IN_TURN, [said("user", "a"), said("user", "b")], "[user]a\n\nb"),
        (IN_TURN, [said("system", "s"), said("user", "a")], "[user]s\n\na"),
        (IN_TURN, [said("assistant", "a"), said("user", "b")], "[user]…[assistant]a[user]b"),
        (
            IN_TURN,
            [said("user", "a"), CALL, RESULT],
            '[user]a[assistant]{"name": "clock", "arguments": {"zone": "UTC"}}[user]Result of the tool:\n\n12:00',
        ),
    ],
)
def test_a_conversation_is_adapted_to_a_strict_template(source: str, messages: list[Any], text: str) -> None:
    assert rendered(source, *messages) == text


def test_a_template_that_accepts_no_form_raises_its_first_error() -> None:
    with pytest.raises(TemplateError, match="not today: user"):
        rendered("{{ raise_exception('not today: ' + messages[0].role) }}", said("user", "a"))


def test_calls_results_and_thoughts_reach_templates_under_their_names() -> None:
    thought = {"role": "assistant", "parts": [{"type": "reasoning", "text": "hm"}, *CALL["parts"]]}
    prompt = msgspec.convert({"kind": "chat", "messages": [thought, RESULT]}, type=ChatPrompt)
    assistant, tool = template_messages(prompt.messages)
    assert assistant["reasoning_content"] == "hm"
    assert assistant["tool_calls"][0]["function"] == {"name": "clock", "arguments": {"zone": "UTC"}}
    assert tool == {"role": "tool", "content": "12:00", "tool_call_id": "c1"}


TOOLS = [{"name": "clock"}]


@pytest.mark.parametrize(("choice", "shown"), [("auto", "clock"), ("required", "clock"), ("none", "no tools")])
def test_tools_are_shown_unless_none_may_be_called(choice: str, shown: str) -> None:
    source = "{% if tools %}{{ tools[0].function.name }}{% else %}no tools{% endif %}"
    assert rendered(source, said("user", "a"), tools=TOOLS, toolChoice={"kind": choice}) == shown


def test_a_continued_answer_ends_at_its_content() -> None:
    source = "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}"
    text = rendered(source, said("user", "count"), said("assistant", "one, two,"), continueLast=True)
    assert text == "<user>count<end><assistant>one, two,"


@pytest.mark.parametrize(
    ("reasoning", "text"),
    [
        ({"enabled": False}, "False/False/"),
        ({"enabled": True, "effort": "high"}, "True/True/high"),
        ({"effort": "minimal"}, "//low"),
    ],
)
def test_reasoning_settings_reach_templates_under_all_variable_names(reasoning: Any, text: str) -> None:
    source = "{{ enable_thinking }}/{{ thinking }}/{{ reasoning_effort }}"
    assert rendered(source, said("user", "a"), reasoning=reasoning) == text


TOOL = {"name": "clock", "description": "Tells the time", "parameters": {"type": "object", "properties": {}}}
KNOWS_TOOLS = "{% if tools %}<{{ tools[0].function.name }}>{% endif %}" + LENIENT


def test_tools_are_described_in_text_if_the_template_does_not_support_them():
    text = rendered(LENIENT, said("system", "s"), said("user", "a"), tools=[TOOL])
    assert text.startswith("[system]s\n\nYou can call the functions below.")
    assert '\n{"name": "clock", "description": "Tells the time"' in text
    assert text.endswith("[user]a[assistant]")
    without = rendered(LENIENT, said("user", "a"), tools=[TOOL], toolChoice={"kind": "none"})
    assert without == "[user]a[assistant]"
    assert rendered(KNOWS_TOOLS, said("user", "a"), tools=[TOOL]) == "<clock>[user]a[assistant]"


def test_calls_and_results_become_text_if_the_template_does_not_support_them():
    text = rendered(LENIENT, said("user", "a"), CALL, RESULT)
    assert '[assistant]{"name": "clock", "arguments": {"zone": "UTC"}}[user]Result of the tool:\n\n12:00' in text
