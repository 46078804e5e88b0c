"""Sorts what a model writes into text, reasoning and tool calls.

Marks such as ``<think>`` change the channel. Where a mark is a token of its own it is known by that token alone; other
marks are found in the text, which is held back while it may yet become one.
"""

from collections.abc import Sequence
from typing import Protocol

from muster_runner.answer_format import AnswerFormat
from muster_runner.deltas import Delta
from muster_runner.harmony_channels import HarmonyChannels
from muster_runner.held_channels import HeldChannels
from muster_runner.marked_channels import MarkedChannels
from muster_runner.protocol import Tool
from muster_runner.text_stream import TextStream


class Channels(Protocol):
    """One answer on its way. ``reasoning``: whether the latest token was part of a thought; ``calls``: how many tool
    calls are complete."""

    reasoning: bool
    calls: int

    def add(self, token: int) -> list[Delta]: ...
    def end(self, *, cut: bool) -> list[Delta]:
        """What was held back, once no token follows. ``cut``: by the limit of tokens."""
        ...


def opens_thought(form: AnswerFormat, prompt_end: str) -> bool:
    """Whether a prompt that ends like this has begun the model's thought, as some templates do."""
    return form.think is not None and prompt_end.rstrip().endswith(form.think[0])


def channels(
    form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], *, thinking: bool, held: bool = False
) -> Channels:
    """``tools``: those that may be called; ``thinking``: whether the answer begins within a thought; ``held``: a brace
    at the beginning of what follows the thought begins a call, as a grammar sees to."""
    if form.harmony:
        return HarmonyChannels(form, stream)
    kind = HeldChannels if held else MarkedChannels
    return kind(form, stream, tools, thinking)
