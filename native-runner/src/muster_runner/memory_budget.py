"""How many bytes of keys, values and states there may be, and which of them are in use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muster_runner.cache_layers import Footprint

# A sequence grows into the next room of this many tokens; with it requests join before there is no room at all.
HEADROOM_TOKENS = 256


@dataclass(frozen=True)
class MemoryBudget:
    """``total``: bytes for the caches of live requests and for what is kept of others, together. The same numbers on
    every rank: which request joins when is worked out on each."""

    total: int
    footprint: Footprint

    def used(self, passes: Iterable[tuple[int, int]]) -> int:
        """Bytes of the caches of live requests. ``passes``: of each how many sequences it has, and tokens of the
        longest, to which the others are padded."""
        return sum(count * self.footprint.sequence(longest) for count, longest in passes)


def scaled(budgets: Sequence[int], footprints: Sequence[Footprint], tokens: int) -> int:
    """The first rank's budget, lessened to what the tightest rank can hold. ``tokens``: a length to compare them at."""
    shares = [budget / max(1, one.sequence(tokens)) for budget, one in zip(budgets, footprints, strict=True)]
    return int(min(shares) * max(1, footprints[0].sequence(tokens)))


UNLIMITED = MemoryBudget(1 << 62, Footprint(per_token=0))
