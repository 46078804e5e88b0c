"""Output parsers: split a model's output into the channels text, reasoning and tool calls.

Marks such as ``<think>`` switch the channel. A mark that is a single token is recognised only as that token; other
marks are found in the text, which is held back while it may become one.
"""

from collections.abc import Sequence
from typing import Protocol

from muster_runner.output.answer_format import AnswerFormat
from muster_runner.output.deltas import Delta
from muster_runner.output.harmony_channels import HarmonyChannels
from muster_runner.output.held_channels import HeldChannels
from muster_runner.output.marked_channels import MarkedChannels
from muster_runner.protocol import Tool
from muster_runner.tokenization.text_stream import TextStream


class Channels(Protocol):
    """The parser of one answer. ``reasoning``: whether the latest token is part of reasoning; ``calls``: the number of
    complete tool calls."""

    reasoning: bool
    calls: int

    def add(self, token: int) -> list[Delta]: ...
    def end(self, *, cut: bool) -> list[Delta]:
        """Returns the held content at the end of the answer. ``cut``: it ended by the token limit."""
        ...


def opens_thought(form: AnswerFormat, prompt_end: str) -> bool:
    """Whether the prompt has opened a reasoning block, as some templates do."""
    return form.think is not None and prompt_end.rstrip().endswith(form.think[0])


def channels(
    form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], *, thinking: bool, held: bool = False
) -> Channels:
    """Builds the parser of an answer. ``tools``: those that may be called; ``thinking``: the answer starts within
    reasoning; ``held``: a grammar guarantees that a brace at the start of the text begins a call."""
    if form.harmony:
        return HarmonyChannels(form, stream)
    kind = HeldChannels if held else MarkedChannels
    return kind(form, stream, tools, thinking)
