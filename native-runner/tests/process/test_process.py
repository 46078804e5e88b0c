"""The runner process from its supervisor's view."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runner_process import PATIENCE_SECONDS, SOURCES, RunnerProcess


def damaged(tiny: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    copy.mkdir()
    for file in tiny.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def failure(runner: RunnerProcess) -> str:
    frame = runner.until(lambda frame: frame["type"] == "failed")
    assert runner.process.wait(PATIENCE_SECONDS) == 1
    return frame["errorMessage"]


def test_says_hello_then_every_layer_then_ready(runner: RunnerProcess, tiny: Path) -> None:
    runner.hello()
    hello = runner.until(lambda frame: frame["type"] == "hello")
    assert (hello["runnerId"], hello["pid"]) == ("runner-1", runner.process.pid)
    runner.load(tiny)
    runner.status("Ready")
    loading = [frame["layersLoaded"] for frame in runner.seen if frame.get("status") == "Loading"]
    assert loading == [0, 1, 2, 3, 4]
    loaded = next(frame for frame in runner.seen if frame["type"] == "loaded")
    assert loaded["contextLength"] == 2048
    assert set(loaded["timings"]) == {"python", "imports", "load", "warmUp"}


def test_the_declared_context_is_the_limit(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny, maxContext=64)
    assert next(frame for frame in runner.seen if frame["type"] == "loaded")["contextLength"] == 64
    _, end = runner.answer("long", text="x" * 100)
    assert end["code"] == "context_length_exceeded"


def test_shutdown_ends_it_cleanly(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    runner.send(type="shutdown")
    runner.status("ShuttingDown")
    assert runner.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("busy", [False, True])
def test_the_end_of_the_commands_pipe_ends_it(runner: RunnerProcess, tiny: Path, busy: bool) -> None:
    runner.ready(tiny)
    if busy:
        runner.generate("endless", maxTokens=1500)
        runner.until(lambda frame: frame["type"] == "tokens")
    runner.close_commands()
    assert runner.process.wait(PATIENCE_SECONDS) == 0


def test_heartbeats_are_sent_while_idle(runner: RunnerProcess) -> None:
    runner.hello()
    beat = runner.until(lambda frame: frame["type"] == "heartbeat")
    assert (beat["steps"], beat["active"]) == (0, 0)


def test_an_idle_runner_takes_no_steps(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    runner.answer("some", maxTokens=5)
    beats = [runner.until(lambda frame: frame["type"] == "heartbeat")["steps"] for _ in range(3)]
    assert beats[1] == beats[2]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (struct.pack("<I", 5) + b"abcde", "not JSON"),
        (struct.pack("<I", 65 * 1024 * 1024), "over the limit"),
        (struct.pack("<I", 2) + b"[]", "not a JSON object"),
        (struct.pack("<I", 18) + b'{"type": "dance!"}', "dance!"),
    ],
)
def test_an_invalid_frame_fails_the_runner_with_a_clear_error(runner: RunnerProcess, data: bytes, says: str) -> None:
    runner.hello()
    runner.send_bytes(data)
    assert says in failure(runner)


def test_another_protocol_is_refused(runner: RunnerProcess) -> None:
    runner.send(type="hello", protocol=99, runnerId="r")
    assert "99" in failure(runner)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(runner: RunnerProcess, tiny: Path, tmp_path: Path, name: str) -> None:
    model = damaged(tiny, tmp_path)
    (model / name).unlink()
    runner.hello()
    runner.load(model)
    assert f"{name} is missing" in failure(runner)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json"])
def test_a_damaged_file_is_named(runner: RunnerProcess, tiny: Path, tmp_path: Path, name: str) -> None:
    model = damaged(tiny, tmp_path)
    data = (model / name).read_bytes()
    (model / name).write_bytes(data[: len(data) // 2])
    runner.hello()
    runner.load(model)
    assert f"{name} is damaged" in failure(runner)


def with_config(**fields: Any) -> Callable[[Path], None]:
    def change(model: Path) -> None:
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, **fields}))

    return change


def with_header(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """Changes the header of the weights."""

    def rewrite(model: Path) -> None:
        path = model / "model.safetensors"
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])

    return rewrite


def test_weights_may_have_null_for_metadata_as_mlx_writes_them(
    runner: RunnerProcess, tiny: Path, tmp_path: Path
) -> None:
    model = damaged(tiny, tmp_path)
    with_header(lambda header: header.update(__metadata__=None))(model)
    runner.ready(model)


def with_tensor(**fields: Any) -> Callable[[Path], None]:
    return with_header(lambda header: header["lm_head.weight"].update(fields))


def with_index(content: Any) -> Callable[[Path], None]:
    return lambda model: (model / "model.safetensors.index.json").write_text(json.dumps(content)) and None


def nested(name: str) -> Callable[[Path], None]:
    text = '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}"

    def write(model: Path) -> None:
        (model / name).write_text(text)

    return write


def piped(name: str) -> Callable[[Path], None]:
    def put(model: Path) -> None:
        (model / name).unlink(missing_ok=True)
        os.mkfifo(model / name)

    return put


@pytest.mark.parametrize(
    ("damage", "code", "says"),
    [
        (with_config(rope_theta="x"), "model_file", "config.json does not fit"),
        (with_config(rope_theta=None), "model_file", "config.json does not fit"),
        (with_config(rms_norm_eps="x"), "model_file", "config.json does not fit"),
        (with_config(vocab_size=[260]), "model_file", "config.json does not fit"),
        (with_header(lambda header: header["lm_head.weight"].update(dtype="F99")), "unsupported", "F99"),
        (with_header(lambda header: header.update(__metadata__=5)), "model_file", "model.safetensors is damaged"),
        (
            with_header(lambda header: header.update(__metadata__={"a": 5})),
            "model_file",
            "model.safetensors is damaged",
        ),
        (with_tensor(shape=[1 << 40, 64]), "model_file", "model.safetensors is damaged: lm_head.weight has"),
        (with_tensor(shape=[-260, -64]), "model_file", "model.safetensors is damaged"),
        (with_tensor(data_offsets=[-8, 66_552]), "model_file", "model.safetensors is damaged"),
        (with_tensor(dtype=7), "model_file", "model.safetensors is damaged"),
        (with_config(num_hidden_layers=1_000_000), "model_file", "config.json is damaged: its num_hidden_layers"),
        (with_index([]), "model_file", "model.safetensors.index.json is damaged"),
        (with_index({"weight_map": {"a": ["b"], "c": 5}}), "model_file", "is missing from"),
        (nested("generation_config.json"), "model_file", "generation_config.json is damaged"),
        (nested("tokenizer_config.json"), "model_file", "tokenizer_config.json is damaged"),
        (piped("generation_config.json"), "model_file", "generation_config.json is damaged"),
        (piped("tokenizer_config.json"), "model_file", "tokenizer_config.json is damaged"),
        (piped("chat_template.jinja"), "model_file", "chat_template.jinja is damaged"),
    ],
)
def test_what_can_never_be_loaded_is_a_lasting_failure(
    runner: RunnerProcess, tiny: Path, tmp_path: Path, damage: Callable[[Path], None], code: str, says: str
) -> None:
    model = damaged(tiny, tmp_path)
    damage(model)
    runner.hello()
    runner.load(model)
    failed = runner.until(lambda frame: frame["type"] == "failed" or frame.get("status") == "Ready")
    assert (failed["type"], failed["code"]) == ("failed", code)
    assert says in failed["errorMessage"]


def test_several_machines_are_refused_clearly(runner: RunnerProcess, tiny: Path) -> None:
    runner.hello()
    shard = {"rank": 0, "worldSize": 2, "startLayer": 2, "endLayer": 4, "layers": 4}
    frame = {"modelId": "t", "modelPath": str(tiny), "sharding": "Pipeline", "instanceMeta": "MlxRing", "shard": shard}
    runner.send(type="load", **frame)
    assert "several machines" in failure(runner)


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe can be set on Linux only")
def test_requests_continue_while_the_supervisor_does_not_read(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    expected, _ = runner.answer("read", maxTokens=200)
    runner.generate("unread", maxTokens=200)
    runner.generate("also-unread", maxTokens=10)
    # Far more is written than the pipe holds, and nothing is read before it is full.
    runner.fill_events(4096)
    assert runner.finished("unread")["usage"]["completionTokens"] == 200
    assert runner.text("unread") == expected


def test_the_runner_ends_if_the_supervisor_died_before_the_pipes_were_opened(tmp_path: Path) -> None:
    for name in ("commands", "events"):
        os.mkfifo(tmp_path / name)
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    process = subprocess.Popen([sys.executable, "-m", "muster_runner", "--pipes", str(tmp_path)], env=environment)
    try:
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
