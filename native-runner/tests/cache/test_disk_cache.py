"""The disk cache: only complete and own files are used, and disk errors are harmless."""

import errno
import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load, save

from muster_runner.cache import block_file, disk_cache
from muster_runner.cache.block_file import ReadBlock
from muster_runner.cache.blocks import Block, block_key
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.restoring import BlockReader, Restore

ROOT = b"a model"


def block(seed: int, parent: bytes = ROOT, width: int = 8, value: float = 0.5) -> Block:
    tokens = [seed, seed + 1, seed + 2]
    kv = [(mx.full((1, 2, 3, width), value + at), mx.ones((1, 2, 3, width), mx.bfloat16)) for at in range(2)]
    states = [[mx.array([[1.5, seed]]), None], (mx.zeros((1, 0, 4)), 7, True)]
    return Block(block_key(parent, tokens), parent, tokens, 3, kv, states)


def same(read: ReadBlock | None, other: Block) -> bool:
    assert read is not None
    one = read.block()
    assert (one.key, one.parent, one.tokens, one.end) == (other.key, other.parent, other.tokens, other.end)
    pairs = list(zip(one.arrays(), other.arrays(), strict=True))
    assert str(one.states) == str(other.states)
    return all(a.dtype == b.dtype and mx.array_equal(a, b).item() for a, b in pairs)


def written(folder: Path, *blocks: Block, most: int = 1 << 30) -> DiskCache:
    disk = DiskCache(folder, ROOT, most)
    for one in blocks:
        disk.write(one)
    disk.flush(30)
    return disk


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_blocks_are_restored_unchanged(tmp_path: Path) -> None:
    one, other = block(1), block(9)
    written(tmp_path / "cache", one, other)
    disk = DiskCache(tmp_path / "cache", ROOT, 1 << 30)
    assert same(disk.read(one.key, 3), one) and same(disk.read(other.key, 3), other)
    assert disk.lengths(ROOT) == [3]
    for key in (one.key, other.key):
        assert (stored := disk.find(key)) is not None and stored.has_states and stored.tokens == 3


def test_block_files_are_private_to_the_user(tmp_path: Path) -> None:
    written(tmp_path / "cache", block(1))
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600]
    assert stat.S_IMODE((tmp_path / "cache" / ROOT.hex()).stat().st_mode) == 0o700


def test_blocks_of_one_model_are_invisible_to_another(tmp_path: Path) -> None:
    written(tmp_path, block(1))
    assert len(DiskCache(tmp_path, b"another", 1 << 30)) == 0


def cut(data: bytes) -> bytes:
    return data[:-10]


def flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


def newer(data: bytes) -> bytes:
    return data.replace(b'"version":"1"', b'"version":"2"')


def with_header(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    change(header)
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + data[8 + size :]


def signed(data: bytes) -> bytes:
    """Its tokens are no token ids."""
    tensors = load(data)
    tensors["tokens"] = np.array([-1, 2, 3])
    metadata = {"format": block_file.FORMAT, "version": block_file.VERSION, "parent": ROOT.hex()}
    return save(tensors, {**metadata, "checksum": block_file._checksum(tensors)})


def nested(data: bytes) -> bytes:
    """Its form is nested too deeply to be read."""
    return with_header(data, lambda header: header["__metadata__"].update(form="[" * 100_000))


FOREIGN = [cut, flipped, newer, signed, nested, lambda _: b"", lambda _: b"\xff" * 100, lambda _: b"{}"]


@pytest.mark.parametrize("damage", FOREIGN)
def test_a_truncated_damaged_newer_or_foreign_file_is_not_used(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    one = block(1)
    written(tmp_path, one)
    (path,) = files(tmp_path)
    spoilt = damage(path.read_bytes())
    path.write_bytes(spoilt)
    disk = DiskCache(tmp_path, ROOT, 1 << 30)
    assert disk.read(one.key, 3) is None
    assert disk.find(one.key) is None and disk.lengths(ROOT) == []
    assert path.read_bytes() == spoilt


def test_a_block_under_the_name_of_another_is_not_used(tmp_path: Path) -> None:
    one, other = block(1), block(9)
    written(tmp_path, one)
    (path,) = files(tmp_path)
    shutil.copy(path, path.with_name(path.name.replace(one.key.hex(), other.key.hex())))
    disk = DiskCache(tmp_path, ROOT, 1 << 30)
    assert disk.read(other.key, 3) is None and disk.read(one.key, 3) is not None


def test_a_block_under_another_parent_does_not_hide_the_right_one(tmp_path: Path) -> None:
    one, wrong = block(1), "ab" * 16
    disk = written(tmp_path, one)
    (path,) = files(tmp_path)
    elsewhere = path.with_name(path.name.replace(ROOT.hex(), wrong, 1))
    shutil.copy(path, elsewhere)
    disk._register(elsewhere.name)
    assert same(disk.read(one.key, 3), one)
    assert (disk.lengths(ROOT), disk.lengths(bytes.fromhex(wrong))) == ([3], [])


def test_files_that_are_not_ours_are_neither_read_nor_removed(tmp_path: Path) -> None:
    folder = tmp_path / ROOT.hex()
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    outside = tmp_path.parent / "outside.safetensors"
    outside.write_bytes(b"x" * 10_000)
    one = block(1)
    (folder / f"{ROOT.hex()}-{one.key.hex()}-3.safetensors").symlink_to(outside)
    disk = written(tmp_path, block(5), block(9), most=5_000)
    assert disk.read(one.key, 3) is None
    assert (folder / "notes.txt").read_text() == "mine"
    assert outside.stat().st_size == 10_000


@pytest.mark.parametrize("name", [f"abc-{'0' * 32}-3.safetensors", f"ab-{'0' * 32}-3.safetensors.partial", "-"])
def test_a_name_that_is_not_quite_a_blocks_is_not_ours(name: str, tmp_path: Path) -> None:
    folder = tmp_path / ROOT.hex()
    folder.mkdir()
    (folder / name).write_text("mine")
    one = block(1)
    disk = written(tmp_path, one)
    assert same(disk.read(one.key, 3), one) and len(disk) == 1
    assert (folder / name).read_text() == "mine"


def test_the_least_recently_used_blocks_are_evicted(tmp_path: Path) -> None:
    blocks = [block(seed * 10, width=512) for seed in range(8)]
    (size,) = {path.stat().st_size for path in files(tmp_path / "one") or files_of(tmp_path / "one", blocks[0])}
    disk = DiskCache(tmp_path / "all", ROOT, size * 4)
    for at, one in enumerate(blocks):
        disk.write(one)
        disk.flush(30)
        if at >= 2:
            disk.touch([blocks[0].key])
            disk.flush(30)
    left = files(tmp_path / "all")
    assert sum(path.stat().st_size for path in left) <= size * 4
    assert disk.read(blocks[0].key, 3) is not None and disk.read(blocks[7].key, 3) is not None
    assert disk.read(blocks[1].key, 3) is None
    assert len(disk) == len(left)


def files_of(folder: Path, one: Block) -> list[Path]:
    written(folder, one)
    return files(folder)


def test_a_failed_write_loses_only_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    one, other = block(1), block(9)
    disk = written(tmp_path, one)
    assert disk.read(one.key, 3) is None and files(tmp_path) == []
    monkeypatch.undo()
    # Nothing is tried again for a while, and then all is well.
    disk.write(other)
    disk.flush(30)
    assert files(tmp_path) == []
    disk._paused_until = 0.0
    disk.write(other)
    disk.flush(30)
    assert same(disk.read(other.key, 3), other)


@pytest.mark.parametrize("lack", [MemoryError(), RuntimeError("[malloc] Unable to allocate 123 bytes")])
def test_a_lack_of_memory_loses_only_its_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    def lacking(*_arguments: object) -> Any:
        raise lack

    one, other, third = block(1), block(9), block(20)
    disk = written(tmp_path, one)
    cache_thread = BlockReader(disk)
    with monkeypatch.context() as patched:
        patched.setattr(disk_cache, "decoded", lacking)
        patched.setattr(disk_cache.PackedBlock, "encoded", lacking)
        disk.write(other)
        disk.flush(30)
        failed = Restore([[(one.key, 3)]], {})
        cache_thread.start(failed)
        failed.wait(30)
    # The threads that write and read go on.
    disk._paused_until = 0.0
    disk.write(third)
    disk.flush(30)
    again = Restore([[(one.key, 3), (third.key, 3)]], {})
    cache_thread.start(again)
    again.wait(30)
    assert (set(failed.blocks()), set(again.blocks())) == (set(), {one.key, third.key})


def test_the_disk_is_never_filled_completely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    nearly = usage._replace(free=int(usage.total * disk_cache.FREE_SHARE))
    monkeypatch.setattr(disk_cache.shutil, "disk_usage", lambda _path: nearly)
    written(tmp_path, block(1))
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_created_disables_only_the_disk_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    one = block(1)
    disk = written(tmp_path / "file", one)
    assert (len(disk), disk.read(one.key, 3)) == (0, None)


def test_blocks_with_nan_or_infinity_are_not_written(tmp_path: Path) -> None:
    written(tmp_path, block(1, value=float("nan")))
    assert files(tmp_path) == []


def test_a_state_that_cannot_be_written_stays_in_memory_only(tmp_path: Path) -> None:
    one = block(1)
    one.states = [object()]
    written(tmp_path, one)
    assert files(tmp_path) == []
    with pytest.raises(TypeError):
        block_file.PackedBlock(one)


def test_blocks_that_others_put_into_the_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "RESCAN_SECONDS", 0.01)
    cache = DiskCache(tmp_path / "here", ROOT, 1 << 30)
    one = block(1)
    written(tmp_path / "there", one)
    (file,) = files(tmp_path / "there")
    shutil.copy(file, tmp_path / "here" / ROOT.hex() / file.name)
    deadline = time.monotonic() + 60
    while cache.find(one.key) is None:
        assert time.monotonic() < deadline, "the block was not found"
        time.sleep(0.01)
    assert same(cache.read(one.key, one.end), one)


def test_a_block_that_does_not_change_the_time_of_the_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the file system tells it in steps of two seconds."""
    now = time.time_ns()
    written(tmp_path / "here", block(1))
    written(tmp_path / "there", block(9))
    folder = tmp_path / "here" / ROOT.hex()
    os.utime(folder, ns=(now, now))
    monkeypatch.setattr(disk_cache.time, "time_ns", lambda: now)
    disk = DiskCache(tmp_path / "here", ROOT, 1 << 30)
    (arrived,) = files(tmp_path / "there")
    shutil.copy(arrived, folder)
    os.utime(folder, ns=(now, now))
    disk._rescan()
    assert disk.find(block(9).key) is not None
