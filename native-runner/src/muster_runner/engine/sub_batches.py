"""Groups decoding sequences into sub-batches of similar length.

All sequences of a sub-batch are padded to the longest: one of 6,000 tokens would make 31 short ones cost 6,000 tokens
each. Another sub-batch costs another call of the attention in each layer, and where the model cannot compute several
in one pass (``cache/ragged_layer.py``, ``cache/split_modules.py``) one more reading of the weights. So the batch is
split where the padding would cost more time than that. It is split further where the padding would take memory that
other requests need.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import ArraysCache

from muster_runner.cache.batch_layers import evaluate, join
from muster_runner.cache.cache_layers import states_of
from muster_runner.cache.memory_budget import UNLIMITED_TOKENS
from muster_runner.cache.ragged_layer import ragged_layers
from muster_runner.engine.arrangement_costs import ArrangementCosts
from muster_runner.engine.partition import allowed_padding, grown, limited_partition, padding
from muster_runner.engine.sub_batch import SubBatch, sub_batch

# A sub-batch that needs more slots gets 1/SPARE_SLOTS_PART more than that, if there is memory to spare.
SPARE_SLOTS_PART = 4


class SubBatches:
    """The caches of all sequences of a model that supports batching. ``pass_tokens``: the fixed cost of a sub-batch, in
    tokens of KV cache read. ``ragged``: whether one pass computes all sub-batches; otherwise each has its own.
    ``spare_tokens``: padding and free slots for which there is always memory. ``margin``: the most tokens that ``trim``
    must be able to remove from sliding windows. All are equal on all ranks, so that all arrange alike."""

    def __init__(self, pass_tokens: int, ragged: bool, spare_tokens: int = UNLIMITED_TOKENS, margin: int = 0) -> None:
        self._pass_tokens, self._ragged, self._spare_tokens = pass_tokens, ragged, spare_tokens
        self._margin = margin
        self._batches: list[SubBatch] = []
        self._lengths: list[int] = []

    @property
    def nbytes(self) -> int:
        return sum(layer.nbytes for batch in self._batches for layer in batch.layers)

    def held(self) -> list[tuple[int, int]]:
        return [(len(batch.rows), self._longest(batch.rows)) for batch in self._batches]

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        expected = [*self._lengths, *lengths]
        parts = self._partition(expected)
        return [(len(part), max(expected[row] for row in part)) for part in parts]

    def limit_padding(self, spare_tokens: int) -> None:
        self._spare_tokens = spare_tokens

    @property
    def free_tokens(self) -> int:
        return sum(self._free(batch) for batch in self._batches)

    def release(self, keep_tokens: int = 0) -> None:
        for batch in self._batches:
            room = grown(self._longest(batch.rows))
            free_slots = min(max(0, batch.slots - len(batch.rows)), keep_tokens // room)
            if self._free(batch) > free_slots * room:
                batch.resize(len(batch.rows) + free_slots, room)
                evaluate(batch.layers)
            keep_tokens -= free_slots * room

    def add(self, caches: Sequence[tuple[list[Any], int]]) -> None:
        first = len(self._lengths)
        self._lengths += [length for _, length in caches]
        new = [SubBatch([first + at], layers) for at, (layers, _) in enumerate(caches)]
        target = self._partition(self._lengths)
        costs = self._costs()
        cheapest = costs.with_new(range(first, len(self._lengths)))
        if not costs.is_worth(target, cheapest):
            target = cheapest
        self._arrange(target, [*self._batches, *new])
        self._limit_free()

    def extract(self, at: int) -> list[Any]:
        batch = next(batch for batch in self._batches if at in batch.rows)
        layers = batch.extract(batch.rows.index(at))
        mx.eval([layer.state for layer in layers])
        return layers

    def keep(self, stay: list[int]) -> None:
        number = {row: at for at, row in enumerate(stay)}
        leaving = set(range(len(self._lengths))) - set(stay)
        left = [batch for batch in self._batches if not leaving.issuperset(batch.rows)]
        for batch in left:
            if not leaving.isdisjoint(batch.rows):
                batch.leave(leaving)
            batch.rows = [number[row] for row in batch.rows]
        self._batches = left
        self._lengths = [self._lengths[row] for row in stay]
        target = self._partition(self._lengths)
        if self._costs().is_worth(target, [batch.rows for batch in left]):
            self._arrange(target, left)
        self._limit_free()

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        return self._feed(model, fed[:, None])[:, -1, :]

    def several(self, model: Any, fed: mx.array) -> mx.array:
        for batch in self._batches:
            batch.make_trimmable(self._margin)
        return self._feed(model, fed)

    def _feed(self, model: Any, fed: mx.array) -> mx.array:
        order = [row for batch in self._batches for row in batch.rows]
        in_order = order == list(range(len(order)))
        for batch in self._batches:
            if (needed := self._longest(batch.rows) + fed.shape[1]) > batch.room:
                batch.resize(batch.slots, grown(needed))
        logits = self._computed(model, fed if in_order else fed[mx.array(order)])
        self._lengths = [length + fed.shape[1] for length in self._lengths]
        return logits if in_order else logits[mx.array([order.index(row) for row in range(len(order))])]

    def _computed(self, model: Any, fed: mx.array) -> mx.array:
        """Returns the logits after tokens that are in the order of the sub-batches."""
        if len(self._batches) == 1:
            return model(fed, cache=self._batches[0].layers)
        sizes = [len(batch.rows) for batch in self._batches]
        if self._ragged:
            return model(fed, cache=ragged_layers([batch.layers for batch in self._batches], sizes))
        rows = []
        for batch, tokens in zip(self._batches, mx.split(fed, list(accumulate(sizes))[:-1]), strict=True):
            rows.append(model(tokens, cache=batch.layers))
            # In this order on every rank: what one sends, another receives.
            mx.async_eval(rows[-1])
        return mx.concatenate(rows, axis=0)

    def trim(self, counts: Sequence[int]) -> None:
        self._lengths = [length - count for length, count in zip(self._lengths, counts, strict=True)]
        for batch in self._batches:
            if any(each := [counts[row] for row in batch.rows]):
                batch.trim(each)

    def states(self) -> list[tuple[ArraysCache, list[int]]]:
        return [(layer, batch.rows) for batch in self._batches for layer in states_of(batch.layers)]

    def evaluate(self) -> None:
        for batch in self._batches:
            evaluate(batch.layers)

    def _longest(self, rows: Iterable[int]) -> int:
        return max(self._lengths[row] for row in rows)

    def _free(self, batch: SubBatch) -> int:
        """Returns the tokens for which a sub-batch has memory beyond what it needs to grow."""
        return max(0, batch.slots * batch.room - len(batch.rows) * grown(self._longest(batch.rows)))

    def _allowed_free(self, parts: Sequence[Sequence[int]]) -> int:
        """Returns for how many tokens there may be memory that no sequence uses: what padding leaves of its limit."""
        if self._spare_tokens == 0:
            return 0
        return max(0, allowed_padding(self._lengths, self._spare_tokens) - padding(parts, self._lengths))

    def _limit_free(self) -> None:
        if self.free_tokens > (allowed := self._allowed_free([batch.rows for batch in self._batches])):
            self.release(allowed)

    def _costs(self) -> ArrangementCosts:
        return ArrangementCosts(self._batches, self._lengths, self._pass_tokens, self._spare_tokens)

    def _partition(self, lengths: Sequence[int]) -> list[list[int]]:
        return limited_partition(lengths, self._pass_tokens, self._spare_tokens)

    def _arrange(self, target: list[list[int]], sources: list[SubBatch]) -> None:
        """Makes a sub-batch of each part of ``target``. ``sources``: the sub-batches of all sequences, new ones too."""
        single = {source.rows[0]: source for source in sources if not source.is_merged and source.rows in target}
        bases = self._costs().bases(target)
        each = list(zip(target, bases, strict=True))
        stay = {row for part, base in each if base is not None for row in base.rows if row in part} | set(single)
        caches = {
            row: source.extract(at) for source in sources for at, row in enumerate(source.rows) if row not in stay
        }
        # Before anything is written in place.
        mx.eval([layer.state for cache in caches.values() for layer in cache])
        spare = self._allowed_free(target) // len(target)
        arranged = []
        for part, base in each:
            joining = [row for row in part if row in caches]
            room = grown(self._longest(part))
            slots = len(part) + min(len(part) // SPARE_SLOTS_PART, spare // room)
            if len(part) == 1 and (alone := single.get(part[0])) is not None:
                alone.prepare(room)
                arranged.append(alone)
                continue
            if base is None:
                arranged.append(sub_batch(part, [caches[row] for row in part], slots, room, self._margin))
                continue
            if leaving := set(base.rows).difference(part):
                base.leave(leaving)
            if joining:
                if len(part) > base.slots or self._longest(part) >= base.room:
                    base.resize(slots if len(part) > base.slots else base.slots, max(base.room, room))
                join(base.layers, [caches[row] for row in joining])
                base.rows += joining
            arranged.append(base)
        self._batches = arranged
