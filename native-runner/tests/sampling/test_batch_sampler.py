"""Batched sampling: with any mix of settings each sequence samples the same as alone."""

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from requests_alone import prompt, schedule, tiny_model

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.memory_budget import UNLIMITED, MemoryBudget
from muster_runner.engine.sequence import Sequence
from muster_runner.protocol import Sampling
from muster_runner.sampling.batch_sampler import BatchSampler
from muster_runner.sampling.penalties import LogitBias
from muster_runner.sampling.sampling import sampling_pipeline

SETTINGS = [
    Sampling(temperature=0),
    Sampling(temperature=0, repetition_penalty=1.7),
    Sampling(temperature=0.8, seed=1),
    Sampling(temperature=1.2, seed=2, top_p=0.7),
    Sampling(temperature=1.0, seed=3, top_k=3),
    Sampling(temperature=1.0, seed=4, min_p=0.2, frequency_penalty=0.7, presence_penalty=-0.3),
    Sampling(temperature=0.5, seed=5, top_p=0.9, top_k=7, min_p=0.05, repetition_penalty=1.1),
    Sampling(temperature=0, frequency_penalty=1.5, logit_bias={"3": 4.0, "9": -100.0}),
    Sampling(temperature=2.0, seed=6, logit_bias={"7": 3.0, "999": 5.0}, repetition_penalty=0.8),
]
COUNT = 30


def drawn(budget: MemoryBudget, settings: list[Sampling], lookahead: bool) -> list[list[int]]:
    """What each of these draws of its own prompt, all at once."""
    model, able = tiny_model("llama")
    running = schedule(model, able, None, step=64, lookahead=lookahead, budget=budget)
    got: dict[str, list[int]] = {}
    for sampling in settings:
        running.join(
            f"{SETTINGS.index(sampling)}", prompt(40, SETTINGS.index(sampling)), sampling_pipeline(sampling, {})
        )
        # They join one after the other, and leave one after the other.
        for news in running.step():
            got.setdefault(news.task_id, []).append(news.token)
    while running.active:
        for news in running.step():
            got.setdefault(news.task_id, []).append(news.token)
        running.leave([task for task in got if len(got[task]) >= COUNT and task in running._requests])
    return [got[f"{SETTINGS.index(sampling)}"][:COUNT] for sampling in settings]


@pytest.fixture(scope="module")
def alone() -> list[list[int]]:
    return [drawn(UNLIMITED, [sampling], lookahead=False)[0] for sampling in SETTINGS]


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
def test_mixed_settings_in_a_batch_sample_the_same_as_alone(alone: list[list[int]], lookahead: bool) -> None:
    assert drawn(UNLIMITED, SETTINGS, lookahead) == alone
    # The settings do something.
    assert len({tuple(tokens) for tokens in alone}) == len(SETTINGS)


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
def test_a_preempted_request_continues_with_the_same_samples(
    alone: list[list[int]], lookahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster_runner.engine.schedule.HEADROOM_TOKENS", 4)
    budget = MemoryBudget(total=10 * 200, footprint=Footprint(per_token=10))
    assert drawn(budget, SETTINGS, lookahead) == alone


def test_penalties_do_not_hide_an_overflow() -> None:
    """Logits that are no numbers are told as such, also where a penalty clips them."""
    ones = [
        Sequence(f"{at}", [1, 2], 3, [], sampling_pipeline(sampling, {}))
        for at, sampling in enumerate([Sampling(temperature=0, repetition_penalty=2.0), Sampling(temperature=0)])
    ]
    logits = mx.array([[0.0, mx.nan, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0]])
    logits[0] = mx.nan
    _, _, finite = BatchSampler()(ones, logits, mx.array([3, 3], dtype=mx.uint32))
    assert finite.tolist() == [False, True]


@pytest.mark.parametrize("sampling", [Sampling(temperature=0, logit_bias={"5": 1.0}), *SETTINGS[1:]])
def test_nothing_to_be_computed_is_left_over_from_step_to_step(sampling: Sampling, tmp_path: Path) -> None:
    """Otherwise a long answer would collect it, and whatever reads it at last would compute it all at once."""
    one, sampler = Sequence("a", [1, 2], 3, [], sampling_pipeline(sampling, {})), BatchSampler()
    fed = mx.array([one.following], dtype=mx.uint32)
    for _ in range(20):
        fed, _, finite = sampler([one], mx.random.normal((1, 64)), fed)
        mx.eval(fed, finite)
    if sampler._contexts is not None:
        graph = tmp_path / "graph.dot"
        mx.export_to_dot(str(graph), sampler._contexts)
        assert graph.read_text().count("->") == 0


VOCABULARY = 1000
# How many requests a batch has, of which one is at a limit.
WIDTH = 6


def sequences(settings: list[Sampling]) -> list[Sequence]:
    return [Sequence(f"{at}", [1, 2], 3, [], sampling_pipeline(sampling, {})) for at, sampling in enumerate(settings)]


class Counting:
    """``mlx.core`` for one module, which counts the values that it sorts or makes arrays of."""

    def __init__(self) -> None:
        self.values = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(mx, name)

    def array(self, values: Any, **rest: Any) -> mx.array:
        made = mx.array(values, **rest)
        self.values += made.size
        return made

    def sort(self, values: mx.array, **rest: Any) -> mx.array:
        self.values += values.size
        return mx.sort(values, **rest)


@pytest.mark.parametrize("count", [3, VOCABULARY // 2, VOCABULARY])
def test_a_bias_is_prepared_once_and_not_in_each_step(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may name the whole vocabulary, and all requests wait for each step."""
    biased = Sampling(temperature=0, logit_bias={str(token): 1.0 for token in range(count)})
    batch, sampler = sequences([biased, *[Sampling(temperature=0)] * (WIDTH - 1)]), BatchSampler()
    logits, fed = mx.random.normal((WIDTH, VOCABULARY)), mx.zeros(WIDTH, dtype=mx.uint32)
    counted = Counting()
    monkeypatch.setattr("muster_runner.sampling.penalties.mx", counted)
    sampler(batch, logits, fed)
    assert counted.values >= count
    counted.values = 0
    for _ in range(3):
        sampler(batch, logits, fed)
    assert counted.values <= 3 * WIDTH


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (Sampling(temperature=1, top_p=0.9), Sampling(temperature=1)),
        (Sampling(temperature=1, top_p=0.9, top_k=7), Sampling(temperature=1, top_k=7)),
        (Sampling(temperature=1, top_k=VOCABULARY - 1), Sampling(temperature=1)),
        (Sampling(temperature=1, top_k=VOCABULARY - 1), Sampling(temperature=1, top_k=7, seed=1)),
    ],
)
def test_the_filters_of_one_request_sort_no_values_of_others(
    one: Sampling, others: Sampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorting takes longer than anything else of a sample on a CPU."""
    logits, fed = mx.random.normal((WIDTH, VOCABULARY)), mx.zeros(WIDTH, dtype=mx.uint32)
    counted = Counting()
    monkeypatch.setattr("muster_runner.sampling.sampling.mx", counted)

    def sorted_values(settings: list[Sampling]) -> int:
        counted.values = 0
        BatchSampler()(sequences(settings), logits[: len(settings)], fed[: len(settings)])
        return counted.values

    together = sorted_values([one, *[others] * (WIDTH - 1)])
    assert together <= sorted_values([one]) + sorted_values([others] * (WIDTH - 1)) + 10 * WIDTH


def test_a_bias_adds_the_same_however_many_tokens_it_names_and_whatever_others_have() -> None:
    random = np.random.default_rng(0)
    biases = [
        {int(token): float(random.integers(-100, 100)) for token in random.permutation(VOCABULARY + 50)[:count]}
        for count in (1, VOCABULARY, 20, VOCABULARY // 2, 0)
    ]
    logits = random.normal(size=(len(biases), VOCABULARY)).astype(np.float32)
    expected = logits.copy()
    for row, bias in zip(expected, biases, strict=True):
        for token, value in bias.items():
            if token < VOCABULARY:
                row[token] += np.float32(value)
    instances = [LogitBias({str(token): value for token, value in bias.items()}) for bias in biases]
    none = mx.zeros((len(biases), 1), dtype=mx.uint32)
    assert np.array_equal(np.array(LogitBias.rows(instances, none, mx.array(logits))), expected)
    for instance, row, biased in zip(instances, logits, expected, strict=True):
        assert np.array_equal(np.array(instance(none[0], mx.array(row[None]))), biased[None])
