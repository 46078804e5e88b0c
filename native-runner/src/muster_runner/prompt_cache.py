"""Keeps the computed beginnings of conversations, so that their next turn need not compute them again."""

from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import LRUPromptCache, can_trim_prompt_cache

# By count, so that ranks that share a model out will evict the same entries.
MAX_ENTRIES = 10


class PromptCache:
    """An LRU of key-value caches by their tokens."""

    def __init__(self, model: Any, max_bytes: int):
        """``max_bytes``: past this the oldest go, whatever their number."""
        from mlx_lm.models.cache import make_prompt_cache

        # Without trimming, a cache only serves prompts that continue all of it.
        self.trims = can_trim_prompt_cache(make_prompt_cache(model))
        self._lru = LRUPromptCache(max_size=MAX_ENTRIES, max_bytes=max_bytes)

    def take(self, tokens: list[int]) -> tuple[list[Any] | None, int]:
        """The cache of the longest known beginning of ``tokens`` and its length; at least one token is always left."""
        cache, rest = self._lru.fetch_nearest_cache(0, tokens[:-1])
        return (cache, len(tokens) - 1 - len(rest)) if cache else (None, 0)

    def keep(self, tokens: list[int], cache: list[Any]) -> None:
        """Keeps a cache that holds exactly ``tokens``."""
        if not tokens:
            return
        # Its own copy: a view would keep the whole batch's buffers alive.
        mx.eval([layer.state for layer in cache])
        self._lru.insert_cache(0, list(tokens), cache)
