"""Incremental detokenizers. Characters spread over several tokens are held back until complete."""

import codecs
from collections.abc import Callable
from typing import Any, Protocol


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


class FastStream:
    """For other vocabularies of the ``tokenizers`` library."""

    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer
        self._start()

    def _start(self) -> None:
        from tokenizers.decoders import DecodeStream

        self._stream = DecodeStream(skip_special_tokens=True)

    def add(self, token: int) -> str:
        try:
            return self._stream.step(self._tokenizer, token) or ""
        except Exception:
            # The library fails on some invalid byte sequences. Drop the pending bytes and continue with this token.
            self._start()
            return self._stream.step(self._tokenizer, token) or ""


class DecodingStream:
    """For any tokenizer: decodes each token together with the few tokens before it whose text it may change."""

    def __init__(self, decode: Callable[[list[int]], str]):
        self._decode = decode
        self._tokens: list[int] = []
        self._emitted = 0

    def add(self, token: int) -> str:
        self._tokens.append(token)
        before = self._decode(self._tokens[: self._emitted])
        after = self._decode(self._tokens)
        if after.endswith("\ufffd") or len(after) <= len(before):
            return ""
        # Emitted tokens stay as context for the next one, so that spaces between words are kept.
        self._tokens = self._tokens[self._emitted :]
        self._emitted = len(self._tokens)
        return after[len(before) :]
