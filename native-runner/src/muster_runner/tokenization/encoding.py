"""The runner's side of its encoder processes: queues, time limits, and restarts.

Prompts above LARGE_BYTES have a queue and a process of their own, so a huge prompt delays only other huge ones; so have
prompts with pictures. These processes end when idle. An order whose process died is retried once with a new process,
unless it exceeded a time limit.
"""

import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from muster_runner.tokenization.encoder_messages import (
    Encoded,
    Order,
    Refusal,
    cpu_seconds,
    decode_answer,
    read_message,
    write_message,
)

LARGE_BYTES = 1 << 16
# Idle time after which the process ends.
LARGE_IDLE_SECONDS = 60.0
PICTURES_IDLE_SECONDS = 900.0
# Orders of both take seconds of CPU time, which decoding needs too. Pictures yield less: their process imports for
# seconds before the first one is ready, and a niceness of 10 would leave it a tenth of a core beside a busy process.
LARGE_NICENESS = 10
PICTURES_NICENESS = 5
# Wall-clock limit, for a process that gets no CPU time or is blocked.
STALLED_SECONDS = 60.0
TRIES = 2

Done = Callable[[Encoded], None]


class EncoderDied(Exception):
    """An encoder process ended. ``too_long``: by a time limit."""

    def __init__(self, message: str, too_long: bool):
        super().__init__(message)
        self.too_long = too_long


class EncoderProcess:
    """An encoder process. It loads its tokenizer while its first order waits in the pipe."""

    def __init__(self, directory: Path, niceness: int, pictures: bool = False):
        self._pictures = pictures
        # The child inherits no other descriptors: it must not keep the runner's pipes open.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "muster_runner.tokenization.encoder", str(directory), str(niceness)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._orders, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()

    def request(self, order: bytes) -> Encoded:
        """Sends an order and waits for its answer. Raises EncoderDied."""
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
        """Kills the process, even during an order."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class _Restart:
    """Queue entry: replace the process, if one runs."""


@dataclass(frozen=True)
class _Job:
    order: bytes
    wanted: Callable[[], bool]
    done: Done


class EncoderQueue:
    """The queue of one process. ``idle_seconds``: end the process after this time without orders; None: never.
    ``pictures``: whether its orders are prompts with pictures."""

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
        self._jobs: queue.SimpleQueue[_Job | _Restart | None] = queue.SimpleQueue()
        self._process: EncoderProcess | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def warm(self) -> None:
        """Starts the process before the first order."""
        self._jobs.put(None)

    def restart(self) -> None:
        """Replaces the process, after the queued orders."""
        self._jobs.put(_Restart())

    def put(self, order: bytes, wanted: Callable[[], bool], done: Done) -> None:
        self._jobs.put(_Job(order, wanted, done))

    def _run(self) -> None:
        while True:
            try:
                # Times out only while a process runs that could be idle.
                job = self._jobs.get(timeout=self._idle_seconds if self._process else None)
            except queue.Empty:
                self._end()
                continue
            if isinstance(job, _Restart):
                if self._process is not None:
                    self._end()
                    self._start_early()
            elif job is None:
                self._start_early()
            elif job.wanted():
                job.done(self._encode(job.order))
            # Not kept until the next comes: its request may have pictures.
            job = None

    def _encode(self, order: bytes) -> Encoded:
        for attempt in range(1, TRIES + 1):
            try:
                return self._start().request(order)
            except EncoderDied as death:
                self._end()
                print(death, file=sys.stderr, flush=True)
                if death.too_long or attempt == TRIES:
                    return Refusal("invalid_request", f"the prompt and its output format cannot be prepared: {death}")
            except OSError as error:
                return Refusal("model_unavailable", f"the process that encodes prompts cannot be started: {error}")
            except Exception as error:  # what was answered cannot be read, or there is no memory for it
                self._end()
                print(f"the answer of the process that encodes prompts: {error!r}", file=sys.stderr, flush=True)
                return Refusal("invalid_request", f"the prompt cannot be prepared: {type(error).__name__}")
        raise AssertionError

    def _start_early(self) -> None:
        # The next order tries again, and is refused with the reason if that fails too.
        with suppress(OSError):
            self._start()

    def _start(self) -> EncoderProcess:
        if self._process is None:
            self._process = EncoderProcess(self._directory, self._niceness, self._pictures)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


class Encoding:
    """Encodes prompts for the model in ``directory``. Starts the process for small prompts at once."""

    def __init__(self, directory: Path):
        self._small_prompts = EncoderQueue("encoding", directory)
        self._large_prompts = EncoderQueue(
            "encoding-large", directory, niceness=LARGE_NICENESS, idle_seconds=LARGE_IDLE_SECONDS
        )
        # A longer idle time, because its imports are slow: it survives the pauses of a conversation.
        self._pictures = EncoderQueue(
            "encoding-pictures",
            directory,
            niceness=PICTURES_NICENESS,
            idle_seconds=PICTURES_IDLE_SECONDS,
            pictures=True,
        )
        self._small_prompts.warm()

    def restart(self) -> None:
        """Restarts all processes: they have inherited a terminal that is going away."""
        self._small_prompts.restart()
        self._large_prompts.restart()
        self._pictures.restart()

    def put(self, order: Order, wanted: Callable[[], bool], done: Done) -> None:
        """Queues an order. ``done`` is called from another thread, unless ``wanted`` returns False when its turn comes.

        Raises msgspec's error for text that cannot be encoded in UTF-8.
        """
        data = msgspec.json.encode(order)
        if order.has_pictures:
            self._pictures.put(data, wanted, done)
            return
        prompts_queue = self._small_prompts if len(data) <= LARGE_BYTES else self._large_prompts
        prompts_queue.put(data, wanted, done)
