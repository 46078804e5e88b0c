"""Turns the named arguments of a function into the JSON of a call's arguments, while they are written."""

import json
from collections.abc import Callable
from typing import Any

from muster_runner.output.function_forms import FunctionForm
from muster_runner.output.quoted_text import QuotedText, ValueEnd, without_surrogates
from muster_runner.output.written_arguments import WrittenArguments

_BETWEEN = " \t\r\n,"
_BLANKS = " \t\r\n"

# Parses one argument's value by the family's rules: (name, text) -> value. Raises ValueError.
Convert = Callable[[str, str], Any]


class FunctionArguments(WrittenArguments):
    """Parses named arguments incrementally.

    A string is sent while it is written; any other value once it is complete. An argument without a name has an empty
    key here and is dropped.
    """

    def __init__(self, form: FunctionForm, convert: Convert):
        super().__init__()
        self._form, self._convert = form, convert
        self._end = self._value_end()
        # The string being written.
        self._string: QuotedText | None = None

    def others(self, rest: str) -> str:
        calls = rest.strip(_BETWEEN + "];")
        return self._form.several.format(calls=calls) if calls else ""

    def _step(self, out: list[str]) -> bool:
        if self._key is None:
            return self._next(out)
        if self._string is not None:
            return self._write_string(self._string, out)
        return self._write_value(self._key, out)

    def _next(self, out: list[str]) -> bool:
        """Finds the next argument, or the end of the call."""
        self._text = self._text.lstrip(_BETWEEN)
        if self._text.startswith(self._form.closed):
            out.append(self._end_of_object())
            self._text, self.done = self._text[1:], True
            return True
        if (key := self._form.key.match(self._text)) is not None:
            self._key, self._text = key.group(1), self._text[key.end() :]
        elif self._form.key_begun.fullmatch(self._text) is not None:
            return False
        else:
            self._key = ""
        self._value, self._open, self._end = "", False, self._value_end()
        return True

    def _write_value(self, key: str, out: list[str]) -> bool:
        """Takes the text of a value, or the start of a string."""
        if not self._value.strip():
            self._text = self._text.lstrip(_BLANKS)
            text, delimiters = self._text, self._form.delimiters
            if not text or any(mark != text and mark.startswith(text) for mark in delimiters):
                return False
            if key and (mark := next(filter(text.startswith, delimiters), None)) is not None:
                # Strings that follow one another are one, as in Python.
                out.append("" if self._open else self._name(key) + '"')
                self._open, self._text = True, text[len(mark) :]
                self._string = QuotedText(mark, escapes=self._form.escapes)
                return True
        end = self._end.find(self._text)
        self._value += self._text[:end]
        self._text = "" if end is None else self._text[end:]
        if end is None:
            return False
        self._end_value(key, out)
        # A bracket that closes nothing is dropped.
        if self._text[0] != self._form.closed:
            self._text = self._text[1:]
        return True

    def _write_string(self, string: QuotedText, out: list[str]) -> bool:
        said, self._text, ended = string.take(self._text)
        out.append(json.dumps(said, ensure_ascii=False)[1:-1])
        if ended:
            self._string = None
        return ended

    def _end_value(self, key: str, out: list[str]) -> None:
        value = self._value.strip()
        if self._open:
            out.append('"')
        elif key and value:
            out.append(self._name(key) + self._json_of(key, value))
        self._key, self._string, self._open = None, None, False

    def _json_of(self, key: str, value: str) -> str:
        try:
            return _dumped(json.loads(value, parse_constant=_refused))
        except (ValueError, RecursionError):
            pass
        try:
            return _dumped(self._convert(key, value))
        except (ValueError, TypeError, RecursionError):
            return _dumped(value)

    def _value_end(self) -> ValueEnd:
        return ValueEnd(self._form.delimiters, escapes=self._form.escapes)


def _dumped(value: Any) -> str:
    return without_surrogates(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
