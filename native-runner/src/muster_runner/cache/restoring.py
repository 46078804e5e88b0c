"""Reads cached blocks from the disk on a thread of its own, so that no token waits for a disk.

The usable blocks of a request are read first (``Restore``), while other requests are computed. Ranks have different
disks, but must start a request in the same step: restores are numbered in the order of their start, which is the same
on every rank, and the ranks exchange how many are done (``Restores``).
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from muster_runner.cache.block_file import ReadBlock
from muster_runner.cache.blocks import Block, BlockFiles

# Time limit of a restore: blocks read by then are used, the rest is computed.
PATIENCE_SECONDS = 10.0
# How long a step with nothing to compute waits for the disk.
IDLE_WAIT_SECONDS = 0.02

# (key, end position) of a block.
Wanted = tuple[bytes, int]


@dataclass(frozen=True)
class RestoredTokens:
    """Tokens of a prefix whose blocks came from the disk: those that this machine computed (``disk``), and those that
    were copied from another (``peer``)."""

    disk: int = 0
    peer: int = 0


NOTHING_RESTORED = RestoredTokens()


class Restore:
    """Reads the blocks of one request. ``plans``: the blocks of each usable prefix, longest first; reading stops after
    the first plan that is complete. ``held``: blocks already in memory."""

    def __init__(
        self,
        plans: Iterable[Iterable[Wanted]],
        held: dict[bytes, Block],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.held = held
        self.read: dict[bytes, ReadBlock] = {}
        # Set when the prefix is taken.
        self.tokens = NOTHING_RESTORED
        self._plans, self._clock = plans, clock
        self._deadline = clock() + PATIENCE_SECONDS
        self._ended = threading.Event()
        if not any(key not in held for plan in plans for key, _ in plan):
            self._ended.set()

    @property
    def done(self) -> bool:
        return self._ended.is_set() or self._clock() >= self._deadline

    def wait(self, seconds: float) -> None:
        self._ended.wait(seconds)

    def end(self) -> None:
        """Stops reading."""
        self._ended.set()

    def blocks(self) -> dict[bytes, Block]:
        """Returns the available blocks. For the engine's thread."""
        # Iterates over a copy: after a timeout the reader may still add to it.
        return self.held | {key: block.block() for key, block in list(self.read.items())}

    def restored(self, blocks: Sequence[Block], length: int) -> RestoredTokens:
        """Counts the tokens from the disk in a prefix of ``length`` tokens that consists of ``blocks``."""
        sums = {False: 0, True: 0}
        for block in blocks:
            if block.key not in self.held and (read := self.read.get(block.key)) is not None:
                sums[read.copied] += min(block.end, length) - block.start
        return RestoredTokens(disk=sums[False], peer=sums[True])

    def run(self, disk: BlockFiles) -> None:
        """Reads the blocks. For the reader's thread."""
        unreadable: set[bytes] = set()
        for plan in self._plans:
            for key, end in plan:
                if self.done or key in unreadable:
                    break
                if key in self.held or key in self.read:
                    continue
                if (block := disk.read(key, end)) is None:
                    unreadable.add(key)
                else:
                    self.read[key] = block
            else:
                break
        self._ended.set()


class BlockReader:
    """A thread, started at first use, that runs one restore after the other."""

    def __init__(self, disk: BlockFiles):
        self._disk = disk
        self._queue: queue.SimpleQueue[Restore] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, restore: Restore) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="disk-cache-reader", daemon=True)
            self._thread.start()
        self._queue.put(restore)

    def _run(self) -> None:
        while True:
            self._queue.get().run(self._disk)


class Restores:
    """The restores of a schedule, numbered in the order of their start. ``together``: a restore counts as done only
    when it is done on every rank."""

    def __init__(self, together: bool):
        self._together = together
        self._under_way: deque[Restore] = deque()
        self._begun = 0
        self._agreed = 0

    @property
    def done_here(self) -> int:
        """How many restores, counted from the first, this rank has done."""
        self._drop_done()
        return self._begun - len(self._under_way)

    def set_agreed(self, count: int) -> None:
        """Begins a step. ``count``: how many restores, counted from the first, are done on every rank."""
        # In every step, because a rank without others never counts: each restore holds its blocks.
        self._drop_done()
        self._agreed = count

    def register(self, restore: Restore) -> int:
        """Registers a started restore. Returns its number."""
        self._under_way.append(restore)
        self._begun += 1
        return self._begun

    def is_done(self, restore: Restore, number: int) -> bool:
        return number <= self._agreed if self._together else restore.done

    def wait(self) -> None:
        """Waits briefly for the oldest restore that is not done."""
        self._drop_done()
        if self._under_way:
            self._under_way[0].wait(IDLE_WAIT_SECONDS)

    def _drop_done(self) -> None:
        while self._under_way and self._under_way[0].done:
            self._under_way.popleft()
