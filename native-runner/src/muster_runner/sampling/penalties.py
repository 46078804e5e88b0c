"""Logits processors, applied to all sequences of a batch at once.

Each class can be called for one sequence, with its context (tokens,) and logits (1, vocabulary), and has ``rows`` for
several instances: contexts (rows, tokens) and logits (rows, vocabulary). MLX does not check indices: token ids beyond
the logits (from a damaged model, or the padding of short contexts) are masked and never written to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

Processor = Callable[[mx.array, mx.array], mx.array]

# Window of the repetition penalty, in tokens.
REPETITION_CONTEXT = 256
# Padding of contexts shorter than the window.
NO_TOKEN = 0xFFFF_FFFF
# Factors outside this range turn finite logits into infinity, and minus infinity into NaN.
MIN_PENALTY, MAX_PENALTY = 1e-6, 1e6
# A bias of fewer tokens than this part of the vocabulary is added to these only: on a CPU an addition at an index takes
# about as long as twenty in a row.
FEW_PART = 16


def context_of(tokens: Sequence[int]) -> mx.array:
    """Returns the last tokens, padded: (256,)."""
    latest = list(tokens[-REPETITION_CONTEXT:])
    return mx.array([*[NO_TOKEN] * (REPETITION_CONTEXT - len(latest)), *latest], dtype=mx.uint32)


class RepetitionPenalty:
    """Divides positive logits of tokens in the context by ``penalty`` and multiplies negative ones
    (https://arxiv.org/abs/1909.05858, made correct for negative logits). Finite logits stay finite, and masked tokens
    masked."""

    def __init__(self, penalty: float):
        self._factor = min(max(penalty, MIN_PENALTY), MAX_PENALTY)

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(instances: Sequence["RepetitionPenalty"], contexts: mx.array, logits: mx.array) -> mx.array:
        if contexts.size == 0:
            return logits
        limits, known = mx.finfo(logits.dtype), contexts < logits.shape[-1]
        rows = mx.arange(len(instances))[:, None]
        seen = mx.zeros(logits.shape, dtype=mx.bool_).at[rows, mx.where(known, contexts, 0)].maximum(known)
        factor = mx.array([each._factor for each in instances], dtype=mx.float32)[:, None]
        wide = logits.astype(mx.float32)
        changed = mx.clip(mx.where(wide < 0, wide * factor, wide / factor), limits.min, limits.max)
        return mx.where(seen & ~mx.isinf(wide), changed.astype(logits.dtype), logits)


class AnswerPenalties:
    """OpenAI's penalties: lowers the logits of the answer's tokens by ``frequency`` per occurrence, and by ``presence``
    once. The prompt does not count. One instance per answer.

    See https://platform.openai.com/docs/api-reference/chat/create
    """

    def __init__(self, frequency: float, presence: float):
        self._frequency, self._presence = frequency, presence
        self._counts: mx.array | None = None

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(instances: Sequence["AnswerPenalties"], contexts: mx.array, logits: mx.array) -> mx.array:
        size = logits.shape[-1]
        none = mx.zeros(size, dtype=mx.float32)
        counts = mx.stack([none if each._counts is None else each._counts for each in instances])
        # The first token fed is still the prompt's.
        begun = mx.array([each._counts is not None for each in instances])
        drawn = contexts[:, -1]
        counted = ((drawn < size) & begun).astype(mx.float32)
        counts = counts.at[mx.arange(len(instances)), mx.where(drawn < size, drawn, 0)].add(counted)
        for at, each in enumerate(instances):
            each._counts = counts[at]
        frequency, presence = (
            mx.array(values, dtype=mx.float32)[:, None]
            for values in ([each._frequency for each in instances], [each._presence for each in instances])
        )
        return logits - (frequency * counts + presence * (counts > 0)).astype(logits.dtype)


class LogitBias:
    """Adds to the logits of given token ids. Ids beyond the vocabulary are ignored."""

    def __init__(self, bias: dict[str, float]):
        self._tokens = np.array([int(token) for token in bias], dtype=np.uint32)
        self._values = np.array(list(bias.values()), dtype=np.float32)
        self._prepared: PreparedBias | None = None

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(instances: Sequence["LogitBias"], _contexts: mx.array, logits: mx.array) -> mx.array:
        size = logits.shape[-1]
        prepared = [each._prepare(size, logits.dtype) for each in instances]
        listed = [(each.tokens + at * size, each.values) for at, each in enumerate(prepared) if each.tokens is not None]
        whole = [(at, each.values) for at, each in enumerate(prepared) if each.tokens is None]
        if listed:
            tokens, values = (mx.concatenate(parts) for parts in zip(*listed, strict=True))
            logits = logits.reshape(-1).at[tokens].add(values).reshape(logits.shape)
        if whole:
            places, rows = zip(*whole, strict=True)
            added = mx.stack(rows)
            logits = logits + added if len(rows) == len(instances) else logits.at[mx.array(places)].add(added)
        return logits

    def _prepare(self, size: int, dtype: mx.Dtype) -> "PreparedBias":
        if self._prepared is None or (self._prepared.size, self._prepared.values.dtype) != (size, dtype):
            known = self._tokens < size
            self._prepared = prepared_bias(self._tokens[known], self._values[known], size, dtype)
        return self._prepared


@dataclass(frozen=True)
class PreparedBias:
    """A bias for logits of ``size`` tokens, kept from step to step: it may name all of them, and all requests wait for
    each step. ``tokens``: None if there is a value for each token."""

    size: int
    tokens: mx.array | None
    values: mx.array


def prepared_bias(tokens: np.ndarray, values: np.ndarray, size: int, dtype: mx.Dtype) -> PreparedBias:
    if tokens.size * FEW_PART < size:
        return PreparedBias(size, mx.array(tokens), mx.array(values).astype(dtype))
    row = np.zeros(size, dtype=np.float32)
    np.add.at(row, tokens, values)
    return PreparedBias(size, None, mx.array(row).astype(dtype))


# In the order in which they are applied.
KINDS = (LogitBias, RepetitionPenalty, AnswerPenalties)
