"""Computes prompts piece by piece, so that a cancel or another request's next token never waits for a long one."""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx_lm.generate import PromptProcessingBatch


class Prefill:
    """One prompt on its way into the batch: ``cache`` holds the first ``done`` of ``tokens``.

    The last token is left to the batch: its logits give the answer's first token, in one pass with all the others.
    """

    def __init__(self, tokens: list[int], cache: list[Any], done: int):
        self.tokens = tokens
        self.cache = cache
        self.done = done

    @property
    def left(self) -> int:
        """Tokens still to compute here."""
        return len(self.tokens) - 1 - self.done

    def advance(self, model: Any, most: int) -> int:
        """Computes up to ``most`` more tokens; returns how many."""
        count = min(most, self.left)
        if count > 0:
            model(mx.array([self.piece(count)]), cache=self.cache)
            # Only the caches: nobody looks at these logits, and a vocabulary is wide.
            mx.eval([layer.state for layer in self.cache])
            mx.clear_cache()
            self.done += count
        return count

    def piece(self, count: int) -> list[int]:
        """The next ``count`` tokens."""
        return self.tokens[self.done : self.done + count]


def fitting(prompts: Sequence[Prefill], most: int) -> int:
    """How many of ``prompts``, from the first, are short enough to be computed to their end in one pass of ``most``
    tokens, padded to the longest."""
    longest = 0
    for at, prompt in enumerate(prompts):
        longest = max(longest, prompt.left)
        if longest * (at + 1) > most:
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
