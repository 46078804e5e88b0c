"""Attention masks by which the tokens of a picture also attend to those after them (larger Gemma 4 models)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
from mlx_lm.models.base import create_attention_mask

from muster_runner.vision.span import Span

TEXT = -1


class PictureMasks:
    """Replaces how ``language``, mlx-lm's Gemma 4, makes its masks. ``now``: the picture of each of its cached tokens
    and of those of the current forward pass, ``TEXT`` for none."""

    def __init__(self, language: Any):
        self.now: mx.array | None = None
        self._language, self._plain = language, language._make_masks
        language._make_masks = self._make_masks

    def span(self, runs: Sequence[tuple[int, int]], length: int) -> Span:
        """``runs``: the half-open range of each picture's tokens, of a prompt of ``length`` tokens."""
        pictures = [TEXT] * length
        for number, (first, last) in enumerate(runs):
            pictures[first:last] = [number] * (last - first)

        @contextmanager
        def at(_start: int, end: int) -> Iterator[None]:
            self.now = mx.array([*pictures[:end], *[TEXT] * (end - length)])
            try:
                yield
            finally:
                self.now = None

        return at

    def _make_masks(self, hidden: mx.array, cache: list[Any]) -> list[Any]:
        if self.now is None:
            return self._plain(hidden, cache)
        masks: dict[str, mx.array] = {}
        for layer, layer_cache in zip(self._language.layers, cache, strict=True):
            if layer.layer_type not in masks:
                window = self._language.window_size if layer.layer_type == "sliding_attention" else None
                masks[layer.layer_type] = self._mask(hidden, layer_cache, window)
        return [masks[layer.layer_type] for layer in self._language.layers]

    def _mask(self, hidden: mx.array, cache: Any, window: int | None) -> mx.array:
        causal = create_attention_mask(hidden, cache, window_size=window, return_array=True)
        if self.now is None or hidden.shape[1] == 1:
            return causal
        queries = self.now[-hidden.shape[1] :, None]
        return causal | ((queries == self.now[-causal.shape[-1] :]) & (queries != TEXT))
