"""Checks a model's files before loading, so that an error can name the file."""

import json
import math
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

# Some editors write it at the start of a file; it is not part of the content.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The largest integer that the node takes: its numbers are doubles.
LARGEST_INTEGER = 2**53 - 1

# The longest header of a safetensors file, as its own library has it.
MAX_HEADER_BYTES = 100_000_000
# Bytes of a value by the name of its type. Of other types mlx says whether it can read them.
_VALUE_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 8),
}
# As many layers are built in a second. More are only if each can have a megabyte.
FEW_LAYERS, LAYER_BYTES = 1000, 1 << 20
# How configurations name the number of layers.
_LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "num_transformer_layers")

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
        listed = read_json(index)
        weight_map = listed.get("weight_map") if isinstance(listed, dict) else None
        if not isinstance(weight_map, dict):
            raise ModelFileError(f"{index.name} is damaged: it has no weight_map")
        names = needed(set(weight_map))
        return [directory / Path(name).name for name in sorted({str(weight_map[name]) for name in names})]
    files = sorted(directory.glob("model*.safetensors"))
    if not files:
        raise ModelFileError(f"model.safetensors is missing from {directory}")
    return files


def check_safetensors(path: Path) -> None:
    """Compares the header of a safetensors file with the file's size. Raises ModelFileError.

    The format: https://huggingface.co/docs/safetensors/index
    """
    try:
        size = os.stat(path).st_size
        with path.open("rb") as file:
            head = file.read(8)
            length = struct.unpack("<Q", head)[0] if len(head) == 8 else size
            if length > min(size - 8, MAX_HEADER_BYTES):
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
        ends = [_end_of(name, tensor) for name, tensor in header.items() if name != "__metadata__"]
        expected = 8 + length + max(ends, default=0)
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise ModelFileError(f"{path.name} is damaged: its header has no offsets") from error
    except ValueError as error:
        raise ModelFileError(f"{path.name} is damaged: {error}") from error
    if size < expected:
        raise ModelFileError(f"{path.name} is damaged: it ends after {size} of {expected} bytes")


def _end_of(name: str, tensor: Any) -> int:
    """Returns where a tensor ends, after the header. Raises ValueError if its places, shape and type do not agree, and
    what an entry of another form raises."""
    start, end = tensor["data_offsets"]
    kind, shape = tensor["dtype"], tensor["shape"]
    whole = [start, end, *shape]
    if not isinstance(kind, str) or not all(type(number) is int and number >= 0 for number in whole):
        raise ValueError(f"the header's entry of {name} has no type, shape and offsets")
    if kind in _VALUE_BYTES and end - start != math.prod(shape) * _VALUE_BYTES[kind]:
        raise ValueError(f"{name} has {end - start} bytes, which its shape {shape} of {kind} does not take")
    return end


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
    files = weight_files(directory, needed)
    for file in files:
        check_safetensors(file)
    _check_layers(config, sum(file.stat().st_size for file in files))
    if tokenizer:
        check_tokenizer(directory)
    return config


def _check_layers(config: dict[str, Any], weight_bytes: int) -> None:
    """Checks that the files can have the layers that the configuration states: mlx-lm builds all of them before it
    looks for their weights. Raises ModelFileError."""
    inner = config.get("text_config")
    for scope in (config, inner if isinstance(inner, dict) else {}):
        for name in _LAYERS:
            layers = scope.get(name)
            if isinstance(layers, int) and layers > max(FEW_LAYERS, weight_bytes // LAYER_BYTES):
                raise ModelFileError(f"config.json is damaged: its {name}, {layers}, are more than the files can hold")


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
