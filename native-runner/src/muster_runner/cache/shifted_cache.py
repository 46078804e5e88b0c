"""The KV cache of a sequence whose tokens' positions differ from their numbers, as after a picture."""

import mlx.core as mx
from mlx_lm.models.cache import KVCache


class ShiftedCache(KVCache):
    """A KV cache whose ``offset``, the position of the next token, is its token count plus ``shift``."""

    def __init__(self, cache: KVCache, shift: int):
        super().__init__()
        self.keys, self.values, self.shift = cache.keys, cache.values, shift
        self.offset = cache.offset + shift

    @property
    def tokens(self) -> int:
        return self.offset - self.shift

    def plain(self) -> KVCache:
        """Returns the same keys and values with an offset that counts tokens."""
        cache = KVCache()
        cache.keys, cache.values, cache.offset = self.keys, self.values, self.tokens
        return cache

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        self.offset -= self.shift
        try:
            return super().update_and_fetch(keys, values)
        finally:
            self.offset += self.shift

    def size(self) -> int:
        return self.tokens

    def trim(self, n: int) -> int:
        n = min(self.tokens, n)
        self.offset -= n
        return n
