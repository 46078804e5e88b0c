"""What passes between a runner and its encoder processes, over the standard input and output of these.

A message is a ``uint32`` little-endian byte count and that many bytes. An order is JSON (``Order``); an answer is
``t`` and the tokens as ``uint32`` little-endian, or ``r`` and JSON (``Refusal``).
"""

import array
import os
import struct
import sys

import msgspec

from muster_runner.protocol import ChatPrompt, TextPrompt

HEADER = struct.Struct("<I")
TOKENS, REFUSED = b"t", b"r"

# Far more than any tokenizer takes.
LEAST_CPU_SECONDS = 3.0
BYTES_PER_CPU_SECOND = 1 << 18


class Order(msgspec.Struct, frozen=True):
    """``context``: most tokens that are of use."""

    prompt: ChatPrompt | TextPrompt
    context: int


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


def encode_answer(answer: list[int] | Refusal) -> bytes:
    if isinstance(answer, Refusal):
        return REFUSED + msgspec.json.encode(answer)
    return TOKENS + _little_endian(array.array("I", answer)).tobytes()


def decode_answer(data: bytes) -> list[int] | Refusal:
    if data[:1] == REFUSED:
        return msgspec.json.decode(data[1:], type=Refusal)
    return _little_endian(array.array("I", data[1:])).tolist()


def _little_endian(values: "array.array[int]") -> "array.array[int]":
    if sys.byteorder == "big":
        values.byteswap()
    return values
