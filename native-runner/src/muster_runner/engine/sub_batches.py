"""Groups decoding sequences into sub-batches of similar length.

All sequences of a sub-batch are padded to the longest: one of 6,000 tokens would make 31 short ones cost 6,000 tokens
each. Another sub-batch costs another call of the attention in each layer, and where the model cannot compute several
in one pass (``cache/ragged_layer.py``, ``cache/split_modules.py``) one more reading of the weights. So the batch is
split where the padding would cost more time than that. It is split further where the padding would take memory that
other requests need.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import mlx.core as mx

from muster_runner.cache.cache_layers import layers_of, trim_rows
from muster_runner.cache.memory_budget import UNLIMITED_TOKENS
from muster_runner.cache.ragged_layer import ragged_layers

# Sub-batches are rearranged only if that saves this share of the cost.
WORTH_IT = 0.1
# Steps within which what an arrangement saves must exceed the tokens that it copies.
PAYS_WITHIN = 64
# Caches grow by MIN_GROWTH tokens or by 1/GROWTH_PART of their length, whichever is more.
MIN_GROWTH, GROWTH_PART = 16, 16
# Padding takes at most 1/PADDING_PART of the tokens, where it is more than is spare.
PADDING_PART = 8


def partition(lengths: Sequence[int], pass_tokens: int) -> list[list[int]]:
    """Partitions sequences at minimal cost, in tokens read: a part costs ``pass_tokens``, plus the tokens of its
    longest sequence for each of its sequences. Returns the sequence numbers of each part, ascending."""
    order = sorted(range(len(lengths)), key=lambda at: (lengths[at], at))
    best: list[tuple[int, int]] = [(0, 0)]
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        best.append(min((best[start][0] + pass_tokens + (end - start) * longest, start) for start in range(end)))
    parts, end = [], len(order)
    while end > 0:
        start = best[end][1]
        parts.append(sorted(order[start:end]))
        end = start
    return sorted(parts)


def padding(parts: Sequence[Sequence[int]], lengths: Sequence[int]) -> int:
    """Returns the tokens of padding that sequences have if each part is one sub-batch."""
    return sum(len(part) * max(lengths[at] for at in part) for part in parts) - sum(lengths)


def allowed_padding(lengths: Sequence[int], spare_tokens: int) -> int:
    return max(spare_tokens, sum(lengths) // PADDING_PART)


def limited_partition(lengths: Sequence[int], pass_tokens: int, spare_tokens: int) -> list[list[int]]:
    """Partitions sequences at minimal cost, with no more than ``allowed_padding``: parts count for less until it
    is kept to, and for nothing at last, when only sequences of one length are together."""
    # More than all tokens with padding is never worth another part.
    pass_tokens = min(pass_tokens, len(lengths) * max(lengths, default=0))
    while padding(parts := partition(lengths, pass_tokens), lengths) > allowed_padding(lengths, spare_tokens):
        pass_tokens //= 2
    return parts


def cost(parts: Sequence[Sequence[int]], lengths: Sequence[int], pass_tokens: int) -> int:
    """Returns the cost of a step, as defined by ``partition``."""
    return sum(pass_tokens + len(part) * max(lengths[at] for at in part) for part in parts)


@dataclass
class SubBatch:
    """Sequences that attention is computed for together. ``rows``: their numbers, in the order of the caches.
    ``merged``: whether the caches are mlx-lm's batch caches; a single sequence keeps its own."""

    rows: list[int]
    layers: list[Any]
    merged: bool

    def part(self, rows: list[int]) -> list[Any]:
        """Returns merged caches of some of its sequences; if of all, these are the sub-batch's own, not copies."""
        layers = self.layers if self.merged else [layer.merge([layer]) for layer in self.layers]
        if rows == self.rows:
            return layers
        layers = deepcopy(layers)
        for layer in layers:
            layer.filter([self.rows.index(row) for row in rows])
        return layers


class SubBatches:
    """The caches of all sequences of a model that supports batching. ``pass_tokens``: the fixed cost of a sub-batch, in
    tokens of KV cache read. ``ragged``: whether one pass computes all sub-batches; otherwise each has its own.
    ``spare_tokens``: padding for which there is always memory. All are equal on all ranks, so that all arrange
    alike."""

    def __init__(self, pass_tokens: int, ragged: bool, spare_tokens: int = UNLIMITED_TOKENS) -> None:
        self._pass_tokens, self._ragged, self._spare_tokens = pass_tokens, ragged, spare_tokens
        self._batches: list[SubBatch] = []
        self._lengths: list[int] = []

    @property
    def nbytes(self) -> int:
        return sum(layer.nbytes for batch in self._batches for layer in batch.layers)

    def held(self) -> list[tuple[int, int]]:
        return [(len(batch.rows), max(self._lengths[row] for row in batch.rows)) for batch in self._batches]

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        expected = [*self._lengths, *lengths]
        parts = self._partition(expected)
        return [(len(part), max(expected[row] for row in part)) for part in parts]

    def limit_padding(self, spare_tokens: int) -> None:
        self._spare_tokens = spare_tokens

    def add(self, caches: Sequence[tuple[list[Any], int]]) -> None:
        first = len(self._lengths)
        self._lengths += [length for _, length in caches]
        new = [SubBatch([first + at], layers, merged=False) for at, (layers, _) in enumerate(caches)]
        target = self._partition(self._lengths)
        grown = self._grown(range(first, len(self._lengths)))
        if not self._is_worth(target, grown):
            target = grown
        self._arrange(target, [*self._batches, *new])

    def extract(self, at: int) -> list[Any]:
        batch = next(batch for batch in self._batches if at in batch.rows)
        return [layer.extract(batch.rows.index(at)) for layer in batch.layers] if batch.merged else batch.layers

    def keep(self, stay: list[int]) -> None:
        number = {row: at for at, row in enumerate(stay)}
        left = []
        for batch in self._batches:
            inside = [at for at, row in enumerate(batch.rows) if row in number]
            if inside and len(inside) < len(batch.rows):
                # Copies the rows that stay, which takes as long as 1 to 2 steps of 16 to 32 sequences on a CPU.
                # mlx-lm's batch caches cannot keep a row free for a sequence that joins, which would save that.
                for layer in batch.layers:
                    layer.filter(inside)
            if inside:
                left.append(SubBatch([number[batch.rows[at]] for at in inside], batch.layers, batch.merged))
        self._batches = left
        self._lengths = [self._lengths[row] for row in stay]
        target = self._partition(self._lengths)
        if self._is_worth(target, [batch.rows for batch in left]):
            self._arrange(target, left)

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        return self.several(model, fed[:, None])[:, -1, :]

    def several(self, model: Any, fed: mx.array) -> mx.array:
        order = [row for batch in self._batches for row in batch.rows]
        in_order = order == list(range(len(order)))
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
            wrong = [counts[row] for row in batch.rows]
            if len(set(wrong)) > 1:
                trim_rows(layers_of(batch.layers), wrong, [self._lengths[row] for row in batch.rows])
            elif wrong[0] > 0:
                for layer in batch.layers:
                    layer.trim(wrong[0])

    def _partition(self, lengths: Sequence[int]) -> list[list[int]]:
        return limited_partition(lengths, self._pass_tokens, self._spare_tokens)

    def _is_worth(self, target: list[list[int]], now: list[list[int]]) -> bool:
        """Whether sub-batches are worth the copying, or have to be rearranged because they take too much memory."""
        if padding(now, self._lengths) > allowed_padding(self._lengths, self._spare_tokens):
            return True
        before = cost(now, self._lengths, self._pass_tokens)
        saved = before - cost(target, self._lengths, self._pass_tokens)
        more_copied = self._copied(target) - self._copied(now)
        return saved > before * WORTH_IT and saved * PAYS_WITHIN >= more_copied

    def _copied(self, parts: Sequence[Sequence[int]]) -> int:
        """Returns the tokens that are copied to arrange sequences so: those of every sub-batch that changes."""
        unchanged = [set(batch.rows) for batch in self._batches]
        changed = [part for part in parts if len(part) > 1 and set(part) not in unchanged]
        return sum(len(part) * max(self._lengths[at] for at in part) for part in changed)

    def _grown(self, new: Sequence[int]) -> list[list[int]]:
        """Returns the current sub-batches with new sequences added where they cost least."""
        parts = [list(batch.rows) for batch in self._batches]
        for row in sorted(new, key=lambda row: -self._lengths[row]):
            options = [[*parts[:at], [*part, row], *parts[at + 1 :]] for at, part in enumerate(parts)]
            options.append([*parts, [row]])
            parts = min(options, key=self._price)
        return parts

    def _price(self, parts: Sequence[Sequence[int]]) -> int:
        """Returns the cost of PAYS_WITHIN steps and of the copying before them."""
        return cost(parts, self._lengths, self._pass_tokens) * PAYS_WITHIN + self._copied(parts)

    def _arrange(self, target: list[list[int]], sources: list[SubBatch]) -> None:
        arranged = []
        for part in target:
            wanted = set(part)
            pieces = [(source, [row for row in source.rows if row in wanted]) for source in sources]
            pieces = [(source, rows) for source, rows in pieces if rows]
            if len(pieces) == 1 and pieces[0][1] == pieces[0][0].rows:
                arranged.append(pieces[0][0])
                continue
            arranged.append(self._joined(pieces))
        for batch in arranged:
            longest = max(self._lengths[row] for row in batch.rows)
            for layer in layers_of(batch.layers):
                layer.step = max(MIN_GROWTH, longest // GROWTH_PART)
        self._batches = arranged

    def _joined(self, pieces: list[tuple[SubBatch, list[int]]]) -> SubBatch:
        alone = [source for source, _ in pieces if not source.merged]
        others = [(source.part(rows), rows) for source, rows in pieces if source.merged]
        if alone:
            # Merged all at once, so that each is copied only once.
            merged = [layers[0].merge(list(layers)) for layers in zip(*(one.layers for one in alone), strict=True)]
            others.append((merged, [row for one in alone for row in one.rows]))
        layers, rows = others[0]
        for more, more_rows in others[1:]:
            for layer, other_layer in zip(layers, more, strict=True):
                layer.extend(other_layer)
            rows = rows + more_rows
        return SubBatch(rows, layers, merged=True)
