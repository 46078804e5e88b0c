"""Siblings: the sorted search must give the same results as a linear scan."""

import random

import pytest

from muster_runner.cache import siblings as module
from muster_runner.cache.blocks import Block, block_key, common
from muster_runner.cache.siblings import Siblings


def _block(tokens: list[int]) -> Block:
    return Block(block_key(b"", tokens), b"", tokens, len(tokens), [], None)


@pytest.mark.parametrize("seed", range(30))
def test_the_search_gives_the_same_result_as_a_linear_scan(seed: int):
    draw = random.Random(seed)
    siblings, held = Siblings(), dict[tuple[int, ...], Block]()
    for _ in range(120):
        tokens = [draw.randrange(3) for _ in range(draw.randint(1, 6))]
        if tuple(tokens) in held and draw.random() < 0.5:
            siblings.remove(held.pop(tuple(tokens)))
        elif tuple(tokens) not in held:
            held[tuple(tokens)] = block = _block(tokens)
            siblings.add(block)
        asked = [draw.randrange(3) for _ in range(draw.randint(1, 8))]
        nearest = siblings.nearest(asked)
        most = max((common(one, asked) for one in map(list, held)), default=0)
        assert (0 if nearest is None else nearest[1]) == most
        assert siblings.has_continuation(asked) == any(one[: len(asked)] == tuple(asked) for one in held)
        assert sorted(siblings.lengths) == sorted({len(one) for one in held})
        assert {tuple(block.tokens) for block in siblings} == set(held)


def test_a_prefix_block_is_found():
    siblings = Siblings()
    for tokens in ([1, 1], [1, 2], [2], [3, 1, 1]):
        siblings.add(_block(tokens))
    found = siblings.prefix_of([1, 2, 5])
    assert found is not None and found.tokens == [1, 2]
    assert siblings.prefix_of([2]) is None
    assert siblings.prefix_of([0, 1]) is None
    assert siblings.prefix_of([3, 1, 2]) is None


def test_a_search_in_thousands_compares_only_a_few(monkeypatch: pytest.MonkeyPatch):
    siblings = Siblings()
    draw = random.Random(7)
    for number in range(20_000):
        siblings.add(_block([9, 9, number, *(draw.randrange(100) for _ in range(20))]))
    compared = 0

    def counted(one: list[int], other: list[int]) -> int:
        nonlocal compared
        compared += 1
        return common(one, other)

    monkeypatch.setattr(module, "common", counted)
    for number in range(0, 20_000, 1000):
        nearest = siblings.nearest([9, 9, number, 0])
        assert nearest is not None and nearest[1] >= 3
    assert compared <= 2 * 20
