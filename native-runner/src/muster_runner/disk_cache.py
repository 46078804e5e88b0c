"""Blocks on the disk: what was computed comes back after a crash, an unload and a restart.

One folder for each model, named by its hash, with a file for each block (``block_file.py``). Files are written by a
thread of their own and read by another (``restoring.py``): the engine waits for neither. Whatever goes wrong with the
disk costs no more than the time to compute a block again: what cannot be read is computed, what cannot be written is
not kept. Several runners may share the folders: each removes what was longest unused when there is too much, and none
is surprised by what is gone.
"""

import hashlib
import os
import queue
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from muster_runner.block_file import PackedBlock, ReadBlock, Unreadable, decoded
from muster_runner.blocks import Block, StoredBlock
from muster_runner.protocol import Adapter

# parent, key, number of tokens, and whether states are there too.
_NAME = re.compile(r"^([0-9a-f]{2,64})-([0-9a-f]{32})-(\d{1,3})(s?)\.safetensors$")
_PARTIAL = ".partial"
# The disk is never filled beyond this share of it, whatever the cap.
FREE_SHARE = 0.05
# Bytes that may wait to be written; what comes while so many wait is not kept.
MOST_WAITING = 1 << 30
# How long nothing is written after the disk refused something.
PAUSE_SECONDS = 60.0
# Between two looks at what all folders take together.
BYTES_BETWEEN_LOOKS = 256 << 20
SAMPLES, SAMPLE_BYTES = 16, 1 << 16


def model_digest(directory: Path, *others: object) -> bytes:
    """Names what a model computes: its files, as far as they can be told apart quickly (by sizes, times and samples of
    the weights), and ``others``, such as the versions of the libraries and which layers are here."""
    return _digest(directory, "config.json", repr(others).encode())


def adapter_digest(adapter: Adapter | None) -> bytes:
    """Names what an adapter changes, like ``model_digest``; empty for none. What a model computes with one is of no use
    to the model without it, nor to another version of the same adapter."""
    return b"" if adapter is None else _digest(Path(adapter.adapter_path), "adapter_config.json", b"")


def _digest(directory: Path, config: str, others: bytes) -> bytes:
    digest = hashlib.blake2b(others, digest_size=16)
    digest.update((directory / config).read_bytes())
    for path in sorted(directory.glob("*.safetensors")):
        facts = path.stat()
        digest.update(f"{path.name} {facts.st_size} {facts.st_mtime_ns}".encode())
        with path.open("rb") as file:
            for at in range(SAMPLES):
                file.seek(facts.st_size * at // SAMPLES)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.digest()


@dataclass(frozen=True)
class _Entry:
    stored: StoredBlock
    parent: bytes
    path: Path


class DiskCache:
    """``directory``: for all models; ``root``: this model's hash. ``max_bytes``: of all folders together."""

    def __init__(self, directory: Path, root: bytes, max_bytes: int):
        self._top, self._folder = directory, directory / root.hex()
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._entries: dict[bytes, _Entry] = {}
        self._lengths: dict[bytes, Counter[int]] = {}
        self._waiting: queue.SimpleQueue[PackedBlock | list[bytes] | threading.Event] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._paused_until = 0.0
        self._since_look = BYTES_BETWEEN_LOOKS
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in os.listdir(self._folder):
                self._note(name)
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
        """Waits for the disk: not for the engine's thread."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return None
        try:
            descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
            with open(descriptor, "rb") as file:
                return decoded(file.read(), key, entry.parent, end)
        except (OSError, Unreadable):
            # Left where it is: it may be another version's, and goes when there is too much.
            self._forget(entry)
            return None

    def write(self, block: Block) -> None:
        known = self.find(block.key)
        if known is not None and (known.has_states or block.states is None):
            return
        if time.monotonic() < self._paused_until or self._waiting_bytes > MOST_WAITING:
            return
        try:
            packed = PackedBlock(block)
        except TypeError:
            return
        if not packed.is_finite:
            return
        with self._lock:
            self._waiting_bytes += packed.nbytes
        self._waiting.put(packed)

    def touch(self, keys: Sequence[bytes]) -> None:
        self._waiting.put(list(keys))

    def flush(self, seconds: float) -> None:
        """Waits until all is written that was to be written up to now."""
        done = threading.Event()
        self._waiting.put(done)
        done.wait(seconds)

    # The disk's thread

    def _write_all(self) -> None:
        while True:
            match self._waiting.get():
                case PackedBlock() as packed:
                    with self._lock:
                        self._waiting_bytes -= packed.nbytes
                    self._write(packed)
                case threading.Event() as done:
                    done.set()
                case keys:
                    self._touch(keys)

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
        except OSError:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            with suppress(OSError):
                partial.unlink()
            return
        self._note(path.name)

    def _make_room(self, count: int) -> None:
        """Raises OSError where there is none."""
        if count > self._max_bytes:
            raise OSError("a block is larger than all that may be kept")
        self._since_look += count
        if self._since_look >= min(BYTES_BETWEEN_LOOKS, self._max_bytes // 8):
            self._since_look = count
            self._remove_oldest(self._max_bytes - count)
        usage = shutil.disk_usage(self._folder)
        if usage.free - count < usage.total * FREE_SHARE:
            raise OSError("the disk is nearly full")

    def _remove_oldest(self, most: int) -> None:
        """Removes what was longest unused, of all models, until ``most`` bytes are left, and what crashes left."""
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
            if total <= most and not left_behind:
                continue
            with suppress(OSError):
                path.unlink()
            total -= size
            if path.parent == self._folder and (match := _NAME.match(path.name)):
                with self._lock:
                    entry = self._entries.get(bytes.fromhex(match[2]))
                if entry is not None and entry.path == path:
                    self._forget(entry)

    def _touch(self, keys: list[bytes]) -> None:
        # From the last on, so that a block never looks older than one that needs it.
        for key in reversed(keys):
            with self._lock:
                entry = self._entries.get(key)
            if entry is not None:
                with suppress(OSError):
                    os.utime(entry.path)

    # Either thread

    def _note(self, name: str) -> None:
        if (match := _NAME.match(name)) is None:
            return
        parent, key = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        stored = StoredBlock(key, int(match[3]), bool(match[4]))
        with self._lock:
            known = self._entries.get(key)
            if known is not None and known.stored.has_states and not stored.has_states:
                return
            self._entries[key] = _Entry(stored, parent, self._folder / name)
            if known is None:
                self._lengths.setdefault(parent, Counter())[stored.tokens] += 1

    def _forget(self, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(entry.stored.key) is entry:
                del self._entries[entry.stored.key]
                lengths = self._lengths[entry.parent]
                lengths[entry.stored.tokens] -= 1
                if lengths[entry.stored.tokens] == 0:
                    del lengths[entry.stored.tokens]
                if not lengths:
                    del self._lengths[entry.parent]
