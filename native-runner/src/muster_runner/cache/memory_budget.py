"""The memory budget of KV caches and recurrent states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muster_runner.cache.cache_layers import Footprint

# Tokens of growth reserved per sequence, so that admission stops before memory is full.
HEADROOM_TOKENS = 256
# Padding may always take 1/SPARE_PART of the budget.
SPARE_PART = 16
UNLIMITED_TOKENS = 1 << 62


@dataclass(frozen=True)
class MemoryBudget:
    """``total``: bytes for the caches of live requests and the prefix cache together. Equal on every rank."""

    total: int
    footprint: Footprint

    @property
    def spare_tokens(self) -> int:
        """Tokens of padding that sub-batches may always have; see SubBatches."""
        per_token = self.footprint.per_token
        return self.total // per_token // SPARE_PART if per_token else UNLIMITED_TOKENS

    def used(self, passes: Iterable[tuple[int, int]]) -> int:
        """Returns the bytes of the caches of live requests. ``passes``: per sub-batch, the number of sequences and the
        tokens of the longest, to which the others are padded."""
        return sum(count * self.footprint.sequence(longest) for count, longest in passes)


def scaled(budgets: Sequence[int], footprints: Sequence[Footprint], tokens: int) -> int:
    """Returns the first rank's budget, reduced so that every rank can hold as many sequences. ``tokens``: the sequence
    length to compare at."""
    shares = [budget / max(1, one.sequence(tokens)) for budget, one in zip(budgets, footprints, strict=True)]
    return int(min(shares) * max(1, footprints[0].sequence(tokens)))


UNLIMITED = MemoryBudget(1 << 62, Footprint(per_token=0))
