"""Multimodal rotary embeddings (Qwen-VL), where a picture takes more tokens than positions.

A picture's token has a position for each of time, height and width; text continues after the largest of them. The
prefill of a prompt with pictures is therefore given the positions of every token (``Positions.span``). Text tokens have
three equal positions, which is a plain rotary embedding at a shifted offset: after prefill the KV caches of the
sequence carry the shift (``ShiftedCache``), and it decodes in one batch with all others.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import KVCache

from muster_runner.cache.shifted_cache import ShiftedCache
from muster_runner.vision.span import Span

# Rotates queries or keys (1, heads, tokens, width) by cosines and sines.
Rotate = Callable[[mx.array, mx.array, mx.array], mx.array]


class Positions:
    """The positions of the current forward pass, as cosines and sines in ``now``; None: the cache's offset applies.

    ``embedding(x, positions)``: cosines and sines of positions (3, 1, tokens).
    """

    def __init__(self, embedding: Callable[[mx.array, mx.array], tuple[mx.array, mx.array]], rotate: Rotate):
        self._embedding, self.rotate = embedding, rotate
        self.now: tuple[mx.array, mx.array] | None = None

    def span(self, positions: mx.array, shift: int, like: mx.array) -> Span:
        """``positions`` (3, 1, tokens): of a prompt; ``shift``: position minus token count of later tokens. ``like``:
        an array of the dtype to compute in."""
        length = positions.shape[-1]

        @contextmanager
        def at(start: int, end: int) -> Iterator[None]:
            later = mx.arange(max(start, length), max(end, length)) + shift
            later = mx.broadcast_to(later, (3, 1, later.size))
            self.now = self._embedding(like, mx.concatenate([positions[..., start:end], later], axis=-1))
            try:
                yield
            finally:
                self.now = None

        return at


class PositionedRope:
    """Replaces the rotary embedding of an attention layer."""

    def __init__(self, plain: Any, positions: Positions):
        self._plain, self._positions = plain, positions

    def __call__(self, x: mx.array, offset: int | mx.array = 0) -> mx.array:
        if self._positions.now is None:
            return self._plain(x, offset=offset)
        return self._positions.rotate(x, *self._positions.now)


def use_positions(model: Any, language: Any, vision_language: Any) -> Positions | None:
    """Makes the attention of ``language`` use picture positions, if that of mlx-vlm's model does. ``model`` contains
    ``language``."""
    attention = next((layer.self_attn for layer in vision_language.layers if "self_attn" in layer), None)
    rotary = getattr(attention, "rotary_emb", None)
    if rotary is None:
        return None
    # It rotates queries and keys together; the second result is lazy and never evaluated.
    apply = vars(inspect.getmodule(type(attention)))["apply_multimodal_rotary_pos_emb"]
    positions = Positions(rotary, lambda x, cosines, sines: apply(x, x, cosines, sines)[0])
    for layer in language.layers:
        if "self_attn" in layer:
            layer.self_attn.rope = PositionedRope(layer.self_attn.rope, positions)
    model.positions = positions
    return positions


def positions_of(model: Any) -> Positions | None:
    """Returns None if positions are plain token counts."""
    positions = getattr(model, "positions", None)
    return positions if isinstance(positions, Positions) else None


def shifted(cache: Sequence[Any], shift: int) -> list[Any]:
    """Returns a sequence's caches for decoding."""
    return [ShiftedCache(layer, shift) if type(layer) is KVCache else layer for layer in cache]


def unshifted(cache: Sequence[Any]) -> list[Any]:
    """Returns a sequence's caches for the prefix cache."""
    return [layer.plain() if isinstance(layer, ShiftedCache) else layer for layer in cache]
