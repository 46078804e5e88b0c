"""Shared by the parsers of arguments that a family does not write as JSON."""

import json
from abc import ABC, abstractmethod


class WrittenArguments(ABC):
    """Turns the arguments of one call into a JSON object while they are written, with the interface of ``JsonText``."""

    in_string = False

    def __init__(self) -> None:
        # Text that is not consumed yet.
        self._text = ""
        # Text to emit before the next name.
        self._before = "{"
        # The argument being written, and the part of its value that was not sent; None between arguments.
        self._key: str | None = None
        self._value = ""
        # Whether the value is a string whose opening quote was sent.
        self._open = False
        self.done = False

    def add(self, text: str) -> tuple[str, str]:
        """Parses ``text``. Returns the emitted text, and the rest that does not belong to the call."""
        self._text += text
        out: list[str] = []
        while not self.done and self._step(out):
            pass
        rest = ""
        if self.done:
            rest, self._text = self._text, ""
        return "".join(out), rest

    def completion(self) -> str:
        """Returns the text that completes the emitted text to a valid object."""
        out: list[str] = []
        if self._key is not None and self._has_value():
            self._end_value(self._key, out)
        return "" if self.done else "".join(out) + self._end_of_object()

    @abstractmethod
    def others(self, rest: str) -> str:
        """Returns the further calls in the rest, in the family's notation; empty if there are none."""

    @abstractmethod
    def _step(self, out: list[str]) -> bool:
        """Takes the next part of the text. Returns whether there may be more to take."""

    @abstractmethod
    def _end_value(self, key: str, out: list[str]) -> None:
        """Emits the rest of the value, and ends it."""

    def _has_value(self) -> bool:
        """Whether any part of the value was received."""
        return self._open or bool(self._value.strip())

    def _end_of_object(self) -> str:
        return "{}" if self._before == "{" else "}"

    def _name(self, key: str) -> str:
        before, self._before = self._before, ", "
        return f"{before}{json.dumps(key, ensure_ascii=False)}: "
