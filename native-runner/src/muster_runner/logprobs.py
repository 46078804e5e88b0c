"""Log probabilities as clients read them."""

from typing import Any

import mlx.core as mx
import numpy as np

from muster_runner.tokenizer import Tokenizer

# JSON knows no infinity; this is what OpenAI gives for what cannot be.
IMPOSSIBLE = -9999.0


class Logprobs:
    """Looks up the chosen token and the best alternatives in a step's log probabilities."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        # Not the engine's stream: there this would wait for the next step, which is already being computed.
        self._stream = mx.new_stream(mx.cpu)

    def entry(self, token: int, logprobs: mx.array, alternatives: int) -> dict[str, Any]:
        """The token with its ``alternatives`` best ones, best first. ``logprobs``: one value a vocabulary entry."""
        values = np.array(logprobs.astype(mx.float32, stream=self._stream))
        top: list[dict[str, Any]] = []
        if count := min(alternatives, values.size):
            best = np.argpartition(-values, count - 1)[:count]
            best = best[np.argsort(-values[best], kind="stable")]
            top = [self._named(int(other), float(values[other])) for other in best]
        return {**self._named(token, float(values[token])), "top": top}

    def _named(self, token: int, logprob: float) -> dict[str, Any]:
        data = self._tokenizer.token_bytes(token)
        value = logprob if logprob > IMPOSSIBLE else IMPOSSIBLE
        return {"token": data.decode("utf-8", "replace"), "logprob": value, "bytes": list(data)}
