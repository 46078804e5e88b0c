"""The KV cache of a layer for a sub-batch: one buffer, of which each sequence has a slot.

A slot holds a sequence's tokens from its beginning on, so sequences of different lengths need no alignment, and
positions beyond a sequence's end are masked. A sequence therefore joins by writing its slot, and when one leaves, the
last one moves into its slot; tokens are removed by counting fewer. All are copied only when the buffer is resized.

mlx-lm's batch caches align the ends of all sequences instead, and copy them all whenever one joins, leaves, or accepts
fewer draft tokens than another.

1. Positions that are masked hold finite numbers, because attention multiplies them by 0: what a sequence leaves behind
   is overwritten when its slot is taken again.
2. The buffer is written in place, which MLX does only if nothing else refers to it. What is copied out of it must be
   evaluated before the next write.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import KVCache, RotatingKVCache

from muster_runner.cache.shifted_cache import ShiftedCache

# Keys and values of a sequence, each (1, heads, tokens, width).
KeyValues = tuple[mx.array, mx.array]


class SlotCache:
    """``window``: of a sliding-window layer, in tokens. Its slots are ring buffers of that size: the order of tokens
    does not matter to attention."""

    def __init__(self, window: int | None = None):
        # (slots, heads, room, width)
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self._window = window
        self._slots, self._room = 0, 0
        # Of each sequence: its tokens, without those that all have got since (``_fed``), and its next token's position
        # less their number. Slots below ``_used`` were written to before.
        self._counts: list[int] = []
        self._shifts: list[int] = []
        self._fed = self._longest = self._used = 0
        self._is_level, self._is_shifted = True, False

    # As mlx-lm's models use it

    @property
    def offset(self) -> mx.array:
        """The position of each sequence's next token, (sequences,)."""
        if not self._is_shifted:
            return self._ends()
        each = zip(self._counts, self._shifts, strict=True)
        return _indices(tuple(count + self._fed + shift for count, shift in each))

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> KeyValues:
        """Adds tokens to every sequence: (sequences, heads, tokens, width). Returns the keys and values of all."""
        count = keys.shape[2]
        if self._window is not None and count > 1 and self._longest + self._fed + count > self._window:
            raise ValueError(f"{count} tokens at once would overwrite some of a window that they attend to")
        if self.keys is None or self.values is None:
            self.keys, self.values = (_empty(side, self._slots, self._room) for side in (keys, values))
        for side, new in ((self.keys, keys), (self.values, values)):
            if new.size > 0:
                self._write(side, new)
        self._fed += count
        return self.keys_and_values()

    def _write(self, side: mx.array, new: mx.array) -> None:
        sequences, _, count, _ = new.shape
        if self._is_level:
            start = self._longest + self._fed
            start = start if self._window is None else start % self._window
            side[:sequences, :, start : start + count] = new
            return
        ends = self._ends() if self._window is None else self._ends() % self._window
        rows = _indices(tuple(range(sequences)))
        if count == 1:
            side[rows, :, ends] = new[:, :, 0]
        else:
            side[rows[:, None], :, ends[:, None] + mx.arange(count)] = new.swapaxes(1, 2)

    def _ends(self) -> mx.array:
        return _indices(tuple(count + self._fed for count in self._counts))

    def keys_and_values(self) -> KeyValues:
        if self.keys is None or self.values is None:
            raise ValueError("the cache is empty")
        sequences, end = len(self._counts), self.size()
        return self.keys[:sequences, :, :end], self.values[:sequences, :, :end]

    def make_mask(self, count: int, return_array: bool = False, window_size: int | None = None) -> mx.array | None:
        """Returns which keys each of the next ``count`` tokens attends to, (sequences, 1, count, keys); None: to
        all."""
        width = self._longest + self._fed + count
        width = width if self._window is None else min(width, self._window)
        if window_size is not None and window_size >= width:
            window_size = None
        if count == 1 and self._is_level and window_size is None and not return_array:
            return None
        ends = (self._ends()[:, None] + mx.arange(count))[..., None]
        places = mx.arange(width)
        mask = places <= ends
        if window_size is not None:
            age = ends - places
            mask = mask & ((age if self._window is None else age % self._window) < window_size)
        return mask[:, None]

    def size(self) -> int:
        """The most tokens that a sequence has here."""
        return self._held(self._longest + self._fed)

    def _held(self, count: int) -> int:
        return count if self._window is None else min(count, self._window)

    def empty(self) -> bool:
        return self.keys is None

    def is_trimmable(self) -> bool:
        return self._window is None or self._longest + self._fed < self._window

    @property
    def nbytes(self) -> int:
        return sum(side.nbytes for side in self._sides())

    # Sequences that come and go

    def join(self, layers: Sequence[KVCache | RotatingKVCache]) -> None:
        """Adds sequences, given their caches of this layer. There must be slots and room for them."""
        self._fold()
        for layer in layers:
            tokens = layer.size()
            slot = len(self._counts)
            self._counts.append(tokens)
            self._shifts.append(layer.offset - tokens)
            content = _in_order(layer, tokens) if tokens > 0 else ()
            if content and not self._sides():
                self.keys, self.values = (_empty(side, self._slots, self._room) for side in content)
            for side, new in zip(self._sides(), content, strict=False):
                if new.size > 0:
                    side[slot : slot + 1, :, :tokens] = new
            for side in self._sides() if slot < self._used else ():
                if side.size > 0:
                    side[slot : slot + 1, :, tokens:] = 0
        self._changed()

    def extract(self, at: int) -> KVCache | RotatingKVCache:
        """Returns a copy of a sequence's cache."""
        count, shift = self._counts[at] + self._fed, self._shifts[at]
        layer = KVCache() if self._window is None else RotatingKVCache(self._window)
        if self.keys is None or count == 0:
            return layer
        layer.keys, layer.values = (mx.contiguous(self._ordered(side[at : at + 1], count)) for side in self._sides())
        layer.offset = count
        if isinstance(layer, RotatingKVCache):
            layer.offset, layer._idx = count + shift, layer.keys.shape[2]
        return ShiftedCache(layer, shift) if shift != 0 and isinstance(layer, KVCache) else layer

    def _sides(self) -> list[mx.array]:
        return [side for side in (self.keys, self.values) if side is not None]

    def _ordered(self, slot: mx.array, count: int) -> mx.array:
        """Returns the tokens of a slot, oldest first."""
        if self._window is None or count <= self._window:
            return slot[..., :count, :]
        oldest = count % self._window
        return mx.concatenate([slot[..., oldest : self._window, :], slot[..., :oldest, :]], axis=2)

    def moving(self, order: Sequence[int]) -> list[mx.array]:
        """Returns copies of the slots that ``keep`` will move, to be evaluated before."""
        moved = [old for new, old in enumerate(order) if new != old]
        return [mx.take(side, mx.array(moved), axis=0) for side in self._sides()] if moved else []

    def keep(self, order: Sequence[int], moving: Sequence[mx.array]) -> None:
        """Removes all sequences but those of ``order``, the old slot of each new one."""
        self._fold()
        moved = [new for new, old in enumerate(order) if new != old]
        for side, rows in zip(self._sides(), moving, strict=bool(moved)):
            for at, slot in enumerate(moved):
                side[slot : slot + 1] = rows[at : at + 1]
        self._counts = [self._counts[old] for old in order]
        self._shifts = [self._shifts[old] for old in order]
        self._changed()

    def trim(self, counts: Sequence[int]) -> None:
        """Removes the latest ``counts`` tokens of each sequence."""
        self._fold()
        self._counts = [count - trimmed for count, trimmed in zip(self._counts, counts, strict=True)]
        self._changed()

    def resize(self, slots: int, room: int) -> None:
        """Changes the number of slots, and of the tokens for which each has room, by copying all that is there."""
        room = self._held(room)
        if (slots, room) == (self._slots, self._room):
            return
        self._slots, self._room, self._used = slots, room, len(self._counts)
        resized = [_empty(side, slots, room) for side in self._sides()]
        for side, larger in zip(self._sides(), resized, strict=True):
            if side.size > 0:
                larger[: self._used, :, : self.size()] = side[: self._used, :, : self.size()]
        if resized:
            self.keys, self.values = resized

    def _fold(self) -> None:
        self._counts = [count + self._fed for count in self._counts]
        self._fed = 0

    def _changed(self) -> None:
        self._longest = max(self._counts, default=0)
        self._is_level = min(self._counts, default=0) == self._longest
        self._is_shifted = any(self._shifts)
        self._used = max(self._used, len(self._counts))


@lru_cache(maxsize=256)
def _indices(numbers: tuple[int, ...]) -> mx.array:
    """All layers need the same ones in a step."""
    return mx.array(numbers, dtype=mx.int32)


def _empty(side: mx.array, slots: int, room: int) -> mx.array:
    return mx.zeros((slots, side.shape[1], room, side.shape[3]), side.dtype)


def _in_order(layer: KVCache | RotatingKVCache, tokens: int) -> tuple[Any, ...]:
    """Returns keys and values of the latest ``tokens`` tokens of a cache of mlx-lm, oldest first."""
    sides = (layer.keys, layer.values)
    if isinstance(layer, RotatingKVCache):
        return tuple(layer._temporal_order(side)[..., -tokens:, :] for side in sides)
    return tuple(side[..., :tokens, :] for side in sides)
