"""The life of a runner: hello, load, then generate until it is told to end."""

import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from muster_runner import PROTOCOL
from muster_runner.heartbeat import Heartbeat
from muster_runner.model_files import ModelFileError
from muster_runner.pipes import EventWriter, FrameError, read_commands
from muster_runner.protocol import (
    Cancel,
    Generate,
    Hello,
    Load,
    ProtocolError,
    RequestError,
    Shutdown,
    parse_command,
)

if TYPE_CHECKING:
    # Imported for good in _import: the pipes must answer long before mlx is there.
    from muster_runner.engine import Engine
    from muster_runner.intake import Intake, Prepared


class Failure(Exception):
    """The runner cannot go on; the message is for people, the code names the kind."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


class Leaving(Exception):
    """A shutdown came while something else was being done."""


class Runner:
    def __init__(self, pipes: Path, began: float):
        self._began = began
        self._inbox: queue.SimpleQueue[Load | Prepared | Cancel | Shutdown] = queue.SimpleQueue()
        self._events = EventWriter(str(pipes / "events"), closed=self._app_is_gone, unread=self._nobody_reads)
        self._heartbeat = Heartbeat(self._events.send, self._progress, orphaned=self._app_is_gone)
        self._engine: Engine | None = None
        self._intake: Intake | None = None
        self._status: str | None = None
        self._leaving = threading.Event()
        read_commands(str(pipes / "commands"), self._receive, self._ended)

    def run(self) -> int:
        """Until shut down. Returns the exit code."""
        try:
            self._serve()
        except Leaving:
            self._say("ShuttingDown")
            code = 0
        except (Failure, ModelFileError) as error:
            print(error, file=sys.stderr)
            self._fail(str(error), error.code if isinstance(error, Failure) else "model_file")
            code = 1
        except Exception as error:
            traceback.print_exc()
            self._fail(f"{type(error).__name__}: {error}", "internal")
            code = 1
        self._heartbeat.stop()
        self._events.flush()
        return code

    # The commands' thread

    def _receive(self, frame: dict[str, Any]) -> None:
        try:
            command = parse_command(frame)
        except RequestError as error:
            self._reject(error.task_id, "invalid_request", str(error))
            return
        match command:
            case Hello():
                self._greet(command)
            case Generate():
                self._prepare(command)
            case Shutdown():
                self._leaving.set()
                self._inbox.put(command)
            case Load() | Cancel():
                self._inbox.put(command)

    def _greet(self, hello: Hello) -> None:
        """Answers at once, even while the imports are running: a supervisor tells a slow start from a dead one."""
        if hello.protocol != PROTOCOL:
            raise ProtocolError(f"this runner speaks protocol {PROTOCOL}, not {hello.protocol}; run the set-up again")
        versions = {"python": sys.version.split()[0]}
        self._events.send(type="hello", protocol=PROTOCOL, runnerId=hello.runner_id, pid=os.getpid(), versions=versions)
        self._heartbeat.start()

    def _prepare(self, request: Generate) -> None:
        if self._intake is None:
            self._reject(request.task_id, "model_unavailable", "the model is not loaded yet")
            return
        from muster_runner.intake import Rejected

        try:
            self._inbox.put(self._intake.prepare(request))
        except Rejected as error:
            self._reject(request.task_id, error.code, str(error))

    def _ended(self, error: Exception | None) -> NoReturn:
        """The app is gone, or talks nonsense. In either case nobody waits for what is being computed."""
        if error is None:
            self._app_is_gone()
        if isinstance(error, ProtocolError | FrameError):
            print(error, file=sys.stderr, flush=True)
            self._fail(str(error), "protocol")
        else:
            traceback.print_exception(error)
            self._fail(f"{type(error).__name__}: {error}", "internal")
        self._events.flush()
        os._exit(1)

    def _app_is_gone(self) -> NoReturn:
        os._exit(0)

    def _nobody_reads(self, unread: int) -> NoReturn:
        print(f"nobody reads this runner's events: {unread} bytes wait", file=sys.stderr, flush=True)
        os._exit(1)

    # The engine's thread

    def _serve(self) -> None:
        """Raises Leaving in the end."""
        imports = self._import()
        while not isinstance(load := self._next(), Load):
            pass
        engine = self._engine = self._load(load, imports)
        self._say("Ready")
        while True:
            # Nothing to do: wait in the queue, without using the processor.
            commands = [] if engine.active else [self._next()]
            while not self._inbox.empty():
                commands.append(self._next())
            for command in commands:
                self._apply(engine, command)
            if engine.active:
                self._say("Running")
                engine.step()
            if not engine.active:
                self._say("Ready")

    def _next(self) -> "Load | Prepared | Cancel":
        command = self._inbox.get()
        if isinstance(command, Shutdown):
            raise Leaving
        return command

    def _apply(self, engine: "Engine", command: "Load | Prepared | Cancel") -> None:
        from muster_runner.engine import BusyTask

        match command:
            case Load():
                raise Failure("this runner has already loaded a model", "protocol")
            case Cancel(task_id=task_id):
                engine.cancel(task_id)
            case prepared:
                try:
                    engine.add(prepared)
                except BusyTask as error:
                    self._reject(prepared.request.task_id, "invalid_request", str(error))

    def _import(self) -> float:
        """Seconds that the imports took."""
        start = time.monotonic()
        try:
            from muster_runner.deferred import import_mlx_lm

            import_mlx_lm()
            import muster_runner.loading
            import muster_runner.warm_up  # noqa: F401
        except ImportError as error:
            raise Failure(
                f"the Python environment is incomplete: {error}; run the set-up again", "environment"
            ) from error
        return time.monotonic() - start

    def _load(self, load: Load, imports: float) -> "Engine":
        from muster_runner.engine import Engine, engine_options
        from muster_runner.intake import Intake
        from muster_runner.loading import Unsupported
        from muster_runner.loading import load as load_model
        from muster_runner.warm_up import warm_up

        if load.world_size != 1:
            raise Failure("this runner cannot share a model out over several machines", "unsupported")
        start = time.monotonic()
        self._layers_loaded(0, load.layers)
        try:
            loaded = load_model(Path(load.model_path), load.max_context, self._layers_loaded)
        except Unsupported as error:
            raise Failure(str(error), "unsupported") from error
        ready = time.monotonic()
        self._say("WarmingUp")
        options = engine_options(loaded, load.max_context, warm_up(loaded.model, loaded.tokenizer))
        engine = Engine(loaded.model, loaded.tokenizer, options, self._events.send)
        self._intake = Intake(loaded.tokenizer, loaded.context_length)
        self._events.send(
            type="loaded",
            contextLength=loaded.context_length,
            memoryBytes=loaded.weight_bytes,
            timings={
                "python": self._began,
                "imports": imports,
                "load": ready - start,
                "warmUp": time.monotonic() - ready,
            },
        )
        return engine

    # Either thread

    def _layers_loaded(self, done: int, layers: int) -> None:
        if self._leaving.is_set():
            raise Leaving
        self._status = "Loading"
        self._events.send(type="status", status="Loading", layersLoaded=done, layers=layers)

    def _progress(self) -> tuple[int, int]:
        engine = self._engine
        return (engine.steps, engine.active) if engine else (0, 0)

    def _say(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self._events.send(type="status", status=status)

    def _reject(self, task_id: str, code: str, message: str) -> None:
        self._events.send(type="rejected", taskId=task_id, code=code, message=message)

    def _fail(self, message: str, code: str) -> None:
        self._heartbeat.stop()
        self._events.send(type="failed", errorMessage=message, code=code)
