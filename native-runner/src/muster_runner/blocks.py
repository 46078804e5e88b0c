"""A block: what was computed for up to 256 tokens that follow certain others."""

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.cache_layers import KeyValues

if TYPE_CHECKING:
    from muster_runner.block_file import ReadBlock

BLOCK = 256
KEY_BYTES = 16


def block_key(parent: bytes, tokens: Sequence[int]) -> bytes:
    """Of the block with these tokens after the block with the key ``parent``."""
    return hashlib.blake2b(array("I", tokens).tobytes(), digest_size=KEY_BYTES, key=parent).digest()


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many of their first tokens are the same."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    # Comparing slices is so much quicker than comparing tokens that halving pays.
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle)
    return low


@dataclass(eq=False)
class Block:
    """Up to 256 ``tokens`` that end at the position ``end``: keys and values of each full layer, and the states of the
    other layers after the last token, or None where they were not taken. ``parent``: the key of the block before."""

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
    """What is known of a block on a disk before it is read."""

    key: bytes
    tokens: int
    has_states: bool


class BlockFiles(Protocol):
    """Blocks on a disk."""

    def find(self, key: bytes) -> StoredBlock | None: ...

    def lengths(self, parent: bytes) -> Sequence[int]:
        """How many tokens the blocks have that may be there after ``parent``: each number once."""

    def read(self, key: bytes, end: int) -> "ReadBlock | None":
        """None if it cannot be had. ``end``: the position where it ends. Waits for the disk."""

    def write(self, block: Block) -> None:
        """Begins to write it, if there is room."""

    def touch(self, keys: Sequence[bytes]) -> None:
        """The blocks of one path, from the first on, have just been used."""
