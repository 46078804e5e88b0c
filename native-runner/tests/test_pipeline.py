"""Pipeline sharding: each supported architecture gives the same results in stages as whole.

The stages run in one process: what one sends is queued for the next.
"""

from typing import Any

import mlx.core as mx
import pytest
from mlx.utils import tree_map
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import _get_classes

from muster_runner.model.pipeline import ARCHITECTURES, Stage

LAYERS = 4
COMMON: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "vocab_size": 100,
    "tie_word_embeddings": False,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
SLIDING = {"layer_types": ["sliding_attention", "full_attention"] * (LAYERS // 2), "sliding_window": 5}
ROUTED = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "first_k_dense_replace": 1,
    "moe_layer_freq": 1,
    "n_group": 1,
    "topk_group": 1,
    "routed_scaling_factor": 1.0,
    "norm_topk_prob": True,
    "scoring_func": "sigmoid",
    "topk_method": "noaux_tc",
}
LATENT = {"kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 16}
LATENT |= {"num_key_value_heads": 4, "attention_bias": False, "rope_scaling": None}

YARN = {"type": "yarn", "factor": 4, "original_max_position_embeddings": 512, "mscale": 1, "mscale_all_dim": 1}
YARN |= {"beta_fast": 32, "beta_slow": 1}

# name: (model_type, what its configuration has besides COMMON)
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama, tied": ("llama", {"tie_word_embeddings": True}),
    "llama, sliding": ("llama", SLIDING),
    "qwen2": ("qwen2", {}),
    "qwen3": ("qwen3", {}),
    "qwen3_moe": (
        "qwen3_moe",
        {**EXPERTS, "decoder_sparse_step": 1, "mlp_only_layers": [], "norm_topk_prob": True},
    ),
    "mixtral": ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "phi3": ("phi3", {}),
    "olmo2": ("olmo2", {}),
    "glm4": ("glm4", {"attention_bias": True, "partial_rotary_factor": 0.5}),
    "seed_oss": ("seed_oss", {"attention_bias": True}),
    "mimo": ("mimo", {"num_nextn_predict_layers": 1}),
    "ministral3": (
        "ministral3",
        {
            **SLIDING,
            "rope_parameters": {
                "rope_theta": 10000.0,
                "llama_4_scaling_beta": 0.1,
                "original_max_position_embeddings": 8,
                "type": "default",
            },
        },
    ),
    "deepseek_v2": ("deepseek_v2", {**ROUTED, **LATENT, "topk_method": "gready", "rope_scaling": YARN}),
    "deepseek_v3": ("deepseek_v3", {**ROUTED, **LATENT}),
    "glm4_moe": (
        "glm4_moe",
        {**ROUTED, "attention_bias": True, "partial_rotary_factor": 0.5, "use_qk_norm": True, "rope_scaling": None},
    ),
    "gpt_oss": ("gpt_oss", {**SLIDING, "num_local_experts": 4, "num_experts_per_tok": 2, "rope_scaling": None}),
    "qwen3_next": (
        "qwen3_next",
        {
            **EXPERTS,
            "linear_num_value_heads": 4,
            "linear_num_key_heads": 2,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 16,
            "linear_conv_kernel_dim": 4,
            "decoder_sparse_step": 1,
            "shared_expert_intermediate_size": 32,
            "mlp_only_layers": [],
            "partial_rotary_factor": 0.5,
            "full_attention_interval": 2,
            "norm_topk_prob": True,
        },
    ),
}


class Line:
    """One rank's end of a group whose ranks live in this process."""

    def __init__(self, rank: int, size: int, under_way: list[mx.array], said: list[int]):
        self.rank, self.size = rank, size
        self._under_way, self._said = under_way, said

    def send(self, values: mx.array, rank: int) -> mx.array:
        assert rank == self.rank - 1
        self._under_way.append(values)
        return values

    def receive(self, shape: tuple[int, ...], dtype: mx.Dtype, rank: int) -> mx.array:
        assert rank == self.rank + 1
        values = self._under_way.pop()
        assert (values.shape, values.dtype) == (shape, dtype)
        return values

    def sum(self, values: list[int]) -> list[int]:
        return [max(*values, *self._said)]


def made(kind: str, more: dict[str, Any], dtype: mx.Dtype) -> Any:
    """The same random model each time."""
    config = {"model_type": kind, **COMMON, **more}
    model_class, arguments = _get_classes(config)
    mx.random.seed(3)
    model = model_class(arguments.from_dict(config))
    # Wide enough for every layer to matter.
    model.update(tree_map(lambda p: (mx.random.normal(p.shape) * 0.2).astype(dtype), model.parameters()))
    return model


class Split:
    """A model in parts, called like the whole."""

    def __init__(self, kind: str, more: dict[str, Any], dtype: mx.Dtype, ends: list[int]):
        under_way: list[mx.array] = []
        starts = [0, *ends]
        size = len(ends)
        # The codes of types agree: all parts are of one type here.
        codes = [[mx.float32, mx.float16, mx.bfloat16].index(dtype)]
        self.stages = []
        for at, end in enumerate(ends):
            group: Any = Line(size - 1 - at, size, under_way, codes)
            stage = Stage(made(kind, more, dtype), starts[at], end, group)
            stage.connect(COMMON["hidden_size"])
            self.stages.append(stage)

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
