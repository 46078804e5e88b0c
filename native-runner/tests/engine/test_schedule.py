"""The scheduler uses only features that the architecture supports: requests get the same tokens as alone."""

from collections import Counter
from importlib import import_module
from typing import Any, cast

import pytest
from drafting import DRAFT, Always, HalfRight, Never
from requests_alone import alone, answers, prefix_cache, prompt, schedule, tiny_model

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.memory_budget import MemoryBudget
from muster_runner.engine.draft import Draft
from muster_runner.engine.proposer import Proposer
from muster_runner.sampling.sampling import GREEDY

# All abilities; a window; no trim; recurrent; no pad; no batch; neither; nothing at all.
ARCHITECTURES = ["llama", "qwen2", "deepseek_v3", "gemma3_text", "gpt_oss", "qwen3_next", "mamba2", "mamba"]
ARCHITECTURES += ["gemma2", "longcat_flash_ngram", "phi3small"]


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_concurrent_requests_are_answered_as_alone(name: str, lookahead: bool) -> None:
    model, able = tiny_model(name)
    cache = prefix_cache(model, able) if able.resume else None
    running = schedule(model, able, cache, lookahead=lookahead)
    first = prompt(9, 1)
    prompts = {"long": first, "short": prompt(3, 4), "one": prompt(1, 5), "longest": prompt(300, 2)}
    got, _ = answers(running, prompts)
    # These go on from what the first computed: from a part of it, and from all of it.
    later = {
        "branch": [*first[:6], *prompt(5, 8)],
        "next": [*first, *got["long"], *prompt(4, 9)],
        "other": prompt(12, 6),
    }
    more, known = answers(running, later)
    for task, tokens in {**prompts, **later}.items():
        assert {**got, **more}[task] == alone(model, tokens), task
    assert (known["next"] > 0) == able.resume
    assert (known["branch"] > 0) == (cache is not None and not cache.exact)


@pytest.mark.parametrize(
    ("name", "lookahead", "drafts"),
    [
        ("llama", True, False),
        ("gemma3_text", False, False),
        ("qwen3_next", False, False),
        ("qwen3_next", True, False),
        ("gemma2", False, False),
        ("llama", False, True),
        ("gemma3_text", True, True),
        ("gpt_oss", False, True),
    ],
)
def test_with_little_memory_long_requests_wait_and_get_the_same_tokens(
    name: str, lookahead: bool, drafts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster_runner.engine.schedule.HEADROOM_TOKENS", 8)
    model, able = tiny_model(name)
    footprint = Footprint(per_token=10)
    # Room for three of the eight at their ends, so they wait, join, outgrow the budget, wait again and go on.
    budget = MemoryBudget(total=10 * 3 * 130, footprint=footprint)
    cache = prefix_cache(model, able)
    payoff, draft = Always(), cast(Draft, HalfRight(lambda tokens: alone(model, tokens, 40)))
    proposer = Proposer(draft, lookups=Never(), drafts=payoff) if drafts else None
    running = schedule(model, able, cache, step=64, lookahead=lookahead, budget=budget, proposer=proposer, margin=DRAFT)
    prompts = {f"{at}": prompt(20 + 11 * at, at) for at in range(8)}
    most = preempted = 0
    preempt = running._batch.preempt

    def counted(task_id: str):
        nonlocal preempted
        preempted += 1
        return preempt(task_id)

    running._batch.preempt = counted
    step = running.step

    def watched():
        nonlocal most
        told = step()
        most = max(most, running.live_bytes)
        return told

    running.step = watched
    got, _ = answers(running, prompts, count=30)
    for task, tokens in prompts.items():
        assert got[task] == alone(model, tokens, 30), task
    assert preempted > 0
    assert (payoff.drawn > payoff.sequences) == drafts
    # What the pass adds before somebody is sent to wait: a token for each, and padding.
    assert most <= budget.total * 1.15
    assert cache.nbytes <= budget.total


def test_a_request_larger_than_the_budget_runs_alone() -> None:
    model, able = tiny_model("llama")
    running = schedule(model, able, None, budget=MemoryBudget(total=10, footprint=Footprint(per_token=10)))
    prompts = {f"{at}": prompt(30, at) for at in range(3)}
    got, _ = answers(running, prompts)
    assert got == {task: alone(model, tokens) for task, tokens in prompts.items()}


def test_concurrent_requests_with_a_common_prefix_compute_it_once() -> None:
    model, able = tiny_model("llama")
    running = schedule(model, able, prefix_cache(model, able), step=64)
    prompts = {f"{at}": [*prompt(600, 1), *prompt(20, 2 + at)] for at in range(8)}
    got, known = answers(running, prompts)
    assert got == {task: alone(model, tokens) for task, tokens in prompts.items()}
    assert sorted(known.values()) == [0, *[512] * 7]


@pytest.mark.parametrize("name", ["llama", "gemma3_text"])
def test_a_prompt_that_waits_for_anothers_prefix_is_compared_and_hashed_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests wait for each step, and the prompts of a team of agents are long and have much in common."""
    model, able = tiny_model(name)
    running = schedule(model, able, prefix_cache(model, able), step=8)
    waiting = 6
    counts = Counter[str]()

    def counted(what: str, where: str) -> None:
        original = getattr(import_module(where), what)

        def count(*arguments: Any) -> Any:
            counts[what] += 1
            return original(*arguments)

        monkeypatch.setattr(f"{where}.{what}", count)

    counted("common", "muster_runner.engine.request")
    counted("block_key", "muster_runner.cache.prefix_search")
    for at in range(1 + waiting):
        running.join(f"{at}", [*prompt(600, 1), *prompt(20, 2 + at)], GREEDY, (512,))
    running.step()
    assert counts["common"] == waiting
    assert counts["block_key"] >= waiting
    counts.clear()
    for _ in range(20):
        running.step()
    assert running.active == 1 + waiting
    assert counts["block_key"] == counts["common"] == 0
