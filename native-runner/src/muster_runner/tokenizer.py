"""Text to tokens and back, with the ``tokenizers`` library where the model has a tokenizer.json."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from muster_runner.chat_template import ChatTemplate, TemplateError, find_chat_template
from muster_runner.model_files import ModelFileError, read_json
from muster_runner.text_stream import ByteStream, DecodingStream, FastStream, TextStream


class Tokenizer(Protocol):
    eos_token_ids: set[int]

    def encode(self, text: str) -> list[int]: ...
    def encode_chat(self, messages: list[dict[str, str]]) -> list[int]: ...
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
            self._tokenizer = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # the library raises plain Exceptions
            raise ModelFileError(f"tokenizer.json is damaged: {error}") from error
        path = directory / "tokenizer_config.json"
        config = read_json(path) if path.exists() else {}
        named = {name: self._text(config.get(name)) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        known = {name: text for name, text in named.items() if text is not None}
        self.eos_token_ids = _eos_token_ids(directory, model_config)
        if (eos := known.get("eos_token")) is not None and (token := self._tokenizer.token_to_id(eos)) is not None:
            self.eos_token_ids.add(token)
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = {token: entry.content.encode() for token, entry in added.items()}
        self._special = frozenset(token for token, entry in added.items() if entry.special)
        self._decoders = _decoder_kinds(self._tokenizer)
        self.token_bytes = lru_cache(maxsize=1 << 16)(self._token_bytes)
        source = find_chat_template(directory, config)
        self._template = ChatTemplate(source, known) if source is not None else None

    @staticmethod
    def _text(token: Any) -> str | None:
        return token.get("content") if isinstance(token, dict) else token

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=True).ids

    def encode_chat(self, messages: list[dict[str, str]]) -> list[int]:
        if self._template is None:
            raise TemplateError("this model has no chat template; use a text completion instead")
        return self._tokenizer.encode(self._template.render(messages), add_special_tokens=False).ids

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
        self.eos_token_ids = _eos_token_ids(directory, model_config)
        if self._tokenizer.eos_token_id is not None:
            self.eos_token_ids.add(self._tokenizer.eos_token_id)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text)

    def encode_chat(self, messages: list[dict[str, str]]) -> list[int]:
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # templates raise what they like
            raise TemplateError(f"the model's chat template fails: {error}") from error
        return self._tokenizer.encode(text, add_special_tokens=False)

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens))

    def stream(self) -> TextStream:
        return DecodingStream(lambda tokens: self._tokenizer.decode(tokens, skip_special_tokens=True))

    def token_bytes(self, token: int) -> bytes:
        return self.decode([token]).encode()


def _eos_token_ids(directory: Path, model_config: dict[str, Any]) -> set[int]:
    """The tokens that end a text, from generation_config.json and config.json."""
    path = directory / "generation_config.json"
    configs = [read_json(path) if path.exists() else {}, model_config]
    for config in configs:
        ids = config.get("eos_token_id")
        if ids is not None:
            return {int(token) for token in (ids if isinstance(ids, list) else [ids])}
    return set()


def load_tokenizer(directory: Path, model_config: dict[str, Any]) -> Tokenizer:
    """The model's tokenizer. Raises ModelFileError."""
    if (directory / "tokenizer.json").exists():
        return FastTokenizer(directory, model_config)
    return TransformersTokenizer(directory, model_config)
