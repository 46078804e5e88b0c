"""Collects the end tokens of a model. Models state them in several files, which need not agree."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from muster_runner.model.model_files import read_json

# Of a token's number.
MAX_DIGITS = 10


def read_optional(directory: Path, name: str) -> dict[str, Any]:
    """Reads the object in a JSON file; empty if the file is missing or not an object. Raises ModelFileError if it is
    not JSON."""
    path = directory / name
    content = read_json(path) if path.exists() else {}
    return content if isinstance(content, dict) else {}


def token_text(token: Any) -> str | None:
    """Returns the text of a special token in tokenizer_config.json: a string, or an object with ``content``."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) else None


def _ids(value: Any) -> Iterator[int]:
    for token in value if isinstance(value, list) else [value]:
        if isinstance(token, str) and token.isdecimal() and len(token) <= MAX_DIGITS:
            yield int(token)
        elif isinstance(token, int) and not isinstance(token, bool) and token >= 0:
            yield token


def end_token_ids(
    directory: Path, model_config: dict[str, Any], token_id: Callable[[str], int | None]
) -> frozenset[int]:
    """Returns the union of the end tokens of config.json (and its ``text_config``), generation_config.json and
    tokenizer_config.json.

    Chat models often state end of turn in one file and end of text in another; either ends a generation. ``token_id``:
    the vocabulary's id of a token's text. Raises ModelFileError.
    """
    tokenizer_config = read_optional(directory, "tokenizer_config.json")
    configs = [
        model_config,
        model_config.get("text_config"),
        read_optional(directory, "generation_config.json"),
        tokenizer_config,
    ]
    ids = {token for config in configs if isinstance(config, dict) for token in _ids(config.get("eos_token_id"))}
    if (text := token_text(tokenizer_config.get("eos_token"))) is not None and (token := token_id(text)) is not None:
        ids.add(token)
    return frozenset(ids)
