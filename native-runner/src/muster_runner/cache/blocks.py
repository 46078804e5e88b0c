"""Blocks of the prefix cache: KV and states of up to 256 consecutive tokens."""

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.cache.cache_layers import KeyValues

if TYPE_CHECKING:
    from muster_runner.cache.block_file import ReadBlock

BLOCK = 256
KEY_BYTES = 16


def block_key(parent: bytes, tokens: Sequence[int]) -> bytes:
    """Returns the key of the block with these tokens after the block with the key ``parent``."""
    return hashlib.blake2b(array("I", tokens).tobytes(), digest_size=KEY_BYTES, key=parent).digest()


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Returns the length of the common prefix."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    # Binary search, because comparing slices is much faster than comparing tokens.
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle)
    return low


@dataclass(eq=False)
class Block:
    """Up to 256 ``tokens`` that end at position ``end``. ``kv``: of each full-attention layer. ``states``: of the other
    layers after the last token; None if not saved. ``parent``: the key of the previous block."""

    key: bytes
    parent: bytes
    tokens: list[int]
    end: int
    kv: list[KeyValues]
    states: list[Any] | None

    @property
    def start(self) -> int:
        return self.end - len(self.tokens)

    def arrays(self) -> list[mx.array]:
        values = [value for _, value in tree_flatten([self.kv, self.states])]
        return [value for value in values if isinstance(value, mx.array)]


@dataclass(frozen=True)
class StoredBlock:
    """Metadata of a block on the disk, known from its file name."""

    key: bytes
    tokens: int
    has_states: bool


class BlockFiles(Protocol):
    """Blocks on a disk."""

    def find(self, key: bytes) -> StoredBlock | None: ...

    def lengths(self, parent: bytes) -> Sequence[int]:
        """Returns the distinct lengths of the blocks after ``parent``, in tokens."""

    def read(self, key: bytes, end: int) -> "ReadBlock | None":
        """Reads a block; None if that fails. ``end``: its end position. Blocks on the disk."""

    def write(self, block: Block) -> None:
        """Queues a block for writing, if there is room."""

    def touch(self, keys: Sequence[bytes]) -> None:
        """Marks the blocks of a path, in order, as just used."""
