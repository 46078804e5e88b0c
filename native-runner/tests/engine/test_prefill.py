"""Prefill: batched and chunked prefill give the same results as prefill alone."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model
from requests_alone import alone

from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.prefill import Prefill, PrefillSteps, complete, fitting
from muster_runner.engine.schedule import Schedule
from muster_runner.model.architectures import abilities
from muster_runner.sampling.sampling import GREEDY


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
    steps = PrefillSteps(80, 80)
    assert [fitting(prompts, steps, budget) for budget in (80, 79, 40, 39, 9)] == [4, 3, 2, 1, 0]


def test_a_prompt_with_a_long_prefix_costs_more(model: Any) -> None:
    steps = PrefillSteps(64, 64, context=20)
    assert [steps.tokens(64, prefix) for prefix in (0, 20, 40, 1280, 2000)] == [64, 64, 32, 1, 0]
    assert [steps.cost(4, prefix) for prefix in (0, 20, 30, 40)] == [4, 4, 6, 8]
    prompts = [prefill(model, [65] * 11), prefill(model, [65] * 51, 40)]
    assert [fitting(prompts, steps, budget) for budget in (40, 39)] == [2, 1]


@pytest.mark.parametrize("others", [[], [30, 5]], ids=["alone", "beside others"])
def test_a_step_takes_fewer_tokens_of_a_long_prompt(model: Any, others: list[int]) -> None:
    able = abilities({"model_type": "qwen2"})
    steps = PrefillSteps(64, 64, context=100)
    batch = DecodingBatch(model, lookahead=False, together=True)
    taken: list[tuple[int, int]] = []

    def progress(task: str, done: int, _total: int) -> None:
        if task == "long":
            taken.append((running.steps, done))

    running = Schedule(model, able, batch, None, steps, progress=progress)
    prompts = {"long": [40 + at % 60 for at in range(900)]}
    prompts |= {f"{length}": [50 + at % 40 for at in range(length)] for length in others}
    for task, tokens in prompts.items():
        running.join(task, tokens, GREEDY)
    got: dict[str, list[int]] = {task: [] for task in prompts}
    while not got["long"]:
        for drawn in running.step():
            got[drawn.task_id].append(drawn.token)
    ends = {step: done for step, done in taken}
    chunks = [(before, after - before) for before, after in pairwise([0, *ends.values()])]
    assert max(count for _, count in chunks) <= 64
    # Five times the context: a fifth of the tokens. Nothing is left over that would make passes of few tokens.
    assert all(count * prefix <= 64 * 100 for prefix, count in chunks if prefix > 100)
    assert len(taken) == len(ends)
    assert len(chunks) < 900 // 10
    for task, tokens in prompts.items():
        assert got[task][:4] == alone(model, tokens, len(got[task][:4]))
