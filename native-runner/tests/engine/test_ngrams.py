"""Prompt lookup finds the last occurrence of the latest tokens, however long the prompt is."""

import random
import tracemalloc

import numpy as np
import pytest

from muster_runner.engine.ngrams import SortedNgrams
from muster_runner.engine.speculation import GRAMS, LONG_PROMPT, PromptLookup


def last_followed(tokens: list[int], size: int) -> int | None:
    """Where the last n-gram that equals the end of the tokens ends, if others follow it."""
    ngram = tokens[-size:]
    ends = range(len(tokens) - 1, size - 1, -1)
    return next((end for end in ends if tokens[end - size : end] == ngram), None)


@pytest.mark.parametrize("size", GRAMS)
@pytest.mark.parametrize("kinds", [1, 2, 3, 9, 1 << 31])
@pytest.mark.parametrize("length", [1, 3, 6, 7, 40, 700])
def test_the_last_occurrence_is_found(size: int, kinds: int, length: int) -> None:
    chosen = random.Random(length + kinds)
    tokens = [chosen.randrange(kinds) + (1 << 31) for _ in range(length)]
    if length == 40:
        tokens += tokens[10:20]
    ngrams = SortedNgrams(np.array(tokens, dtype=np.uint64), size)
    if length < size:
        return
    assert ngrams.last_end(tokens) == last_followed(tokens, size)


@pytest.mark.parametrize("length", [LONG_PROMPT, LONG_PROMPT + 1, 3 * LONG_PROMPT])
def test_a_draft_follows_the_last_occurrence_in_the_prompt_or_the_answer(length: int) -> None:
    chosen = random.Random(length)
    tokens = [chosen.randrange(4) for _ in range(length)]
    lookup = PromptLookup()
    for step in range(60):
        # Not those of an accepted draft, which goes on where it was.
        lookup._source = None
        at = next((end for size in GRAMS if (end := last_followed(tokens, size)) is not None), None)
        assert lookup.draft(tokens, 8) == ([] if at is None else tokens[at : at + 8]), step
        tokens += [chosen.randrange(4) for _ in range(1 + step % 3)]


def test_the_index_of_a_long_prompt_takes_few_bytes() -> None:
    """It is not in the memory budget, and a batch has dozens of prompts."""
    chosen = random.Random(1)
    tokens = [chosen.randrange(100_000) for _ in range(20_000)]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        lookup = PromptLookup()
        lookup.draft(tokens, 8)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 30 * len(tokens)
