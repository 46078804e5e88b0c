"""Log probabilities in the form that clients receive."""

from typing import Any

import mlx.core as mx
import numpy as np

from muster_runner.tokenization.tokenizer import Tokenizer

# JSON has no infinity; OpenAI returns this value for impossible tokens.
IMPOSSIBLE = -9999.0


class Logprobs:
    """Looks up the chosen token and the best alternatives in a step's log probabilities."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        # A separate stream: the engine's stream is already computing the next step.
        self._stream = mx.new_stream(mx.cpu)

    def entry(self, token: int, logprobs: mx.array, alternatives: int) -> dict[str, Any]:
        """Returns the entry of a token with its ``alternatives`` best tokens, best first. ``logprobs``: one value per
        vocabulary entry."""
        values = np.array(logprobs.astype(mx.float32, stream=self._stream))
        top: list[dict[str, Any]] = []
        if count := min(alternatives, values.size):
            best = np.argpartition(-values, count - 1)[:count]
            best = best[np.argsort(-values[best], kind="stable")]
            top = [self._entry(int(candidate), float(values[candidate])) for candidate in best]
        return {**self._entry(token, float(values[token])), "top": top}

    def _entry(self, token: int, logprob: float) -> dict[str, Any]:
        data = self._tokenizer.token_bytes(token)
        value = logprob if logprob > IMPOSSIBLE else IMPOSSIBLE
        return {"token": data.decode("utf-8", "replace"), "logprob": value, "bytes": list(data)}
