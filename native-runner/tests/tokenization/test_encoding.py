"""Prompts are tokenized in separate processes: no prompt can block the engine or the heartbeat."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any

import msgspec
import pytest
from runner_process import PATIENCE_SECONDS, SOURCES, RunnerProcess

from muster_runner.protocol import TextPrompt
from muster_runner.tokenization import encoding
from muster_runner.tokenization.encoder_messages import MIN_CPU_SECONDS, Order, Refusal
from muster_runner.tokenization.encoding import LARGE_BYTES, EncoderQueue

# Of the answer that others are computed beside.
STREAMED = 400
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def encoders(pid: int) -> list[int]:
    """The encoder processes of that process."""
    found = subprocess.run(["ps", "-Aww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in found.splitlines()]
    return [
        int(child)
        for child, parent, *args in lines
        if int(parent) == pid and "muster_runner.tokenization.encoder" in args
    ]


def wait_for(holds: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="module")
def endless(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose template never ends for a conversation about loops, and says very much about noise."""
    model = tmp_path_factory.mktemp("models") / "endless"
    shutil.copytree(tiny, model)
    config = json.loads((model / "tokenizer_config.json").read_text())
    loop = "{% if 'loop' in messages[0].content %}" + ENDLESS + "{% endif %}"
    noise = "{% if 'noise' in messages[0].content %}{{ raise_exception('x' * 70000000) }}{% endif %}"
    config["chat_template"] = loop + noise + config["chat_template"]
    (model / "tokenizer_config.json").write_text(json.dumps(config))
    return model


def test_the_tokenizing_process_never_imports_mlx() -> None:
    names = ", ".join(f"muster_runner.tokenization.{name}" for name in ("encoder", "encoding", "tokenizer"))
    code = f"import sys, {names}; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    modules = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not [name for name in modules.stdout.split() if name.split(".")[0] in ("mlx", "mlx_lm", "transformers")]


def test_an_endless_template_fails_only_its_request(runner: RunnerProcess, endless: Path) -> None:
    runner.ready(endless)
    runner.generate("other", maxTokens=STREAMED)
    runner.until(lambda frame: frame["type"] == "tokens")
    runner.generate("endless", text="loop", maxTokens=3)
    runner.generate("behind", maxTokens=3)
    refused = runner.finished("endless")
    assert (refused["type"], refused["code"]) == ("rejected", "invalid_request")
    assert f"{MIN_CPU_SECONDS:.0f} s" in refused["message"]
    assert runner.finished("behind")["type"] == "finished"
    assert runner.finished("other")["usage"]["completionTokens"] == STREAMED


def test_a_template_that_says_very_much_fails_only_its_request(runner: RunnerProcess, endless: Path) -> None:
    """No supervisor takes an event of so many bytes."""
    runner.ready(endless)
    runner.generate("other", maxTokens=STREAMED)
    runner.until(lambda frame: frame["type"] == "tokens")
    runner.generate("noise", text="noise", maxTokens=3)
    refused = runner.finished("noise")
    assert (refused["type"], refused["code"]) == ("rejected", "invalid_request")
    assert 1000 < len(refused["message"]) < 10_000
    assert runner.finished("other")["usage"]["completionTokens"] == STREAMED


def test_a_text_far_too_long_is_refused_while_others_are_answered(ready: RunnerProcess) -> None:
    ready.generate("stream", maxTokens=STREAMED)
    ready.until(lambda frame: frame["type"] == "tokens")
    ready.generate("huge", text="a " * (4 << 20), maxTokens=3)
    _, small = ready.answer("small", maxTokens=3)
    assert small["type"] == "finished"
    refused = ready.finished("huge")
    assert (refused["type"], refused["code"]) == ("rejected", "context_length_exceeded")
    assert "2048" in refused["message"]
    assert ready.finished("stream")["usage"]["completionTokens"] == STREAMED


def test_a_large_text_that_fits_is_answered(ready: RunnerProcess) -> None:
    # Tools that are not to be called make the order large, and the prompt no longer.
    tools = [{"name": "tool", "description": "x" * 2 * LARGE_BYTES}]
    said = [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}]
    prompt = {"kind": "chat", "messages": said, "tools": tools, "toolChoice": {"kind": "none"}}
    _, end = ready.answer("fits", prompt=prompt, maxTokens=3)
    assert end["type"] == "finished"


@pytest.mark.parametrize("idle", [True, False])
def test_an_encoder_that_dies_is_replaced_and_its_request_answered(
    runner: RunnerProcess, tiny: Path, idle: bool
) -> None:
    runner.ready(tiny)
    if idle:
        runner.answer("first", maxTokens=3)
    (encoder,) = encoders(runner.process.pid)
    os.kill(encoder, signal.SIGSTOP if not idle else signal.SIGKILL)
    runner.generate("second", maxTokens=3)
    if not idle:
        os.kill(encoder, signal.SIGKILL)
    assert runner.finished("second")["type"] == "finished"
    assert encoders(runner.process.pid) != [encoder]


@pytest.mark.parametrize("how", ["killed", "shut down", "left alone"])
def test_the_tokenizing_process_ends_with_the_runner(runner: RunnerProcess, tiny: Path, how: str) -> None:
    runner.ready(tiny)
    (encoder,) = encoders(runner.process.pid)
    if how == "killed":
        runner.process.kill()
    elif how == "shut down":
        runner.send(type="shutdown")
    else:
        runner.close_commands()
    runner.process.wait(PATIENCE_SECONDS)
    wait_for(lambda: is_gone(encoder))


def test_a_request_can_be_cancelled_while_it_waits_to_be_encoded(runner: RunnerProcess, tiny: Path) -> None:
    runner.ready(tiny)
    (encoder,) = encoders(runner.process.pid)
    os.kill(encoder, signal.SIGSTOP)
    for task in ("one", "two"):
        runner.generate(task, maxTokens=3)
    runner.send(type="cancel", taskId="two")
    assert runner.finished("two")["reason"] == "cancelled"
    runner.generate("two", maxTokens=3)
    os.kill(encoder, signal.SIGCONT)
    assert runner.finished("one")["reason"] == "length"
    assert runner.finished("two")["reason"] == "length"


def test_an_idle_process_may_end_and_is_restarted(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    line = EncoderQueue("test", tiny, idle_seconds=0.01)
    answers: list[list[int] | Refusal] = []
    order = Order(TextPrompt(text="abc"), context=100)
    for asked in (1, 2):
        line.put(msgspec.json.encode(order), wanted=lambda: True, done=answers.append)
        wait_for(lambda asked=asked: len(answers) == asked)
        wait_for(lambda: not encoders(os.getpid()))
    assert answers[0] == answers[1]
    assert isinstance(answers[0], list)


def test_an_answer_that_cannot_be_read_refuses_its_request_and_the_next_is_answered(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where there is no memory for the arrays of a picture."""

    def lacking(_data: bytes) -> Any:
        raise MemoryError

    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    line = EncoderQueue("test", tiny, idle_seconds=60)
    answers: list[Any] = []
    order = msgspec.json.encode(Order(TextPrompt(text="abc"), context=100))
    with monkeypatch.context() as patched:
        patched.setattr(encoding, "decode_answer", lacking)
        line.put(order, wanted=lambda: True, done=answers.append)
        wait_for(lambda: len(answers) == 1)
    line.put(order, wanted=lambda: True, done=answers.append)
    wait_for(lambda: len(answers) == 2)
    assert isinstance(answers[0], Refusal) and isinstance(answers[1], list)
    line._end()


def test_a_process_that_cannot_be_started_refuses_requests_until_it_can(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while the machine has no memory for another process."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    line = EncoderQueue("test", tiny, idle_seconds=60)
    answers: list[list[int] | Refusal] = []

    def ask() -> None:
        count = len(answers)
        order = Order(TextPrompt(text="abc"), context=100)
        line.put(msgspec.json.encode(order), wanted=lambda: True, done=answers.append)
        wait_for(lambda: len(answers) > count)

    def no_memory(*_arguments: Any, **_options: Any) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with monkeypatch.context() as patched:
        patched.setattr(encoding.subprocess, "Popen", no_memory)
        line.warm()
        ask()
    ask()
    with monkeypatch.context() as patched:
        patched.setattr(encoding.subprocess, "Popen", no_memory)
        line.restart()
        ask()
    ask()
    refused, encoded, refused_again, encoded_again = answers
    assert isinstance(refused, Refusal) and "Cannot allocate memory" in refused.message
    assert (refused.code, refused_again) == ("model_unavailable", refused)
    assert isinstance(encoded, list) and encoded_again == encoded
    line._end()


def test_an_order_is_kept_no_longer_than_until_it_is_answered(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done with its answer has the request, and that may have pictures."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCES))
    line = EncoderQueue("test", tiny, idle_seconds=60)
    answers: list[list[int] | Refusal] = []

    class Done:
        def __call__(self, answer: list[int] | Refusal) -> None:
            answers.append(answer)

    done = Done()
    held = weakref.ref(done)
    line.put(msgspec.json.encode(Order(TextPrompt(text="abc"), context=100)), wanted=lambda: True, done=done)
    del done
    wait_for(lambda: len(answers) == 1 and held() is None)
    line._end()
