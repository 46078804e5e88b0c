"""Several ranks from the supervisors' view: forming a group, answering, failing and ending."""

import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import pytest
from conftest import PATIENCE_SECONDS, Frame, RankProcess, RunnerGroup, RunnerProcess
from mlx.utils import tree_flatten
from mlx_lm.utils import load_model, quantize_model

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
def test_other_architectures_and_uneven_layers_answer_like_one_process(
    runner: RunnerProcess, group: RunnerGroup, model_of: Callable[[str], Path], sharding: str, architecture: str
) -> None:
    runner.ready(model_of(architecture))
    group.ready(model_of(architecture), sharding, ends=[1, 4])
    for text in ("hello", "a longer one " * 30):
        assert group.first.answer(text, text=text, maxTokens=24)[0] == runner.answer(text, text=text, maxTokens=24)[0]
    # Every rank tells of its own layers and its own memory.
    own = [3, 1] if sharding == "Pipeline" else [4, 4]
    for rank, layers in zip(group.ranks, own, strict=True):
        loading = [frame for frame in rank.seen if frame.get("status") == "Loading"]
        assert [frame["layersLoaded"] for frame in loading] == list(range(layers + 1))
        assert {frame["layers"] for frame in loading} == {layers}
    memory = [frame["memoryBytes"] for rank in [*group.ranks, runner] for frame in rank.seen if "memoryBytes" in frame]
    assert all(part < 0.9 * memory[-1] for part in memory[:-1])


def test_three_ranks_of_a_pipeline_answer_like_one_process(
    runner: RunnerProcess, group: RunnerGroup, tiny: Path, tmp_path: Path
) -> None:
    runner.ready(tiny)
    (tmp_path / "three").mkdir()
    three = RunnerGroup(tmp_path / "three", ranks=3)
    try:
        three.ready(tiny, "Pipeline", ends=[2, 3, 4])
        assert three.first.answer("three", maxTokens=8)[0] == runner.answer("three", maxTokens=8)[0]
        words = [frame["status"] for frame in three.ranks[2].seen if frame["type"] == "status"]
        assert list(dict.fromkeys(words)) == ["Connecting", "Loading", "WarmingUp", "Ready"]
    finally:
        three.close()


@pytest.mark.parametrize("sharding", ["Pipeline", "Tensor"])
def test_a_quantized_model_is_sharded(
    runner: RunnerProcess, group: RunnerGroup, tiny: Path, tmp_path: Path, sharding: str
) -> None:
    model, config = load_model(tiny)
    model, config = quantize_model(model, config, group_size=32, bits=8)
    quantized = tmp_path / "quantized"
    shutil.copytree(tiny, quantized)
    write_weights(quantized, dict(tree_flatten(model.parameters())))
    write_json(quantized / "config.json", config)
    runner.ready(quantized)
    group.ready(quantized, sharding, ends=[3, 4])
    assert group.first.answer("bits", maxTokens=20)[0] == runner.answer("bits", maxTokens=20)[0]


def in_two_files(tiny: Path, folder: Path) -> tuple[Path, Path]:
    """The tiny model for each of two ranks, each with nothing but the weights that it needs. Of rank 0 and rank 1."""
    model, _ = load_model(tiny, lazy=True)
    weights = dict(tree_flatten(model.parameters()))
    first = {name for name in weights if name.startswith(("model.embed_tokens", "model.layers.0", "model.layers.1"))}
    files = {name: f"model-0000{2 - (name in first)}-of-00002.safetensors" for name in weights}
    folders = []
    for rank in range(2):
        out = folder / f"files-{rank}"
        shutil.copytree(tiny, out)
        (out / "model.safetensors").unlink()
        write_json(out / "model.safetensors.index.json", {"weight_map": files})
        mine = {name: value for name, value in weights.items() if (name in first) == (rank == 1)}
        mx.save_safetensors(str(out / files[next(iter(mine))]), mine, metadata={"format": "mlx"})
        folders.append(out)
    # Only rank 0 makes tokens of text.
    (folders[1] / "tokenizer.json").unlink()
    return folders[0], folders[1]


def test_a_rank_needs_only_the_files_of_its_layers(
    runner: RunnerProcess, group: RunnerGroup, tiny: Path, tmp_path: Path
) -> None:
    runner.ready(tiny)
    group.ready(list(in_two_files(tiny, tmp_path)), "Pipeline")
    assert group.first.answer("files", maxTokens=20)[0] == runner.answer("files", maxTokens=20)[0]


def test_a_missing_file_of_a_ranks_layers_is_named(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    last, first = in_two_files(tiny, tmp_path)
    group.load([last, first], "Pipeline", ends=[3, 4])
    assert "model-00002-of-00002.safetensors is missing" in failure(group.ranks[1])["errorMessage"]
    # What it waits for will not come.
    assert failure(group.first)["code"] == "ring"


def test_weights_missing_from_all_files_are_an_error(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    last, first = in_two_files(tiny, tmp_path)
    for model in (last, first):
        # Without an index only the weights themselves tell.
        (model / "model.safetensors.index.json").unlink()
    group.load([last, first], "Pipeline", ends=[3, 4])
    assert "model.layers.2." in failure(group.ranks[1])["errorMessage"]


@pytest.mark.parametrize("killed", [0, 1])
def test_when_a_rank_dies_during_a_step_the_others_fail_and_end(group: RunnerGroup, tiny: Path, killed: int) -> None:
    group.ready(tiny, "Pipeline")
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


def test_ranks_out_of_lockstep_fail_at_once(group: RunnerGroup, tiny: Path) -> None:
    group.ready(tiny, "Pipeline")
    group.ranks[1].send(type="wake", epoch=2)
    assert failure(group.ranks[1])["code"] == "disagreement"


def test_rank_0_sends_heartbeats_while_it_waits_in_a_collective(group: RunnerGroup, tiny: Path) -> None:
    group.ready(tiny, "Pipeline")
    group.waking = False
    group.first.generate("alone")
    for _ in range(2):
        beat = group.first.until(lambda frame: frame["type"] == "heartbeat" and frame["active"] == 1)
    assert beat["steps"] == 0
    group.ranks[1].send(type="wake", epoch=1)
    group.first.send(type="cancel", taskId="alone")
    assert group.first.finished("alone")["reason"] == "cancelled"


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


def test_a_shutdown_ends_the_wait_for_other_ranks(group: RunnerGroup, tiny: Path) -> None:
    shard = group.shards("Pipeline", None, 4)[0]
    frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
    group.first.hello()
    group.first.send(type="load", **frame, shard=shard, ring={"hosts": group.hosts})
    group.first.status("Connecting")
    group.first.send(type="shutdown")
    group.first.status("ShuttingDown")
    assert group.first.process.wait(PATIENCE_SECONDS) == 0


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


def test_ranks_with_different_settings_report_a_disagreement(group: RunnerGroup, tiny: Path) -> None:
    shards = group.shards("Pipeline", [1, 4], 4)
    shards[1]["endLayer"] = 2
    for rank, shard in zip(group.ranks, shards, strict=True):
        frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
        rank.hello()
        rank.send(type="load", **frame, shard=shard, ring={"hosts": group.hosts})
    messages = [failure(rank)["errorMessage"] for rank in group.ranks]
    assert any("do not make up 4" in message for message in messages)


def refused(runner: RankProcess | RunnerProcess, model: Path, **more: object) -> Frame:
    shard = {"rank": 0, "worldSize": 2, "startLayer": 2, "endLayer": 4, "layers": 4}
    frame = {"modelId": "t", "modelPath": str(model), "sharding": "Pipeline", "instanceMeta": "MlxRing", "shard": shard}
    runner.hello()
    runner.send(type="load", **{**frame, **more})
    return runner.until(lambda frame: frame["type"] == "failed")


def test_another_backend_is_refused(runner: RunnerProcess, tiny: Path) -> None:
    assert refused(runner, tiny, instanceMeta="MlxJaccl")["code"] == "unsupported"


def test_an_address_that_is_not_its_own_is_named(runner: RunnerProcess, tiny: Path) -> None:
    end = refused(runner, tiny, ring={"hosts": ["192.0.2.1:4000", "127.0.0.1:4001"]})
    assert end["code"] == "ring"
    assert "192.0.2.1:4000" in end["errorMessage"]


def test_heads_that_do_not_divide_are_refused(tiny: Path, tmp_path: Path) -> None:
    three = RunnerGroup(tmp_path, ranks=3)
    try:
        three.load(tiny, "Tensor")
        end = failure(three.first)
        assert end["code"] == "unsupported"
        assert "num_attention_heads is 4" in end["errorMessage"]
    finally:
        three.close()


def test_an_architecture_that_cannot_be_pipelined_is_refused(group: RunnerGroup, tiny: Path, tmp_path: Path) -> None:
    model = tmp_path / "gemma"
    shutil.copytree(tiny, model)
    config = (model / "config.json").read_text().replace('"qwen2"', '"gemma2"')
    (model / "config.json").write_text(config)
    group.load(model, "Pipeline")
    end = failure(group.first)
    assert end["code"] == "unsupported"
    assert "gemma2" in end["errorMessage"]
