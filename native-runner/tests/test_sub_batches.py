"""Sequences are parted by length where padding would cost more than a pass, and get the tokens that each gets alone."""

import random

import pytest
from requests_alone import alone, answers, prompt, schedule, tiny_model

from muster_runner.engine.sub_batches import cost, partition
from muster_runner.sampling.sampling import GREEDY


def test_a_long_sequence_decodes_apart_from_short_ones() -> None:
    lengths = [40, 6000, *[50] * 30]
    parts = partition(lengths, 500)
    assert sorted(parts, key=len) == [[1], [0, *range(2, 32)]]
    assert cost(parts, lengths, 500) == 2 * 500 + 6000 + 31 * 50
    assert partition(lengths, 1 << 30) == [list(range(32))]
    assert partition([], 500) == []


def test_the_partition_has_minimal_cost() -> None:
    draws = random.Random(5)
    for _ in range(200):
        lengths = [draws.randrange(1, 60) for _ in range(draws.randrange(1, 7))]
        price = draws.randrange(0, 80)
        others = [[[0]]]
        for row in range(1, len(lengths)):
            others = [
                [*parts[:at], [*(parts[at] if at < len(parts) else []), row], *parts[at + 1 :]]
                for parts in others
                for at in range(len(parts) + 1)
            ]
        parts = partition(lengths, price)
        assert sorted(row for part in parts for row in part) == list(range(len(lengths)))
        assert cost(parts, lengths, price) == min(cost(other, lengths, price) for other in others)


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "qwen3_next", "deepseek_v32"])
def test_tokens_do_not_depend_on_the_partition(name: str) -> None:
    model, able = tiny_model(name)
    prompts = {f"{at}": prompt(length, at) for at, length in enumerate([5, 180, 7, 90, 6, 95, 175, 3])}
    expected = {task: alone(model, tokens, 12) for task, tokens in prompts.items()}
    for pass_tokens in (0, 40, 1 << 30):
        running = schedule(model, able, None, step=100, pass_tokens=pass_tokens)
        got, _ = answers(running, prompts, 12)
        assert got == expected, pass_tokens


def test_caches_take_little_more_than_their_tokens() -> None:
    model, able = tiny_model("llama")
    running = schedule(model, able, None, step=4096, pass_tokens=256)
    running.join("long", prompt(2500, 1), GREEDY)
    for at in range(31):
        running.join(f"short {at}", prompt(100 + at, at), GREEDY)
    while len(running._batch) < 32:
        running.step()
    for _ in range(20):
        running.step()
    assert len(running._batch.held()) == 2
    tokens, nbytes = sum(len(sequence.tokens) for sequence in running._batch._sequences), running._batch.nbytes
    running.leave(["long"])
    assert running.measured is not None
    per_token = running.measured.per_token
    assert per_token > 0
    assert tokens * per_token <= nbytes <= 1.2 * tokens * per_token
