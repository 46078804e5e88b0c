"""Positions in families whose pictures take more tokens than places (multimodal rotary embeddings, as of Qwen-VL).

There a token of a picture has a position for time, height and width, and the text goes on after the largest of them. A
pass over a prompt with pictures is therefore given every token's positions (``Places.at``). Text has three equal
positions, which is a plain rotary embedding at a shifted place: once a prompt is computed, the caches of its sequence
count from there (``ShiftedCache``), and it decodes in one batch with all others.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import BatchKVCache, KVCache

# Rotates queries or keys (1, heads, tokens, width) by cosines and sines.
Rotate = Callable[[mx.array, mx.array, mx.array], mx.array]


class Places:
    """Where the tokens of the pass under way stand; None where that is told by the cache alone. ``embedding(x,
    positions)``: cosines and sines of positions (3, 1, tokens)."""

    def __init__(self, embedding: Callable[[mx.array, mx.array], tuple[mx.array, mx.array]], rotate: Rotate):
        self._embedding, self.rotate = embedding, rotate
        self.now: tuple[mx.array, mx.array] | None = None

    @contextmanager
    def at(self, positions: mx.array, like: mx.array) -> Iterator[None]:
        """While this lasts, tokens stand at these positions. ``like``: of the type to compute with."""
        self.now = self._embedding(like, positions)
        try:
            yield
        finally:
            self.now = None


class PlacedRope:
    """In place of an attention's rotary embedding."""

    def __init__(self, plain: Any, places: Places):
        self._plain, self._places = plain, places

    def __call__(self, x: mx.array, offset: int | mx.array = 0) -> mx.array:
        if self._places.now is None:
            return self._plain(x, offset=offset)
        return self._places.rotate(x, *self._places.now)


def places_of(model: Any) -> Places | None:
    """None where positions count tokens."""
    places = getattr(model, "places", None)
    return places if isinstance(places, Places) else None


class ShiftedCache(KVCache):
    """Keys and values whose ``offset``, the position of the next token, is ``shift`` more than they have tokens."""

    def __init__(self, cache: KVCache, shift: int):
        super().__init__()
        self.keys, self.values, self.shift = cache.keys, cache.values, shift
        self.offset = cache.offset + shift

    @property
    def tokens(self) -> int:
        return self.offset - self.shift

    def plain(self) -> KVCache:
        """The same with an offset that counts tokens."""
        cache = KVCache()
        cache.keys, cache.values, cache.offset = self.keys, self.values, self.tokens
        return cache

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        self.offset -= self.shift
        try:
            return super().update_and_fetch(keys, values)
        finally:
            self.offset += self.shift

    def size(self) -> int:
        return self.tokens

    def trim(self, n: int) -> int:
        n = min(self.tokens, n)
        self.offset -= n
        return n

    @classmethod
    def merge(_, caches: Sequence["ShiftedCache"]) -> BatchKVCache:
        """All of a model with places are shifted, be it by nothing."""
        batch = BatchKVCache.merge([cache.plain() for cache in caches])
        batch.offset = batch.offset + mx.array([cache.shift for cache in caches])
        return batch


def shifted(cache: Sequence[Any], shift: int) -> list[Any]:
    """A sequence's caches, as they decode."""
    return [ShiftedCache(layer, shift) if type(layer) is KVCache else layer for layer in cache]


def unshifted(cache: Sequence[Any]) -> list[Any]:
    """The same as they are kept."""
    return [layer.plain() if isinstance(layer, ShiftedCache) else layer for layer in cache]
