"""For benches only: the real runner, with stamps of the clock that Node's process.hrtime reads, too.

Tokens say when they were written instead of what. With MUSTER_RECEIPTS, a file's name, every request whose text says
``sent NANOSECONDS`` adds a line to that file when it has been read: how many nanoseconds it was on its way.
"""

import json
import os
import re
import time

import muster_runner.pipes as pipes

encode, read_frame = pipes.encode, pipes.read_frame
receipts = os.environ.get("MUSTER_RECEIPTS")


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def stamped(frame):
    if frame["type"] == "tokens":
        for item in frame["items"]:
            item["content"] = [{"channel": "text", "text": f"<{now()}>"}]
    return encode(frame)


def received(fd):
    frame = read_frame(fd)
    if frame is not None and frame["type"] == "generate":
        read = now()
        if sent := re.search(r"sent (\d+)", json.dumps(frame["request"]["prompt"])):
            with open(receipts, "a") as file:
                file.write(f"{read - int(sent[1])}\n")
    return frame


pipes.encode = stamped
if receipts:
    pipes.read_frame = received
