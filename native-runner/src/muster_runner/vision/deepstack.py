"""Features of several layers of a vision tower, which Qwen3-VL adds to the output of its first language layers."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.vision.span import Span
from muster_runner.vision.wrapped import Wrapped


class Deepstack:
    """``now``: what the current forward pass adds after each of the first layers, (1, tokens, width); empty: nothing.
    Wraps the first ``count`` layers of ``language``."""

    def __init__(self, language: Any, count: int):
        self.now: list[mx.array] = []
        for at in range(count):
            language.layers[at] = DeepstackLayer(language.layers[at], self, at)

    def span(self, features: Sequence[mx.array], places: Sequence[int]) -> Span:
        """``features``: by layer, (placeholders, width). ``places``: the indices of the placeholders in the prompt."""

        @contextmanager
        def at(start: int, end: int) -> Iterator[None]:
            first, last = bisect_left(places, start), bisect_left(places, end)
            if first < last:
                rows = mx.array(places[first:last]) - start
                self.now = [_spread(layer[first:last], rows, end - start) for layer in features]
            try:
                yield
            finally:
                self.now = []

        return at


class DeepstackLayer(Wrapped):
    """A language layer."""

    def __init__(self, layer: nn.Module, deepstack: Deepstack, at: int):
        super().__init__(layer)
        self._deepstack, self._at = deepstack, at

    def __call__(self, *arguments: Any, **options: Any) -> mx.array:
        hidden = self.inner(*arguments, **options)
        return hidden + self._deepstack.now[self._at].astype(hidden.dtype) if self._deepstack.now else hidden


def _spread(features: mx.array, rows: mx.array, length: int) -> mx.array:
    """Returns (1, length, width): the features at ``rows``, and 0 elsewhere."""
    return mx.zeros((length, features.shape[1]), features.dtype).at[rows].add(features)[None]
