"""The side channel: every rank's bytes in rank order, and errors instead of endless waits."""

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import mlx.core as mx
import pytest
from runner_process import PATIENCE_SECONDS, SOURCES
from side_channel_hub import Hub, make_pipes

from muster_runner.distributed.group import Group
from muster_runner.distributed.jaccl import join_jaccl
from muster_runner.distributed.rehearsal import destination, rehearse
from muster_runner.distributed.side_channel import MAX_ROUND_BYTES, SideChannel
from muster_runner.failures import Failure, RdmaFailed, SideChannelBroken, Unsupported, as_failure

# One rank in a process of its own: three rounds, of which the second is as large as one may be.
RANK = """
import sys
from pathlib import Path
from muster_runner.distributed.side_channel import SideChannel
rank, size = int(sys.argv[2]), int(sys.argv[3])
channel = SideChannel(Path(sys.argv[1]), size, lambda: None)
for count in (4, 65536, 0, 7):
    mine = bytes([rank]) * count
    assert channel.all_gather(mine, count) == b"".join(bytes([other]) * count for other in range(size)), count
print("done", flush=True)
"""


def never() -> None:
    """A ``check`` that never aborts."""


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / str(rank) for rank in range(3)]
    for folder in made:
        folder.mkdir()
        make_pipes(folder)
    return made


@pytest.fixture
def hub(folders: list[Path]) -> Iterator[Hub]:
    made = Hub(folders)
    yield made
    made.close()


def in_threads(work: list[Callable[[], object]]) -> list[BaseException | object]:
    """What each of them came to, all at once."""
    results: list[BaseException | object] = [None] * len(work)

    def run(at: int) -> None:
        try:
            results[at] = work[at]()
        except BaseException as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,), daemon=True) for at in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "it waits for ever"
    return results


def test_every_rank_gets_every_ranks_bytes_in_rank_order(hub: Hub, folders: list[Path]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(folder), str(rank), str(len(folders))],
            env=environment,
            stdout=subprocess.PIPE,
        )
        for rank, folder in enumerate(folders)
    ]
    for rank in ranks:
        assert rank.communicate(timeout=PATIENCE_SECONDS)[0] == b"done\n"
    assert [[len(part) for part in parts] for parts in hub.rounds] == [[4] * 3, [65536] * 3, [0] * 3, [7] * 3]


def test_a_pipe_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SideChannelBroken, match="side-channel-out cannot be opened: No such file"):
        SideChannel(tmp_path, 2, never)
    make_pipes(tmp_path)
    held = os.open(tmp_path / "side-channel-out", os.O_RDWR | os.O_NONBLOCK)
    (tmp_path / "side-channel-in").unlink()
    with pytest.raises(SideChannelBroken, match="side-channel-in cannot be opened: No such file"):
        SideChannel(tmp_path, 2, never)
    os.close(held)


def test_a_file_that_is_not_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "side-channel-out").write_text("")
    with pytest.raises(SideChannelBroken, match="side-channel-out is no named pipe"):
        SideChannel(tmp_path, 2, never)


def test_a_pipe_without_a_supervisor_is_not_waited_for(tmp_path: Path) -> None:
    make_pipes(tmp_path)
    with pytest.raises(SideChannelBroken, match="nobody is at its other end"):
        SideChannel(tmp_path, 2, never)


def test_a_pipe_that_is_closed_while_others_are_waited_for_ends_the_wait(hub: Hub, folders: list[Path]) -> None:
    channel = SideChannel(folders[0], 3, never)
    asked = threading.Timer(0.2, hub.close)
    asked.start()
    with pytest.raises(SideChannelBroken, match="side-channel-in was closed"):
        channel.all_gather(b"1234", 4)
    with pytest.raises(SideChannelBroken, match="side-channel-out was closed"):
        channel.all_gather(b"1234", 4)
    channel.close()


def test_a_pipe_that_is_closed_in_the_middle_of_an_answer_ends_the_wait(tmp_path: Path) -> None:
    make_pipes(tmp_path)
    out = os.open(tmp_path / "side-channel-out", os.O_RDWR | os.O_NONBLOCK)
    back = os.open(tmp_path / "side-channel-in", os.O_RDWR | os.O_NONBLOCK)
    channel = SideChannel(tmp_path, 2, never)
    os.write(back, struct.pack("<I", 8) + b"half")
    os.close(back)
    with pytest.raises(SideChannelBroken, match="closed at its other end"):
        channel.all_gather(b"1234", 4)
    channel.close()
    os.close(out)


def test_a_supervisor_that_does_not_read_blocks_only_the_round(tmp_path: Path) -> None:
    make_pipes(tmp_path)
    ends = [os.open(tmp_path / name, os.O_RDWR | os.O_NONBLOCK) for name in ("side-channel-out", "side-channel-in")]
    # As full as a pipe can be.
    with pytest.raises(BlockingIOError):
        while True:
            os.write(ends[0], bytes(4096))
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise InterruptedError

    channel = SideChannel(tmp_path, 2, check)
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(InterruptedError):
        channel.all_gather(b"1234", 4)
    channel.close()
    for fd in ends:
        os.close(fd)


def test_a_shutdown_ends_the_wait_for_the_others(hub: Hub, folders: list[Path]) -> None:
    class Leaving(Exception):
        pass

    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise Leaving

    channel = SideChannel(folders[1], 3, check)
    threading.Timer(0.2, stopped.set).start()
    with pytest.raises(Leaving):
        channel.all_gather(b"1234", 4)
    channel.close()


def test_an_answer_of_another_size_is_refused(folders: list[Path]) -> None:
    short = Hub(folders[:1], answer=lambda _rank, data: struct.pack("<I", 3) + data[4:7])
    channel = SideChannel(folders[0], 1, never)
    with pytest.raises(SideChannelBroken, match="brought 3 bytes, not 4 from each of 1 ranks"):
        channel.all_gather(b"1234", 4)
    channel.close()
    short.close()


def test_an_invalid_round_is_not_sent(hub: Hub, folders: list[Path]) -> None:
    channel = SideChannel(folders[0], 3, never)
    for src, count in ((b"123", 4), (bytes(MAX_ROUND_BYTES + 1), MAX_ROUND_BYTES + 1)):
        with pytest.raises(SideChannelBroken, match="cannot be asked for"):
            channel.all_gather(src, count)
    channel.close()
    assert hub.rounds == []


def devices(size: int) -> list[list[str | None]]:
    return [[None if one == other else f"rehearsal-{other}" for other in range(size)] for one in range(size)]


def rehearsing(folders: list[Path], attempts: list[str]) -> list[Callable[[], object]]:
    def rank(at: int) -> Callable[[], object]:
        def run() -> None:
            channel = SideChannel(folders[at], len(folders), never)
            try:
                rehearse(devices(len(folders)), at, attempts[at], channel.all_gather)
            finally:
                channel.close()

        return run

    return [rank(at) for at in range(len(folders))]


def test_a_rehearsal_does_the_rounds_of_jaccls_mesh(hub: Hub, folders: list[Path]) -> None:
    assert in_threads(rehearsing(folders, ["one"] * 3)) == [None] * 3
    # Lengths, as int32; a destination of 32 bytes for each rank; the barrier, twice.
    assert [[len(part) for part in parts] for parts in hub.rounds] == [[4] * 3, [96] * 3, [4] * 3, [4] * 3]
    assert hub.rounds[0] == [struct.pack("<i", 3)] * 3
    assert hub.rounds[1][0] == bytes(32) + destination("one", "rehearsal-1", (0, 1)) + destination(
        "one", "rehearsal-2", (0, 2)
    )
    assert hub.rounds[2] == hub.rounds[3] == [bytes(4)] * 3


def test_a_rehearsal_notices_data_of_another_attempt(hub: Hub, folders: list[Path]) -> None:
    for error in in_threads(rehearsing(folders, ["one", "one", "another"])):
        assert isinstance(error, SideChannelBroken)
        assert "destinations" in str(error)


def test_a_rehearsal_notices_ranks_in_the_wrong_order(folders: list[Path]) -> None:
    def swapped(_rank: int, data: bytes) -> bytes:
        size = len(data[4:]) // 3
        parts = [data[4 + at * size : 4 + (at + 1) * size] for at in (1, 0, 2)]
        return data[:4] + b"".join(parts)

    hub = Hub(folders, answer=swapped)
    for error in in_threads(rehearsing(folders, ["one"] * 3)):
        assert isinstance(error, SideChannelBroken)
    hub.close()


def joined(folder: Path, size: int = 2) -> Callable[[], object]:
    return lambda: join_jaccl(devices(size), 0, folder, never)


def raised(work: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as caught:
        work()
    return caught.value


class TestTheWayIntoJaccl:
    """Up to mlx's own call, which a stand-in takes here: it speaks as mlx's does, from its signature to its errors."""

    def test_without_rdma_says_what_is_needed(self, tmp_path: Path) -> None:
        assert isinstance(error := raised(joined(tmp_path)), Unsupported)
        assert "macOS 26.2" in str(error)

    def test_an_older_mlx_says_which_version_is_needed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def init(strict: bool = False, backend: str = "any") -> None:
            """init(strict: bool = False, backend: str = 'any') -> Group"""

        monkeypatch.setattr(mx.distributed, "init", init)
        assert isinstance(error := raised(joined(tmp_path)), Unsupported)
        assert "MLX 0.32.1 or newer" in str(error)
        assert mx.__version__ in str(error)

    def test_the_installed_mlx_takes_a_side_channel(self) -> None:
        assert "all_gather_factory" in (mx.distributed.init.__doc__ or "")

    def stand_in(self, monkeypatch: pytest.MonkeyPatch, constructor: Callable[..., object]) -> None:
        """Takes the place of mlx's init, on a machine that has RDMA."""

        def init(strict: bool = False, backend: str = "any", *, all_gather_factory: object = None) -> object:
            return constructor(strict=strict, backend=backend, all_gather_factory=all_gather_factory)

        init.__doc__ = mx.distributed.init.__doc__
        monkeypatch.setattr(mx.distributed, "init", init)
        monkeypatch.setattr(mx.distributed, "is_available", lambda backend="any": True)

    def test_mlx_gets_the_devices_the_rank_and_the_side_channel(
        self, hub: Hub, folders: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given: dict[str, object] = {}

        class Raw:
            def rank(self) -> int:
                return 0

            def size(self) -> int:
                return 3

        def constructor(strict: bool, backend: str, all_gather_factory: Callable[..., Callable[..., bytes]]) -> Raw:
            given.update(strict=strict, backend=backend, rank=os.environ["MLX_RANK"])
            given["devices"] = Path(os.environ["MLX_IBV_DEVICES"]).read_text()
            given["gathered"] = all_gather_factory(0, 3)(b"abcd", 4)
            return Raw()

        self.stand_in(monkeypatch, constructor)

        def other(rank: int) -> Callable[[], object]:
            return lambda: SideChannel(folders[rank], 3, never).all_gather(b"wxyz", 4)

        group, *_ = in_threads([joined(folders[0], 3), other(1), other(2)])
        assert isinstance(group, Group)
        assert (group.rank, group.size) == (0, 3)
        assert given == {
            "strict": True,
            "backend": "jaccl",
            "rank": "0",
            "devices": '[[null, "rehearsal-1", "rehearsal-2"], ["rehearsal-0", null, "rehearsal-2"], '
            '["rehearsal-0", "rehearsal-1", null]]',
            "gathered": b"abcdwxyzwxyz",
        }
        # Nothing of it stays behind.
        assert sorted(path.name for path in folders[0].iterdir()) == ["side-channel-in", "side-channel-out"]

    @pytest.mark.parametrize(
        "error",
        [
            RuntimeError("[jaccl] Couldn't allocate protection domain"),
            ValueError("[jaccl] Changing queue pair to RTR failed with errno 22"),
        ],
    )
    def test_what_mlx_says_comes_out_with_its_mark(
        self, hub: Hub, folders: list[Path], monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def constructor(**_: object) -> None:
            raise error

        self.stand_in(monkeypatch, constructor)
        assert isinstance(failure := raised(joined(folders[0], 3)), RdmaFailed)
        assert str(failure) == str(error)
        assert failure.code == "jaccl"

    def test_another_rank_than_the_one_it_was_told_is_refused(
        self, hub: Hub, folders: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def constructor(all_gather_factory: Callable[[int, int], object], **_: object) -> object:
            return all_gather_factory(1, 3)

        self.stand_in(monkeypatch, constructor)
        assert "asks for rank 1 of 3" in str(raised(joined(folders[0], 3)))


def test_mlxs_errors_during_a_step_are_recognised_as_rdma_failures() -> None:
    for error in (RuntimeError("[jaccl] Recv failed with error code 2"), ValueError("[jaccl] Send failed")):
        assert isinstance(as_failure(error), RdmaFailed)
    assert as_failure(ValueError("something else")) is None
