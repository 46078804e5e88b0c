"""Runner processes behind real named pipes, as a supervisor has them."""

import contextlib
import fcntl
import itertools
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from event_frames import check_event

from muster_runner import PROTOCOL

SOURCES = Path(__file__).resolve().parents[2] / "src"
# Generous: on a busy machine a process with a lower priority may get little CPU time.
PATIENCE_SECONDS = 180

Frame = dict[str, Any]


class RunnerProcess:
    """A real runner. The pipes are held open at both ends, as the supervisor does."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None):
        for name in ("commands", "events"):
            os.mkfifo(folder / name)
        self._commands = os.open(folder / "commands", os.O_RDWR)
        self._events = os.open(folder / "events", os.O_RDWR | os.O_NONBLOCK)
        environment = {**os.environ, "PYTHONPATH": str(SOURCES), "MLX_DISABLE_COMPILE": "1", **(environment or {})}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "muster_runner", "--pipes", str(folder)],
            env=environment,
            stderr=subprocess.PIPE,
        )
        self._buffer = b""
        self.seen: list[Frame] = []
        # Ends of requests that nobody has waited for yet: requests of one batch end in any order.
        self._ends: dict[str, Frame] = {}

    def send(self, **frame: Any) -> None:
        body = json.dumps(frame).encode()
        self.send_bytes(struct.pack("<I", len(body)) + body)

    def send_bytes(self, data: bytes) -> None:
        os.write(self._commands, data)

    def hello(self) -> None:
        self.send(type="hello", protocol=PROTOCOL, runnerId="runner-1")

    def load(self, model: Path, **more: Any) -> None:
        shard = {"rank": 0, "worldSize": 1, "startLayer": 0, "endLayer": 4, "layers": 4}
        frame = {"modelId": "muster/tiny", "modelPath": str(model), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
        self.send(type="load", **frame, shard=shard, **more)

    def generate(self, task: str, text: str = "hello", **more: Any) -> None:
        sampling = {"temperature": 0} | more.pop("sampling", {})
        prompt = more.pop(
            "prompt",
            {
                "kind": "chat",
                "messages": [{"role": "user", "parts": [{"type": "text", "text": text}]}],
            },
        )
        request = {"taskId": task, "modelId": "muster/tiny", "prompt": prompt, "sampling": sampling, "stop": [], **more}
        self._ends.pop(task, None)
        self.send(type="generate", request=request)

    def until(self, holds: Callable[[Frame], bool]) -> Frame:
        """Reads events up to the first for which ``holds`` is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            while (frame := self._next()) is not None:
                self.seen.append(frame)
                if frame["type"] in ("finished", "rejected"):
                    self._ends[frame["taskId"]] = frame
                self.heard(frame)
                if holds(frame):
                    return frame
            if not self.read(0.1) and self.process.poll() is not None and not self.read(0):
                break
        raise AssertionError(f"never came; seen: {self.seen[-20:]}")

    def read(self, seconds: float) -> bool:
        """Reads what the runner has written or writes within the timeout. Returns whether there was anything."""
        select.select([self._events], [], [], seconds)
        try:
            self._buffer += os.read(self._events, 1 << 20)
        except BlockingIOError:
            return False
        return True

    def fill_events(self, size: int) -> None:
        """Gives the pipe of events a capacity of ``size`` bytes, and waits until it is full and the runner computes no
        more. Linux only."""
        fcntl.fcntl(self._events, fcntl.F_SETPIPE_SZ, size)
        waiting, deadline = array("i", [0]), time.monotonic() + PATIENCE_SECONDS
        # No frame is written in part, and those of single tokens are short.
        while waiting[0] < size - 256:
            assert time.monotonic() < deadline
            time.sleep(0.01)
            fcntl.ioctl(self._events, termios.FIONREAD, waiting)
        used = -2
        # Heartbeats go on.
        while self.cpu_ticks() - used > 1:
            assert time.monotonic() < deadline
            used = self.cpu_ticks()
            time.sleep(0.2)

    def cpu_ticks(self) -> int:
        """CPU time used so far, in hundredths of a second."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def heard(self, frame: Frame) -> None:
        """Hook for the automatic reactions of a supervisor to an event."""

    def _next(self) -> Frame | None:
        if len(self._buffer) < 4:
            return None
        (size,) = struct.unpack("<I", self._buffer[:4])
        if len(self._buffer) < 4 + size:
            return None
        body, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
        frame = json.loads(body)
        check_event(frame)
        return frame

    def status(self, status: str) -> Frame:
        return self.until(lambda frame: frame["type"] == "status" and frame["status"] == status)

    def ready(self, model: Path, **more: Any) -> None:
        self.hello()
        self.load(model, **more)
        self.status("Ready")

    def finished(self, task: str) -> Frame:
        if task not in self._ends:
            self.until(lambda _: task in self._ends)
        return self._ends.pop(task)

    def text(self, task: str) -> str:
        items = [item for frame in self.seen if frame["type"] == "tokens" for item in frame["items"]]
        content = [delta for item in items if item["taskId"] == task for delta in item["content"]]
        return "".join(delta["text"] for delta in content if delta["channel"] == "text")

    def calls(self, task: str) -> list[Frame]:
        """The tool calls of an answer, each with the arguments of all its deltas."""
        items = [item for frame in self.seen if frame["type"] == "tokens" for item in frame["items"]]
        content = [delta for item in items if item["taskId"] == task for delta in item["content"]]
        calls: dict[int, Frame] = {}
        for delta in content:
            if delta["channel"] == "toolCall":
                call = calls.setdefault(delta["index"], {**delta, "arguments": ""})
                call["arguments"] += delta["arguments"]
        return list(calls.values())

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
        self._commands = self._events = -1
        if self.process.stderr:
            self.process.stderr.close()


class RankProcess(RunnerProcess):
    """A runner of one rank."""

    def __init__(self, folder: Path, group: "RunnerGroup", rank: int):
        # Several ranks share the machine's cores.
        super().__init__(folder, {"OPENBLAS_NUM_THREADS": "1"})
        self._group, self.rank = group, rank

    def heard(self, frame: Frame) -> None:
        if frame["type"] == "wake":
            self._group.wake(frame["epoch"])


def free_ports(count: int) -> list[int]:
    """Returns ports below those that systems give to connections, and to servers that name none: another test could get
    one of these before a rank listens there, and the ranks would wait for each other in vain."""
    ports = set[int]()
    while len(ports) < count:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.add(port)
    return list(ports)


class RunnerGroup:
    """All ranks of a model, and the work of their supervisors: forwarding rank 0's wakes."""

    def __init__(self, folder: Path, ranks: int = 2):
        self.ranks = []
        for rank in range(ranks):
            (folder / str(rank)).mkdir()
            self.ranks.append(RankProcess(folder / str(rank), self, rank))
        self.hosts = [f"127.0.0.1:{port}" for port in free_ports(ranks)]
        self.waking = True

    @property
    def first(self) -> RankProcess:
        """Rank 0, which takes requests."""
        return self.ranks[0]

    def wake(self, epoch: int) -> None:
        for other in self.ranks[1:]:
            if self.waking:
                other.send(type="wake", epoch=epoch)

    def shards(self, sharding: str, ends: list[int] | None, layers: int) -> list[Frame]:
        """``ends``: the ends of the ranks' layer ranges, from the highest rank down; evenly split by default."""
        count = len(self.ranks)
        ends = ends or [layers * (at + 1) // count for at in range(count)]
        ranges = list(reversed(list(itertools.pairwise([0, *ends]))))
        if sharding == "Tensor":
            ranges = [(0, layers)] * count
        return [
            {"rank": rank, "worldSize": count, "startLayer": start, "endLayer": end, "layers": layers}
            for rank, (start, end) in enumerate(ranges)
        ]

    def load(
        self,
        models: Path | list[Path],
        sharding: str,
        *,
        ends: list[int] | None = None,
        layers: int = 4,
        first: Frame | None = None,
        **every: Any,
    ) -> None:
        """``ends``, ``layers``: see ``shards``. ``first``: further fields of rank 0's load command; ``every``: of all
        ranks'."""
        for rank, shard in zip(self.ranks, self.shards(sharding, ends, layers), strict=True):
            model = models if isinstance(models, Path) else models[rank.rank]
            frame = {"modelId": "muster/tiny", "modelPath": str(model), "sharding": sharding, "instanceMeta": "MlxRing"}
            rank.hello()
            more = first if first is not None and rank.rank == 0 else {}
            rank.send(type="load", **frame, shard=shard, ring={"hosts": self.neighbours(rank.rank)}, **more, **every)

    def neighbours(self, rank: int) -> list[str | None]:
        """The addresses that this rank receives: its own and the next rank's."""
        told = (rank, (rank + 1) % len(self.hosts))
        return [host if at in told else None for at, host in enumerate(self.hosts)]

    def ready(self, models: Path | list[Path], sharding: str, **more: Any) -> "RunnerGroup":
        """``more``: as of ``load``."""
        self.load(models, sharding, **more)
        for rank in self.ranks:
            rank.status("Ready")
        return self

    def close(self) -> None:
        for rank in self.ranks:
            rank.close()
