"""Chunked prefill: a cancel or the next token of another request never waits for a whole long prompt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_lm.generate import PromptProcessingBatch
from mlx_lm.models.cache import KVCache

from muster_runner.cache.cache_layers import layers_of
from muster_runner.vision.picture_prompt import PicturePrompt


@dataclass(frozen=True)
class PrefillSteps:
    """Prompt tokens prefilled per step: ``busy`` while other requests decode, else ``idle``.

    After a prefix of more than ``context`` tokens a token counts for more than one, as its attention takes longer: so a
    step takes about as long with a long prompt as with a short one.
    """

    idle: int
    busy: int
    context: int = 1 << 31

    def tokens(self, budget: int, prefix: int) -> int:
        """Returns how many tokens after ``prefix`` tokens cost no more than ``budget``."""
        return budget * self.context // max(self.context, prefix)

    def cost(self, tokens: int, prefix: int) -> int:
        return -(-tokens * max(self.context, prefix) // self.context)


class Prefill:
    """The prefill of one prompt: ``cache`` holds the first ``done`` of ``tokens``.

    The last token is left to the decoding batch: its logits give the answer's first token, in one pass with the other
    sequences. ``stops``: positions at which a chunk must end, so that the cache can be saved there. ``pictures``: of
    the prompt, if any.
    """

    def __init__(
        self,
        tokens: list[int],
        cache: list[Any],
        done: int,
        stops: Sequence[int] = (),
        pictures: PicturePrompt | None = None,
    ):
        self.tokens = tokens
        self.pictures = pictures
        self.cache = cache
        self.done = done
        self.began_at = done
        self.stops = [at for at in stops if done < at < len(tokens) - 1]
        self._all_stops = frozenset(self.stops)
        for layer in layers_of(cache):
            if type(layer) is KVCache:
                # Allocates memory once for the whole prompt; afterwards it grows in the usual steps.
                layer.step = max(KVCache.step, len(tokens) - done)

    @property
    def remaining(self) -> int:
        """Tokens still to prefill."""
        return len(self.tokens) - 1 - self.done

    @property
    def is_at_stop(self) -> bool:
        return self.done in self._all_stops

    def advance(self, model: Any, max_tokens: int) -> int:
        """Prefills up to ``max_tokens`` further tokens, not beyond the next stop; returns how many."""
        count = min(max_tokens, self.remaining, *(stop - self.done for stop in self.stops[:1]))
        if count > 0 and self.pictures is not None:
            count = min(self.pictures.whole(self.done + count) - self.done, self.remaining)
        if count > 0:
            if self.pictures is None:
                model(mx.array([self.chunk(count)]), cache=self.cache)
            else:
                self.pictures.feed(model, self.chunk(count), self.done, self.cache)
            # Evaluates only the caches: these logits are unused, and computing them is expensive.
            mx.eval([layer.state for layer in self.cache])
            mx.clear_cache()
            self.done += count
            self.stops = [stop for stop in self.stops if stop > self.done]
        if self.remaining == 0:
            for layer in layers_of(self.cache):
                if type(layer) is KVCache:
                    layer.step = KVCache.step
        return count

    def chunk(self, count: int) -> list[int]:
        """Returns the next ``count`` tokens."""
        return self.tokens[self.done : self.done + count]


def fitting(prompts: Sequence[Prefill], steps: PrefillSteps, budget: int) -> int:
    """Returns how many of ``prompts``, from the first, can be prefilled to their end in one pass, padded to the
    longest, that costs no more than ``budget``. A prompt with stops or pictures cannot."""
    longest = prefix = 0
    for at, prompt in enumerate(prompts):
        longest, prefix = max(longest, prompt.remaining), max(prefix, prompt.done)
        has_pictures = prompt.pictures is not None and prompt.remaining > 0
        if prompt.stops or has_pictures or steps.cost(longest * (at + 1), prefix) > budget:
            return at
    return len(prompts)


def complete(model: Any, prompts: Sequence[Prefill]) -> int:
    """Prefills several prompts to their end in one pass; returns how many tokens."""
    unfinished = [prompt for prompt in prompts if prompt.remaining > 0]
    if len(unfinished) < 2:
        return sum(prompt.advance(model, prompt.remaining) for prompt in unfinished)
    pieces = [prompt.chunk(prompt.remaining) for prompt in unfinished]
    batch = PromptProcessingBatch(model, list(range(len(pieces))), [prompt.cache for prompt in unfinished])
    batch.prompt(pieces)
    for at, (prompt, chunk) in enumerate(zip(unfinished, pieces, strict=True)):
        prompt.cache = batch.extract_cache(at)
        prompt.done += len(chunk)
    return sum(map(len, pieces))
