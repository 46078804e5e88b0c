"""What passes between a runner and its encoder processes, over the standard input and output of these.

A message is a ``uint32`` little-endian byte count and that many bytes. An order is JSON (``Order``); an answer is
``t`` and the tokens as ``uint32`` little-endian, ``l`` and JSON (the tokens of each of several inputs), or ``r`` and
JSON (``Refusal``).
"""

import array
import os
import struct
import sys
from dataclasses import dataclass

import msgspec

from muster_runner.protocol import ChatPrompt, EmbedPrompt, TextPrompt, TokensPrompt

HEADER = struct.Struct("<I")
TOKENS, LISTS, REFUSED = b"t", b"l", b"r"

# Far more than any tokenizer takes.
LEAST_CPU_SECONDS = 3.0
BYTES_PER_CPU_SECOND = 1 << 18


class Order(msgspec.Struct, frozen=True):
    """``context``: most tokens that are of use, of each input. ``grammar``: what the answer is held to, to be tried."""

    prompt: ChatPrompt | TextPrompt | TokensPrompt | EmbedPrompt
    context: int
    grammar: str | None = None


class Refusal(msgspec.Struct, frozen=True):
    """``code``: as of the runner's ``rejected``."""

    code: str
    message: str


def cpu_seconds(order_bytes: int) -> float:
    """Processor time that an order may take."""
    return LEAST_CPU_SECONDS + order_bytes / BYTES_PER_CPU_SECOND


def _read_exactly(fd: int, count: int) -> bytes | None:
    """None where the other end is closed."""
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_message(fd: int) -> bytes | None:
    """The next message, or None where the other end is closed."""
    header = _read_exactly(fd, HEADER.size)
    return None if header is None else _read_exactly(fd, HEADER.unpack(header)[0])


def write_message(fd: int, message: bytes) -> None:
    """Blocks until all is written."""
    for part in (HEADER.pack(len(message)), message):
        view = memoryview(part)
        while view:
            view = view[os.write(fd, view) :]


@dataclass(frozen=True)
class Lists:
    """The tokens of each of several inputs."""

    inputs: list[list[int]]


Encoded = list[int] | Lists | Refusal


def encode_answer(answer: Encoded) -> bytes:
    if isinstance(answer, Refusal):
        return REFUSED + msgspec.json.encode(answer)
    if isinstance(answer, Lists):
        return LISTS + msgspec.json.encode(answer.inputs)
    return TOKENS + _little_endian(array.array("I", answer)).tobytes()


def decode_answer(data: bytes) -> Encoded:
    if data[:1] == REFUSED:
        return msgspec.json.decode(data[1:], type=Refusal)
    if data[:1] == LISTS:
        return Lists(msgspec.json.decode(data[1:], type=list[list[int]]))
    return _little_endian(array.array("I", data[1:])).tolist()


def _little_endian(values: "array.array[int]") -> "array.array[int]":
    if sys.byteorder == "big":
        values.byteswap()
    return values
