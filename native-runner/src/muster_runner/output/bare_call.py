"""The stream of a call without marks."""

import re

from muster_runner.output.deltas import Delta, arguments_delta, call_delta
from muster_runner.output.json_text import JsonText
from muster_runner.output.tool_calls import ToolCall, new_call_id

# Text after the arguments up to the end of the call's object: short fields such as an id.
_END = re.compile(r'\s*(?:,\s*"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[\w.+-]+)\s*)*\}')
_MAX_END = 500


class BareCall:
    """A call whose arguments have begun. Sent deltas cannot be revoked: arguments that break are completed."""

    def __init__(self, index: int, name: str):
        self._index, self._name = index, name
        self._arguments = JsonText()
        self._begun = False
        # The text after the arguments.
        self._after = ""

    @property
    def in_string(self) -> bool:
        return self._arguments.in_string

    def add(self, text: str) -> tuple[list[Delta], str | None]:
        """Returns the deltas, and the text after the call; None while the call has not ended."""
        arguments, rest = self._arguments.add(text)
        deltas = self._deltas(arguments)
        self._after += rest
        if self._arguments.broken:
            return deltas + self.end(cut=False), self._after
        if not self._arguments.done:
            return deltas, None
        if (ended := _END.match(self._after)) is not None:
            return deltas, self._after[ended.end() :]
        goes_on = self._after.lstrip()[:1] in ("", ",") and len(self._after) < _MAX_END
        return deltas, None if goes_on else self._after

    def end(self, *, cut: bool) -> list[Delta]:
        """``cut``: by the token limit. Cut arguments are not completed: the finish reason explains them."""
        return [] if cut else arguments_delta(self._index, self._arguments.completion())

    def _deltas(self, arguments: str) -> list[Delta]:
        if self._begun:
            return arguments_delta(self._index, arguments)
        self._begun = True
        return [call_delta(self._index, ToolCall(new_call_id(), self._name, arguments))]
