"""A runner process behind real named pipes, as the supervisor has it."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SOURCES = Path(__file__).resolve().parents[1] / "src"
PATIENCE_SECONDS = 60

Frame = dict[str, Any]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, made once for all tests."""
    from muster_runner.make_tiny import make_tiny

    out = tmp_path_factory.mktemp("models") / "tiny"
    make_tiny(out)
    return out


class RunnerProcess:
    """A real runner. The pipes are held open at both ends, as the supervisor does."""

    def __init__(self, folder: Path):
        for name in ("commands", "events"):
            os.mkfifo(folder / name)
        self._commands = os.open(folder / "commands", os.O_RDWR)
        self._events = os.open(folder / "events", os.O_RDWR | os.O_NONBLOCK)
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCES),
            "MLX_DISABLE_COMPILE": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "muster_runner", "--pipes", str(folder)],
            env=environment,
            stderr=subprocess.PIPE,
        )
        # The other ranks' runners: this one's supervisor wakes them.
        self.others: list[RunnerProcess] = []
        self._buffer = b""
        self.seen: list[Frame] = []

    def send(self, **frame: Any) -> None:
        body = json.dumps(frame).encode()
        self.send_bytes(struct.pack("<I", len(body)) + body)

    def send_bytes(self, data: bytes) -> None:
        os.write(self._commands, data)

    def hello(self) -> None:
        self.send(type="hello", protocol=1, runnerId="runner-1")

    def load(self, model: Path, **more: Any) -> None:
        shard = {"rank": 0, "worldSize": 1, "startLayer": 0, "endLayer": 4, "layers": 4}
        frame = {"modelId": "muster/tiny", "modelPath": str(model), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
        self.send(type="load", **frame, shard=shard, **more)

    def generate(self, task: str, text: str = "hello", **more: Any) -> None:
        sampling = {"temperature": 0} | more.pop("sampling", {})
        prompt = more.pop("prompt", {"kind": "chat", "messages": [{"role": "user", "content": text}]})
        request = {"taskId": task, "modelId": "muster/tiny", "prompt": prompt, "sampling": sampling, "stop": [], **more}
        self.send(type="generate", request=request)

    def until(self, holds: Callable[[Frame], bool]) -> Frame:
        """Reads events up to the first that fits."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            while (frame := self._next()) is not None:
                self.seen.append(frame)
                if frame["type"] == "wake":
                    for other in self.others:
                        other.send(**frame)
                if holds(frame):
                    return frame
            select.select([self._events], [], [], 0.1)
            try:
                self._buffer += os.read(self._events, 1 << 20)
            except BlockingIOError:
                if self.process.poll() is not None and self._next() is None:
                    break
        raise AssertionError(f"never came; seen: {self.seen[-20:]}")

    def _next(self) -> Frame | None:
        if len(self._buffer) < 4:
            return None
        (size,) = struct.unpack("<I", self._buffer[:4])
        if len(self._buffer) < 4 + size:
            return None
        body, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
        return json.loads(body)

    def status(self, status: str) -> Frame:
        return self.until(lambda frame: frame["type"] == "status" and frame["status"] == status)

    def ready(self, model: Path, **more: Any) -> None:
        self.hello()
        self.load(model, **more)
        self.status("Ready")

    def finished(self, task: str) -> Frame:
        return self.until(lambda frame: frame["type"] in ("finished", "rejected") and frame["taskId"] == task)

    def text(self, task: str) -> str:
        items = [item for frame in self.seen if frame["type"] == "tokens" for item in frame["items"]]
        return "".join(item["text"] for item in items if item["taskId"] == task)

    def answer(self, task: str, **request: Any) -> tuple[str, Frame]:
        self.generate(task, **request)
        end = self.finished(task)
        return self.text(task), end

    def close_commands(self) -> None:
        os.close(self._commands)
        self._commands = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self._commands, self._events):
            if fd >= 0:
                os.close(fd)
        if self.process.stderr:
            self.process.stderr.close()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_ranks(
    folder: Path, model: Path, sharding: str, ranges: list[tuple[int, int]], **more: Any
) -> list[RunnerProcess]:
    """Runners that share a model out, ready. ``ranges``: each rank's layers, rank 0 first."""
    size, layers = len(ranges), max(end for _, end in ranges)
    hosts: list[str | None] = [f"127.0.0.1:{port}" for port in free_ports(size)]
    ranks = []
    for rank, (start, end) in enumerate(ranges):
        pipes = folder / f"rank-{rank}"
        pipes.mkdir()
        runner = RunnerProcess(pipes)
        runner.hello()
        shard = {"rank": rank, "worldSize": size, "startLayer": start, "endLayer": end, "layers": layers}
        frame = {"modelId": "muster/tiny", "modelPath": str(model), "sharding": sharding, "instanceMeta": "MlxRing"}
        runner.send(type="load", **frame, shard=shard, ring={"hosts": hosts}, **more)
        ranks.append(runner)
    ranks[0].others = ranks[1:]
    try:
        for runner in ranks:
            runner.status("Ready")
    except AssertionError:
        for runner in ranks:
            runner.close()
        raise
    return ranks


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RunnerProcess]:
    process = RunnerProcess(tmp_path)
    yield process
    process.close()


@pytest.fixture(scope="module")
def ready(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerProcess]:
    """One runner with the tiny model for all tests of a file."""
    process = RunnerProcess(tmp_path_factory.mktemp("pipes"))
    process.ready(tiny)
    yield process
    process.close()
