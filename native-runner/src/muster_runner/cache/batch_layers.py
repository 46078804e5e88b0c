"""The caches of a model's layers for the sequences of a sub-batch.

Layers of attention have slots (``slot_cache.py``). The states of recurrent layers are small and replaced at each step:
they stay in mlx-lm's caches, which copy them when a sequence joins or leaves.
"""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import CacheList, KVCache, RotatingKVCache

from muster_runner.cache.cache_layers import layers_of
from muster_runner.cache.quantized_cache import QuantizedCache
from muster_runner.cache.slot_cache import SlotCache


def merged(caches: Sequence[Sequence[Any]], slots: int, room: int) -> list[Any]:
    """Returns the batch caches of sequences, given each one's cache (a list of layers). ``slots``, ``room``: see
    SlotCache."""
    return [_merged(layers, slots, room) for layers in zip(*caches, strict=True)]


def _merged(layers: Sequence[Any], slots: int, room: int) -> Any:
    match layers[0]:
        case CacheList():
            each = zip(*(layer.caches for layer in layers), strict=True)
            return CacheList(*(_merged(parts, slots, room) for parts in each))
        case QuantizedCache():
            group = next((layer.group_size for layer in layers if layer.group_size is not None), None)
            return QuantizedCache(merged([layer.parts for layer in layers], slots, room), group)
        case KVCache() | RotatingKVCache() as first:
            cache = SlotCache(first.max_size if isinstance(first, RotatingKVCache) else None)
            cache.resize(slots, room)
            cache.join(layers)
            return cache
        case first:
            return first.merge(layers)


def join(batch: Sequence[Any], caches: Sequence[Sequence[Any]]) -> None:
    """Adds sequences to a sub-batch's caches, which must have slots and room for them."""
    for layer, *more in zip(layers_of(batch), *map(layers_of, caches), strict=True):
        if isinstance(layer, SlotCache):
            layer.join(more)
        else:
            layer.extend(more[0].merge(more))


def extract(batch: Sequence[Any], at: int) -> list[Any]:
    """Returns a copy of one sequence's cache."""
    return [layer.extract(at) for layer in batch]


def fewest_moves(stay: Sequence[int]) -> list[int]:
    """Returns the sequences that ``stay`` in an order in which the fewest change their slot."""
    late = iter([at for at in stay if at >= len(stay)])
    kept = set(stay)
    return [at if at in kept else next(late) for at in range(len(stay))]


def keep(batch: Sequence[Any], order: Sequence[int]) -> None:
    """Removes all sequences but those of ``order`` (see ``fewest_moves``)."""
    layers = layers_of(batch)
    moving = [layer.moving(order) if isinstance(layer, SlotCache) else [] for layer in layers]
    mx.eval(moving)
    for layer, rows in zip(layers, moving, strict=True):
        if isinstance(layer, SlotCache):
            layer.keep(order, rows)
        else:
            layer.filter(list(order))


def resize(batch: Sequence[Any], slots: int, room: int) -> None:
    """Changes the slots and the room of a sub-batch's caches; see SlotCache."""
    for layer in layers_of(batch):
        if isinstance(layer, SlotCache):
            layer.resize(slots, room)


def evaluate(batch: Sequence[Any]) -> None:
    """Evaluates the caches one by one, so that the memory that a smaller one leaves is free for the next."""
    for layer in layers_of(batch):
        if isinstance(layer, SlotCache):
            mx.eval(layer.keys, layer.values)
