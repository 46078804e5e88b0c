"""Pipeline sharding: each supported architecture gives the same results in stages as whole.

The stages run in one process: what one sends is queued for the next.
"""

from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from pipeline_models import MODELS, made, stages

from muster_runner.model.pipeline import ARCHITECTURES


class Split:
    """A model in parts, called like the whole."""

    def __init__(self, kind: str, more: dict[str, Any], dtype: mx.Dtype, ends: list[int]):
        self.stages = stages(kind, more, dtype, ends)

    def __call__(self, tokens: mx.array, caches: list[Any]) -> mx.array:
        out = None
        for stage, cache in zip(self.stages, caches, strict=True):
            out = stage(tokens, cache=cache)
        return out


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ends", [[2, 4], [3, 4], [1, 2, 4]], ids=str)
def test_pipeline_stages_compute_the_same_as_the_whole_model(name: str, ends: list[int]) -> None:
    kind, more = MODELS[name]
    whole = made(kind, more, mx.float32)
    split = Split(kind, more, mx.float32, ends)
    cache = make_prompt_cache(whole)
    caches = [make_prompt_cache(stage) for stage in split.stages]
    assert [len(each) for each in caches] == [end - start for start, end in zip([0, *ends], ends, strict=False)]
    prompt = [[(7 * at + 13 * row) % 100 for at in range(9)] for row in range(2)]
    tokens = mx.array(prompt)
    for _ in range(6):
        expected = whole(tokens, cache=cache)
        got = split(tokens, caches)
        assert mx.allclose(got, expected, atol=1e-4, rtol=1e-4).item()
        tokens = mx.argmax(expected[:, -1:, :], axis=-1)


def test_stages_agree_on_the_dtype_of_hidden_states() -> None:
    whole, split = made("llama", {}, mx.bfloat16), Split("llama", {}, mx.bfloat16, [2, 4])
    caches = [make_prompt_cache(stage) for stage in split.stages]
    tokens = mx.array([[1, 2, 3]])
    expected = whole(tokens, cache=make_prompt_cache(whole))
    assert mx.array_equal(split(tokens, caches), expected).item()


def test_every_architecture_that_is_offered_is_tested_here() -> None:
    assert {kind for kind, _ in MODELS.values()} == ARCHITECTURES
