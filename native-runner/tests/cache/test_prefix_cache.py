"""The prefix cache: prefixes are reused from memory and disk, and never change a token."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from requests_alone import ANSWER, alone, answers, prefix_cache, prompt, schedule, tiny_model

from muster_runner.cache.blocks import BLOCK
from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.disk_cache import DiskCache
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.cache.prefix_path import Candidate, Step

SYSTEM, FIRST = 300, 600
NAMES = ["qwen2", "llama", "gemma3_text", "gpt_oss", "qwen3_next", "mamba2", "deepseek_v3", "deepseek_v32", "gemma2"]


def conversations(first: list[int], answer: list[int]) -> dict[str, list[int]]:
    """The same again, another with the same system prompt, and the next turn."""
    return {
        "again": first,
        "branch": [*first[:SYSTEM], *prompt(100, 3)],
        "next": [*first, *answer, *prompt(40, 4)],
    }


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("name", NAMES)
def test_prefixes_are_reused_from_memory_and_from_the_disk(name: str, lookahead: bool, tmp_path: Path) -> None:
    model, able = tiny_model(name)
    first = prompt(FIRST, 1)
    cache = prefix_cache(model, able, tmp_path)
    running = schedule(model, able, cache, step=128, lookahead=lookahead)
    got, known = answers(running, {"first": first}, stops=(SYSTEM, 512))
    assert (got["first"], known["first"]) == (alone(model, first), 0)
    later = conversations(first, got["first"])
    expected = {task: alone(model, tokens) for task, tokens in later.items()}

    def check(running, reached: dict[str, int]) -> None:
        for task, tokens in later.items():
            got, known = answers(running, {task: tokens}, stops=(SYSTEM, 512))
            assert got[task] == expected[task], task
            assert known[task] >= reached[task], (task, known)

    reached = {"again": FIRST - 1, "branch": SYSTEM, "next": FIRST + ANSWER - 1}
    check(running, reached)
    # As after a crash: nothing but the files. Of caches that can be cut back only whole blocks lie there.
    cache._disk.flush(30)
    cache = prefix_cache(model, able, tmp_path)
    assert len(cache) == 0 and len(cache._disk) > 0
    if not cache.exact:
        reached |= {"again": 512, "branch": BLOCK}
    check(schedule(model, able, cache, step=128, lookahead=lookahead), reached)


@pytest.fixture
def cache() -> PrefixCache:
    model, _ = tiny_model("llama")
    return PrefixCache(model, Footprint(per_token=1), exact=False)


def kept(cache: PrefixCache, tokens: list[int]) -> None:
    layers = cache._model.make_cache() if hasattr(cache._model, "make_cache") else None
    from mlx_lm.models.cache import make_prompt_cache

    from muster_runner.engine.prefill import Prefill

    prefill = Prefill([*tokens, 0], layers or make_prompt_cache(cache._model), 0)
    prefill.advance(cache._model, len(tokens))
    cache.keep(tokens, prefill.cache, whole=True)


def test_conversations_share_the_blocks_of_their_beginning(cache: PrefixCache) -> None:
    one = prompt(512, 1)
    kept(cache, [*one, *prompt(100, 2)])
    kept(cache, [*one, *prompt(100, 3)])
    assert (len(cache), cache.nbytes) == (4, 712)


def test_a_longer_conversation_replaces_its_former_last_block(cache: PrefixCache) -> None:
    tokens = prompt(400, 1)
    for length in (100, 150, 300, 400):
        kept(cache, tokens[:length])
    assert (len(cache), cache.nbytes) == (2, 400)
    kept(cache, tokens[:120])
    assert (len(cache), cache.nbytes) == (2, 400)


def test_eviction_is_least_recently_used_and_never_leaves_a_gap(cache: PrefixCache) -> None:
    old, new = prompt(700, 1), prompt(700, 30)
    kept(cache, old)
    kept(cache, new)
    assert cache.take([*old, 0])[1] == 700
    cache.shrink(1000)
    assert cache.known([*old, 0]) == 700
    assert cache.known([*new, 0]) == 256
    cache.shrink(300)
    assert cache.known([*old, 0]) == 256
    cache.shrink(0)
    assert (len(cache), cache.nbytes, cache.known([*old, 0])) == (0, 0, 0)


def test_a_long_prompt_is_looked_up_block_by_block_and_not_prefix_by_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests wait for it, and the blocks of all prefixes grow with the square of the prompt."""
    model, able = tiny_model("llama")
    tokens = prompt(6 * BLOCK + 40, 1)
    cache = prefix_cache(model, able, tmp_path)
    kept(cache, tokens)
    cache._disk.flush(30)
    listed: list[int] = []
    steps = Candidate.steps

    def counted(candidate: Candidate, path: Sequence[Step]) -> list[Step]:
        listed.append(candidate.full)
        return steps(candidate, path)

    monkeypatch.setattr(Candidate, "steps", counted)
    assert cache.restore([*tokens, 0]).done
    assert listed == []
    fresh = prefix_cache(model, able, tmp_path)
    restore = fresh.restore([*tokens, 0])
    restore.wait(30)
    # To see that there is something to read, and by the thread that reads.
    assert listed == [6, 6]
    assert fresh.take([*tokens, 0], restore)[1] == len(tokens)


def test_a_prefix_missing_on_another_rank_is_not_used(cache: PrefixCache, tmp_path: Path) -> None:
    tokens = prompt(700, 1)
    for proposed, agreed in ((600, 512), (700, 300), (700, 0)):
        other = PrefixCache(
            cache._model,
            Footprint(per_token=1),
            exact=False,
            disk=DiskCache(tmp_path, b"m", 1 << 30),
            agree=lambda length, agreed=agreed: [length, min(length, agreed)],
        )
        kept(other, tokens)
        assert other.known([*tokens, 0]) == 700
        _, length = other.take([*tokens[:proposed], 0])
        assert length == agreed


def on_two_ranks(name: str, folder: Path, kept_lengths: Sequence[Sequence[int]]) -> list[PrefixCache]:
    """The caches of two ranks that have taken the same prompt from their disks, on which there are prefixes of it of
    these lengths."""
    model, able = tiny_model(name)
    tokens = [*prompt(2 * BLOCK, 1), 0]
    caches, restores, proposed = [], [], []
    for rank, lengths in enumerate(kept_lengths):
        before = prefix_cache(model, able, folder / str(rank))
        for length in lengths:
            kept(before, tokens[:length])
        before._disk.flush(30)
        cache = prefix_cache(model, able, folder / str(rank))
        restores.append(cache.restore(tokens))
        restores[-1].wait(30)
        caches.append(cache)
        proposed.append(max(lengths))
    for cache, restore in zip(caches, restores, strict=True):
        rounds = iter([proposed])
        cache._agree = lambda length, rounds=rounds: next(rounds, [length, length])
        assert cache.take(tokens, restore)[1] == min(proposed)
    return caches


@pytest.mark.parametrize(
    ("name", "kept_lengths"),
    [
        ("llama", [[2 * BLOCK], [BLOCK + 80]]),
        ("llama", [[BLOCK + 100, BLOCK + 80], [BLOCK + 80]]),
        ("gemma3_text", [[BLOCK, 2 * BLOCK], [2 * BLOCK]]),
    ],
    ids=["a whole block on one disk", "a longer tail on one disk", "states on one disk"],
)
def test_ranks_with_different_disks_cache_the_same(
    name: str, kept_lengths: Sequence[Sequence[int]], tmp_path: Path
) -> None:
    first, second = on_two_ranks(name, tmp_path, kept_lengths)
    assert len(first) == len(second) > 0
    assert first.nbytes == second.nbytes
    # Nor does it matter later on what was found where: the same blocks are evicted.
    tokens = [*prompt(2 * BLOCK, 1), 0]
    for cache in (first, second):
        kept(cache, prompt(BLOCK, 9))
        cache.shrink(BLOCK + 100)
    assert first.known(tokens) == second.known(tokens)
