"""The blocks of the prefix cache that are in memory, in the order of their use."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

from muster_runner.cache.blocks import Block
from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.siblings import Siblings


class BlockStore:
    """``footprint``: by which the bytes of a block are computed. ``exact``: see PrefixCache; otherwise a block makes
    those redundant whose tokens it starts with."""

    def __init__(self, footprint: Footprint, exact: bool):
        self._footprint, self._exact = footprint, exact
        # The least recently used first.
        self._blocks: OrderedDict[bytes, Block] = OrderedDict()
        self._children: dict[bytes, Siblings] = {}
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks.values())

    def __contains__(self, key: bytes) -> bool:
        return key in self._blocks

    def get(self, key: bytes) -> Block | None:
        return self._blocks.get(key)

    def after(self, parent: bytes) -> Siblings | None:
        """Returns the blocks after the block ``parent``; None if there is none."""
        return self._children.get(parent)

    def bytes_of(self, block: Block) -> int:
        state = 0 if block.states is None else self._footprint.state(block.end)
        return self._footprint.per_token * len(block.tokens) + state

    def insert(self, block: Block) -> None:
        """Adds a block, or its states to the block that is there."""
        if (kept := self._blocks.get(block.key)) is not None:
            if kept.states is None and block.states is not None:
                self.add_states(kept, block.states)
            return
        siblings = self._children.get(block.parent)
        while not self._exact and siblings is not None and (shorter := siblings.prefix_of(block.tokens)) is not None:
            self._remove(shorter)
        self._children.setdefault(block.parent, Siblings()).add(block)
        self._blocks[block.key] = block
        self.nbytes += self.bytes_of(block)

    def add_states(self, block: Block, states: list[Any]) -> None:
        self.nbytes -= self.bytes_of(block)
        block.states = states
        self.nbytes += self.bytes_of(block)

    def has_longer(self, block: Block) -> bool:
        """Whether a longer block starts with this one's tokens."""
        siblings = self._children.get(block.parent)
        return siblings is not None and siblings.has_continuation(block.tokens)

    def touch(self, path: Sequence[Block]) -> None:
        """Marks the blocks of a path as just used, each after those that depend on it."""
        for block in reversed(path):
            if block.key in self._blocks:
                self._blocks.move_to_end(block.key)

    def shrink(self, nbytes: int) -> None:
        """Removes the least recently used blocks until at most ``nbytes`` are left."""
        while self.nbytes > nbytes and self._blocks:
            self._remove(next(iter(self._blocks.values())))

    def _remove(self, block: Block) -> None:
        del self._blocks[block.key]
        siblings = self._children[block.parent]
        siblings.remove(block)
        if len(siblings) == 0:
            del self._children[block.parent]
        self.nbytes -= self.bytes_of(block)
