"""Incremental detokenizers. Characters spread over several tokens are held back until complete."""

import codecs
from collections.abc import Callable
from typing import Protocol

# Most tokens that are held back: the four bytes of a character, and some without text. More never make a character, and
# decoding all of them with each token would take time that grows with the square of their number.
MAX_HELD = 8


class TextStream(Protocol):
    def add(self, token: int) -> str: ...


class ByteStream:
    """For byte-level vocabularies: exact, with constant work per token."""

    def __init__(self, token_bytes: Callable[[int], bytes], skipped: frozenset[int]):
        self._token_bytes = token_bytes
        self._skipped = skipped
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        return "" if token in self._skipped else self._decoder.decode(self._token_bytes(token))


class DecodingStream:
    """For other vocabularies: decodes each token together with the few tokens before it whose text it may change.
    ``skipped``: special tokens, which have no text."""

    def __init__(self, decode: Callable[[list[int]], str], skipped: frozenset[int]):
        self._decode, self._skipped = decode, skipped
        # The tokens whose text was emitted last, which stay as context so that spaces between words are kept; then
        # those that are held back.
        self._tokens: list[int] = []
        self._emitted, self._before = 0, ""

    def add(self, token: int) -> str:
        if token in self._skipped:
            return ""
        self._tokens.append(token)
        after = self._decode(self._tokens)
        is_open = after.endswith("\ufffd") or len(after) <= len(self._before)
        if is_open and len(self._tokens) - self._emitted <= MAX_HELD:
            return ""
        text = after[len(self._before) :]
        if text:
            self._tokens = self._tokens[self._emitted :]
            self._emitted, self._before = len(self._tokens), self._decode(self._tokens)
        else:
            del self._tokens[self._emitted :]
        return text
