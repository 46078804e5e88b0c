"""Computes prompts piece by piece, so that a cancel or another request's next token never waits for a long one."""

from typing import Any

import mlx.core as mx

# Up to so many tokens the logits of all of them cost less than a pass of its own for the last one.
ONE_PASS = 32


class Prefill:
    """One prompt on its way into the batch: ``cache`` holds the first ``done`` of ``tokens``."""

    def __init__(self, tokens: list[int], cache: list[Any], done: int):
        self.tokens = tokens
        self.cache = cache
        self.done = done

    def advance(self, model: Any, most: int) -> mx.array | None:
        """Computes about ``most`` more tokens. Gives the last one's logits, of shape (1, vocabulary), when all are."""
        left = len(self.tokens) - self.done
        if left > ONE_PASS:
            # The last token stays for a pass of its own: only there are logits wanted, and a vocabulary is wide.
            count = min(most, left - 1)
            self._forward(model, count)
            mx.eval([layer.state for layer in self.cache])
            mx.clear_cache()
            if count < left - 1:
                return None
            left = 1
        return self._forward(model, left)[:, -1, :]

    def _forward(self, model: Any, count: int) -> Any:
        piece = mx.array([self.tokens[self.done : self.done + count]])
        self.done += count
        return model(piece, cache=self.cache)
