"""The commands of a runner as msgspec structs, which validate types, bounds and unknown fields.

The schema of both directions is ``src-core/protocols/runner.ts``; ``protocol.schema.json`` is generated from it. Names
are camelCase in frames and snake_case here.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct


class ProtocolError(Exception):
    """A frame is not a valid command; the message names the field."""


class RequestError(ProtocolError):
    """An invalid request with a known task id: only that task fails."""

    def __init__(self, task_id: str, message: str):
        super().__init__(message)
        self.task_id = task_id


class Record(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A part of a frame. Unknown fields are refused."""


Id = Annotated[str, Meta(min_length=1, max_length=200)]
Token = Annotated[str, Meta(min_length=32, max_length=200)]
NonEmpty = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Json = dict[str, Any]


# Conversations


class TextPart(Record, tag="text", tag_field="type"):
    text: str


class ImagePart(Record, tag="image", tag_field="type"):
    """``data``: the file in base64."""

    media_type: Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
    data: NonEmpty


class ReasoningPart(Record, tag="reasoning", tag_field="type"):
    text: str


class ToolCallPart(Record, tag="toolCall", tag_field="type"):
    """``arguments``: the text of a JSON object."""

    id: Id
    name: Id
    arguments: str


class ToolResultPart(Record, tag="toolResult", tag_field="type"):
    id: Id
    content: list[TextPart | ImagePart]
    name: Annotated[str, Meta(max_length=200)] | None = None
    is_error: bool | None = None


class SystemMessage(Record, tag="system", tag_field="role"):
    parts: list[TextPart]


class UserMessage(Record, tag="user", tag_field="role"):
    parts: list[TextPart | ImagePart]


class AssistantMessage(Record, tag="assistant", tag_field="role"):
    parts: list[TextPart | ReasoningPart | ToolCallPart]


class ToolMessage(Record, tag="tool", tag_field="role"):
    parts: Annotated[list[ToolResultPart], Meta(min_length=1)]


Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class Tool(Record):
    """A function that the model may ask for. ``parameters``: a JSON Schema of its arguments."""

    name: Id
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class ToolChoice(Record):
    """``name``: of the tool to be called, if ``kind`` is ``named``."""

    kind: Literal["auto", "none", "required", "named"]
    name: Id | None = None

    def __post_init__(self) -> None:
        if (self.kind == "named") != (self.name is not None):
            raise ValueError("a tool's name goes with the kind `named`, and with no other")


class Reasoning(Record):
    """None leaves it to the model. ``max_tokens``: limit of reasoning tokens."""

    enabled: bool | None = None
    effort: Literal["minimal", "low", "medium", "high"] | None = None
    max_tokens: Positive | None = None


# Prompts


class ChatPrompt(Record, tag="chat", tag_field="kind"):
    messages: Annotated[list[Message], Meta(min_length=1)]
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    single_tool_call: bool = False
    reasoning: Reasoning | None = None
    continue_last: bool = False
    template_arguments: Json = {}


def has_images(prompt: ChatPrompt) -> bool:
    """Whether the conversation has images, including those in tool results."""
    given = [part for message in prompt.messages for part in message.parts]
    results = [part for result in given if isinstance(result, ToolResultPart) for part in result.content]
    return any(isinstance(part, ImagePart) for part in (*given, *results))


class TextPrompt(Record, tag="text", tag_field="kind"):
    text: str


class TokensPrompt(Record, tag="tokens", tag_field="kind"):
    """A tokenized prompt, used as it is."""

    tokens: Annotated[list[Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]], Meta(min_length=1)]


class EmbedPrompt(Record, tag="embed", tag_field="kind"):
    """``inputs``: texts or token lists. ``truncate``: cut inputs that are too long instead of refusing them.
    ``dimensions``: how many dimensions of each vector to keep. ``prompt_name``: of a model's prefix for each input."""

    inputs: Annotated[list[str | Annotated[list[Count], Meta(min_length=1)]], Meta(min_length=1, max_length=2048)]
    truncate: bool = False
    dimensions: Positive | None = None
    prompt_name: Id | None = None


Prompt = ChatPrompt | TextPrompt | TokensPrompt | EmbedPrompt


# Answers


class Sampling(Record):
    """How the next token is chosen; None leaves it to the model's own generation_config.json."""

    temperature: Annotated[float, Meta(ge=0, le=10)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Count | None = None
    min_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=10)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    # By token id.
    logit_bias: dict[Annotated[str, Meta(pattern=r"^\d{1,9}$")], Annotated[float, Meta(ge=-100, le=100)]] | None = None
    seed: int | None = None
    # End tokens do not end the answer, unless it is constrained.
    ignore_eos: bool = False


class JsonFormat(Record, tag="json", tag_field="kind"):
    """Any JSON object."""


class JsonSchemaFormat(Record, tag="jsonSchema", tag_field="kind"):
    """``lenient``: ignore keywords that a grammar cannot express, instead of refusing them."""

    schema: Json
    lenient: bool = False


class GrammarFormat(Record, tag="grammar", tag_field="kind"):
    syntax: Literal["lark", "regex"]
    source: NonEmpty


class GenerationRequest(Record):
    """``max_tokens``: limit of generated tokens; None, or more than fits the context, means as many as fit."""

    task_id: Id
    model_id: Id
    prompt: Prompt
    sampling: Sampling
    stop: Annotated[list[NonEmpty], Meta(max_length=16)]
    count_only: bool = False
    max_tokens: Positive | None = None
    format: JsonFormat | JsonSchemaFormat | GrammarFormat | None = None
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None


# Commands


class Hello(Record, tag="hello", tag_field="type"):
    protocol: int
    runner_id: Id


class Shard(Record):
    """``start_layer`` to ``end_layer``: a half-open range of the model's ``layers``."""

    rank: Count
    world_size: Positive
    start_layer: Count
    end_layer: Positive
    layers: Positive


class Ring(Record):
    """``hosts``: by rank, "ip:port" as this rank reaches it; None for ranks that it does not connect to."""

    hosts: Annotated[list[NonEmpty | None], Meta(min_length=2)]


class Rehearsal(Record):
    attempt: NonEmpty


class Jaccl(Record):
    """``devices``: the RDMA devices by rank and peer rank; None on the diagonal."""

    devices: Annotated[list[Annotated[list[NonEmpty | None], Meta(min_length=2)]], Meta(min_length=2)]
    rehearsal: Rehearsal | None = None


class DiskCacheFolder(Record):
    """``directory``: shared by all models; ``max_bytes``: limit of its content."""

    directory: NonEmpty
    max_bytes: Positive


class CacheMemory(Record):
    """``spare_bytes``: beyond the memory claimed by placement, available without memory pressure. ``disk``: the disk
    tier of the prefix cache; None disables it."""

    spare_bytes: Count | None = None
    disk: DiskCacheFolder | None = None


class DraftModel(Record):
    """A smaller model with the same tokenizer, for speculative decoding."""

    model_id: Id
    model_path: NonEmpty


class Adapter(Record):
    """A LoRA adapter in the format of mlx-lm or PEFT, applied to the model by every rank."""

    adapter_id: Id
    adapter_path: NonEmpty


class Load(Record, tag="load", tag_field="type"):
    model_id: Id
    model_path: NonEmpty
    sharding: Literal["Pipeline", "Tensor"]
    instance_meta: Literal["MlxRing", "MlxJaccl"]
    shard: Shard
    max_context: Positive | None = None
    concurrency: Annotated[int, Meta(ge=1, le=1024)] = 1
    kv_bits: Literal[8] | None = None
    draft: DraftModel | None = None
    adapter: Adapter | None = None
    cache: CacheMemory | None = None
    ring: Ring | None = None
    jaccl: Jaccl | None = None


class Wake(Record, tag="wake", tag_field="type"):
    """Sent to every rank but 0: rank 0 waits in the first collective of ``epoch``."""

    epoch: Positive


class Generate(Record, tag="generate", tag_field="type"):
    request: GenerationRequest


class Cancel(Record, tag="cancel", tag_field="type"):
    task_id: Id


class HandOver(Record, tag="handOver", tag_field="type"):
    """The supervisor ends; another may adopt this runner within ``seconds`` by presenting ``token``."""

    token: Token
    seconds: Positive


class Adopt(Record, tag="adopt", tag_field="type"):
    """Sent by a new supervisor. ``supervisor``: its process id."""

    protocol: int
    token: Token
    supervisor: Positive


class Shutdown(Record, tag="shutdown", tag_field="type"):
    pass


Command = Hello | Load | Wake | Generate | Cancel | HandOver | Adopt | Shutdown


def _task_of(frame: Json) -> str | None:
    """Returns the task id of an invalid generate frame, if it has one."""
    request = frame.get("request")
    task_id = request.get("taskId") if frame.get("type") == "generate" and isinstance(request, dict) else None
    return task_id if isinstance(task_id, str) and task_id else None


def parse_command(frame: Json) -> Command:
    """Parses a command. Raises ProtocolError, or RequestError for an invalid request."""
    try:
        return msgspec.convert(frame, type=Command)
    # The second where a text with half a character stands for something else than a text.
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        if (task_id := _task_of(frame)) is not None:
            raise RequestError(task_id, str(error)) from error
        raise ProtocolError(f"a frame of type {frame.get('type')!r} cannot be read: {error}") from error
