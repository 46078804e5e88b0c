"""Computes the vectors of requests, one batch of texts per step. Commands are applied between steps."""

import base64
from collections import defaultdict
from dataclasses import dataclass

import mlx.core as mx

from muster_runner.device import has_gpu
from muster_runner.embedding.batches import Batches, BatchItem
from muster_runner.embedding.loading import Embedder
from muster_runner.embedding.pooling import unit
from muster_runner.engine.engine import NO_NUMBERS, Emit
from muster_runner.engine.intake import Rejected
from muster_runner.protocol import EmbedPrompt, GenerationRequest


@dataclass(frozen=True)
class PreparedTexts:
    """A tokenized request. ``inputs``: the tokens of each text."""

    request: GenerationRequest
    prompt: EmbedPrompt
    inputs: list[list[int]]

    @property
    def prompt_tokens(self) -> int:
        return sum(len(tokens) for tokens in self.inputs)


@dataclass
class _Request:
    """``remaining``: number of inputs whose vectors were not sent yet."""

    prepared: PreparedTexts
    remaining: int


SMALL_MODEL_BYTES = 1 << 30


def max_batch_tokens(weight_bytes: int) -> int:
    """Returns the token limit of a batch. A step should stay under a second, so that a cancel takes effect soon and
    the supervisor sees progress. The memory estimate of placement assumes this limit
    (``src-core/placement/memory.ts``)."""
    if not has_gpu():
        return 256
    return 8192 if weight_bytes < SMALL_MODEL_BYTES else 4096


class EmbeddingEngine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps."""

    def __init__(self, embedder: Embedder, emit: Emit):
        self._embedder, self._emit = embedder, emit
        self._batches = Batches(max_batch_tokens(embedder.weight_bytes))
        self._requests: dict[str, _Request] = {}
        self.steps = 0

    @property
    def active(self) -> int:
        """The number of unfinished requests."""
        return len(self._requests)

    def add(self, prepared: PreparedTexts) -> None:
        """Queues a request for the next step. Raises Rejected."""
        task_id = prepared.request.task_id
        if task_id in self._requests:
            raise Rejected("invalid_request", f"the task {task_id} is already running")
        width = self._embedder.width
        if (dimensions := prepared.prompt.dimensions) is not None and dimensions > width:
            raise Rejected("invalid_request", f"dimensions is {dimensions}, and this model's vectors have {width}")
        self._requests[task_id] = _Request(prepared, len(prepared.inputs))
        self._batches.add(task_id, prepared.inputs)

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step. Unknown ids are ignored."""
        if request := self._requests.pop(task_id, None):
            self._batches.remove(task_id)
            self._finish(task_id, request, "cancelled")

    def step(self) -> None:
        """Computes one batch and sends its vectors."""
        batch = self._batches.next()
        vectors = self._embedder.vectors([piece.tokens for piece in batch])
        finite = mx.all(mx.isfinite(vectors), axis=-1)
        mx.eval(vectors, finite)
        self.steps += 1
        by_task: defaultdict[str, list[tuple[int, BatchItem]]] = defaultdict(list)
        for row, (piece, sound) in enumerate(zip(batch, finite.tolist(), strict=True)):
            if sound:
                by_task[piece.task_id].append((row, piece))
            elif self._requests.pop(piece.task_id, None):
                self._batches.remove(piece.task_id)
                message = f"input[{piece.index}]: {NO_NUMBERS}"
                self._emit(type="rejected", taskId=piece.task_id, code="runner_failed", message=message)
        for task_id, rows in by_task.items():
            if request := self._requests.get(task_id):
                self._send(task_id, request, rows, vectors)
        if not self.active:
            mx.clear_cache()

    def _send(self, task_id: str, request: _Request, rows: list[tuple[int, BatchItem]], vectors: mx.array) -> None:
        vectors_of_task = vectors[mx.array([row for row, _ in rows])]
        if (dimensions := request.prepared.prompt.dimensions) is not None:
            # Matryoshka models put most information into the first dimensions; normalize again after cutting.
            vectors_of_task = unit(vectors_of_task[:, :dimensions])
        data = bytes(memoryview(vectors_of_task.astype(mx.float32)))
        size = len(data) // len(rows)
        items = [
            {"index": piece.index, "vector": base64.b64encode(data[at * size : (at + 1) * size]).decode()}
            for at, (_, piece) in enumerate(rows)
        ]
        self._emit(type="embeddings", taskId=task_id, items=items)
        request.remaining -= len(rows)
        if request.remaining == 0:
            del self._requests[task_id]
            self._finish(task_id, request, "stop")

    def _finish(self, task_id: str, request: _Request, reason: str) -> None:
        usage = {"promptTokens": request.prepared.prompt_tokens, "cachedTokens": 0, "completionTokens": 0}
        self._emit(type="finished", taskId=task_id, reason=reason, usage=usage)
