"""A sequence of the decoding batch, and the tokens sampled for it."""

from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.engine.speculation import PromptLookup, draft_pace, lookup_pace
from muster_runner.sampling.penalties import context_of
from muster_runner.sampling.sampling import SamplingPipeline


class Sequence:
    """The sequence of one request.

    Before the sequence joins, ``cache`` holds the KV of exactly ``tokens``; afterwards the batch has the KV, still of
    exactly ``tokens``. ``following``: the token to feed first.
    """

    def __init__(self, task_id: str, tokens: list[int], following: int, cache: list[Any], sampling: SamplingPipeline):
        self.task_id = task_id
        self.tokens = list(tokens)
        self.following = following
        self.cache = cache
        self.sampling = sampling
        self.context = context_of(self.tokens)
        # False until its first token is fed, which is the last of the prompt.
        self.answering = False
        self.lookup, self.lookup_pace = PromptLookup(), lookup_pace()
        self.draft_pace = draft_pace()
        # Raised by its own processors, constraint or sampler: only this sequence must leave.
        self.error: Exception | None = None


@dataclass(frozen=True)
class SampledToken:
    """A sampled token. It is meaningless if not ``finite`` (the logits were NaN or infinite), or with an ``error`` (of
    the request's own settings). ``batch_logprobs`` (rows, vocabulary): of all tokens of the step; ``row``: its own."""

    task_id: str
    token: int
    batch_logprobs: mx.array
    row: int
    finite: bool
    error: Exception | None = None

    @property
    def logprobs(self) -> mx.array:
        """The log probabilities (vocabulary,) it was sampled from. Sliced here, because few requests ask for them."""
        return self.batch_logprobs[self.row]
