"""Handover: a runner without a supervisor waits for its adoption, up to the deadline."""

import os
import signal
import time
from pathlib import Path

import pytest
from runner_process import PATIENCE_SECONDS, Frame, RunnerProcess

from muster_runner import PROTOCOL

TOKEN = "0123456789abcdef" * 4


def leave(runner: RunnerProcess, seconds: int = 60) -> None:
    runner.send(type="handOver", token=TOKEN, seconds=seconds)
    runner.until(lambda frame: frame["type"] == "handedOver")


def adopt(runner: RunnerProcess, token: str = TOKEN, protocol: int = PROTOCOL) -> None:
    runner.send(type="adopt", protocol=protocol, token=token, supervisor=os.getpid())


def said_after_hand_over(runner: RunnerProcess) -> list[Frame]:
    while runner.read(0):
        pass
    frames = []
    while (frame := runner._next()) is not None:
        frames.append(frame)
    return frames


def test_a_supervisor_with_the_token_adopts_the_running_model(
    runner: RunnerProcess, tiny: Path, tmp_path: Path
) -> None:
    runner.ready(tiny)
    before, _ = runner.answer("before", maxTokens=8)
    leave(runner)
    # As when the terminal of the node goes away.
    os.kill(runner.process.pid, signal.SIGHUP)
    adopt(runner)
    hello = runner.until(lambda frame: frame["type"] == "hello")
    assert hello["pid"] == runner.process.pid
    runner.status("Ready")
    after, _ = runner.answer("after", maxTokens=8)
    assert after == before
    runner.until(lambda frame: frame["type"] == "heartbeat")


def test_no_events_are_sent_during_a_handover(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    leave(runner)
    time.sleep(2.5)
    assert said_after_hand_over(runner) == []


@pytest.mark.parametrize(("token", "protocol"), [("f" * 64, PROTOCOL), (TOKEN, PROTOCOL + 1)])
def test_a_supervisor_without_the_token_is_refused(
    runner: RunnerProcess, tiny: Path, token: str, protocol: int
) -> None:
    runner.ready(tiny)
    leave(runner)
    adopt(runner, token, protocol)
    adopt(runner)
    runner.until(lambda frame: frame["type"] == "hello")
    adopt(runner)
    runner.answer("one", maxTokens=2)
    assert len([frame for frame in runner.seen if frame["type"] == "hello"]) == 2


def test_a_runner_that_is_not_adopted_ends_by_itself(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    leave(runner, seconds=1)
    assert runner.process.wait(PATIENCE_SECONDS) == 0


def test_a_shutdown_ends_a_runner_that_waits_for_adoption(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    leave(runner)
    runner.send(type="shutdown")
    assert runner.process.wait(PATIENCE_SECONDS) == 0


def test_the_end_of_the_pipe_ends_a_runner_only_after_it_was_adopted(
    runner: RunnerProcess, tiny: Path, tmp_path: Path
) -> None:
    runner.ready(tiny)
    leave(runner)
    folder = Path(os.readlink(f"/proc/self/fd/{runner._commands}"))
    runner.close_commands()
    time.sleep(1.5)
    assert runner.process.poll() is None
    runner._commands = os.open(folder, os.O_WRONLY | os.O_NONBLOCK)
    adopt(runner)
    runner.until(lambda frame: frame["type"] == "hello")
    runner.close_commands()
    assert runner.process.wait(PATIENCE_SECONDS) == 0
