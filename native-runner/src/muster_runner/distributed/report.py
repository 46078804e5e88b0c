"""What each rank tells rank 0 before a step, in one number.

The number is the restores that are done, and has a flag above them for a shortage of memory. A runner that knows no
flag, of an earlier version, takes such a number for many restores, which costs only blocks that were still being read.
So the ranks of a model may run different versions while a cluster is updated.
"""

from collections.abc import Iterable
from typing import NamedTuple

# The highest bit that an int32 has beside its sign.
_SHORT = 1 << 30


class Report(NamedTuple):
    """``restored``: disk-cache restores that are done. ``short``: whether a machine is short of memory."""

    restored: int
    short: bool = False

    @classmethod
    def unpack(cls, number: int) -> "Report":
        return cls(number & ~_SHORT, bool(number & _SHORT))

    def pack(self) -> int:
        return self.restored | (_SHORT if self.short else 0)


def combined(reports: Iterable[Report]) -> Report:
    """Returns what holds for several ranks: the restores that are done on each, and whether any is short of memory."""
    restored, short = zip(*reports, strict=True)
    return Report(min(restored), any(short))
