"""Keeps the computed beginnings of conversations, so that their next turn need not compute them again."""

from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import LRUPromptCache

MAX_ENTRIES = 10


class PromptCache:
    """An LRU of key-value caches by their tokens."""

    def __init__(self, max_bytes: int):
        """``max_bytes``: for what is kept and what is in use together."""
        self._max_bytes = max_bytes
        self._lru = LRUPromptCache(max_size=MAX_ENTRIES, max_bytes=max_bytes)

    def __len__(self) -> int:
        return len(self._lru)

    @property
    def nbytes(self) -> int:
        return self._lru.nbytes

    def take(self, tokens: list[int]) -> tuple[list[Any] | None, int]:
        """The cache of the longest known beginning of ``tokens`` and its length; at least one token is always left."""
        cache, rest = self._lru.fetch_nearest_cache(0, tokens[:-1])
        return (cache, len(tokens) - 1 - len(rest)) if cache else (None, 0)

    def keep(self, tokens: list[int], cache: list[Any], in_use: int) -> None:
        """Keeps a cache that holds exactly ``tokens``. ``in_use``: bytes of the caches of live requests."""
        if not tokens:
            return
        # Its own copy: a view would keep the whole batch's buffers alive.
        mx.eval([layer.state for layer in cache])
        self._lru.insert_cache(0, list(tokens), cache)
        self._lru.trim_to(n_bytes=self._max_bytes - in_use)

    def keep_only(self, count: int) -> None:
        """Forgets what was kept first until only ``count`` entries are left."""
        self._lru.trim_to(n_sequences=count)
