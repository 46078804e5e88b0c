"""NaN and infinity: such a model never gets ready, and such a request gets an error instead of an empty text."""

import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import KVCache
from runner_process import RunnerProcess

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.model.architectures import ALL, NONE, Abilities
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt

SPOILT = 9
# One row of a matrix is no numbers.
ROW = mx.where(mx.arange(260)[:, None] == 70, float("nan"), 0.01)


def with_weights(tiny: Path, out: Path, name: str, value: float | mx.array) -> Path:
    """A copy of the tiny model with one tensor, or all, of one value or of these rows."""
    shutil.copytree(tiny, out)
    for path in out.glob("model*.safetensors"):
        weights = mx.load(str(path))
        changed = {
            key: mx.broadcast_to(mx.array(value), one.shape) if name in key else one for key, one in weights.items()
        }
        mx.save_safetensors(str(path), changed, metadata={"format": "mlx"})
    return out


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("layers.1.mlp.up_proj.weight", float("nan"), "computes no numbers"),
        ("layers.1.mlp.up_proj.weight", float("inf"), "computes no numbers"),
        ("", float("nan"), "computes no numbers"),
        ("lm_head.weight", ROW, "computes no numbers"),
        ("", 0.0, "computes the same for every token"),
    ],
)
def test_damaged_weights_never_become_ready_and_their_file_is_named(
    runner: RunnerProcess, tiny: Path, tmp_path: Path, name: str, value: float | mx.array, what: str
) -> None:
    runner.hello()
    runner.load(with_weights(tiny, tmp_path / "damaged", name, value))
    failed = runner.until(lambda frame: frame["type"] == "failed" or frame.get("status") == "Ready")
    assert (failed["type"], failed["code"]) == ("failed", "model_file")
    assert failed["errorMessage"].startswith("model.safetensors")
    assert what in failed["errorMessage"]


class Spoiling:
    """A model that keeps what it was fed, and computes no numbers once ``SPOILT`` is among it."""

    def make_cache(self) -> list[KVCache]:
        return [KVCache()]

    def __call__(self, tokens: mx.array, cache: Any) -> mx.array:
        fed = tokens[:, None, :, None].astype(mx.float32)
        keys, _ = cache[0].update_and_fetch(fed, fed)
        spoilt = mx.any(keys == SPOILT, axis=(1, 2, 3))[:, None, None]
        logits = mx.broadcast_to(mx.arange(8, dtype=mx.float32), (*tokens.shape, 8))
        return mx.where(spoilt, mx.array(float("nan")), logits)


class Letters:
    eos_token_ids: frozenset[int] = frozenset()

    def template_source(self) -> str:
        return ""

    def added_tokens(self) -> tuple[list[str], list[str]]:
        return [], []

    def stream(self) -> "Letters":
        return self

    def add(self, _token: int) -> str:
        return "x"


def prepared(task: str, tokens: list[int], temperature: float) -> Prepared:
    request = GenerationRequest(
        task_id=task,
        model_id="m",
        prompt=TextPrompt(text=""),
        sampling=Sampling(temperature=temperature, repetition_penalty=1.5 if temperature else None),
        stop=[],
    )
    return Prepared(request, tokens=tokens, limit=5, received=0.0)


@pytest.mark.parametrize("able", [ALL, NONE], ids=["in a batch", "one by one"])
@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("temperature", [0.0, 1.0], ids=["greedy", "drawn"])
def test_a_request_with_nan_fails_alone_and_nothing_of_it_is_cached(
    able: Abilities, lookahead: bool, temperature: float
) -> None:
    frames: list[dict[str, Any]] = []
    tokenizer: Any = Letters()
    model = Spoiling()
    cache = PrefixCache(model, Footprint(per_token=8), exact=False)
    options = EngineOptions(able, {}, PrefillSteps(8, 8), lookahead, cache)
    engine = Engine(model, tokenizer, AnswerRules(tokenizer, None), options, emit=lambda **frame: frames.append(frame))
    engine.add(prepared("sound", [1, 2, 3], temperature))
    engine.step()
    engine.add(prepared("spoilt", [4, SPOILT, 5], temperature))
    while engine.active:
        engine.step()
    ends = {frame["taskId"]: frame for frame in frames if frame["type"] in ("finished", "rejected")}
    assert (ends["sound"]["type"], ends["sound"]["usage"]["completionTokens"]) == ("finished", 5)
    assert (ends["spoilt"]["type"], ends["spoilt"]["code"]) == ("rejected", "runner_failed")
    assert "computed no numbers" in ends["spoilt"]["message"]
    spoken = {item["taskId"] for frame in frames if frame["type"] == "tokens" for item in frame["items"]}
    assert spoken == {"sound"}
    assert cache.take([4, SPOILT, 5, 1]) == (None, 0)
