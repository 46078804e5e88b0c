"""Continuous batching: every step gives each live request its next token.

All that decides the flow is done between steps, in the order of the commands: requests join, leave and are cancelled
there. Ranks that hear the same commands before the same step therefore compute the same batch.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx_lm.generate import BatchGenerator

from muster_runner.logprobs import Logprobs
from muster_runner.prompt_cache import PromptCache
from muster_runner.protocol import Generate
from muster_runner.sampling import make_processors, make_sampler, with_defaults
from muster_runner.text import StopStrings
from muster_runner.tokenizer import TemplateError, TextStream, Tokenizer

Emit = Callable[..., None]

# Requests that decode together; more wait their turn.
COMPLETION_BATCH = 32
# Prompts that are computed together.
PREFILL_BATCH = 8


def prefill_step() -> int:
    """Prompt tokens between two looks at the commands: few enough to cancel soon, enough to keep the processor busy."""
    return 512 if mx.metal.is_available() else 256


@dataclass
class Request:
    """A live request; ``uid`` is the batch generator's name for it."""

    task_id: str
    prompt_tokens: int
    cached_tokens: int
    stops: StopStrings
    stream: TextStream
    logprobs: int | None
    received: float
    completion_tokens: int = 0
    first_token: float | None = None
    pending: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class EngineOptions:
    """``context_length``: most tokens of prompt and completion together. ``cache_bytes``: for kept prompts."""

    context_length: int
    cache_bytes: int
    generation_config: dict[str, Any]
    prefill_step: int


class Engine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps."""

    def __init__(self, model: Any, tokenizer: Tokenizer, options: EngineOptions, emit: Emit):
        self._model, self._tokenizer, self._options, self._emit = model, tokenizer, options, emit
        self._eos = sorted(tokenizer.eos_token_ids)
        self._cache = PromptCache(model, options.cache_bytes)
        self._logprobs = Logprobs(tokenizer)
        self._live: dict[int, Request] = {}
        self._uids: dict[str, int] = {}
        self.steps = 0
        self._generator = BatchGenerator(
            model,
            stop_tokens=[[token] for token in self._eos],
            completion_batch_size=COMPLETION_BATCH,
            prefill_batch_size=PREFILL_BATCH,
            prefill_step_size=options.prefill_step,
            stream=mx.default_stream(mx.default_device()),
        )

    @property
    def active(self) -> int:
        """Requests that have not ended."""
        return len(self._live)

    def add(self, request: Generate) -> None:
        """Lets a request join at the next step, or rejects it: nothing that is wrong with it reaches the batch."""
        received = time.monotonic()
        try:
            tokens = self._encode(request)
            limit = self._limit(request, len(tokens))
        except _Rejected as error:
            self._emit(type="rejected", taskId=request.task_id, code=error.code, message=str(error))
            return
        sampling = with_defaults(request.sampling, self._options.generation_config)
        cache, used = self._cache.take(tokens)
        (uid,) = self._generator.insert(
            [tokens[used:]],
            [limit],
            caches=[cache] if cache else None,
            all_tokens=[tokens[:used]],
            samplers=[make_sampler(sampling)],
            logits_processors=[make_processors(sampling)],
        )
        self._live[uid] = Request(
            task_id=request.task_id,
            prompt_tokens=len(tokens),
            cached_tokens=used,
            stops=StopStrings(request.stop),
            stream=self._tokenizer.stream(),
            logprobs=request.logprobs,
            received=received,
        )
        self._uids[request.task_id] = uid

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step; what it computed is kept for a later one. Unknown ids do nothing."""
        uid = self._uids.get(task_id)
        if uid is None:
            return
        self._leave(uid)
        self._finish(uid, "cancelled")

    def step(self) -> None:
        """One token for every request that decodes, and one chunk of the prompts that wait."""
        prompts, tokens = self._generator.next()
        self.steps += 1
        for news in prompts:
            processed, total = news.progress
            if not news.end_of_prompt and processed < total - 1 and (request := self._live.get(news.uid)):
                cached = request.cached_tokens
                self._emit(type="prompt", taskId=request.task_id, processed=cached + processed, total=cached + total)
        items: list[dict[str, Any]] = []
        ended: list[tuple[int, str]] = []
        for news in tokens:
            request = self._live[news.uid]
            item, reason = self._token(request, news)
            if item:
                items.append(item)
            if reason:
                ended.append((news.uid, reason))
                if news.finish_reason:
                    self._cache.keep(news.all_tokens, news.prompt_cache)
                else:
                    self._leave(news.uid)
        if items:
            self._emit(type="tokens", items=items)
        for uid, reason in ended:
            self._finish(uid, reason)

    def _token(self, request: Request, news: Any) -> tuple[dict[str, Any] | None, str | None]:
        """What a new token adds to a request's text, and why the request ends if it does."""
        if request.first_token is None:
            request.first_token = time.monotonic()
        reason = news.finish_reason
        if reason == "stop" or news.token in self._eos:
            # The end-of-text token is no text; one that came with the last allowed token still ended the text.
            text, reason, count = request.stops.flush(), "stop", 0
        else:
            request.completion_tokens += 1
            count = 1
            text = request.stops.add(request.stream.add(news.token))
            if request.stops.matched is not None:
                reason = "stop"
            elif reason:
                text += request.stops.flush()
            if request.logprobs is not None:
                request.pending.append(self._logprobs.entry(news.token, news.logprobs, request.logprobs))
        item: dict[str, Any] | None = None
        if text or count:
            item = {"taskId": request.task_id, "text": text, "tokens": count}
            if request.pending:
                item["logprobs"], request.pending = request.pending, []
        return item, reason

    def _leave(self, uid: int) -> None:
        cache, tokens = self._generator.remove([uid], return_prompt_caches=True)[uid]
        if self._cache.trims or tokens:
            self._cache.keep(tokens, cache)

    def _finish(self, uid: int, reason: str) -> None:
        request = self._live.pop(uid)
        del self._uids[request.task_id]
        frame: dict[str, Any] = {
            "type": "finished",
            "taskId": request.task_id,
            "reason": reason,
            "usage": {
                "promptTokens": request.prompt_tokens,
                "cachedTokens": request.cached_tokens,
                "completionTokens": request.completion_tokens,
            },
        }
        if request.stops.matched is not None:
            frame["stopSequence"] = request.stops.matched
        if request.first_token is not None:
            elapsed = time.monotonic() - request.first_token
            rate = (request.completion_tokens - 1) / elapsed if request.completion_tokens > 1 and elapsed > 0 else 0.0
            frame["timings"] = {"firstToken": request.first_token - request.received, "tokensPerSecond": rate}
        self._emit(**frame)

    def _encode(self, request: Generate) -> list[int]:
        if request.task_id in self._uids:
            raise _Rejected("invalid_request", f"the task {request.task_id} is already running")
        try:
            if request.messages is not None:
                tokens = self._tokenizer.encode_chat(request.messages)
            else:
                tokens = self._tokenizer.encode(request.text or "")
        except TemplateError as error:
            raise _Rejected("invalid_request", str(error)) from error
        if not tokens:
            raise _Rejected("invalid_request", "the prompt is empty")
        return tokens

    def _limit(self, request: Generate, prompt: int) -> int:
        """Most tokens to generate. Raises where prompt and answer do not fit the context together."""
        context = self._options.context_length
        room = context - prompt
        if room < 1:
            raise _Rejected(
                "context_length_exceeded",
                f"the prompt has {prompt} tokens, and the model's context holds {context}; shorten it",
            )
        if request.max_tokens is not None and request.max_tokens > room:
            raise _Rejected(
                "context_length_exceeded",
                f"the prompt has {prompt} tokens and {request.max_tokens} more were asked for, "
                f"but the model's context holds {context}",
            )
        return request.max_tokens or room


class _Rejected(Exception):
    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
