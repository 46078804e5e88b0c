"""The prompts of a schedule: waiting, being restored from the disk, or being prefilled.

Requests are admitted in the order of their arrival, as far as their KV caches fit the memory. One whose prefix another
prompt is computing waits for it.
"""

from collections import deque
from collections.abc import Callable, Iterator

from muster_runner.cache.blocks import BLOCK
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.cache.restoring import Restores
from muster_runner.engine.request import Request

# Prompts that are prefilled in turn (round robin), so that a short one does not wait for a long one to end.
PREFILLS = 8


class PromptQueue:
    """``fits``: whether a request fits the memory beside the live ones. ``begin``: starts a request's prefill.
    ``restores_in_step``: see Restores."""

    def __init__(
        self,
        cache: PrefixCache | None,
        fits: Callable[[Request], bool],
        begin: Callable[[Request], None],
        restores_in_step: bool,
    ):
        self._cache, self._fits, self._begin = cache, fits, begin
        self._waiting: deque[Request] = deque()
        self.restores = Restores(restores_in_step)
        # Whether a request waits for memory.
        self.lacks_memory = False

    def __iter__(self) -> Iterator[Request]:
        return iter(self._waiting)

    def append(self, request: Request) -> None:
        self._waiting.append(request)

    def put_first(self, request: Request) -> None:
        """Queues a preempted request, which continues before all others."""
        self._waiting.appendleft(request)

    def remove(self, request: Request) -> None:
        self._waiting.remove(request)

    def rotate(self, request: Request) -> None:
        """Puts a request that was prefilled in part behind the others. Round robin among PREFILLS prompts only: each
        one in progress holds its KV cache."""
        self._waiting.remove(request)
        self._waiting.insert(PREFILLS - 1, request)

    def begun(self) -> list[int]:
        """The lengths of the prompts that are being restored or prefilled."""
        return [len(request.tokens) for request in self._waiting if request.has_begun]

    def admit(self, most: int, busy: bool) -> list[Request]:
        """Admits requests. Returns up to ``most`` whose prompts are prefilled now, in order. ``busy``: whether others
        decode; otherwise the first request is admitted even if it does not fit."""
        turn: list[Request] = []
        full = self.lacks_memory = False
        for request in list(self._waiting):
            if len(turn) == min(PREFILLS, most):
                break
            if request.prefill is None:
                if request.restore is None:
                    # Requests do not overtake one that does not fit: it would starve.
                    if full or len(self.begun()) >= PREFILLS or self._is_awaited(request):
                        continue
                    full = bool(busy or self.begun()) and not self._fits(request)
                    if full:
                        self.lacks_memory = True
                        continue
                    self._restore(request)
                if not self._is_restored(request):
                    continue
                self._begin(request)
            turn.append(request)
        return turn

    def _is_awaited(self, request: Request) -> bool:
        """Whether another prompt is being restored or prefilled whose prefix this one can soon use."""
        if self._cache is None:
            return False
        shared = request.shared(self._waiting, self._cache.exact)
        # No block is cached without those before it: where the last one is missing, less than this is known.
        if shared >= BLOCK and not self._cache.has(request.keys(self._cache)[shared // BLOCK - 1]):
            return True
        return self._cache.exact and shared > self._cache.known(request.tokens)

    def _restore(self, request: Request) -> None:
        if self._cache is not None:
            request.restore = self._cache.restore(request.tokens)
            request.restore_number = self.restores.register(request.restore)

    def _is_restored(self, request: Request) -> bool:
        return request.restore is None or self.restores.is_done(request.restore, request.restore_number)
