"""The runner's side of its encoder processes: a line of orders for each, time limits, and new processes for dead ones.

Prompts of more than LARGE_BYTES have a line and a process of their own, which exists while there are any: a huge prompt
holds up other huge ones only. So have prompts with pictures. Each order that a process dies of is tried once more with
a new process; one that took too long is not.
"""

import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from muster_runner.encoder_messages import (
    Encoded,
    Order,
    Refusal,
    cpu_seconds,
    decode_answer,
    read_message,
    write_message,
)

LARGE_BYTES = 1 << 16
# How long the process for large prompts waits for another one.
LARGE_IDLE_SECONDS = 60.0
PICTURES_IDLE_SECONDS = 900.0
# By the clock, for a process that gets hardly any processor time, or that waits for something.
STALLED_SECONDS = 60.0
TRIES = 2

Done = Callable[[Encoded], None]


class EncoderDied(Exception):
    """The message says how, ``too_long`` whether by a time limit."""

    def __init__(self, message: str, too_long: bool):
        super().__init__(message)
        self.too_long = too_long


class EncoderProcess:
    """One process. It loads its tokenizer while its first order waits in the pipe."""

    def __init__(self, directory: Path, niceness: int, pictures: bool = False):
        self._pictures = pictures
        # A new process gets no other descriptors: it must not hold the runner's pipes open.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "muster_runner.encoder", str(directory), str(niceness)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._orders, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()

    def ask(self, order: bytes) -> Encoded:
        """Raises EncoderDied."""
        limit = STALLED_SECONDS + 4 * cpu_seconds(len(order), self._pictures)
        try:
            write_message(self._orders, order)
            if not select.select([self._answers], [], [], limit)[0]:
                raise EncoderDied(f"no answer for {limit:.0f} s", too_long=True)
            answer = read_message(self._answers)
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise self._death(order)
        return decode_answer(answer)

    def _death(self, order: bytes) -> EncoderDied:
        code = self._process.wait()
        if code == -signal.SIGPROF:
            return EncoderDied(
                f"it took more than {cpu_seconds(len(order), self._pictures):.0f} s of processor time", too_long=True
            )
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        return EncoderDied(f"the process that encodes prompts ended by {how}", too_long=False)

    def close(self) -> None:
        """Ends it, also amid an order."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class _Renewal:
    """The process is to be replaced, where there is one."""


@dataclass(frozen=True)
class _Job:
    order: bytes
    wanted: Callable[[], bool]
    done: Done


class Line:
    """Orders that wait for one process. ``idle_seconds``: how long the process may have nothing to do. ``pictures``:
    whether its orders are prompts with pictures."""

    def __init__(
        self,
        name: str,
        directory: Path,
        niceness: int = 0,
        idle_seconds: float | None = None,
        pictures: bool = False,
    ):
        self._directory, self._niceness, self._idle_seconds = directory, niceness, idle_seconds
        self._pictures = pictures
        self._jobs: queue.SimpleQueue[_Job | _Renewal | None] = queue.SimpleQueue()
        self._process: EncoderProcess | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def warm(self) -> None:
        """Starts the process before there is an order."""
        self._jobs.put(None)

    def renew(self) -> None:
        """Replaces the process after the orders that wait."""
        self._jobs.put(_Renewal())

    def put(self, order: bytes, wanted: Callable[[], bool], done: Done) -> None:
        self._jobs.put(_Job(order, wanted, done))

    def _run(self) -> None:
        while True:
            try:
                # Only where there is a process to be ended does anybody wake up for nothing.
                job = self._jobs.get(timeout=self._idle_seconds if self._process else None)
            except queue.Empty:
                self._end()
                continue
            if isinstance(job, _Renewal):
                if self._process is not None:
                    self._end()
                    self._start()
            elif job is None:
                self._start()
            elif job.wanted():
                job.done(self._encode(job.order))

    def _encode(self, order: bytes) -> Encoded:
        for tried in range(1, TRIES + 1):
            try:
                return self._start().ask(order)
            except EncoderDied as death:
                self._end()
                print(death, file=sys.stderr, flush=True)
                if death.too_long or tried == TRIES:
                    return Refusal("invalid_request", f"the prompt and its output format cannot be prepared: {death}")
            except OSError as error:
                return Refusal("model_unavailable", f"the process that encodes prompts cannot be started: {error}")
        raise AssertionError

    def _start(self) -> EncoderProcess:
        if self._process is None:
            self._process = EncoderProcess(self._directory, self._niceness, self._pictures)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


class Encoding:
    """Encodes prompts for the model in ``directory``, from now on: a first process starts at once."""

    def __init__(self, directory: Path):
        self._small = Line("encoding", directory)
        # Nice: what it computes takes seconds, and others' tokens need the same processors.
        self._large = Line("encoding-large", directory, niceness=10, idle_seconds=LARGE_IDLE_SECONDS)
        # It imports much: kept while there is a conversation with pictures.
        self._pictures = Line(
            "encoding-pictures", directory, niceness=10, idle_seconds=PICTURES_IDLE_SECONDS, pictures=True
        )
        self._small.warm()

    def renew(self) -> None:
        """New processes: the ones that run have inherited a terminal that goes away."""
        self._small.renew()
        self._large.renew()
        self._pictures.renew()

    def put(self, order: Order, wanted: Callable[[], bool], done: Done) -> None:
        """Calls ``done`` from another thread, unless ``wanted`` says when its turn comes that nobody waits any more.

        Raises what msgspec raises for text that has no UTF-8.
        """
        data = msgspec.json.encode(order)
        if order.has_pictures:
            self._pictures.put(data, wanted, done)
            return
        line = self._small if len(data) <= LARGE_BYTES else self._large
        line.put(data, wanted, done)
