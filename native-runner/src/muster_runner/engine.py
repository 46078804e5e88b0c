"""Continuous batching: every step gives each request that decodes its next token, and prompts a piece of their turn.

All that decides the flow is done between steps, in the order of the commands: requests join, leave and are cancelled
there. Ranks that hear the same orders before the same step therefore compute the same batch. Rank 0 of several has the
answers; the others follow it without knowing what is being said.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.answer import Answer
from muster_runner.decoding import DecodingBatch, Sequence
from muster_runner.intake import Prepared
from muster_runner.loading import DEFAULT_CONTEXT, LoadedModel
from muster_runner.lockstep import Lockstep
from muster_runner.logprobs import Logprobs
from muster_runner.prefill import Prefill, complete, fitting
from muster_runner.prompt_cache import PromptCache
from muster_runner.protocol import Sampling
from muster_runner.sampling import drawing
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
    """A live request: it waits, then computes its prompt (``prefill``), then decodes in the batch."""

    task_id: str
    tokens: list[int]
    # Rank 0 has these, or the only rank.
    prepared: Prepared | None = None
    answer: Answer | None = None
    prefill: Prefill | None = None
    decoding: bool = False


@dataclass(frozen=True)
class EngineOptions:
    """``cache_bytes``: for the key-value caches of kept prompts. ``prefill_step``: prompt tokens in one step.
    ``lookahead``: whether steps overlap, which graphics processors want and others have nothing of. ``lockstep``: of a
    rank of several. ``reuse``: whether computed prompts are kept."""

    cache_bytes: int | None
    generation_config: dict[str, Any]
    prefill_step: int
    lookahead: bool
    lockstep: Lockstep | None = None
    reuse: bool = True


def prefill_step(weight_bytes: int) -> int:
    """Few enough tokens for a step to stay well under a second on the machines that a model of that size runs on."""
    if not mx.metal.is_available():
        return 256
    return 512 if weight_bytes < LARGE_MODEL_BYTES else 256


def engine_options(
    loaded: LoadedModel, max_context: int | None, cache_bytes_per_token: int, lockstep: Lockstep | None, reuse: bool
) -> EngineOptions:
    """``max_context``: the tokens of context that room was made for."""
    room = min(loaded.context_length, max_context or DEFAULT_CONTEXT)
    return EngineOptions(
        cache_bytes=cache_bytes_per_token * room if lockstep is None else None,
        generation_config=loaded.generation_config,
        prefill_step=prefill_step(loaded.weight_bytes),
        lookahead=lockstep is None and mx.metal.is_available(),
        lockstep=lockstep,
        reuse=reuse,
    )


class Engine:
    """One model's live requests. Not thread-safe: one thread applies commands and steps."""

    def __init__(self, model: Any, tokenizer: Tokenizer, options: EngineOptions, emit: Emit):
        self._model, self._tokenizer, self._options, self._emit = model, tokenizer, options, emit
        self._logprobs = Logprobs(tokenizer)
        self._requests: dict[str, Request] = {}
        self._prompts: deque[Request] = deque()
        self._batch = DecodingBatch(model, options.lookahead, options.lockstep)
        self._ended: list[str] = []
        self.cache = PromptCache(options.cache_bytes, options.reuse)
        self.steps = 0

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
        self._join(Request(task_id, prepared.tokens, prepared, answer))

    def follow(self, task_id: str, tokens: list[int]) -> None:
        """Lets a request of rank 0 join here as well."""
        self._join(Request(task_id, tokens))

    def _join(self, request: Request) -> None:
        self._requests[request.task_id] = request
        self._prompts.append(request)

    @property
    def live(self) -> list[str]:
        """The tasks of all requests, in the order in which they joined."""
        return list(self._requests)

    def take_ended(self) -> list[str]:
        """Rank 0 of several: the tasks whose answers the last step completed. They leave with ``end``."""
        ended, self._ended = self._ended, []
        return ended

    def end(self, task_ids: list[str]) -> None:
        """Takes requests out whose answers are complete, on every rank before the same step."""
        self._leave_batch([self._requests[task_id] for task_id in task_ids])
        for task_id in task_ids:
            del self._requests[task_id]
        self._rest()

    def cancel(self, task_id: str) -> None:
        """Ends a request before the next step; what it computed is kept for a later one. Unknown ids do nothing."""
        request = self._requests.get(task_id)
        if request is None:
            return
        if request.decoding:
            self._leave_batch([request])
        else:
            self._prompts.remove(request)
            if (prefill := request.prefill) is not None:
                self._keep(prefill.tokens[: prefill.done], prefill.cache)
        self._finish(request, "cancelled")
        self._rest()

    def step(self) -> None:
        """One token for every request that decodes, then up to ``prefill_step`` tokens of prompts."""
        self.steps += 1
        self._decode()
        self._compute_prompts()
        self._rest()

    def _rest(self) -> None:
        if not self._requests:
            # Buffers of the shapes of this batch; what comes next has other shapes.
            mx.clear_cache()

    def _decode(self) -> None:
        items: list[dict[str, Any]] = []
        ended: list[Request] = []
        for news in self._batch.step():
            request = self._requests[news.task_id]
            if (answer := request.answer) is None:
                continue
            if item := answer.add(news.token, news.logprobs):
                items.append(item)
            if answer.reason:
                ended.append(request)
        if items:
            self._emit(type="tokens", items=items)
        if self._options.lockstep is None:
            self._leave_batch(ended)
            for request in ended:
                self._finish(request)
        else:
            for request in ended:
                self._tell_end(request)
                self._ended.append(request.task_id)

    def _compute_prompts(self) -> None:
        left = self._options.prefill_step
        while left > 0 and self._prompts and len(self._batch) < COMPLETION_BATCH:
            room = min(PREFILLS, COMPLETION_BATCH - len(self._batch))
            turn = [self._begun(request) for request in islice(self._prompts, room)]
            if count := fitting(turn, left):
                left -= complete(self._model, turn[:count])
                for prefill in turn[:count]:
                    self._start_decoding(self._prompts.popleft(), prefill)
            else:
                left -= turn[0].advance(self._model, left)
                self._wait_turn(self._prompts.popleft(), turn[0])

    def _begun(self, request: Request) -> Prefill:
        if request.prefill is None:
            tokens = request.tokens
            cache, used = self.cache.take(tokens)
            if request.answer is not None:
                request.answer.cached_tokens = used
            request.prefill = Prefill(tokens, cache or make_prompt_cache(self._model), used)
        return request.prefill

    def _wait_turn(self, request: Request, prefill: Prefill) -> None:
        if request.answer is not None:
            self._emit(type="prompt", taskId=request.task_id, processed=prefill.done, total=len(prefill.tokens))
        # Only a few prompts are under way at once: each holds its cache.
        self._prompts.insert(PREFILLS - 1, request)

    def _start_decoding(self, request: Request, prefill: Prefill) -> None:
        # Who follows draws nothing.
        sampling = request.prepared.request.sampling if request.prepared else Sampling(temperature=0)
        draws = drawing(sampling, self._options.generation_config if request.prepared else {})
        *known, last = prefill.tokens
        self._batch.join(Sequence(request.task_id, known, last, prefill.cache, draws))
        request.prefill, request.decoding = None, True

    def _leave_batch(self, requests: list[Request]) -> None:
        for sequence in self._batch.leave([request.task_id for request in requests]):
            self._keep(sequence.tokens, sequence.cache)

    def _keep(self, tokens: list[int], cache: list[Any]) -> None:
        self.cache.keep(tokens, cache, in_use=self._batch.nbytes)

    def _finish(self, request: Request, reason: str | None = None) -> None:
        del self._requests[request.task_id]
        self._tell_end(request, reason)

    def _tell_end(self, request: Request, reason: str | None = None) -> None:
        if request.answer is not None:
            self._emit(**request.answer.finished(reason or request.answer.reason or ""))
