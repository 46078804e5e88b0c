"""Converts a conversation of the protocol to the messages that chat templates take, and adapts it to strict templates.

Templates expect the message format of the transformers library: dicts with ``role``, ``content`` and optionally
``tool_calls``, ``reasoning_content`` and ``tool_call_id``. Clients send late system messages, consecutive turns of one
role, or a tool result before any user message. If a template refuses that, it gets the closest form with the same
content that it accepts (``adaptations``).
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from muster_runner.output.tool_calls import as_openai
from muster_runner.protocol import (
    AssistantMessage,
    ChatPrompt,
    ImagePart,
    Message,
    ReasoningPart,
    SystemMessage,
    TextPart,
    ToolCallPart,
    ToolMessage,
    ToolResultPart,
    UserMessage,
)
from muster_runner.tokenization.chat_template import TemplateError
from muster_runner.tokenization.control_tokens import NO_CONTROLS, ControlTokens

TemplateMessage = dict[str, Any]
# (messages, other variables) -> text. Raises TemplateError.
Render = Callable[[list[TemplateMessage], dict[str, Any]], str]

# The minimal conversation, accepted by every chat template.
GREETING = ChatPrompt(messages=[UserMessage(parts=[TextPart(text="hello")])])

# Separates the texts of merged turns.
PARAGRAPH = "\n\n"

# The instruction for models whose template does not support tools; calls without marks are parsed in any answer.
TOOLS = (
    "You can call the functions below. To call one, answer with JSON alone, in this form:\n"
    '{"name": "FUNCTION", "arguments": {"NAME": "VALUE"}}'
)


def render_conversation(
    prompt: ChatPrompt, render: Render, controls: ControlTokens = NO_CONTROLS, *, source: str | None = None
) -> str:
    """Renders a conversation in the first form that the template accepts. Raises the first form's TemplateError.

    Control tokens in the client's texts are escaped by ``controls``. ``source``: of the template, if known: tools that
    it does not support are described to the model in text instead.
    """
    variables = controls.escaped_variables(template_variables(prompt))
    messages = controls.escaped_messages(template_messages(prompt.messages))
    if source is not None and "tool_calls" not in source:
        messages = _plain_tools(messages)
    if source is not None and "tools" not in source and (tools := variables["tools"]):
        messages = _with_tools_in_system(tools, messages)
    refusal: TemplateError | None = None
    for adapted in adaptations(messages):
        try:
            text = render(adapted, variables)
        except TemplateError as error:
            refusal = refusal or error
        else:
            return _cut_after(text, adapted[-1]) if prompt.continue_last else text
    raise refusal or TemplateError("the conversation is empty")


def template_variables(prompt: ChatPrompt) -> dict[str, Any]:
    """Returns the template's variables other than the messages."""
    variables: dict[str, Any] = {"add_generation_prompt": not prompt.continue_last, "tools": None}
    hidden = prompt.tool_choice is not None and prompt.tool_choice.kind == "none"
    if prompt.tools and not hidden:
        variables["tools"] = as_openai(prompt.tools)
    if (reasoning := prompt.reasoning) is not None:
        if reasoning.enabled is not None:
            # Qwen, GLM and others read the first name, DeepSeek and Granite the second.
            variables |= {"enable_thinking": reasoning.enabled, "thinking": reasoning.enabled}
        if reasoning.effort is not None:
            variables["reasoning_effort"] = "low" if reasoning.effort == "minimal" else reasoning.effort
    return variables | prompt.template_arguments


def template_messages(messages: list[Message]) -> list[TemplateMessage]:
    """Converts messages to the template's format. Each tool result becomes a message."""
    return [entry for message in messages for entry in _entries(message)]


def _entries(message: Message) -> list[TemplateMessage]:
    match message:
        case SystemMessage(parts=parts):
            return [{"role": "system", "content": _text(parts)}]
        case UserMessage(parts=parts):
            return [{"role": "user", "content": _content(parts)}]
        case AssistantMessage(parts=parts):
            return [_assistant(parts)]
        case ToolMessage(parts=results):
            return [_tool_result(result) for result in results]


def _text(parts: list[Any]) -> str:
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def _content(parts: list[TextPart | ImagePart]) -> str | list[dict[str, str]]:
    """Returns a string; with images, the list of parts that templates of vision models iterate over."""
    if not any(isinstance(part, ImagePart) for part in parts):
        return _text(parts)
    return [{"type": "text", "text": part.text} if isinstance(part, TextPart) else {"type": "image"} for part in parts]


def _assistant(parts: list[TextPart | ReasoningPart | ToolCallPart]) -> TemplateMessage:
    message: TemplateMessage = {"role": "assistant", "content": _text(parts)}
    if reasoning := "".join(part.text for part in parts if isinstance(part, ReasoningPart)):
        # The first is what most templates read, the second is gpt-oss's.
        message |= {"reasoning_content": reasoning, "thinking": reasoning}
    if calls := [part for part in parts if isinstance(part, ToolCallPart)]:
        message["tool_calls"] = [
            {"type": "function", "id": call.id, "function": {"name": call.name, "arguments": _arguments(call)}}
            for call in calls
        ]
    return message


def _arguments(call: ToolCallPart) -> Any:
    """Parses the arguments, because templates iterate over them or write them as JSON; invalid JSON stays text."""
    try:
        return json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return call.arguments


def _tool_result(result: ToolResultPart) -> TemplateMessage:
    text = _content(result.content)
    if result.is_error and isinstance(text, str):
        text = f"Error: {text}"
    named = {} if result.name is None else {"name": result.name}
    return {"role": "tool", "content": text, "tool_call_id": result.id, **named}


def adaptations(messages: list[TemplateMessage]) -> Iterator[list[TemplateMessage]]:
    """Yields the conversation unchanged, then in forms for increasingly strict templates."""
    yield messages
    hoisted = _system_first(messages)
    yield hoisted
    joined = _joined(hoisted)
    yield joined
    yield _joined(_without_system(hoisted))
    yield _joined(_user_first(_without_system(_plain_tools(hoisted))))


def _join(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return PARAGRAPH.join(text for text in (first, second) if text)
    parts = [[{"type": "text", "text": side}] if isinstance(side, str) else side for side in (first, second)]
    return parts[0] + parts[1]


def _system_first(messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """Merges the system messages into one, at the beginning."""
    texts = [message["content"] for message in messages if message["role"] == "system"]
    rest = [message for message in messages if message["role"] != "system"]
    return [{"role": "system", "content": PARAGRAPH.join(filter(None, texts))}, *rest] if texts else rest


def _joined(messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """Merges consecutive turns of one role, except tool results: each answers its own call."""
    joined: list[TemplateMessage] = []
    for message in messages:
        before = joined[-1] if joined else None
        if before is None or before["role"] != message["role"] or message["role"] == "tool":
            joined.append(message)
            continue
        calls = [*before.get("tool_calls", []), *message.get("tool_calls", [])]
        joined[-1] = before | message | {"content": _join(before["content"], message["content"])}
        if calls:
            joined[-1]["tool_calls"] = calls
    return joined


def _without_system(messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """For templates without a system role: turns system messages into user messages."""
    return [message | {"role": "user"} if message["role"] == "system" else message for message in messages]


def _plain_tools(messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """For templates without tools: writes calls and results as text."""
    plain: list[TemplateMessage] = []
    for message in messages:
        if message["role"] == "tool":
            plain.append({"role": "user", "content": _join("Result of the tool:", message["content"])})
        elif calls := message.get("tool_calls"):
            text = "\n".join(json.dumps(call["function"], ensure_ascii=False) for call in calls)
            plain.append({"role": "assistant", "content": _join(message["content"], text)})
        else:
            plain.append(message)
    return plain


def _with_tools_in_system(tools: list[dict[str, Any]], messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """For templates without tools: describes the tools in the system message."""
    text = "\n".join([TOOLS, *(json.dumps(tool["function"], ensure_ascii=False) for tool in tools)])
    return _system_first([*messages, {"role": "system", "content": text}])


def _user_first(messages: list[TemplateMessage]) -> list[TemplateMessage]:
    """For templates that require a user turn before any answer."""
    if messages and messages[0]["role"] == "assistant":
        return [{"role": "user", "content": "…"}, *messages]
    return messages


def _cut_after(text: str, last: TemplateMessage) -> str:
    """Cuts the text at the end of the last message's content, before the template's end-of-turn tokens."""
    content = last["content"].strip() if isinstance(last["content"], str) else ""
    at = text.rfind(content) if content else -1
    if at < 0:
        raise TemplateError("the model's chat template does not show the answer that is to be continued")
    return text[: at + len(content)]
