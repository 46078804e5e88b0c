"""Continuous batching: every step gives each request that decodes its next token, and prompts a piece of their turn.

All that decides the flow is done between steps, in the order of the commands: requests join, leave and are cancelled
there. Ranks that hear the same commands before the same step therefore compute the same batch.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_lm.generate import BatchGenerator
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.answer import Answer
from muster_runner.intake import Prepared
from muster_runner.loading import DEFAULT_CONTEXT, LoadedModel
from muster_runner.logprobs import Logprobs
from muster_runner.prefill import ONE_PASS, Prefill
from muster_runner.prompt_cache import PromptCache
from muster_runner.sampling import Drawing, drawing
from muster_runner.tokenizer import Tokenizer

Emit = Callable[..., None]

# Requests that decode together; more wait their turn.
COMPLETION_BATCH = 32
# Prompts that are computed in turn, so that a short one need not wait for the whole of a long one.
PREFILLS = 8
LARGE_MODEL_BYTES = 16 * 1024**3


class BusyTask(Exception):
    """A task of that id is already being answered."""


@dataclass
class Request:
    """A live request: it waits, then computes its prompt (``prefill``), then decodes in the batch as ``uid``."""

    prepared: Prepared
    answer: Answer
    drawing: Drawing
    prefill: Prefill | None = None
    uid: int | None = None


@dataclass(frozen=True)
class EngineOptions:
    """``cache_bytes``: for the key-value caches of kept prompts. ``prefill_step``: prompt tokens in one step."""

    cache_bytes: int
    generation_config: dict[str, Any]
    prefill_step: int


def prefill_step(weight_bytes: int) -> int:
    """Few enough tokens for a step to stay well under a second on the machines that a model of that size runs on."""
    if not mx.metal.is_available():
        return 128
    return 512 if weight_bytes < LARGE_MODEL_BYTES else 256


def engine_options(loaded: LoadedModel, max_context: int | None, cache_bytes_per_token: int) -> EngineOptions:
    """``max_context``: the tokens of context that room was made for."""
    room = min(loaded.context_length, max_context or DEFAULT_CONTEXT)
    return EngineOptions(cache_bytes_per_token * room, loaded.generation_config, prefill_step(loaded.weight_bytes))


class Engine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps."""

    def __init__(self, model: Any, tokenizer: Tokenizer, options: EngineOptions, emit: Emit):
        self._model, self._tokenizer, self._options, self._emit = model, tokenizer, options, emit
        self._logprobs = Logprobs(tokenizer)
        self._requests: dict[str, Request] = {}
        self._prompts: deque[Request] = deque()
        self._decoding: dict[int, Request] = {}
        self.cache = PromptCache(options.cache_bytes)
        self.steps = 0
        self._generator = BatchGenerator(
            model,
            stop_tokens=[[token] for token in sorted(tokenizer.eos_token_ids)],
            completion_batch_size=COMPLETION_BATCH,
            # The prompts' stream too: one order for all, which the ranks of a group will have to share.
            stream=mx.default_stream(mx.default_device()),
        )

    @property
    def active(self) -> int:
        """Requests that have not ended."""
        return len(self._requests)

    def add(self, prepared: Prepared) -> None:
        """Lets a request join at the next step. Raises BusyTask."""
        task_id = prepared.request.task_id
        if task_id in self._requests:
            raise BusyTask(f"the task {task_id} is already running")
        answer = Answer(prepared, self._tokenizer.stream(), self._tokenizer.eos_token_ids, self._logprobs)
        request = Request(prepared, answer, drawing(prepared.request.sampling, self._options.generation_config))
        self._requests[task_id] = request
        self._prompts.append(request)

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step; what it computed is kept for a later one. Unknown ids do nothing."""
        request = self._requests.get(task_id)
        if request is None:
            return
        if request.uid is not None:
            self._leave_batch(request.uid)
        else:
            self._prompts.remove(request)
            if (prefill := request.prefill) is not None:
                self._keep(prefill.tokens[: prefill.done], prefill.cache)
        self._finish(request, "cancelled")

    def step(self) -> None:
        """One token for every request that decodes, then up to ``prefill_step`` tokens of prompts."""
        self.steps += 1
        if self._decoding:
            self._decode()
        self._compute_prompts()
        if not self._requests:
            # Buffers of the shapes of this batch; what comes next has other shapes.
            mx.clear_cache()

    def _decode(self) -> None:
        _, tokens = self._generator.next()
        items: list[dict[str, Any]] = []
        ended: list[Request] = []
        for news in tokens:
            request = self._decoding[news.uid]
            if item := request.answer.add(news.token, lambda news=news: news.logprobs):
                items.append(item)
            if news.finish_reason:
                del self._decoding[news.uid]
                self._keep(news.all_tokens, news.prompt_cache)
            elif request.answer.reason:
                self._leave_batch(news.uid)
            if request.answer.reason:
                ended.append(request)
        if items:
            self._emit(type="tokens", items=items)
        for request in ended:
            self._finish(request, request.answer.reason or "")

    def _compute_prompts(self) -> None:
        left = self._options.prefill_step
        while self._prompts and len(self._decoding) < COMPLETION_BATCH:
            request = self._prompts.popleft()
            prefill = request.prefill or self._begin(request)
            done = prefill.done
            logits = prefill.advance(self._model, left)
            left -= prefill.done - done
            if logits is not None:
                self._start_decoding(request, prefill, logits)
            else:
                self._emit(
                    type="prompt", taskId=request.answer.task_id, processed=prefill.done, total=len(prefill.tokens)
                )
                # The next one's turn. Only a few prompts are under way at once: each holds its cache.
                self._prompts.insert(PREFILLS - 1, request)
            if left < ONE_PASS:
                return

    def _begin(self, request: Request) -> Prefill:
        tokens = request.prepared.tokens
        cache, used = self.cache.take(tokens)
        request.answer.cached_tokens = used
        request.prefill = Prefill(tokens, cache or make_prompt_cache(self._model), used)
        return request.prefill

    def _start_decoding(self, request: Request, prefill: Prefill, logits: mx.array) -> None:
        """Draws the first token right here, which saves it a step, and lets the request join the batch for the rest."""
        for process in request.drawing.processors:
            logits = process(mx.array(prefill.tokens), logits)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        token = int(request.drawing.sampler(logprobs).item())
        if item := request.answer.add(token, lambda: logprobs[0]):
            self._emit(type="tokens", items=[item])
        if request.answer.reason:
            self._keep(prefill.tokens, prefill.cache)
            self._finish(request, request.answer.reason)
            return
        (uid,) = self._generator.insert(
            [[token]],
            [request.prepared.limit - 1],
            caches=[prefill.cache],
            all_tokens=[list(prefill.tokens)],
            samplers=[request.drawing.sampler],
            logits_processors=[request.drawing.processors],
        )
        request.uid, request.prefill = uid, None
        self._decoding[uid] = request

    def _leave_batch(self, uid: int) -> None:
        del self._decoding[uid]
        cache, tokens = self._generator.remove([uid], return_prompt_caches=True)[uid]
        self._keep(tokens, cache)

    def _keep(self, tokens: list[int], cache: list[Any]) -> None:
        self.cache.keep(tokens, cache, in_use=self._generator.prompt_cache_nbytes)

    def _finish(self, request: Request, reason: str) -> None:
        del self._requests[request.answer.task_id]
        self._emit(**request.answer.finished(reason))
