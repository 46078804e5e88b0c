"""The parser of OpenAI's Harmony format (gpt-oss)."""

import re

from muster_runner.output.answer_format import AnswerFormat
from muster_runner.output.deltas import Delta, arguments_delta, call_delta, text_delta
from muster_runner.output.json_text import JsonText
from muster_runner.output.tool_calls import ToolCall, new_call_id
from muster_runner.tokenization.text_stream import TextStream

_RECIPIENT = re.compile(r"to=(?:functions\.)?([\w.-]+)")
_CHANNEL = re.compile(r"\b(analysis|commentary|final)\b")


class HarmonyChannels:
    """Each message has a header with a channel and, for a call, a recipient.

    See https://github.com/openai/harmony/blob/main/docs/format.md
    """

    def __init__(self, form: AnswerFormat, stream: TextStream):
        self._form, self._stream = form, stream
        self.reasoning = False
        self.calls = 0
        # The header being written (the prompt ends within the first one), else None.
        self._header: str | None = ""
        # The recipient of a call whose arguments have not begun.
        self._recipient: str | None = None
        # The arguments of the call being written.
        self._arguments: JsonText | None = None

    def add(self, token: int) -> list[Delta]:
        match self._form.tokens.get(token):
            case None:
                return self._write(self._stream.add(token))
            case "<|message|>":
                return self._begin()
            case "<|end|>" | "<|call|>" | "<|return|>":
                deltas = self.end(cut=False)
                self._header = ""
                return deltas
            case mark:
                # <|start|>, <|channel|> and <|constrain|> stand between the words of a header.
                deltas = self.end(cut=False) if self._header is None else []
                self._header = "" if mark == "<|start|>" else (self._header or "") + " "
                return deltas

    def end(self, *, cut: bool) -> list[Delta]:
        # A call that ends without arguments gets an empty object.
        deltas = [] if self._recipient is None else self._call("{" if not cut else "")
        arguments, self._arguments = self._arguments, None
        if arguments is None:
            return deltas
        self.calls += 1
        return deltas if cut else deltas + arguments_delta(self.calls - 1, arguments.completion())

    def _begin(self) -> list[Delta]:
        header, self._header = self._header or "", None
        recipient, channel = _RECIPIENT.search(header), _CHANNEL.search(header)
        self._recipient = recipient.group(1) if recipient else None
        self.reasoning = recipient is None and channel is not None and channel.group() == "analysis"
        return []

    def _write(self, text: str) -> list[Delta]:
        if self._header is not None:
            self._header += text
            return []
        if self._arguments is not None:
            return arguments_delta(self.calls, self._arguments.add(text)[0])
        if self._recipient is None:
            return text_delta("reasoning" if self.reasoning else "text", text)
        text = text.lstrip()
        if not text:
            return []
        if text.startswith("{"):
            return self._call(text)
        # Not JSON arguments, as in calls of gpt-oss's built-in tools: show them as text.
        self._recipient = None
        return text_delta("text", text)

    def _call(self, arguments: str) -> list[Delta]:
        name, self._recipient = self._recipient or "", None
        self._arguments = JsonText()
        first_arguments, _ = self._arguments.add(arguments)
        return [call_delta(self.calls, ToolCall(new_call_id(), name, first_arguments))]
