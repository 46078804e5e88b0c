"""The disk tier of the prefix cache: blocks survive a crash, an unload and a restart.

One folder per model, named by its hash (``model_digest.py``), with one file per block (``block_file.py``). One thread
writes files and another reads them (``restoring.py``); the engine waits for neither. A disk error costs only time: an
unreadable block is computed again, an unwritable one is not cached. Several runners may share the folders: each evicts
the least recently used files when there are too many, and tolerates missing ones. Blocks that others put into the
folder, as the node does with those that it copies from another machine, are found within seconds; the node makes these
read-only, by which they are known as copied.
"""

import os
import queue
import re
import shutil
import stat
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from muster_runner.cache.block_file import PackedBlock, ReadBlock, Unreadable, decoded
from muster_runner.cache.block_layout import BlockLayout
from muster_runner.cache.blocks import Block, StoredBlock

# File name: parent key, key, number of tokens, and ``s`` if it has states. Keys are whole bytes.
_NAME = re.compile(r"^((?:[0-9a-f]{2}){1,32})-([0-9a-f]{32})-(\d{1,3})(s?)\.safetensors$")
_PARTIAL = ".partial"
# This share of the disk always stays free, whatever the cap.
FREE_SHARE = 0.05
# Limit of the write queue in bytes; further blocks are dropped.
MAX_QUEUED_BYTES = 1 << 30
# Writing pauses for this time after a failed write.
PAUSE_SECONDS = 60.0
# Bytes written between two checks of the total size of all folders.
BYTES_BETWEEN_CHECKS = 256 << 20
# Seconds without a write after which the folder is looked at for blocks that others have put there.
RESCAN_SECONDS = 2.0
# A folder that has changed within this time is looked at again, in nanoseconds: some file systems tell its time in
# steps of two seconds, and what comes later in the same step does not change it.
SETTLED_NS = 3 * 10**9


@dataclass(frozen=True)
class _Entry:
    stored: StoredBlock
    parent: bytes
    path: Path


class DiskCache:
    """``directory``: shared by all models. ``root``: this model's hash. ``max_bytes``: limit of all folders
    together. ``layout``: of the model's blocks; None: unknown, so that every block that is whole is taken."""

    def __init__(self, directory: Path, root: bytes, max_bytes: int, layout: BlockLayout | None = None):
        self._top, self._folder = directory, directory / root.hex()
        self._max_bytes, self._layout = max_bytes, layout
        self._lock = threading.Lock()
        self._entries: dict[bytes, _Entry] = {}
        self._lengths: dict[bytes, Counter[int]] = {}
        self._queue: queue.SimpleQueue[PackedBlock | list[bytes] | threading.Event] = queue.SimpleQueue()
        self._queued_bytes = 0
        self._paused_until = 0.0
        self._since_check = BYTES_BETWEEN_CHECKS
        # When the folder last changed, as of the last look at it that was long enough after, in nanoseconds.
        self._changed_at = 0
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._rescan()
        threading.Thread(target=self._write_all, name="disk-cache", daemon=True).start()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: bytes) -> StoredBlock | None:
        with self._lock:
            entry = self._entries.get(key)
        return entry.stored if entry else None

    def lengths(self, parent: bytes) -> Sequence[int]:
        with self._lock:
            return list(self._lengths.get(parent, ()))

    def read(self, key: bytes, end: int) -> ReadBlock | None:
        """Reads a block; None if that fails. Blocks on the disk: not for the engine's thread."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return None
        try:
            # A pipe of that name would never end.
            descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                facts = os.fstat(descriptor)
                if not stat.S_ISREG(facts.st_mode) or facts.st_size > self._max_bytes:
                    raise Unreadable("it is no file, or larger than all files together may be")
                read = decoded(file.read(), key, entry.parent, end, self._layout)
            if read.has_states != entry.stored.has_states:
                raise Unreadable("its name does not say whether it has states")
            return replace(read, copied=facts.st_mode & stat.S_IWUSR == 0)
        except (OSError, Unreadable):
            # The file stays: another version may use it, and eviction removes it eventually.
            self._unregister(entry)
            return None
        except (MemoryError, RuntimeError) as error:
            # Of memory, also of a GPU's. Without the thread that reads, all later requests would wait for it in vain.
            print(f"a block of the disk cache was not read: {error!r}", file=sys.stderr, flush=True)
            return None

    def write(self, block: Block) -> None:
        known = self.find(block.key)
        if known is not None and (known.has_states or block.states is None):
            return
        if time.monotonic() < self._paused_until or self._queued_bytes > MAX_QUEUED_BYTES:
            return
        try:
            packed = PackedBlock(block)
        except TypeError:
            return
        if not packed.is_finite:
            return
        with self._lock:
            self._queued_bytes += packed.nbytes
        self._queue.put(packed)

    def touch(self, keys: Sequence[bytes]) -> None:
        self._queue.put(list(keys))

    def flush(self, seconds: float) -> None:
        """Waits until everything queued so far is written, for at most ``seconds``."""
        done = threading.Event()
        self._queue.put(done)
        done.wait(seconds)

    # The disk's thread

    def _write_all(self) -> None:
        while True:
            try:
                queued = self._queue.get(timeout=RESCAN_SECONDS)
            except queue.Empty:
                self._rescan()
                continue
            match queued:
                case PackedBlock() as packed:
                    with self._lock:
                        self._queued_bytes -= packed.nbytes
                    self._write(packed)
                case threading.Event() as done:
                    done.set()
                case keys:
                    self._touch(keys)

    def _rescan(self) -> None:
        """Registers files that are new in the folder. Removed ones are noticed when they are read."""
        with suppress(OSError):
            looked_at, changed_at = time.time_ns(), self._folder.stat().st_mtime_ns
            if changed_at != self._changed_at:
                for name in os.listdir(self._folder):
                    self._register(name)
                if abs(looked_at - changed_at) > SETTLED_NS:
                    self._changed_at = changed_at

    def _write(self, packed: PackedBlock) -> None:
        if time.monotonic() < self._paused_until:
            return
        states = "s" if packed.has_states else ""
        path = self._folder / f"{packed.parent.hex()}-{packed.key.hex()}-{packed.tokens}{states}.safetensors"
        partial = path.with_suffix(f".{os.getpid()}{_PARTIAL}")
        try:
            data = packed.encoded()
            self._make_room(len(data))
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
            os.replace(partial, path)
        except (OSError, MemoryError, RuntimeError):
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            with suppress(OSError):
                partial.unlink()
            return
        self._register(path.name)

    def _make_room(self, count: int) -> None:
        """Evicts files to make room for ``count`` bytes. Raises OSError if that is impossible."""
        if count > self._max_bytes:
            raise OSError("a block is larger than all that may be kept")
        self._since_check += count
        if self._since_check >= min(BYTES_BETWEEN_CHECKS, self._max_bytes // 8):
            self._since_check = count
            self._remove_oldest(self._max_bytes - count)
        usage = shutil.disk_usage(self._folder)
        if usage.free - count < usage.total * FREE_SHARE:
            raise OSError("the disk is nearly full")

    def _remove_oldest(self, max_bytes: int) -> None:
        """Removes the least recently used files of all models until ``max_bytes`` bytes remain, and partial files that
        a crash left behind."""
        found: list[tuple[float, int, Path]] = []
        for folder in self._top.iterdir():
            if folder.is_symlink() or not folder.is_dir():
                continue
            for path in folder.iterdir():
                with suppress(OSError):
                    facts = path.lstat()
                    if _NAME.match(path.name) or path.suffix == _PARTIAL:
                        found.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in found)
        hour_ago = time.time() - 3600
        for used, size, path in sorted(found):
            left_behind = path.suffix == _PARTIAL and used < hour_ago
            if total <= max_bytes and not left_behind:
                continue
            with suppress(OSError):
                path.unlink()
            total -= size
            if path.parent == self._folder and (match := _NAME.match(path.name)):
                with self._lock:
                    entry = self._entries.get(bytes.fromhex(match[2]))
                if entry is not None and entry.path == path:
                    self._unregister(entry)

    def _touch(self, keys: list[bytes]) -> None:
        # From the last to the first, so that a block's mtime is never older than that of a block that depends on it.
        for key in reversed(keys):
            with self._lock:
                entry = self._entries.get(key)
            if entry is not None:
                with suppress(OSError):
                    os.utime(entry.path)

    # Either thread

    def _register(self, name: str) -> None:
        if (match := _NAME.match(name)) is None:
            return
        parent, key = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        stored = StoredBlock(key, int(match[3]), bool(match[4]))
        with self._lock:
            known = self._entries.get(key)
            if known is not None:
                # The key is a hash of the rest: a file of another parent or length is misnamed.
                is_misnamed = (known.parent, known.stored.tokens) != (parent, stored.tokens)
                if is_misnamed or (known.stored.has_states and not stored.has_states):
                    return
            self._entries[key] = _Entry(stored, parent, self._folder / name)
            if known is None:
                self._lengths.setdefault(parent, Counter())[stored.tokens] += 1

    def _unregister(self, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(entry.stored.key) is entry:
                del self._entries[entry.stored.key]
                lengths = self._lengths[entry.parent]
                lengths[entry.stored.tokens] -= 1
                if lengths[entry.stored.tokens] == 0:
                    del lengths[entry.stored.tokens]
                if not lengths:
                    del self._lengths[entry.parent]
