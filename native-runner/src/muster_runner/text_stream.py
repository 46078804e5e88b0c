"""The text of one token after the other. Characters that are spread over several tokens are held back until whole."""

import codecs
from collections.abc import Callable
from typing import Any, Protocol


class TextStream(Protocol):
    def add(self, token: int) -> str: ...


class ByteStream:
    """For vocabularies whose tokens are bytes: exact, and the same work for every token."""

    def __init__(self, token_bytes: Callable[[int], bytes], skipped: frozenset[int]):
        self._token_bytes = token_bytes
        self._skipped = skipped
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        return "" if token in self._skipped else self._decoder.decode(self._token_bytes(token))


class FastStream:
    """For the other vocabularies that the ``tokenizers`` library reads."""

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
            # The library gives up on some sequences of broken bytes. What was pending is no text; the rest may be.
            self._start()
            return self._stream.step(self._tokenizer, token) or ""


class DecodingStream:
    """For any tokenizer that decodes: each token is decoded together with the few before it that it may change."""

    def __init__(self, decode: Callable[[list[int]], str]):
        self._decode = decode
        self._tokens: list[int] = []
        self._given = 0

    def add(self, token: int) -> str:
        self._tokens.append(token)
        before = self._decode(self._tokens[: self._given])
        after = self._decode(self._tokens)
        if after.endswith("\ufffd") or len(after) <= len(before):
            return ""
        # What has been given stays as context for one more token, so that spaces between words come out right.
        self._tokens = self._tokens[self._given :]
        self._given = len(self._tokens)
        return after[len(before) :]
