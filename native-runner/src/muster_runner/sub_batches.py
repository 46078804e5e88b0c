"""Sequences that decode together, in sub-batches of like length.

All sequences of a pass are padded to the longest: one of 6,000 tokens beside 31 short ones would have all of them pay
for 6,000. A pass of its own costs one more reading of the weights instead, so sequences are parted where the padding
would weigh more than that.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.cache_layers import layers_of, take_back, tokens_of

# Sub-batches are arranged anew where that saves this share of the cost: it copies caches.
WORTH_IT = 0.1
# Caches grow by this many tokens at least, and by this part of their length.
LEAST_GROWTH, GROWTH_PART = 16, 8


def partition(lengths: Sequence[int], pass_tokens: int) -> list[list[int]]:
    """Parts sequences so that passes cost least, counted in tokens that are read: a pass costs ``pass_tokens`` and its
    longest sequence's tokens for each of its sequences. Returns the numbers of each part's sequences, ascending."""
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


def cost(parts: Sequence[Sequence[int]], lengths: Sequence[int], pass_tokens: int) -> int:
    """Of a step, as ``partition`` counts it."""
    return sum(pass_tokens + len(part) * max(lengths[at] for at in part) for part in parts)


@dataclass
class SubBatch:
    """``rows``: the numbers of its sequences, in the order of its caches. ``merged``: whether the caches are mlx-lm's
    for a batch; one sequence alone keeps its own."""

    rows: list[int]
    layers: list[Any]
    merged: bool

    def part(self, rows: list[int]) -> list[Any]:
        """Merged caches of some of its sequences. Those of all may be changed with the result."""
        layers = self.layers if self.merged else [layer.merge([layer]) for layer in self.layers]
        if rows == self.rows:
            return layers
        layers = deepcopy(layers)
        for layer in layers:
            layer.filter([self.rows.index(row) for row in rows])
        return layers


class SubBatches:
    """The caches of all sequences of a model that can batch. ``pass_tokens``: tokens whose keys and values weigh as
    much as what a pass reads besides; the same on all ranks, so that all arrange alike."""

    def __init__(self, pass_tokens: int) -> None:
        self._pass_tokens = pass_tokens
        self._batches: list[SubBatch] = []
        self._lengths: list[int] = []

    @property
    def nbytes(self) -> int:
        return sum(layer.nbytes for batch in self._batches for layer in batch.layers)

    def held(self) -> list[tuple[int, int]]:
        return [(len(batch.rows), max(self._lengths[row] for row in batch.rows)) for batch in self._batches]

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        expected = [*self._lengths, *lengths]
        parts = partition(expected, self._pass_tokens)
        return [(len(part), max(expected[row] for row in part)) for part in parts]

    def add(self, caches: Sequence[list[Any]]) -> None:
        first = len(self._lengths)
        self._lengths += [tokens_of(cache) for cache in caches]
        new = [SubBatch([first + at], layers, merged=False) for at, layers in enumerate(caches)]
        target = partition(self._lengths, self._pass_tokens)
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
                for layer in batch.layers:
                    layer.filter(inside)
            if inside:
                left.append(SubBatch([number[batch.rows[at]] for at in inside], batch.layers, batch.merged))
        self._batches = left
        self._lengths = [self._lengths[row] for row in stay]
        target = partition(self._lengths, self._pass_tokens)
        if self._is_worth(target, [batch.rows for batch in left]):
            self._arrange(target, left)

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        rows, order = [], []
        for batch in self._batches:
            tokens = fed if batch.rows == list(range(len(self._lengths))) else fed[mx.array(batch.rows)]
            rows.append(model(tokens[:, None], cache=batch.layers)[:, -1, :])
            order += batch.rows
            if len(self._batches) > 1:
                # In this order on every rank: what one sends, another receives.
                mx.async_eval(rows[-1])
        self._lengths = [length + 1 for length in self._lengths]
        logits = rows[0] if len(rows) == 1 else mx.concatenate(rows, axis=0)
        if order == list(range(len(order))):
            return logits
        return logits[mx.array([order.index(row) for row in range(len(order))])]

    def several(self, model: Any, fed: mx.array) -> mx.array:
        rows, order = [], []
        for batch in self._batches:
            rows.append(model(fed[mx.array(batch.rows)], cache=batch.layers))
            order += batch.rows
            if len(self._batches) > 1:
                # In this order on every rank: what one sends, another receives.
                mx.async_eval(rows[-1])
        self._lengths = [length + fed.shape[1] for length in self._lengths]
        logits = rows[0] if len(rows) == 1 else mx.concatenate(rows, axis=0)
        if order == list(range(len(order))):
            return logits
        return logits[mx.array([order.index(row) for row in range(len(order))])]

    def trim(self, counts: Sequence[int]) -> None:
        self._lengths = [length - count for length, count in zip(self._lengths, counts, strict=True)]
        for batch in self._batches:
            wrong = [counts[row] for row in batch.rows]
            if len(set(wrong)) > 1:
                take_back(layers_of(batch.layers), wrong, [self._lengths[row] for row in batch.rows])
            elif wrong[0] > 0:
                for layer in batch.layers:
                    layer.trim(wrong[0])

    def _is_worth(self, target: list[list[int]], now: list[list[int]]) -> bool:
        before = cost(now, self._lengths, self._pass_tokens)
        return cost(target, self._lengths, self._pass_tokens) < before * (1 - WORTH_IT)

    def _grown(self, new: Sequence[int]) -> list[list[int]]:
        """The sub-batches as they are, with new sequences where they cost least."""
        parts = [list(batch.rows) for batch in self._batches]
        for row in sorted(new, key=lambda row: -self._lengths[row]):
            options = [[*parts[:at], [*part, row], *parts[at + 1 :]] for at, part in enumerate(parts)]
            options.append([*parts, [row]])
            parts = min(options, key=lambda option: cost(option, self._lengths, self._pass_tokens))
        return parts

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
                layer.step = max(LEAST_GROWTH, longest // GROWTH_PART)
        self._batches = arranged

    def _joined(self, pieces: list[tuple[SubBatch, list[int]]]) -> SubBatch:
        alone = [source for source, _ in pieces if not source.merged]
        others = [(source.part(rows), rows) for source, rows in pieces if source.merged]
        if alone:
            # All at once, which copies each once.
            merged = [layers[0].merge(list(layers)) for layers in zip(*(one.layers for one in alone), strict=True)]
            others.append((merged, [row for one in alone for row in one.rows]))
        layers, rows = others[0]
        for more, more_rows in others[1:]:
            for mine, theirs in zip(layers, more, strict=True):
                mine.extend(theirs)
            rows = rows + more_rows
        return SubBatch(rows, layers, merged=True)
