"""Checks a model's files before loading, so that an error can name the file."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

# Some editors write it at the start of a file; it is not part of the content.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The largest integer that the node takes: its numbers are doubles.
LARGEST_INTEGER = 2**53 - 1

Needed = Callable[[set[str]], set[str]]


class ModelFileError(Exception):
    """A file of the model cannot be used; the message starts with its name.

    ``code``: ``damaged`` if it is missing, truncated or invalid; ``unsupported`` if this runner cannot run it.
    """

    def __init__(self, message: str, code: Literal["damaged", "unsupported"] = "damaged") -> None:
        super().__init__(message)
        self.code = code


def read_text(path: Path) -> str:
    """Reads a text file of the model, without a byte order mark. Raises ModelFileError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ModelFileError(f"{path.name} is missing from {path.parent}") from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path.name} is damaged: {error}") from error


def read_json(path: Path) -> Any:
    """Reads a JSON file of the model. Raises ModelFileError."""
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise ModelFileError(f"{path.name} is damaged: {error}") from error
    except RecursionError as error:
        raise ModelFileError(f"{path.name} is damaged: its values are nested too deep") from error


def read_config(directory: Path) -> dict[str, Any]:
    """Reads config.json. Raises ModelFileError."""
    config = read_json(directory / "config.json")
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise ModelFileError("config.json is damaged: it names no model_type")
    return config


def weight_files(directory: Path, needed: Needed) -> list[Path]:
    """Lists the needed weight files, by the index if there is one, else by name. Raises ModelFileError."""
    index = directory / "model.safetensors.index.json"
    if index.exists():
        weight_map = read_json(index).get("weight_map")
        if not isinstance(weight_map, dict):
            raise ModelFileError(f"{index.name} is damaged: it has no weight_map")
        names = needed(set(weight_map))
        return [directory / Path(str(name)).name for name in sorted({weight_map[name] for name in names})]
    files = sorted(directory.glob("model*.safetensors"))
    if not files:
        raise ModelFileError(f"model.safetensors is missing from {directory}")
    return files


def check_safetensors(path: Path) -> None:
    """Compares the offsets in a safetensors file's header with the file's size. Raises ModelFileError.

    The format: https://huggingface.co/docs/safetensors/index
    """
    try:
        size = os.stat(path).st_size
        with path.open("rb") as file:
            head = file.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else size
            if length > size - 8:
                raise ModelFileError(f"{path.name} is damaged: its header does not fit into its {size} bytes")
            header = json.loads(file.read(length))
    except FileNotFoundError as error:
        raise ModelFileError(f"{path.name} is missing from {path.parent}") from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path.name} is damaged: {error}") from error
    except RecursionError as error:
        raise ModelFileError(f"{path.name} is damaged: the values of its header are nested too deep") from error
    if isinstance(header, dict) and not _are_texts(header.get("__metadata__", {})):
        raise ModelFileError(f"{path.name} is damaged: the __metadata__ of its header are no texts by name")
    try:
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        expected = 8 + length + max(ends, default=0)
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise ModelFileError(f"{path.name} is damaged: its header has no offsets") from error
    if size < expected:
        raise ModelFileError(f"{path.name} is damaged: it ends after {size} of {expected} bytes")


def _are_texts(metadata: Any) -> bool:
    """Also none at all, which mlx itself writes as null."""
    return metadata is None or (
        isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values())
    )


_READ = (".json", ".jinja", ".safetensors", ".model", ".txt")


def check_kinds(directory: Path) -> None:
    """Checks that nothing but files has a file's name: opening a pipe never returns. Raises ModelFileError."""
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.name.endswith(_READ) and path.exists() and not path.is_file():
            raise ModelFileError(f"{path.name} is damaged: what has that name is no file")


def check_model(directory: Path, needed: Needed = lambda names: names, tokenizer: bool = True) -> dict[str, Any]:
    """Checks all files that loading needs, and returns the configuration. Raises ModelFileError.

    ``needed`` filters the weight names that will be loaded; ``tokenizer``: whether one is needed.
    """
    check_kinds(directory)
    config = read_config(directory)
    for file in weight_files(directory, needed):
        check_safetensors(file)
    if tokenizer:
        check_tokenizer(directory)
    return config


def check_tokenizer(directory: Path) -> None:
    """Checks that there is a tokenizer file that can be read without running the model's code. Raises
    ModelFileError."""
    if any((directory / name).exists() for name in ("tokenizer.json", "tokenizer.model")):
        return
    if (directory / "tiktoken.model").exists():
        raise ModelFileError(
            "tiktoken.model can only be read by a program that comes with the model, and such programs are not run; "
            "take a conversion that has a tokenizer.json",
            "unsupported",
        )
    raise ModelFileError(f"tokenizer.json is missing from {directory}")


def context_length(config: dict[str, Any]) -> int | None:
    """Returns the trained context length, if the configuration states it."""
    inner = config.get("text_config")
    for scope in (config, inner if isinstance(inner, dict) else {}):
        for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "model_max_length"):
            value = scope.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_INTEGER:
                return value
    return None
