"""Log probabilities in the form that clients receive."""

from typing import Any

import mlx.core as mx
import numpy as np

from muster_runner.tokenization.tokenizer import Tokenizer

# JSON has no infinity; OpenAI returns this value for impossible tokens.
IMPOSSIBLE = -9999.0


# Values of which only the highest is looked at first.
RUN = 64


def highest(values: np.ndarray, count: int) -> np.ndarray:
    """Returns the places of the ``count`` highest of at least as many values, best first.

    They are in the ``count`` runs with the highest maxima: all requests wait for it, and to look for them in a whole
    vocabulary takes five times as long.
    """
    runs = values.size // RUN
    places = np.arange(values.size)
    if runs > count:
        maxima = values[: runs * RUN].reshape(runs, RUN).max(axis=1)
        best_runs = np.argpartition(maxima, runs - count)[runs - count :]
        within = places[: runs * RUN].reshape(runs, RUN)[np.sort(best_runs)]
        places = np.concatenate([within.reshape(-1), places[runs * RUN :]])
    return places[np.argsort(-values[places], kind="stable")[:count]]


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
            top = [self._entry(int(candidate), float(values[candidate])) for candidate in highest(values, count)]
        return {**self._entry(token, float(values[token])), "top": top}

    def _entry(self, token: int, logprob: float) -> dict[str, Any]:
        data = self._tokenizer.token_bytes(token)
        value = logprob if logprob > IMPOSSIBLE else IMPOSSIBLE
        return {"token": data.decode("utf-8", "replace"), "logprob": value, "bytes": list(data)}
