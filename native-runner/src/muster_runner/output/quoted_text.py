"""Reads a string between delimiters while it is written, and finds the end of any other value."""

import ast
import re

# Complete escape sequences of Python's strings, and what may become one.
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[^xuU0-7])", re.DOTALL)
_ESCAPE_BEGUN = re.compile(r"\\(?:x[0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-7]{1,2})?")
_KNOWN = frozenset("\n\\'\"abfnrtvxuU01234567")
_OPENING, _CLOSING = "([{", ")]}"


class QuotedText:
    """The text of one string after its opening ``delimiter``. ``escapes``: as in Python's strings."""

    def __init__(self, delimiter: str, *, escapes: bool):
        self._delimiter, self._escapes = delimiter, escapes
        # An escaped high surrogate that waits for its low surrogate.
        self._high = ""
        special = re.escape(delimiter[0]) + (r"\\" if escapes else "")
        self._plain = re.compile(f"[^{special}]+")

    def take(self, text: str) -> tuple[str, str, bool]:
        """Returns the string's next characters, the text that is left, and whether the string has ended."""
        out, at, ended = [self._high], 0, False
        while at < len(text) and not ended:
            if text.startswith(self._delimiter, at):
                at, ended = at + len(self._delimiter), True
                continue
            if (length := self._next(text, at, out)) == 0:
                break
            at += length
        said = "".join(out)
        self._high = said[-1:] if not ended and "\ud800" <= said[-1:] <= "\udbff" else ""
        return without_surrogates(said.removesuffix(self._high) if self._high else said), text[at:], ended

    def _next(self, text: str, at: int, out: list[str]) -> int:
        """Reads plain text or one escape. Returns its length; 0 if it may continue."""
        if (plain := self._plain.match(text, at)) is not None:
            out.append(plain.group())
            return len(plain.group())
        if self._escapes and text[at] == "\\":
            if _ESCAPE_BEGUN.fullmatch(text, at) is not None:
                return 0
            escape = _ESCAPE.match(text, at)
            out.append("\\" if escape is None else _unescaped(escape.group()))
            return 1 if escape is None else len(escape.group())
        if self._delimiter.startswith(text[at:]):
            return 0
        out.append(text[at])
        return 1


class ValueEnd:
    """Finds where a value that is not a string ends: at a comma or closing bracket outside of its own brackets."""

    def __init__(self, delimiters: tuple[str, ...], *, escapes: bool):
        self._delimiters, self._escapes = delimiters, escapes
        self._depth = 0
        # The delimiter of the string that the text is in, and the latest characters, which may be part of one.
        self._quote = ""
        self._latest = ""
        self._escaped = False

    def find(self, text: str) -> int | None:
        """Returns the position in ``text``, which continues the text of earlier calls."""
        for at, char in enumerate(text):
            if self._escaped:
                self._escaped = False
            elif self._quote and self._escapes and char == "\\":
                self._escaped = True
            elif self._quote or not self._ends(char):
                self._follow(char)
            else:
                return at
        return None

    def _ends(self, char: str) -> bool:
        return self._depth == 0 and (char == "," or char in _CLOSING)

    def _follow(self, char: str) -> None:
        self._latest = (self._latest + char)[-10:]
        found = next((mark for mark in (self._quote and (self._quote,)) or self._delimiters if self._at(mark)), None)
        if found is not None:
            self._quote, self._latest = "" if self._quote else found, ""
        elif not self._quote:
            self._depth += (char in _OPENING) - (char in _CLOSING)

    def _at(self, mark: str) -> bool:
        return self._latest.endswith(mark)


def without_surrogates(text: str) -> str:
    """Joins pairs of surrogates, and replaces lone ones, which UTF-8 cannot encode."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescaped(escape: str) -> str:
    if escape[1] not in _KNOWN:
        return escape
    if escape[1] == "U" and int(escape[2:], 16) > 0x10FFFF:
        return "\ufffd"
    value = ast.literal_eval(f'"{escape}"')
    return value if isinstance(value, str) else escape
