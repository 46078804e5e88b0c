"""Detects whether an answer without marks may become a tool call: small models write calls as bare JSON.

Such an answer is held back until the arguments of a call begin. A call in another form or in a code fence (which may be
an example) is held back until it is complete. The text is released at the first character that cannot be part of a call
of a declared tool, so that other answers in JSON or in a code fence are not held for long.
"""

from collections.abc import Generator, Sequence

from muster_runner.output.call_stream import parse_start
from muster_runner.output.json_text import JsonText
from muster_runner.output.tool_calls import ARGUMENT_KEYS, NAME_KEYS

# A coroutine parser: receives characters, and returns the first that it does not consume.
_Parser = Generator[None, str, str]

_BLANKS = " \t\r\n"
_FENCE = "```"
_FENCE_LANGUAGE = "json"
_TYPES = ("function", "tool_call", "tool_use")
_BETWEEN = " \t\r\n,;]`"
# Characters that may precede a call that is streamed; a code fence may not.
_BEFORE = " \t\r\n,;[]"
# Maximum text up to the arguments of a call.
_MAX_START = 1000


class _NoCall(Exception):
    """The text cannot be a call of a declared tool."""


class BareCalls:
    """Checks an answer from its start, or from the end of a call on. ``names``: of the declared tools."""

    def __init__(self, names: Sequence[str], *, after_call: bool = False):
        self.text = ""
        self._parser = _next_call(names) if after_call else _answer(names)
        next(self._parser)

    def add(self, text: str) -> bool:
        """Returns whether the text so far may still become one or several calls."""
        self.text += text
        try:
            for char in text:
                self._parser.send(char)
        except _NoCall:
            return False
        return True

    @property
    def is_empty(self) -> bool:
        """Whether the text consists only of separators between and after calls."""
        return not self.text.strip(_BETWEEN)

    def begun(self) -> tuple[str, str] | None:
        """Returns the name of a call whose arguments have begun, and the text from there on."""
        if len(self.text) > _MAX_START:
            return None
        text = self.text.lstrip(_BEFORE)
        start = parse_start(text)
        return None if start is None else (start[0], text[start[1] :])


def _answer(names: Sequence[str]) -> _Parser:
    char = yield from _blanks((yield))
    char = yield from _fence(char)
    if char == "[":
        char = yield from _blanks((yield))
    yield from _calls(char, names)


def _next_call(names: Sequence[str]) -> _Parser:
    char = yield
    while char in _BETWEEN:
        char = yield
    yield from _calls(char, names)


def _calls(char: str, names: Sequence[str]) -> _Parser:
    while True:
        if char != "{":
            raise _NoCall
        char = yield from _call(names, nested=False)
        while char in _BETWEEN:
            char = yield


def _blanks(char: str) -> _Parser:
    while char in _BLANKS:
        char = yield
    return char


def _fence(char: str) -> _Parser:
    if char != "`":
        return char
    for expected in _FENCE[1:]:
        if (yield) != expected:
            raise _NoCall
    char = yield
    if char == _FENCE_LANGUAGE[0]:
        for expected in _FENCE_LANGUAGE[1:]:
            if (yield) != expected:
                raise _NoCall
        char = yield
    return (yield from _blanks(char))


def _call(names: Sequence[str], *, nested: bool) -> _Parser:
    """Parses a call after its opening brace. ``nested``: it is the inner object of {"function": {…}}."""
    char = yield from _blanks((yield))
    while True:
        key = yield from _word(char, (*NAME_KEYS, *ARGUMENT_KEYS, "type", "id"))
        if (yield from _blanks((yield))) != ":":
            raise _NoCall
        char = yield from _blanks((yield))
        if key == "function" and char == "{" and not nested:
            char = yield from _call(names, nested=True)
            return (yield from _rest_of_object(char))
        if key in NAME_KEYS:
            yield from _word(char, names)
            return (yield from _rest_of_object((yield)))
        char = yield from _value_before_name(key, char)
        if (yield from _blanks(char)) != ",":
            raise _NoCall
        char = yield from _blanks((yield))


def _word(char: str, words: Sequence[str]) -> _Parser:
    """Parses a string that must be one of ``words``. Returns it; consumes exactly the string."""
    if char != '"':
        raise _NoCall
    word = ""
    while (char := (yield)) != '"':
        word += char
        if not any(known.startswith(word) for known in words):
            raise _NoCall
    if word not in words:
        raise _NoCall
    return word


def _value_before_name(key: str, char: str) -> _Parser:
    """Parses the value of a type, an id or arguments."""
    if key == "type":
        yield from _word(char, _TYPES)
        return (yield)
    if char != '"' and (key == "id" or char != "{"):
        raise _NoCall
    value = JsonText()
    value.add(char)
    if char == '"' and key != "id":
        # Arguments encoded as a string.
        char = yield from _blanks((yield))
        if char != "{":
            raise _NoCall
        value.add(char)
    while not value.done:
        value.add((yield))
        if value.broken:
            raise _NoCall
    return (yield)


def _rest_of_object(char: str) -> _Parser:
    """Skips to the end of the object."""
    depth, in_string = 1, False
    while True:
        match char:
            case '"':
                in_string = not in_string
            case "\\" if in_string:
                yield
            case "{" if not in_string:
                depth += 1
            case "}" if not in_string:
                depth -= 1
        char = yield
        if depth == 0:
            return char
