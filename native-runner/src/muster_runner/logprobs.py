"""Log probabilities as clients read them."""

from typing import Any

import mlx.core as mx

from muster_runner.tokenizer import Tokenizer


class Logprobs:
    """Looks up the chosen token and the best alternatives in a step's log probabilities."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer

    def entry(self, token: int, logprobs: mx.array, alternatives: int) -> dict[str, Any]:
        """The token with its ``alternatives`` best ones, best first. ``logprobs``: one value a vocabulary entry."""
        top: list[dict[str, Any]] = []
        if alternatives:
            best = mx.argpartition(-logprobs, kth=alternatives - 1)[:alternatives]
            values = logprobs[best]
            order = mx.argsort(-values)
            pairs = zip(best[order].tolist(), values[order].tolist(), strict=True)
            top = [self._named(other, value) for other, value in pairs]
        return {**self._named(token, logprobs[token].item()), "top": top}

    def _named(self, token: int, logprob: float) -> dict[str, Any]:
        data = self._tokenizer.token_bytes(token)
        # JSON knows no infinity; this is what OpenAI gives for what cannot be.
        return {"token": data.decode("utf-8", "replace"), "logprob": max(logprob, -9999.0), "bytes": list(data)}
