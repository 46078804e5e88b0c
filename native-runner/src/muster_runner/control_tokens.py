"""Control tokens in what a client wrote are text: only the chat template writes tokens that are obeyed.

A tokenizer takes the text of a control token for the token, wherever it stands: a user who types ``<|im_end|>`` would
end his turn and could go on as the system. So before the template runs, a marker is put into each such text that the
request brings, in any string of any part of it. The marker is a token of its own that only this process knows, so what
stands around it is read as ordinary text; it is taken out of the tokens at the end.

Why a marker inside the texts, and not pieces of rendered text that are encoded apart: templates trim texts, split them,
look for strings in them and write them as JSON, all of which still works, and a conversation without such texts is
encoded exactly as it always was.
"""

import secrets
from collections.abc import Collection, Iterable
from typing import Any


def controls_of(special: Iterable[str], others: Iterable[str], template: str) -> list[str]:
    """What a client may not write as a token: the special tokens, and of the others those in brackets that the
    template writes, such as ``<tool_response>``. Vocabularies also have runs of spaces and pieces of HTML as such
    tokens, which stand for nothing but themselves."""
    written = (token for token in others if token[:1] + token[-1:] in ("<>", "[]") and token in template)
    return [*special, *written]


class ControlTokens:
    """``special``: tokens that nobody but the template writes; ``all_controls``: these and what an assistant may have
    written, such as ``<think>``, which is part of earlier answers."""

    def __init__(self, special: Iterable[str], all_controls: Iterable[str]):
        # Digits, so that neither JSON nor a change of case touches them.
        self.marker = "".join(secrets.choice("0123456789") for _ in range(24))
        self._special = _Texts(special)
        self._all = _Texts(all_controls)

    def inert_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Messages in which no string holds a control token."""
        return [
            self._inert(message, self._special if message.get("role") == "assistant" else self._all)
            for message in messages
        ]

    def inert_variables(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The same for what a template is given beside the messages: tools, and arguments that the client chose."""
        return self._inert(variables, self._all)

    def _inert(self, value: Any, texts: "_Texts") -> Any:
        match value:
            case str():
                return texts.broken(value, self.marker)
            case dict():
                return {self._inert(name, texts): self._inert(inner, texts) for name, inner in value.items()}
            case list():
                return [self._inert(inner, texts) for inner in value]
            case _:
                return value


class _Texts:
    def __init__(self, tokens: Iterable[str]):
        # What is a single character or white space cannot be broken, and controls nothing.
        self._tokens = sorted({token for token in tokens if len(token.strip()) > 1})
        self._beginnings = _beginnings(self._tokens)
        self._longest = max(map(len, self._beginnings), default=0)

    def broken(self, text: str, marker: str) -> str:
        for token in self._tokens:
            if token in text:
                text = text.replace(token, token[:1] + marker + token[1:])
        # Templates write texts one after the other: two must not make a token together.
        ends_in_beginning = any(text[-length:] in self._beginnings for length in range(1, self._longest + 1))
        return text + marker if text and ends_in_beginning else text


def _beginnings(tokens: Collection[str]) -> frozenset[str]:
    """What a token begins with, but for tokens that begin like a word, which many texts end in."""
    return frozenset(token[:length] for token in tokens if not token[0].isalnum() for length in range(1, len(token)))


# For a vocabulary that has none.
NO_CONTROLS = ControlTokens((), ())
