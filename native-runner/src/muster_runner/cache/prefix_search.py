"""Finds the cached prefixes of a prompt, in memory and on the disk."""

from collections.abc import Iterator, Sequence

from muster_runner.cache.block_store import BlockStore
from muster_runner.cache.blocks import BLOCK, BlockFiles, block_key
from muster_runner.cache.prefix_path import Candidate, Step


class PrefixSearch:
    """``store``: the blocks in memory. ``root``, ``exact``: see PrefixCache."""

    def __init__(self, store: BlockStore, root: bytes, exact: bool):
        self._store, self._root, self._exact = store, root, exact

    def keys(self, tokens: Sequence[int]) -> list[bytes]:
        """Returns the keys of the full blocks of these tokens."""
        keys: list[bytes] = []
        for end in range(BLOCK, len(tokens) + 1, BLOCK):
            keys.append(block_key(keys[-1] if keys else self._root, tokens[end - BLOCK : end]))
        return keys

    def candidates(self, tokens: Sequence[int], disk: BlockFiles | None) -> tuple[list[Step], list[Candidate]]:
        """Returns the full blocks of the longest known prefix of ``tokens``, and the usable prefixes, longest first.
        ``disk``: None looks in memory only."""
        path: list[Step] = []
        found: list[Candidate] = []
        parent, end = self._root, 0
        while True:
            rest = tokens[end : end + BLOCK]
            key = block_key(parent, rest) if len(rest) == BLOCK else None
            block = None if key is None else self._store.get(key)
            stored = None if key is None or disk is None else disk.find(key)
            last = block is None and stored is None
            if self._exact or last:
                found += [Candidate(length, len(path), tail) for length, tail in self._tails(parent, rest, end, disk)]
            if key is None or last:
                break
            end += BLOCK
            if block is not None and block.states is None and self._exact and stored is not None and stored.has_states:
                block = None
            path.append(Step(key, end, block))
            has_states = block.states is not None if block else bool(stored and stored.has_states)
            if has_states or not self._exact:
                found.append(Candidate(end, len(path)))
            parent = key
        return path, sorted(found, key=lambda candidate: candidate.length, reverse=True)

    def _tails(
        self, parent: bytes, rest: Sequence[int], start: int, disk: BlockFiles | None
    ) -> Iterator[tuple[int, Step]]:
        """Yields the short and the partly usable blocks after ``parent``, with the position up to which each can be
        used. Of trimmable ones in memory only the block with the longest common prefix: the others serve no more."""
        siblings = self._store.after(parent)
        if siblings is not None and not self._exact:
            nearest = siblings.nearest(rest)
            if nearest is not None and nearest[1] > 0:
                block, count = nearest
                yield start + count, Step(block.key, block.end, block)
        elif siblings is not None:
            for length, key in _short(parent, rest, siblings.lengths):
                block = self._store.get(key)
                if block is not None and block.states is not None:
                    yield start + length, Step(key, block.end, block)
        if disk is None:
            return
        for length, key in _short(parent, rest, disk.lengths(parent)):
            stored = None if key in self._store else disk.find(key)
            if stored is not None and (stored.has_states or not self._exact):
                yield start + length, Step(key, start + length, None)


def _short(parent: bytes, rest: Sequence[int], lengths: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yields the lengths and keys that short blocks would have if they were prefixes of ``rest``."""
    for length in lengths:
        if length < BLOCK and length <= len(rest):
            yield length, block_key(parent, rest[:length])
