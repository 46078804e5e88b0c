"""An index of the n-grams of a long text by their last occurrence.

A prompt of 100,000 tokens is indexed between two steps, for which all requests wait: with an entry for each n-gram in a
dict that takes a tenth of a second, and 300 bytes per token that no budget knows of.
"""

from collections.abc import Sequence

import numpy as np

# A key is the upper bits of a hash and the position where the n-gram starts.
_POSITION_BITS = 24
_POSITIONS = (1 << _POSITION_BITS) - 1
_BITS = (1 << 64) - 1
# Odd, with its bits spread; each token is multiplied too, so that all change the upper bits.
_FACTOR = 0x9E3779B97F4A7C15


class SortedNgrams:
    """Of ``tokens``, all n-grams of ``size`` tokens but the last, which has no successor yet."""

    def __init__(self, tokens: np.ndarray, size: int):
        """``tokens``: of a type of 64 bits without a sign."""
        self._size = size
        count = min(max(0, tokens.size - size), _POSITIONS + 1)
        hashes = np.zeros(count, dtype=np.uint64)
        for at in range(size):
            hashes = (hashes + tokens[at : at + count]) * np.uint64(_FACTOR)
        self._keys = np.sort(hashes & np.uint64(_BITS ^ _POSITIONS) | np.arange(count, dtype=np.uint64))

    def last_end(self, tokens: Sequence[int]) -> int | None:
        """Returns where the last n-gram that equals the end of ``tokens``, which begin with those indexed, ends."""
        ngram, key = tokens[-self._size :], 0
        for token in ngram:
            key = (key + token) * _FACTOR & _BITS
        at = int(np.searchsorted(self._keys, np.uint64(key | _POSITIONS), side="right")) - 1
        if at < 0:
            return None
        start = int(self._keys[at]) & _POSITIONS
        return start + self._size if tokens[start : start + self._size] == ngram else None
