"""Several ranks from the supervisors' view: forming a group, answering, failing and ending."""

import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from divided_files import in_two_files
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model, quantize_model
from runner_process import PATIENCE_SECONDS, Frame, RankProcess, RunnerGroup, RunnerProcess, free_ports
from text_alone import text_alone, weight_bytes

from muster_runner.model.make_tiny import make_tiny
from muster_runner.model.model_directory import write_json, write_weights


def failure(rank: RankProcess) -> Frame:
    frame = rank.until(lambda frame: frame["type"] == "failed")
    assert rank.process.wait(PATIENCE_SECONDS) == 1
    return frame


@pytest.fixture(scope="module")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Tiny models by architecture."""
    folder = tmp_path_factory.mktemp("architectures")

    def made(architecture: str) -> Path:
        if not (folder / architecture).exists():
            make_tiny(folder / architecture, architecture)
        return folder / architecture

    return made


@pytest.mark.parametrize("sharding", ["Pipeline", "Tensor"])
@pytest.mark.parametrize("architecture", ["llama", "qwen3"])
def test_other_architectures_and_uneven_layers_answer_like_mlx_lm(
    group: RunnerGroup, model_of: Callable[[str], Path], sharding: str, architecture: str
) -> None:
    model = model_of(architecture)
    group.ready(model, sharding, ends=[1, 4])
    for task, text in {"short": "hello", "long": "a longer one " * 30}.items():
        assert group.first.answer(task, text=text, maxTokens=24)[0] == text_alone(model, text, 24)
    # Every rank tells of its own layers and its own memory.
    own = [3, 1] if sharding == "Pipeline" else [4, 4]
    for rank, layers in zip(group.ranks, own, strict=True):
        loading = [frame for frame in rank.seen if frame.get("status") == "Loading"]
        assert [frame["layersLoaded"] for frame in loading] == list(range(layers + 1))
        assert {frame["layers"] for frame in loading} == {layers}
    memory = [frame["memoryBytes"] for rank in group.ranks for frame in rank.seen if "memoryBytes" in frame]
    assert len(memory) == 2
    assert all(part < 0.9 * weight_bytes(model) for part in memory)


def test_three_ranks_of_a_pipeline_answer_like_mlx_lm(tiny: Path, tmp_path: Path) -> None:
    three = RunnerGroup(tmp_path, ranks=3)
    try:
        three.ready(tiny, "Pipeline", ends=[2, 3, 4])
        assert three.first.answer("three", maxTokens=8)[0] == text_alone(tiny, "hello", 8)
        words = [frame["status"] for frame in three.ranks[2].seen if frame["type"] == "status"]
        assert list(dict.fromkeys(words)) == ["Connecting", "Loading", "WarmingUp", "Ready"]
    finally:
        three.close()


@pytest.mark.parametrize("sharding", ["Pipeline", "Tensor"])
def test_a_quantized_model_is_sharded(group: RunnerGroup, tiny: Path, tmp_path: Path, sharding: str) -> None:
    model, config = load_model(tiny)
    model, config = quantize_model(model, config, group_size=32, bits=8)
    quantized = tmp_path / "quantized"
    shutil.copytree(tiny, quantized)
    write_weights(quantized, dict(tree_flatten(model.parameters())))
    write_json(quantized / "config.json", config)
    group.ready(quantized, sharding, ends=[3, 4])
    assert group.first.answer("bits", maxTokens=20)[0] == text_alone(quantized, "hello", 20)


def test_a_rank_needs_only_the_files_of_its_layers(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    group.ready(list(in_two_files(tiny, tmp_path)), "Pipeline")
    assert group.first.answer("files", maxTokens=20)[0] == text_alone(tiny, "hello", 20)


def test_a_missing_file_of_a_ranks_layers_is_named(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    last, first = in_two_files(tiny, tmp_path)
    group.load([last, first], "Pipeline", ends=[3, 4])
    assert "model-00002-of-00002.safetensors is missing" in failure(group.ranks[1])["errorMessage"]
    # What it waits for will not come.
    assert failure(group.first)["code"] == "ring"


@pytest.mark.parametrize("sharding", ["Pipeline", "Tensor"])
@pytest.mark.parametrize("killed", [0, 1])
def test_when_a_rank_dies_during_a_step_the_others_fail_and_end(
    group: RunnerGroup, tiny: Path, killed: int, sharding: str
) -> None:
    group.ready(tiny, sharding)
    group.first.generate("endless", maxTokens=1500)
    group.first.until(lambda frame: frame["type"] == "tokens")
    os.kill(group.ranks[killed].process.pid, signal.SIGKILL)
    frame = failure(group.ranks[1 - killed])
    assert frame["code"] == "ring"
    assert "connection to another rank was lost" in frame["errorMessage"]


def test_a_rank_that_died_while_idle_is_noticed_at_the_next_request(group: RunnerGroup, tiny: Path) -> None:
    group.ready(tiny, "Tensor")
    os.kill(group.ranks[1].process.pid, signal.SIGKILL)
    group.ranks[1].process.wait()
    group.waking = False
    group.first.generate("nobody there")
    assert failure(group.first)["code"] == "ring"


def test_rank_0_sends_heartbeats_while_it_waits_and_a_rank_out_of_lockstep_fails(
    group: RunnerGroup, tiny: Path
) -> None:
    group.ready(tiny, "Pipeline")
    group.waking = False
    group.first.generate("alone")
    for _ in range(2):
        beat = group.first.until(lambda frame: frame["type"] == "heartbeat" and frame["active"] == 1)
    # It waits in its first step, for what the other rank computes.
    assert beat["steps"] == 1
    group.ranks[1].send(type="wake", epoch=1)
    group.first.send(type="cancel", taskId="alone")
    assert group.first.finished("alone")["reason"] == "cancelled"
    # Out of lockstep they fail at once: the next epoch is the second.
    group.ranks[1].send(type="wake", epoch=3)
    assert failure(group.ranks[1])["code"] == "disagreement"


def test_a_rank_waits_for_one_that_starts_late(group: RunnerGroup, tiny: Path) -> None:
    shards = group.shards("Pipeline", None, 4)
    frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
    for rank in group.ranks:
        rank.hello()
    group.first.send(type="load", **frame, shard=shards[0], ring={"hosts": group.hosts})
    group.first.status("Connecting")
    # It beats on meanwhile, though mlx itself would keep every thread of Python waiting.
    for _ in range(2):
        group.first.until(lambda frame: frame["type"] == "heartbeat")
    # Nor does it take a stranger for its neighbour.
    ip, port = group.hosts[0].split(":")
    with socket.create_connection((ip, int(port))) as stranger:
        stranger.sendall(b"GET / HTTP/1.1" + b"\r\n" * 40)
    group.ranks[1].send(type="load", **frame, shard=shards[1], ring={"hosts": group.hosts})
    for rank in group.ranks:
        rank.status("Ready")


def test_a_group_can_be_formed_again_at_the_same_addresses(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    group.ready(tiny, "Pipeline")
    group.first.generate("endless", maxTokens=1500)
    group.first.until(lambda frame: frame["type"] == "tokens")
    group.close()
    (tmp_path / "again").mkdir()
    again = RunnerGroup(tmp_path / "again")
    again.hosts = group.hosts
    try:
        assert again.ready(tiny, "Pipeline").first.answer("again", maxTokens=5)[1]["reason"] == "length"
    finally:
        again.close()


def test_a_shutdown_ends_the_wait_for_other_ranks(runner: RunnerProcess, tiny: Path) -> None:
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    shard = {"rank": 0, "worldSize": 2, "startLayer": 2, "endLayer": 4, "layers": 4}
    frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
    runner.hello()
    runner.send(type="load", **frame, shard=shard, ring={"hosts": hosts})
    runner.status("Connecting")
    runner.send(type="shutdown")
    runner.status("ShuttingDown")
    assert runner.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("busy", [False, True])
def test_shutdown_ends_all_ranks_cleanly(group: RunnerGroup, tiny: Path, busy: bool) -> None:
    group.ready(tiny, "Tensor")
    if busy:
        group.first.generate("endless", maxTokens=1500)
        group.first.until(lambda frame: frame["type"] == "tokens")
    for rank in group.ranks:
        rank.send(type="shutdown")
    for rank in group.ranks:
        rank.status("ShuttingDown")
        assert rank.process.wait(PATIENCE_SECONDS) == 0
