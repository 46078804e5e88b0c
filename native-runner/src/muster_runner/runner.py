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
from muster_runner.errors import GroupError
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
    Wake,
    parse_command,
)

if TYPE_CHECKING:
    # Imported for good in _import: the pipes must answer long before mlx is there.
    from muster_runner.engine import Engine
    from muster_runner.intake import Intake, Prepared
    from muster_runner.loading import Share
    from muster_runner.lockstep import Lockstep, Orders


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
        self._folder = pipes
        self._lockstep: Lockstep | None = None
        self._joining: list[Prepared] = []
        self._epoch = 0
        self._inbox: queue.SimpleQueue[Load | Prepared | Cancel | Wake | Shutdown] = queue.SimpleQueue()
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
        except GroupError as error:
            print(error, file=sys.stderr)
            self._fail(str(error), "ring")
            code = 1
        except (Failure, ModelFileError) as error:
            print(error, file=sys.stderr)
            self._fail(str(error), error.code if isinstance(error, Failure) else "model_file")
            code = 1
        except Exception as error:
            traceback.print_exc()
            if self._lockstep is not None and isinstance(error, RuntimeError):
                # Further collectives may hang: there is nothing to tidy up with the others.
                self._fail(f"the connection to the other ranks was lost: {error}", "ring")
                code = 1
                self._events.flush()
                return code
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
            case Load() | Cancel() | Wake():
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
            if self._lockstep is None:
                self._work(engine)
            elif self._lockstep.rank == 0:
                self._lead(engine, self._lockstep)
            else:
                self._follow(engine, self._lockstep)
            self._say("Ready")

    def _work(self, engine: "Engine") -> None:
        """Until there is nothing more to do. Waits in the queue, without using the processor."""
        commands = [self._next()]
        while True:
            for command in commands + self._waiting():
                self._apply(engine, command)
            if not engine.active:
                return
            self._say("Running")
            engine.step()
            commands = []

    def _lead(self, engine: "Engine", lockstep: "Lockstep") -> None:
        """Rank 0, for as long as there is work: wakes the others, and tells them before each step what to do."""
        commands = [self._next()]
        self._epoch += 1
        self._events.send(type="wake", epoch=self._epoch)
        self._say("Running")
        while True:
            orders = self._orders(engine, commands + self._waiting())
            live = engine.live
            lockstep.exchange(orders, live)
            engine.end(orders.end)
            for task_id in orders.cancel:
                engine.cancel(task_id)
            for prepared in self._joining:
                engine.add(prepared)
            if not engine.active:
                return
            engine.step()
            commands = []

    def _orders(self, engine: "Engine", commands: "list[Load | Prepared | Cancel | Wake]") -> "Orders":
        """What the ranks are to do before the next step; ``_joining`` has the requests for this one."""
        from muster_runner.intake import Prepared
        from muster_runner.lockstep import Orders

        orders = Orders(end=engine.take_ended())
        self._joining = []
        known = set(engine.live)
        for command in commands:
            match command:
                case Prepared(request=request):
                    if request.task_id in known:
                        self._reject(
                            request.task_id, "invalid_request", f"the task {request.task_id} is already running"
                        )
                        continue
                    known.add(request.task_id)
                    self._joining.append(command)
                case Cancel(task_id=task_id):
                    # One that was about to join never does.
                    joining = [prepared for prepared in self._joining if prepared.request.task_id != task_id]
                    if len(joining) < len(self._joining):
                        self._never_begun(task_id)
                    self._joining = joining
                    orders.cancel.append(task_id)
                case Wake():
                    raise Failure("rank 0 is woken by nobody", "protocol")
                case Load():
                    raise Failure("this runner has already loaded a model", "protocol")
        orders.join = [(prepared.request.task_id, prepared.tokens) for prepared in self._joining]
        return orders

    def _never_begun(self, task_id: str) -> None:
        usage = {"promptTokens": 0, "cachedTokens": 0, "completionTokens": 0}
        self._events.send(type="finished", taskId=task_id, reason="cancelled", usage=usage)

    def _follow(self, engine: "Engine", lockstep: "Lockstep") -> None:
        """Any other rank: waits to be woken, then does as it is told until nothing is left to do."""
        command = self._next()
        if not isinstance(command, Wake):
            raise Failure(f"rank {lockstep.rank} answers no requests", "protocol")
        if command.epoch <= self._epoch:
            return
        self._epoch = command.epoch
        self._say("Running")
        while True:
            orders = lockstep.exchange(None, engine.live)
            engine.end(orders.end)
            for task_id in orders.cancel:
                engine.cancel(task_id)
            for task_id, tokens in orders.join:
                engine.follow(task_id, tokens)
            if not engine.active:
                return
            engine.step()
            if self._leaving.is_set():
                raise Leaving

    def _waiting(self) -> "list[Load | Prepared | Cancel | Wake]":
        commands = []
        while not self._inbox.empty():
            commands.append(self._next())
        return commands

    def _next(self) -> "Load | Prepared | Cancel | Wake":
        command = self._inbox.get()
        if isinstance(command, Shutdown):
            raise Leaving
        return command

    def _apply(self, engine: "Engine", command: "Load | Prepared | Cancel | Wake") -> None:
        from muster_runner.engine import BusyTask

        match command:
            case Load() | Wake():
                raise Failure("this runner has loaded a model by itself already", "protocol")
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
        from muster_runner.group import agreed
        from muster_runner.intake import Intake
        from muster_runner.loading import Unsupported
        from muster_runner.loading import load as load_model
        from muster_runner.warm_up import warm_up

        share = self._connect(load)
        start = time.monotonic()
        self._layers_loaded(0, load.end_layer - load.start_layer)
        try:
            loaded = load_model(Path(load.model_path), load.max_context, self._layers_loaded, share)
        except Unsupported as error:
            raise Failure(str(error), "unsupported") from error
        ready = time.monotonic()
        self._say("WarmingUp")
        cache_bytes = warm_up(loaded.model, loaded.tokenizer, self._lockstep)
        reuse = share is None or agreed(share.group, int(loaded.can_reuse))
        options = engine_options(loaded, load.max_context, cache_bytes, self._lockstep, reuse)
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

    def _connect(self, load: Load) -> "Share | None":
        """Meets the other ranks, if there are any."""
        from muster_runner.group import connect
        from muster_runner.loading import Share
        from muster_runner.lockstep import Lockstep

        if load.world_size == 1:
            return None
        self._say("Connecting")
        group = connect(load, self._folder)
        self._lockstep = Lockstep(group)
        return Share(group, load.sharding, (load.start_layer, load.end_layer))

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
