"""What the tiny models of some architectures need besides sizes."""

from typing import Any

from tiny_sizes import HEAD_DIM, HEADS, KV_HEADS, LAYERS, MIXED, WINDOW

DEFAULT_ROPE = {"rope_theta": 10000.0, "type": "default", "rope_type": "default"}
YARN = {
    "type": "yarn",
    "factor": 4,
    "original_max_position_embeddings": 512,
    "mscale": 1,
    "mscale_all_dim": 1,
    "beta_fast": 32,
    "beta_slow": 1,
}
ROPES = {kind: DEFAULT_ROPE for kind in ("sliding_attention", "full_attention")}
BETA = DEFAULT_ROPE | {"llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 8}
CONVOLVED = ["conv", "full_attention"] * (LAYERS // 2)
MAMBA = ["mamba", "attention"] * (LAYERS // 2)
DELTA = {"kda_layers": [1], "full_attn_layers": [2], "num_heads": HEADS, "head_dim": HEAD_DIM}
DELTA |= {"short_conv_kernel_size": 4}
LATENT_HEADS = {"num_key_value_heads": HEADS}
MOE_EVERY_LAYER = {"moe_layer_freq": [0] + [1] * (LAYERS - 1)}
BLOCK = {
    "attention": {"no_op": False, "replace_with_linear": False, "n_heads_in_group": 2},
    "ffn": {"no_op": False, "replace_with_linear": False, "ffn_mult": 1.5},
}
LAST_LAYER_SKIPS = [BLOCK] * (LAYERS - 1) + [{"attention": {"no_op": True}, "ffn": BLOCK["ffn"]}]

# The last two layers use the keys and values of the first two.
SHARED = {"num_hidden_layers": 4, "layer_types": MIXED * 2, "num_kv_shared_layers": 2}
SHARED |= {"hidden_size_per_layer_input": 16}

# What an architecture's configurations have besides SIZES: one for each way in which its models differ so much that
# batching could fail in one and not in the other. ``text`` names the arguments of a model within, of the type
# ``text_type``; ``outside`` is what the configuration around it has.
SPECIAL: dict[str, list[dict[str, Any]]] = {
    "apertus": [{"qk_norm": True, "post_norm": True}],
    "baichuan_m1": [{"sliding_window_layers": [1], "conv_window": 2}],
    "dbrx": [
        {
            "ffn_config": {"ffn_hidden_size": 48, "moe_num_experts": 4, "moe_top_k": 2},
            "attn_config": {"kv_n_heads": KV_HEADS, "clip_qkv": 8.0, "rope_theta": 10000.0},
        }
    ],
    "deepseek_v2": [LATENT_HEADS | {"rope_scaling": YARN, "topk_method": "gready"}],
    "deepseek_v41": [
        {
            "scoring_func": "sqrtsoftplus",
            "compress_ratios": [1, 2],
            "kv_source_layer_ids": [0, 1],
            "index_source_layer_ids": [0, 1],
            "hc_mult": 2,
            "hc_sinkhorn_iters": 2,
            "o_groups": 2,
        }
    ],
    "exaone4": [{"sliding_window_pattern": "LG"}, {"sliding_window_pattern": None, "sliding_window": None}],
    "exaone_moe": [{"is_moe_layer": [False] + [True] * (LAYERS - 1)}],
    "falcon_h1": [{"mamba_d_ssm": 64, "mamba_n_heads": 4, "mamba_d_head": 16}],
    "gear": [{"layer_types": ["conv_mixer", *MIXED], "num_hidden_layers": 3}],
    "gemma3": [{"text": ("gemma3_text", "ModelArgs")}],
    "gemma3n": [
        {
            "text": ("gemma3n", "TextConfig"),
            "activation_sparsity_pattern": [0.5, 0.0, 0.0, 0.0],
            "altup_num_inputs": 2,
            "altup_coef_clip": 100.0,
            "altup_correct_scale": True,
            "altup_active_idx": 0,
            "laurel_rank": 8,
            "final_logit_softcapping": 30.0,
        }
        | SHARED
    ],
    "gemma4": [{"text": ("gemma4_text", "ModelArgs")} | SHARED],
    "gemma4_text": [
        SHARED,
        {"num_kv_shared_layers": 0, "hidden_size_per_layer_input": 0, "enable_moe_block": True},
    ],
    "glm_moe_dsa": [LATENT_HEADS | {"rope_parameters": DEFAULT_ROPE}],
    "granitemoehybrid": [{"layer_types": MAMBA, "mamba_proj_bias": False, "mamba_conv_bias": True}],
    "hunyuan": [
        {"rope_scaling": {"alpha": 1.0, "factor": 1.0, "type": "dynamic"}, "use_cla": True, "cla_share_factor": 2}
    ],
    "jamba": [
        {
            "layers_block_type": MAMBA,
            "expert_layer_offset": 1,
            "expert_layer_period": 2,
            "mamba_expand": 2,
            "mamba_dt_rank": 4,
            "num_key_value_heads": HEADS,
        }
    ],
    "kimi_k25": [{"text": ("deepseek_v3", "ModelArgs")} | LATENT_HEADS],
    "kimi_k3": [
        {
            "text": ("kimi_k3", "TextArgs"),
            "linear_attn_config": DELTA,
            "attn_res_block_size": 2,
            "activation_situ_beta": 1.0,
        }
        | LATENT_HEADS
    ],
    "kimi_linear": [{"linear_attn_config": DELTA} | LATENT_HEADS],
    "kimi_vl": [{"text": ("kimi_vl", "TextArgs"), "rope_scaling": YARN} | LATENT_HEADS],
    "lfm2": [{"layer_types": CONVOLVED, "block_multiple_of": 16}],
    "lfm2-vl": [{"text": ("lfm2", "ModelArgs"), "layer_types": CONVOLVED, "block_multiple_of": 16}],
    "lfm2_moe": [{"layer_types": CONVOLVED}],
    "lille-130m": [{"n_embd": 64}],
    "llama": [{}, {"layer_types": None}],
    "llama4": [
        {
            "text": ("llama4", "TextArgs"),
            "attention_chunk_size": WINDOW,
            "interleave_moe_layer_step": 2,
            "num_experts_per_tok": 1,
            "num_hidden_layers": 4,
        }
    ],
    "llama4_text": [{"no_rope_layers": [1, 0] * (LAYERS // 2)}],
    "longcat_flash": [{"mla_scale_q_lora": True, "mla_scale_kv_lora": True, "zero_expert_type": "identity"}],
    "longcat_flash_ngram": [{"mla_scale_q_lora": True, "mla_scale_kv_lora": True, "ngram_vocab_size_ratio": 3}],
    "mamba": [{"use_conv_bias": True}, {"use_bcdt_rms": True}],
    "mellum": [{"rope_parameters": ROPES}],
    "mimo_v2_flash": [
        MOE_EVERY_LAYER | {"hybrid_layer_pattern": [0, 1] * (LAYERS // 2), "add_swa_attention_sink_bias": True}
    ],
    "minicpm3": [
        {
            "rope_scaling": {"short_factor": [1.0] * 4, "long_factor": [1.0] * 4, "type": "longrope"},
            "num_key_value_heads": HEADS,
        }
    ],
    "minimax_m3_vl": [
        {
            "text": ("minimax_m3_vl", "TextArgs"),
            "layer_types": ["full_attention", "sparse_attention"] * (LAYERS // 2),
            "index_block_size": 2,
            "index_topk_blocks": 2,
            "dense_intermediate_size": 48,
            "num_key_value_heads": KV_HEADS,
        }
        | MOE_EVERY_LAYER
    ],
    "ministral3": [{"rope_parameters": BETA}],
    "mistral3": [
        {"text": ("llama", "ModelArgs")},
        {"text": ("ministral3", "ModelArgs"), "text_type": "ministral3", "rope_parameters": BETA},
        {"text": ("mistral4", "ModelArgs"), "text_type": "mistral4", "rope_parameters": YARN | BETA | {"type": "yarn"}}
        | LATENT_HEADS,
    ],
    "mistral4": [{"rope_parameters": YARN | BETA | {"type": "yarn"}} | LATENT_HEADS],
    "muse_spark": [
        {
            "text": ("muse_spark", "TextArgs"),
            "rope_parameters": DEFAULT_ROPE,
            "layer_rope_theta": [10000.0, 0] * (LAYERS // 2),
            "moe_hidden_size": 16,
            "num_shared_experts": 0,
        }
    ],
    "nanbeige": [{"num_loops": 2}],
    "nemotron-nas": [{"block_configs": LAST_LAYER_SKIPS}],
    "nemotron": [{"hidden_act": "relu2"}],
    "nemotron_h": [{"layers_block_type": ["mamba", "moe", "attention", "mlp"], "layer_types": None}],
    "olmo_hybrid": [{"layer_types": ["linear_attention", "full_attention"] * (LAYERS // 2)}],
    "openelm": [
        {
            "num_query_heads": [HEADS] * LAYERS,
            "num_kv_heads": [KV_HEADS] * LAYERS,
            "ffn_multipliers": [1.5] * LAYERS,
            "ffn_dim_divisor": 8,
        }
    ],
    # It writes to the logits of tokens as high as that, whatever the size of its vocabulary.
    "phi3small": [{"vocab_size": 100352, "dense_attention_every_n_layers": 2, "gegelu_limit": 20.0}],
    "phimoe": [
        {"rope_scaling": {"short_factor": [1.0] * 4, "long_factor": [1.0] * 4, "short_mscale": 1.0, "long_mscale": 1.0}}
    ],
    "pixtral": [{"text": ("llama", "ModelArgs")}],
    "plamo": [{"n_shared_head": 2}],
    "plamo2": [{"full_attention_idx": [1]}],
    "prism_hadamard_qwen35": [
        {
            "text": ("qwen3_5", "TextModelArgs"),
            "hidden_size": 128,
            "num_experts": 0,
            "outside": {
                "tensor_namespace": "mlx-vlm-qwen3_5",
                "quantization": {"bits": 2, "group_size": 128, "mode": "affine"},
                "modules": [{"path": "model.layers.0.mlp.up_proj", "embedding": False, "dtype": "float16", "block": 0}],
            },
        }
    ],
    "qwen2_vl": [{"text": ("qwen2", "ModelArgs")}],
    "qwen3_5": [{"text": ("qwen3_5", "TextModelArgs"), "num_experts": 0}],
    "qwen3_5_moe": [{"text": ("qwen3_5", "TextModelArgs")}],
    "qwen3_vl": [{"text": ("qwen3", "ModelArgs")}],
    "qwen3_vl_moe": [{"text": ("qwen3_moe", "ModelArgs")}],
    "recurrent_gemma": [{"block_types": ["recurrent", "attention"], "logits_soft_cap": 30.0, "conv1d_width": 4}],
    "spark2_5": [{"rope_parameters": ROPES}],
    "step3p5": [{"moe_layers_enum": "1"}],
}
