"""The KV cache of a layer for a sub-batch: one buffer, of which each sequence has a slot.

A slot holds a sequence's tokens from its beginning on, so sequences of different lengths need no alignment, and
positions beyond a sequence's end are masked. A sequence therefore joins by writing its slot, and when one leaves, the
last one moves into its slot; tokens are removed by counting fewer. All are copied only when the buffer is resized.

The slots of a sliding-window layer are ring buffers: the order of tokens does not matter to attention. A ring is longer
than the window by a ``margin``, so that the latest ``margin`` tokens can be removed again: writing them overwrote none
that the tokens before them attend to. A place of the ring is masked once the token that belongs there is older than the
window, whichever token it holds.

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
    """``window``: of a sliding-window layer, in tokens. ``margin``: its latest tokens that can be removed again;
    without a window all can."""

    def __init__(self, window: int | None = None, margin: int = 0):
        # (slots, heads, room, width)
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self._window, self._ring = window, None if window is None else window + margin
        self._slots, self._room = 0, 0
        # Of each sequence: its tokens, without those that all have got since (``_fed``), and its next token's position
        # less their number; and the most tokens that it had when some were removed, which may have overwritten others.
        # Slots below ``_used`` were written to before.
        self._counts: list[int] = []
        self._shifts: list[int] = []
        self._reached: list[int] = []
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
        if self._window is not None and count > 1 + self._margin and self._wraps(self._longest + self._fed + count):
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
            start = start if self._ring is None else start % self._ring
            beyond = 0 if self._ring is None else max(0, start + count - self._ring)
            if beyond == 0:
                side[:sequences, :, start : start + count] = new
            else:
                side[:sequences, :, start:] = new[:, :, :-beyond]
                side[:sequences, :, :beyond] = new[:, :, -beyond:]
            return
        rows, ends = _indices(tuple(range(sequences))), self._ends()
        if count == 1:
            side[rows, :, ends if self._ring is None else ends % self._ring] = new[:, :, 0]
            return
        places = ends[:, None] + mx.arange(count)
        places = places if self._ring is None else places % self._ring
        side[rows[:, None], :, places] = new.swapaxes(1, 2)

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
        width = self._held(self._longest + self._fed + count)
        window = min(window_size or width, self._window or width)
        if count == 1 and self._is_level and window >= width and not return_array:
            return None
        ends = (self._ends()[:, None] + mx.arange(count))[..., None]
        places = mx.arange(width)
        mask = places <= ends
        if window < width:
            age = ends - places
            mask = mask & ((age if self._ring is None else age % self._ring) < window)
        return mask[:, None]

    def size(self) -> int:
        """The most places of a slot that have been written to."""
        return self._held(self._longest + self._fed)

    def _held(self, count: int) -> int:
        return count if self._ring is None else min(count, self._ring)

    def _wraps(self, count: int) -> bool:
        return self._ring is not None and count > self._ring

    @property
    def _margin(self) -> int:
        return 0 if self._ring is None or self._window is None else self._ring - self._window

    def empty(self) -> bool:
        return self.keys is None

    def is_trimmable(self) -> bool:
        return self._margin > 0 or not self._wraps(self._longest + self._fed)

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
            self._reached.append(tokens)
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
        """Returns the tokens of a slot, or the latest of them that fill the window, oldest first."""
        if self._window is None or self._ring is None or count <= self._window:
            return slot[..., :count, :]
        oldest, end = (count - self._window) % self._ring, count % self._ring
        if oldest < end:
            return slot[..., oldest:end, :]
        return mx.concatenate([slot[..., oldest : self._ring, :], slot[..., :end, :]], axis=2)

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
        self._reached = [self._reached[old] for old in order]
        self._changed()

    def trim(self, counts: Sequence[int]) -> None:
        """Removes the latest ``counts`` tokens of each sequence; of a window, none that it joined with."""
        self._fold()
        self._reached = list(map(max, self._reached, self._counts))
        self._counts = [count - trimmed for count, trimmed in zip(self._counts, counts, strict=True)]
        for reached, count in zip(self._reached, self._counts, strict=True):
            if self._wraps(reached) and reached - count > self._margin:
                raise ValueError(f"{reached - count} tokens have overwritten some of the window of those before them")
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
