"""Cache keys of prompts with pictures: placeholder tokens are replaced by numbers derived from the pictures."""

import hashlib
from array import array
from collections.abc import Sequence

# Above every token id of any vocabulary: keys from here on stand for parts of pictures.
FIRST_KEY = 1 << 31


def prompt_keys(tokens: Sequence[int], token: int, hashes: Sequence[bytes], end: int | None = None) -> list[int]:
    """Returns the prompt's tokens with every placeholder ``token`` replaced by a number derived from the pictures.

    ``end``: the token after the last run of each picture's placeholders; None: a picture has one run. The runs of
    picture n are derived from the hashes of pictures 1 to n, so a picture added in a later turn does not change the
    keys before it. If the runs do not make up as many pictures as there are hashes, every run depends on all pictures.
    """
    parts = by_picture(tokens, runs_of(tokens, token), end)
    keys = list(tokens)
    for number, picture in enumerate(parts):
        known = hashes[: number + 1] if len(parts) == len(hashes) else hashes
        digest = hashlib.shake_256(b"".join(known)).digest(4 * sum(last - first for first, last in picture))
        words = iter(array("I", digest))
        for first, last in picture:
            keys[first:last] = [FIRST_KEY | next(words) for _ in range(first, last)]
    return keys


def by_picture(tokens: Sequence[int], runs: Sequence[tuple[int, int]], end: int | None) -> list[list[tuple[int, int]]]:
    """Groups the ``runs`` of placeholders by picture. ``end``: as for ``prompt_keys``."""
    pictures: list[list[tuple[int, int]]] = []
    is_complete = True
    for first, last in runs:
        if is_complete:
            pictures.append([])
        pictures[-1].append((first, last))
        is_complete = end is None or tokens[last : last + 1] == [end]
    return pictures


def runs_of(tokens: Sequence[int], token: int) -> list[tuple[int, int]]:
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
