"""A sub-batch: sequences of similar length that decode together."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from muster_runner.cache.batch_layers import fewest_moves, keep, merged, resize
from muster_runner.cache.cache_layers import layers_of
from muster_runner.engine.partition import GROWTH_PART, MIN_GROWTH


@dataclass
class SubBatch:
    """Sequences that attention is computed for together. ``rows``: their numbers, in the order of the caches.
    ``slots``, ``room``: of the caches; a single sequence has no slots but a cache of its own."""

    rows: list[int]
    layers: list[Any]
    slots: int = 0
    room: int = 0

    @property
    def is_merged(self) -> bool:
        return self.slots > 0

    def leave(self, leaving: Container[int]) -> None:
        order = fewest_moves([at for at, row in enumerate(self.rows) if row not in leaving])
        keep(self.layers, order)
        self.rows = [self.rows[at] for at in order]

    def resize(self, slots: int, room: int) -> None:
        """Changes the size of the caches, which copies them."""
        self.slots, self.room = slots, room
        resize(self.layers, slots, room)


def sub_batch(rows: list[int], caches: Sequence[list[Any]], slots: int, room: int) -> SubBatch:
    """Returns a new sub-batch of sequences, given the cache of each. ``slots``, ``room``: see SlotCache."""
    if len(caches) > 1:
        return SubBatch(rows, merged(caches, slots, room), slots, room)
    for layer in layers_of(caches[0]):
        layer.step = max(MIN_GROWTH, room // GROWTH_PART)
    return SubBatch(rows, caches[0])
