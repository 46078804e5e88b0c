"""Drafts tokens for the sequences of a batch: by prompt lookup, or by a draft model.

Prompt lookup comes first, because it is free; the draft model, if there is one, serves the remaining sequences. Each of
the two is paused while it does not pay off.
"""

import time
from collections.abc import Collection
from collections.abc import Sequence as Several

from muster_runner.engine.draft import Draft
from muster_runner.engine.sequence import Sequence
from muster_runner.engine.speculation import Payoff
from muster_runner.vision.keys import before_pictures

# Draft tokens by task: they may follow the token that is fed next.
DraftTokens = dict[str, list[int]]

# Maximum tokens of a pass, of all sequences and with padding: beyond that the time of a pass grows with each token.
MAX_FED = 64
# Maximum backoff in steps after fruitless lookups, if steps overlap: a lookup has to wait for the latest token, which
# prevents the overlap.
MAX_BACKOFF = 8


class Proposer:
    """Drafts for one batch and measures the payoff. ``overlaps``: whether the batch's steps overlap (lookahead)."""

    def __init__(
        self,
        draft: Draft | None = None,
        overlaps: bool = False,
        lookups: Payoff | None = None,
        drafts: Payoff | None = None,
    ):
        self._draft, self._overlaps = draft, overlaps
        self._lookups, self._drafts = lookups or Payoff(), drafts or Payoff()
        # The tasks of the latest drafts, by source.
        self._looked_up: frozenset[str] = frozenset()
        self._drafted: frozenset[str] = frozenset()
        self._seconds = 0.0
        self._backoff = self._next_backoff = 0

    def wants(self, width: int) -> bool:
        """Whether to try speculation for a pass of ``width`` sequences."""
        drafts = self._draft is not None and self._drafts.wants(width)
        return drafts or (self._lookups.wants(width) and self._backoff == 0)

    def propose(self, sequences: Several[tuple[Sequence, int]], width: int) -> DraftTokens:
        """Drafts tokens for sequences, each given with its next token to be fed."""
        began = time.perf_counter()
        max_length = MAX_FED // max(1, width) - 1
        found: DraftTokens = {}
        if max_length > 0 and self._lookups.wants(width) and self._backoff == 0:
            for sequence, first in sequences:
                draft = sequence.lookup.draft([*sequence.tokens, first], min(sequence.lookup_pace.length, max_length))
                if known := before_pictures(draft):
                    found[sequence.task_id] = known
        self._looked_up = frozenset(found)
        self._drafted = frozenset()
        if max_length > 0 and self._draft is not None and self._drafts.wants(width):
            wanted = [
                (sequence, first, 0 if sequence.task_id in found else min(sequence.draft_pace.length, max_length))
                for sequence, first in sequences
            ]
            # Where the lookup serves all, the draft model stays behind by their tokens.
            drafted = self._draft.propose(wanted) if any(length for _, _, length in wanted) else {}
            self._drafted = frozenset(drafted)
            found |= drafted
        self._next_backoff = 0 if found or not self._overlaps else min(MAX_BACKOFF, 2 * self._next_backoff or 1)
        self._backoff = self._next_backoff
        self._seconds = time.perf_counter() - began
        return found

    def forget(self, left: Collection[Sequence]) -> None:
        """Frees what is held for sequences that have left the batch."""
        if self._draft is not None:
            self._draft.forget(left)

    def plain(self, width: int, seconds: float) -> None:
        """Records the time of a plain pass."""
        self._backoff = max(0, self._backoff - 1)
        self._lookups.plain(width, seconds)
        self._drafts.plain(width, seconds)

    def verified(self, sequences: Several[tuple[Sequence, int, int]], seconds: float) -> None:
        """Records a speculative pass. ``sequences``: each with the numbers of its draft and of its accepted tokens."""
        for sequence, count, accepted in sequences:
            if sequence.task_id in self._looked_up:
                sequence.lookup.taken(accepted + 1)
                sequence.lookup_pace.verified(count, accepted)
            elif sequence.task_id in self._drafted:
                sequence.draft_pace.verified(count, accepted)
        drawn = sum(accepted + 1 for _, _, accepted in sequences)
        payoff = self._drafts if self._drafted else self._lookups
        payoff.verified(len(sequences), drawn, seconds + self._seconds)
