"""Reads kept blocks from the disk on a thread of its own, so that no request's next token waits for a disk.

A request first has the blocks read that it can use (``Restore``), while others compute, and joins them afterwards.
Ranks have different disks and must begin a request in the same step: restores are counted in the order in which they
began, the same on every rank, and the ranks tell one another how many are done (``Restores``).
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from muster_runner.block_file import ReadBlock
from muster_runner.blocks import Block, BlockFiles

# A disk that takes longer is given up for the request: what was read by then is used, and the rest computed.
PATIENCE_SECONDS = 10.0
# How long a step with nothing to compute waits for the disk.
IDLE_WAIT_SECONDS = 0.02

# The key of a block, and the position where it ends.
Wanted = tuple[bytes, int]


class Restore:
    """Blocks on their way into memory for one request. ``plans``: the blocks of each usable beginning, the longest
    first; the first of which all can be read is the last that is read. ``held``: blocks that are in memory."""

    def __init__(
        self,
        plans: Sequence[Sequence[Wanted]],
        held: dict[bytes, Block],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.held = held
        self.read: dict[bytes, ReadBlock] = {}
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
        """Nothing more is read for it."""
        self._ended.set()

    def blocks(self) -> dict[bytes, Block]:
        """What can be used. On the engine's thread."""
        # A list first: where it was given up, the reader may still be adding to it.
        return self.held | {key: block.block() for key, block in list(self.read.items())}

    def run(self, disk: BlockFiles) -> None:
        """On the reader's thread."""
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
    """One thread, made when it is first needed, that reads for one request after the other."""

    def __init__(self, disk: BlockFiles):
        self._disk = disk
        self._waiting: queue.SimpleQueue[Restore] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, restore: Restore) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="disk-cache-reader", daemon=True)
            self._thread.start()
        self._waiting.put(restore)

    def _run(self) -> None:
        while True:
            self._waiting.get().run(self._disk)


class Restores:
    """The restores of one schedule, by number, in the order in which they began. ``together``: ranks begin requests
    in step, so a restore counts as done when it is on every rank."""

    def __init__(self, together: bool):
        self._together = together
        self._under_way: deque[Restore] = deque()
        self._begun = 0
        self._agreed = 0

    @property
    def done_here(self) -> int:
        """Restores, from the first, that this rank has done."""
        while self._under_way and self._under_way[0].done:
            self._under_way.popleft()
        return self._begun - len(self._under_way)

    def agreed(self, count: int) -> None:
        """So many, from the first, are done on every rank."""
        self._agreed = count

    def began(self, restore: Restore) -> int:
        """Returns its number."""
        self._under_way.append(restore)
        self._begun += 1
        return self._begun

    def is_done(self, restore: Restore, number: int) -> bool:
        return number <= self._agreed if self._together else restore.done

    def wait(self) -> None:
        """For a moment, for the disk."""
        if self._under_way:
            self._under_way[0].wait(IDLE_WAIT_SECONDS)
