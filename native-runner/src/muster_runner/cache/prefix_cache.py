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

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.block_store import BlockStore
from muster_runner.cache.blocks import BLOCK, Block, BlockFiles, block_key
from muster_runner.cache.cache_layers import Footprint, is_full, joined, key_values, layers_of, set_state, state_of
from muster_runner.cache.prefix_path import Plans, longest, steps_of
from muster_runner.cache.prefix_search import PrefixSearch
from muster_runner.cache.restoring import BlockReader, Restore

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
        self.store = BlockStore(footprint, exact)
        self._search = PrefixSearch(self.store, root, exact)

    def __len__(self) -> int:
        """The number of cached blocks."""
        return len(self.store)

    @property
    def folder(self) -> str | None:
        """The name of the model's folder in the disk cache, if there is one."""
        return None if self._disk is None else self._root.hex()

    @property
    def nbytes(self) -> int:
        return self.store.nbytes

    def keys(self, tokens: Sequence[int]) -> list[bytes]:
        """Returns the keys of the full blocks of a prompt."""
        return self._search.keys(tokens)

    def has(self, key: bytes) -> bool:
        """Whether a block is in memory."""
        return key in self.store

    def known(self, tokens: Sequence[int]) -> int:
        """Returns the length of the usable prefix in memory."""
        _, candidates = self._search.candidates(tokens[:-1], None)
        return candidates[0].length if candidates else 0

    def restore(self, tokens: Sequence[int]) -> Restore:
        """Starts to read from the disk the blocks that ``take`` can use."""
        path, candidates = self._search.candidates(tokens[:-1], self._disk)
        steps = steps_of(path, candidates)
        held = {step.key: step.block for step in steps if step.block is not None}
        restore = Restore(Plans(path, candidates) if any(step.block is None for step in steps) else (), held)
        if self._reader is not None and not restore.done:
            self._reader.start(restore)
        return restore

    def take(self, tokens: Sequence[int], restore: Restore | None = None) -> tuple[list[Any] | None, int]:
        """Returns a cache with the longest known prefix of ``tokens``, and its length, less than all tokens.
        ``restore``: of these tokens; is told how many of them came from the disk."""
        path, candidates = self._search.candidates(tokens[:-1], None if restore is None else self._disk)
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
            self.store.insert(block)
        self.store.touch(found)
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
            block = self.store.get(key)
            states = [state_of(layer) for layer in layers if not is_full(layer)] if last and self.exact else None
            if block is None:
                kv = [key_values(layer, start, start + len(part)) for layer in full]
                block = Block(key, parent, part, start + len(part), kv, states)
                new.append(block)
            elif block.states is None and states is not None:
                self.store.add_states(block, states)
                new.append(block)
            path.append(block)
            parent = key
        if not self.exact and new and len(new[-1].tokens) < BLOCK and self.store.has_longer(new[-1]):
            path.remove(new.pop())
        # Evaluated as copies: a view would keep the buffers of the whole cache alive.
        mx.eval([block.arrays() for block in new])
        for block in new:
            self.store.insert(block)
        self.store.touch(path)
        if self._disk is not None:
            for block in new:
                self._disk.write(block)
            self._disk.touch([block.key for block in path])

    def shrink(self, nbytes: int) -> None:
        """Evicts the least recently used blocks until at most ``nbytes`` are cached."""
        self.store.shrink(nbytes)

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
