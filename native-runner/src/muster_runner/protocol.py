"""The commands a runner takes, checked where they come in.

The schema of both directions is ``src-core/protocols/runner.ts``; ``protocol.schema.json`` is generated from it.
"""

from dataclasses import dataclass, field
from typing import Any, Literal


class ProtocolError(Exception):
    """A frame is not a command this runner knows; the message names the field."""


class RequestError(ProtocolError):
    """A request that breaks the protocol, but says which task it is for: only that one has to fail."""

    def __init__(self, task_id: str, message: str):
        super().__init__(message)
        self.task_id = task_id


@dataclass(frozen=True)
class Hello:
    protocol: int
    runner_id: str


@dataclass(frozen=True)
class Jaccl:
    """``devices``: by rank, then by the rank it leads to, the RDMA device; None on the diagonal. ``rehearsal``: the
    name of the attempt, where RDMA is only rehearsed."""

    devices: list[list[str | None]]
    rehearsal: str | None


@dataclass(frozen=True)
class Load:
    model_id: str
    model_path: str
    sharding: str
    instance_meta: str
    rank: int
    world_size: int
    start_layer: int
    end_layer: int
    layers: int
    max_context: int | None
    # By rank, "ip:port" as this rank reaches it, or None where it need not.
    ring: list[str | None] | None
    jaccl: Jaccl | None


@dataclass(frozen=True)
class Wake:
    """To every rank but 0: rank 0 waits in the collective that begins ``epoch``."""

    epoch: int


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; None leaves it to the model's own generation_config.json."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Generate:
    task_id: str
    messages: list[dict[str, str]] | None
    text: str | None
    sampling: Sampling
    max_tokens: int | None
    stop: list[str] = field(default_factory=list)
    logprobs: int | None = None


@dataclass(frozen=True)
class Cancel:
    task_id: str


@dataclass(frozen=True)
class Shutdown:
    pass


Command = Hello | Load | Wake | Generate | Cancel | Shutdown

_MISSING = object()


class _Fields:
    """Takes fields out of an object by name and type; what is left over at the end is an error."""

    def __init__(self, value: Any, where: str):
        if not isinstance(value, dict):
            raise ProtocolError(f"{where} is not an object")
        self._left = dict(value)
        self._where = where

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = _MISSING) -> Any:
        if name not in self._left:
            if default is _MISSING:
                raise ProtocolError(f"{self._where} lacks {name}")
            return default
        value = self._left.pop(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ProtocolError(f"{self._where}.{name} is not of the right type")
        return value

    def number(
        self,
        name: str,
        kind: type | tuple[type, ...],
        least: float,
        most: float = float("inf"),
        default: Any = _MISSING,
    ) -> Any:
        value = self.take(name, kind, default)
        if value is not default and not least <= value <= most:
            raise ProtocolError(f"{self._where}.{name} is {value}, not from {least} to {most}")
        return value

    def text(self, name: str, most: int | None = None) -> str:
        """A string that is not empty, of at most ``most`` UTF-16 units, which is how the schema's language counts."""
        value = self.take(name, str)
        if not value or (most is not None and len(value.encode("utf-16-le", "surrogatepass")) > 2 * most):
            raise ProtocolError(f"{self._where}.{name} is empty or too long")
        return value

    def done(self) -> None:
        if self._left:
            raise ProtocolError(f"{self._where} has unknown fields: {', '.join(sorted(self._left))}")


_FLOAT = (int, float)
MAX_ID = 200


def _sampling(value: Any) -> Sampling:
    fields = _Fields(value, "sampling")
    sampling = Sampling(
        temperature=fields.number("temperature", _FLOAT, 0, 10, default=None),
        top_p=fields.number("topP", _FLOAT, 0, 1, default=None),
        top_k=fields.number("topK", int, 0, default=None),
        min_p=fields.number("minP", _FLOAT, 0, 1, default=None),
        repetition_penalty=fields.number("repetitionPenalty", _FLOAT, 1e-9, 10, default=None),
        seed=fields.take("seed", int, default=None),
    )
    fields.done()
    return sampling


def _messages(value: list[Any]) -> list[dict[str, str]]:
    if not value:
        raise ProtocolError("prompt.messages is empty")
    messages = []
    for at, message in enumerate(value):
        fields = _Fields(message, f"prompt.messages[{at}]")
        role, content = fields.take("role", str), fields.take("content", str)
        fields.done()
        if role not in ("system", "user", "assistant", "tool"):
            raise ProtocolError(f"prompt.messages[{at}].role is {role!r}")
        messages.append({"role": role, "content": content})
    return messages


def _generate(value: dict[str, Any]) -> Generate:
    try:
        return _request(value)
    except ProtocolError as error:
        task_id = value.get("taskId")
        if not isinstance(task_id, str) or not task_id:
            raise
        raise RequestError(task_id, str(error)) from error


def _request(value: dict[str, Any]) -> Generate:
    fields = _Fields(value, "request")
    prompt = _Fields(fields.take("prompt", dict), "prompt")
    kind: Literal["chat", "text"] = prompt.take("kind", str)
    if kind not in ("chat", "text"):
        raise ProtocolError(f"prompt.kind is {kind!r}, not chat or text")
    messages = _messages(prompt.take("messages", list)) if kind == "chat" else None
    text = prompt.take("text", str) if kind == "text" else None
    prompt.done()
    stop = fields.take("stop", list)
    if len(stop) > 16 or not all(isinstance(text, str) and text for text in stop):
        raise ProtocolError("request.stop is not a list of at most 16 strings")
    fields.text("modelId", MAX_ID)
    generate = Generate(
        task_id=fields.text("taskId", MAX_ID),
        messages=messages,
        text=text,
        sampling=_sampling(fields.take("sampling", dict)),
        max_tokens=fields.number("maxTokens", int, 1, default=None),
        stop=stop,
        logprobs=fields.number("logprobs", int, 0, 20, default=None),
    )
    fields.done()
    return generate


def _load(fields: _Fields) -> Load:
    shard = _Fields(fields.take("shard", dict), "shard")
    sharding, instance_meta = fields.take("sharding", str), fields.take("instanceMeta", str)
    if sharding not in ("Pipeline", "Tensor") or instance_meta not in ("MlxRing", "MlxJaccl"):
        raise ProtocolError(f"load asks for {sharding} over {instance_meta}, which this runner does not know")
    load = Load(
        model_id=fields.text("modelId", MAX_ID),
        model_path=fields.text("modelPath"),
        sharding=sharding,
        instance_meta=instance_meta,
        rank=shard.number("rank", int, 0),
        world_size=shard.number("worldSize", int, 1),
        start_layer=shard.number("startLayer", int, 0),
        end_layer=shard.number("endLayer", int, 1),
        layers=shard.number("layers", int, 1),
        max_context=fields.number("maxContext", int, 1, default=None),
        ring=_ring(fields.take("ring", dict, None)),
        jaccl=_jaccl(fields.take("jaccl", dict, None)),
    )
    shard.done()
    return load


def _ring(value: dict[str, Any] | None) -> list[str | None] | None:
    if value is None:
        return None
    fields = _Fields(value, "ring")
    hosts = fields.take("hosts", list)
    fields.done()
    if len(hosts) < 2 or not all(host is None or (isinstance(host, str) and host) for host in hosts):
        raise ProtocolError("ring.hosts is not a list of at least two addresses or nulls")
    return hosts


def _jaccl(value: dict[str, Any] | None) -> Jaccl | None:
    if value is None:
        return None
    fields = _Fields(value, "jaccl")
    devices, rehearsal = fields.take("devices", list), fields.take("rehearsal", dict, None)
    fields.done()
    if len(devices) < 2 or not all(isinstance(row, list) and len(row) >= 2 for row in devices):
        raise ProtocolError("jaccl.devices is not a list of at least two lists of at least two")
    if not all(device is None or (isinstance(device, str) and device) for row in devices for device in row):
        raise ProtocolError("jaccl.devices holds what is neither a name nor null")
    if rehearsal is None:
        return Jaccl(devices, None)
    attempt = _Fields(rehearsal, "jaccl.rehearsal")
    name = attempt.text("attempt")
    attempt.done()
    return Jaccl(devices, name)


def parse_command(frame: dict[str, Any]) -> Command:
    """The command in a frame. Raises ProtocolError, which says what is wrong."""
    kind = frame.get("type")
    fields = _Fields({name: value for name, value in frame.items() if name != "type"}, str(kind))
    command: Command
    match kind:
        case "hello":
            command = Hello(protocol=fields.take("protocol", int), runner_id=fields.text("runnerId", MAX_ID))
        case "load":
            command = _load(fields)
        case "wake":
            command = Wake(epoch=fields.number("epoch", int, 1))
        case "generate":
            command = _generate(fields.take("request", dict))
        case "cancel":
            command = Cancel(task_id=fields.text("taskId", MAX_ID))
        case "shutdown":
            command = Shutdown()
        case _:
            raise ProtocolError(f"{kind!r} is no command of protocol 1")
    fields.done()
    return command
