"""What is computed in which step: the same on every rank of a model.

Rank 0 alone decides when a request joins or leaves and which tokens are drawn; ranks that are told the same between
the same steps compute the same batch. ``mark`` is a number that all of them must then have in common.
"""

import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.architectures import Abilities
from muster_runner.decoding import DecodingBatch, Drawn, Sequence
from muster_runner.prefill import Prefill, complete, fitting
from muster_runner.prompt_cache import PromptCache
from muster_runner.sampling import Drawing

# Requests that decode together; more wait their turn.
COMPLETION_BATCH = 32
# Prompts that are computed in turn, so that a short one need not wait for the whole of a long one.
PREFILLS = 8


@dataclass
class Request:
    """A live request: it waits, then computes its prompt (``prefill``), then decodes in the batch."""

    task_id: str
    tokens: list[int]
    drawing: Drawing
    prefill: Prefill | None = None
    decoding: bool = False
    # Tokens of its prompt that need not be computed.
    cached: int = 0


class Schedule:
    """``able``: what the model can do. ``cache``: None where nothing may be kept. ``progress(task, done, total)``: a
    prompt was computed in part."""

    def __init__(
        self,
        model: Any,
        able: Abilities,
        batch: DecodingBatch,
        cache: PromptCache | None,
        prefill_step: int,
        progress: Callable[[str, int, int], None] = lambda _task_id, _done, _total: None,
    ):
        self._model, self._able, self._batch = model, able, batch
        self._prefill_step, self._progress = prefill_step, progress
        self._requests: dict[str, Request] = {}
        self._prompts: deque[Request] = deque()
        self._history = 0
        self.cache = cache
        self.steps = 0
        self.mark = 0

    @property
    def active(self) -> int:
        """Requests that have not left."""
        return len(self._requests)

    def cached(self, task_id: str) -> int:
        """Tokens of a live request's prompt that were known already."""
        return self._requests[task_id].cached

    def join(self, task_id: str, tokens: list[int], drawing: Drawing) -> None:
        """Lets a request join at the next step. ``tokens``: its prompt."""
        request = Request(task_id, tokens, drawing)
        self._requests[task_id] = request
        self._prompts.append(request)
        self._remember("join", task_id, tokens)

    def leave(self, task_ids: list[str]) -> None:
        """Takes live requests out before the next step; what they computed is kept for a later one."""
        requests = [self._requests.pop(task_id) for task_id in task_ids]
        for request in requests:
            if not request.decoding:
                self._prompts.remove(request)
                if (prefill := request.prefill) is not None:
                    self._keep(prefill.tokens[: prefill.done], prefill.cache)
        decoding = [request.task_id for request in requests if request.decoding]
        for sequence in self._batch.leave(decoding):
            self._keep(sequence.tokens, sequence.cache)
        for request in requests:
            self._remember("leave", request.task_id)

    @property
    def kept(self) -> int:
        """How many prompts are kept."""
        return len(self.cache) if self.cache is not None else 0

    def keep_only(self, count: int) -> None:
        """Forgets the prompts that were longest unused until only ``count`` are kept."""
        if self.cache is not None:
            self.cache.keep_only(count)

    def step(self) -> list[Drawn]:
        """Up to ``prefill_step`` tokens of prompts, or all of one that cannot be computed in pieces; then a token for
        every request that decodes."""
        self.steps += 1
        self._compute_prompts()
        drawn = self._batch.step()
        self.mark = zlib.crc32(b"%d %d" % (self.steps, self.kept), self._history)
        return drawn

    def _compute_prompts(self) -> None:
        left = self._prefill_step
        while left > 0 and self._prompts and len(self._batch) < COMPLETION_BATCH:
            room = min(PREFILLS, COMPLETION_BATCH - len(self._batch))
            turn = [self._begun(request) for request in islice(self._prompts, room)]
            if count := self._to_complete(turn, left):
                left -= complete(self._model, turn[:count])
                for prefill in turn[:count]:
                    self._start_decoding(self._prompts.popleft(), prefill)
            else:
                left -= turn[0].advance(self._model, left)
                self._wait_turn(self._prompts.popleft(), turn[0])

    def _to_complete(self, turn: list[Prefill], left: int) -> int:
        """How many prompts, from the first, are now computed to their end; 0 if the first is too long for that."""
        if not self._able.chunk:
            return 1
        count = fitting(turn, left)
        return count if self._able.pad else min(count, 1)

    def _begun(self, request: Request) -> Prefill:
        if request.prefill is None:
            cache, request.cached = self.cache.take(request.tokens) if self.cache is not None else (None, 0)
            request.prefill = Prefill(request.tokens, cache or make_prompt_cache(self._model), request.cached)
            self._remember("begin", request.task_id, [request.cached])
        return request.prefill

    def _wait_turn(self, request: Request, prefill: Prefill) -> None:
        self._progress(request.task_id, prefill.done, len(prefill.tokens))
        # Only a few prompts are under way at once: each holds its cache.
        self._prompts.insert(PREFILLS - 1, request)

    def _start_decoding(self, request: Request, prefill: Prefill) -> None:
        *known, last = prefill.tokens
        self._batch.join(Sequence(request.task_id, known, last, prefill.cache, request.drawing))
        request.prefill, request.decoding = None, True

    def _keep(self, tokens: list[int], cache: list[Any]) -> None:
        if self.cache is not None:
            self.cache.keep(tokens, cache, in_use=self._batch.nbytes)
            self._remember("keep", "", tokens)

    def _remember(self, what: str, task_id: str, tokens: Iterable[int] = ()) -> None:
        self._history = zlib.crc32(f"{what} {task_id}".encode("utf-8", "surrogatepass"), self._history)
        self._history = zlib.crc32(array("I", tokens).tobytes(), self._history)


def clear() -> None:
    """After the last request: gives back buffers of the shapes of its batch; what comes next has other shapes."""
    mx.clear_cache()
