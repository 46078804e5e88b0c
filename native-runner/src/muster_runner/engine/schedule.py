"""The scheduler: decides what is computed in each step, identically on every rank of a model.

Only rank 0 decides when requests join and leave and which tokens are sampled. Ranks that receive the same calls between
the same steps compute the same batch, cache the same blocks and admit the same requests. ``mark`` is a checksum of that
state, which must be equal on all ranks.

Life of a request: it waits until its KV cache fits the memory budget, restores its cached prefix from the disk,
prefills the rest, then decodes. If the decoding requests outgrow the budget, the latest is preempted: it waits again
and later continues where it was.
"""

import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.cache.cache_layers import Footprint, footprint
from muster_runner.cache.memory_budget import HEADROOM_TOKENS, UNLIMITED, MemoryBudget
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.cache.restoring import Restores
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.prefill import Prefill, PrefillSteps, complete, fitting
from muster_runner.engine.queue_places import Queued, ignore_place, report_places
from muster_runner.engine.request import Request
from muster_runner.engine.sequence import SampledToken
from muster_runner.engine.sequence import Sequence as DecodingSequence
from muster_runner.model.architectures import Abilities
from muster_runner.sampling.sampling import SamplingPipeline
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.places import places_of, shifted, unshifted

# Maximum requests that decode together; further ones are queued.
COMPLETION_BATCH = 32
# Prompts that are prefilled in turn (round robin), so that a short one does not wait for a long one to end.
PREFILLS = 8


class Schedule:
    """``able``: features of the model. ``cache``: None disables the prefix cache. ``progress(task, done, total)``: a
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
        progress: Callable[[str, int, int], None] = lambda _task_id, _done, _total: None,
        queued: Queued = ignore_place,
        restores_in_step: bool = False,
    ):
        self._model, self._able, self._batch = model, able, batch
        self._prefill, self._budget, self._progress, self._queued = steps, budget, progress, queued
        self._requests: dict[str, Request] = {}
        self._prompts: deque[Request] = deque()
        self._restores = Restores(restores_in_step)
        self._history = 0
        # Whether a request waits for memory.
        self._lacks_memory = False
        # Whether positions after a picture differ from the token count.
        self._shifts = places_of(model) is not None
        self.cache = cache
        # Measured on the first cache that was saved.
        self.measured: Footprint | None = None
        self.steps = 0
        self.mark = 0

    @property
    def active(self) -> int:
        """The number of live requests."""
        return len(self._requests)

    def cached(self, task_id: str) -> int:
        """Returns how many tokens of a live request's prompt came from the prefix cache."""
        return self._requests[task_id].cached

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
        self._record("join", task_id, [*tokens, *stops])

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
            self._record("leave", request.task_id)

    def forget(self) -> None:
        """Clears the prefix cache in memory."""
        if self.cache is not None:
            self.cache.shrink(0)
            self._record("forget", "")

    @property
    def restored(self) -> int:
        """How many restores this rank has done; the minimum of all ranks is passed to ``step``."""
        return self._restores.done_here

    def step(self, restored: int = 0) -> list[SampledToken]:
        """Prefills some tokens of prompts (a whole prompt without chunked prefill), then decodes a token for every
        decoding request. ``restored``: restores that are done on every rank, if ranks wait for each other."""
        self.steps += 1
        self._restores.set_agreed(restored)
        drawn = self._make_room()
        if not self._compute_prompts() and not len(self._batch):
            self._restores.wait()
        if self._lacks_memory:
            report_places(self._prompts, self._queued)
        drawn += self._batch.step()
        self.mark = zlib.crc32(b"%d %d" % (self.steps, len(self.cache or ())), self._history)
        return drawn

    # Memory

    def resize(self, total: int) -> None:
        """Changes the memory budget to ``total`` bytes."""
        self._budget = replace(self._budget, total=total)
        self._record("resize", str(total))

    @property
    def live_bytes(self) -> int:
        """Bytes of the caches of live requests, computed by the footprint."""
        return self._budget.used([*self._batch.held(), *((1, tokens) for tokens in self._begun())])

    def _begun(self) -> list[int]:
        """The lengths of the prompts that are being restored or prefilled."""
        return [len(request.tokens) for request in self._prompts if request.has_begun]

    def _fits(self, request: Request) -> bool:
        """Whether a request fits the memory beside the live ones, padding included."""
        passes = self._batch.with_more([*self._begun(), len(request.tokens) + HEADROOM_TOKENS])
        return self._budget.used(passes) <= self._budget.total

    def _make_room(self) -> list[SampledToken]:
        """Preempts the latest decoding requests while all together exceed the budget."""
        drawn_tokens = []
        while (live := self.live_bytes) > self._budget.total and len(self._batch) > 1:
            latest = [request for request in self._requests.values() if request.decoding][-1]
            sequence, drawn = self._batch.preempt(latest.task_id)
            self._cache_sequence(sequence.tokens, unshifted(sequence.cache), whole=True)
            latest.preempt(sequence)
            self._prompts.appendleft(latest)
            self._record("preempt", latest.task_id, latest.tokens)
            drawn_tokens += [drawn] if drawn else []
        if self.cache is not None:
            self.cache.shrink(max(0, self._budget.total - live))
        return drawn_tokens

    def _cache_sequence(self, tokens: list[int], cache: list[Any], whole: bool) -> None:
        if tokens and self.measured is None:
            self.measured = footprint(cache)
        if self.cache is not None:
            self.cache.keep(tokens, cache, whole=whole)
            self._record("keep", "", tokens)

    # Prompts

    def _compute_prompts(self) -> bool:
        """Runs the prefill of a step. Returns whether there was any."""
        budget = step_tokens = self._prefill.busy if len(self._batch) else self._prefill.idle
        while budget > 0 and (turn := self._next_prefills()):
            prefills = [request.prefill for request in turn if request.prefill is not None]
            if count := self._to_complete(prefills, budget):
                budget -= complete(self._model, prefills[:count])
                for request, prefill in zip(turn[:count], prefills, strict=False):
                    self._start_decoding(request, prefill)
            else:
                budget -= prefills[0].advance(self._model, budget)
                self._cache_prefill(prefills[0])
                self._wait_turn(turn[0], prefills[0])
        return budget < step_tokens

    def _next_prefills(self) -> list[Request]:
        """Admits requests; returns those whose prompts are prefilled now, in order."""
        turn: list[Request] = []
        full = self._lacks_memory = False
        for request in list(self._prompts):
            if len(turn) == min(PREFILLS, COMPLETION_BATCH - len(self._batch)):
                break
            if request.prefill is None:
                if request.restore is None:
                    # Requests do not overtake one that does not fit: it would starve.
                    if full or self._is_awaited(request) or len(self._begun()) >= PREFILLS:
                        continue
                    full = bool(len(self._batch) or self._begun()) and not self._fits(request)
                    if full:
                        self._lacks_memory = True
                        continue
                    self._restore(request)
                if not self._is_restored(request):
                    continue
                self._start_prefill(request)
            turn.append(request)
        return turn

    def _is_awaited(self, request: Request) -> bool:
        """Whether another prompt is being restored or prefilled whose prefix this one can soon use."""
        if self.cache is None:
            return False
        shared = max((other.shared(request, self.cache.exact) for other in self._prompts), default=0)
        return shared > 0 and shared > self.cache.known(request.tokens)

    def _to_complete(self, turn: list[Prefill], budget: int) -> int:
        """Returns how many prompts, from the first, can be prefilled to their end in this step."""
        if not self._able.chunk:
            return 1
        count = fitting(turn, budget)
        return count if self._able.pad else min(count, 1)

    def _restore(self, request: Request) -> None:
        if self.cache is not None:
            request.restore = self.cache.restore(request.tokens)
            request.restore_number = self._restores.register(request.restore)

    def _is_restored(self, request: Request) -> bool:
        return request.restore is None or self._restores.is_done(request.restore, request.restore_number)

    def _start_prefill(self, request: Request) -> None:
        cache, done = self.cache.take(request.tokens, request.restore) if self.cache is not None else (None, 0)
        request.restore = None
        if not request.answering:
            request.cached = done
        stops = request.stops if self.cache is not None and self.cache.exact and self._able.chunk else ()
        request.prefill = Prefill(
            request.tokens, cache or make_prompt_cache(self._model), done, stops, request.pictures
        )
        self._record("begin", request.task_id, [done])

    def _wait_turn(self, request: Request, prefill: Prefill) -> None:
        self._progress(request.task_id, prefill.done, len(prefill.tokens))
        # Round robin among PREFILLS prompts only: each one in progress holds its KV cache.
        self._prompts.remove(request)
        self._prompts.insert(PREFILLS - 1, request)

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

    def _record(self, what: str, task_id: str, tokens: Iterable[int] = ()) -> None:
        self._history = zlib.crc32(f"{what} {task_id}".encode("utf-8", "surrogatepass"), self._history)
        self._history = zlib.crc32(array("I", tokens).tobytes(), self._history)


def clear() -> None:
    """Frees MLX's buffer cache after the last request: the next batch will have other shapes."""
    mx.clear_cache()
