"""Content deltas of an answer: entries of a frame's ``content``, by channel."""

from typing import Any

from muster_runner.output.tool_calls import ToolCall

Delta = dict[str, Any]


def text_delta(channel: str, text: str) -> list[Delta]:
    return [{"channel": channel, "text": text}] if text else []


def call_delta(index: int, call: ToolCall) -> Delta:
    """The first delta of a tool call, with its id and name."""
    return {"channel": "toolCall", "index": index, "id": call.id, "name": call.name, "arguments": call.arguments}


def arguments_delta(index: int, text: str) -> list[Delta]:
    """A further piece of a tool call's arguments."""
    return [{"channel": "toolCall", "index": index, "arguments": text}] if text else []
