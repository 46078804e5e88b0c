"""The life of a runner: hello, load, then generate until it is told to end."""

import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from muster_runner import PROTOCOL
from muster_runner.model_files import ModelFileError
from muster_runner.pipes import EventWriter, FrameError, read_commands
from muster_runner.protocol import (
    Cancel,
    Command,
    Generate,
    Hello,
    Load,
    ProtocolError,
    Shutdown,
    parse_command,
)

HEARTBEAT_SECONDS = 1.0
# Kept prompts may take as much as the conversation they are kept for, twice.
CACHED_CONTEXTS = 2


class Failure(Exception):
    """The runner cannot go on; the message is for people, the code names the kind."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.code = code


class Runner:
    def __init__(self, pipes: Path, began: float):
        self._began = began
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._events = EventWriter(str(pipes / "events"), abandoned=lambda: os._exit(0))
        self._engine: Any = None
        self._status: str | None = None
        self._over = threading.Event()
        read_commands(str(pipes / "commands"), self._receive, self._ended)

    def run(self) -> int:
        """Until shut down. Returns the exit code."""
        try:
            self._serve()
        except Failure as failure:
            print(failure, file=sys.stderr)
            self._fail(str(failure), failure.code)
        except ModelFileError as error:
            print(error, file=sys.stderr)
            self._fail(str(error), "model_file")
        except Exception as error:
            import traceback

            traceback.print_exc()
            self._fail(f"{type(error).__name__}: {error}", "internal")
        else:
            self._events.close()
            return 0
        self._events.close()
        return 1

    # The commands' thread

    def _receive(self, frame: dict[str, Any]) -> None:
        try:
            command = parse_command(frame)
        except ProtocolError as error:
            self._stop_at_once(str(error))
        if isinstance(command, Hello):
            self._greet(command)
        else:
            self._inbox.put(command)

    def _greet(self, hello: Hello) -> None:
        """Answers at once, even while the imports are running: a supervisor tells a slow start from a dead one."""
        if hello.protocol != PROTOCOL:
            self._stop_at_once(f"this runner speaks protocol {PROTOCOL}, not {hello.protocol}; run the set-up again")
        versions = {"python": sys.version.split()[0]}
        self._events.send(type="hello", protocol=PROTOCOL, runnerId=hello.runner_id, pid=os.getpid(), versions=versions)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _ended(self, error: FrameError | None) -> None:
        """The app is gone, or talks nonsense. In either case nobody waits for what is being computed."""
        if error is not None:
            self._stop_at_once(str(error))
        os._exit(0)

    def _stop_at_once(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)
        self._fail(message, "protocol")
        self._events.close()
        os._exit(1)

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            engine = self._engine
            steps, active = (engine.steps, engine.active) if engine else (0, 0)
            self._events.send(type="heartbeat", steps=steps, active=active)

    # The engine's thread

    def _serve(self) -> None:
        imports = self._import()
        load = self._inbox.get()
        while not isinstance(load, Load):
            if isinstance(load, Shutdown):
                return
            load = self._inbox.get()
        self._load(load, imports)
        while True:
            # Nothing to do: wait in the queue, without using the processor.
            commands = [self._inbox.get()] if not self._engine.active else []
            while not self._inbox.empty():
                commands.append(self._inbox.get())
            for command in commands:
                if isinstance(command, Shutdown):
                    self._say("ShuttingDown")
                    return
                self._apply(command)
            self._say("Running" if self._engine.active else "Ready")
            if self._engine.active:
                self._engine.step()
                if not self._engine.active:
                    self._say("Ready")

    def _apply(self, command: Command) -> None:
        match command:
            case Generate():
                self._engine.add(command)
            case Cancel(task_id=task_id):
                self._engine.cancel(task_id)
            case Load():
                raise Failure("this runner has already loaded a model", "protocol")
            case _:
                raise Failure(f"unexpected command {command}", "protocol")

    def _import(self) -> float:
        """Seconds that the imports took."""
        start = time.monotonic()
        try:
            from muster_runner.deferred import import_mlx_lm

            import_mlx_lm()
            import muster_runner.engine
            import muster_runner.loading  # noqa: F401
        except ImportError as error:
            raise Failure(
                f"the Python environment is incomplete: {error}; run the set-up again", "environment"
            ) from error
        return time.monotonic() - start

    def _load(self, load: Load, imports: float) -> None:
        import mlx.core as mx

        from muster_runner.engine import Engine, EngineOptions, prefill_step
        from muster_runner.loading import load as load_model
        from muster_runner.loading import warm_up

        if load.world_size != 1:
            raise Failure("this runner cannot share a model out over several machines", "unsupported")
        start = time.monotonic()
        self._say("Loading", layersLoaded=0, layers=load.layers)
        loaded = load_model(
            Path(load.model_path),
            load.max_context,
            lambda done, layers: self._events.send(type="status", status="Loading", layersLoaded=done, layers=layers),
        )
        ready = time.monotonic()
        self._say("WarmingUp")
        per_token = warm_up(loaded.model, prefill_step())
        options = EngineOptions(
            context_length=loaded.context_length,
            cache_bytes=CACHED_CONTEXTS * loaded.context_length * per_token,
            generation_config=loaded.generation_config,
            prefill_step=prefill_step(),
        )
        self._engine = Engine(loaded.model, loaded.tokenizer, options, self._events.send)
        timings = {
            "python": max(0.0, self._began),
            "imports": imports,
            "load": ready - start,
            "warmUp": time.monotonic() - ready,
        }
        self._events.send(
            type="loaded",
            contextLength=loaded.context_length,
            memoryBytes=int(mx.get_active_memory()),
            timings=timings,
        )
        self._say("Ready")

    def _say(self, status: str, **more: Any) -> None:
        if status != self._status:
            self._status = status
            self._events.send(type="status", status=status, **more)

    def _fail(self, message: str, code: str) -> None:
        self._over.set()
        self._events.send(type="failed", errorMessage=message, code=code)
