"""The caches of the sequences that decode, and one pass of the model over the latest token of each.

Where an architecture can batch, sequences of like length share a cache (``sub_batches.py``); where it cannot, each
keeps its own and is computed by itself. Either way a step gives each sequence its token, so that none waits for another
to end.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import mlx.core as mx

from muster_runner.cache_layers import tokens_of


class SequenceCaches(Protocol):
    """The sequences are numbered in the order in which they were added, without gaps."""

    @property
    def nbytes(self) -> int: ...

    def held(self) -> list[tuple[int, int]]:
        """Of each pass: how many sequences it has, and tokens of the longest, to which the others are padded."""

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        """What ``held`` will give about when sequences of so many tokens have been added."""

    def add(self, caches: Sequence[list[Any]]) -> None:
        """Takes over one cache, a list of layers, for each new sequence."""

    def extract(self, at: int) -> list[Any]:
        """A cache of its own for one sequence."""

    def keep(self, stay: list[int]) -> None:
        """Forgets all sequences but these."""

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        """Feeds each sequence its token of ``fed`` (sequences,); returns (sequences, vocabulary)."""

    def several(self, model: Any, fed: mx.array) -> mx.array:
        """Feeds each sequence several tokens (sequences, tokens), those that it has fewer of padded on the right;
        returns the logits after each (sequences, tokens, vocabulary). ``trim`` must take the padding back."""

    def trim(self, counts: Sequence[int]) -> None:
        """Takes each sequence's latest tokens back, of caches that can be cut back: so many of each."""


class SeparateCaches:
    """A cache for each: a step is as many passes as there are sequences, one after the other."""

    def __init__(self) -> None:
        self._caches: list[list[Any]] = []

    @property
    def nbytes(self) -> int:
        return sum(layer.nbytes for cache in self._caches for layer in cache)

    def held(self) -> list[tuple[int, int]]:
        return [(1, tokens_of(cache)) for cache in self._caches]

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        return [*self.held(), *((1, length) for length in lengths)]

    def add(self, caches: Sequence[list[Any]]) -> None:
        self._caches += caches

    def extract(self, at: int) -> list[Any]:
        return self._caches[at]

    def keep(self, stay: list[int]) -> None:
        self._caches = [self._caches[at] for at in stay]

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        rows = []
        for at, cache in enumerate(self._caches):
            rows.append(model(fed[at : at + 1, None], cache=cache)[:, -1, :])
            # In this order on every rank: what one sends, another receives.
            mx.async_eval(rows[-1])
        return mx.concatenate(rows, axis=0)

    def several(self, model: Any, fed: mx.array) -> mx.array:
        rows = []
        for at, cache in enumerate(self._caches):
            rows.append(model(fed[at : at + 1], cache=cache))
            mx.async_eval(rows[-1])
        return mx.concatenate(rows, axis=0)

    def trim(self, counts: Sequence[int]) -> None:
        for cache, count in zip(self._caches, counts, strict=True):
            for layer in cache:
                layer.trim(count)
