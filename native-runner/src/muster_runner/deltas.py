"""Entries of a frame's ``content``: more text on one of an answer's channels."""

from typing import Any

from muster_runner.tool_calls import ToolCall

Delta = dict[str, Any]


def text_delta(channel: str, text: str) -> list[Delta]:
    return [{"channel": channel, "text": text}] if text else []


def call_delta(index: int, call: ToolCall) -> Delta:
    """The first delta of a call, which has its id and its name."""
    return {"channel": "toolCall", "index": index, "id": call.id, "name": call.name, "arguments": call.arguments}


def arguments_delta(index: int, text: str) -> list[Delta]:
    """More of a call's arguments."""
    return [{"channel": "toolCall", "index": index, "arguments": text}] if text else []
