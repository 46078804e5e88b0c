"""An incremental JSON parser that repairs: at any time the emitted text can be completed to a valid value."""

import json
import re

# Maximum nesting of objects and lists, as in the API's request bodies (src-main/api/body.ts).
MAX_DEPTH = 200

_BLANKS = " \t\r\n"
# Between calls, and after the last one.
_BETWEEN = " \t\r\n,;]"
_CLOSING = {"{": "}", "[": "]"}
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_SIMPLE_ESCAPES = frozenset('"\\/bfnrt')
_HEX = frozenset("0123456789abcdefABCDEF")
_NUMBER_BEGUN = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE](?:[+-]?\d*))?)?|[eE](?:[+-]?\d*))?)?")
# Maximum length of a number, in characters: it is matched again with every digit.
_MAX_NUMBER = 400
_NO_CHARACTER = "\\ufffd"


class JsonText:
    """Parses one JSON value incrementally.

    ``add`` emits a prefix of a valid value, and ``completion`` returns what would complete it. Common errors of models
    are repaired: control characters in strings and invalid backslashes are escaped, lone surrogates become U+FFFD, and
    trailing commas are dropped. Any other invalid JSON, and too deep nesting, sets ``broken`` and ends the parsing.
    """

    def __init__(self, max_depth: int = MAX_DEPTH) -> None:
        self._max_depth = max_depth
        # The closing characters of the open objects and lists, the outermost first.
        self._closers: list[str] = []
        # The parser's state: value, first value, key, first key, colon, after, string, escape, number or literal.
        self._state = "value"
        self._is_key = False
        # White space and comma, emitted with the next key or value.
        self._separator = ""
        # The current escape sequence, number or literal.
        self._token = ""
        # An escaped high surrogate that waits for its low surrogate.
        self._high_surrogate = ""
        self.done = False
        self.broken = False

    @property
    def in_string(self) -> bool:
        return self._state in ("string", "escape")

    def add(self, text: str) -> tuple[str, str]:
        """Parses ``text``. Returns the emitted text, and the rest that does not belong to the value."""
        out: list[str] = []
        at = 0
        while at < len(text) and not (self.done or self.broken):
            at += self._take(text, at, out)
        return "".join(out), text[at:]

    def completion(self) -> str:
        """Returns the text that completes the emitted text to a valid value."""
        return "" if self.done else self._end_of_element() + "".join(reversed(self._closers))

    @staticmethod
    def others(rest: str) -> str:
        """Returns the part of the rest that may have further calls: after the object around these arguments, or after
        their own end mark."""
        after = rest if rest.lstrip().startswith("<") else rest.partition("}")[2]
        return after.strip(_BETWEEN) if "{" in after else ""

    def _end_of_element(self) -> str:
        match self._state:
            case "string" | "escape":
                return (_NO_CHARACTER if self._high_surrogate else "") + ('": null' if self._is_key else '"')
            case "colon":
                return ": null"
            case "number":
                return "" if _is_number(self._token) else "0"
            case "literal":
                return _LITERALS[self._token[0]][len(self._token) :]
            case "value" if "," not in self._separator:
                return "null"
            case _:
                return ""

    def _take(self, text: str, at: int, out: list[str]) -> int:
        """Consumes one character, or several within a string. Returns how many."""
        char = text[at]
        match self._state:
            case "string":
                return self._in_string(text, at, out)
            case "escape":
                return self._in_escape(char, out)
            case "number":
                return self._in_number(char, out)
            case "literal":
                return self._in_literal(char, out)
            case _ if char in _BLANKS:
                self._separator += char
            case "colon":
                self._colon(char, out)
            case "after":
                self._after_element(char, out)
            case _:
                self._element(char, out)
        return 0 if self.broken else 1

    def _element(self, char: str, out: list[str]) -> None:
        """Starts a key or a value, or ends the object or list."""
        wants_key = self._state in ("key", "first key")
        if self._closers and char == self._closers[-1] and (self._state != "value" or "," in self._separator):
            self._close(char, out)
        elif char == '"':
            self._begin("string", '"', out)
            self._is_key = wants_key
        elif wants_key:
            self.broken = True
        elif char in _CLOSING and len(self._closers) < self._max_depth:
            self._begin("first key" if char == "{" else "first value", char, out)
            self._closers.append(_CLOSING[char])
        elif char in "-0123456789":
            self._begin("number", char, out)
        elif char in _LITERALS:
            self._begin("literal", char, out)
        else:
            self.broken = True

    def _begin(self, state: str, char: str, out: list[str]) -> None:
        out.append(self._separator + char)
        self._state, self._separator, self._token = state, "", char

    def _close(self, char: str, out: list[str]) -> None:
        out.append(self._separator.replace(",", "") + char)
        self._separator = ""
        self._closers.pop()
        self._ended()

    def _ended(self) -> None:
        self._state = "after"
        self.done = not self._closers

    def _colon(self, char: str, out: list[str]) -> None:
        if char == ":":
            self._begin("value", char, out)
        else:
            self.broken = True

    def _after_element(self, char: str, out: list[str]) -> None:
        if char == self._closers[-1]:
            self._close(char, out)
        elif char == ",":
            self._separator += char
            self._state = "key" if self._closers[-1] == "}" else "value"
        else:
            self.broken = True

    def _in_string(self, text: str, at: int, out: list[str]) -> int:
        char = text[at]
        if char == "\\":
            self._state, self._token = "escape", char
            return 1
        self._flush_surrogate(out)
        if (run := _PLAIN.match(text, at)) is not None:
            out.append(run.group())
            return run.end() - at
        if char == '"':
            out.append(char)
            self._string_ended()
        else:
            out.append(json.dumps(char)[1:-1])
        return 1

    def _string_ended(self) -> None:
        if self._is_key:
            self._state, self._is_key = "colon", False
        else:
            self._ended()

    def _flush_surrogate(self, out: list[str]) -> None:
        if self._high_surrogate:
            out.append(_NO_CHARACTER)
            self._high_surrogate = ""

    def _in_escape(self, char: str, out: list[str]) -> int:
        begun = self._token + char
        if len(begun) == 2 and char in _SIMPLE_ESCAPES:
            self._flush_surrogate(out)
            out.append(begun)
        elif (len(begun) == 2 and char == "u") or (len(begun) > 2 and char in _HEX):
            self._token = begun
            if len(begun) < len("\\uXXXX"):
                return 1
            self._in_code_unit(begun, out)
        else:
            # An invalid escape: the backslash is escaped, and the characters after it are text.
            self._flush_surrogate(out)
            out.append("\\" + self._token)
            self._state = "string"
            return 0
        self._state = "string"
        return 1

    def _in_code_unit(self, escape: str, out: list[str]) -> None:
        unit = int(escape[2:], 16)
        if 0xDC00 <= unit <= 0xDFFF:
            out.append(self._high_surrogate + escape if self._high_surrogate else _NO_CHARACTER)
            self._high_surrogate = ""
            return
        self._flush_surrogate(out)
        if 0xD800 <= unit <= 0xDBFF:
            self._high_surrogate = escape
        else:
            out.append(escape)

    def _in_number(self, char: str, out: list[str]) -> int:
        if len(self._token) < _MAX_NUMBER and _NUMBER_BEGUN.fullmatch(self._token + char):
            self._token += char
            out.append(char)
            return 1
        if _is_number(self._token):
            self._ended()
        else:
            self.broken = True
        return 0

    def _in_literal(self, char: str, out: list[str]) -> int:
        whole = _LITERALS[self._token[0]]
        if whole.startswith(self._token + char):
            self._token += char
            out.append(char)
            if self._token == whole:
                self._ended()
            return 1
        self.broken = True
        return 0


def _is_number(text: str) -> bool:
    return text[-1].isdigit()
