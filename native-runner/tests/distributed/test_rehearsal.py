"""Rehearsal of RDMA: the set-up of the group is JACCL's, and the answers are right."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from runner_process import PATIENCE_SECONDS, Frame, RankProcess, RunnerGroup, RunnerProcess
from side_channel_hub import Hub, make_pipes

DEVICES = [[None, "rehearsal-b"], ["rehearsal-a", None]]


class Rehearsing(RunnerGroup):
    """Two runners with side channels."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.folders = [folder / str(rank) for rank in range(2)]
        for each in self.folders:
            make_pipes(each)
        self.hub: Hub | None = None

    def serve(self) -> None:
        self.hub = Hub(self.folders)

    def tell(self, rank: RankProcess, model: Path, devices: list[list[str | None]] = DEVICES) -> None:
        frame = {"modelId": "muster/tiny", "modelPath": str(model), "sharding": "Tensor", "instanceMeta": "MlxJaccl"}
        jaccl = {"devices": devices, "rehearsal": {"attempt": "a b"}}
        shard = self.shards("Tensor", None, 4)[rank.rank]
        rank.hello()
        rank.send(type="load", **frame, shard=shard, ring={"hosts": self.neighbours(rank.rank)}, jaccl=jaccl)

    def close(self) -> None:
        super().close()
        if self.hub:
            self.hub.close()


@pytest.fixture
def ranks(tmp_path: Path) -> Iterator[Rehearsing]:
    (tmp_path / "ranks").mkdir()
    group = Rehearsing(tmp_path / "ranks")
    yield group
    group.close()


def failure(rank: RankProcess) -> Frame:
    frame = rank.until(lambda frame: frame["type"] == "failed")
    assert rank.process.wait(PATIENCE_SECONDS) == 1
    return frame


def test_a_rehearsal_ends_in_a_group_that_answers_as_one_machine_does(
    runner: RunnerProcess, ranks: Rehearsing, tiny: Path
) -> None:
    runner.ready(tiny)
    ranks.serve()
    for rank in ranks.ranks:
        ranks.tell(rank, tiny)
    for rank in ranks.ranks:
        rank.status("Ready")
    assert ranks.first.answer("same", maxTokens=24)[0] == runner.answer("same", maxTokens=24)[0]
    assert ranks.hub
    assert [len(parts[0]) for parts in ranks.hub.rounds] == [4, 64, 4, 4]
    for rank in ranks.ranks:
        rank.send(type="shutdown")
    for rank in ranks.ranks:
        rank.status("ShuttingDown")
        # In order, through mlx's own tearing down.
        assert rank.process.wait(PATIENCE_SECONDS) == 0
        assert rank.process.stderr
        assert b"rehearsal of RDMA, computes over the ring" in rank.process.stderr.read()


def test_a_rank_waiting_in_a_round_sends_heartbeats_and_can_be_shut_down(ranks: Rehearsing, tiny: Path) -> None:
    ranks.serve()
    ranks.tell(ranks.first, tiny)
    ranks.first.status("Connecting")
    for _ in range(2):
        ranks.first.until(lambda frame: frame["type"] == "heartbeat")
    ranks.first.send(type="shutdown")
    ranks.first.status("ShuttingDown")
    assert ranks.first.process.wait(PATIENCE_SECONDS) == 0


def test_a_rank_waiting_in_a_round_ends_with_its_supervisor(ranks: Rehearsing, tiny: Path) -> None:
    ranks.serve()
    ranks.tell(ranks.first, tiny)
    ranks.first.status("Connecting")
    ranks.first.until(lambda frame: frame["type"] == "heartbeat")
    ranks.first.close_commands()
    assert ranks.first.process.wait(PATIENCE_SECONDS) == 0


def test_a_side_channel_without_a_supervisor_fails_the_runner(ranks: Rehearsing, tiny: Path) -> None:
    ranks.tell(ranks.first, tiny)
    frame = failure(ranks.first)
    assert frame["code"] == "side_channel"
    assert "nobody is at its other end" in frame["errorMessage"]


def test_a_side_channel_that_is_missing_fails_the_runner(ranks: Rehearsing, tiny: Path) -> None:
    (ranks.folders[0] / "side-channel-out").unlink()
    ranks.tell(ranks.first, tiny)
    assert "side-channel-out cannot be opened" in failure(ranks.first)["errorMessage"]


def test_a_side_channel_that_breaks_in_a_round_fails_the_runner(ranks: Rehearsing, tiny: Path) -> None:
    ranks.serve()
    ranks.tell(ranks.first, tiny)
    ranks.first.status("Connecting")
    ranks.first.until(lambda frame: frame["type"] == "heartbeat")
    assert ranks.hub
    ranks.hub.close()
    frame = failure(ranks.first)
    assert frame["code"] == "side_channel"
    assert "was closed at its other end" in frame["errorMessage"]


def test_the_other_ranks_can_be_ended_when_one_dies_in_a_round(ranks: Rehearsing, tiny: Path) -> None:
    ranks.serve()
    for rank in ranks.ranks:
        rank.hello()
    ranks.tell(ranks.first, tiny)
    os.kill(ranks.ranks[1].process.pid, signal.SIGKILL)
    ranks.first.status("Connecting")
    ranks.first.send(type="shutdown")
    assert ranks.first.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("devices", "why"),
    [
        ([[None, "a", "b"], ["c", None, "d"]], "not given for every two of 2 ranks"),
        ([[None, "a"], [None, None]], "rank 1 has no RDMA device towards rank 0"),
        ([["a", "b"], ["c", None]], "rank 0 has a towards rank 0"),
    ],
)
def test_devices_that_make_no_mesh_are_refused(
    ranks: Rehearsing, tiny: Path, devices: list[list[str | None]], why: str
) -> None:
    ranks.tell(ranks.first, tiny, devices)
    frame = failure(ranks.first)
    assert frame["code"] == "unsupported"
    assert why in frame["errorMessage"]


def test_jaccl_is_refused_without_apples_hardware(runner: RunnerProcess, tiny: Path, tmp_path: Path) -> None:
    make_pipes(tmp_path)
    runner.hello()
    frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Tensor", "instanceMeta": "MlxJaccl"}
    shard = {"rank": 0, "worldSize": 2, "startLayer": 0, "endLayer": 4, "layers": 4}
    devices = [[None, "rdma_en3"], ["rdma_en2", None]]
    runner.send(type="load", **frame, shard=shard, jaccl={"devices": devices})
    end = runner.until(lambda frame: frame["type"] == "failed")
    assert end["code"] == "unsupported"
    assert "needs macOS 26.2" in end["errorMessage"]
