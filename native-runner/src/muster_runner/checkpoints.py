"""At which positions of a prompt it is worth keeping states that cannot be cut back: where others may branch off."""

from collections.abc import Collection, Sequence

from muster_runner.control_tokens import controls_of
from muster_runner.tokenizer import Tokenizer

# Whatever happens between them, a branch need not go back further than this.
EVERY = 2048
# A state is not kept for so few tokens, and marks that lie so close together are one boundary.
LEAST, NEAR = 64, 8
# The end of the system prompt and of the tools come first in a prompt, the latest turns last; what lies between has
# been at the end of an earlier prompt.
FIRST, LAST = 2, 3


def turn_marks(tokenizer: Tokenizer) -> frozenset[int]:
    """The tokens that only the chat template writes."""
    special, others = tokenizer.added_tokens()
    controls = controls_of(special, others, tokenizer.template_source())
    return frozenset(number for text in controls if (number := tokenizer.token_number(text)) is not None)


def checkpoints(tokens: Sequence[int], marks: Collection[int]) -> list[int]:
    """Positions in the order in which they come. ``marks``: as ``turn_marks`` gives them; a text is always cut into
    tokens there, whatever follows."""
    boundaries: list[int] = []
    for at, token in enumerate(tokens):
        if token in marks and at >= LEAST:
            if boundaries and at - boundaries[-1] < NEAR:
                boundaries.pop()
            boundaries.append(at)
    chosen = {*boundaries[:FIRST], *boundaries[-LAST:], *range(EVERY, len(tokens), EVERY)}
    # The end of the prompt is kept anyway.
    return sorted(at for at in chosen if at < len(tokens) - 1)
