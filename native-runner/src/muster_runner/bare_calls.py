"""Whether an answer without a family's marks may yet turn out to be a tool call, which small models write as bare JSON.

Such an answer is held back until it is whole. It is given up at the first character that no call of a declared tool
has in that place, so that an answer in JSON or in a fence is not held for long.
"""

from collections.abc import Generator, Sequence

from muster_runner.json_text import JsonText
from muster_runner.tool_calls import ARGUMENT_KEYS, NAME_KEYS

# Reads characters as they are sent, and returns the first that it does not take.
_Reading = Generator[None, str, str]

_BLANKS = " \t\r\n"
_FENCE = "```"
_FENCE_LANGUAGE = "json"
_TYPES = ("function", "tool_call", "tool_use")
_BETWEEN = " \t\r\n,;]`"


class _NoCall(Exception):
    """What was read is no call of a declared tool."""


class BareCalls:
    """Holds an answer back from its beginning on. ``names``: of the declared tools."""

    def __init__(self, names: Sequence[str]):
        self.text = ""
        self._reading = _answer(names)
        next(self._reading)

    def add(self, text: str) -> bool:
        """Whether all text so far may still be a call, or several."""
        self.text += text
        try:
            for char in text:
                self._reading.send(char)
        except _NoCall:
            return False
        return True


def _answer(names: Sequence[str]) -> _Reading:
    char = yield from _blanks((yield))
    char = yield from _fence(char)
    if char == "[":
        char = yield from _blanks((yield))
    while True:
        if char != "{":
            raise _NoCall
        char = yield from _call(names, nested=False)
        while char in _BETWEEN:
            char = yield


def _blanks(char: str) -> _Reading:
    while char in _BLANKS:
        char = yield
    return char


def _fence(char: str) -> _Reading:
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


def _call(names: Sequence[str], *, nested: bool) -> _Reading:
    """One call from after its brace on. ``nested``: it is the inner object of {"function": {…}}."""
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


def _word(char: str, words: Sequence[str]) -> _Reading:
    """A string that is one of the words, which it returns: no character follows that it does not take."""
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


def _value_before_name(key: str, char: str) -> _Reading:
    """The value of a type, an id or arguments."""
    if key == "type":
        yield from _word(char, _TYPES)
        return (yield)
    if char != '"' and (key == "id" or char != "{"):
        raise _NoCall
    value = JsonText()
    value.add(char)
    if char == '"' and key != "id":
        # Arguments as the text of an object.
        char = yield from _blanks((yield))
        if char != "{":
            raise _NoCall
        value.add(char)
    while not value.done:
        value.add((yield))
        if value.broken:
            raise _NoCall
    return (yield)


def _rest_of_object(char: str) -> _Reading:
    """Up to the brace that ends the object."""
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
