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


def merged(caches: Sequence[Sequence[Any]], slots: int, room: int, margin: int = 0) -> list[Any]:
    """Returns the batch caches of sequences, given each one's cache (a list of layers). ``slots``, ``room``,
    ``margin``: see SlotCache."""
    return [_merged(layers, slots, room, margin) for layers in zip(*caches, strict=True)]


def _merged(layers: Sequence[Any], slots: int, room: int, margin: int) -> Any:
    match layers[0]:
        case CacheList():
            each = zip(*(layer.caches for layer in layers), strict=True)
            return CacheList(*(_merged(parts, slots, room, margin) for parts in each))
        case QuantizedCache():
            group = next((layer.group_size for layer in layers if layer.group_size is not None), None)
            return QuantizedCache(merged([layer.parts for layer in layers], slots, room, margin), group)
        case KVCache() | RotatingKVCache() as first:
            cache = SlotCache(first.max_size if isinstance(first, RotatingKVCache) else None, margin)
            cache.resize(slots, room)
            cache.join(layers)
            return cache
        case first:
            return first.merge(layers)


def trimmable(cache: Sequence[Any], room: int, margin: int) -> list[Any]:
    """Returns the cache of one sequence with its sliding windows in a slot, so that its latest ``margin`` tokens can be
    removed again. Its other layers are not copied: they can be trimmed as they are."""
    return [_trimmable(layer, room, margin) for layer in cache]


def _trimmable(layer: Any, room: int, margin: int) -> Any:
    match layer:
        case CacheList():
            return CacheList(*trimmable(layer.caches, room, margin))
        case RotatingKVCache():
            return _merged([layer], 1, room, margin)
        case _:
            return layer


def of_one(cache: Sequence[Any]) -> list[Any]:
    """Returns the cache of one sequence as mlx-lm has it; undoes ``trimmable``."""
    return [_of_one(layer) for layer in cache]


def _of_one(layer: Any) -> Any:
    match layer:
        case CacheList():
            return CacheList(*of_one(layer.caches))
        case SlotCache():
            return layer.extract(0)
        case _:
            return layer


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
        else:
            mx.eval(layer.state)
