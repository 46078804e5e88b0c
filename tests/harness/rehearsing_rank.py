"""A fake runner that only meets the other ranks: it speaks the real protocol over the real pipes, goes through JACCL's
rounds with the runner's own code, and is then ready. Without mlx, so that hundreds can be started."""

import os
import queue
import sys
from pathlib import Path

from muster_runner import PROTOCOL
from muster_runner.failures import Failure
from muster_runner.heartbeat import Heartbeat
from muster_runner.pipes import EventWriter, read_commands
from muster_runner.distributed.rehearsal import rehearse
from muster_runner.distributed.side_channel import SideChannel


class Leaving(Exception):
    pass


def main(folder: Path) -> None:
    inbox: queue.SimpleQueue = queue.SimpleQueue()
    leaving = False

    def receive(frame: dict) -> None:
        nonlocal leaving
        leaving = leaving or frame["type"] == "shutdown"
        inbox.put(frame)

    def check() -> None:
        if leaving:
            raise Leaving

    def gone(*_: object) -> None:
        os._exit(0)

    events = EventWriter(str(folder / "events"), closed=gone, unread=gone)
    heartbeat = Heartbeat(events.send, lambda: (0, 0), orphaned=gone)
    read_commands(str(folder / "commands"), receive, gone)
    try:
        while (frame := inbox.get())["type"] != "load":
            check()
            events.send(type="hello", protocol=PROTOCOL, runnerId=frame["runnerId"], pid=os.getpid(), versions={})
            heartbeat.start()
        events.send(type="status", status="Connecting")
        shard, jaccl = frame["shard"], frame["jaccl"]
        channel = SideChannel(folder, shard["worldSize"], check)
        rehearse(jaccl["devices"], shard["rank"], jaccl["rehearsal"]["attempt"], channel.all_gather)
        channel.close()
        layers = shard["endLayer"] - shard["startLayer"]
        events.send(type="status", status="Loading", layersLoaded=layers, layers=layers)
        events.send(type="status", status="Ready")
        while True:
            inbox.get()
            check()
    except Leaving:
        events.send(type="status", status="ShuttingDown")
    except Failure as error:
        events.send(type="failed", errorMessage=str(error), code=error.code)
    events.flush()
    os._exit(0)


main(Path(sys.argv[1]))
