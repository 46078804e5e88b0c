"""A fake runner that starts rounds and ends in a given way.

use: ending_runner.py WAY PIPES. WAY: ``orderly`` ends when asked to, ``stubborn`` never does, ``crash`` ends by a
signal once loaded, ``large`` sends too large a part for a round, ``hasty`` starts two rounds at once."""

import os
import signal
import struct
import sys
import threading
from pathlib import Path

from muster_runner import PROTOCOL
from muster_runner.pipes import EventWriter, read_commands

way, pipes = sys.argv[1], Path(sys.argv[2])


def gone(*_: object) -> None:
    os._exit(0)


events = EventWriter(str(pipes / "events"), closed=gone, unread=gone)


def receive(frame: dict) -> None:
    if frame["type"] == "hello":
        events.send(type="hello", protocol=PROTOCOL, runnerId=frame["runnerId"], pid=os.getpid(), versions={})
    if frame["type"] == "load":
        events.send(type="status", status="Loading", layersLoaded=1, layers=1)
        if way == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if way in ("large", "hasty"):
            out = os.open(pipes / "side-channel-out", os.O_WRONLY)
            round_ = struct.pack("<I", 4) + b"abcd"
            os.write(out, struct.pack("<I", 65537) if way == "large" else round_ + round_)
    if frame["type"] == "shutdown" and way != "stubborn":
        print("asked to end", flush=True)
        os._exit(0)


read_commands(str(pipes / "commands"), receive, gone)
threading.Event().wait()
