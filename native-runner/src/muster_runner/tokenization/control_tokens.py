"""Escapes control tokens in a client's text: only the chat template can write control tokens.

A tokenizer turns the text of a control token into the token wherever it occurs: a user who types ``<|im_end|>`` would
end the turn and could continue as the system. So before the template runs, a marker is inserted into each such text in
any string of the request. The marker is a random special token of this process, so the text around it is tokenized as
ordinary text; afterwards the marker is removed from the tokens.

Why not tokenize the client's texts separately: templates trim, split and search texts and write them as JSON. With
markers all of that works, and a conversation without control tokens is tokenized unchanged.
"""

import secrets
from collections.abc import Collection, Iterable
from typing import Any


def controls_of(special: Iterable[str], others: Iterable[str], template: str) -> list[str]:
    """Returns the control tokens: all special tokens, and those of the other added tokens that are in brackets and
    occur in the template, such as ``<tool_response>``. Other added tokens, such as runs of spaces or HTML tags, have no
    control meaning."""
    written = (token for token in others if token[:1] + token[-1:] in ("<>", "[]") and token in template)
    return [*special, *written]


class ControlTokens:
    """``special``: escaped in every message. ``all_controls``: escaped in messages of all roles but the assistant's,
    whose earlier answers may contain tokens such as ``<think>``."""

    def __init__(self, special: Iterable[str], all_controls: Iterable[str]):
        # Digits survive JSON encoding and changes of case.
        self.marker = "".join(secrets.choice("0123456789") for _ in range(24))
        self._special = _Escaper(special)
        self._all = _Escaper(all_controls)

    def escaped_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Escapes every string of the messages."""
        return [
            self._escaped(message, self._special if message.get("role") == "assistant" else self._all)
            for message in messages
        ]

    def escaped_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """Escapes the other inputs of the template: tools, and the client's template arguments."""
        return self._escaped(variables, self._all)

    def _escaped(self, value: Any, escaper: "_Escaper") -> Any:
        match value:
            case str():
                return escaper.escaped(value, self.marker)
            case dict():
                return {self._escaped(name, escaper): self._escaped(inner, escaper) for name, inner in value.items()}
            case list():
                return [self._escaped(inner, escaper) for inner in value]
            case _:
                return value


class _Escaper:
    def __init__(self, tokens: Iterable[str]):
        # A single character cannot be split by a marker, and controls nothing.
        self._tokens = sorted({token for token in tokens if len(token.strip()) > 1})
        self._prefixes = _prefixes(self._tokens)
        self._longest = max(map(len, self._prefixes), default=0)

    def escaped(self, text: str, marker: str) -> str:
        for token in self._tokens:
            if token in text:
                text = text.replace(token, token[:1] + marker + token[1:])
        # Templates concatenate texts: two of them must not form a token together.
        ends_in_prefix = any(text[-length:] in self._prefixes for length in range(1, self._longest + 1))
        return text + marker if text and ends_in_prefix else text


def _prefixes(tokens: Collection[str]) -> frozenset[str]:
    """Returns all proper prefixes of the tokens, except of tokens that start like a word: many texts end in those."""
    return frozenset(token[:length] for token in tokens if not token[0].isalnum() for length in range(1, len(token)))


# For vocabularies without control tokens.
NO_CONTROLS = ControlTokens((), ())
