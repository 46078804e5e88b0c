"""Digests of a model and an adapter: equal on all machines that have the same files, so that they can share blocks.

Hashing all weights would be slow. Each tensor is sampled instead, because training, merging and quantizing change
nearly every value of the tensors that they touch.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from muster_runner.protocol import Adapter

# From the middle of each tensor.
SAMPLE_BYTES = 1 << 12
# Of a file whose header cannot be read: evenly spaced.
SAMPLES = 64


def model_digest(directory: Path, *others: object) -> bytes:
    """Hashes everything that determines a model's KV: its files, and ``others``, such as library versions and the
    shard."""
    return _digest(directory, "config.json", repr(others).encode())


def adapter_digest(adapter: Adapter | None) -> bytes:
    """Hashes an adapter's files, like ``model_digest``; empty for none. KV computed with an adapter is invalid without
    it, and for another version of it."""
    return b"" if adapter is None else _digest(Path(adapter.adapter_path), "adapter_config.json", b"")


def _digest(directory: Path, config: str, others: bytes) -> bytes:
    digest = hashlib.blake2b(others, digest_size=16)
    digest.update((directory / config).read_bytes())
    for path in sorted(directory.glob("*.safetensors")):
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{path.name} {size}".encode())
            header = _header(file, size)
            digest.update(header)
            for at in _places(header, size):
                file.seek(at)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.digest()


def _header(file: BinaryIO, size: int) -> bytes:
    """Returns the JSON with names, shapes and places of the tensors, or the part of it that a truncated file has."""
    prefix = file.read(8)
    (length,) = struct.unpack("<Q", prefix) if len(prefix) == 8 else (0,)
    return file.read(min(length, size))


def _places(header: bytes, size: int) -> Iterator[int]:
    """Yields the positions of the samples."""
    try:
        tensors = json.loads(header)
        ends = [tensor["data_offsets"] for name, tensor in tensors.items() if name != "__metadata__"]
        yield from (8 + len(header) + max(start, (start + end - SAMPLE_BYTES) // 2) for start, end in ends)
    except (ValueError, TypeError, KeyError, AttributeError):
        yield from (size * at // SAMPLES for at in range(SAMPLES))
