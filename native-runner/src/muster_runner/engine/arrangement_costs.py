"""Weighs how sequences are arranged in sub-batches: what an arrangement saves in each step against what must be copied
to get there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muster_runner.engine.partition import allowed_padding, cost, padding
from muster_runner.engine.sub_batch import SubBatch

# Sub-batches are rearranged only if that saves this share of the cost.
WORTH_IT = 0.1
# Steps within which what an arrangement saves must exceed the tokens that it copies.
PAYS_WITHIN = 64

# The numbers of the sequences of each sub-batch.
Arrangement = Sequence[Sequence[int]]


@dataclass(frozen=True)
class ArrangementCosts:
    """Costs of arranging sequences of these ``lengths``, which are in ``batches`` now, or join as new ones. All are in
    tokens, read or copied. ``pass_tokens``, ``spare_tokens``: see SubBatches."""

    batches: Sequence[SubBatch]
    lengths: Sequence[int]
    pass_tokens: int
    spare_tokens: int

    def is_worth(self, target: Arrangement, now: Arrangement) -> bool:
        """Whether ``target`` is worth the copying, or needed because ``now`` has more padding than memory allows."""
        if padding(now, self.lengths) > allowed_padding(self.lengths, self.spare_tokens):
            return True
        before = cost(now, self.lengths, self.pass_tokens)
        saved = before - cost(target, self.lengths, self.pass_tokens)
        more_copied = self._copied(target) - self._copied(now)
        return saved > before * WORTH_IT and saved * PAYS_WITHIN >= more_copied

    def with_new(self, new: Sequence[int]) -> list[list[int]]:
        """Returns the current sub-batches with new sequences added where they cost least."""
        parts = [list(batch.rows) for batch in self.batches]
        for row in sorted(new, key=lambda row: -self.lengths[row]):
            options = [[*parts[:at], [*part, row], *parts[at + 1 :]] for at, part in enumerate(parts)]
            options.append([*parts, [row]])
            parts = min(options, key=self._price)
        return parts

    def bases(self, parts: Arrangement) -> list[SubBatch | None]:
        """Returns for each part the sub-batch that its sequences join: the one that has most of its tokens already."""
        stays = [
            (self._tokens(set(part).intersection(batch.rows)), at, number)
            for at, part in enumerate(parts)
            for number, batch in enumerate(self.batches)
            if batch.is_merged
        ]
        bases: list[SubBatch | None] = [None] * len(parts)
        taken = set[int]()
        for tokens, at, number in sorted(stays, key=lambda each: (-each[0], each[1], each[2])):
            if tokens > 0 and bases[at] is None and number not in taken:
                bases[at] = self.batches[number]
                taken.add(number)
        return bases

    def _price(self, parts: Arrangement) -> int:
        """Returns the cost of PAYS_WITHIN steps and of the copying before them."""
        return cost(parts, self.lengths, self.pass_tokens) * PAYS_WITHIN + self._copied(parts)

    def _copied(self, parts: Arrangement) -> int:
        """Returns the tokens that are copied to arrange sequences so: those that join others, and all of a sub-batch
        whose slots or room do not suffice."""
        copied = 0
        for part, base in zip(parts, self.bases(parts), strict=True):
            inside = set(base.rows) if base is not None else set()
            joining = [row for row in part if row not in inside]
            if base is None or not joining:
                copied += self._tokens(joining) if len(part) > 1 else 0
            elif len(part) <= base.slots and self._longest(part) < base.room:
                copied += self._tokens(joining)
            else:
                copied += len(part) * self._longest(part)
        return copied

    def _longest(self, rows: Iterable[int]) -> int:
        return max(self.lengths[row] for row in rows)

    def _tokens(self, rows: Iterable[int]) -> int:
        return sum(self.lengths[row] for row in rows)
