"""Numbers that stand for a picture's placeholder tokens wherever beginnings of prompts are compared."""

import hashlib
from array import array
from collections.abc import Sequence

# No vocabulary has so many tokens: whatever is above stands for a part of a picture.
FIRST_KEY = 1 << 31


def prompt_keys(tokens: Sequence[int], token: int, hashes: Sequence[bytes]) -> list[int]:
    """The prompt's tokens, with numbers in place of each ``token`` that no prompt with other pictures has there.

    They are made of the hashes of all pictures, so it need not be known which of them a placeholder belongs to, but a
    picture that comes in a later turn leaves the numbers of those before it as they were: each run of placeholders is
    numbered by the pictures up to its own share of them.
    """
    runs = _runs(tokens, token)
    keys = list(tokens)
    for at, (start, end) in enumerate(runs):
        # As many pictures as runs is the rule; where a picture is several runs, all pictures count for each.
        known = hashes[: at + 1] if len(runs) == len(hashes) else hashes
        digest = hashlib.shake_256(b"".join(known)).digest(4 * (end - start))
        for place, word in zip(range(start, end), array("I", digest), strict=True):
            keys[place] = FIRST_KEY | word
    return keys


def _runs(tokens: Sequence[int], token: int) -> list[tuple[int, int]]:
    """Half-open ranges in which every token is ``token``."""
    runs: list[tuple[int, int]] = []
    for at, one in enumerate(tokens):
        if one != token:
            continue
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def before_pictures(tokens: list[int]) -> list[int]:
    """The tokens before the first that stands for a part of a picture."""
    return next((tokens[:at] for at, token in enumerate(tokens) if token >= FIRST_KEY), tokens)
