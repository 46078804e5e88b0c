"""One request's place in the decoding batch, and what it is told."""

from dataclasses import dataclass
from typing import Any

import mlx.core as mx

from muster_runner.penalties import context_of
from muster_runner.sampling import Drawing
from muster_runner.speculation import PromptLookup, draft_pace, lookup_pace


class Sequence:
    """One request's place in the batch.

    ``cache`` holds exactly ``tokens`` until the sequence joins; from then on the batch holds it, and ``tokens`` says
    what of. ``following`` is the token to feed first.
    """

    def __init__(self, task_id: str, tokens: list[int], following: int, cache: list[Any], drawing: Drawing):
        self.task_id = task_id
        self.tokens = list(tokens)
        self.following = following
        self.cache = cache
        self.drawing = drawing
        self.context = context_of(self.tokens)
        # Its first fed token ends its prompt; what is drawn after it is the first of the answer.
        self.answering = False
        self.lookup, self.lookup_pace = PromptLookup(), lookup_pace()
        self.draft_pace = draft_pace()
        # What its own processors, constraint or sampler raised: it must leave, the others need not.
        self.error: Exception | None = None


@dataclass(frozen=True)
class Drawn:
    """A new token, and the log probability of every entry of the vocabulary when it was drawn: (vocabulary,).
    Unless ``finite`` the model computed no numbers, and where there is an ``error`` the request's own settings could
    not be followed: the token then means nothing."""

    task_id: str
    token: int
    logprobs: mx.array
    finite: bool
    error: Exception | None = None
