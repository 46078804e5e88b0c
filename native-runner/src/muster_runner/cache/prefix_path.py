"""Cached prefixes of a prompt, as paths of blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from muster_runner.cache.blocks import Block


@dataclass(frozen=True)
class Step:
    """A block of a path, in memory or (``block`` is None) on the disk."""

    key: bytes
    end: int
    block: Block | None


@dataclass(frozen=True)
class Candidate:
    """A usable prefix of ``length`` tokens: the first ``full`` blocks of the path, and optionally a partly used
    ``tail``."""

    length: int
    full: int
    tail: Step | None = None

    def steps(self, path: Sequence[Step]) -> list[Step]:
        """Returns its blocks. ``path``: the path that it was found on."""
        return [*path[: self.full], *([self.tail] if self.tail else [])]


def steps_of(path: Sequence[Step], candidates: Sequence[Candidate]) -> list[Step]:
    """Returns the blocks of all candidates, each once: those of a long prompt share hundreds."""
    full = max((candidate.full for candidate in candidates), default=0)
    return [*path[:full], *(candidate.tail for candidate in candidates if candidate.tail)]


@dataclass(frozen=True)
class Plans:
    """The blocks of each candidate, as key and end position. Listed only when asked for, by the thread that reads."""

    path: Sequence[Step]
    candidates: Sequence[Candidate]

    def __iter__(self) -> Iterator[Iterator[tuple[bytes, int]]]:
        for candidate in self.candidates:
            yield ((step.key, step.end) for step in candidate.steps(self.path))


def longest(
    path: Sequence[Step], candidates: Sequence[Candidate], read: dict[bytes, Block], max_length: int
) -> tuple[list[Block], int]:
    """Returns the blocks of the longest available prefix of up to ``max_length`` tokens, and its length.
    ``candidates``: longest first; ``read``: blocks from the disk."""
    for candidate in candidates:
        if candidate.length > max_length:
            continue
        blocks = [step.block or read.get(step.key) for step in candidate.steps(path)]
        found = [block for block in blocks if block is not None]
        if len(found) == len(blocks):
            return found, candidate.length
    return [], 0
