"""What the sequences of a batch may be fed beside their latest tokens: known from their text, or guessed by a draft.

What stands in a text already is looked for first, for it costs nothing; for the others a smaller model of the same
tokenizer is asked, where there is one. Each of both rests by itself while it does not pay.
"""

import time
from collections.abc import Sequence as Several

from muster_runner.draft import Draft
from muster_runner.sequence import Sequence
from muster_runner.speculation import Payoff
from muster_runner.vision.keys import before_pictures

# By task, the tokens that may follow the one that is fed next.
Guesses = dict[str, list[int]]

# Tokens of a pass, of all sequences and with their padding: beyond, a pass takes longer with each.
MOST_FED = 64
# Where steps overlap, the next look after some in vain is so many steps later at most: a look waits for the latest
# token, and then nothing overlaps.
LONGEST_REST = 8


class Guesser:
    """Guesses for one batch, and measures what comes of it. ``overlaps``: whether steps of the batch do."""

    def __init__(
        self,
        draft: Draft | None = None,
        overlaps: bool = False,
        lookups: Payoff | None = None,
        drafts: Payoff | None = None,
    ):
        self._draft, self._overlaps = draft, overlaps
        self._lookups, self._drafts = lookups or Payoff(), drafts or Payoff()
        # The tasks of the latest guesses, by where they are from.
        self._looked_up: frozenset[str] = frozenset()
        self._drafted: frozenset[str] = frozenset()
        self._seconds = 0.0
        self._rest = self._in_vain = 0

    def wants(self, width: int) -> bool:
        """Whether it has anything to try for a pass of so many sequences."""
        drafts = self._draft is not None and self._drafts.wants(width)
        return drafts or (self._lookups.wants(width) and self._rest == 0)

    def guess(self, ones: Several[tuple[Sequence, int]], width: int) -> Guesses:
        """For the sequences of which every token may be guessed, each with the token that it is fed next."""
        began = time.perf_counter()
        most = MOST_FED // max(1, width) - 1
        found: Guesses = {}
        if most > 0 and self._lookups.wants(width) and self._rest == 0:
            for one, first in ones:
                guess = one.lookup.draft([*one.tokens, first], min(one.lookup_pace.length, most))
                if known := before_pictures(guess):
                    found[one.task_id] = known
        self._looked_up = frozenset(found)
        self._drafted = frozenset()
        if most > 0 and self._draft is not None and self._drafts.wants(width):
            left = [(one, first, min(one.draft_pace.length, most)) for one, first in ones if one.task_id not in found]
            drafted = self._draft.guess(left)
            self._drafted = frozenset(drafted)
            found |= drafted
        self._in_vain = 0 if found or not self._overlaps else min(LONGEST_REST, 2 * self._in_vain or 1)
        self._rest = self._in_vain
        self._seconds = time.perf_counter() - began
        return found

    def plain(self, width: int, seconds: float) -> None:
        """A pass without guesses took so long."""
        self._rest = max(0, self._rest - 1)
        self._lookups.plain(width, seconds)
        self._drafts.plain(width, seconds)

    def guessed(self, ones: Several[tuple[Sequence, int, int]], seconds: float) -> None:
        """A pass with guesses took so long. ``ones``: each sequence, how many guesses it had, and came true."""
        for one, guesses, came_true in ones:
            if one.task_id in self._looked_up:
                one.lookup.taken(came_true + 1)
                one.lookup_pace.guessed(guesses, came_true)
            elif one.task_id in self._drafted:
                one.draft_pace.guessed(guesses, came_true)
        drawn = sum(came_true + 1 for _, _, came_true in ones)
        payoff = self._drafts if self._drafted else self._lookups
        payoff.guessed(len(ones), drawn, seconds + self._seconds)
