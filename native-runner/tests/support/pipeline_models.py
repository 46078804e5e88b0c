"""Tiny models of the architectures that can be sharded as a pipeline, and a group whose ranks live in one process."""

from collections import defaultdict, deque
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm.utils import _get_classes

from muster_runner.model.pipeline import Stage

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
    """One rank's end of the group: what one rank sends is queued for the next. ``under_way``: by receiving rank;
    ``said``: what the other ranks contribute to a sum."""

    def __init__(self, rank: int, size: int, under_way: dict[int, deque[mx.array]], said: list[int]):
        self.rank, self.size = rank, size
        self._under_way, self._said = under_way, said

    def send(self, values: mx.array, rank: int) -> mx.array:
        assert rank == self.rank - 1
        self._under_way[rank].append(values)
        return values

    def receive(self, shape: tuple[int, ...], dtype: mx.Dtype, rank: int) -> mx.array:
        assert rank == self.rank + 1
        values = self._under_way[self.rank].popleft()
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


def stages(kind: str, more: dict[str, Any], dtype: mx.Dtype, ends: list[int]) -> list[Stage]:
    """Returns a model's parts, the first layers first: the highest rank."""
    under_way: dict[int, deque[mx.array]] = defaultdict(deque)
    # The codes of types agree: all parts are of one type here.
    codes = [[mx.float32, mx.float16, mx.bfloat16].index(dtype)]
    parts = []
    for at, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        group: Any = Line(len(ends) - 1 - at, len(ends), under_way, codes)
        part = Stage(made(kind, more, dtype), start, end, group)
        part.connect(COMMON["hidden_size"])
        parts.append(part)
    return parts
