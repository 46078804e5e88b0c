"""The KV cache of a layer for a sub-batch: one buffer, of which each sequence has a slot.

A slot holds a sequence's tokens from its beginning on, so sequences of different lengths need no alignment, and
positions beyond a sequence's end are masked. A sequence therefore joins by writing its slot and leaves by giving it to
the last one; tokens are removed by counting fewer. The others are copied only when the buffer must grow.

mlx-lm's batch caches align the ends of all sequences instead, and copy them all whenever one joins, leaves, or accepts
fewer draft tokens than another.

1. Positions that are masked hold finite numbers, because attention multiplies them by 0: what a sequence leaves behind
   is overwritten when its slot is taken again.
2. The buffer is written in place, which MLX does only if nothing else refers to it. What is copied out of it is
   evaluated before the next write.
"""

from collections.abc import Sequence
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
        # Of each sequence: the tokens written to its slot before the latest ``_fed``, which all have got, and how much
        # further the position of its next token is than their number.
        self._written: list[int] = []
        self._shifts: list[int] = []
        self._fed = 0
        self._longest, self._is_level = 0, True
        # Slots below this number were used before.
        self._used = 0
        self._offset: tuple[int, mx.array] | None = None

    # As mlx-lm's models use it

    @property
    def offset(self) -> mx.array:
        """The position of each sequence's next token, (sequences,)."""
        if self._offset is None or self._offset[0] != self._fed:
            each = zip(self._written, self._shifts, strict=True)
            self._offset = self._fed, mx.array([count + self._fed + shift for count, shift in each], dtype=mx.int32)
        return self._offset[1]

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> KeyValues:
        """Adds tokens to every sequence: (sequences, heads, tokens, width). Returns the keys and values of all."""
        count = keys.shape[2]
        if self._window is not None and count > 1 and self._longest + self._fed + count > self._window:
            raise ValueError(f"{count} tokens at once would overwrite some of a window that they attend to")
        if self.keys is None or self.values is None:
            self.keys, self.values = (_room_like(side, self._slots, self._room) for side in (keys, values))
        for side, new in ((self.keys, keys), (self.values, values)):
            if new.size > 0:
                self._write(side, new)
        self._fed += count
        return self.keys_and_values()

    def _write(self, side: mx.array, new: mx.array) -> None:
        sequences, _, count, _ = new.shape
        if self._is_level:
            start = self._inside(self._longest + self._fed)
            side[:sequences, :, start : start + count] = new
            return
        starts = mx.array([self._inside(written + self._fed) for written in self._written])
        if count == 1:
            side[mx.arange(sequences), :, starts] = new[:, :, 0]
        else:
            places = starts[:, None] + mx.arange(count)
            side[mx.arange(sequences)[:, None], :, places] = new.swapaxes(1, 2)

    def _inside(self, position: int) -> int:
        return position if self._window is None else position % self._window

    def keys_and_values(self) -> KeyValues:
        if self.keys is None or self.values is None:
            raise ValueError("the cache is empty")
        end = self._held(self._longest)
        keys, values = (side[: len(self._written), :, :end] for side in (self.keys, self.values))
        return keys, values

    def _held(self, written: int) -> int:
        """Returns how many tokens a slot holds, of ``written`` before the latest."""
        return written + self._fed if self._window is None else min(written + self._fed, self._window)

    def make_mask(self, count: int, return_array: bool = False, window_size: int | None = None) -> mx.array | None:
        """Returns which keys each of the next ``count`` tokens attends to, (sequences, 1, count, keys); None: to
        all."""
        longest = self._longest + self._fed + count
        width = longest if self._window is None else min(longest, self._window)
        if window_size is not None and window_size >= width:
            window_size = None
        if count == 1 and self._is_level and window_size is None and not return_array:
            return None
        starts = mx.array([written + self._fed for written in self._written])
        ends = (starts[:, None] + mx.arange(count))[..., None]
        places = mx.arange(width)
        mask = places <= ends
        if window_size is not None:
            age = ends - places
            mask = mask & ((age if self._window is None else age % self._window) < window_size)
        return mask[:, None]

    def size(self) -> int:
        return self._held(self._longest)

    def empty(self) -> bool:
        return self.keys is None

    def is_trimmable(self) -> bool:
        return self._window is None or self._longest + self._fed < self._window

    @property
    def nbytes(self) -> int:
        return 0 if self.keys is None or self.values is None else self.keys.nbytes + self.values.nbytes

    # Sequences that come and go

    def join(self, layers: Sequence[Any]) -> None:
        """Adds sequences, given as mlx-lm's caches of this layer. There must be slots and room for them."""
        for layer in layers:
            tokens = layer.size()
            slot = self._append(tokens, layer.offset - tokens)
            if tokens > 0:
                self._fill(slot, _in_order(layer, tokens))
        self._settle()

    def extract(self, at: int) -> KVCache | RotatingKVCache:
        """Returns a copy of a sequence's cache."""
        written, shift = self._written[at] + self._fed, self._shifts[at]
        layer = KVCache() if self._window is None else RotatingKVCache(self._window)
        if self.keys is None or self.values is None or written == 0:
            return layer
        layer.keys, layer.values = (mx.contiguous(self._ordered(side[at : at + 1], written)) for side in self._sides())
        layer.offset = written + shift
        if isinstance(layer, RotatingKVCache):
            layer._idx = layer.keys.shape[2]
        elif shift != 0:
            layer.offset = written
            return ShiftedCache(layer, shift)
        return layer

    def _sides(self) -> list[mx.array]:
        return [side for side in (self.keys, self.values) if side is not None]

    def _ordered(self, slot: mx.array, written: int) -> mx.array:
        """Returns the tokens of a slot, oldest first."""
        if self._window is None or written <= self._window:
            return slot[..., :written, :]
        oldest = written % self._window
        return mx.concatenate([slot[..., oldest : self._window, :], slot[..., :oldest, :]], axis=2)

    def lifted(self, order: Sequence[int]) -> list[mx.array]:
        """Returns copies of the slots that ``keep`` will move, to be evaluated before."""
        moved = [old for new, old in enumerate(order) if new != old]
        return [mx.take(side, mx.array(moved), axis=0) for side in self._sides()] if moved else []

    def keep(self, order: Sequence[int], lifted: Sequence[mx.array]) -> None:
        """Removes all sequences but those of ``order``, the old number of each new one."""
        moved = [new for new, old in enumerate(order) if new != old]
        for side, rows in zip(self._sides(), lifted, strict=False):
            for at, slot in enumerate(moved):
                side[slot : slot + 1] = rows[at : at + 1]
        self._written = [self._written[old] for old in order]
        self._shifts = [self._shifts[old] for old in order]
        self._settle()

    def trim(self, counts: int | Sequence[int]) -> None:
        """Removes the latest tokens, as many of all sequences or of each."""
        each = [counts] * len(self._written) if isinstance(counts, int) else counts
        self._written = [written - count for written, count in zip(self._written, each, strict=True)]
        self._settle()

    def lay(self, slots: int, room: int) -> None:
        """Changes the number of slots and the tokens for which each has room, by copying all that is there."""
        room = room if self._window is None else min(room, self._window)
        if (slots, room) == (self._slots, self._room):
            return
        self._slots, self._room = slots, room
        self._used = len(self._written)
        if self.keys is None or self.values is None:
            return
        held = self._held(self._longest)
        for name, side in (("keys", self.keys), ("values", self.values)):
            larger = _room_like(side, slots, room)
            if side.size > 0:
                larger[: self._used, :, :held] = side[: self._used, :, :held]
            setattr(self, name, larger)

    def _append(self, written: int, shift: int) -> int:
        self._written.append(written - self._fed)
        self._shifts.append(shift)
        return len(self._written) - 1

    def _fill(self, slot: int, content: KeyValues) -> None:
        if self.keys is None or self.values is None:
            self.keys, self.values = (_room_like(side, self._slots, self._room) for side in content)
        tokens = content[0].shape[2]
        for side, new in zip((self.keys, self.values), content, strict=True):
            if new.size == 0:
                continue
            side[slot : slot + 1, :, :tokens] = new
            if slot < self._used:
                side[slot : slot + 1, :, tokens:] = 0

    def _settle(self) -> None:
        self._written = [written + self._fed for written in self._written]
        self._fed, self._offset = 0, None
        self._longest = max(self._written, default=0)
        self._is_level = min(self._written, default=0) == self._longest
        self._used = max(self._used, len(self._written))


def _room_like(side: mx.array, slots: int, room: int) -> mx.array:
    return mx.zeros((slots, side.shape[1], room, side.shape[3]), side.dtype)


def _in_order(layer: KVCache | RotatingKVCache, tokens: int) -> KeyValues:
    """Returns the latest ``tokens`` tokens of a cache of mlx-lm."""
    if isinstance(layer, RotatingKVCache):
        keys, values = (layer._temporal_order(side)[..., -tokens:, :] for side in (layer.keys, layer.values))
    else:
        keys, values = layer.keys[..., :tokens, :], layer.values[..., :tokens, :]
    return keys, values
