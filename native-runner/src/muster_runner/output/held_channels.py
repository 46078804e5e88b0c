"""The parser of answers that a grammar constrains to a tool call without marks, or to text that cannot be one."""

from collections.abc import Sequence

from muster_runner.output.answer_format import AnswerFormat
from muster_runner.output.call_stream import CallStream
from muster_runner.output.deltas import Delta, call_delta, text_delta
from muster_runner.output.mark_finder import MarkFinder
from muster_runner.output.tool_calls import ToolCall, new_call_id, parse_bare_calls
from muster_runner.protocol import Tool
from muster_runner.tokenization.text_stream import TextStream


class HeldChannels:
    """After reasoning that the prompt has opened, a brace begins a call, and anything else is text. Marks have no
    meaning there: they are text, for example of an argument."""

    def __init__(self, form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], thinking: bool):
        self._form, self._stream, self._tools = form, stream, tools
        self._think_end = form.think[1] if form.think is not None else ""
        self._finder = MarkFinder([self._think_end] if thinking and self._think_end in form.spelled else [])
        self.reasoning = thinking
        self.calls = 0
        # White space before the first character is dropped.
        self._begun = False
        self._call: CallStream | None = None

    def add(self, token: int) -> list[Delta]:
        mark = self._form.tokens.get(token)
        if not self.reasoning:
            return self._write(self._stream.add(token) if mark is None else mark)
        if mark == self._think_end:
            self.reasoning = False
            return []
        pieces = self._finder.add(self._stream.add(token) if mark is None else mark)
        return [delta for text, is_mark in pieces for delta in self._think(text, is_mark)]

    def end(self, *, cut: bool) -> list[Delta]:
        deltas = [delta for text, _ in self._finder.flush() for delta in self._think(text, False)]
        call, self._call = self._call, None
        if call is None:
            return deltas
        if (ended := call.end(cut=cut)) is not None:
            deltas_of_call, self.calls = ended
            return deltas + deltas_of_call
        # Cut within the name: with a single tool the call is unambiguous.
        if cut and len(self._tools) == 1:
            self.calls = 1
            (tool,) = self._tools
            return [*deltas, call_delta(0, ToolCall(new_call_id(), tool.name, ""))]
        return deltas if cut else deltas + text_delta("text", call.text)

    def _think(self, text: str, is_mark: bool) -> list[Delta]:
        if not self.reasoning:
            return self._write(text)
        self.reasoning = not is_mark
        return [] if is_mark else text_delta("reasoning", text)

    def _write(self, text: str) -> list[Delta]:
        if not self._begun:
            text = text.lstrip()
            if not text:
                return []
            self._begun = True
            if text.startswith("{"):
                self._call = CallStream(0, lambda whole: parse_bare_calls(whole, self._tools))
        return text_delta("text", text) if self._call is None else self._call.add(text)
