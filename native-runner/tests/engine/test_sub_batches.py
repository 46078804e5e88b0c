"""Sequences are parted by length where padding would cost more than a pass, and get the tokens that each gets alone."""

import random
from collections.abc import Sequence as Several
from typing import Any

import mlx.core as mx
import pytest
from requests_alone import alone, answers, prefix_cache, prompt, schedule, tiny_model

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.memory_budget import MemoryBudget
from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.partition import allowed_padding, cost, limited_partition, padding, partition
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.schedule import Schedule
from muster_runner.engine.speculation import LONGEST_DRAFT
from muster_runner.engine.sub_batch import SubBatch
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


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "qwen3_next", "deepseek_v3", "deepseek_v32"])
def test_tokens_do_not_depend_on_the_partition(name: str) -> None:
    model, able = tiny_model(name)
    prompts = {f"{at}": prompt(length, at) for at, length in enumerate([5, 180, 7, 90, 6, 95, 175, 3])}
    expected = {task: alone(model, tokens, 12) for task, tokens in prompts.items()}
    for pass_tokens in (0, 40, 1 << 30):
        running = schedule(model, able, None, step=100, pass_tokens=pass_tokens)
        got, _ = answers(running, prompts, 12)
        assert got == expected, pass_tokens


class Counted:
    """A model that counts its passes."""

    def __init__(self, model: Any):
        self.model, self.passes = model, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self.passes += 1
        return self.model(*arguments, **options)


@pytest.mark.parametrize(
    ("name", "passes"),
    [*((name, 1) for name in ("llama", "gemma3_text", "gpt_oss", "qwen3_next", "deepseek_v3")), ("rwkv7", 3)],
)
def test_a_step_reads_the_weights_once_where_the_architecture_allows(name: str, passes: int) -> None:
    model, able = tiny_model(name)
    counted = Counted(model)
    running = schedule(counted, able, None, step=1000, pass_tokens=8)
    for at, length in enumerate([4, 90, 91, 200]):
        running.join(str(at), prompt(length, at), GREEDY)
    while len(running._batch) < 4:
        running.step()
    counted.passes = 0
    assert len(running.step()) == 4
    assert (len(running._batch.held()), counted.passes) == (3, passes)


def test_padding_is_limited_where_there_is_no_memory_to_spare() -> None:
    draws = random.Random(6)
    for _ in range(200):
        lengths = [draws.randrange(1, 3000) for _ in range(draws.randrange(1, 33))]
        price, spare = draws.randrange(0, 100_000), draws.randrange(0, 5000)
        parts = limited_partition(lengths, price, spare)
        assert sorted(row for part in parts for row in part) == list(range(len(lengths)))
        assert padding(parts, lengths) <= allowed_padding(lengths, spare)
        if padding(partition(lengths, price), lengths) <= spare:
            # Where there is, time alone decides.
            assert cost(parts, lengths, price) == cost(partition(lengths, price), lengths, price)
    assert limited_partition([], 500, 0) == []


@pytest.mark.parametrize(("pass_tokens", "sizes"), [(27, [8, 1]), (64, [9])])
def test_a_batch_is_copied_for_a_sequence_that_joins_only_if_that_pays(pass_tokens: int, sizes: list[int]) -> None:
    """Another sub-batch costs ``pass_tokens`` per step; the copy, where no slot is free, the tokens of all once."""
    model, able = tiny_model("llama")
    running = schedule(model, able, None, step=4096, pass_tokens=pass_tokens)
    running._batch.limit_padding(0)
    for at in range(8):
        running.join(str(at), prompt(200, at), GREEDY)
    while len(running._batch) < 8:
        running.step()
    running.step()
    assert [count for count, _ in running._batch.held()] == [8]
    running.join("late", prompt(200, 8), GREEDY)
    while len(running._batch) < 9:
        running.step()
    running.step()
    assert [count for count, _ in running._batch.held()] == sizes


def resizings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Lists the slots and the room of each sub-batch whose caches are copied from now on."""
    found: list[tuple[int, int]] = []
    resize = SubBatch.resize

    def counted(batch: SubBatch, slots: int, room: int) -> None:
        found.append((slots, room))
        resize(batch, slots, room)

    monkeypatch.setattr(SubBatch, "resize", counted)
    return found


@pytest.mark.parametrize("budget", [16_000, 1 << 40])
def test_sequences_take_the_slots_of_others_without_a_copy(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little another sub-batch would cost, and with sequences that are long for the budget."""
    model, able = tiny_model("llama")
    running = schedule(model, able, None, step=8192, budget=MemoryBudget(budget, Footprint(1)), pass_tokens=27)
    for at in range(8):
        running.join(str(at), prompt(600, at), GREEDY)
    while len(running._batch) < 8:
        running.step()
    copied = resizings(monkeypatch)
    for at in range(10):
        running.leave([str(at)])
        running.join(str(8 + at), prompt(600, at), GREEDY)
        while len(running._batch) < 8:
            running.step()
    running.step()
    assert [count for count, _ in running._batch.held()] == [8]
    # For the tokens that were generated, at most.
    assert len(copied) <= 1


def test_memory_that_nobody_uses_is_given_back_when_another_needs_it() -> None:
    model, able = tiny_model("llama")
    cache = prefix_cache(model, able)
    running = schedule(model, able, cache, step=8192, budget=MemoryBudget(16_000, Footprint(1)))
    for at in range(12):
        running.join(str(at), prompt(600, at), GREEDY)
    while len(running._batch) < 12:
        running.step()
    running.leave([str(at) for at in range(1, 12)])
    free = running._batch.free_tokens
    assert 600 < free <= running._budget.spare_tokens
    running.step()
    assert running.live_bytes + free + cache.nbytes <= 16_000
    running.resize(running.live_bytes + running._batch.free_tokens - 1)
    running.step()
    assert (running._batch.free_tokens, len(running._batch)) == (0, 1)


@pytest.mark.parametrize("margin", [0, LONGEST_DRAFT])
@pytest.mark.parametrize("lengths", [[200], [40, 60], range(200, 232)], ids=["one", "two", "many"])
def test_windows_take_little_more_than_is_counted_for_them(lengths: Several[int], margin: int) -> None:
    model, able = tiny_model("gpt_oss")
    batch = DecodingBatch(model, False, together=able.batch, ragged=able.one_pass, margin=margin)
    running = Schedule(model, able, batch, None, PrefillSteps(8192, 8192))
    # As when the machine is out of memory.
    batch.limit_padding(0)
    for at, length in enumerate(lengths):
        running.join(str(at), prompt(length, at), GREEDY)
    while len(batch) < len(lengths):
        running.step()
    for _ in range(20):
        running.step()
    if margin > 0:
        # As for tokens that may be rejected.
        batch._caches.several(model, mx.zeros((len(lengths), 2), mx.uint32))
    held, nbytes = batch.held(), batch.nbytes
    running.leave(["0"])
    assert running.measured is not None
    counted = MemoryBudget(1, running.measured.footprint.with_margin(margin)).used(held)
    assert 0.9 * counted <= nbytes <= 1.25 * counted


MIXES = {
    "one long": [2500, *range(100, 131)],
    "two lengths": [250] * 8 + [500] * 8,
    "every length": [60 + 150 * at for at in range(14)],
    "one short": [900] * 7 + [40],
    "each a fifth longer": [round(20 * 1.2**at) for at in range(26)],
}


@pytest.mark.parametrize("mix", MIXES)
def test_caches_take_little_more_than_their_tokens(mix: str) -> None:
    """Even if a pass costs so much that time alone would put all into one, and while sequences leave."""
    model, able = tiny_model("llama")
    batch = DecodingBatch(model, lookahead=False, together=able.batch, pass_tokens=1 << 30)
    running = Schedule(model, able, batch, None, PrefillSteps(4096, 4096))
    # As when the machine is out of memory.
    batch.limit_padding(0)
    for at, length in enumerate(MIXES[mix]):
        running.join(str(at), prompt(length, at), GREEDY)
    while len(batch) < len(MIXES[mix]):
        running.step()
    ratios = []
    for _ in range(3):
        for _ in range(20):
            running.step()
        tokens, nbytes = sum(len(sequence.tokens) for sequence in batch._sequences), batch.nbytes
        running.leave([batch._sequences[-1].task_id])
        assert running.measured is not None
        ratios.append(nbytes / (tokens * running.measured.footprint.per_token))
    assert min(ratios) >= 1 and max(ratios) <= 1.2


@pytest.mark.parametrize("mix", MIXES)
def test_slots_that_wait_for_sequences_count_as_padding(mix: str) -> None:
    """So that both together take little, where the budget is not much more than what the sequences need."""
    model, able = tiny_model("llama")
    batch = DecodingBatch(model, lookahead=False, together=able.batch, pass_tokens=1000)
    per_token = 256
    running = Schedule(
        model,
        able,
        batch,
        None,
        PrefillSteps(4096, 4096),
        MemoryBudget(2 * sum(MIXES[mix]) * per_token, Footprint(per_token)),
    )
    for at, length in enumerate(MIXES[mix]):
        running.join(str(at), prompt(length, at), GREEDY)
    while len(batch) < len(MIXES[mix]):
        running.step()
    for _ in range(20):
        running.step()
    tokens, nbytes = sum(len(sequence.tokens) for sequence in batch._sequences), batch.nbytes
    running.leave(["0"])
    assert running.measured is not None and running.measured.footprint.per_token == per_token
    assert 1 <= nbytes / (tokens * per_token) <= 1.2
