"""``python -m muster_runner.vision.make_tiny OUT``: a tiny vision model with random weights, for tests.

As with ``make_tiny``, its vocabulary is bytes and a few special tokens, and the same seed gives the same weights. Its
output depends on the pictures, without meaning.
"""

import argparse
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.deferred import import_mlx_lm
from muster_runner.model.byte_vocabulary import byte_vocabulary, letters_only, write_byte_tokenizer
from muster_runner.model.model_directory import write_json, write_weights
from muster_runner.vision.library import family

CONTEXT = 4096
DEVIATION = 0.2
SIDE = 28
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>", "<|vision_start|>", "<|vision_end|>"]
SPECIAL += ["<|image_pad|>", "<|video_pad|>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"]
QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
TEMPLATE = (
    "{%% for message in messages %%}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{%% if message['content'] is string %%}{{ message['content'] }}"
    "{%% else %%}{%% for part in message['content'] %%}"
    "{%% if part['type'] == 'image' %%}{{ '%s' }}{%% else %%}{{ part['text'] }}{%% endif %%}{%% endfor %%}{%% endif %%}"
    "{{ '<|im_end|>\n' }}{%% endfor %%}{%% if add_generation_prompt %%}{{ '<|im_start|>assistant\n' }}{%% endif %%}"
)
TEXT = {
    "hidden_size": 64,
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
NORMALIZED = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_rescale": True, "do_normalize": True}


def _qwen(kind: str, vocabulary: int, number: dict[str, int]) -> dict[str, Any]:
    sight = {"depth": 2, "num_heads": 2, "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2}
    if kind == "qwen2_vl":
        sight |= {"embed_dim": 32, "hidden_size": TEXT["hidden_size"], "mlp_ratio": 2}
    else:
        sight |= {"hidden_size": 32, "out_hidden_size": TEXT["hidden_size"], "intermediate_size": 64}
        sight |= {"window_size": 56, "fullatt_block_indexes": [1], "tokens_per_second": 2}
    return {
        **TEXT,
        "vocab_size": vocabulary,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
        "image_token_id": number["<|image_pad|>"],
        "video_token_id": number["<|video_pad|>"],
        "vision_start_token_id": number["<|vision_start|>"],
        "vision_config": {"model_type": kind, **sight},
    }


def _gemma(vocabulary: int, number: dict[str, int]) -> dict[str, Any]:
    text = {**TEXT, "model_type": "gemma3_text", "vocab_size": vocabulary, "sliding_window": 64}
    text |= {"rope_theta": 1_000_000.0}
    text |= {"sliding_window_pattern": 2, "query_pre_attn_scalar": 16, "mm_tokens_per_image": 4}
    sight = {"model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    sight |= {"num_attention_heads": 2, "patch_size": 14, "image_size": 2 * SIDE, "num_channels": 3}
    return {
        "vocab_size": vocabulary,
        "hidden_size": TEXT["hidden_size"],
        "pad_token_id": number["<|pad|>"],
        "mm_tokens_per_image": 4,
        "image_token_index": number["<image_soft_token>"],
        "text_config": text,
        "vision_config": sight,
    }


def make_tiny(out: Path, kind: str = "qwen2_vl", seed: int = 0) -> None:
    """Writes the model directory. ``kind``: an architecture of ``architectures.json``."""
    import_mlx_lm()
    vocabulary = byte_vocabulary(SPECIAL)
    gemma = kind == "gemma3"
    config = _gemma(len(vocabulary), vocabulary) if gemma else _qwen(kind, len(vocabulary), vocabulary)
    config |= {"model_type": kind, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32"}
    out.mkdir(parents=True, exist_ok=True)
    write_weights(out, _weights(kind, config, letters_only(vocabulary), seed))
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    template = TEMPLATE % (named["boi_token"] if gemma else QWEN_PICTURE)
    further = {"extra_special_tokens": named} if gemma else {}
    write_byte_tokenizer(out, vocabulary, SPECIAL, CONTEXT, template, **further)
    write_json(out / "preprocessor_config.json", _preprocessor(gemma))
    if gemma:
        write_json(out / "processor_config.json", {"processor_class": "Gemma3Processor", "image_seq_length": 4})
    # Written last: a folder counts as a model once it has config.json.
    write_json(out / "config.json", config)


def _preprocessor(gemma: bool) -> dict[str, Any]:
    if gemma:
        size = {"height": 2 * SIDE, "width": 2 * SIDE}
        return {"image_processor_type": "Gemma3ImageProcessor", "size": size, "do_resize": True, **NORMALIZED}
    return {
        "image_processor_type": "Qwen2VLImageProcessor",
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "min_pixels": SIDE * SIDE,
        "max_pixels": 16 * SIDE * SIDE,
        **NORMALIZED,
    }


def _weights(kind: str, config: dict[str, Any], letters: mx.array, seed: int) -> dict[str, mx.array]:
    module = family(kind)
    arguments = module.ModelConfig.from_dict(dict(config))
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(config.get("text_config", config))
    mx.random.seed(seed)
    weights = {}
    for name, value in tree_flatten(module.Model(arguments).parameters()):
        if value.ndim > 1:
            value = mx.random.normal(value.shape) * DEVIATION
        elif "bias" in name:
            value = mx.zeros_like(value)
        weights[name] = value
    # Zero rows except for lower-case letters and the space, so that output is readable.
    head = "language_model.lm_head.weight"
    weights[head] = weights[head] * letters[:, None]
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.vision.make_tiny", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--arch", default="qwen2_vl", choices=["qwen2_vl", "qwen2_5_vl", "gemma3"])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make_tiny(arguments.out, arguments.arch, arguments.seed)


if __name__ == "__main__":
    main()
