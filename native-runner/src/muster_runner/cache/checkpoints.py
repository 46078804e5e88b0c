"""Chooses the positions of a prompt at which states that cannot be trimmed are cached: where prompts may diverge."""

from collections.abc import Collection, Sequence

from muster_runner.tokenization.control_tokens import controls_of
from muster_runner.tokenization.tokenizer import Tokenizer

# In tokens: bounds the distance from any position back to a checkpoint.
EVERY = 2048
# In tokens: no checkpoint before LEAST; marks closer together than NEAR are one boundary.
LEAST, NEAR = 64, 8
# Boundaries that are always chosen: the first ones (end of system prompt and tools) and the last ones (latest turn).
FIRST, LAST = 2, 3
# In tokens: the least distance of those between, which are the earlier turns. A nearer one saves little, and each ends
# a chunk of the prefill.
APART = 256
# The most of those between, the latest first; each takes memory for a copy of the states.
BETWEEN = 16


def turn_marks(tokenizer: Tokenizer) -> frozenset[int]:
    """Returns the ids of the control tokens, which only the chat template writes."""
    special, others = tokenizer.added_tokens()
    controls = controls_of(special, others, tokenizer.template_source())
    return frozenset(number for text in controls if (number := tokenizer.token_number(text)) is not None)


def checkpoints(tokens: Sequence[int], marks: Collection[int], most_between: int = BETWEEN) -> list[int]:
    """Returns the positions in ascending order. ``marks``: as from ``turn_marks``; tokenization always splits there,
    whatever follows. ``most_between``: a limit below BETWEEN."""
    boundaries: list[int] = []
    for at, token in enumerate(tokens):
        if token in marks and at >= LEAST:
            if boundaries and at - boundaries[-1] < NEAR:
                boundaries.pop()
            boundaries.append(at)
    between: list[int] = []
    nearest = min(boundaries[-LAST:], default=0)
    for at in reversed(boundaries[FIRST:-LAST]):
        if nearest - at >= APART:
            between.append(at)
            nearest = at
    between = between[: min(BETWEEN, most_between)]
    chosen = {*boundaries[:FIRST], *between, *boundaries[-LAST:], *range(EVERY, len(tokens), EVERY)}
    # The end of the prompt is cached anyway.
    return sorted(at for at in chosen if at < len(tokens) - 1)
