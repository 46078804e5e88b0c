"""The 8-bit KV cache gives the results of mlx-lm's quantized cache, also in batches and from cached prefixes."""

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.generate import generate_step
from mlx_lm.models.cache import KVCache, QuantizedKVCache, make_prompt_cache
from mlx_lm.utils import load_model
from requests_alone import answers, prefix_cache, prompt, schedule
from runner_process import RunnerProcess
from tiny_architectures import configurations, made, names

from muster_runner.cache.cache_layers import footprint
from muster_runner.cache.quantized_cache import keep_in_8_bits
from muster_runner.failures import Unsupported
from muster_runner.model.architectures import abilities, within
from muster_runner.tokenization.tokenizer import load_tokenizer

ROOT = Path(__file__).resolve().parents[3]
STARTER = Path(os.environ.get("MUSTER_STARTER_DIR") or ROOT / ".cache/starter") / "HuggingFaceTB/SmolLM2-135M-Instruct"
ANSWER = 6
TEXT = (
    "The lighthouse stood at the end of the long pier, where the wind never quite stopped. Every evening the keeper "
    "climbed the stairs, lit the lamp, and wrote the names of the ships that passed into a large book. In winter there "
    "were few of them, and he read what he had written the year before. When the first ship of spring came round the "
    "cape, he rang the bell twice, as his father had done, and the children of the village ran down to the harbour to "
    "see whether it brought oranges, letters, or somebody who had been away for so long that nobody knew him any more. "
)


def wide_model(name: str = "llama") -> tuple[Any, Any]:
    """A tiny model whose heads are wide enough to be quantised."""
    config = configurations(name)[-1] | {"hidden_size": 128, "head_dim": 64, "num_attention_heads": 2}
    config["num_key_value_heads"] = 2
    model = made(config)
    keep_in_8_bits(model, abilities(config).ragged)
    return model, within(abilities(config), model)


def by_mlx_lm(model: Any, tokens: list[int]) -> list[int]:
    cache = [QuantizedKVCache(group_size=64, bits=8) for _ in model.layers]
    return [int(token) for token, _ in generate_step(mx.array(tokens), model, max_tokens=ANSWER, prompt_cache=cache)]


@pytest.mark.parametrize("name", ["llama", "qwen2"])
def test_tokens_are_those_of_mlx_lm_in_batches_and_from_cached_prefixes(name: str, tmp_path: Path) -> None:
    model, able = wide_model(name)
    assert able.batch and able.trim
    prompts = {f"task {at}": prompt(length, at) for at, length in enumerate((40, 300, 7, 290))}
    expected = {task: by_mlx_lm(model, tokens) for task, tokens in prompts.items()}
    cache = prefix_cache(model, able, tmp_path)
    got, _ = answers(schedule(model, able, cache, step=64), prompts)
    assert got == expected
    got, known = answers(schedule(model, able, cache, step=64), prompts)
    assert (got, known["task 1"] >= 299) == (expected, True)
    cache._disk.flush(60)
    got, known = answers(schedule(model, able, prefix_cache(model, able, tmp_path), step=64), prompts)
    assert (got, known["task 1"]) == (expected, 256)


def test_it_takes_little_more_than_half_the_memory() -> None:
    config = configurations("llama")[-1] | {"hidden_size": 128, "head_dim": 64, "num_attention_heads": 2}
    config["num_key_value_heads"] = 2
    model = made(config)
    model.set_dtype(mx.bfloat16)

    def per_token() -> int:
        cache = make_prompt_cache(model)
        model(mx.array([prompt(32, 1)]), cache=cache)
        return footprint(cache).per_token

    full = per_token()
    keep_in_8_bits(model, plain_attention=True)
    assert 0.5 < per_token() / full < 0.54


def test_a_model_with_other_kinds_of_caches_is_refused() -> None:
    for name in ("gemma3_text", "mamba2"):
        with pytest.raises(Unsupported, match="without kvBits"):
            keep_in_8_bits(made(configurations(name)[-1]), plain_attention=True)


def last_logits(model: Any) -> mx.array:
    cache = make_prompt_cache(model)
    return mx.stack([model(mx.array([tokens]), cache=cache)[:, -1].astype(mx.float32) for tokens in ([5, 6, 7], [8])])


def widened(config: dict[str, Any]) -> Any:
    """A tiny model with heads that are wide enough to be quantised, if its configuration has a width for them."""
    if "head_dim" in config:
        with suppress(Exception):
            model = made(config | {"head_dim": 64})
            mx.eval(last_logits(model))
            return model
    return made(config)


@pytest.mark.parametrize("name", names())
def test_every_architecture_keeps_its_context_in_8_bits_or_is_refused(name: str) -> None:
    config = configurations(name)[-1]
    model = widened(config)
    try:
        full = last_logits(model)
    except RuntimeError as error:
        assert "No Metal back-end" in str(error)
        pytest.skip("this architecture is computed on a Mac only")
    try:
        keep_in_8_bits(model, abilities(config).ragged or None)
        got = last_logits(model)
    except Unsupported as error:
        assert "without kvBits" in str(error)
        return
    allowed = mx.isfinite(full)
    difference = mx.max(mx.where(allowed, mx.abs(got - full), 0))
    assert (difference <= 0.1 * mx.max(mx.where(allowed, mx.abs(full), 0))).item()


def test_a_model_that_computes_with_its_keys_is_refused() -> None:
    wide = {"kv_lora_rank": 64, "qk_rope_head_dim": 64, "qk_nope_head_dim": 64, "v_head_dim": 64}
    model = made(configurations("deepseek_v3")[-1] | wide)
    with pytest.raises(Unsupported, match="compute with it themselves"):
        keep_in_8_bits(model, None)


def test_a_runner_reports_why_8_bits_are_unsupported(tiny: Path, runner: RunnerProcess) -> None:
    runner.hello()
    runner.load(tiny, kvBits=8)
    failed = runner.until(lambda frame: frame["type"] == "failed")
    assert failed["code"] == "unsupported" and "declare it without kvBits" in failed["errorMessage"]


@pytest.mark.skipif(not STARTER.exists(), reason="the starter model is not here")
def test_the_loss_on_a_fixed_text_is_below_half_a_percent() -> None:
    model, config = load_model(STARTER)
    # Weights in 32 bits, with which processors compute quickly.
    model.set_dtype(mx.float32)
    tokens = mx.array([load_tokenizer(STARTER, config).encode(TEXT, templated=False)])

    def perplexity() -> float:
        cache = make_prompt_cache(model)
        losses = []
        # In pieces, so that what is computed later reads what was kept.
        for start in range(0, tokens.shape[1] - 1, 32):
            piece = tokens[:, start : start + 32]
            logits = model(piece, cache=cache).astype(mx.float32)
            following = tokens[:, start + 1 : start + 1 + piece.shape[1]]
            logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
            losses += mx.take_along_axis(logprobs[:, : following.shape[1]], following[..., None], -1).flatten().tolist()
        return math.exp(-sum(losses) / len(losses))

    assert all(type(layer) is KVCache for layer in make_prompt_cache(model))
    full = perplexity()
    keep_in_8_bits(model, plain_attention=True)
    assert abs(perplexity() / full - 1) < 0.005
