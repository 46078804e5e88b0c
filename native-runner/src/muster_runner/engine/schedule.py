"""The scheduler: decides what is computed in each step, identically on every rank of a model.

Only rank 0 decides when requests join and leave and which tokens are sampled. Ranks that receive the same calls between
the same steps compute the same batch, cache the same blocks and admit the same requests. ``mark`` is a checksum of that
state, which must be equal on all ranks.

Life of a request: it waits until its KV cache fits the memory budget, restores its cached prefix from the disk,
prefills the rest, then decodes. If the decoding requests outgrow the budget, the latest is preempted: it waits again
and later continues where it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.block_layout import Measured, measured
from muster_runner.cache.memory_budget import HEADROOM_TOKENS, UNLIMITED, MemoryBudget
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.cache.restoring import RestoredTokens
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.history import History
from muster_runner.engine.prefill import Prefill, PrefillSteps, complete, fitting
from muster_runner.engine.prompt_queue import PromptQueue
from muster_runner.engine.queue_places import Queued, ignore_place, report_places
from muster_runner.engine.request import Request
from muster_runner.engine.sequence import SampledToken
from muster_runner.engine.sequence import Sequence as DecodingSequence
from muster_runner.model.architectures import Abilities
from muster_runner.sampling.sampling import SamplingPipeline
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.positions import positions_of, shifted, unshifted

# Maximum requests that decode together; further ones are queued.
COMPLETION_BATCH = 32

# (task, tokens, total) of a prompt.
PromptReport = Callable[[str, int, int], None]


def ignore_report(_task_id: str, _tokens: int, _total: int) -> None: ...


class Schedule:
    """``able``: features of the model. ``cache``: None disables the prefix cache. ``begun(task, cached, total)``: the
    prefill of a prompt begins, of which the prefix cache has ``cached`` tokens. ``progress(task, done, total)``: a
    prompt was prefilled in part. ``queued(task, ahead, total)``: a request waits for memory behind ``ahead`` others.
    ``restores_in_step``: see Restores."""

    def __init__(
        self,
        model: Any,
        able: Abilities,
        batch: DecodingBatch,
        cache: PrefixCache | None,
        steps: PrefillSteps,
        budget: MemoryBudget = UNLIMITED,
        begun: PromptReport = ignore_report,
        progress: PromptReport = ignore_report,
        queued: Queued = ignore_place,
        restores_in_step: bool = False,
    ):
        self._model, self._able, self._batch = model, able, batch
        self._prefill, self._budget = steps, budget
        batch.limit_padding(budget.spare_tokens)
        self._begun, self._progress, self._queued = begun, progress, queued
        self._requests: dict[str, Request] = {}
        self._prompts = PromptQueue(cache, self._fits, self._start_prefill, restores_in_step)
        self._history = History()
        # Whether positions after a picture differ from the token count.
        self._shifts = positions_of(model) is not None
        self.cache = cache
        # Measured on the first cache that was saved.
        self.measured: Measured | None = None
        self.steps = 0
        self.mark = 0

    @property
    def active(self) -> int:
        """The number of live requests."""
        return len(self._requests)

    def cached(self, task_id: str) -> int:
        """Returns how many tokens of a live request's prompt came from the prefix cache."""
        return self._requests[task_id].cached

    def restored_tokens(self, task_id: str) -> RestoredTokens:
        """Returns how many of the cached tokens came from the disk."""
        return self._requests[task_id].restored

    def join(
        self,
        task_id: str,
        tokens: list[int],
        sampling: SamplingPipeline,
        stops: Sequence[int] = (),
        pictures: PicturePrompt | None = None,
    ) -> None:
        """Queues a request for the next step. ``tokens``: its prompt; ``stops``: checkpoints, where its states are
        cached; ``pictures``: of the prompt, whose ``keys`` are then the ``tokens``."""
        request = Request(task_id, tokens, sampling, list(stops), pictures)
        self._requests[task_id] = request
        self._prompts.append(request)
        self._history.record("join", task_id, [*tokens, *stops])

    def leave(self, task_ids: list[str]) -> None:
        """Removes live requests before the next step; their KV goes to the prefix cache."""
        requests = [self._requests.pop(task_id) for task_id in task_ids]
        for request in requests:
            if not request.decoding:
                self._prompts.remove(request)
                if request.restore is not None:
                    request.restore.end()
                if (prefill := request.prefill) is not None:
                    self._cache_sequence(prefill.tokens[: prefill.done], prefill.cache, whole=True)
        decoding = [request.task_id for request in requests if request.decoding]
        for sequence in self._batch.leave(decoding):
            self._cache_sequence(sequence.tokens, unshifted(sequence.cache), whole=True)
        for request in requests:
            self._history.record("leave", request.task_id)

    def forget(self) -> None:
        """Clears the prefix cache in memory."""
        if self.cache is not None:
            self.cache.shrink(0)
            self._history.record("forget", "")

    @property
    def restored(self) -> int:
        """How many restores this rank has done; the minimum of all ranks is passed to ``step``."""
        return self._prompts.restores.done_here

    def step(self, restored: int = 0) -> list[SampledToken]:
        """Prefills some tokens of prompts (a whole prompt without chunked prefill), then decodes a token for every
        decoding request. ``restored``: restores that are done on every rank, if ranks wait for each other."""
        self.steps += 1
        self._prompts.restores.set_agreed(restored)
        drawn = self._make_room()
        if not self._compute_prompts() and not len(self._batch):
            self._prompts.restores.wait()
        if self._prompts.lacks_memory:
            report_places(self._prompts, self._queued)
        drawn += self._batch.step()
        self.mark = self._history.mark(self.steps, len(self.cache or ()))
        return drawn

    # Memory

    def resize(self, total: int) -> None:
        """Changes the memory budget to ``total`` bytes."""
        self._budget = replace(self._budget, total=total)
        self._batch.limit_padding(self._budget.spare_tokens)
        self._history.record("resize", str(total))

    @property
    def live_bytes(self) -> int:
        """Bytes of the caches of live requests, computed by the footprint."""
        return self._budget.used([*self._batch.held(), *((1, tokens) for tokens in self._prompts.begun())])

    @property
    def _free_bytes(self) -> int:
        return self._budget.footprint.per_token * self._batch.free_tokens

    def _fits(self, request: Request) -> bool:
        """Whether a request fits the memory beside the live ones, padding included."""
        passes = self._batch.with_more([*self._prompts.begun(), len(request.tokens) + HEADROOM_TOKENS])
        return self._budget.used(passes) <= self._budget.total

    def _make_room(self) -> list[SampledToken]:
        """Preempts the latest decoding requests while all together exceed the budget."""
        drawn_tokens = []
        if self._batch.free_tokens > 0 and self.live_bytes + self._free_bytes > self._budget.total:
            self._batch.release()
        while (live := self.live_bytes) > self._budget.total and len(self._batch) > 1:
            latest = [request for request in self._requests.values() if request.decoding][-1]
            sequence, drawn = self._batch.preempt(latest.task_id)
            self._cache_sequence(sequence.tokens, unshifted(sequence.cache), whole=True)
            latest.preempt(sequence)
            self._prompts.put_first(latest)
            self._history.record("preempt", latest.task_id, latest.tokens)
            drawn_tokens += [drawn] if drawn else []
        if self.cache is not None:
            self.cache.shrink(max(0, self._budget.total - live - self._free_bytes))
        return drawn_tokens

    def _cache_sequence(self, tokens: list[int], cache: list[Any], whole: bool) -> None:
        if tokens and self.measured is None:
            self.measured = measured(cache)
        if self.cache is not None:
            self.cache.keep(tokens, cache, whole=whole)
            self._history.record("keep", "", tokens)

    # Prompts

    def _compute_prompts(self) -> bool:
        """Runs the prefill of a step. Returns whether there was any."""
        steps = self._prefill
        budget = step_tokens = steps.busy if len(self._batch) else steps.idle
        while budget > 0 and (turn := self._admit()):
            prefills = [request.prefill for request in turn if request.prefill is not None]
            if count := self._to_complete(prefills, budget):
                prefix = max(prefill.done for prefill in prefills[:count])
                budget -= steps.cost(complete(self._model, prefills[:count]), prefix)
                for request, prefill in zip(turn[:count], prefills, strict=False):
                    self._start_decoding(request, prefill)
            else:
                prefix = prefills[0].done
                tokens = steps.tokens(budget, prefix)
                if tokens == 0 and budget < step_tokens:
                    break
                budget -= steps.cost(prefills[0].advance(self._model, max(1, tokens)), prefix)
                self._cache_prefill(prefills[0])
                self._wait_turn(turn[0], prefills[0])
        return budget < step_tokens

    def _admit(self) -> list[Request]:
        """Returns the requests whose prompts are prefilled now, in order."""
        return self._prompts.admit(COMPLETION_BATCH - len(self._batch), busy=len(self._batch) > 0)

    def _to_complete(self, turn: list[Prefill], budget: int) -> int:
        """Returns how many prompts, from the first, can be prefilled to their end in this step."""
        if not self._able.chunk:
            return 1
        count = fitting(turn, self._prefill, budget)
        return count if self._able.pad else min(count, 1)

    def _start_prefill(self, request: Request) -> None:
        cache, done = self.cache.take(request.tokens, request.restore) if self.cache is not None else (None, 0)
        if not request.answering:
            request.cached = done
            if request.restore is not None:
                request.restored = request.restore.tokens
            self._begun(request.task_id, done, len(request.tokens))
        request.restore = None
        stops = request.stops if self.cache is not None and self.cache.exact and self._able.chunk else ()
        request.prefill = Prefill(
            request.tokens, cache or make_prompt_cache(self._model), done, stops, request.pictures
        )
        self._history.record("begin", request.task_id, [done])

    def _wait_turn(self, request: Request, prefill: Prefill) -> None:
        self._progress(request.task_id, prefill.done, len(prefill.tokens))
        self._prompts.rotate(request)

    def _cache_prefill(self, prefill: Prefill) -> None:
        """Caches the prefilled part of a prompt, so that other requests can use it at once."""
        if self.cache is None or prefill.done == prefill.began_at:
            return
        if not self.cache.exact or prefill.is_at_stop or prefill.remaining == 0:
            self._cache_sequence(prefill.tokens[: prefill.done], prefill.cache, whole=False)

    def _start_decoding(self, request: Request, prefill: Prefill) -> None:
        self._cache_prefill(prefill)
        *known, last = prefill.tokens
        cache = prefill.cache
        if self._shifts:
            cache = shifted(cache, request.pictures.shift if request.pictures is not None else 0)
        sequence = DecodingSequence(request.task_id, known, last, cache, request.sampling)
        sequence.answering = request.answering
        self._prompts.remove(request)
        self._batch.join(sequence)
        request.prefill, request.decoding, request.answering = None, True, True


def clear() -> None:
    """Frees MLX's buffer cache after the last request: the next batch will have other shapes."""
    mx.clear_cache()
