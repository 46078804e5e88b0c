"""What changes logits before a token is drawn, for all sequences of a batch at once.

Each class can be called for one sequence, with its context (tokens,) and logits (1, vocabulary), and has ``rows`` for
several of its instances: contexts (rows, tokens) and logits (rows, vocabulary). MLX checks no index: tokens beyond the
logits, which a damaged model may bring and which fill short contexts, are never written to.
"""

from collections.abc import Callable, Sequence

import mlx.core as mx
import numpy as np

Processor = Callable[[mx.array, mx.array], mx.array]

# How far back a repetition is looked for, in tokens.
REPETITION_CONTEXT = 256
# Stands in a context where there is no token yet.
NO_TOKEN = 0xFFFF_FFFF
# A factor beyond these makes infinities of finite logits, and no number of what is impossible already.
LEAST_PENALTY, MOST_PENALTY = 1e-6, 1e6


def context_of(tokens: Sequence[int]) -> mx.array:
    """The last tokens, (256,)."""
    latest = list(tokens[-REPETITION_CONTEXT:])
    return mx.array([*[NO_TOKEN] * (REPETITION_CONTEXT - len(latest)), *latest], dtype=mx.uint32)


class RepetitionPenalty:
    """Divides the logits of tokens that stand in the context by ``penalty``, multiplies them where they are negative
    (https://arxiv.org/abs/1909.05858, with signs minded). Finite logits stay finite, impossible tokens impossible."""

    def __init__(self, penalty: float):
        self._factor = min(max(penalty, LEAST_PENALTY), MOST_PENALTY)

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(them: Sequence["RepetitionPenalty"], contexts: mx.array, logits: mx.array) -> mx.array:
        if contexts.size == 0:
            return logits
        limits, known = mx.finfo(logits.dtype), contexts < logits.shape[-1]
        rows = mx.arange(len(them))[:, None]
        seen = mx.zeros(logits.shape, dtype=mx.bool_).at[rows, mx.where(known, contexts, 0)].maximum(known)
        factor = mx.array([one._factor for one in them], dtype=mx.float32)[:, None]
        wide = logits.astype(mx.float32)
        changed = mx.clip(mx.where(wide < 0, wide * factor, wide / factor), limits.min, limits.max)
        return mx.where(seen & ~mx.isinf(wide), changed.astype(logits.dtype), logits)


class AnswerPenalties:
    """OpenAI's penalties: what the answer has already becomes less likely, by ``frequency`` for each time and by
    ``presence`` once. The prompt does not count. One instance serves one answer.

    See https://platform.openai.com/docs/api-reference/chat/create
    """

    def __init__(self, frequency: float, presence: float):
        self._frequency, self._presence = frequency, presence
        self._counts: mx.array | None = None

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(them: Sequence["AnswerPenalties"], contexts: mx.array, logits: mx.array) -> mx.array:
        size = logits.shape[-1]
        none = mx.zeros(size, dtype=mx.float32)
        counts = mx.stack([none if one._counts is None else one._counts for one in them])
        # The first token that is fed is still the prompt's.
        begun = mx.array([one._counts is not None for one in them])
        drawn = contexts[:, -1]
        counted = ((drawn < size) & begun).astype(mx.float32)
        counts = counts.at[mx.arange(len(them)), mx.where(drawn < size, drawn, 0)].add(counted)
        for at, one in enumerate(them):
            one._counts = counts[at]
        frequency, presence = (
            mx.array(values, dtype=mx.float32)[:, None]
            for values in ([one._frequency for one in them], [one._presence for one in them])
        )
        return logits - (frequency * counts + presence * (counts > 0)).astype(logits.dtype)


class LogitBias:
    """Adds to the logits of tokens, given by number. Numbers beyond the vocabulary stand for nothing."""

    def __init__(self, bias: dict[str, float]):
        self._tokens = np.array([int(token) for token in bias], dtype=np.uint32)
        self._values = np.array(list(bias.values()), dtype=np.float32)

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        return self.rows([self], context[None], logits)

    @staticmethod
    def rows(them: Sequence["LogitBias"], _contexts: mx.array, logits: mx.array) -> mx.array:
        rows = mx.array(np.repeat(np.arange(len(them)), [one._tokens.size for one in them]))
        tokens = mx.array(np.concatenate([one._tokens for one in them]))
        values = mx.array(np.concatenate([one._values for one in them]))
        known = tokens < logits.shape[-1]
        values = mx.where(known, values, 0.0).astype(logits.dtype)
        return logits.at[rows, mx.where(known, tokens, 0)].add(values)


# In the order in which they are applied.
KINDS = (LogitBias, RepetitionPenalty, AnswerPenalties)
