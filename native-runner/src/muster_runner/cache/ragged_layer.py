"""One forward pass over the caches of several sub-batches (a ragged batch).

Only attention depends on a sequence's length. So the projections, the feed-forward layers and the head are computed for
the rows of all sub-batches together, which reads the weights once, and attention for each sub-batch by itself, which
reads no padding.

mlx-lm's models pass on what ``update_and_fetch`` and ``make_mask`` return to mlx-lm's attention function, which is
replaced here by one that accepts several sub-batches. A model that computes with keys, values or masks itself cannot
do this: ``ragged`` in ``model/architectures.json`` says which can.
"""

import sys
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import mlx.core as mx
import mlx_lm.models.base
from mlx_lm.models.cache import KVCache, RotatingKVCache, make_prompt_cache

from muster_runner.cache.quantized_cache import QuantizedCache

# Caches of which attention needs only the offset, the keys and values, and the mask.
KINDS = (KVCache, RotatingKVCache, QuantizedCache)

_attention_of_one = mlx_lm.models.base.scaled_dot_product_attention


class PerSubBatch:
    """Keys, values or masks of several sub-batches. ``layer``: whose they are; a model may attend to the keys and
    values of another layer."""

    def __init__(self, layer: "RaggedLayer", parts: list[Any]):
        self.layer, self.parts = layer, parts


class RaggedLayer:
    """A layer's caches of several sub-batches. ``rows``: the number of sequences of each."""

    def __init__(self, layers: Sequence[Any], rows: Sequence[int]):
        self.layers, self._rows = layers, rows
        self._ends = list(accumulate(rows))[:-1]

    @property
    def offset(self) -> mx.array:
        offsets = [layer.offset for layer in self.layers]
        return mx.concatenate([one if isinstance(one, mx.array) else mx.array([one]) for one in offsets])

    def __getitem__(self, at: int) -> "RaggedLayer":
        """The layer's caches of one kind, where a layer has several (mlx-lm's CacheList)."""
        return RaggedLayer([layer[at] for layer in self.layers], self._rows)

    def split(self, rows: mx.array) -> list[mx.array]:
        """Splits an array of all sequences by sub-batch."""
        return mx.split(rows, self._ends)

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[PerSubBatch, PerSubBatch]:
        each = zip(self.layers, self.split(keys), self.split(values), strict=True)
        updated = [layer.update_and_fetch(key, value) for layer, key, value in each]
        return PerSubBatch(self, [key for key, _ in updated]), PerSubBatch(self, [value for _, value in updated])

    def keys_and_values(self) -> tuple[PerSubBatch, PerSubBatch]:
        held = [layer.keys_and_values() for layer in self.layers]
        return PerSubBatch(self, [keys for keys, _ in held]), PerSubBatch(self, [values for _, values in held])

    def make_mask(self, *arguments: Any, **options: Any) -> PerSubBatch:
        return PerSubBatch(self, [layer.make_mask(*arguments, **options) for layer in self.layers])


def ragged_layers(caches: Sequence[Sequence[Any]], rows: Sequence[int]) -> list[Any]:
    """Returns a model's cache that consists of the caches of several sub-batches, of ``rows`` sequences each."""
    return [RaggedLayer(layers, rows) for layers in zip(*caches, strict=True)]


def has_ragged_layers(model: Any) -> bool:
    """Whether all caches of the model are of kinds that a ragged pass can have."""
    return all(type(layer) in KINDS for layer in make_prompt_cache(model))


def _attention(queries: mx.array, keys: Any, values: Any, cache: Any, *rest: Any, **options: Any) -> mx.array:
    if not isinstance(keys, PerSubBatch):
        return _attention_of_one(queries, keys, values, cache, *rest, **options)
    scale, mask, *more = _arguments(*rest, **options)
    ragged = keys.layer
    masks = mask.parts if isinstance(mask, PerSubBatch) else [mask] * len(ragged.layers)
    each = zip(ragged.split(queries), keys.parts, values.parts, ragged.layers, masks, strict=True)
    return mx.concatenate(
        [_attention_of_one(query, key, value, layer, scale, part, *more) for query, key, value, layer, part in each]
    )


def _arguments(scale: float, mask: Any, sinks: Any = None) -> tuple[float, Any, Any]:
    return scale, mask, sinks


def _replace_attention() -> None:
    """Replaces mlx-lm's function, also in models that were imported before."""
    for name, module in list(sys.modules.items()):
        if name.startswith("mlx_lm.models.") and vars(module).get(_attention_of_one.__name__) is _attention_of_one:
            setattr(module, _attention_of_one.__name__, _attention)


_replace_attention()
