"""Blocks that follow the same block, found by their tokens in a time that hardly grows with their number: a model that
serves short prompts for weeks has thousands of them after its root."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from muster_runner.blocks import Block, common


class Siblings:
    """In the order of their tokens, in which those that begin alike are neighbours. No two have the same tokens."""

    def __init__(self) -> None:
        self._ordered: list[Block] = []
        self._lengths: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._ordered)

    def __iter__(self) -> Iterator[Block]:
        return iter(self._ordered)

    @property
    def lengths(self) -> Sequence[int]:
        """How many tokens they have: each number once."""
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
        """One of those that begin with the most of ``tokens``, and with how many."""
        at = self._at(tokens)
        found = [(block, common(block.tokens, tokens)) for block in self._ordered[max(0, at - 1) : at + 1]]
        return max(found, key=lambda one: one[1], default=None)

    def beginning(self, tokens: Sequence[int]) -> Block | None:
        """The longest that has fewer than these ``tokens`` and is their beginning, where no other lies between."""
        at = self._at(tokens)
        before = self._ordered[at - 1] if at > 0 else None
        return before if before is not None and before.tokens == list(tokens[: len(before.tokens)]) else None

    def continued(self, tokens: Sequence[int]) -> bool:
        """Whether one of them begins with ``tokens``."""
        at = self._at(tokens)
        return at < len(self._ordered) and self._ordered[at].tokens[: len(tokens)] == list(tokens)

    def _at(self, tokens: Sequence[int]) -> int:
        return bisect_left(self._ordered, list(tokens), key=lambda block: block.tokens)
