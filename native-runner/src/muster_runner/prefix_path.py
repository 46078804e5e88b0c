"""What a prompt begins with, as the blocks that hold it."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster_runner.blocks import Block


@dataclass(frozen=True)
class Step:
    """A block of a path, in memory or, where ``block`` is None, on the disk."""

    key: bytes
    end: int
    block: Block | None


@dataclass(frozen=True)
class Candidate:
    """A beginning of ``length`` tokens: so many full blocks of the path, and perhaps a last one, used in part."""

    length: int
    full: int
    tail: Step | None = None

    def steps(self, path: Sequence[Step]) -> list[Step]:
        """Its blocks, of the path that it was found on."""
        return [*path[: self.full], *([self.tail] if self.tail else [])]


def longest(
    path: Sequence[Step], candidates: Sequence[Candidate], read: dict[bytes, Block], most: int
) -> tuple[list[Block], int]:
    """The blocks of the longest beginning of up to ``most`` tokens that can be had, and its length. ``candidates``: the
    longest first; ``read``: blocks that came from the disk."""
    for candidate in candidates:
        if candidate.length > most:
            continue
        blocks = [step.block or read.get(step.key) for step in candidate.steps(path)]
        found = [block for block in blocks if block is not None]
        if len(found) == len(blocks):
            return found, candidate.length
    return [], 0
