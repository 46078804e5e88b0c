"""Prompt lookup: guesses the next tokens from what stands in the prompt and the answer already.

Whoever edits a file or quotes what it has read writes long runs of known tokens. Where the latest tokens stood before,
those that followed them are fed together, and the model's logits tell in one pass how many of them it would have drawn
itself. Only these are taken, so the text is the same as without.
"""

from collections.abc import Sequence

# How many of the latest tokens are looked for, the longer first.
GRAMS = (6, 3)
LEAST_DRAFT, MOST_DRAFT = 2, 32
# After guesses that did not pay, so many tokens are drawn one by one before the next attempt; doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 16, 256
# A pass over guesses must give this many times the tokens per second of plain passes.
WORTH_IT = 1.1
# How much the latest measurement counts.
WEIGHT = 0.25


class PromptLookup:
    """Where runs of tokens stood last in one sequence."""

    def __init__(self) -> None:
        self._ends: dict[int, dict[tuple[int, ...], int]] = {gram: {} for gram in GRAMS}
        self._seen = 0
        # Where the last guess would go on, and how many tokens there must be then.
        self._source: int | None = None
        self._expected = 0

    def draft(self, tokens: Sequence[int], most: int) -> list[int]:
        """Up to ``most`` tokens that may follow ``tokens``, which may only have grown since the last call."""
        self._learn(tokens)
        source = self._source if self._expected == len(tokens) else None
        if source is None or source >= len(tokens) or tokens[source - 1] != tokens[-1]:
            source = self._found(tokens)
        self._source, self._expected = source, len(tokens)
        return [] if source is None else list(tokens[source : source + most])

    def taken(self, count: int) -> None:
        """So many tokens have been drawn since the last draft, the guess's own and one more."""
        self._expected += count
        if self._source is not None:
            self._source += count

    def _found(self, tokens: Sequence[int]) -> int | None:
        for gram in GRAMS:
            if len(tokens) >= gram and (end := self._ends[gram].get(tuple(tokens[-gram:]))) is not None:
                return end
        return None

    def _learn(self, tokens: Sequence[int]) -> None:
        """Notes all runs but the last, which nothing follows yet."""
        for gram in GRAMS:
            ends = self._ends[gram]
            for end in range(max(self._seen, gram), len(tokens)):
                ends[tuple(tokens[end - gram : end])] = end
        self._seen = len(tokens)


class Payoff:
    """Whether guessing pays, by the times that passes take. It never changes a token, only how soon it comes."""

    def __init__(self) -> None:
        self.length = 8
        self._plain: float | None = None
        self._pause = FIRST_PAUSE
        self._wait = 0

    def wants(self) -> bool:
        """Whether the next pass may be over guesses. Needs to know first what a plain one takes."""
        return self._plain is not None and self._wait == 0

    def plain(self, seconds: float) -> None:
        """A pass drew one token in this time."""
        self._plain = seconds if self._plain is None else self._plain + WEIGHT * (seconds - self._plain)
        self._wait = max(0, self._wait - 1)

    def guessed(self, guesses: int, drawn: int, seconds: float) -> None:
        """A pass over so many guesses drew ``drawn`` tokens, one more than came true."""
        if self._plain is None:
            return
        if drawn == guesses + 1:
            self.length = min(MOST_DRAFT, self.length * 2)
        elif drawn <= guesses // 2:
            self.length = max(LEAST_DRAFT, self.length // 2)
        if drawn * self._plain >= WORTH_IT * seconds:
            self._pause = FIRST_PAUSE
        else:
            self._wait = self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
