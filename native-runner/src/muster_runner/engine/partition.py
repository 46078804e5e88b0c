"""How sequences are divided into sub-batches, by their lengths in tokens."""

from collections.abc import Sequence

# Caches grow by MIN_GROWTH tokens or by 1/GROWTH_PART of their length, whichever is more.
MIN_GROWTH, GROWTH_PART = 16, 16
# Padding takes at most 1/PADDING_PART of the tokens, where it is more than is spare.
PADDING_PART = 8


def partition(lengths: Sequence[int], pass_tokens: int) -> list[list[int]]:
    """Partitions sequences at minimal cost, in tokens read: a part costs ``pass_tokens``, plus the tokens of its
    longest sequence for each of its sequences. Returns the sequence numbers of each part, ascending."""
    order = sorted(range(len(lengths)), key=lambda at: (lengths[at], at))
    best: list[tuple[int, int]] = [(0, 0)]
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        best.append(min((best[start][0] + pass_tokens + (end - start) * longest, start) for start in range(end)))
    parts, end = [], len(order)
    while end > 0:
        start = best[end][1]
        parts.append(sorted(order[start:end]))
        end = start
    return sorted(parts)


def padding(parts: Sequence[Sequence[int]], lengths: Sequence[int]) -> int:
    """Returns the tokens of padding that sequences have if each part is one sub-batch."""
    return sum(len(part) * max(lengths[at] for at in part) for part in parts) - sum(lengths)


def allowed_padding(lengths: Sequence[int], spare_tokens: int) -> int:
    return max(spare_tokens, sum(lengths) // PADDING_PART)


def limited_partition(lengths: Sequence[int], pass_tokens: int, spare_tokens: int) -> list[list[int]]:
    """Partitions sequences at minimal cost, with no more than ``allowed_padding``: parts count for less until it
    is kept to, and for nothing at last, when only sequences of one length are together."""
    # More than all tokens with padding is never worth another part.
    pass_tokens = min(pass_tokens, len(lengths) * max(lengths, default=0))
    while padding(parts := partition(lengths, pass_tokens), lengths) > allowed_padding(lengths, spare_tokens):
        pass_tokens //= 2
    return parts


def cost(parts: Sequence[Sequence[int]], lengths: Sequence[int], pass_tokens: int) -> int:
    """Returns the cost of a step, as defined by ``partition``."""
    return sum(pass_tokens + len(part) * max(lengths[at] for at in part) for part in parts)


def grown(tokens: int) -> int:
    """Returns the room that a cache of ``tokens`` gets when it must grow."""
    return tokens + max(MIN_GROWTH, tokens // GROWTH_PART)
