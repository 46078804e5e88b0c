"""Tokenizers: the ``tokenizers`` library if the model has a tokenizer.json, else transformers."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from muster_runner.model.end_tokens import end_token_ids, read_optional, token_text
from muster_runner.model.model_files import BYTE_ORDER_MARK, ModelFileError, check_tokenizer
from muster_runner.tokenization.chat_template import ChatTemplate, failing_template, find_chat_template
from muster_runner.tokenization.text_stream import ByteStream, DecodingStream, TextStream


class Tokenizer(Protocol):
    eos_token_ids: frozenset[int]

    def encode(self, text: str, templated: bool) -> list[int]:
        """Tokenizes text. ``templated``: it is rendered by a chat template, which wrote the BOS and EOS tokens."""
        ...

    def encode_within(self, text: str, limit: int | None) -> list[int]:
        """Tokenizes with BOS and EOS tokens, truncated to ``limit`` tokens including these."""
        ...

    def render(self, messages: list[dict[str, Any]], variables: dict[str, Any]) -> str:
        """Renders messages in transformers' format by the chat template. Raises TemplateError."""
        ...

    def template_source(self) -> str:
        """Returns the chat template; empty if there is none."""
        ...

    def added_tokens(self) -> tuple[list[str], list[str]]:
        """Returns the texts of the special and of the other added tokens, which match before the text is split."""
        ...

    def add_token(self, text: str) -> int:
        """Adds a special token. Returns its id."""
        ...

    def token_number(self, text: str) -> int | None:
        """Returns the id of the token with exactly this text."""
        ...

    def vocabulary_size(self) -> int:
        """Returns the highest token id of the files plus one."""
        ...

    def vocabulary(self) -> dict[str, int]:
        """Returns the id of every token, special ones included."""
        ...

    def decode(self, tokens: Sequence[int]) -> str: ...
    def stream(self) -> TextStream: ...
    def token_bytes(self, token: int) -> bytes: ...


def _byte_characters() -> dict[str, int]:
    """Returns the byte of each printable character that byte-level vocabularies use for it.

    See ``bytes_to_unicode`` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(others)}


BYTE_CHARACTERS = _byte_characters()
# More than any vocabulary has. Lists with an entry for every number up to the highest are made of it.
MOST_TOKENS = 1 << 22


def _size_of(vocabulary: dict[str, int]) -> int:
    """Returns the highest token id plus one. Raises ModelFileError if it is not plausible."""
    if not vocabulary:
        raise ModelFileError("the tokenizer is damaged: it has no tokens")
    if (highest := max(vocabulary.values())) >= MOST_TOKENS:
        raise ModelFileError(f"the tokenizer is damaged: its tokens have numbers up to {highest}")
    return highest + 1


def _decoder_kinds(tokenizer: Any) -> set[str]:
    """Returns the types of the decoder's steps."""
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
        # Some files keep the truncation and padding of training.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        config = read_optional(directory, "tokenizer_config.json")
        named = {name: token_text(config.get(name)) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        known = {name: text for name, text in named.items() if text is not None}
        self.eos_token_ids = end_token_ids(directory, model_config, self._tokenizer.token_to_id)
        added = self._tokenizer.get_added_tokens_decoder()
        self._added = {token: entry.content.encode() for token, entry in added.items()}
        self._special = frozenset(token for token, entry in added.items() if entry.special)
        self._decoders = _decoder_kinds(self._tokenizer)
        self._size = _size_of(self.vocabulary())
        self.token_bytes = lru_cache(maxsize=1 << 16)(self._token_bytes)
        self._template = ChatTemplate(lambda: find_chat_template(directory, config), known)

    def encode(self, text: str, templated: bool) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=not templated).ids

    def encode_within(self, text: str, limit: int | None) -> list[int]:
        if limit is None:
            return self.encode(text, templated=False)
        self._tokenizer.enable_truncation(limit)
        try:
            return self.encode(text, templated=False)
        finally:
            self._tokenizer.no_truncation()

    def render(self, messages: list[dict[str, Any]], variables: dict[str, Any]) -> str:
        return self._template.render(messages, variables)

    def template_source(self) -> str:
        return self._template.source()

    def added_tokens(self) -> tuple[list[str], list[str]]:
        added = self._tokenizer.get_added_tokens_decoder().values()
        return (
            [entry.content for entry in added if entry.special],
            [entry.content for entry in added if not entry.special],
        )

    def token_number(self, text: str) -> int | None:
        return self._tokenizer.token_to_id(text)

    def vocabulary(self) -> dict[str, int]:
        return self._tokenizer.get_vocab(with_added_tokens=True)

    def vocabulary_size(self) -> int:
        return self._size

    def add_token(self, text: str) -> int:
        import tokenizers

        self._tokenizer.add_special_tokens([tokenizers.AddedToken(text, normalized=False, special=True)])
        return self._tokenizer.token_to_id(text)

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens), skip_special_tokens=False)

    def stream(self) -> TextStream:
        if "ByteLevel" in self._decoders:
            return ByteStream(self.token_bytes, self._special)
        return DecodingStream(lambda tokens: self._tokenizer.decode(tokens, skip_special_tokens=True), self._special)

    def _token_bytes(self, token: int) -> bytes:
        if (content := self._added.get(token)) is not None:
            return content
        text = self._tokenizer.id_to_token(token)
        if text is None:
            # Vocabularies are padded: the model can sample an entry without a token.
            return b""
        if "ByteLevel" in self._decoders:
            return bytes(BYTE_CHARACTERS[character] for character in text if character in BYTE_CHARACTERS)
        if "ByteFallback" in self._decoders:
            if len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
                return bytes([int(text[3:5], 16)])
            return text.replace("\u2581", " ").encode()
        return self.decode([token]).encode()


class TransformersTokenizer:
    """A tokenizer that only the transformers library can read."""

    def __init__(self, directory: Path, model_config: dict[str, Any]):
        from transformers import AutoTokenizer

        try:
            # Code that comes with a model is never run. Without False the library would ask at the terminal.
            self._tokenizer = AutoTokenizer.from_pretrained(
                str(directory), local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # tokenizer classes raise arbitrary exceptions
            raise ModelFileError(f"the tokenizer in {directory} cannot be read: {error}") from error
        ids = end_token_ids(directory, model_config, self._tokenizer.convert_tokens_to_ids)
        own = self._tokenizer.eos_token_id
        self.eos_token_ids = ids if own is None else ids | {own}
        self._size = _size_of(self.vocabulary())

    def encode(self, text: str, templated: bool) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=not templated)

    def encode_within(self, text: str, limit: int | None) -> list[int]:
        return self._tokenizer.encode(text, truncation=limit is not None, max_length=limit)

    def template_source(self) -> str:
        source = self._tokenizer.chat_template
        return source if isinstance(source, str) else ""

    def added_tokens(self) -> tuple[list[str], list[str]]:
        added = self._tokenizer.added_tokens_decoder.values()
        special = {*self._tokenizer.all_special_tokens, *(entry.content for entry in added if entry.special)}
        return sorted(special), [entry.content for entry in added if entry.content not in special]

    def token_number(self, text: str) -> int | None:
        return self._tokenizer.convert_tokens_to_ids(text)

    def vocabulary(self) -> dict[str, int]:
        return self._tokenizer.get_vocab()

    def vocabulary_size(self) -> int:
        return self._size

    def add_token(self, text: str) -> int:
        from transformers import AddedToken

        self._tokenizer.add_tokens([AddedToken(text, normalized=False, special=True)], special_tokens=True)
        return self._tokenizer.convert_tokens_to_ids(text)

    def render(self, messages: list[dict[str, Any]], variables: dict[str, Any]) -> str:
        try:
            return self._tokenizer.apply_chat_template(messages, tokenize=False, **variables)
        except Exception as error:  # templates raise arbitrary exceptions
            raise failing_template(error) from error

    def decode(self, tokens: Sequence[int]) -> str:
        return self._tokenizer.decode(list(tokens))

    def stream(self) -> TextStream:
        skipped = frozenset(self._tokenizer.all_special_ids)
        return DecodingStream(lambda tokens: self._tokenizer.decode(tokens, skip_special_tokens=True), skipped)

    def token_bytes(self, token: int) -> bytes:
        return self.decode([token]).encode()


def load_tokenizer(directory: Path, model_config: dict[str, Any]) -> Tokenizer:
    """Loads the model's tokenizer. Raises ModelFileError."""
    if (directory / "tokenizer.json").exists():
        return FastTokenizer(directory, model_config)
    check_tokenizer(directory)
    return TransformersTokenizer(directory, model_config)
