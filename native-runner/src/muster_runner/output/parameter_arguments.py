"""Turns a call's parameters between tags into the JSON of its arguments, while they are written."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from muster_runner.output.parameter_forms import ParameterForm
from muster_runner.output.written_arguments import WrittenArguments

# Parses one parameter's value by the family's rules: (name, text between the tags) -> value. Raises ValueError.
Convert = Callable[[str, str], Any]

# Text between parameters that is kept: the start of a tag with a name.
_MAX_TAG = 600
# All families parse this text as null, whatever the schema says.
_NULL = "null"


class ParameterArguments(WrittenArguments):
    """Parses parameters between tags incrementally.

    The value of a parameter that is declared as a string is sent while it is written. Any other value is sent once it
    is complete, because its type decides how it is parsed. ``schemas``: the declared parameters by name.
    """

    def __init__(self, form: ParameterForm, schemas: Mapping[str, Any], convert: Convert):
        super().__init__()
        self._form, self._schemas, self._convert = form, schemas, convert

    def others(self, rest: str) -> str:
        return rest if self._form.opened.search(rest) else ""

    def _step(self, out: list[str]) -> bool:
        return self._next(out) if self._key is None else self._write(self._key, out)

    def _next(self, out: list[str]) -> bool:
        """Finds the next parameter, or the end of the call. Returns whether there is one."""
        begun = self._form.parameter.search(self._text)
        closed = self._form.closed.search(self._text) if self._form.closed else None
        if closed is not None and (begun is None or closed.start() < begun.start()):
            out.append(self._end_of_object())
            self._text, self.done = self._text[closed.end() :], True
            return True
        if begun is None:
            self._text = self._text[-_MAX_TAG:]
            return False
        self._key, self._value, self._open = begun.group(1), "", False
        self._text = self._text[begun.end() :]
        return True

    def _write(self, key: str, out: list[str]) -> bool:
        """Takes the text of a value. Returns whether it has ended."""
        end = self._form.value_end
        value, ended, rest = self._text.partition(end)
        if not ended:
            held = next((length for length in range(len(end) - 1, 0, -1) if value.endswith(end[:length])), 0)
            value, rest = value[: len(value) - held], value[len(value) - held :]
        self._value, self._text = self._value + value, rest
        if self._is_string(key):
            self._send(key, out)
        if ended:
            self._end_value(key, out)
        return bool(ended)

    def _is_string(self, key: str) -> bool:
        schema = self._schemas.get(key)
        others = ("anyOf", "oneOf", "allOf", "enum")
        return (
            isinstance(schema, dict) and schema.get("type") == "string" and not any(name in schema for name in others)
        )

    def _send(self, key: str, out: list[str]) -> None:
        """Sends the string received so far, except white space at its end, which may have to be dropped."""
        value, trims_all = self._value, self._form.trims_all
        if not self._open:
            value = value.lstrip() if trims_all else value.removeprefix("\n")
            if _NULL.startswith(value.rstrip().lower()):
                return
            out.append(self._name(key) + '"')
            self._open = True
        kept = len(value.rstrip()) if trims_all else len(value.removesuffix("\n"))
        out.append(json.dumps(value[:kept], ensure_ascii=False)[1:-1])
        self._value = value[kept:]

    def _end_value(self, key: str, out: list[str]) -> None:
        if self._open:
            out.append('"')
        else:
            try:
                value = self._convert(key, self._value)
            except ValueError:
                value = self._value.strip()
            out.append(self._name(key) + json.dumps(value, ensure_ascii=False))
        self._key = None
