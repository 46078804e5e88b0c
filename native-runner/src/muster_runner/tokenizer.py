"""Text to tokens and back, with the ``tokenizers`` library where the model has a tokenizer.json."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from muster_runner.chat_template import ChatTemplate, NoTemplate, TemplateError, find_chat_template
from muster_runner.conversation import GREETING, render_conversation
from muster_runner.end_tokens import end_token_ids, read_optional, token_text
from muster_runner.model_files import BYTE_ORDER_MARK, ModelFileError
from muster_runner.protocol import ChatPrompt
from muster_runner.text_stream import ByteStream, DecodingStream, FastStream, TextStream


class Tokenizer(Protocol):
    eos_token_ids: frozenset[int]

    def encode(self, text: str) -> list[int]: ...
    def encode_chat(self, prompt: ChatPrompt) -> list[int]: ...
    def decode(self, tokens: Sequence[int]) -> str: ...
    def stream(self) -> TextStream: ...
    def token_bytes(self, token: int) -> bytes: ...


def _byte_characters() -> dict[str, int]:
    """The printable character that byte-level vocabularies write for each byte.

    See ``bytes_to_unicode`` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


BYTE_CHARACTERS = _byte_characters()


def _decoder_kinds(tokenizer: Any) -> set[str]:
    """The names of the steps that make text of tokens."""
    if tokenizer.decoder is None:
        return set()
    state = json.loads(tokenizer.decoder.__getstate__())
    return {step["type"] for step in [state, *state.get("decoders", [])]}


class FastTokenizer:
    """A tokenizer.json, with the special tokens and the chat template of the files beside it."""

    def __init__(self, directory: Path, model_config: dict[str, Any]):
        import tokenizers

        try:
            content = (directory / "tokenizer.json").read_bytes().removeprefix(BYTE_ORDER_MARK)
            self._tokenizer = tokenizers.Tokenizer.from_buffer(content)
        except Exception as error:  # the library raises plain Exceptions
            raise ModelFileError(f"tokenizer.json is damaged: {error}") from error
        config = read_optional(directory, "tokenizer_config.json")
        named = {name: token_text(config.get(name)) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        known = {name: text for name, text in named.items() if text is not None}
        self.eos_token_ids = end_token_ids(directory, model_config, self._tokenizer.token_to_id)
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = {token: entry.content.encode() for token, entry in added.items()}
        self._special = frozenset(token for token, entry in added.items() if entry.special)
        self._decoders = _decoder_kinds(self._tokenizer)
        self.token_bytes = lru_cache(maxsize=1 << 16)(self._token_bytes)
        self._template = ChatTemplate(lambda: find_chat_template(directory, config), known)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=True).ids

    def encode_chat(self, prompt: ChatPrompt) -> list[int]:
        text = render_conversation(prompt, self._template.render)
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens), skip_special_tokens=False)

    def stream(self) -> TextStream:
        if "ByteLevel" in self._decoders:
            return ByteStream(self.token_bytes, self._special)
        return FastStream(self._tokenizer)

    def _token_bytes(self, token: int) -> bytes:
        if (content := self._added.get(token)) is not None:
            return content
        text = self._tokenizer.id_to_token(token)
        if text is None:
            # Vocabularies are padded: a model may draw an entry that stands for nothing.
            return b""
        if "ByteLevel" in self._decoders:
            return bytes(BYTE_CHARACTERS[character] for character in text if character in BYTE_CHARACTERS)
        if "ByteFallback" in self._decoders:
            if len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
                return bytes([int(text[3:5], 16)])
            return text.replace("\u2581", " ").encode()
        return self.decode([token]).encode()


class TransformersTokenizer:
    """For models whose tokenizer only the transformers library can read."""

    def __init__(self, directory: Path, model_config: dict[str, Any]):
        from transformers import AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
        except Exception as error:  # so many tokenizers, so many ways to fail
            raise ModelFileError(f"the tokenizer in {directory} cannot be read: {error}") from error
        ids = end_token_ids(directory, model_config, self._tokenizer.convert_tokens_to_ids)
        own = self._tokenizer.eos_token_id
        self.eos_token_ids = ids if own is None else ids | {own}

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text)

    def encode_chat(self, prompt: ChatPrompt) -> list[int]:
        text = render_conversation(prompt, self._render)
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _render(self, messages: list[dict[str, Any]], variables: dict[str, Any]) -> str:
        try:
            return self._tokenizer.apply_chat_template(messages, tokenize=False, **variables)
        except Exception as error:  # templates raise what they like
            raise TemplateError(f"the model's chat template fails: {error}") from error

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens))

    def stream(self) -> TextStream:
        return DecodingStream(lambda tokens: self._tokenizer.decode(tokens, skip_special_tokens=True))

    def token_bytes(self, token: int) -> bytes:
        return self.decode([token]).encode()


def load_tokenizer(directory: Path, model_config: dict[str, Any]) -> Tokenizer:
    """The model's tokenizer. Raises ModelFileError."""
    if (directory / "tokenizer.json").exists():
        return FastTokenizer(directory, model_config)
    return TransformersTokenizer(directory, model_config)


def check_conversations(directory: Path, model_config: dict[str, Any]) -> None:
    """Tries the tokenizer and the chat template, where there is one, on a plain conversation. Raises ModelFileError.

    The template is a program that came with the model: run this where nothing waits for it without a time limit.
    """
    tokenizer = load_tokenizer(directory, model_config)
    try:
        tokens = tokenizer.encode_chat(GREETING)
    except NoTemplate:
        return
    except TemplateError as error:
        raise ModelFileError(str(error)) from error
    if not tokens:
        raise ModelFileError("the model's chat template makes nothing of a conversation")
