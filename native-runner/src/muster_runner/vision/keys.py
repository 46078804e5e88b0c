"""Cache keys of prompts with pictures: placeholder tokens are replaced by numbers derived from the pictures."""

import hashlib
from array import array
from collections.abc import Sequence

# Above every token id of any vocabulary: keys from here on stand for parts of pictures.
FIRST_KEY = 1 << 31


def prompt_keys(tokens: Sequence[int], token: int, hashes: Sequence[bytes]) -> list[int]:
    """Returns the prompt's tokens with every placeholder ``token`` replaced by a number derived from the pictures.

    Run n of placeholders is derived from the hashes of pictures 1 to n, so a picture added in a later turn does not
    change the keys before it. If runs and pictures differ in number, every run depends on all pictures.
    """
    runs = _runs(tokens, token)
    keys = list(tokens)
    for at, (start, end) in enumerate(runs):
        # Usually one run per picture. A picture of several runs cannot be assigned, so all pictures count.
        known = hashes[: at + 1] if len(runs) == len(hashes) else hashes
        digest = hashlib.shake_256(b"".join(known)).digest(4 * (end - start))
        for place, word in zip(range(start, end), array("I", digest), strict=True):
            keys[place] = FIRST_KEY | word
    return keys


def _runs(tokens: Sequence[int], token: int) -> list[tuple[int, int]]:
    """Returns the half-open ranges in which every token is ``token``."""
    runs: list[tuple[int, int]] = []
    for at, each in enumerate(tokens):
        if each != token:
            continue
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def before_pictures(tokens: list[int]) -> list[int]:
    """Returns the tokens before the first part of a picture."""
    return next((tokens[:at] for at, token in enumerate(tokens) if token >= FIRST_KEY), tokens)
