"""Restoring blocks from the disk does not delay other requests, however slow the disk is."""

import gc
import threading
import weakref
from pathlib import Path

from requests_alone import alone, answers, prefix_cache, prompt, schedule, tiny_model

from muster_runner.cache import restoring
from muster_runner.cache.block_file import ReadBlock
from muster_runner.cache.blocks import Block
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.restoring import Restore, Restores
from muster_runner.sampling.sampling import GREEDY

PATIENCE_SECONDS = 60


class SlowDisk(DiskCache):
    """Reads nothing before it is told to."""

    def __init__(self, directory: Path):
        super().__init__(directory, b"a model", 1 << 30)
        self.goes_on = threading.Event()

    def read(self, key: bytes, end: int) -> ReadBlock | None:
        assert self.goes_on.wait(PATIENCE_SECONDS)
        return super().read(key, end)


def with_slow_disk(name: str, folder: Path):
    """A schedule whose disk holds a prompt, that disk, the prompt and its answer."""
    model, able = tiny_model(name)
    tokens = prompt(600, 1)
    first = prefix_cache(model, able, folder)
    answers(schedule(model, able, first, step=128), {"first": tokens}, stops=(300, 512))
    first._disk.flush(PATIENCE_SECONDS)
    cache = prefix_cache(model, able, folder)
    cache._disk = disk = SlowDisk(folder)
    cache._reader = restoring.BlockReader(disk)
    return schedule(model, able, cache, step=128), disk, tokens, alone(model, tokens)


def test_other_requests_get_their_tokens_while_a_slow_disk_is_read(tmp_path: Path) -> None:
    for name in ("llama", "gemma3_text"):
        running, disk, tokens, expected = with_slow_disk(name, tmp_path / name)
        running.join("beside", prompt(20, 7), GREEDY)
        got = {"beside": [], "slow": [], "alike": []}
        running.step()
        running.join("slow", tokens, GREEDY, (300, 512))
        running.join("alike", tokens, GREEDY, (300, 512))
        for _ in range(40):
            for drawn in running.step():
                got[drawn.task_id].append(drawn.token)
        assert len(got["beside"]) >= 40
        assert got["slow"] == got["alike"] == []
        disk.goes_on.set()
        while min(map(len, got.values())) < len(expected):
            for drawn in running.step():
                got[drawn.task_id].append(drawn.token)
        assert got["slow"][: len(expected)] == got["alike"][: len(expected)] == expected
        assert running.cached("slow") >= 512 and running.cached("alike") >= 512


def test_a_request_may_leave_during_its_restore(tmp_path: Path) -> None:
    running, disk, tokens, expected = with_slow_disk("llama", tmp_path)
    running.join("slow", tokens, GREEDY)
    running.step()
    running.leave(["slow"])
    assert running.active == 0
    disk.goes_on.set()
    got, known = answers(running, {"again": tokens})
    assert (got["again"], known["again"]) == (expected, 512)


def test_a_hanging_disk_is_given_up_after_the_time_limit(tmp_path: Path, monkeypatch) -> None:
    running, disk, tokens, expected = with_slow_disk("llama", tmp_path)
    monkeypatch.setattr(restoring, "PATIENCE_SECONDS", 0.0)
    got, known = answers(running, {"slow": tokens})
    assert (got["slow"], known["slow"]) == (expected, 0)
    disk.goes_on.set()


def test_ranks_start_a_request_once_all_have_restored_it() -> None:
    def restore() -> Restore:
        return Restore([[(b"a", 256)]], held={})

    restores, one, other = Restores(together=True), restore(), restore()
    numbers = [restores.register(one), restores.register(other)]
    other.end()
    assert restores.done_here == 0
    one.end()
    assert restores.done_here == 2
    restores.set_agreed(1)
    assert [restores.is_done(one, numbers[0]), restores.is_done(other, numbers[1])] == [True, False]


def test_a_restore_that_is_done_does_not_keep_its_blocks(tmp_path: Path) -> None:
    model, able = tiny_model("llama")
    cache = prefix_cache(model, able, tmp_path)
    running = schedule(model, able, cache, step=128)
    tokens = prompt(600, 1)
    answers(running, {"first": tokens})
    blocks = [weakref.ref(block) for block in cache.store]
    _, known = answers(running, {"again": tokens})
    assert known["again"] >= 512
    running.forget()
    gc.collect()
    assert [block() for block in blocks if block() is not None] == []


def test_an_idle_step_waits_for_a_restore_that_is_not_done() -> None:
    restores, done, slow = Restores(together=False), Restore([], held={}), Restore([[(b"a", 256)]], held={})
    restores.register(done)
    restores.register(slow)
    waits: list[float] = []
    slow.wait = waits.append
    restores.wait()
    assert waits == [restoring.IDLE_WAIT_SECONDS]


def test_blocks_in_memory_are_not_read_from_the_disk() -> None:
    block = Block(b"a", b"", [1], 1, [], None)
    assert Restore([[(b"a", 1)]], held={b"a": block}).done
    assert Restore([], held={}).done
