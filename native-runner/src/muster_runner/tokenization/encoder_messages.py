"""Messages between a runner and its encoder processes, over their standard input and output.

A message is a ``uint32`` little-endian byte count and that many bytes. An order is JSON (``Order``). The first byte of
an answer is its type: ``t``, then tokens as ``uint32`` little-endian; ``l``, then JSON (``Lists``); ``p``, then a
``uint32`` byte count, that much JSON, and safetensors (``Pictured``); ``r``, then JSON (``Refusal``).
"""

import array
import os
import struct
import sys
from dataclasses import dataclass
from typing import Any

import msgspec

from muster_runner.protocol import ChatPrompt, EmbedPrompt, TextPrompt, TokensPrompt

HEADER = struct.Struct("<I")
TOKENS, LISTS, PICTURED, REFUSED = b"t", b"l", b"p", b"r"
# Between the index of a picture and the name of one of its arrays.
PART = "/"

# Limits of CPU time, far above what any tokenizer needs.
MIN_CPU_SECONDS = 3.0
BYTES_PER_CPU_SECOND = 1 << 18
# Added for an order with pictures: imports of the image processor, and decoding of the largest accepted pictures.
PICTURES_CPU_SECONDS = 60.0


class Order(msgspec.Struct, frozen=True):
    """A request to tokenize. ``context``: token limit of each input. ``grammar``: of the answer, compiled as a trial.
    ``has_pictures``: the prompt is a conversation with pictures."""

    prompt: ChatPrompt | TextPrompt | TokensPrompt | EmbedPrompt
    context: int
    grammar: str | None = None
    has_pictures: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """``code``: as in the runner's ``rejected`` event."""

    code: str
    message: str


def cpu_seconds(order_bytes: int, pictures: bool = False) -> float:
    """Returns the CPU time limit of an order."""
    return MIN_CPU_SECONDS + order_bytes / BYTES_PER_CPU_SECOND + (PICTURES_CPU_SECONDS if pictures else 0)


def _read_exactly(fd: int, count: int) -> bytes | None:
    """Returns None at the end of the pipe."""
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_message(fd: int) -> bytes | None:
    """Reads the next message; None at the end of the pipe."""
    header = _read_exactly(fd, HEADER.size)
    return None if header is None else _read_exactly(fd, HEADER.unpack(header)[0])


def write_message(fd: int, message: bytes) -> None:
    """Writes a message; blocks until all is written."""
    for part in (HEADER.pack(len(message)), message):
        view = memoryview(part)
        while view:
            view = view[os.write(fd, view) :]


@dataclass(frozen=True)
class Lists:
    """The tokens of each of several inputs."""

    inputs: list[list[int]]


@dataclass(frozen=True)
class Picture:
    """``places``: how many placeholders stand for it in the prompt. ``arrays``: inputs of the vision tower by name, as
    numpy arrays."""

    places: int
    arrays: dict[str, Any]


@dataclass(frozen=True)
class Pictured:
    """A tokenized prompt with pictures. ``token``: the placeholder, one per vector of a picture. ``hashes``: of the
    ``pictures``. ``end``: the token after a picture, if a picture is interrupted by others."""

    tokens: list[int]
    token: int
    hashes: list[bytes]
    pictures: list[Picture]
    end: int | None = None


Encoded = list[int] | Lists | Pictured | Refusal


def encode_answer(answer: Encoded) -> bytes:
    if isinstance(answer, Refusal):
        return REFUSED + msgspec.json.encode(answer)
    if isinstance(answer, Pictured):
        return PICTURED + _encode_pictured(answer)
    if isinstance(answer, Lists):
        return LISTS + msgspec.json.encode(answer.inputs)
    return TOKENS + _little_endian(array.array("I", answer)).tobytes()


def decode_answer(data: bytes) -> Encoded:
    if data[:1] == REFUSED:
        return msgspec.json.decode(data[1:], type=Refusal)
    if data[:1] == PICTURED:
        return _decode_pictured(data[1:])
    if data[:1] == LISTS:
        return Lists(msgspec.json.decode(data[1:], type=list[list[int]]))
    return _little_endian(array.array("I", data[1:])).tolist()


def _encode_pictured(answer: Pictured) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    arrays = {
        f"{at}{PART}{name}": np.ascontiguousarray(array)
        for at, picture in enumerate(answer.pictures)
        for name, array in picture.arrays.items()
    }
    hashes = [digest.hex() for digest in answer.hashes]
    places = [picture.places for picture in answer.pictures]
    head = msgspec.json.encode([answer.tokens, answer.token, hashes, places, answer.end])
    return HEADER.pack(len(head)) + head + save(arrays)


def _decode_pictured(data: bytes) -> Pictured:
    from safetensors.numpy import load

    head_end = HEADER.size + HEADER.unpack(data[: HEADER.size])[0]
    kind = tuple[list[int], int, list[str], list[int], int | None]
    tokens, token, hashes, places, end = msgspec.json.decode(data[HEADER.size : head_end], type=kind)
    pictures = [Picture(count, {}) for count in places]
    for named, values in load(data[head_end:]).items():
        at, _, name = named.partition(PART)
        pictures[int(at)].arrays[name] = values
    return Pictured(tokens, token, [bytes.fromhex(digest) for digest in hashes], pictures, end)


def _little_endian(values: "array.array[int]") -> "array.array[int]":
    if sys.byteorder == "big":
        values.byteswap()
    return values
