"""Text to tokens and back, with the ``tokenizers`` library where the model has a tokenizer.json."""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from muster_runner.model_files import ModelFileError, read_json


class TemplateError(Exception):
    """The conversation does not fit the model's chat template; the message says why."""


class TextStream(Protocol):
    """Gives the text of one token after the other, holding back unfinished characters."""

    def add(self, token: int) -> str: ...


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


def chat_template(directory: Path, config: dict[str, Any]) -> str | None:
    """The model's chat template, from wherever models keep it."""
    file = directory / "chat_template.jinja"
    if file.exists():
        return file.read_text(encoding="utf-8")
    template = config.get("chat_template")
    if template is None and (directory / "chat_template.json").exists():
        template = read_json(directory / "chat_template.json").get("chat_template")
    if isinstance(template, list):
        named = {entry.get("name"): entry.get("template") for entry in template if isinstance(entry, dict)}
        template = named.get("default")
    return template if isinstance(template, str) else None


class ChatTemplate:
    """A chat template in a sandbox: it comes with the model and is not to be trusted."""

    def __init__(self, source: str, variables: dict[str, str]):
        from jinja2 import TemplateSyntaxError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        def raise_exception(message: str) -> None:
            raise TemplateError(message)

        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
        environment.globals["raise_exception"] = raise_exception
        environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
        self._variables = variables
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise ModelFileError(f"the chat template is damaged: {error}") from error

    def render(self, messages: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError as JinjaError

        try:
            return self._template.render(messages=messages, add_generation_prompt=True, tools=None, **self._variables)
        except JinjaError as error:
            raise TemplateError(f"the model's chat template fails: {error}") from error


class _FastStream:
    def __init__(self, tokenizer: Any):
        from tokenizers.decoders import DecodeStream

        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def add(self, token: int) -> str:
        return self._stream.step(self._tokenizer, token) or ""


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
        specials = {name: self._text(config.get(name)) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        known = {name: text for name, text in specials.items() if text is not None}
        self.eos_token_ids = _eos_token_ids(directory, model_config)
        if (eos := known.get("eos_token")) is not None and (token := self._tokenizer.token_to_id(eos)) is not None:
            self.eos_token_ids.add(token)
        source = chat_template(directory, config)
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
        return _FastStream(self._tokenizer)

    def token_bytes(self, token: int) -> bytes:
        text = self._tokenizer.id_to_token(token) or ""
        if text and all(character in BYTE_CHARACTERS for character in text):
            return bytes(BYTE_CHARACTERS[character] for character in text)
        return self.decode([token]).encode()


class _DecodingStream:
    """Decodes what is pending again with each token; slow, and right for any tokenizer."""

    def __init__(self, tokenizer: "TransformersTokenizer"):
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._given = 0

    def add(self, token: int) -> str:
        self._tokens.append(token)
        text = self._tokenizer.decode(self._tokens)
        if text.endswith("\ufffd"):
            return ""
        new, self._given = text[self._given :], len(text)
        return new


class TransformersTokenizer:
    """For models whose tokenizer only the transformers library can read."""

    def __init__(self, directory: Path, model_config: dict[str, Any]):
        from transformers import AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(str(directory), local_files_only=True)
        self.eos_token_ids = _eos_token_ids(directory, model_config)
        if self._tokenizer.eos_token_id is not None:
            self.eos_token_ids.add(self._tokenizer.eos_token_id)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text)

    def encode_chat(self, messages: list[dict[str, str]]) -> list[int]:
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # templates raise what they like
            raise TemplateError(str(error)) from error
        return self._tokenizer.encode(text, add_special_tokens=False)

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens))

    def stream(self) -> TextStream:
        return _DecodingStream(self)

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
