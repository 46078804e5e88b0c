"""The prefix cache: KV of prompt prefixes, shared between requests.

KV is stored in blocks of 256 tokens. A block's key is a hash of the model and of all tokens up to the block's end, so
prompts with a common prefix share its blocks. The end of a sequence is a shorter block. Blocks on the disk
(``disk_cache.py``) have the same keys; ``restore`` reads them before ``take``.

Contract for several ranks: all make the same calls in the same order with the same budget and footprint. Then all cache
the same blocks, because sizes are computed, not measured. Only disks may differ, so ``take`` has the ranks agree.

1. What ``take`` returns was computed for exactly these tokens by this model (test_prefix_cache.py).
2. A block is never cached without the blocks before it: eviction is by least recent use, and using a block marks its
   predecessors as used after it.
3. A block from a disk is cached only where every rank has it (test_prefix_cache.py).
4. If caches cannot be trimmed (``exact``), a prefix is used only up to a position whose states were cached.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.blocks import BLOCK, Block, BlockFiles, block_key
from muster_runner.cache.cache_layers import Footprint, is_full, joined, key_values, layers_of, set_state, state_of
from muster_runner.cache.prefix_path import Candidate, Step, longest
from muster_runner.cache.restoring import BlockReader, Restore
from muster_runner.cache.siblings import Siblings

Agree = Callable[[int], Sequence[int]]


class PrefixCache:
    """``exact``: on some rank, caches can only be continued at their end. ``root``: a hash of the model. ``agree``:
    sends this rank's proposed length and returns the lengths of all ranks."""

    def __init__(
        self,
        model: Any,
        footprint: Footprint,
        *,
        exact: bool,
        root: bytes = b"",
        disk: BlockFiles | None = None,
        agree: Agree = lambda length: (length,),
    ):
        self.exact = exact
        self._model, self.footprint = model, footprint
        self._root, self._disk, self._agree = root, disk, agree
        self._reader = None if disk is None else BlockReader(disk)
        # In LRU order, the least recently used first.
        self._blocks: OrderedDict[bytes, Block] = OrderedDict()
        self._children: dict[bytes, Siblings] = {}
        self._nbytes = 0

    def __len__(self) -> int:
        """The number of cached blocks."""
        return len(self._blocks)

    @property
    def folder(self) -> str | None:
        """The name of the model's folder in the disk cache, if there is one."""
        return None if self._disk is None else self._root.hex()

    @property
    def nbytes(self) -> int:
        return self._nbytes

    def known(self, tokens: Sequence[int]) -> int:
        """Returns the length of the usable prefix in memory."""
        _, candidates = self._candidates(tokens[:-1], None)
        return candidates[0].length if candidates else 0

    def restore(self, tokens: Sequence[int]) -> Restore:
        """Starts to read from the disk the blocks that ``take`` can use."""
        path, candidates = self._candidates(tokens[:-1], self._disk)
        plans = [candidate.steps(path) for candidate in candidates]
        held = {step.key: step.block for plan in plans for step in plan if step.block is not None}
        restore = Restore([[(step.key, step.end) for step in plan] for plan in plans], held)
        if self._reader is not None and not restore.done:
            self._reader.start(restore)
        return restore

    def take(self, tokens: Sequence[int], restore: Restore | None = None) -> tuple[list[Any] | None, int]:
        """Returns a cache with the longest known prefix of ``tokens``, and its length, less than all tokens.
        ``restore``: of these tokens; is told how many of them came from the disk."""
        path, candidates = self._candidates(tokens[:-1], None if restore is None else self._disk)
        read: dict[bytes, Block] = {}
        if restore is not None:
            restore.end()
            read = restore.blocks()
        blocks, length = longest(path, candidates, read, len(tokens))
        agreed_at_once = True
        while len(set(proposed := self._agree(length))) > 1:
            # Repeated on every rank until all propose the same length.
            agreed_at_once = False
            shortest = min(proposed)
            if shortest < length and self.exact:
                blocks, length = longest(path, candidates, read, shortest)
            elif shortest < length:
                blocks, length = [block for block in blocks if block.start < shortest], shortest
        if length == 0:
            return None, 0
        if restore is not None:
            restore.tokens = restore.restored(blocks, length)
        found = blocks if len(proposed) == 1 else self._on_all_ranks(blocks, length, agreed_at_once)
        for block in found:
            self._insert(block)
        self._touch(found)
        return self._restored(blocks, length), length

    def _on_all_ranks(self, blocks: list[Block], length: int, agreed_at_once: bool) -> list[Block]:
        """Returns what every rank has found for a prefix of ``length`` tokens, of the ``blocks`` that this one has
        found. Its last block may be longer on some ranks than on others, unless all agreed at once; states before its
        end may be on some disks only."""
        if self.exact:
            *within, last = blocks
            return [*(replace(block, states=None) for block in within), last]
        return blocks if agreed_at_once else [block for block in blocks if block.end <= length // BLOCK * BLOCK]

    def keep(self, tokens: Sequence[int], cache: Sequence[Any], *, whole: bool) -> None:
        """Stores the KV of a cache that holds exactly ``tokens``; of a trimmable one only full blocks, unless
        ``whole``. Ignores caches with an empty layer."""
        layers = layers_of(cache)
        full = [layer for layer in layers if is_full(layer)]
        if not tokens or any(layer.empty() for layer in full):
            return
        path, new, parent = [], [], self._root
        for start in range(0, len(tokens), BLOCK):
            part = list(tokens[start : start + BLOCK])
            last = start + len(part) == len(tokens)
            if last and not (whole or self.exact or len(part) == BLOCK):
                break
            key = block_key(parent, part)
            block = self._blocks.get(key)
            states = [state_of(layer) for layer in layers if not is_full(layer)] if last and self.exact else None
            if block is None:
                kv = [key_values(layer, start, start + len(part)) for layer in full]
                block = Block(key, parent, part, start + len(part), kv, states)
                new.append(block)
            elif block.states is None and states is not None:
                self._add_states(block, states)
                new.append(block)
            path.append(block)
            parent = key
        if not self.exact and new and len(new[-1].tokens) < BLOCK and self._is_redundant(new[-1]):
            path.remove(new.pop())
        # Evaluated as copies: a view would keep the buffers of the whole cache alive.
        mx.eval([block.arrays() for block in new])
        for block in new:
            self._insert(block)
        self._touch(path)
        if self._disk is not None:
            for block in new:
                self._disk.write(block)
            self._disk.touch([block.key for block in path])

    def shrink(self, nbytes: int) -> None:
        """Evicts the least recently used blocks until at most ``nbytes`` are cached."""
        while self._nbytes > nbytes and self._blocks:
            self._remove(next(iter(self._blocks.values())))

    # Finding

    def _candidates(self, tokens: Sequence[int], disk: BlockFiles | None) -> tuple[list[Step], list[Candidate]]:
        """Returns the full blocks of the longest known prefix of ``tokens``, and the usable prefixes, longest first."""
        path: list[Step] = []
        found: list[Candidate] = []
        parent, end = self._root, 0
        while True:
            rest = tokens[end : end + BLOCK]
            key = block_key(parent, rest) if len(rest) == BLOCK else None
            block = None if key is None else self._blocks.get(key)
            stored = None if key is None or disk is None else disk.find(key)
            last = block is None and stored is None
            if self.exact or last:
                found += [Candidate(length, len(path), tail) for length, tail in self._tails(parent, rest, end, disk)]
            if key is None or last:
                break
            end += BLOCK
            if block is not None and block.states is None and self.exact and stored is not None and stored.has_states:
                block = None
            path.append(Step(key, end, block))
            has_states = block.states is not None if block else bool(stored and stored.has_states)
            if has_states or not self.exact:
                found.append(Candidate(end, len(path)))
            parent = key
        return path, sorted(found, key=lambda candidate: candidate.length, reverse=True)

    def _tails(
        self, parent: bytes, rest: Sequence[int], start: int, disk: BlockFiles | None
    ) -> Iterator[tuple[int, Step]]:
        """Yields the short and the partly usable blocks after ``parent``, with the position up to which each can be
        used. Of trimmable ones in memory only the block with the longest common prefix: the others serve no more."""
        siblings = self._children.get(parent)
        if siblings is not None and not self.exact:
            nearest = siblings.nearest(rest)
            if nearest is not None and nearest[1] > 0:
                block, count = nearest
                yield start + count, Step(block.key, block.end, block)
        elif siblings is not None:
            for length, key in self._short(parent, rest, siblings.lengths):
                block = self._blocks.get(key)
                if block is not None and block.states is not None:
                    yield start + length, Step(key, block.end, block)
        if disk is None:
            return
        for length, key in self._short(parent, rest, disk.lengths(parent)):
            stored = None if key in self._blocks else disk.find(key)
            if stored is not None and (stored.has_states or not self.exact):
                yield start + length, Step(key, start + length, None)

    def _short(self, parent: bytes, rest: Sequence[int], lengths: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yields the lengths and keys that short blocks would have if they were prefixes of ``rest``."""
        for length in lengths:
            if length < BLOCK and length <= len(rest):
                yield length, block_key(parent, rest[:length])

    def _restored(self, blocks: list[Block], length: int) -> list[Any]:
        cache = make_prompt_cache(self._model)
        layers = layers_of(cache)
        full = [layer for layer in layers if is_full(layer)]
        for at, layer in enumerate(full):
            layer.state = joined([block.kv[at] for block in blocks], length)
        rest = [layer for layer in layers if not is_full(layer)]
        for layer, state in zip(rest, blocks[-1].states or [], strict=bool(rest)):
            set_state(layer, state)
        return cache

    # Keeping

    def _bytes_of(self, block: Block) -> int:
        state = 0 if block.states is None else self.footprint.state(block.end)
        return self.footprint.per_token * len(block.tokens) + state

    def _insert(self, block: Block) -> None:
        if (kept := self._blocks.get(block.key)) is not None:
            if kept.states is None and block.states is not None:
                self._add_states(kept, block.states)
            return
        siblings = self._children.get(block.parent)
        while not self.exact and siblings is not None and (shorter := siblings.prefix_of(block.tokens)) is not None:
            self._remove(shorter)
        self._children.setdefault(block.parent, Siblings()).add(block)
        self._blocks[block.key] = block
        self._nbytes += self._bytes_of(block)

    def _add_states(self, block: Block, states: list[Any]) -> None:
        self._nbytes -= self._bytes_of(block)
        block.states = states
        self._nbytes += self._bytes_of(block)

    def _is_redundant(self, block: Block) -> bool:
        """Whether a longer block starts with this one's tokens and makes it redundant."""
        siblings = self._children.get(block.parent)
        return siblings is not None and siblings.has_continuation(block.tokens)

    def _touch(self, path: Sequence[Block]) -> None:
        for block in reversed(path):
            if block.key in self._blocks:
                self._blocks.move_to_end(block.key)

    def _remove(self, block: Block) -> None:
        del self._blocks[block.key]
        siblings = self._children[block.parent]
        siblings.remove(block)
        if len(siblings) == 0:
            del self._children[block.parent]
        self._nbytes -= self._bytes_of(block)
