"""The KV caches of the decoding sequences, and a forward pass over the latest token of each.

If an architecture supports batching, sequences of similar length share a cache (``sub_batches.py``); otherwise each has
its own and is computed alone. Either way every step gives each sequence a token.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import mlx.core as mx
from mlx_lm.models.cache import ArraysCache

from muster_runner.cache.cache_layers import states_of


class SequenceCaches(Protocol):
    """Caches of sequences, which are numbered in the order in which they were added, without gaps."""

    @property
    def nbytes(self) -> int: ...

    def held(self) -> list[tuple[int, int]]:
        """Returns for each pass the number of sequences, and the tokens of the longest, to which they are padded."""

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        """Estimates ``held`` after sequences of these ``lengths`` were added."""

    def limit_padding(self, spare_tokens: int) -> None:
        """Sets how many tokens of padding there is always memory for; equal on all ranks."""

    @property
    def free_tokens(self) -> int:
        """Tokens for which there is memory that sequences have left behind and others may take."""

    def release(self, keep_tokens: int = 0) -> None:
        """Gives back the memory of ``free_tokens``, except for ``keep_tokens``."""

    def add(self, caches: Sequence[tuple[list[Any], int]]) -> None:
        """Adds a sequence for each cache (a list of layers), given with its number of tokens, and takes ownership of
        the caches. (Recurrent layers do not count tokens, and a rank may have no others.)"""

    def extract(self, at: int) -> list[Any]:
        """Returns the cache of one sequence."""

    def keep(self, stay: list[int]) -> None:
        """Removes all sequences but these."""

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        """Feeds each sequence its token of ``fed`` (sequences,); returns (sequences, vocabulary). These tokens cannot
        be trimmed."""

    def several(self, model: Any, fed: mx.array) -> mx.array:
        """Feeds each sequence several tokens (sequences, tokens), padded on the right; returns the logits after each
        (sequences, tokens, vocabulary). The caller must ``trim`` the padding."""

    def trim(self, counts: Sequence[int]) -> None:
        """Removes the latest ``counts`` tokens of each sequence, which it was fed by ``several``, from its cache, which
        must be trimmable. See SlotCache for how many. Recurrent states stay as they are."""

    def states(self) -> list[tuple[ArraysCache, list[int]]]:
        """Returns the caches of recurrent layers, each with the sequences of its rows."""

    def evaluate(self) -> None:
        """Waits until the caches are computed."""


class SeparateCaches:
    """A cache per sequence: a step takes one pass per sequence."""

    def __init__(self) -> None:
        self._caches: list[list[Any]] = []
        self._lengths: list[int] = []

    @property
    def nbytes(self) -> int:
        return sum(layer.nbytes for cache in self._caches for layer in cache)

    def held(self) -> list[tuple[int, int]]:
        return [(1, length) for length in self._lengths]

    def with_more(self, lengths: Sequence[int]) -> list[tuple[int, int]]:
        return [*self.held(), *((1, length) for length in lengths)]

    def limit_padding(self, spare_tokens: int) -> None:
        """Sequences apart have none."""

    @property
    def free_tokens(self) -> int:
        return 0

    def release(self, keep_tokens: int = 0) -> None:
        """Sequences apart leave nothing behind."""

    def add(self, caches: Sequence[tuple[list[Any], int]]) -> None:
        for cache, length in caches:
            self._caches.append(cache)
            self._lengths.append(length)

    def extract(self, at: int) -> list[Any]:
        return self._caches[at]

    def keep(self, stay: list[int]) -> None:
        self._caches = [self._caches[at] for at in stay]
        self._lengths = [self._lengths[at] for at in stay]

    def logits(self, model: Any, fed: mx.array) -> mx.array:
        rows = []
        for at, cache in enumerate(self._caches):
            rows.append(model(fed[at : at + 1, None], cache=cache)[:, -1, :])
            # In this order on every rank: what one sends, another receives.
            mx.async_eval(rows[-1])
        self._lengths = [length + 1 for length in self._lengths]
        return mx.concatenate(rows, axis=0)

    def several(self, model: Any, fed: mx.array) -> mx.array:
        rows = []
        for at, cache in enumerate(self._caches):
            rows.append(model(fed[at : at + 1], cache=cache))
            mx.async_eval(rows[-1])
        self._lengths = [length + fed.shape[1] for length in self._lengths]
        return mx.concatenate(rows, axis=0)

    def trim(self, counts: Sequence[int]) -> None:
        for cache, count in zip(self._caches, counts, strict=True):
            for layer in cache:
                layer.trim(count)
        self._lengths = [length - count for length, count in zip(self._lengths, counts, strict=True)]

    def states(self) -> list[tuple[ArraysCache, list[int]]]:
        return [(layer, [at]) for at, cache in enumerate(self._caches) for layer in states_of(cache)]

    def evaluate(self) -> None:
        mx.eval([layer.state for cache in self._caches for layer in cache])
