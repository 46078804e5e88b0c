"""Whatever requests do to one another, each gets the tokens that mlx-lm generates for it alone.

Requests join while others prefill and decode, leave, are cancelled in the middle of prefill and of decoding, and go on
from prefixes in memory and on the disk: for each architecture, with and without speculation, on one to three ranks.
"""

from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from drafting import DRAFT, Always, HalfRight, Never
from pipeline_models import MODELS, made, stages
from ranks_in_process import Ranks
from requests_alone import alone, prompt, tiny_model

from muster_runner.cache.cache_layers import has_only_full
from muster_runner.engine.proposer import Proposer
from muster_runner.model.architectures import Abilities, abilities, can_speculate, within

NAMES = ["qwen2", "llama", "gemma3_text", "gpt_oss", "qwen3_next", "mamba2", "deepseek_v3"]
ENDS = {2: [3, 4], 3: [1, 2, 4]}
ANSWER = 8
SYSTEM = 260
# Positions at which states that cannot be trimmed are kept.
STOPS = (64, SYSTEM)

FIRST = {
    "joins first": prompt(9, 1),
    "cancelled while it decodes": prompt(20, 2),
    "cancelled while it prefills": prompt(200, 3),
    "long": prompt(SYSTEM + 20, 4),
    "joins late": prompt(1, 5),
}
JOINS = {
    0: ["joins first", "cancelled while it decodes"],
    2: ["cancelled while it prefills", "long"],
    4: ["joins late"],
}
CANCELLED = {"cancelled while it decodes", "cancelled while it prefills"}

Answers = dict[str, list[int]]
Parts = tuple[list[Any], Abilities, bool]


@cache
def whole(name: str, several: bool) -> tuple[Any, Abilities]:
    """Returns a tiny model, for one rank or to be shared out, and what it can do."""
    if not several:
        return tiny_model(name)
    kind, more = MODELS[name]
    model = made(kind, more, mx.float32)
    return model, within(abilities({"model_type": kind}), model)


@cache
def parts_of(name: str, ranks: int) -> Parts:
    """Returns the ranks' parts of a tiny model, what it can do, and whether its caches cannot be trimmed."""
    model, able = whole(name, ranks > 1)
    parts = [model] if ranks == 1 else list(stages(*MODELS[name], mx.float32, ENDS[ranks]))
    # Each part is prepared for what it is able to do, as a rank does.
    assert {within(able, part) for part in parts} == {able}
    return parts, able, not (able.trim and has_only_full(model))


@cache
def generated_alone(name: str, several: bool, tokens: tuple[int, ...]) -> list[int]:
    """Returns what mlx-lm generates for a prompt alone: a request's answer, and what a draft beside it can reach."""
    return alone(whole(name, several)[0], list(tokens), 2 * ANSWER)


def is_cancelled(task: str, tokens: list[int], at: int) -> bool:
    """Whether to cancel a request before step ``at``, when it has generated ``tokens``."""
    match task:
        case "cancelled while it decodes":
            return len(tokens) > 0
        case "cancelled while it prefills":
            assert tokens == [], "its prompt was to be longer"
            return at == 4
        case _:
            return False


def run(running: Ranks, prompts: Answers, joins: dict[int, list[str]]) -> tuple[Answers, dict[str, int]]:
    """Runs requests to ANSWER tokens, but those to be cancelled. ``joins``: by the number of the step before which they
    happen. Returns the tokens of each, and how many of its prompt's came from the prefix cache."""
    got: Answers = {}
    cached: dict[str, int] = {}
    ended: Answers = {}
    at = 0
    while running.active or at <= max(joins):
        for task in joins.get(at, []):
            got[task] = []
            running.join(task, prompts[task], STOPS)
        for task in [task for task in got if is_cancelled(task, got[task], at)]:
            running.leave([task])
            del got[task]
        for drawn in running.step():
            got[drawn.task_id].append(drawn.token)
        done = [task for task, tokens in got.items() if len(tokens) >= ANSWER]
        for task in done:
            cached[task], ended[task] = running.cached(task), got.pop(task)[:ANSWER]
        running.leave(done)
        at += 1
    return ended, cached


def cases() -> list[Any]:
    made_of = [(name, 1) for name in NAMES] + [(name, ranks) for name in NAMES if name in MODELS for ranks in (2, 3)]
    return [
        pytest.param(name, ranks, drafts, id=f"{name}-{ranks} ranks{'-speculation' if drafts else ''}")
        for name, ranks in made_of
        for drafts in ([False, True] if can_speculate(parts_of(name, ranks)[1], ranks) else [False])
    ]


def test_every_architecture_here_is_tested_with_speculation() -> None:
    assert {case.values[0] for case in cases() if case.values[2]} == set(NAMES)


@pytest.mark.parametrize(("name", "ranks", "drafts"), cases())
def test_every_request_gets_the_tokens_that_mlx_lm_generates_for_it_alone(
    name: str, ranks: int, drafts: bool, tmp_path: Path
) -> None:
    parts, able, exact = parts_of(name, ranks)
    payoffs: list[Always] = []

    def generated(tokens: list[int]) -> list[int]:
        return generated_alone(name, ranks > 1, tuple(tokens))

    def opened() -> Ranks:
        payoffs.append(Always())
        draft: Any = HalfRight(generated)
        proposer = Proposer(draft, lookups=Never(), drafts=payoffs[-1]) if drafts else None
        return Ranks(parts, able, exact, tmp_path, proposer=proposer, margin=DRAFT)

    def expect(got: Answers, prompts: Answers) -> None:
        assert got == {task: generated(prompts[task])[:ANSWER] for task in got}

    running = opened()
    first, cached = run(running, FIRST, JOINS)
    expect(first, FIRST)
    assert set(first) == set(FIRST) - CANCELLED
    assert set(cached.values()) == {0}
    later = {
        "again": FIRST["long"],
        "branch": [*FIRST["long"][:SYSTEM], *prompt(30, 6)],
        "next turn": [*FIRST["long"], *first["long"], *prompt(10, 7)],
        "after a cancel": FIRST["cancelled while it prefills"],
    }
    reach = {"again": 256, "branch": 256, "next turn": 256, "after a cancel": 1}
    all_at_once = {0: list(later)}
    second, cached = run(running, later, all_at_once)
    expect(second, later)
    assert {task: cached[task] for task in later if cached[task] < reach[task]} == {}
    for disk in running.disks:
        disk.flush(30)
    # As after a crash: nothing but the files.
    third, cached = run(opened(), later, all_at_once)
    assert third == second
    assert min(cached[task] for task in ("again", "branch", "next turn")) >= 256
    for payoff in payoffs if drafts else []:
        # Some draft tokens were accepted, and some were not.
        assert 0 < payoff.sequences < payoff.drawn < (1 + DRAFT) * payoff.sequences


@pytest.mark.parametrize("name", NAMES)
def test_the_same_holds_where_steps_overlap(name: str, tmp_path: Path) -> None:
    got, _ = run(Ranks(*parts_of(name, 1), tmp_path, lookahead=True), FIRST, JOINS)
    assert got == {task: generated_alone(name, False, tuple(FIRST[task]))[:ANSWER] for task in got}
