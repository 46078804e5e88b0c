"""Computes prompts piece by piece, so that a cancel or another request's next token never waits for a long one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx_lm.generate import PromptProcessingBatch
from mlx_lm.models.cache import KVCache

from muster_runner.cache_layers import layers_of
from muster_runner.vision.picture_prompt import PicturePrompt


@dataclass(frozen=True)
class PrefillSteps:
    """Prompt tokens that are computed in one step: ``busy`` while others wait for their next token, else ``idle``."""

    idle: int
    busy: int


class Prefill:
    """One prompt on its way into the batch: ``cache`` holds the first ``done`` of ``tokens``.

    The last token is left to the batch: its logits give the answer's first token, in one pass with all the others.
    ``stops``: positions at which the cache is to be looked at before it goes on. ``pictures``: of a prompt that has
    any.
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
                # Its memory is made once for the whole prompt, and grows in its usual steps afterwards.
                layer.step = max(KVCache.step, len(tokens) - done)

    @property
    def left(self) -> int:
        """Tokens still to compute here."""
        return len(self.tokens) - 1 - self.done

    @property
    def is_at_stop(self) -> bool:
        return self.done in self._all_stops

    def advance(self, model: Any, most: int) -> int:
        """Computes up to ``most`` more tokens, not beyond the next stop; returns how many."""
        count = min(most, self.left, *(stop - self.done for stop in self.stops[:1]))
        if count > 0:
            if self.pictures is None:
                model(mx.array([self.piece(count)]), cache=self.cache)
            else:
                self.pictures.feed(model, self.piece(count), self.done, self.cache)
            # Only the caches: nobody looks at these logits, and a vocabulary is wide.
            mx.eval([layer.state for layer in self.cache])
            mx.clear_cache()
            self.done += count
            self.stops = [stop for stop in self.stops if stop > self.done]
        if self.left == 0:
            for layer in layers_of(self.cache):
                if type(layer) is KVCache:
                    layer.step = KVCache.step
        return count

    def piece(self, count: int) -> list[int]:
        """The next ``count`` tokens."""
        return self.tokens[self.done : self.done + count]


def fitting(prompts: Sequence[Prefill], most: int) -> int:
    """How many of ``prompts``, from the first, are short enough to be computed to their end in one pass of ``most``
    tokens, padded to the longest. One that is to stop on the way, or that has pictures, is not."""
    longest = 0
    for at, prompt in enumerate(prompts):
        longest = max(longest, prompt.left)
        if longest * (at + 1) > most or prompt.stops or (prompt.pictures is not None and prompt.left > 0):
            return at
    return len(prompts)


def complete(model: Any, prompts: Sequence[Prefill]) -> int:
    """Computes all that is left of several prompts in one pass; returns how many tokens."""
    unfinished = [prompt for prompt in prompts if prompt.left > 0]
    if len(unfinished) < 2:
        return sum(prompt.advance(model, prompt.left) for prompt in unfinished)
    pieces = [prompt.piece(prompt.left) for prompt in unfinished]
    batch = PromptProcessingBatch(model, list(range(len(pieces))), [prompt.cache for prompt in unfinished])
    batch.prompt(pieces)
    for at, (prompt, piece) in enumerate(zip(unfinished, pieces, strict=True)):
        prompt.cache = batch.extract_cache(at)
        prompt.done += len(piece)
    return sum(map(len, pieces))
