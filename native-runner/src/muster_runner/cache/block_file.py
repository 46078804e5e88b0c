"""The file format of blocks: safetensors with a checksum and the identity of the block.

Files that are truncated, foreign, of another version or of another block than named are refused.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from muster_runner.cache.block_layout import BlockLayout, Form
from muster_runner.cache.blocks import Block, block_key

FORMAT = "muster-block"
VERSION = "1"

# numpy has no bfloat16: its bits are written as uint16.
_WRITTEN_AS = {mx.bfloat16: mx.uint16}
_DTYPES = {str(dtype): dtype for dtype in (mx.bfloat16, mx.float16, mx.float32, mx.float64, mx.complex64)} | {
    str(dtype): dtype
    for dtype in (mx.bool_, mx.uint8, mx.uint16, mx.uint32, mx.uint64, mx.int8, mx.int16, mx.int32, mx.int64)
}


class Unreadable(Exception):
    """A file that cannot be used."""


class PackedBlock:
    """A block prepared for writing by another thread, which must not use mlx. Raises TypeError for unknown states."""

    def __init__(self, block: Block):
        arrays: list[mx.array] = []
        form = _packed([list(block.kv), block.states], arrays)
        shown = [each.view(_WRITTEN_AS.get(each.dtype, each.dtype)) for each in arrays]
        # Blocks with NaN or infinity must not be cached.
        sound = [mx.all(mx.isfinite(each)) for each in arrays if mx.issubdtype(each.dtype, mx.floating)]
        mx.eval(shown, sound)
        self.is_finite = all(one.item() for one in sound)
        self._arrays = shown
        self._metadata = {
            "format": FORMAT,
            "version": VERSION,
            "parent": block.parent.hex(),
            "form": json.dumps(form),
            "dtypes": json.dumps([str(each.dtype) for each in arrays]),
        }
        self._tokens = np.array(block.tokens, dtype=np.uint32)
        self.key, self.parent, self.tokens = block.key, block.parent, len(block.tokens)
        self.has_states = block.states is not None
        self.nbytes = sum(each.nbytes for each in arrays)

    def encoded(self) -> bytes:
        """Returns the content of the file."""
        tensors = {str(at): np.array(each, copy=False) for at, each in enumerate(self._arrays)}
        tensors["tokens"] = self._tokens
        return save(tensors, {**self._metadata, "checksum": _checksum(tensors)})


@dataclass(frozen=True)
class ReadBlock:
    """A block whose file was read and checked, by any thread. Call ``block`` only on the engine's thread, the only one
    that computes with mlx. ``copied``: whether another machine computed it."""

    key: bytes
    parent: bytes
    tokens: list[int]
    end: int
    form: Any
    dtypes: list[mx.Dtype]
    written: list[mx.array]
    has_states: bool
    copied: bool = False

    def block(self) -> Block:
        arrays = [each.view(dtype) for each, dtype in zip(self.written, self.dtypes, strict=True)]
        kv, states = _unpacked(self.form, arrays)
        return Block(self.key, self.parent, self.tokens, self.end, kv, states)


def decoded(data: bytes, key: bytes, parent: bytes, end: int, layout: BlockLayout | None = None) -> ReadBlock:
    """Decodes the file of the block ``key`` that ends at position ``end``. ``layout``: of the model's blocks, if it is
    known. Raises Unreadable."""
    try:
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size])["__metadata__"]
        if (metadata["format"], metadata["version"]) != (FORMAT, VERSION):
            raise Unreadable(f"it is of the format {metadata['format']} {metadata['version']}")
        tensors = load(data)
        if metadata["checksum"] != _checksum(tensors):
            raise Unreadable("its checksum is wrong")
        tokens = tensors.pop("tokens").tolist()
        if bytes.fromhex(metadata["parent"]) != parent or block_key(parent, tokens) != key:
            raise Unreadable("it is another block")
        dtypes = [_DTYPES[name] for name in json.loads(metadata["dtypes"])]
        written = [mx.array(tensors[str(at)]) for at in range(len(dtypes))]
        if any(array.dtype != _WRITTEN_AS.get(dtype, dtype) for array, dtype in zip(written, dtypes, strict=True)):
            raise Unreadable("its arrays are of other types than it says")
        form = json.loads(metadata["form"])
        # What does not fit must fail here, where it costs only this block.
        shapes = [Form(dtype, tuple(array.shape)) for array, dtype in zip(written, dtypes, strict=True)]
        kv, states = _unpacked(form, shapes)
        if layout is not None and not layout.fits(kv, states, len(tokens), end):
            raise Unreadable("its arrays are not those of this model")
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, SafetensorError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    return ReadBlock(key, parent, tokens, end, form, dtypes, written, states is not None)


def _checksum(tensors: dict[str, np.ndarray]) -> str:
    total = 0
    for name in sorted(tensors):
        total = zlib.crc32(f"{name} {tensors[name].shape}".encode(), total)
        total = zlib.crc32(np.ascontiguousarray(tensors[name]).reshape(-1).view(np.uint8).data, total)
    return f"{total:08x}"


def _packed(value: Any, arrays: list[mx.array]) -> Any:
    """Converts ``value`` to JSON, and moves its arrays to ``arrays``."""
    match value:
        case mx.array():
            arrays.append(value)
            return {"array": len(arrays) - 1}
        case list():
            return [_packed(one, arrays) for one in value]
        case tuple():
            return {"tuple": [_packed(one, arrays) for one in value]}
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(f"a state that holds a {type(value).__name__} is not written")


def _unpacked(form: Any, arrays: Sequence[Any]) -> Any:
    match form:
        case {"array": at}:
            return arrays[at]
        case {"tuple": inner}:
            return tuple(_unpacked(one, arrays) for one in inner)
        case list():
            return [_unpacked(one, arrays) for one in form]
        case _:
            return form
