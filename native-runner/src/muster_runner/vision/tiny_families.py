"""The tiny vision models of ``make_tiny``, by family: configuration, tokens, and settings of the image processor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CONTEXT = 4096
# Of the square from which the sizes of pictures are derived, in pixels: four patches.
SIDE = 28
PATCH = SIDE // 2
WIDTH = 64
TEXT = {
    "hidden_size": WIDTH,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
EXPERTS = {
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
    "shared_expert_intermediate_size": 32,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "norm_topk_prob": True,
}
LINEAR = {
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4,
    "full_attention_interval": 2,
}
SIGHT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
NORMALIZED = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_rescale": True, "do_normalize": True}
COMMON = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]

# Token ids by text.
Vocabulary = dict[str, int]


@dataclass(frozen=True)
class TinyFamily:
    """``special``: its tokens. ``mark``: a picture in the chat template. ``files``: JSON files of the processor.
    ``tokenizer``: further entries of tokenizer_config.json."""

    special: list[str]
    mark: str
    config: Callable[[Vocabulary], dict[str, Any]]
    files: dict[str, dict[str, Any]]
    tokenizer: dict[str, Any] = field(default_factory=dict)


def _qwen(kind: str) -> TinyFamily:
    special = [*COMMON, "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    pixels = {"min_pixels": SIDE * SIDE, "max_pixels": 16 * SIDE * SIDE}
    processor = {"image_processor_type": "Qwen2VLImageProcessor", "patch_size": PATCH, "temporal_patch_size": 2}

    def config(vocabulary: Vocabulary) -> dict[str, Any]:
        text = _qwen_text(kind) | {"vocab_size": len(vocabulary)}
        outer = text if kind in ("qwen2_vl", "qwen2_5_vl") else {"text_config": text, "tie_word_embeddings": False}
        return {
            **outer,
            "image_token_id": vocabulary["<|image_pad|>"],
            "video_token_id": vocabulary["<|video_pad|>"],
            "vision_start_token_id": vocabulary["<|vision_start|>"],
            "vision_end_token_id": vocabulary["<|vision_end|>"],
            "vision_config": {"model_type": kind, **_qwen_sight(kind)},
        }

    mark = "<|vision_start|><|image_pad|><|vision_end|>"
    files = {"preprocessor_config.json": {**processor, "merge_size": 2, **pixels, **NORMALIZED}}
    return TinyFamily(special, mark, config, files)


def _qwen_text(kind: str) -> dict[str, Any]:
    match kind:
        case "qwen2_vl" | "qwen2_5_vl":
            return TEXT | {"rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]}}
        case "qwen3_vl" | "qwen3_vl_moe":
            rope = {"type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True}
            return TEXT | EXPERTS | {"model_type": f"{kind}_text", "rope_scaling": rope}
        case _:
            rope = {"type": "default", "mrope_section": [2, 1, 1], "rope_theta": 10000.0, "partial_rotary_factor": 0.5}
            experts = EXPERTS if kind == "qwen3_5_moe" else {}
            return TEXT | LINEAR | experts | {"model_type": f"{kind}_text", "rope_parameters": rope}


def _qwen_sight(kind: str) -> dict[str, Any]:
    sight: dict[str, Any] = {"depth": 2, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": 2}
    sight |= {"temporal_patch_size": 2}
    if kind == "qwen2_vl":
        return sight | {"embed_dim": 32, "hidden_size": WIDTH, "mlp_ratio": 2}
    sight |= {"hidden_size": 32, "out_hidden_size": WIDTH, "intermediate_size": 64}
    if kind == "qwen2_5_vl":
        return sight | {"window_size": 56, "fullatt_block_indexes": [1], "tokens_per_second": 2}
    deep = {"deepstack_visual_indexes": [0, 1]} if kind.startswith("qwen3_vl") else {}
    return sight | {"num_position_embeddings": 16} | deep


def _gemma3() -> TinyFamily:
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}

    def config(vocabulary: Vocabulary) -> dict[str, Any]:
        text = {**TEXT, "model_type": "gemma3_text", "vocab_size": len(vocabulary), "sliding_window": 64}
        text |= {"rope_theta": 1_000_000.0, "sliding_window_pattern": 2, "query_pre_attn_scalar": 16}
        sight = {**SIGHT, "model_type": "siglip_vision_model", "patch_size": PATCH, "image_size": 2 * SIDE}
        return {
            "vocab_size": len(vocabulary),
            "hidden_size": WIDTH,
            "pad_token_id": vocabulary["<|pad|>"],
            "mm_tokens_per_image": 4,
            "image_token_index": vocabulary[named["image_token"]],
            "text_config": text | {"mm_tokens_per_image": 4},
            "vision_config": {**sight, "num_channels": 3},
        }

    size = {"height": 2 * SIDE, "width": 2 * SIDE}
    files = {
        "preprocessor_config.json": {
            "image_processor_type": "Gemma3ImageProcessor",
            "size": size,
            "do_resize": True,
            **NORMALIZED,
        },
        "processor_config.json": {"processor_class": "Gemma3Processor", "image_seq_length": 4},
    }
    return TinyFamily([*COMMON, *named.values()], named["boi_token"], config, files, {"extra_special_tokens": named})


def _gemma4() -> TinyFamily:
    named = {"boi_token": "<|image>", "eoi_token": "<image|>", "image_token": "<|image|>"}
    most = 16

    def config(vocabulary: Vocabulary) -> dict[str, Any]:
        text = {
            **TEXT,
            "model_type": "gemma4_text",
            "vocab_size": len(vocabulary),
            "vocab_size_per_layer_input": len(vocabulary),
            "hidden_size_per_layer_input": 16,
            "num_kv_shared_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
            "sliding_window": 64,
            "global_head_dim": 16,
            # The defaults of the two libraries differ.
            "rope_parameters": {
                "full_attention": {"partial_rotary_factor": 0.25, "rope_theta": 1e6, "rope_type": "proportional"},
                "sliding_attention": {"partial_rotary_factor": 1.0, "rope_theta": 1e4, "rope_type": "default"},
            },
            "use_bidirectional_attention": "vision",
            "tie_word_embeddings": True,
        }
        sight = {**SIGHT, "model_type": "gemma4_vision", "num_key_value_heads": 2, "head_dim": 16}
        sight |= {"global_head_dim": 16, "patch_size": PATCH, "pooling_kernel_size": 2, "position_embedding_size": 64}
        return {
            "vocab_size": len(vocabulary),
            "hidden_size": WIDTH,
            "pad_token_id": vocabulary["<|pad|>"],
            "image_token_id": vocabulary[named["image_token"]],
            # Beyond the vocabulary: the tiny model hears nothing.
            "audio_token_id": len(vocabulary) + 1,
            "text_config": text,
            "vision_config": {**sight, "default_output_length": most},
        }

    processor = {"patch_size": PATCH, "pooling_kernel_size": 2, "max_soft_tokens": most}
    files = {"processor_config.json": {"image_processor": {"do_normalize": False, **processor}}}
    return TinyFamily(
        [*COMMON, "<|video|>", *named.values()], named["image_token"], config, files, {"extra_special_tokens": named}
    )


def _mistral(kind: str) -> TinyFamily:
    rope = {"rope_theta": 10000.0, "type": "default", "llama_4_scaling_beta": 0.1}
    rope |= {"original_max_position_embeddings": CONTEXT}
    later = kind == "mistral3"

    def config(vocabulary: Vocabulary) -> dict[str, Any]:
        text = (
            TEXT | {"model_type": "ministral3", "rope_parameters": rope} if later else TEXT | {"model_type": "mistral"}
        )
        sight = {**SIGHT, "model_type": "pixtral", "head_dim": 16, "patch_size": PATCH, "image_size": 4 * SIDE}
        return {
            "vocab_size": len(vocabulary),
            "image_token_index": vocabulary["[IMG]"],
            "spatial_merge_size": 2 if later else 1,
            "text_config": text | {"vocab_size": len(vocabulary)},
            "vision_config": {**sight, "num_channels": 3},
        }

    size = {"size": {"longest_edge": 4 * SIDE}, "patch_size": PATCH}
    files = {
        "preprocessor_config.json": {
            "image_processor_type": "PixtralImageProcessor",
            **size,
            "do_resize": True,
            **NORMALIZED,
        },
        "processor_config.json": {"processor_class": "PixtralProcessor", "patch_size": PATCH},
    }
    return TinyFamily([*COMMON, "[IMG]", "[IMG_BREAK]", "[IMG_END]"], "[IMG]", config, files)


def tiny_family(kind: str) -> TinyFamily:
    """``kind``: an architecture of ``architectures.json``."""
    match kind:
        case "gemma3":
            return _gemma3()
        case "gemma4":
            return _gemma4()
        case "mistral3" | "pixtral":
            return _mistral(kind)
        case _:
            return _qwen(kind)
