"""The real runner, which crashes on a request whose text has the word ``poison``.

use: in place of ``python -m muster_runner``."""

import json
import os
import runpy
import signal

from muster_runner import pipes

_read_commands = pipes.read_commands


def read_commands(path, receive, *more):
    def checked(frame):
        if frame["type"] == "generate" and "poison" in json.dumps(frame):
            os.kill(os.getpid(), signal.SIGSEGV)
        receive(frame)

    return _read_commands(path, checked, *more)


pipes.read_commands = read_commands
runpy.run_module("muster_runner", run_name="__main__", alter_sys=True)
