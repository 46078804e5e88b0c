"""Sizes of tiny models, by the names of the fields in mlx-lm's model arguments."""

from typing import Any

VOCABULARY = 61
HIDDEN = 32
HEADS = 4
KV_HEADS = 2
HEAD_DIM = HIDDEN // HEADS
WINDOW = 6
LAYERS = 2
MIXED = ["sliding_attention", "full_attention"] * (LAYERS // 2)

# field: value, wherever a ModelArgs has a field of that name. Values that are None leave the default.
SIZES: dict[str, Any] = {
    **dict.fromkeys(("vocab_size", "num_vocab", "vocab_size_per_layer_input"), VOCABULARY),
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "model_dim", "hidden_dim", "block_dim"), HIDDEN),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_transformer_layers"), LAYERS),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "swa_num_attention_heads"), HEADS),
    **dict.fromkeys(
        ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "swa_num_key_value_heads", "num_attention_groups"),
        KV_HEADS,
    ),
    **dict.fromkeys(
        ("head_dim", "kv_channels", "hidden_size_per_head", "swa_head_dim", "swa_v_head_dim", "global_head_dim"),
        HEAD_DIM,
    ),
    **dict.fromkeys(
        (
            "intermediate_size",
            "ff_intermediate_size",
            "ffn_hidden_size",
            "n_inner",
            "shared_intermediate_size",
            "intermediate_size_mlp",
            "block_ff_dim",
        ),
        48,
    ),
    **dict.fromkeys(
        (
            "moe_intermediate_size",
            "expert_ffn_hidden_size",
            "shared_expert_intermediate_size",
            "moe_shared_expert_intermediate_size",
            "share_expert_dim",
        ),
        16,
    ),
    **dict.fromkeys(
        ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts"),
        4,
    ),
    **dict.fromkeys(
        ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k_experts"),
        2,
    ),
    **dict.fromkeys(
        ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts", "zero_expert_num"),
        1,
    ),
    **dict.fromkeys(("n_group", "topk_group", "num_expert_group"), 1),
    **dict.fromkeys(("first_k_dense_replace", "num_dense_layers", "moe_layer_freq", "decoder_sparse_step"), 1),
    "mlp_only_layers": [],
    **dict.fromkeys(("kv_lora_rank", "q_lora_rank", "v_head_dim", "qk_head_dim", "o_lora_rank"), 16),
    **dict.fromkeys(("qk_rope_head_dim", "qk_nope_head_dim", "rotary_dim"), HEAD_DIM),
    **dict.fromkeys(
        ("sliding_window", "sliding_window_size", "window_size", "attention_window_size", "loop_window_size"), WINDOW
    ),
    **dict.fromkeys(("sliding_window_pattern", "layer_group_size", "full_attention_interval"), 2),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "block_size", "model_max_length"), 512),
    **dict.fromkeys(("rms_norm_eps", "layer_norm_eps", "norm_eps", "layer_norm_epsilon", "layernorm_epsilon"), 1e-5),
    **dict.fromkeys(("rope_theta", "rotary_emb_base", "swa_rope_theta", "rope_local_base_freq"), 10000.0),
    **dict.fromkeys(("partial_rotary_factor", "rotary_pct"), 0.5),
    **dict.fromkeys(("conv_kernel", "mamba_d_conv", "linear_conv_kernel_dim", "short_conv_kernel_size"), 4),
    **dict.fromkeys(("conv_L_cache",), 3),
    **dict.fromkeys(("state_size", "ssm_state_size", "mamba_d_state"), 8),
    **dict.fromkeys(("mamba_n_heads", "mamba_num_heads"), 4),
    **dict.fromkeys(("mamba_d_head", "mamba_head_dim"), 16),
    **dict.fromkeys(("n_groups", "mamba_n_groups"), 1),
    **dict.fromkeys(("linear_num_value_heads",), 4),
    **dict.fromkeys(("linear_num_key_heads",), 2),
    **dict.fromkeys(("linear_key_head_dim", "linear_value_head_dim"), HEAD_DIM),
    **dict.fromkeys(("a_low_rank_dim", "v_low_rank_dim", "gate_low_rank_dim", "decay_low_rank_dim"), 8),
    **dict.fromkeys(("index_n_heads",), 2),
    **dict.fromkeys(("index_head_dim",), 16),
    # Fewer than the prompts are long: sparse attention leaves some of them out.
    **dict.fromkeys(("index_topk",), 4),
    "scoring_func": "sigmoid",
    "topk_method": "noaux_tc",
    "layer_types": MIXED,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "routed_scaling_factor": 1.0,
    "time_step_limit": [0.0, 100.0],
    "time_step_rank": 4,
    "query_pre_attn_scalar": float(HEAD_DIM),
}

# Values for required fields without a size, by type.
NEUTRAL: dict[str, Any] = {"bool": False, "float": 1.0, "int": 1}
