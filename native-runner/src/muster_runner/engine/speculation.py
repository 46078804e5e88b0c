"""Speculative decoding: prompt lookup, draft lengths, and whether speculation pays off.

Several draft tokens are fed in one pass, and the logits show how many of them the model would have sampled itself. Only
these are accepted, so the text is the same as without speculation.

Prompt lookup drafts from the sequence itself: an answer that edits or quotes text repeats long runs of tokens. It finds
the last occurrence of the latest tokens and proposes what followed there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from muster_runner.engine.ngrams import SortedNgrams

# n-gram sizes of the lookup, the longer first.
GRAMS = (6, 3)
# A prompt of more tokens is indexed as a whole.
LONG_PROMPT = 1024
# The most draft tokens of a sequence in one pass, which the windows of its caches allow for.
LONGEST_DRAFT = 32
# Backoff after an unprofitable attempt, in plain passes; doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 16, 256
# A speculative pass must give this many times the tokens per second of plain passes.
WORTH_IT = 1.1
# Weight of the latest measurement in the moving average.
WEIGHT = 0.25


class PromptLookup:
    """Prompt lookup for one sequence: an index of its n-grams by their last occurrence."""

    def __init__(self) -> None:
        self._ends: dict[int, dict[tuple[int, ...], int]] = {gram: {} for gram in GRAMS}
        # Of a long prompt; what follows it is in ``_ends``.
        self._prompt: dict[int, SortedNgrams] = {}
        self._seen = 0
        # Where the last draft would continue, and the sequence length at which that is valid.
        self._source: int | None = None
        self._expected = 0

    def draft(self, tokens: Sequence[int], max_length: int) -> list[int]:
        """Returns up to ``max_length`` draft tokens to follow ``tokens``, which may only have grown since the last
        call."""
        self._index(tokens)
        source = self._source if self._expected == len(tokens) else None
        if source is None or source >= len(tokens) or tokens[source - 1] != tokens[-1]:
            source = self._lookup(tokens)
        self._source, self._expected = source, len(tokens)
        return [] if source is None else list(tokens[source : source + max_length])

    def taken(self, count: int) -> None:
        """Records how many tokens the last draft gave: the accepted ones and one more."""
        self._expected += count
        if self._source is not None:
            self._source += count

    def _lookup(self, tokens: Sequence[int]) -> int | None:
        for gram in GRAMS:
            if len(tokens) < gram:
                continue
            if (end := self._ends[gram].get(tuple(tokens[-gram:]))) is not None:
                return end
            if gram in self._prompt and (end := self._prompt[gram].last_end(tokens)) is not None:
                return end
        return None

    def _index(self, tokens: Sequence[int]) -> None:
        """Indexes all n-grams but the last, which has no successor yet."""
        if self._seen == 0 and len(tokens) > LONG_PROMPT:
            prompt = np.array(tokens, dtype=np.uint64)
            self._prompt = {gram: SortedNgrams(prompt, gram) for gram in GRAMS}
            self._seen = len(tokens)
        for gram in GRAMS:
            ends = self._ends[gram]
            for end in range(max(self._seen, gram), len(tokens)):
                ends[tuple(tokens[end - gram : end])] = end
        self._seen = len(tokens)


@dataclass
class Pace:
    """The adaptive draft length of a sequence: doubled if a draft was accepted in full, halved if less than half."""

    min_length: int
    max_length: int
    length: int

    def verified(self, drafted: int, accepted: int) -> None:
        if accepted == drafted:
            self.length = min(self.max_length, self.length * 2)
        elif accepted < (drafted + 1) // 2:
            self.length = max(self.min_length, self.length // 2)


def lookup_pace() -> Pace:
    """For prompt lookup, whose draft tokens cost only their share of the verification pass."""
    return Pace(min_length=2, max_length=LONGEST_DRAFT, length=8)


def draft_pace() -> Pace:
    """For a draft model, where each draft token costs a pass of it."""
    return Pace(min_length=1, max_length=8, length=4)


class Payoff:
    """Decides by measured times whether speculation pays off. It affects only speed, never tokens.

    ``width``: the number of sequences of a pass, on which the time of a plain pass depends.
    """

    def __init__(self) -> None:
        self._plain: dict[int, float] = {}
        self._pause = FIRST_PAUSE
        self._wait = 0

    def wants(self, width: int) -> bool:
        """Whether the next pass may be speculative. False until a plain pass of this width was measured."""
        return width in self._plain and self._wait == 0

    def plain(self, width: int, seconds: float) -> None:
        """Records the time of a plain pass."""
        known = self._plain.get(width)
        self._plain[width] = seconds if known is None else known + WEIGHT * (seconds - known)
        self._wait = max(0, self._wait - 1)

    def verified(self, width: int, drawn: int, seconds: float) -> None:
        """Records a speculative pass that gave ``drawn`` tokens for all sequences together."""
        if width not in self._plain:
            return
        if drawn * self._plain[width] >= WORTH_IT * seconds * width:
            self._pause = FIRST_PAUSE
        else:
            self._wait = self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
