"""Prefill: batched and chunked prefill give the same results as prefill alone."""

from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model

from muster_runner.engine.prefill import Prefill, complete, fitting


@pytest.fixture(scope="module")
def model(tiny: Path) -> Any:
    loaded, _ = load_model(tiny)
    return loaded


def prefill(model: Any, tokens: list[int], done: int = 0) -> Prefill:
    prompt = Prefill(tokens, make_prompt_cache(model), 0)
    prompt.advance(model, done)
    return prompt


def next_logits(model: Any, prompt: Prefill) -> mx.array:
    """Of the token after the prompt, (vocabulary,)."""
    assert prompt.remaining == 0
    return model(mx.array([prompt.tokens[-1:]]), cache=prompt.cache)[0, -1]


def test_batched_prefill_gives_the_same_logits_as_prefill_alone(model: Any) -> None:
    prompts = [[65], [66, 67], list(range(40, 100)), [70, 71] * 9, list(range(60, 90))]
    known = [0, 0, 13, 17, 4]
    together = [prefill(model, tokens, done) for tokens, done in zip(prompts, known, strict=True)]
    assert complete(model, together) == sum(len(tokens) - 1 for tokens in prompts) - sum(known)
    for tokens, prompt in zip(prompts, together, strict=True):
        expected = model(mx.array([tokens]))[0, -1]
        assert mx.allclose(next_logits(model, prompt), expected, atol=1e-3).item()


def test_chunked_prefill_gives_the_same_logits(model: Any) -> None:
    tokens = list(range(40, 120))
    prompt = prefill(model, tokens)
    taken = 0
    while prompt.remaining:
        taken += prompt.advance(model, 9)
    assert taken == len(tokens) - 1
    assert mx.allclose(next_logits(model, prompt), model(mx.array([tokens]))[0, -1], atol=1e-3).item()


def test_only_prompts_that_fit_when_padded_are_prefilled_together(model: Any) -> None:
    prompts = [prefill(model, [65] * length) for length in (11, 21, 6, 2)]
    assert fitting(prompts, 80) == 4
    assert fitting(prompts, 79) == 3
    assert fitting(prompts, 40) == 2
    assert fitting(prompts, 39) == 1
    assert fitting(prompts, 9) == 0
