"""Guesses of the next tokens, and whether they pay.

Several known tokens are fed together, and the model's logits tell in one pass how many of them it would have drawn
itself. Only these are taken, so the text is the same as without.

Prompt lookup guesses from what stands in the prompt and the answer already: whoever edits a file or quotes what it has
read writes long runs of known tokens, and where the latest tokens stood before, others followed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# How many of the latest tokens are looked for, the longer first.
GRAMS = (6, 3)
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


@dataclass
class Pace:
    """How many tokens are guessed at once for one sequence: more after guesses that came true, fewer after others."""

    least: int
    most: int
    length: int

    def guessed(self, guesses: int, came_true: int) -> None:
        if came_true == guesses:
            self.length = min(self.most, self.length * 2)
        elif came_true < (guesses + 1) // 2:
            self.length = max(self.least, self.length // 2)


def lookup_pace() -> Pace:
    """Known tokens cost nothing but their share of the pass."""
    return Pace(least=2, most=32, length=8)


def draft_pace() -> Pace:
    """Each guess costs a pass of the draft model."""
    return Pace(least=1, most=8, length=4)


class Payoff:
    """Whether guessing pays, by the times that passes take. It never changes a token, only how soon it comes.

    ``width``: how many sequences a pass is for; what a plain one takes depends on it.
    """

    def __init__(self) -> None:
        self._plain: dict[int, float] = {}
        self._pause = FIRST_PAUSE
        self._wait = 0

    def wants(self, width: int) -> bool:
        """Whether the next pass may be over guesses. Needs to know first what a plain one takes."""
        return width in self._plain and self._wait == 0

    def plain(self, width: int, seconds: float) -> None:
        """A pass drew one token for each sequence in this time."""
        known = self._plain.get(width)
        self._plain[width] = seconds if known is None else known + WEIGHT * (seconds - known)
        self._wait = max(0, self._wait - 1)

    def guessed(self, width: int, drawn: int, seconds: float) -> None:
        """A pass over guesses drew ``drawn`` tokens for all sequences together."""
        if width not in self._plain:
            return
        if drawn * self._plain[width] >= WORTH_IT * seconds * width:
            self._pause = FIRST_PAUSE
        else:
            self._wait = self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
