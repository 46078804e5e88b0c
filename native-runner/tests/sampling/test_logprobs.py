"""The log probabilities of a token and its alternatives."""

from typing import Any

import numpy as np
import pytest

from muster_runner.sampling.logprobs import highest

VOCABULARY = 50_000


class Counting:
    """numpy for one module, which counts the values that it puts in order."""

    def __init__(self) -> None:
        self.values = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def argsort(self, values: np.ndarray, **rest: Any) -> np.ndarray:
        self.values += values.size
        return np.argsort(values, **rest)

    def argpartition(self, values: np.ndarray, place: int) -> np.ndarray:
        self.values += values.size
        return np.argpartition(values, place)


@pytest.mark.parametrize("kind", ["all different", "many equal", "nearly all impossible", "all equal"])
@pytest.mark.parametrize("size", [1, 20, 63, 64, 65, 1300, 1344, 1345, VOCABULARY])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_the_alternatives_are_the_best_tokens_in_order(kind: str, size: int, count: int) -> None:
    random = np.random.default_rng(size + count)
    values = -random.random(size, dtype=np.float32)
    if kind == "many equal":
        values = np.round(values * 4)
    if kind == "nearly all impossible":
        values[random.permutation(size)[2:]] = -np.inf
    if kind == "all equal":
        values[:] = -1
    count = min(count, size)
    found = highest(values, count)
    assert len(set(found.tolist())) == count
    assert values[found].tolist() == sorted(values.tolist(), reverse=True)[:count]


def test_few_values_are_put_in_order_for_the_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token of a request that asks for them would delay all others of its batch."""
    values, counted = np.random.default_rng(0).random(VOCABULARY, dtype=np.float32), Counting()
    monkeypatch.setattr("muster_runner.sampling.logprobs.np", counted)
    highest(values, 20)
    assert 0 < counted.values < VOCABULARY // 10
