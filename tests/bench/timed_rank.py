"""A runner that comes together with the others as a real one does, and then goes through many more rounds of the side
channel. Writes what it took, by the clock that all processes of a machine share, into a folder.

use: timed_rank.py PIPES ROUNDS FOLDER"""

import json
import os
import queue
import sys
import time
from pathlib import Path

from muster_runner import PROTOCOL
from muster_runner.heartbeat import Heartbeat
from muster_runner.pipes import EventWriter, read_commands
from muster_runner.distributed.rehearsal import rehearse
from muster_runner.distributed.side_channel import SideChannel


def main(pipes: Path, rounds: int, out: Path) -> None:
    inbox: queue.SimpleQueue = queue.SimpleQueue()

    def gone(*_: object) -> None:
        os._exit(0)

    def receive(frame: dict) -> None:
        if frame["type"] == "shutdown":
            gone()
        inbox.put(frame)

    events = EventWriter(str(pipes / "events"), closed=gone, unread=gone)
    heartbeat = Heartbeat(events.send, lambda: (0, 0), orphaned=gone)
    read_commands(str(pipes / "commands"), receive, gone)
    hello = inbox.get()
    events.send(
        type="hello",
        protocol=PROTOCOL,
        runnerId=hello["runnerId"],
        pid=os.getpid(),
        versions={},
    )
    heartbeat.start()
    load = inbox.get()
    shard, jaccl = load["shard"], load["jaccl"]
    channel = SideChannel(pipes, shard["worldSize"], lambda: None)
    began = time.monotonic()
    rehearse(
        jaccl["devices"],
        shard["rank"],
        jaccl["rehearsal"]["attempt"],
        channel.all_gather,
    )
    made = time.monotonic()
    took = []
    for _ in range(rounds):
        start = time.monotonic()
        channel.all_gather(b"\0\0\0\0", 4)
        took.append(time.monotonic() - start)
    attempt = jaccl["rehearsal"]["attempt"]
    told = out / f"{attempt[:36]}-{shard['rank']}.json"
    # In one step: whoever finds it finds all of it.
    (out / f".{told.name}").write_text(
        json.dumps({"attempt": attempt, "began": began, "made": made, "rounds": took})
    )
    (out / f".{told.name}").rename(told)
    layers = shard["endLayer"] - shard["startLayer"]
    events.send(type="status", status="Loading", layersLoaded=layers, layers=layers)
    events.send(type="status", status="Ready")
    while True:
        inbox.get()


main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
