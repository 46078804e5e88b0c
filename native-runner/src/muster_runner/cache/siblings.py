"""Blocks with the same parent, searched by their tokens in logarithmic time: a model that serves short prompts for
weeks has thousands of blocks after the root."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from muster_runner.cache.blocks import Block, common


class Siblings:
    """Blocks sorted by their tokens, so that blocks with a common prefix are neighbours. No two have equal tokens."""

    def __init__(self) -> None:
        self._ordered: list[Block] = []
        self._lengths: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._ordered)

    def __iter__(self) -> Iterator[Block]:
        return iter(self._ordered)

    @property
    def lengths(self) -> Sequence[int]:
        """The distinct lengths of the blocks, in tokens."""
        return list(self._lengths)

    def add(self, block: Block) -> None:
        self._ordered.insert(self._at(block.tokens), block)
        self._lengths[len(block.tokens)] += 1

    def remove(self, block: Block) -> None:
        del self._ordered[self._at(block.tokens)]
        self._lengths[len(block.tokens)] -= 1
        if self._lengths[len(block.tokens)] == 0:
            del self._lengths[len(block.tokens)]

    def nearest(self, tokens: Sequence[int]) -> tuple[Block, int] | None:
        """Returns a block with the longest common prefix with ``tokens``, and the length of that prefix."""
        at = self._at(tokens)
        found = [(block, common(block.tokens, tokens)) for block in self._ordered[max(0, at - 1) : at + 1]]
        return max(found, key=lambda pair: pair[1], default=None)

    def prefix_of(self, tokens: Sequence[int]) -> Block | None:
        """Returns the block sorted right before ``tokens`` if it is a proper prefix of them, else None."""
        at = self._at(tokens)
        before = self._ordered[at - 1] if at > 0 else None
        return before if before is not None and before.tokens == list(tokens[: len(before.tokens)]) else None

    def has_continuation(self, tokens: Sequence[int]) -> bool:
        """Whether a block starts with ``tokens``."""
        at = self._at(tokens)
        return at < len(self._ordered) and self._ordered[at].tokens[: len(tokens)] == list(tokens)

    def _at(self, tokens: Sequence[int]) -> int:
        return bisect_left(self._ordered, list(tokens), key=lambda block: block.tokens)
