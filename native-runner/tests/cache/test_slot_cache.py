"""Sequences take and leave slots of a sub-batch in any order, and each attends to its own tokens only."""

import random
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import ArraysCache, CacheList, KVCache, RotatingKVCache
from requests_alone import alone, prompt, schedule, tiny_model

from muster_runner.cache.batch_layers import extract, fewest_moves, join, keep, merged, resize
from muster_runner.cache.shifted_cache import ShiftedCache
from muster_runner.sampling.sampling import GREEDY

HEADS, WIDTH = 2, 4
WINDOW = 8
# Of full attention, and of windows of which the latest tokens can be removed again, or not.
WINDOWS = [(None, 0), (WINDOW, 0), (WINDOW, 1), (WINDOW, 3), (WINDOW, 11)]


def content(tokens: Sequence[int]) -> mx.array:
    """Distinct keys (or values) of each token, (1, heads, tokens, width)."""
    base = mx.array(list(tokens), dtype=mx.float32)[None, None, :, None]
    return base + mx.zeros((1, HEADS, len(tokens), WIDTH))


def alone_cache(tokens: Sequence[int], window: int | None) -> Any:
    layer = KVCache() if window is None else RotatingKVCache(window)
    if tokens:
        layer.update_and_fetch(content(tokens), -content(tokens))
    return layer


def tokens_of(layer: Any) -> list[int]:
    return [] if layer.keys is None else [int(key) for key in layer.keys[0, 0, : layer.size(), 0].tolist()]


def attended(keys: mx.array, mask: mx.array) -> list[int]:
    each = zip(keys[0, :, 0].tolist(), mask.tolist(), strict=True)
    return sorted(int(key) for key, is_seen in each if is_seen)


def address(array: mx.array) -> int:
    mx.eval(array)
    return np.asarray(memoryview(array)).__array_interface__["data"][0]


@pytest.mark.parametrize(("window", "margin"), WINDOWS)
@pytest.mark.parametrize("seed", range(12))
def test_slots_hold_what_each_sequence_was_given(seed: int, window: int | None, margin: int) -> None:
    draws = random.Random(seed)
    # Slots and room as a sub-batch would give: enough, and changed now and then.
    slots, room = 6, 12
    expected: list[list[int]] = [list(range(draws.randrange(1, 7))) for _ in range(2)]
    # Of each the tokens that it joined with, and the most that it had.
    joined, reached = list(map(len, expected)), list(map(len, expected))
    (cache,) = merged([[alone_cache(each, window)] for each in expected], slots, room, margin)
    made = 100
    for _ in range(240):
        longest = max(map(len, expected), default=0)
        match draws.randrange(4):
            case 0 if len(expected) < slots:
                made += 100
                new = [made + at for at in range(draws.randrange(1, 14))]
                room = max(room, len(new))
                cache.resize(slots, room)
                cache.join([alone_cache(new, window)])
                expected.append(new)
                joined.append(len(new))
                reached.append(len(new))
            case 1 if len(expected) > 1:
                order = fewest_moves(sorted(draws.sample(range(len(expected)), draws.randrange(1, len(expected)))))
                keep([cache], order)
                expected, joined, reached = ([of[at] for at in order] for of in (expected, joined, reached))
            case 2 if (window is None or margin > 0) and expected:
                counts = []
                for tokens, first, most in zip(expected, joined, reached, strict=True):
                    least = 1 if window is None else max(first, most - margin)
                    counts.append(draws.randrange(min(1 + (margin or 2), 1 + len(tokens) - least)))
                cache.trim(counts)
                expected = [each[: len(each) - count] for each, count in zip(expected, counts, strict=True)]
            case _ if expected:
                count = draws.randrange(1, 3 if window is None else 2 + margin)
                if longest + count > room:
                    room = longest + count + draws.randrange(4)
                    cache.resize(slots, room)
                made += 100
                fed = [[made + 10 * at + nth for nth in range(count)] for at in range(len(expected))]
                masks = cache.make_mask(count, return_array=True)
                rows = mx.concatenate([content(each) for each in fed])
                keys, values = cache.update_and_fetch(rows, -rows)
                before = [len(each) for each in expected]
                expected = [[*each, *new] for each, new in zip(expected, fed, strict=True)]
                reached = [max(most, len(each)) for most, each in zip(reached, expected, strict=True)]
                assert mx.array_equal(keys, -values)
                for at, tokens in enumerate(expected):
                    for nth in range(count):
                        seen = tokens[: before[at] + nth + 1]
                        assert attended(keys[at], masks[at, 0, nth]) == sorted(seen[-(window or len(seen)) :])
        held = [each if window is None else each[-window:] for each in expected]
        got = [cache.extract(at) for at in range(len(expected))]
        assert [tokens_of(layer) for layer in got] == held
        assert cache.offset.tolist() == [layer.offset for layer in got] == [len(each) for each in expected]


@pytest.mark.parametrize(("window", "margin"), WINDOWS)
@pytest.mark.parametrize("narrower", [None, 3])
def test_each_token_attends_to_those_before_it_of_its_own_sequence(
    window: int | None, margin: int, narrower: int | None
) -> None:
    sequences = [list(range(1, 4)), list(range(11, 23)), list(range(31, 36))]
    (cache,) = merged([[alone_cache(each, window)] for each in sequences], 4, 32, margin)
    for step in range(12):
        count = 1 if (window is not None and margin == 0) or step % 2 else 2
        mask = cache.make_mask(count, return_array=True, window_size=narrower)
        fed = [[100 * at + 1000 + step * 2 + nth for nth in range(count)] for at in range(1, 4)]
        rows = mx.concatenate([content(each) for each in fed])
        keys, _ = cache.update_and_fetch(rows, -rows)
        for at, each in enumerate(sequences):
            for nth in range(count):
                each.append(fed[at][nth])
                assert attended(keys[at], mask[at, 0, nth]) == sorted(each[-(narrower or window or len(each)) :])


def test_more_tokens_than_a_window_allows_for_are_refused() -> None:
    """Rather than that what they overwrote is attended to."""
    margin = 3
    (cache,) = merged([[alone_cache(range(20), WINDOW)], [alone_cache([1, 2], WINDOW)]], 2, 32, margin)
    rows = mx.ones((2, HEADS, margin + 1, WIDTH))
    cache.update_and_fetch(rows, rows)
    cache.trim([margin, margin])
    with pytest.raises(ValueError, match="have overwritten"):
        cache.trim([1, 0])
    (cache,) = merged([[alone_cache(range(20), WINDOW)]], 1, 32, margin)
    rows = mx.ones((1, HEADS, margin + 2, WIDTH))
    with pytest.raises(ValueError, match="would overwrite"):
        cache.update_and_fetch(rows, rows)


def test_sequences_of_one_length_need_no_mask() -> None:
    (cache,) = merged([[alone_cache([1, 2, 3], None)], [alone_cache([4, 5, 6], None)]], 2, 8)
    assert cache.make_mask(1) is None
    keep([cache], [0])
    join([cache], [[alone_cache([7], None)]])
    assert cache.make_mask(1).shape == (2, 1, 1, 4)


def test_joining_leaving_and_decoding_write_in_place() -> None:
    """The buffer stays where it is: nothing of the other sequences is copied."""
    # Large, so that a copy out of it would still be read from when it is written to.
    room = 20_000
    (cache,) = merged([[alone_cache(range(10_000 + at), None)] for at in range(5)], 6, room)
    before = address(cache.keys), address(cache.values)
    for joining in (9, 15_000, 300):
        left = extract([cache], 1)
        mx.eval([layer.state for layer in left])
        keep([cache], fewest_moves([0, 2, 3, 4]))
        assert (address(cache.keys), address(cache.values)) == before
        join([cache], [[alone_cache(range(joining), None)]])
        assert (address(cache.keys), address(cache.values)) == before
        cache.trim([0, 1, 0, 2, 0])
        rows = mx.ones((5, HEADS, 1, WIDTH))
        mx.eval(cache.update_and_fetch(rows, rows))
        assert (address(cache.keys), address(cache.values)) == before
    resize([cache], 6, 2 * room)
    assert address(cache.keys) != before[0]


@pytest.mark.parametrize("tokens", [0, 1, 5])
def test_what_a_sequence_leaves_behind_harms_no_other(tokens: int) -> None:
    """Masked keys are multiplied by 0, and 0 times NaN is NaN. (No tokens: a prompt of one.)"""
    broken = KVCache()
    broken.update_and_fetch(*[mx.full((1, HEADS, 20, WIDTH), float("nan"))] * 2)
    (cache,) = merged([[alone_cache([1, 2], None)], [broken]], 3, 32)
    keep([cache], [0])
    join([cache], [[alone_cache(range(tokens), None)]])
    # Its slot is read as far as the longest.
    join([cache], [[alone_cache(range(25), None)]])
    rows = mx.ones((3, HEADS, 1, WIDTH))
    keys, values = cache.update_and_fetch(rows, rows)
    assert keys.shape[2] > 20
    assert mx.isfinite(keys).all() and mx.isfinite(values).all()


def test_layers_of_every_kind_join_and_leave_together() -> None:
    def cache(tokens: list[int], shift: int) -> list[Any]:
        state = ArraysCache(1)
        state[0] = content(tokens[-1:])
        shifted = ShiftedCache(alone_cache(tokens, None), shift)
        return [CacheList(alone_cache(tokens, None), alone_cache(tokens, WINDOW)), state, shifted]

    batch = merged([cache([1, 2, 3], 0), cache([4] * 12, -2), cache([5], 7)], 4, 16)
    keep(batch, fewest_moves([1, 2]))
    join(batch, [cache([6, 7], -1)])
    for at, (tokens, shift) in enumerate((([5], 7), ([4] * 12, -2), ([6, 7], -1))):
        listed, state, shifted = extract(batch, at)
        assert tokens_of(listed[0]) == tokens and tokens_of(listed[1]) == tokens[-WINDOW:]
        assert (listed[1].offset, shifted.offset, shifted.tokens) == (len(tokens), len(tokens) + shift, len(tokens))
        assert state[0][0, 0, 0, 0].item() == tokens[-1]


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "gpt_oss", "qwen3_next", "deepseek_v3"])
@pytest.mark.parametrize("lookahead", [False, True])
def test_tokens_are_those_of_each_alone_while_others_come_and_go(name: str, lookahead: bool) -> None:
    """Shorter and longer sequences take the slots of those that left, in sub-batches that are joined and parted."""
    model, able = tiny_model(name)
    draws = random.Random(3)
    waiting = {str(at): prompt(draws.randrange(2, 120), at) for at in range(24)}
    wanted = {task: draws.randrange(1, 20) for task in waiting}
    expected = {task: alone(model, tokens, wanted[task]) for task, tokens in waiting.items()}
    running = schedule(model, able, None, step=4096, lookahead=lookahead, pass_tokens=200)
    got: dict[str, list[int]] = {}
    tasks = iter(waiting.items())
    for _ in range(2000):
        if len(running._requests) < 7 and (more := next(tasks, None)) is not None:
            running.join(more[0], more[1], GREEDY)
            got[more[0]] = []
        if not running.active:
            break
        for drawn in running.step():
            got[drawn.task_id].append(drawn.token)
        running.leave([task for task in running._requests if len(got[task]) >= wanted[task]])
    assert {task: tokens[: wanted[task]] for task, tokens in got.items()} == expected
