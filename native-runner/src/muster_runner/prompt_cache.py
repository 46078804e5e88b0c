"""Keeps the computed beginnings of conversations, so that their next turn need not compute them again."""

from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import LRUPromptCache

MAX_ENTRIES = 10
MAX_SHARED_ENTRIES = 4


class PromptCache:
    """An LRU of key-value caches by their tokens."""

    def __init__(self, max_bytes: int | None, reuse: bool = True):
        """``max_bytes``: for what is kept and what is in use together. None for a rank of several: their caches differ
        in size, and all have to keep the same, so that they keep a few, whatever their size."""
        self._max_bytes = max_bytes
        self._reuse = reuse
        if max_bytes is None:
            self._lru = LRUPromptCache(max_size=MAX_SHARED_ENTRIES)
        else:
            self._lru = LRUPromptCache(max_size=MAX_ENTRIES, max_bytes=max_bytes)

    @property
    def nbytes(self) -> int:
        return self._lru.nbytes

    def take(self, tokens: list[int]) -> tuple[list[Any] | None, int]:
        """The cache of the longest known beginning of ``tokens`` and its length; at least one token is always left."""
        if not self._reuse:
            return None, 0
        cache, rest = self._lru.fetch_nearest_cache(0, tokens[:-1])
        return (cache, len(tokens) - 1 - len(rest)) if cache else (None, 0)

    def keep(self, tokens: list[int], cache: list[Any], in_use: int) -> None:
        """Keeps a cache that holds exactly ``tokens``. ``in_use``: bytes of the caches of live requests."""
        if not tokens or not self._reuse:
            return
        # Its own copy: a view would keep the whole batch's buffers alive.
        mx.eval([layer.state for layer in cache])
        self._lru.insert_cache(0, list(tokens), cache)
        if self._max_bytes is not None:
            self._lru.trim_to(n_bytes=self._max_bytes - in_use)
