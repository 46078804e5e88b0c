"""A sub-batch: sequences of similar length that decode together."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from mlx_lm.models.cache import ArraysCache

from muster_runner.cache.batch_layers import extract, fewest_moves, keep, merged, of_one, resize, trimmable
from muster_runner.cache.cache_layers import layers_of
from muster_runner.cache.slot_cache import SlotCache
from muster_runner.engine.partition import GROWTH_PART, MIN_GROWTH


@dataclass
class SubBatch:
    """Sequences that attention is computed for together. ``rows``: their numbers, in the order of the caches.
    ``slots``, ``room``: of the caches; a single sequence has no slots but a cache of its own, of which sliding windows
    get a slot when it is to be trimmed."""

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

    def extract(self, at: int) -> list[Any]:
        """Returns the cache of a sequence as mlx-lm has it, not evaluated yet where it is a copy."""
        return extract(self.layers, at) if self.is_merged else of_one(self.layers)

    def resize(self, slots: int, room: int) -> None:
        """Changes the size of the caches, which copies them."""
        self.slots, self.room = slots, room
        resize(self.layers, max(1, slots), room)

    def prepare(self, room: int) -> None:
        """Sets how the caches of a single sequence grow; those of several have ``room`` already."""
        if room > self.room:
            self.resize(self.slots, room)
        for layer in layers_of(self.layers):
            if not isinstance(layer, SlotCache):
                layer.step = max(MIN_GROWTH, room // GROWTH_PART)

    def make_trimmable(self, margin: int) -> None:
        """Makes the tokens that are fed next removable: ``margin`` of them."""
        if not self.is_merged:
            self.layers = trimmable(self.layers, self.room, margin)

    def trim(self, counts: Sequence[int]) -> None:
        """Removes the latest ``counts`` tokens of each sequence. Recurrent states stay as they are."""
        for layer in layers_of(self.layers):
            if not isinstance(layer, ArraysCache):
                layer.trim(counts if isinstance(layer, SlotCache) else counts[0])


def sub_batch(rows: list[int], caches: Sequence[list[Any]], slots: int, room: int, margin: int) -> SubBatch:
    """Returns a new sub-batch of sequences, given the cache of each. ``slots``, ``room``, ``margin``: see SlotCache."""
    if len(caches) > 1:
        return SubBatch(rows, merged(caches, slots, room, margin), slots, room)
    single = SubBatch(rows, caches[0])
    single.prepare(room)
    return single
