"""Detects memory pressure on the machine, which shrinks caches to the memory claimed for the model."""

import ctypes
import ctypes.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Shares of free memory: pressure starts below the first and ends above the second (hysteresis).
SHORT, ENOUGH = 0.08, 0.15
SECONDS_BETWEEN_CHECKS = 1.0


def free_share() -> float | None:
    """Returns the share of memory that is available; None if unknown."""
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
    """``total``: byte limit without pressure. ``claimed``: byte limit under pressure; None: the same. ``share``: as
    ``free_share``."""

    def __init__(
        self,
        total: int,
        claimed: int | None,
        share: Callable[[], float | None] = free_share,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total, self._claimed = total, total if claimed is None else min(claimed, total)
        self._share, self._clock = share, clock
        self._limit = total
        self._short = False
        self._checked_at = clock()

    def is_short(self) -> bool:
        """Whether this machine is short of memory. Reads it once a second, and only where something can be given
        back."""
        if self._claimed == self._total or self._clock() - self._checked_at < SECONDS_BETWEEN_CHECKS:
            return self._short
        self._checked_at = self._clock()
        share = self._share()
        if share is not None and not SHORT <= share <= ENOUGH:
            self._short = share < SHORT
        return self._short

    def changed(self, others_short: bool = False) -> int | None:
        """Returns the new byte limit if it has changed. ``others_short``: whether the machine of another rank is short
        of memory."""
        wanted = self._claimed if self.is_short() or others_short else self._total
        if wanted == self._limit:
            return None
        self._limit = wanted
        return wanted
