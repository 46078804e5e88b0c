"""Reference answers of single requests by mlx-lm, and a schedule that runs until all requests are done."""

from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.generate import generate_step
from mlx_lm.models.cache import make_prompt_cache
from tiny_architectures import configurations, made
from tiny_sizes import VOCABULARY

from muster_runner.cache.cache_layers import Footprint, has_only_full
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.memory_budget import UNLIMITED, MemoryBudget
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.proposer import Proposer
from muster_runner.engine.schedule import Schedule
from muster_runner.model.architectures import Abilities, abilities, within
from muster_runner.sampling.sampling import GREEDY

ANSWER = 6
ROOT = b"a model"


def prompt(length: int, seed: int) -> list[int]:
    return [(seed + 7 * at * at + 3 * at + at // 50) % VOCABULARY for at in range(length)]


def tiny_model(name: str) -> tuple[Any, Abilities]:
    config = configurations(name)[-1]
    model = made(config)
    return model, within(abilities(config), model)


def prefix_cache(model: Any, able: Abilities, disk: Path | None = None, max_bytes: int = 1 << 30) -> PrefixCache:
    exact = not (able.trim and has_only_full(model))
    files = DiskCache(disk, ROOT, max_bytes) if disk else None
    return PrefixCache(model, Footprint(per_token=1, per_sequence=10), exact=exact, root=ROOT, disk=files)


def schedule(
    model: Any,
    able: Abilities,
    cache: PrefixCache | None,
    step: int = 8,
    lookahead: bool = False,
    budget: MemoryBudget = UNLIMITED,
    pass_tokens: int = 64,
    proposer: Proposer | None = None,
    margin: int = 0,
) -> Schedule:
    batch = DecodingBatch(model, lookahead, able.batch, pass_tokens, proposer, able.one_pass, margin)
    return Schedule(model, able, batch, cache, PrefillSteps(step, step), budget)


def alone(model: Any, tokens: list[int], count: int = ANSWER) -> list[int]:
    """Prefills all but the last token in one pass, for architectures without chunked prefill."""
    made_cache = make_prompt_cache(model)
    step = generate_step(mx.array(tokens), model, max_tokens=count, prompt_cache=made_cache)
    return [int(token) for token, _ in step]


def answers(
    schedule: Schedule, prompts: dict[str, list[int]], count: int = ANSWER, stops: tuple[int, ...] = ()
) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Runs requests concurrently until each has ``count`` tokens. Returns these, and each one's cached token count."""
    got: dict[str, list[int]] = {task: [] for task in prompts}
    known: dict[str, int] = {}
    for task, tokens in prompts.items():
        schedule.join(task, tokens, GREEDY, stops)
    while schedule.active:
        for drawn in schedule.step():
            got[drawn.task_id].append(drawn.token)
        done = [task for task in prompts if len(got[task]) >= count and task not in known]
        known |= {task: schedule.cached(task) for task in done}
        schedule.leave(done)
    return {task: tokens[:count] for task, tokens in got.items()}, known
