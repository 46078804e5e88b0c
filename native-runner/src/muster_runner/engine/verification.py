"""Feeds draft tokens to the sequences of a batch, and takes back those that were not accepted.

The keys and values of attention are trimmed. Recurrent states cannot be: they are kept as they were before, and if any
token was not accepted, the accepted ones are fed once more from there. That costs a second pass, so drafts for such
models pay off where most are right, as in quoted text.
"""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx

from muster_runner.cache.sequence_caches import SequenceCaches


def count_accepted(draft: Sequence[int], sampled: Sequence[int]) -> int:
    """Returns how many tokens of a draft, from the first, are those that were sampled in their places."""
    return next((at for at, token in enumerate(draft) if token != sampled[at]), len(draft))


class Verification:
    """Of the sequences in ``caches``."""

    def __init__(self, caches: SequenceCaches):
        self._caches = caches
        self._rows: Sequence[Sequence[int]] = []
        # The arrays of each recurrent layer before the latest pass.
        self._before: list[list[Any]] = []

    def feed(self, model: Any, rows: Sequence[Sequence[int]]) -> mx.array:
        """Feeds each sequence its row; returns the logits after each token (sequences, tokens, vocabulary), where
        shorter rows are padded."""
        self._rows = rows
        self._before = [list(layer.cache) for layer, _ in self._caches.states()]
        return self._fed(model, rows)

    def accept(self, model: Any, taken: Sequence[int]) -> None:
        """Keeps the first ``taken`` tokens of each row."""
        rows, before = self._rows, self._before
        # The memory of states before is free as soon as they are not needed.
        self._rows, self._before = [], []
        longest = max(map(len, rows))
        if not before or all(count == len(row) for count, row in zip(taken, rows, strict=True)):
            self._caches.trim([longest - count for count in taken])
            return
        self._caches.trim([longest] * len(rows))
        for (layer, _), arrays in zip(self._caches.states(), before, strict=True):
            layer.cache = arrays
        self._fed(model, [row[:count] for row, count in zip(rows, taken, strict=True)])
        self._caches.trim([max(taken) - count for count in taken])
        self._caches.evaluate()

    def _fed(self, model: Any, rows: Sequence[Sequence[int]]) -> mx.array:
        longest = max(map(len, rows))
        states = self._caches.states()
        for layer, numbers in states:
            lengths = [len(rows[number]) for number in numbers]
            if min(lengths) < longest:
                # Padding does not enter states.
                layer.prepare(lengths=lengths)
        padded = mx.array([[*row, *[0] * (longest - len(row))] for row in rows], dtype=mx.uint32)
        logits = self._caches.several(model, padded)
        for layer, _ in states:
            layer.finalize()
        return logits
