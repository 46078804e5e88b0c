"""One real node with the tiny model for all tests of this folder: the built command line, a real runner, sockets."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RUNNER_PYTHON = os.environ.get("MUSTER_PYTHON", str(ROOT / "native-runner/.venv/bin/python"))
NODE = os.environ.get("MUSTER_TEST_NODE", "node")
TINY = "muster/tiny"
ENCODER = "muster/tiny-encoder"
SEEING = "muster/tiny-seeing"
READY_SECONDS = 180
# Eight pixels on eight, from black to red.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAJElEQVR42mNgYGCQY2CwYWCIYmCoYGCYxsCwhYHhEgMYDCEJAOZv"
    "GkF2bFDLAAAAAElFTkSuQmCC"
)


@dataclass(frozen=True)
class Node:
    """``url``: without a path; ``model``: an id that answers, ``alias``: its declaration's name; ``encoder``: the id of
    an embedding model, ``seeing`` of one that reads pictures."""

    url: str
    model: str
    alias: str
    encoder: str
    seeing: str
    process: subprocess.Popen[str]

    def request(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def runner_pids(self, model: str) -> list[int]:
        state = self.request("/state")
        shards = [s for i in state["instances"].values() if i["modelId"] == model for s in i["shards"]]
        return [state["runners"][shard["runnerId"]]["pid"] for shard in shards]

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            declared = self.request("/meta_instances")["metaInstances"]
            if all(each["status"] in ("READY", "RUNNING") for each in declared):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready in {READY_SECONDS} s: {declared}")
            time.sleep(0.1)


@contextmanager
def started(*arguments: str) -> Iterator[Node]:
    """A node with all three models ready; ``arguments``: more of its command line."""
    with tempfile.TemporaryDirectory(prefix="muster-clients-", ignore_cleanup_errors=True) as folder:
        models = Path(folder, "models")
        for maker, name in (("model.make_tiny", TINY), ("embedding.make_tiny", ENCODER), ("vision.make_tiny", SEEING)):
            subprocess.run([RUNNER_PYTHON, "-m", f"muster_runner.{maker}", str(models / name)], check=True)
        own = {"HOME": folder, "HF_HUB_OFFLINE": "1", "MUSTER_PYTHON": RUNNER_PYTHON, "MUSTER_MEMORY_BANDWIDTH": "10"}
        process = subprocess.Popen(
            [NODE, str(ROOT / "out/main/cli.cjs"), "serve", "--data-dir", folder, "--port", "0", *arguments],
            env={**os.environ, **own, "MLX_DISABLE_COMPILE": "1"},
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            node = Node(json.loads(line)["url"], TINY, "chat", ENCODER, SEEING, process)
            node.request("/meta_instance", {"modelId": node.model, "name": node.alias})
            node.request("/meta_instance", {"modelId": node.encoder})
            node.request("/meta_instance", {"modelId": node.seeing})
            node.wait_until_ready()
            yield node
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    with started() as node:
        yield node
