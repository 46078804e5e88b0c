"""What is computed in which step: the same on every rank of a model.

Rank 0 alone decides when a request comes or leaves and which tokens are drawn; ranks that are told the same between
the same steps compute the same batch, keep the same blocks and let the same requests in. ``mark`` is a number that all
of them must then have in common.

A request waits until its keys and values fit into the memory budget, then has what is known of its prompt read from
the disk, then computes the rest, then decodes. Where
those that decode outgrow the budget, the latest to have come waits again, and goes on later where it was.
"""

import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.architectures import Abilities
from muster_runner.cache_layers import Footprint, footprint
from muster_runner.decoding import DecodingBatch
from muster_runner.memory_budget import HEADROOM_TOKENS, UNLIMITED, MemoryBudget
from muster_runner.prefill import Prefill, PrefillSteps, complete, fitting
from muster_runner.prefix_cache import PrefixCache
from muster_runner.queue_places import Queued, nobody, tell_places
from muster_runner.request import Request
from muster_runner.restoring import Restores
from muster_runner.sampling import Drawing
from muster_runner.sequence import Drawn
from muster_runner.sequence import Sequence as DecodingSequence
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.places import places_of, shifted, unshifted

# Requests that decode together; more wait their turn.
COMPLETION_BATCH = 32
# Prompts that are computed in turn, so that a short one need not wait for the whole of a long one.
PREFILLS = 8


class Schedule:
    """``able``: what the model can do. ``cache``: None where nothing may be kept. ``progress(task, done, total)``: a
    prompt was computed in part. ``queued(task, ahead, total)``: its prompt waits for memory, as so many do that came
    before it. ``restores_in_step``: see Restores."""

    def __init__(
        self,
        model: Any,
        able: Abilities,
        batch: DecodingBatch,
        cache: PrefixCache | None,
        steps: PrefillSteps,
        budget: MemoryBudget = UNLIMITED,
        progress: Callable[[str, int, int], None] = lambda _task_id, _done, _total: None,
        queued: Queued = nobody,
        restores_in_step: bool = False,
    ):
        self._model, self._able, self._batch = model, able, batch
        self._prefill, self._budget, self._progress, self._queued = steps, budget, progress, queued
        self._requests: dict[str, Request] = {}
        self._prompts: deque[Request] = deque()
        self._restores = Restores(restores_in_step)
        self._history = 0
        # Whether a prompt waits because there is no room for it.
        self._lacks_memory = False
        # Whether positions are no count of tokens after a picture.
        self._shifts = places_of(model) is not None
        self.cache = cache
        # Of the caches of the last request that left.
        self.measured: Footprint | None = None
        self.steps = 0
        self.mark = 0

    @property
    def active(self) -> int:
        """Requests that have not left."""
        return len(self._requests)

    def cached(self, task_id: str) -> int:
        """Tokens of a live request's prompt that were known already."""
        return self._requests[task_id].cached

    def join(
        self,
        task_id: str,
        tokens: list[int],
        drawing: Drawing,
        stops: Sequence[int] = (),
        pictures: PicturePrompt | None = None,
    ) -> None:
        """Lets a request join at the next step. ``tokens``: its prompt; ``stops``: where its states are kept;
        ``pictures``: what it shows, of which ``tokens`` are the ``keys``."""
        request = Request(task_id, tokens, drawing, list(stops), pictures)
        self._requests[task_id] = request
        self._prompts.append(request)
        self._remember("join", task_id, [*tokens, *stops])

    def leave(self, task_ids: list[str]) -> None:
        """Takes live requests out before the next step; what they computed is kept for a later one."""
        requests = [self._requests.pop(task_id) for task_id in task_ids]
        for request in requests:
            if not request.decoding:
                self._prompts.remove(request)
                if request.restore is not None:
                    request.restore.end()
                if (prefill := request.prefill) is not None:
                    self._keep(prefill.tokens[: prefill.done], prefill.cache, whole=True)
        decoding = [request.task_id for request in requests if request.decoding]
        for sequence in self._batch.leave(decoding):
            self._keep(sequence.tokens, unshifted(sequence.cache), whole=True)
        for request in requests:
            self._remember("leave", request.task_id)

    def forget(self) -> None:
        """Forgets all that was kept of earlier requests."""
        if self.cache is not None:
            self.cache.shrink(0)
            self._remember("forget", "")

    @property
    def restored(self) -> int:
        """How many restores this rank has done; every rank's least is for ``step``."""
        return self._restores.done_here

    def step(self, restored: int = 0) -> list[Drawn]:
        """Some tokens of prompts, or all of one that cannot be computed in pieces; then a token for every request that
        decodes. ``restored``: restores that are done on every rank, where ranks wait for one another."""
        self.steps += 1
        self._restores.agreed(restored)
        drawn = self._make_room()
        if not self._compute_prompts() and not len(self._batch):
            self._restores.wait()
        if self._lacks_memory:
            tell_places(self._prompts, self._queued)
        drawn += self._batch.step()
        self.mark = zlib.crc32(b"%d %d" % (self.steps, len(self.cache or ())), self._history)
        return drawn

    # Memory

    def resize(self, total: int) -> None:
        """Changes the memory budget to so many bytes."""
        self._budget = replace(self._budget, total=total)
        self._remember("resize", str(total))

    @property
    def live_bytes(self) -> int:
        """Of the caches of live requests, by the footprint."""
        return self._budget.used([*self._batch.held(), *((1, tokens) for tokens in self._begun())])

    def _begun(self) -> list[int]:
        """Tokens of each prompt that is being read or computed."""
        return [len(request.tokens) for request in self._prompts if request.has_begun]

    def _fits(self, request: Request) -> bool:
        """Whether a request may join those that are live, padded as they will be."""
        passes = self._batch.with_more([*self._begun(), len(request.tokens) + HEADROOM_TOKENS])
        return self._budget.used(passes) <= self._budget.total

    def _make_room(self) -> list[Drawn]:
        """Has the latest of the decoding requests wait again while all together take too much."""
        told = []
        while (live := self.live_bytes) > self._budget.total and len(self._batch) > 1:
            latest = [request for request in self._requests.values() if request.decoding][-1]
            sequence, drawn = self._batch.preempt(latest.task_id)
            self._keep(sequence.tokens, unshifted(sequence.cache), whole=True)
            latest.wait_again(sequence)
            self._prompts.appendleft(latest)
            self._remember("preempt", latest.task_id, latest.tokens)
            told += [drawn] if drawn else []
        if self.cache is not None:
            self.cache.shrink(max(0, self._budget.total - live))
        return told

    def _keep(self, tokens: list[int], cache: list[Any], whole: bool) -> None:
        if tokens and self.measured is None:
            self.measured = footprint(cache)
        if self.cache is not None:
            self.cache.keep(tokens, cache, whole=whole)
            self._remember("keep", "", tokens)

    # Prompts

    def _compute_prompts(self) -> bool:
        """Returns whether there was anything to do."""
        left = most = self._prefill.busy if len(self._batch) else self._prefill.idle
        while left > 0 and (turn := self._turn()):
            prefills = [request.prefill for request in turn if request.prefill is not None]
            if count := self._to_complete(prefills, left):
                left -= complete(self._model, prefills[:count])
                for request, prefill in zip(turn[:count], prefills, strict=False):
                    self._start_decoding(request, prefill)
            else:
                left -= prefills[0].advance(self._model, left)
                self._keep_done(prefills[0])
                self._wait_turn(turn[0], prefills[0])
        return left < most

    def _turn(self) -> list[Request]:
        """The requests whose prompts are computed now, in the order of their turns."""
        turn: list[Request] = []
        full = self._lacks_memory = False
        for request in list(self._prompts):
            if len(turn) == min(PREFILLS, COMPLETION_BATCH - len(self._batch)):
                break
            if request.prefill is None:
                if request.restore is None:
                    # Nobody overtakes one that does not fit: it would never do.
                    if full or self._is_awaited(request) or len(self._begun()) >= PREFILLS:
                        continue
                    full = bool(len(self._batch) or self._begun()) and not self._fits(request)
                    if full:
                        self._lacks_memory = True
                        continue
                    self._restore(request)
                if not self._is_restored(request):
                    continue
                self._begin(request)
            turn.append(request)
        return turn

    def _is_awaited(self, request: Request) -> bool:
        """Whether another prompt is being read or computed whose beginning this one can use in a moment."""
        if self.cache is None:
            return False
        shared = max((other.shared(request, self.cache.exact) for other in self._prompts), default=0)
        return shared > 0 and shared > self.cache.known(request.tokens)

    def _to_complete(self, turn: list[Prefill], left: int) -> int:
        """How many prompts, from the first, are now computed to their end; 0 if the first is too long for that."""
        if not self._able.chunk:
            return 1
        count = fitting(turn, left)
        return count if self._able.pad else min(count, 1)

    def _restore(self, request: Request) -> None:
        if self.cache is not None:
            request.restore = self.cache.restore(request.tokens)
            request.restore_number = self._restores.began(request.restore)

    def _is_restored(self, request: Request) -> bool:
        return request.restore is None or self._restores.is_done(request.restore, request.restore_number)

    def _begin(self, request: Request) -> None:
        cache, done = self.cache.take(request.tokens, request.restore) if self.cache is not None else (None, 0)
        request.restore = None
        if not request.answering:
            request.cached = done
        stops = request.stops if self.cache is not None and self.cache.exact and self._able.chunk else ()
        request.prefill = Prefill(
            request.tokens, cache or make_prompt_cache(self._model), done, stops, request.pictures
        )
        self._remember("begin", request.task_id, [done])

    def _wait_turn(self, request: Request, prefill: Prefill) -> None:
        self._progress(request.task_id, prefill.done, len(prefill.tokens))
        # Only a few prompts are under way at once: each holds its cache.
        self._prompts.remove(request)
        self._prompts.insert(PREFILLS - 1, request)

    def _keep_done(self, prefill: Prefill) -> None:
        """Keeps what is computed of a prompt, so that it serves others at once."""
        if self.cache is None or prefill.done == prefill.began_at:
            return
        if not self.cache.exact or prefill.is_at_stop or prefill.left == 0:
            self._keep(prefill.tokens[: prefill.done], prefill.cache, whole=False)

    def _start_decoding(self, request: Request, prefill: Prefill) -> None:
        self._keep_done(prefill)
        *known, last = prefill.tokens
        cache = prefill.cache
        if self._shifts:
            cache = shifted(cache, request.pictures.shift if request.pictures is not None else 0)
        sequence = DecodingSequence(request.task_id, known, last, cache, request.drawing)
        sequence.answering = request.answering
        self._prompts.remove(request)
        self._batch.join(sequence)
        request.prefill, request.decoding, request.answering = None, True, True

    def _remember(self, what: str, task_id: str, tokens: Iterable[int] = ()) -> None:
        self._history = zlib.crc32(f"{what} {task_id}".encode("utf-8", "surrogatepass"), self._history)
        self._history = zlib.crc32(array("I", tokens).tobytes(), self._history)


def clear() -> None:
    """After the last request: gives back buffers of the shapes of its batch; what comes next has other shapes."""
    mx.clear_cache()
