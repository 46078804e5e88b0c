"""Whether the machine runs short of memory, so that what is kept beyond the promised memory must go."""

import ctypes
import ctypes.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Of the machine's memory: below the first share there is too little, above the second there is enough again.
SHORT, ENOUGH = 0.08, 0.15
SECONDS_BETWEEN_LOOKS = 1.0


def free_share() -> float | None:
    """The share of the memory that programs can have; None where nobody says."""
    if sys.platform == "darwin":
        level, size = ctypes.c_int(), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int))
        library = ctypes.CDLL(ctypes.util.find_library("c"))
        failed = library.sysctlbyname(b"kern.memorystatus_level", ctypes.byref(level), ctypes.byref(size), None, 0)
        return None if failed else level.value / 100
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        values = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return values["MemAvailable"] / values["MemTotal"]
    except (OSError, KeyError, ValueError, IndexError):
        return None


class MemoryPressure:
    """``total``: bytes that may be used while there is enough memory; ``claimed``: bytes that may be used always, None
    for all. ``share``: as ``free_share``."""

    def __init__(
        self,
        total: int,
        claimed: int | None,
        share: Callable[[], float | None] = free_share,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total, self._least = total, total if claimed is None else min(claimed, total)
        self._share, self._clock = share, clock
        self._now = total
        self._looked = clock()

    def changed(self) -> int | None:
        """The bytes that may be used from now on, if that has changed. Looks once a second."""
        if self._least == self._total or self._clock() - self._looked < SECONDS_BETWEEN_LOOKS:
            return None
        self._looked = self._clock()
        share = self._share()
        if share is None or SHORT <= share <= ENOUGH:
            return None
        wanted = self._least if share < SHORT else self._total
        if wanted == self._now:
            return None
        self._now = wanted
        return wanted
