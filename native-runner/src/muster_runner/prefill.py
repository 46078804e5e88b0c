"""Computes prompts piece by piece, so that a cancel or another request's next token never waits for a long one."""

from typing import Any

import mlx.core as mx


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
            model(mx.array([self.tokens[self.done : self.done + count]]), cache=self.cache)
            # Only the caches: nobody looks at these logits, and a vocabulary is wide.
            mx.eval([layer.state for layer in self.cache])
            mx.clear_cache()
            self.done += count
        return count
