"""The parser of answers with reasoning and calls between marks, and of answers without marks."""

from collections.abc import Sequence

from muster_runner.output.answer_format import AnswerFormat
from muster_runner.output.bare_call import BareCall
from muster_runner.output.bare_calls import BareCalls
from muster_runner.output.call_stream import CallStream
from muster_runner.output.deltas import Delta, call_delta, text_delta
from muster_runner.output.mark_finder import MarkFinder
from muster_runner.output.tool_calls import ToolCall, parse_bare_calls, parse_calls
from muster_runner.protocol import Tool
from muster_runner.tokenization.text_stream import TextStream


class MarkedChannels:
    """``tools``: those that may be called; ``thinking``: the prompt has opened a reasoning block."""

    def __init__(self, form: AnswerFormat, stream: TextStream, tools: Sequence[Tool], thinking: bool):
        self._form, self._stream, self._tools = form, stream, tools
        self._finder = MarkFinder(form.spelled)
        self.reasoning = thinking
        self.calls = 0
        # The call being written; None outside of calls.
        self._call: CallStream | None = None
        # The call without marks that is being written.
        self._bare_call: BareCall | None = None
        # The answer so far, or what follows a call without marks, while it may be such a call.
        self._bare = BareCalls([tool.name for tool in tools]) if tools else None
        # Whether white space is dropped: around reasoning and calls it has no meaning.
        self._trim = thinking

    def add(self, token: int) -> list[Delta]:
        mark = self._form.tokens.get(token)
        pieces = self._finder.add(self._stream.add(token)) if mark is None else [*self._finder.flush(), (mark, True)]
        return [delta for text, is_mark in pieces for delta in (self._mark(text) if is_mark else self._write(text))]

    def end(self, *, cut: bool) -> list[Delta]:
        deltas = [delta for text, _ in self._finder.flush() for delta in self._write(text)]
        if self._call is not None:
            return deltas + self._close_call("", cut=cut)
        if self._bare_call is not None:
            return deltas + self._close_bare_call(self._bare_call, cut=cut)
        if self._bare is not None:
            return deltas + self._settle_bare()
        return deltas

    def _mark(self, mark: str) -> list[Delta]:
        if self._call is not None:
            return self._mark_in_call(self._call, mark)
        if (bare_call := self._bare_call) is None:
            return self._mark_outside(mark)
        if bare_call.in_string:
            return self._write(mark)
        return self._close_bare_call(bare_call, cut=False) + self._mark_outside(mark)

    def _mark_outside(self, mark: str) -> list[Delta]:
        think, tool = self._form.think, self._form.tool
        if tool is not None and mark == tool.start and self._tools:
            deltas = self._show_bare()
            self.reasoning, self._call = False, self._new_call()
            return deltas
        if think is not None and mark in think:
            deltas = self._show_bare() if self._bare is not None and self._bare.text else []
            self.reasoning, self._trim = mark == think[0], True
            return deltas
        return self._write(mark)

    def _mark_in_call(self, call: CallStream, mark: str) -> list[Delta]:
        tool = self._form.tool
        # With strict tools the grammar allows marks inside strings: they belong to the string until it is closed.
        in_string = call.in_string and any(tool.strict for tool in self._tools)
        if tool is None or in_string:
            return call.add(mark)
        if mark == tool.end:
            return self._close_call(mark, cut=False)
        if mark == tool.start and call.is_whole:
            # The next call, without an end mark: some families have none, and some models forget it.
            deltas = self._close_call("", cut=False)
            self._call = self._new_call()
            return deltas
        return call.add(mark)

    def _write(self, text: str) -> list[Delta]:
        if self._call is not None:
            return self._call.add(text)
        if self._bare_call is not None:
            return self._write_bare_call(self._bare_call, text)
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        if self.reasoning:
            return text_delta("reasoning", text)
        if self._bare is not None:
            return self._hold(self._bare, text)
        return text_delta("text", text)

    def _hold(self, bare: BareCalls, text: str) -> list[Delta]:
        """Holds text that may be a call without marks, until that is decided: by characters, so that it does not
        depend on how the text is divided into tokens."""
        for at, char in enumerate(text, start=1):
            if not bare.add(char):
                bare.text += text[at:]
                return self._show_bare()
            if (begun := bare.begun()) is not None:
                name, arguments = begun
                self._bare, self._bare_call = None, BareCall(self.calls, name)
                return self._write_bare_call(self._bare_call, arguments + text[at:])
        return []

    def _write_bare_call(self, call: BareCall, text: str) -> list[Delta]:
        deltas, rest = call.add(text)
        if rest is None:
            return deltas
        self._bare_call, self.calls = None, self.calls + 1
        self._bare = BareCalls([tool.name for tool in self._tools], after_call=True)
        return deltas + self._write(rest)

    def _close_bare_call(self, call: BareCall, *, cut: bool) -> list[Delta]:
        self._bare_call, self.calls = None, self.calls + 1
        return call.end(cut=cut)

    def _show_bare(self) -> list[Delta]:
        """Emits the held text, which is not a bare call, and stops looking for bare calls."""
        bare, self._bare = self._bare, None
        return text_delta("text", "" if bare is None or (self.calls and bare.is_empty) else bare.text)

    def _settle_bare(self) -> list[Delta]:
        calls = None if self._bare is None else parse_bare_calls(self._bare.text, self._tools)
        if calls is None:
            return self._show_bare()
        self._bare = None
        deltas = [call_delta(self.calls + at, call) for at, call in enumerate(calls)]
        self.calls += len(calls)
        return deltas

    def _new_call(self) -> CallStream:
        tool = self._form.tool
        return CallStream(self.calls, self._read, tool.form if tool else None, self._tools)

    def _read(self, text: str) -> list[ToolCall] | None:
        tool = self._form.tool
        return None if tool is None else parse_calls(text, tool.parse, self._tools)

    def _close_call(self, end: str, *, cut: bool) -> list[Delta]:
        call, self._call, self._trim = self._call, None, True
        tool = self._form.tool
        if call is None or tool is None:
            return []
        if (ended := call.end(cut=cut)) is None:
            # Unparsable: show it as text.
            return text_delta("text", f"{tool.start}{call.text}{end}")
        deltas, count = ended
        self.calls += count
        return deltas
