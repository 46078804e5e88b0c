"""The life cycle of a runner: hello, load, then serve requests until a shutdown."""

import gc
import os
import queue
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muster_runner import PROTOCOL
from muster_runner.embedding.kind import makes_embeddings
from muster_runner.failures import Failure, PeerLost, as_failure
from muster_runner.handover import Handover
from muster_runner.heartbeat import Heartbeat
from muster_runner.model.model_files import ModelFileError, read_config
from muster_runner.pipes import EventWriter, FrameError, read_commands
from muster_runner.protocol import (
    Adopt,
    Cancel,
    Generate,
    GenerationRequest,
    HandOver,
    Hello,
    Load,
    ProtocolError,
    RequestError,
    Shutdown,
    Wake,
    parse_command,
)
from muster_runner.reports import Reports
from muster_runner.termination import Termination

if TYPE_CHECKING:
    # Imported lazily at run time: the pipes must respond long before mlx is imported.
    from muster_runner.embedding.engine import PreparedTexts
    from muster_runner.engine.intake import Intake, Prepared, Rejected
    from muster_runner.rank import Rank
    from muster_runner.tokenization.encoding import Encoding

    Requested = Prepared | PreparedTexts
    Order = Load | Wake | Requested | Cancel | HandOver


class ShuttingDown(Exception):
    """Raised on the engine's thread by a shutdown."""


class Runner:
    def __init__(self, pipes: Path, began: float):
        self._began = began
        self._folder = pipes
        self._inbox: queue.SimpleQueue[Order | Shutdown] = queue.SimpleQueue()
        self.termination = ending = Termination(
            stop=lambda: self._inbox.put(Shutdown()), farewell=self._send_last_events
        )
        self._events = EventWriter(str(pipes / "events"), closed=ending.supervisor_gone, unread=ending.events_unread)
        self._reports = Reports(self._events.send)
        self._heartbeat = Heartbeat(self._events.send, self._progress, orphaned=ending.supervisor_gone)
        self._handover = Handover(pipes, self._events, self._heartbeat, expired=ending.supervisor_gone)
        self._rank: Rank | None = None
        self._hello: dict[str, Any] = {}
        self._rank_number = 0
        self._encoding: Encoding | None = None
        self._intake: Intake[Any] | None = None
        read_commands(str(pipes / "commands"), self._receive, self._on_commands_ended)

    def run(self) -> int:
        """Runs until a shutdown. Returns the exit code."""
        try:
            self._serve()
        except ShuttingDown:
            self._reports.status("ShuttingDown")
            code = 0
        except ModelFileError as error:
            code = self._failed(Failure(str(error), "model_file"))
        except Exception as error:
            if (failure := as_failure(error)) is None:
                traceback.print_exc()
                failure = Failure(f"{type(error).__name__}: {error}", "internal")
            code = self._failed(failure)
        self._heartbeat.stop()
        self._events.flush()
        return code

    def _failed(self, failure: Failure) -> int:
        """Reports the failure, unless a lost rank was only shut down shortly before this one. Returns the exit
        code."""
        if failure.code in ("ring", "jaccl") and self.termination.follows():
            self._reports.status("ShuttingDown")
            return 0
        print(failure, file=sys.stderr)
        self._report_failure(str(failure), failure.code)
        return 1

    # The commands' thread

    def _receive(self, frame: dict[str, Any]) -> None:
        try:
            command = parse_command(frame)
        except RequestError as error:
            self._reports.rejected(error.task_id, "invalid_request", str(error))
            return
        match command:
            case Hello():
                self._send_hello(command)
            case Generate():
                self._prepare(command.request)
            case Shutdown():
                self.termination.begin()
            case Load():
                self._start_encoding(command)
                self._inbox.put(command)
            case Cancel():
                self._cancel(command)
            case Wake() | HandOver():
                self._inbox.put(command)
            case Adopt():
                self._adopt(command)

    def _send_hello(self, hello: Hello) -> None:
        """Answers at once, even during the imports, so that a supervisor can distinguish a slow start from a dead
        process."""
        if hello.protocol != PROTOCOL:
            raise ProtocolError(f"this runner speaks protocol {PROTOCOL}, not {hello.protocol}; run the set-up again")
        versions = {"python": sys.version.split()[0]}
        own = {"runnerId": hello.runner_id, "pid": os.getpid(), "versions": versions}
        self._hello = {"type": "hello", "protocol": PROTOCOL, **own}
        self._events.send(**self._hello)
        self._heartbeat.start()

    def _adopt(self, adopt: Adopt) -> None:
        """Accepts a new supervisor. One with another protocol or a wrong token gets no answer."""
        if adopt.protocol == PROTOCOL and self._handover.adopt(adopt.token, adopt.supervisor, self._hello):
            self._reports.repeat_status()

    def _start_encoding(self, load: Load) -> None:
        """Starts the tokenizing process at once, in parallel with imports and loading."""
        from muster_runner.tokenization.encoding import Encoding

        if load.shard.rank == 0 and self._encoding is None:
            self._encoding = Encoding(Path(load.model_path))

    def _prepare(self, request: GenerationRequest) -> None:
        if self._intake is None:
            reason = (
                f"rank {self._rank_number} takes no requests" if self._rank_number else "the model is not loaded yet"
            )
            self._reports.rejected(request.task_id, "model_unavailable", reason)
            return
        from muster_runner.engine.intake import Rejected

        try:
            self._intake.take(request)
        except Rejected as error:
            self._reports.rejected(request.task_id, error.code, str(error))

    def _prepared(self, request: GenerationRequest, outcome: "Requested | Rejected") -> None:
        """Called from a thread of Encoding."""
        from muster_runner.engine.intake import Rejected

        if isinstance(outcome, Rejected):
            self._reports.rejected(request.task_id, outcome.code, str(outcome))
        elif request.count_only:
            self._reports.finished(request.task_id, "stop", prompt_tokens=outcome.prompt_tokens)
        else:
            self._inbox.put(outcome)

    def _cancel(self, command: Cancel) -> None:
        if self._intake is not None and self._intake.cancel(command.task_id):
            self._reports.finished(command.task_id, "cancelled", prompt_tokens=0)
        else:
            self._inbox.put(command)

    def _on_commands_ended(self, error: Exception | None) -> None:
        """Ends the process: the supervisor is gone, or violates the protocol. Running requests have no receiver."""
        if error is None:
            return self.termination.supervisor_gone()
        if isinstance(error, ProtocolError | FrameError):
            print(error, file=sys.stderr, flush=True)
            self._report_failure(str(error), "protocol")
        else:
            traceback.print_exception(error)
            self._report_failure(f"{type(error).__name__}: {error}", "internal")
        self._events.flush()
        os._exit(1)

    def _peer_lost(self) -> None:
        """Ends the process, whose engine's thread waits in a collective that never ends."""
        code = self._failed(PeerLost("the connection to another rank was lost while this one waited for it"))
        self._events.flush()
        os._exit(code)

    def release(self) -> None:
        """Drops all references to the group, so that the end of the process destroys it."""
        self._rank = self._intake = None
        gc.collect()

    # The engine's thread

    def _serve(self) -> None:
        """Loads the model and serves requests. Ends by raising ShuttingDown."""
        from muster_runner.deferred import import_engine

        imports = import_engine()
        while not isinstance(load := self._next(), Load):
            pass
        self._rank_number = load.shard.rank
        rank = self._load(load, imports)
        while True:
            if not rank.has_work and self._inbox.empty():
                rank.rest()
                self._reports.status("Ready")
            self._take_orders(rank)
            if rank.has_work:
                self._reports.status("Running")
                rank.work()

    def _take_orders(self, rank: "Rank") -> None:
        """Applies the orders that wait; an idle rank waits for one. In a method of its own, so that no order, which may
        have pictures, is kept while the rank works."""
        orders = [] if rank.has_work else [self._next()]
        while not self._inbox.empty():
            orders.append(self._next())
        for order in orders:
            self._apply(rank, order)

    def _next(self) -> "Order":
        command = self._inbox.get()
        if isinstance(command, Shutdown):
            raise ShuttingDown
        return command

    def _apply(self, rank: "Rank", order: "Order") -> None:
        from muster_runner.engine.intake import Rejected

        match order:
            case Load():
                raise Failure("this runner has already loaded a model", "protocol")
            case HandOver(token=token, seconds=seconds):
                self._handover.begin(token, seconds)
                if self._encoding is not None:
                    self._encoding.restart()
            case Cancel() | Wake():
                rank.take(order)
            case prepared:
                try:
                    rank.take(prepared)
                except Rejected as error:
                    self._reports.rejected(prepared.request.task_id, error.code, str(error))

    def _load(self, load: Load, imports: float) -> "Rank":
        from muster_runner.starting import Starting, start_embedder, start_generator

        directory = Path(load.model_path)
        embeds = makes_embeddings(directory, load.model_id, read_config(directory))
        self.termination.holds_rdma = load.jaccl is not None
        starting = Starting(
            load,
            self._folder,
            self._encoding,
            self._reports,
            send=self._events.send,
            check=self._check_shutdown,
            progress=self._layers_loaded,
            deliver=self._prepared,
            peer_lost=self._peer_lost,
        )
        started = start_embedder(starting) if embeds else start_generator(starting)
        self._rank, self._intake = started.rank, started.intake
        times = {"python": self._began, "imports": imports, **started.times}
        self._reports.loaded(started.loaded, started.batch_size, times, started.prompt_cache)
        return started.rank

    # Either thread

    def _send_last_events(self) -> None:
        self._reports.status("ShuttingDown")
        self._events.flush(timeout=0.5)

    def _check_shutdown(self) -> None:
        if self.termination.has_begun:
            raise ShuttingDown

    def _layers_loaded(self, done: int, layers: int) -> None:
        self._check_shutdown()
        self._reports.layers(done, layers)

    def _progress(self) -> tuple[int, int]:
        rank = self._rank
        return (rank.steps, rank.active) if rank else (0, 0)

    def _report_failure(self, message: str, code: str) -> None:
        self._heartbeat.stop()
        self._reports.failed(message, code)
